//! Nothing of the notes is left out: every claim has its test, lab card, recorded result, Korean text and source.
//!
//! That every bullet of the notes belongs to a claim is held by the tests of `weft_lab::claim`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use weft_lab::Record;
use weft_lab::board::{Column, runs_in_the_page};
use weft_lab::claim::{BASES, CLAIMS, Claim, Question, Section};
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::machine::profile::Profile;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// A chapter's text as it is written.
fn chapter(section: Section) -> String {
    read(&format!("book/{}.md", section.slug()))
}

/// Does the text have this line?
fn has_line(text: &str, line: &str) -> bool {
    text.lines().any(|found| found.trim() == line)
}

fn record(experiment: &str, section: Section, profile: Profile) -> Option<Record> {
    let folder = root().join("labs").join(section.slug()).join("recorded");
    let file = folder
        .join(profile.folder().unwrap_or_default())
        .join(format!("{experiment}.json"));
    Record::from_json(&fs::read_to_string(file).ok()?).ok()
}

/// All that is recorded of a machine.
fn recorded(profile: Profile) -> Column {
    let records: Vec<Record> = EXPERIMENTS
        .iter()
        .filter_map(|experiment| record(experiment.about().id, experiment.about().section, profile))
        .collect();
    Column::of(profile.id(), &records)
}

/// How a claim is tested.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Test {
    /// By an experiment of the registry.
    Experiment(&'static str),
    /// By a lab in the page.
    Page,
    /// By the verdicts of others.
    Basis,
    /// Not at all.
    None,
}

fn test_of(claim: &Claim) -> Test {
    let of_experiment = |id: &str| {
        let experiment = EXPERIMENTS.iter().find(|known| known.about().id == id)?;
        experiment
            .about()
            .claims
            .contains(&claim.id)
            .then_some(experiment.about().id)
    };
    match claim.experiment {
        Some(id) => of_experiment(id).map_or(Test::None, Test::Experiment),
        None if !claim.parts().is_empty() => Test::Basis,
        None if runs_in_the_page(claim) => Test::Page,
        None => Test::None,
    }
}

fn card_line(claim: &Claim) -> String {
    format!("{{{{#lab {}}}}}", claim.id)
}

/// What is missing, all of it at once.
#[derive(Default)]
struct Missing(Vec<String>);

impl Missing {
    fn unless(&mut self, there: bool, what: impl Into<String>) {
        if !there {
            self.0.push(what.into());
        }
    }

    #[track_caller]
    fn check(self) {
        assert!(
            self.0.is_empty(),
            "{} things are missing:\n{}",
            self.0.len(),
            self.0.join("\n")
        );
    }
}

#[test]
fn every_claim_has_a_test_and_a_card_in_its_chapter() {
    let mut missing = Missing::default();
    for claim in CLAIMS {
        let id = claim.id;
        let text = chapter(claim.section);
        let tested = test_of(claim);
        missing.unless(
            tested != Test::None,
            format!("{id}: an experiment, a lab in the page, or a basis"),
        );
        let (line, what) = match tested {
            Test::Basis => ("{{#board}}".to_owned(), "the board"),
            _ => (card_line(claim), "a lab card"),
        };
        missing.unless(
            has_line(&text, &line),
            format!("{id}: {what} in book/{}.md: {line}", claim.section.slug()),
        );
        missing.unless(
            claim.question.is_some() || tested == Test::Basis,
            format!("{id}: a question for its card"),
        );
    }
    missing.check();
}

#[test]
fn every_chapter_has_its_notes_claims_minutes_and_sources() {
    let mut missing = Missing::default();
    for section in Section::ALL {
        let text = chapter(section);
        let place = format!("book/{}.md", section.slug());
        let id = section.id();
        missing.unless(
            has_line(&text, &format!("{{{{#notes {id}}}}}")),
            format!("{place}: the notes' lines"),
        );
        if section == Section::References {
            continue;
        }
        for (line, what) in [
            (format!("{{{{#claims {id}}}}}"), "the list of its claims"),
            ("{{#minutes}}".to_owned(), "how long it takes"),
        ] {
            missing.unless(has_line(&text, &line), format!("{place}: {what}, {line}"));
        }
        let sources: usize = text
            .split("sources}")
            .skip(1)
            .map(|after| {
                after
                    .lines()
                    .skip(1)
                    .take_while(|line| !line.starts_with('#'))
                    .filter(|line| line.starts_with("- "))
                    .count()
            })
            .sum();
        missing.unless(
            sources > 0,
            format!("{place}: a list of sources under a heading {{#sources}}"),
        );
    }
    missing.check();
}

