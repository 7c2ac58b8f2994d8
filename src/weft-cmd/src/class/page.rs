//! The report: one page that needs no other file.

use weft_book::board::STYLE;
use weft_lab::claim::CLAIMS;
use weft_lab::format;
use weft_lab::html::{self, escape};
use weft_lab::text;
use weft_lab::text::{Text, Translate};

use super::figures;
use super::gather::{Gathered, Reading};
use super::statistics::{Tally, outliers};
use super::{OUTCOMES, head};

/// So many rows of a list stand in the page; the rest is in the CSV file.
const MOST_ROWS: usize = 200;

/// The page, in one language.
pub(super) struct Page<'a> {
    pub(super) gathered: &'a Gathered,
    pub(super) language: &'a str,
    pub(super) translate: Translate<'a>,
}

impl Page<'_> {
    pub(super) fn html(&self) -> String {
        let mut tallies = Vec::new();
        let mut claims = String::new();
        for claim in CLAIMS {
            let readings: Vec<&Reading> = self.gathered.chosen(claim.id).collect();
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
            let figure = figures::intervals(self.gathered, claim, &readings, &apart);
            claims += &format!(
                "<section id=\"{0}\"><h3>{0}</h3><p>{1}</p>{2}{3}</section>",
                escape(claim.id),
                self.say(&Text::new(claim.statement)),
                figure.map_or_else(String::new, |figure| html::figure(&figure, self.translate)),
                self.standing_apart(&apart),
            );
        }
        let title = self.say(&text!("The class's machines"));
        let heading = |text: &Text| format!("<h2>{}</h2>", self.say(text));
        let parts = [
            self.paragraph(&self.gathered.summary()),
            self.paragraph(&text!(
                "One run a student and experiment counts: a full run before a quick one, then the latest. Verdicts are judged again from the raw samples. A flag is for the instructor to look at; it is no grade."
            )),
            heading(&text!("Verdicts")),
            self.table(&head(), &tallies),
            heading(&text!("Claim by claim")),
            claims,
            heading(&text!("Machines")),
            self.machines(),
            heading(&text!("Flags")),
            self.flags(),
        ];
        format!(
            "<!DOCTYPE html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title}</title><style>{STYLE}</style></head><body><main><h1>{title}</h1>{}</main></body></html>\n",
            escape(self.language),
            parts.concat()
        )
    }

    fn say(&self, text: &Text) -> String {
        escape(&text.render(self.translate))
    }

    fn paragraph(&self, text: &Text) -> String {
        format!("<p>{}</p>", self.say(text))
    }

    /// A table; the cells are HTML.
    fn table(&self, head: &[Text], rows: &[Vec<String>]) -> String {
        let head: String = head
            .iter()
            .map(|name| format!("<th scope=\"col\">{}</th>", self.say(name)))
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
        let rest = match rows.len().saturating_sub(MOST_ROWS) {
            0 => String::new(),
            rest => self.paragraph(&text!("And {rest} more, which --csv and --parquet write.", rest = rest)),
        };
        format!("<div class=\"wide\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{rest}")
    }

    /// The readings that stand apart, by name, with the machine that they come from.
    fn standing_apart(&self, apart: &[&Reading]) -> String {
        let item = |reading: &&Reading| {
            let effect = reading.verdict.effect.as_ref();
            let effect = effect.map(|effect| format::interval(&effect.interval(), &effect.unit));
            let line = text!(
                "{student}: {effect} on {machine}",
                student = &reading.student,
                effect = effect.unwrap_or_default()
            )
            .with_text("machine", self.gathered.runs[reading.run].machine.line());
            format!("<li>{}</li>", self.say(&line))
        };
        let items: String = apart.iter().take(MOST_ROWS).map(item).collect();
        if items.is_empty() {
            return items;
        }
        let lead = text!("Stand apart from the class (3.5 modified standard deviations from the median):");
        format!("{}<ul>{items}</ul>", self.paragraph(&lead))
    }

    fn machines(&self) -> String {
        let rows: Vec<Vec<String>> = self
            .gathered
            .students()
            .into_iter()
            .map(|(student, run)| {
                let machine = &run.machine;
                let cores = text!(
                    "{allowed} of {all}",
                    allowed = machine.allowed_cpus.len(),
                    all = machine.logical_cpus
                );
                vec![
                    escape(student),
                    escape(&machine.cpu),
                    self.say(&cores),
                    format!("{:.1} GiB", machine.memory_bytes as f64 / f64::from(1 << 30)),
                    escape(&machine.kernel),
                    machine
                        .surroundings()
                        .map_or_else(String::new, |place| self.say(&place)),
                    format!("{:.2}", machine.load[0]),
                ]
            })
            .collect();
        let head = [
            text!("Student"),
            text!("Processor"),
            text!("Cores allowed"),
            text!("Memory"),
            text!("Kernel"),
            text!("Virtualisation"),
            text!("Load"),
        ];
        self.table(&head, &rows)
    }

    fn flags(&self) -> String {
        let unreadable = self.gathered.unreadable.iter().map(|(file, why)| {
            let what = text!("can't be judged: {why}", why: why.clone());
            vec![escape(file), self.say(&what)]
        });
        let identical = self.gathered.identical.iter().map(|files| {
            let what = text!("the same to the byte as {others}", others = files[1..].join(", "));
            vec![escape(&files[0]), self.say(&what)]
        });
        let rows: Vec<Vec<String>> = identical.chain(unreadable).collect();
        if rows.is_empty() {
            return self.paragraph(&text!("None."));
        }
        self.table(&[text!("File"), text!("Why")], &rows)
    }
}
