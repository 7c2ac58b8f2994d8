//! The page of `weft verdicts --html`: all verdicts and figures in one file, without a script.

use weft_lab::{experiments, html};

use crate::document::Judged;

/// The look of a page that stands alone, light and dark.
pub(crate) const STYLE: &str = include_str!("page.css");

/// The page.
pub(crate) fn of(all: &[Judged]) -> String {
    let machine = all
        .first()
        .map(|judged| judged.record.machine.line().english())
        .unwrap_or_default();
    let started = all.first().map_or("", |judged| judged.record.started.as_str());
    let contents: String = all
        .iter()
        .flat_map(|judged| &judged.verdicts)
        .map(|verdict| {
            let label = verdict.outcome.label().english();
            format!(
                "<tr><th scope=\"row\"><a href=\"#{0}\">{0}</a></th><td data-outcome=\"{1}\">{2}</td><td>{3}</td></tr>",
                html::escape(&verdict.claim),
                verdict.outcome.id(),
                html::escape(&label),
                html::escape(&verdict.summary.english()),
            )
        })
        .collect();
    let sections: String = all.iter().map(section).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Verdicts of weft</title><style>{STYLE}</style></head><body><main><h1>Verdicts of weft</h1>\
         <p>{} · {}</p><table class=\"board\"><thead><tr><th scope=\"col\">Claim</th><th scope=\"col\">Verdict</th>\
         <th scope=\"col\">What was found</th></tr></thead><tbody>{contents}</tbody></table>{sections}</main></body></html>\n",
        html::escape(&machine),
        html::escape(started),
    )
}

fn section(judged: &Judged) -> String {
    let record = &judged.record;
    let question = experiments::find(&record.experiment).map_or("", |experiment| experiment.about().question);
    let verdicts: String = judged
        .verdicts
        .iter()
        .map(|verdict| {
            format!(
                "<section id=\"{0}\"><h3>{0}</h3>{1}</section>",
                html::escape(&verdict.claim),
                html::verdict(verdict, &|_| None)
            )
        })
        .collect();
    let figures: String = record
        .figures()
        .iter()
        .map(|figure| html::figure(figure, &|_| None))
        .collect();
    format!(
        "<article><h2>{}</h2><p>weft run {} --{} --seed {}</p>{verdicts}{figures}</article>",
        html::escape(question),
        html::escape(&record.experiment),
        record.mode.id(),
        record.seed,
    )
}