#[test]
fn every_experiment_has_its_source_in_the_book() {
    let summary = read("book/SUMMARY.md");
    let mut missing = Missing::default();
    for id in EXPERIMENTS.iter().map(|experiment| experiment.about().id) {
        let page = read(&format!("book/source/{id}.md"));
        missing.unless(
            has_line(&page, &format!("{{{{#source {id}}}}}")),
            format!("book/source/{id}.md"),
        );
        missing.unless(
            summary.contains(&format!("(source/{id}.md)")),
            format!("{id} in book/SUMMARY.md"),
        );
    }
    missing.check();
}

#[test]
fn every_claim_has_a_recorded_verdict_on_each_machine() {
    let mut missing = Missing::default();
    for profile in Profile::ALL {
        let column = recorded(profile);
        // A lab in the page measures the reader's browser, and leaves its result there.
        for claim in CLAIMS.iter().filter(|claim| !matches!(test_of(claim), Test::Page)) {
            let what = format!("{}: a recorded verdict, {}", claim.id, profile.id());
            missing.unless(column.find(claim.id).is_some(), what);
        }
        for basis in BASES.iter().filter(|basis| column.find(basis.claim).is_some()) {
            for part in basis.parts {
                let what = format!("{}: its part {part}, {}", basis.claim, profile.id());
                missing.unless(column.find(part).is_some(), what);
            }
        }
    }
    missing.check();
}

#[test]
fn a_record_s_machine_was_kept_from_what_its_profile_says() {
    let mut missing = Missing::default();
    for profile in Profile::ALL {
        for about in EXPERIMENTS.iter().map(|experiment| experiment.about()) {
            let Some(record) = record(about.id, about.section, profile) else {
                continue;
            };
            for wanted in profile.constraints() {
                let what = format!("{} {}: {}", profile.id(), about.id, wanted.label().english());
                missing.unless(record.machine.constraints.contains(wanted), what);
            }
            missing.unless(
                record.mode == weft_lab::Mode::Full,
                format!("{} {}: a full run", profile.id(), about.id),
            );
        }
    }
    missing.check();
}

#[test]
fn every_claim_is_there_in_korean() {
    let korean = polib::po_file::parse(&root().join("book/po/ko.po")).expect("the Korean catalogue");
    let mut wanted: BTreeMap<&str, String> = BTreeMap::new();
    for claim in CLAIMS {
        wanted.insert(claim.statement, claim.id.to_owned());
        if let Some(Question::Ratio(words) | Question::Holds(words)) = claim.question {
            wanted.insert(words, format!("{}'s question", claim.id));
        }
    }
    for about in EXPERIMENTS.iter().map(|experiment| experiment.about()) {
        wanted.insert(about.question, format!("{}'s question", about.id));
    }
    let mut missing = Missing::default();
    for (message, whose) in wanted {
        let found = korean.find_message(None, message, None);
        let is_there = found.is_some_and(|found| found.is_translated() && !found.is_fuzzy());
        missing.unless(is_there, format!("{whose}: {message:?} in Korean"));
    }
    missing.check();
}

#[test]
fn what_is_missing_is_named() {
    let mut missing = Missing::default();
    missing.unless(true, "there");
    missing.unless(false, "absent");
    assert_eq!(missing.0, ["absent"]);
    assert!(has_line("a\n  {{#lab x}}\n", "{{#lab x}}") && !has_line("See {{#lab x}}", "{{#lab x}}"));
    let claim = Claim {
        id: "nowhere",
        experiment: Some("creation-cost"),
        ..CLAIMS[0]
    };
    assert_eq!(test_of(&claim), Test::None, "the experiment must judge the claim");
}
