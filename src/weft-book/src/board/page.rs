//! The board as a file that stands alone: no script, no other file, no other host. `weft verdicts --html` writes it, and
//! the board's chapter saves it.

use weft_lab::board::{Board, Column};
use weft_lab::claim::Claim;
use weft_lab::experiments::{self, EXPERIMENTS};
use weft_lab::html::{self, escape};
use weft_lab::text;
use weft_lab::text::{Text, Translate};
use weft_lab::{Mode, Record};

use super::{count, label, machine, table};

/// The look of a page that stands alone, light and dark.
pub const STYLE: &str = include_str!("page.css");

/// The board, and below it each of `records` with its verdicts and figures, in the language of `translate`.
#[must_use]
pub fn page(board: &Board, records: &[&Record], language: &str, translate: Translate<'_>) -> String {
    let say = |text: &Text| escape(&text.render(translate));
    let title = say(&text!("The verdict board"));
    let columns: String = board.columns.iter().map(|column| line(column, translate)).collect();
    let link = |claim: &Claim| is_shown(claim.id, records).then(|| format!("#{}", claim.id));
    let table = table::table(board, &link, translate);
    let articles: String = in_order(records).map(|record| article(record, translate)).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>Weft: {title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>\
         <ul class=\"machines\">{columns}</ul><div class=\"wide\">{table}</div>{articles}</main></body></html>\n",
        escape(language)
    )
}

fn line(column: &Column, translate: Translate<'_>) -> String {
    let say = |text: &Text| escape(&text.render(translate));
    let machine = machine(column).map_or_else(String::new, |machine| format!(" {}", say(&machine)));
    format!(
        "<li><strong>{}</strong>:{machine}<br>{}</li>",
        say(&label(&column.name)),
        say(&count(column))
    )
}

fn is_shown(claim: &str, records: &[&Record]) -> bool {
    let judges = |record: &&Record| {
        experiments::find(&record.experiment).is_some_and(|experiment| experiment.about().claims.contains(&claim))
    };
    records.iter().any(judges)
}

/// In the order of the registry.
fn in_order<'a>(records: &[&'a Record]) -> impl Iterator<Item = &'a Record> {
    let mut records = records.to_vec();
    let place = |record: &Record| {
        EXPERIMENTS
            .iter()
            .position(|known| known.about().id == record.experiment)
    };
    records.sort_by_key(|record| place(record));
    records.into_iter()
}

fn article(record: &Record, translate: Translate<'_>) -> String {
    let question = experiments::find(&record.experiment).map_or("", |experiment| experiment.about().question);
    let verdicts: String = record
        .verdicts()
        .iter()
        .map(|verdict| {
            format!(
                "<section id=\"{0}\"><h3>{0}</h3>{1}</section>",
                escape(&verdict.claim),
                html::verdict(verdict, translate)
            )
        })
        .collect();
    let figures: String = record
        .figures()
        .iter()
        .filter(|figure| !figure.is_empty())
        .map(|figure| html::figure(figure, translate))
        .collect();
    format!(
        "<article><h2>{}</h2><p><code>weft run {} --{} --seed {}</code></p>{verdicts}{figures}</article>",
        escape(&Text::new(question).render(translate)),
        escape(&record.experiment),
        match record.mode {
            Mode::Quick => "quick",
            Mode::Full => "full",
        },
        record.seed,
    )
}
