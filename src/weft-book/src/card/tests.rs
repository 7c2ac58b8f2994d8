use std::fs;
use std::path::PathBuf;

use super::*;
use crate::catalogue::Catalogue;
use weft_lab::claim::Question;
use weft_lab::page_lab::PageRecord;
use weft_lab::{claim, experiments};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn english() -> Edition {
    Edition::new(&root(), "en", &Catalogue::load(&root()).expect("the catalogue"))
}

fn card(record: Option<&Record>) -> String {
    let claim = claim::find("creation-cost").expect("the claim");
    let about = experiments::find("creation-cost").expect("the experiment").about();
    let records = [(Profile::AsItIs, record), (Profile::OneCore, None)];
    render(claim, about, records, Path::new("03-process-vs-thread.md"), &english()).expect("a card")
}

fn record() -> Record {
    Record::from_json(include_str!("../../tests/creation-cost.json")).expect("a record")
}

/// The card without what has snapshots of its own: the drawings and the scripts' strings. An element a line.
fn outline(html: &str) -> String {
    let mut html = html.to_owned();
    for (open, close) in [("<svg", "</svg>"), (" data-strings=\"", "\"")] {
        while let Some(start) = html.find(open) {
            let inner = start + open.len();
            let end = html[inner..].find(close).expect("an end") + inner + close.len();
            html.replace_range(start..end, "");
        }
    }
    html.replace("><", ">\n<")
}

#[test]
fn a_card_with_a_recorded_result() {
    insta::assert_snapshot!(outline(&card(Some(&record()))));
}

#[test]
fn a_card_without_a_recorded_result_says_so() {
    let html = card(None);
    assert!(html.contains("No result is recorded in this copy of the book."));
    assert!(!html.contains("weft-result"));
}

#[test]
fn a_card_is_one_block_of_html_for_markdown() {
    let html = card(Some(&record()));
    assert!(html.lines().all(|line| !line.trim().is_empty()));
    assert!(html.contains("Example CPU &lt;1&gt;") && !html.contains("<1>"));
}

#[test]
fn a_card_shows_the_verdict_of_its_claim_alone() {
    let other = claim::find("stability").expect("the claim");
    let about = experiments::find("creation-cost").expect("the experiment").about();
    let record = record();
    let records = [(Profile::AsItIs, Some(&record)), (Profile::OneCore, None)];
    let html = render(other, about, records, Path::new("a.md"), &english()).expect("a card");
    assert!(html.contains("<figure class=\"weft-figure\"") && !html.contains("class=\"weft-verdict\""));
}

#[test]
fn the_machine_that_was_held_back_has_its_result_in_a_fold() {
    let claim = claim::find("creation-cost").expect("the claim");
    let about = experiments::find("creation-cost").expect("the experiment").about();
    let record = record();
    let records = [(Profile::AsItIs, Some(&record)), (Profile::OneCore, Some(&record))];
    let html = render(claim, about, records, Path::new("a.md"), &english()).expect("a card");
    let (_, fold) = html.split_once("<details class=\"weft-held-back\">").expect("a fold");
    assert!(fold.contains("class=\"weft-verdict\"") && fold.contains("<summary>Recorded on one core</summary>"));
    assert!(fold.contains("id=\"weft-creation-cost-one-core-"), "ids of its own");
    let ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
}

#[test]
fn a_claim_of_kind_always_is_asked_for_yes_or_no() {
    let question = form::question(Question::Holds("Does it?"), &english());
    assert!(!question.takes_times);
    assert_eq!(
        question
            .answers
            .iter()
            .map(|answer| answer.direction)
            .collect::<Vec<_>>(),
        ["holds", "fails"]
    );
}

/// The keys of all strings that the scripts are given.
fn all_strings() -> impl Iterator<Item = &'static str> {
    let board = crate::board::STRINGS.iter();
    let all = strings::STRINGS.iter().chain(strings::PAGE_STRINGS).chain(board);
    all.map(|(key, _)| *key)
}

fn page_card(result: Option<&PageRecord>) -> String {
    let claim = claim::find("browser-manages").expect("the claim");
    let lab = claim.page_lab().expect("a lab in the page");
    page::render(claim, lab, result, Path::new("07-backend-and-frontend.md"), &english()).expect("a card")
}

