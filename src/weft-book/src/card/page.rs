//! The lab card of a claim that is tested in the page itself.

use std::path::Path;

use askama::Template;
use weft_lab::claim::{self, Claim};
use weft_lab::html;
use weft_lab::page_lab::{PageLab, PageRecord};
use weft_lab::{msg, text};

use super::{Question, Words, form, one_block, strings};
use crate::claims::anchor;
use crate::edition::{Edition, quotations, way_up};

/// A card, ready to be written.
#[derive(Template)]
#[template(path = "page-card.html")]
struct Card<'a> {
    anchor: String,
    claim: &'a Claim,
    language: &'a str,
    /// Where the ratio counts as equal.
    region: (f64, f64),
    strings: String,
    words: Words,
    quotations: String,
    statement: String,
    question: Option<Question>,
    quick: String,
    full: String,
    run_here: String,
    aa: String,
    by_script: String,
    by_browser: String,
    recorded: Option<Recorded>,
    where_it_runs: String,
    source: String,
}

/// A result that was recorded in some browser, as HTML.
struct Recorded {
    label: String,
    verdicts: String,
    figures: String,
}

/// The card of a claim with a lab in the page, as one block of HTML without an empty line.
///
/// # Errors
///
/// The template can't be filled, which is a fault of the program.
pub(crate) fn render(
    claim: &Claim,
    lab: &PageLab,
    result: Option<&PageRecord>,
    chapter: &Path,
    edition: &Edition,
) -> Result<String, askama::Error> {
    let (quick, full) = lab.seconds;
    let [low, high] = claim.region().unwrap_or(claim::EQUIVALENCE);
    let card = Card {
        anchor: anchor(claim.id),
        claim,
        language: &edition.language,
        region: (low, high),
        strings: strings::page_json(edition),
        words: Words::of(edition),
        quotations: quotations(claim.notes),
        statement: edition.word(claim.statement),
        question: claim.question.map(|question| form::question(question, edition)),
        quick: edition.say(&text!("Quick: about {seconds} s", seconds = quick)),
        full: edition.say(&text!("Full: about {seconds} s", seconds = full)),
        run_here: edition.word(msg!("Run in this page")),
        aa: edition.word(msg!("Compare a condition with itself (A/A)")),
        by_script: edition.word(msg!("Moved by the page's script, on the main thread.")),
        by_browser: edition.word(msg!("Moved by the browser, on a thread of its own (a CSS animation).")),
        recorded: result.map(|result| recorded(result, edition)),
        where_it_runs: edition.word(msg!(
            "This lab runs in your browser and not in the terminal. Its result stays in this browser."
        )),
        source: format!("{}source/{}.html", way_up(chapter), lab.id),
    };
    Ok(one_block(&card.render()?))
}

fn recorded(result: &PageRecord, edition: &Edition) -> Recorded {
    let label = text!(
        "Recorded: {mode} run of {date} with seed {seed}, on {machine}",
        mode: super::mode(if result.mode == "full" { weft_lab::Mode::Full } else { weft_lab::Mode::Quick }),
        date = result.when.get(..10).unwrap_or(&result.when),
        seed = result.seed,
        machine: result.machine()
    );
    Recorded {
        label: edition.say(&label),
        verdicts: html::verdict(&result.verdict(), edition.translate()),
        figures: result
            .figures()
            .iter()
            // The page draws the same figures of the reader's own run, under the plain ids.
            .map(|figure| html::figure(figure, edition.translate()))
            .map(|figure| {
                figure.replace(
                    &format!("weft-{}-", result.claim),
                    &format!("weft-recorded-{}-", result.claim),
                )
            })
            .collect(),
    }
}
