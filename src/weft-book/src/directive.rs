//! The directives of the chapters, such as `{{#lab creation-cost}}`: what they are and where they stand.

use std::ops::Range;
use std::path::PathBuf;

use weft_lab::claim::{CLAIMS, Claim, Section};
use weft_lab::experiment::About;
use weft_lab::experiments::{self, EXPERIMENTS};
use weft_lab::page_lab::PageLab;

/// What a chapter asks to have put in its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Directive {
    /// `{{#notes SECTION}}`: the notes' own lines.
    Notes(Section),
    /// `{{#claims SECTION}}`: the section's claims.
    Claims(Section),
    /// `{{#lab CLAIM}}`: the lab card of a claim.
    Lab(&'static Claim, &'static About),
    /// `{{#lab CLAIM}}` of a claim that is tested in the page itself.
    PageLab(&'static Claim, &'static PageLab),
    /// `{{#board}}`: every claim, and what each machine says of it.
    Board,
    /// `{{#minutes}}`: how long the chapter takes.
    Minutes,
    /// `{{#calibration}}`: what the A/A runs said.
    Calibration,
    /// `{{#source EXPERIMENT}}`: an experiment's own source.
    Source(&'static About),
    /// The same of a lab in the page.
    PageSource(&'static PageLab),
    /// A card or a source of an experiment that the notes' claims name and this build has no code for.
    Absent(&'static str),
}

/// A directive that can't be followed, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{chapter}:{line}: {fault}", chapter = chapter.display())]
pub struct DirectiveError {
    /// The chapter's file, below the book's source folder.
    pub chapter: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a directive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// No such directive.
    #[error("there is no directive {name:?}; there are: notes, claims, lab, board, minutes, calibration, source")]
    Name {
        /// The name that stands there.
        name: String,
    },
    /// No such section, claim or experiment.
    #[error("{{{{#{directive}}}}} knows no {what} {id:?}; it knows: {known}")]
    Id {
        /// The directive.
        directive: &'static str,
        /// Of what there is none.
        what: &'static str,
        /// What stands there.
        id: String,
        /// What there is.
        known: String,
    },
    /// Too few or too many words.
    #[error("write {{{{#{form}}}}}")]
    Form {
        /// How the directive is written.
        form: &'static str,
    },
    /// Words before or after it, or no end.
    #[error("a directive stands alone in its line, such as {{{{#calibration}}}}")]
    NotAlone,
    /// A second card of the same claim.
    #[error("the claim {claim} has a card already, in {other}", other = other.display())]
    Again {
        /// The claim.
        claim: &'static str,
        /// The chapter with the first card.
        other: PathBuf,
    },
    /// A second board.
    #[error("the board stands already in {other}", other = other.display())]
    SecondBoard {
        /// The chapter with the first one.
        other: PathBuf,
    },
}

/// A directive and where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) directive: Directive,
    /// From 1.
    pub(crate) line: usize,
    /// Its line in the text, without the line break.
    pub(crate) range: Range<usize>,
}

/// All directives of a chapter's text; what stands in a code block is none. A line with a fault comes as its number.
pub(crate) fn find(text: &str) -> Result<Vec<Found>, (usize, Fault)> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    let mut start = 0;
    for (index, line) in text.split('\n').enumerate() {
        let range = start..start + line.len();
        start = range.end + 1;
        let trimmed = line.trim();
        if let Some(open) = fence {
            if trimmed.starts_with(open) {
                fence = None;
            }
            continue;
        }
        fence = ["```", "~~~"].into_iter().find(|mark| trimmed.starts_with(mark));
        if fence.is_some() || !line.contains("{{#") {
            continue;
        }
        let directive = parse(trimmed).map_err(|fault| (index + 1, fault))?;
        found.push(Found {
            directive,
            line: index + 1,
            range,
        });
    }
    Ok(found)
}