#[test]
fn a_card_of_a_lab_in_the_page() {
    let html = page_card(None);
    assert!(html.lines().all(|line| !line.trim().is_empty()));
    assert!(html.contains("data-region-low=\"0.9\" data-region-high=\"1.1\""));
    assert!(html.contains("No result is recorded in this copy of the book.") && !html.contains("weft-verdict"));
    assert!(!html.contains("weft run"), "the terminal can't run it");
    let result = PageRecord::from_json(include_str!("../../tests/browser-manages.json")).expect("a result");
    let html = page_card(Some(&result));
    assert!(html.contains("data-claim=\"browser-manages\" data-outcome=\"supported\" data-kind=\"ratio\""));
    assert_eq!(html.matches("<figure class=\"weft-figure\"").count(), 2);
}

/// Everything in the theme's scripts.
fn scripts() -> String {
    let files = fs::read_dir(root().join("book/theme")).expect("the theme");
    let paths = files.map(|file| file.expect("a file").path());
    let scripts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "js"));
    scripts
        .map(|path| fs::read_to_string(path).expect("a script"))
        .collect()
}

#[test]
fn the_scripts_find_every_string_that_they_ask_for() {
    let scripts = scripts();
    let known = |key: &str| all_strings().any(|name| name == key);
    let mut asked = 0;
    for (at, _) in scripts.match_indices("say('") {
        let key = scripts[at + 5..].split('\'').next().unwrap_or_default();
        assert!(known(key), "the scripts ask for {key:?}");
        asked += 1;
    }
    assert!(asked > 20, "{asked} strings found");
    for (at, _) in scripts.match_indices("say(`") {
        let prefix = scripts[at + 5..].split("${").next().unwrap_or_default();
        assert!(
            [
                "predicted_",
                "compare_",
                "show_",
                "board_",
                "outcome_",
                "phase_",
                "side_"
            ]
            .contains(&prefix),
            "the scripts compose {prefix:?}"
        );
    }
    for key in [
        "predicted_more",
        "predicted_same",
        "predicted_less",
        "predicted_holds",
        "predicted_fails",
        "predicted_dismissed",
        "compare_below",
        "compare_inside",
        "compare_above",
        "show_live",
        "show_recorded",
        "outcome_supported",
        "outcome_refuted",
        "outcome_no-difference",
        "outcome_inconclusive",
        "phase_starting",
        "phase_main",
        "phase_worker",
        "phase_shared",
        "side_main",
        "side_worker",
    ] {
        assert!(known(key), "no string {key:?}");
    }
}

#[test]
fn there_is_no_string_that_no_script_asks_for() {
    let scripts = scripts();
    for key in all_strings() {
        let composed = key.split_once('_').is_some_and(|(prefix, rest)| {
            scripts.contains(&format!("say(`{prefix}_${{")) && scripts.contains(&format!("'{rest}'"))
        });
        assert!(
            composed || scripts.contains(&format!("'{key}'")),
            "no script asks for {key:?}"
        );
    }
}

#[test]
fn the_scripts_find_every_element_that_they_look_for() {
    // The board's elements are not the card's; its template names them.
    let html = card(Some(&record())) + &page_card(None) + include_str!("../../templates/board.html");
    let scripts = scripts();
    // Made by the scripts themselves, part of a verdict or a figure, or of the page around the card.
    let elsewhere = [
        "weft-compared",
        "weft-card",
        "weft-result",
        "weft-figure",
        "weft-plot",
        "weft-table",
        "weft-verdict",
        "weft-board-state",
        "weft-prediction",
        "weft-languages",
    ];
    let mut sought = 0;
    for (at, _) in scripts.match_indices("querySelector('.weft-") {
        let class = scripts[at + 16..]
            .split(['\'', ' ', '[', '>'])
            .next()
            .unwrap_or_default();
        let there = html.contains(&format!("class=\"{class}\"")) || html.contains(&format!("class=\"{class} "));
        assert!(there || elsewhere.contains(&class), "no element of class {class:?}");
        sought += 1;
    }
    assert!(sought > 8, "{sought} classes found");
}
