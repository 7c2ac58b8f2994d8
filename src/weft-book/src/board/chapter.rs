//! The board in its chapter: recorded results as plain HTML, and what the script fills under `weft serve`.

use std::path::Path;

use askama::Template;
use serde_json::{Value, json};
use weft_lab::board::{Column, THIS_MACHINE};
use weft_lab::claim::Claim;
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::html::escape;
use weft_lab::msg;
use weft_lab::text;
use weft_lab::text::Text;

use super::{count, label, machine, strings, table};
use crate::claims::{Cards, card_of, target};
use crate::edition::Edition;

/// The board, ready to be written.
#[derive(Template)]
#[template(path = "board.html")]
struct Chapter {
    language: String,
    strings: String,
    experiments: String,
    name: String,
    quick: String,
    full: String,
    words: Words,
    machines: Vec<Machine>,
    table: String,
}

/// A column's machine.
struct Machine {
    column: String,
    label: String,
    line: String,
    count: String,
}

/// The board's labels.
struct Words {
    static_hint: String,
    cancel: String,
    progress: String,
    save_html: String,
    save_json: String,
    defaults: String,
}

impl Words {
    fn of(edition: &Edition) -> Words {
        let word = |message| edition.word(message);
        Words {
            static_hint: with_code(&word(msg!(
                "These pages only show what was recorded. To fill the board with your own machine's verdicts, type `cargo run --release -- serve` in the repository."
            ))),
            cancel: word(msg!("Cancel")),
            progress: word(msg!("Progress of all runs")),
            save_html: word(msg!("Save as one HTML file")),
            save_json: word(msg!("Save as JSON")),
            defaults: word(msg!(
                "Rows that you ran on a card are filled too. A run with changed parameters stays on its card, since the board compares like with like."
            )),
        }
    }
}

/// The board, as one block of HTML without an empty line, so that Markdown leaves it alone.
///
/// # Errors
///
/// The template can't be filled, which is a fault of the program.
pub(crate) fn render(
    recorded: Vec<Column>,
    chapter: &Path,
    cards: &Cards,
    edition: &Edition,
) -> Result<String, askama::Error> {
    let board = super::beside_recorded(Column::of(THIS_MACHINE, []), recorded);
    let link = |claim: &Claim| card_of(claim, cards).map(|(id, page)| target(id, page, chapter));
    let html = Chapter {
        language: edition.language.clone(),
        strings: strings::json(edition),
        experiments: experiments().to_string(),
        name: edition.word(msg!("The verdict board")),
        quick: edition.say(&run_all(|(quick, _)| quick, &text!("quick"))),
        full: edition.say(&run_all(|(_, full)| full, &text!("full"))),
        words: Words::of(edition),
        machines: board
            .columns
            .iter()
            .map(|column| Machine::of(column, edition))
            .collect(),
        table: table::table(&board, &link, edition.translate()),
    }
    .render()?;
    let lines = html.lines().map(str::trim_start).filter(|line| !line.is_empty());
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

impl Machine {
    fn of(column: &Column, edition: &Edition) -> Machine {
        let say = |text: &Text| edition.say(text);
        let is_here = column.name == THIS_MACHINE;
        Machine {
            column: column.name.clone(),
            label: say(&label(&column.name)),
            line: machine(column).map_or_else(String::new, |machine| say(&machine)),
            count: if is_here {
                String::new()
            } else {
                escape(&say(&count(column)))
            },
        }
    }
}

/// What the script starts, one after the other: each experiment with its claims.
fn experiments() -> Value {
    let all = EXPERIMENTS.iter().map(|experiment| experiment.about());
    all.map(|about| json!({"id": about.id, "claims": about.claims}))
        .collect()
}

/// As HTML, in which `backquoted` words are code.
fn with_code(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    parts.collect()
}

fn run_all(seconds: impl Fn((u32, u32)) -> u32, mode: &Text) -> Text {
    let all: u32 = EXPERIMENTS
        .iter()
        .map(|experiment| seconds(experiment.about().seconds))
        .sum();
    text!("Run all ({mode}): about {minutes} min", mode: mode.clone(), minutes = all.div_ceil(60))
}
