//! The lab card of a claim: question, form, recorded result. What it is made of is what the theme's scripts go by.

mod form;
pub(crate) mod page;
mod strings;

use std::path::Path;

use askama::Template;
use weft_lab::claim::Claim;
use weft_lab::experiment::About;
use weft_lab::html;
use weft_lab::machine::profile::Profile;
use weft_lab::text;
use weft_lab::text::Text;
use weft_lab::{Record, msg};

use self::form::{Answer, Field, Input};
pub(crate) use self::strings::STRINGS;
use crate::claims::anchor;
use crate::edition::{Edition, quotations, way_up};

/// A card, ready to be written.
#[derive(Template)]
#[template(path = "card.html")]
struct Card<'a> {
    anchor: String,
    claim: &'a Claim,
    experiment: &'a str,
    language: &'a str,
    strings: String,
    words: Words,
    quotations: String,
    statement: String,
    question: Option<Question>,
    quick: String,
    full: String,
    fields: Vec<Field>,
    recorded: Option<Recorded>,
    /// The same, of the machine that was held back.
    held_back: Option<Recorded>,
    source: String,
}

/// What the reader is asked before they see a result.
struct Question {
    words: String,
    answers: Vec<Answer>,
    /// Is a number of times asked for too?
    takes_times: bool,
}

/// The recorded result of one machine, as HTML.
struct Recorded {
    /// What the machine is called, and what it is.
    name: String,
    words: String,
    label: String,
    verdicts: String,
    figures: String,
}

/// The card's labels.
struct Words {
    claim: String,
    notes: String,
    times: String,
    commit: String,
    just_show: String,
    mode: String,
    run: String,
    cancel: String,
    parameters: String,
    seed: String,
    seed_help: String,
    progress: String,
    no_record: String,
    terminal: String,
    source: String,
}

impl Words {
    fn of(edition: &Edition) -> Words {
        let word = |message| edition.word(message);
        Words {
            claim: word(msg!("Claim")),
            notes: word(msg!("The notes say:")),
            times: word(msg!("How many times?")),
            commit: word(msg!("Keep my prediction")),
            just_show: word(msg!("Just show me")),
            mode: word(msg!("How long to measure")),
            run: word(msg!("Run on this machine")),
            cancel: word(msg!("Cancel")),
            parameters: word(msg!("Parameters")),
            seed: word(msg!("Seed of the random order")),
            seed_help: word(msg!("empty: a new one each run")),
            progress: word(msg!("Progress of the run")),
            no_record: word(msg!("No result is recorded in this copy of the book.")),
            terminal: word(msg!("The same in a terminal:")),
            source: word(msg!("Source of this experiment")),
        }
    }
}

/// The card of a claim, as one block of HTML without an empty line, so that Markdown leaves it alone.
///
/// # Errors
///
/// The template can't be filled, which is a fault of the program.
pub(crate) fn render(
    claim: &Claim,
    about: &About,
    records: [(Profile, Option<&Record>); 2],
    chapter: &Path,
    edition: &Edition,
) -> Result<String, askama::Error> {
    let say = |text: &Text| edition.say(text);
    let (quick, full) = about.seconds;
    let [first, other] =
        records.map(|(profile, record)| record.map(|record| recorded(claim, record, profile, edition)));
    let card = Card {
        anchor: anchor(claim.id),
        claim,
        experiment: about.id,
        language: &edition.language,
        strings: strings::json(edition),
        words: Words::of(edition),
        quotations: quotations(claim.notes),
        statement: edition.word(claim.statement),
        question: claim.question.map(|question| form::question(question, edition)),
        quick: say(&text!("Quick: about {seconds} s", seconds = quick)),
        full: say(&text!("Full: about {seconds} s", seconds = full)),
        fields: about.params.iter().map(|param| Field::of(param, edition)).collect(),
        recorded: first,
        held_back: other,
        source: format!("{}source/{}.html", way_up(chapter), about.id),
    };
    Ok(one_block(&card.render()?))
}

/// Without an empty line, so that Markdown leaves it alone.
fn one_block(html: &str) -> String {
    html.lines()
        .map(str::trim_start)
        .filter(|line| !line.is_empty())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The verdict of this claim alone, and all figures of the record.
fn recorded(claim: &Claim, record: &Record, profile: Profile, edition: &Edition) -> Recorded {
    let verdicts = record
        .verdicts()
        .into_iter()
        .filter(|verdict| verdict.claim == claim.id);
    let label = text!(
        "Recorded: {mode} run of {date} with seed {seed}, on {machine}",
        mode: mode(record.mode),
        date = record.started.get(..10).unwrap_or(&record.started),
        seed = record.seed,
        machine: record.machine.line()
    );
    Recorded {
        name: edition.say(&profile.label()),
        words: edition.say(&profile.words()),
        label: edition.say(&label),
        verdicts: verdicts
            .map(|verdict| html::verdict(&verdict, edition.translate()))
            .collect(),
        figures: record
            .figures()
            .iter()
            .map(|figure| with_ids_of(claim, record, profile, &html::figure(figure, edition.translate())))
            .collect(),
    }
}

/// A figure bears ids made of its experiment's. Several cards of one page may show the same experiment, so there they
/// are made of the claim's, and of the profile's where it is not the first.
fn with_ids_of(claim: &Claim, record: &Record, profile: Profile, figure: &str) -> String {
    let own = match profile.folder() {
        Some(folder) => format!("weft-{}-{folder}-", claim.id),
        None => format!("weft-{}-", claim.id),
    };
    figure.replace(&format!("weft-{}-", record.experiment), &own)
}

fn mode(mode: weft_lab::Mode) -> Text {
    match mode {
        weft_lab::Mode::Quick => text!("quick"),
        weft_lab::Mode::Full => text!("full"),
    }
}

#[cfg(test)]
mod tests;
