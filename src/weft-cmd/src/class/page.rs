//! The report: one page that needs no other file.

use weft_lab::claim::CLAIMS;
use weft_lab::format;
use weft_lab::html::{self, escape};

use super::figures;
use super::gather::{Gathered, Reading};
use super::statistics::{Tally, outliers};
use super::{HEAD, OUTCOMES};
use weft_book::board::STYLE;

/// So many rows of a list stand in the page; the rest is in the CSV file.
const MOST_ROWS: usize = 200;

/// The page.
pub(super) fn of(gathered: &Gathered) -> String {
    let mut tallies = Vec::new();
    let mut claims = String::new();
    for claim in CLAIMS {
        let readings: Vec<&Reading> = gathered.chosen(claim.id).collect();
        if readings.is_empty() {
            continue;
        }
        let tally = Tally::of(readings.iter().copied());
        let link = format!("<a href=\"#{0}\">{0}</a>", escape(claim.id));
        let counts = OUTCOMES.iter().map(|&outcome| tally.count(outcome).to_string());
        tallies.push(
            std::iter::once(link)
                .chain(counts)
                .chain(std::iter::once(tally.doubtful.to_string()))
                .collect(),
        );
        let apart = outliers(&readings);
        let figure = figures::intervals(gathered, claim, &readings, &apart);
        claims += &format!(
            "<section id=\"{}\"><h3>{}</h3><p>{}</p>{}{}</section>",
            escape(claim.id),
            escape(claim.id),
            escape(claim.statement),
            figure
                .map(|figure| html::figure(&figure, &|_| None))
                .unwrap_or_default(),
            standing_apart(gathered, &apart),
        );
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>The class's machines</title><style>{STYLE}</style></head><body><main><h1>The class's machines</h1>\
         <p>{}</p><p>One run a student and experiment counts: a full run before a quick one, then the latest. \
         Verdicts are judged again from the raw samples. A flag is for the instructor to look at; it is no grade.</p>\
         <h2>Verdicts</h2>{}<h2>Claim by claim</h2>{claims}<h2>Machines</h2>{}<h2>Flags</h2>{}</main></body></html>\n",
        escape(&gathered.summary()),
        table(&HEAD, &tallies),
        machines(gathered),
        flags(gathered),
    )
}

/// A table; the cells are HTML.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let head: String = head
        .iter()
        .map(|name| format!("<th scope=\"col\">{name}</th>"))
        .collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells
            .iter()
            .enumerate()
            .map(|(place, cell)| match place {
                0 => format!("<th scope=\"row\">{cell}</th>"),
                _ => format!("<td>{cell}</td>"),
            })
            .collect();
        format!("<tr>{cells}</tr>")
    };
    let body: String = rows.iter().take(MOST_ROWS).map(row).collect();
    let rest = rows.len().saturating_sub(MOST_ROWS);
    let rest = if rest > 0 {
        format!("<p>And {rest} more, which --csv and --parquet write.</p>")
    } else {
        String::new()
    };
    format!("<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}")
}

/// The readings that stand apart, by name, with the machine that they come from.
fn standing_apart(gathered: &Gathered, apart: &[&Reading]) -> String {
    let item = |reading: &&Reading| {
        let run = &gathered.runs[reading.run];
        let effect = reading.verdict.effect.as_ref();
        let effect = effect.map(|effect| format::interval(&effect.interval(), &effect.unit));
        format!(
            "<li>{}: {} on {}</li>",
            escape(&reading.student),
            escape(&effect.unwrap_or_default()),
            escape(&run.machine.line().english())
        )
    };
    let items: String = apart.iter().take(MOST_ROWS).map(item).collect();
    if items.is_empty() {
        return items;
    }
    format!("<p>Stand apart from the class (3.5 modified standard deviations from the median):</p><ul>{items}</ul>")
}

fn machines(gathered: &Gathered) -> String {
    let rows: Vec<Vec<String>> = gathered
        .students()
        .into_iter()
        .map(|(student, run)| {
            let machine = &run.machine;
            vec![
                escape(student),
                escape(&machine.cpu),
                format!("{} of {}", machine.allowed_cpus.len(), machine.logical_cpus),
                format!("{:.1} GiB", machine.memory_bytes as f64 / f64::from(1 << 30)),
                escape(&machine.kernel),
                escape(&machine.virtualization),
                format!("{:.2}", machine.load[0]),
            ]
        })
        .collect();
    let head = [
        "Student",
        "Processor",
        "Cores allowed",
        "Memory",
        "Kernel",
        "Virtualisation",
        "Load",
    ];
    table(&head, &rows)
}

fn flags(gathered: &Gathered) -> String {
    let unreadable = gathered
        .unreadable
        .iter()
        .map(|(file, why)| vec![escape(file), format!("can't be judged: {}", escape(why))]);
    let identical = gathered.identical.iter().map(|files| {
        let others: Vec<String> = files.iter().skip(1).map(|file| escape(file)).collect();
        vec![
            escape(&files[0]),
            format!("the same to the byte as {}", others.join(", ")),
        ]
    });
    let rows: Vec<Vec<String>> = identical.chain(unreadable).collect();
    if rows.is_empty() {
        return "<p>None.</p>".to_owned();
    }
    table(&["File", "Why"], &rows)
}
