//! Verdicts and figures as fragments of HTML, for pages and notebook cells.
//!
//! They carry no script and no style of their own. The classes and `data-` attributes are what the book's style sheets
//! and scripts go by.

use std::fmt::Write;

use crate::figure::Figure;
use crate::format;
use crate::text::{Text, Translate};
use crate::verdict::Verdict;

pub use crate::figure::escape;

/// A verdict: the badge, the sentence, findings and doubts.
#[must_use]
pub fn verdict(verdict: &Verdict, translate: Translate<'_>) -> String {
    let say = |text: &Text| escape(&text.render(translate));
    let outcome = verdict.outcome.id();
    let mut html = format!(
        "<div class=\"weft-verdict\" data-claim=\"{}\" data-outcome=\"{outcome}\"",
        escape(&verdict.claim)
    );
    if let Some(effect) = &verdict.effect {
        let kind = serde_json::to_string(&effect.kind).unwrap_or_default();
        let _written = write!(
            html,
            " data-kind={kind} data-estimate=\"{}\" data-low=\"{}\" data-high=\"{}\" data-unit=\"{}\"",
            effect.estimate,
            effect.low,
            effect.high,
            escape(&effect.unit)
        );
    }
    let _written = write!(
        html,
        "><strong class=\"weft-badge\">{}</strong> <span class=\"weft-summary\">{}</span>",
        say(&verdict.outcome.label()),
        say(&verdict.summary)
    );
    if let Some([low, high]) = verdict.equivalence {
        let unit = verdict.effect.as_ref().map_or("1", |effect| effect.unit.as_str());
        let region = text!(
            "Region of equivalence: {low} to {high}.",
            low = format::tick(low, unit),
            high = format::tick(high, unit)
        );
        let _written = write!(html, " <span class=\"weft-region\">{}</span>", say(&region));
    }
    html += &list(
        "weft-findings",
        verdict.findings.iter().map(|finding| say(&finding.text)),
    );
    html += &list(
        "weft-doubts",
        verdict
            .doubts
            .iter()
            .map(|doubt| format!("{} <em>{}</em>", say(&doubt.message), say(&doubt.remedy))),
    );
    html + "</div>"
}

fn list(class: &str, items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("<li>{item}</li>")).collect();
    if items.is_empty() {
        items
    } else {
        format!("<ul class=\"{class}\">{items}</ul>")
    }
}

/// A figure: the drawing, its title, the machine's line, and the numbers as a table.
#[must_use]
pub fn figure(figure: &Figure, translate: Translate<'_>) -> String {
    let say = |text: &Text| escape(&text.render(translate));
    let table = figure.table();
    let head: String = table
        .columns
        .iter()
        .map(|name| format!("<th scope=\"col\">{}</th>", say(name)))
        .collect();
    let cell = |(index, text): (usize, &Text)| match index {
        0 => format!("<th scope=\"row\">{}</th>", say(text)),
        _ if index >= table.numbers_from => format!("<td class=\"number\">{}</td>", say(text)),
        _ => format!("<td>{}</td>", say(text)),
    };
    let row = |row: &Vec<Text>| format!("<tr>{}</tr>", row.iter().enumerate().map(cell).collect::<String>());
    let rows: String = table.rows.iter().map(row).collect();
    format!(
        "<figure class=\"weft-figure\" data-figure=\"{}\">{}<figcaption>{}</figcaption><p class=\"weft-machine\">{}</p>\
         <details class=\"weft-table\"><summary>{}</summary><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></details></figure>",
        figure.id,
        figure.svg(translate),
        say(&figure.title),
        say(&figure.machine),
        say(&text!("The numbers as a table")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::{around, record};
    use crate::record::{Condition, Record};

    fn example() -> Record {
        let side = |name: &str, method: &str, centre: f64| {
            around(Condition::of("side", name).and("method", method), "time", "ns", centre)
        };
        record(
            "creation-cost",
            &[],
            vec![side("a", "thread", 30_000.0), side("b", "fork", 150_000.0)],
        )
    }

    #[test]
    fn a_verdict_with_a_doubt() {
        let mut record = example();
        record.noise.other_cpu_ns = 310_000_000;
        insta::assert_snapshot!(super::verdict(&record.verdicts()[0], &|_| None));
    }

    #[test]
    fn a_figure_with_its_table() {
        insta::assert_snapshot!(super::figure(&record_s_only_figure(), &|_| None).replace("><", ">\n<"));
    }

    fn record_s_only_figure() -> Figure {
        let mut figures = example().figures();
        assert_eq!(figures.len(), 1, "without a sweep there is the ratio alone");
        figures.remove(0)
    }

    #[test]
    fn words_are_translated_and_escaped() {
        let korean = |id: &str| Some(format!("<{id}>"));
        let html = super::figure(&record_s_only_figure(), &korean);
        assert!(html.contains("<figcaption>&lt;How many times dearer than a thread&gt;</figcaption>"));
        assert!(!html.contains("<How"));
    }

    #[test]
    fn a_file_that_stands_alone_bears_title_and_machine_and_a_dark_screen_s_colours() {
        let figure = record_s_only_figure();
        let machine = figure.machine.english();
        let (page, file) = (figure.svg(&|_| None), figure.svg_file(&|_| None));
        assert!(file.contains("prefers-color-scheme: dark") && file.matches(&machine).count() == 1);
        assert!(!page.contains("<style>") && !page.contains(&machine));
    }
}