fn parse(line: &str) -> Result<Directive, Fault> {
    let inner = line.strip_prefix("{{#").and_then(|rest| rest.strip_suffix("}}"));
    let inner = inner
        .filter(|inner| !inner.contains(['{', '}']))
        .ok_or(Fault::NotAlone)?;
    let words: Vec<&str> = inner.split_whitespace().collect();
    match words[..] {
        ["notes", id] => Ok(Directive::Notes(section("notes", id)?)),
        ["notes", ..] => Err(Fault::Form { form: "notes SECTION" }),
        ["claims", id] => Ok(Directive::Claims(section("claims", id)?)),
        ["claims", ..] => Err(Fault::Form { form: "claims SECTION" }),
        ["lab", id] => lab(id),
        ["lab", ..] => Err(Fault::Form { form: "lab CLAIM" }),
        ["board"] => Ok(Directive::Board),
        ["board", ..] => Err(Fault::Form { form: "board" }),
        ["minutes"] => Ok(Directive::Minutes),
        ["minutes", ..] => Err(Fault::Form { form: "minutes" }),
        ["calibration"] => Ok(Directive::Calibration),
        ["calibration", ..] => Err(Fault::Form { form: "calibration" }),
        ["source", id] => source(id),
        ["source", ..] => Err(Fault::Form {
            form: "source EXPERIMENT",
        }),
        _ => Err(Fault::Name {
            name: words.first().copied().unwrap_or_default().to_owned(),
        }),
    }
}

fn list<'a>(ids: impl Iterator<Item = &'a str>) -> String {
    ids.collect::<Vec<_>>().join(", ")
}

fn section(directive: &'static str, id: &str) -> Result<Section, Fault> {
    Section::find(id).ok_or_else(|| Fault::Id {
        directive,
        what: "section",
        id: id.to_owned(),
        known: list(Section::ALL.into_iter().map(Section::id)),
    })
}

fn lab(id: &str) -> Result<Directive, Fault> {
    let in_page = CLAIMS.iter().find(|claim| claim.id == id);
    if let Some((claim, lab)) = in_page.and_then(|claim| Some((claim, claim.page_lab()?))) {
        return Ok(Directive::PageLab(claim, lab));
    }
    let tested = CLAIMS.iter().filter_map(|claim| Some((claim, claim.experiment?)));
    let Some((claim, experiment)) = tested.clone().find(|(claim, _)| claim.id == id) else {
        return Err(Fault::Id {
            directive: "lab",
            what: "claim with an experiment",
            id: id.to_owned(),
            known: list(tested.map(|(claim, _)| claim.id)),
        });
    };
    Ok(
        experiments::find(experiment).map_or(Directive::Absent(experiment), |found| {
            Directive::Lab(claim, found.about())
        }),
    )
}

fn source(id: &str) -> Result<Directive, Fault> {
    if let Some(experiment) = experiments::find(id) {
        return Ok(Directive::Source(experiment.about()));
    }
    if let Some(lab) = PageLab::find(id) {
        return Ok(Directive::PageSource(lab));
    }
    let claimed = CLAIMS
        .iter()
        .find_map(|claim| claim.experiment.filter(|experiment| *experiment == id));
    claimed.map(Directive::Absent).ok_or_else(|| Fault::Id {
        directive: "source",
        what: "experiment",
        id: id.to_owned(),
        known: list(EXPERIMENTS.iter().map(|experiment| experiment.about().id)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        let said = match find(text) {
            Ok(found) => format!("{:?}", found.iter().map(|found| found.line).collect::<Vec<_>>()),
            Err((line, fault)) => format!("{line}: {fault}"),
        };
        assert_eq!(said, expect);
    }

    #[test]
    fn directives_stand_alone_and_not_in_code() {
        check("# A\n\n{{#notes process}}\n\n{{#calibration}}\n", "[3, 5]");
        check("```text\n{{#notes nothing}}\n```\n\n{{#lab creation-cost}}", "[5]");
        check(
            "See {{#calibration}}",
            "1: a directive stands alone in its line, such as {{#calibration}}",
        );
        check(
            "\n{{#calibration}",
            "2: a directive stands alone in its line, such as {{#calibration}}",
        );
    }

    #[test]
    fn a_fault_says_what_is_allowed() {
        check(
            "{{#note process}}",
            "1: there is no directive \"note\"; there are: notes, claims, lab, board, minutes, calibration, source",
        );
        check("{{#notes}}", "1: write {{#notes SECTION}}");
        check("{{#calibration now}}", "1: write {{#calibration}}");
        check("{{#board all}}", "1: write {{#board}}");
        check("{{#minutes thread}}", "1: write {{#minutes}}");
        check(
            "{{#claims proces}}",
            "1: {{#claims}} knows no section \"proces\"; it knows: process, thread, process-vs-thread, \
             multi-process-multi-thread, context-switching, synchronisation, backend-and-frontend, summary, references",
        );
        let said = |text| find(text).expect_err("a fault").1.to_string();
        assert!(
            said("{{#lab summary-process}}")
                .starts_with("{{#lab}} knows no claim with an experiment \"summary-process\"; it knows: ")
        );
        assert!(said("{{#source nothing}}").starts_with("{{#source}} knows no experiment \"nothing\"; it knows: "));
    }
}
