//! The board of fixed records.

use std::collections::BTreeMap;

use weft_lab::Record;
use weft_lab::claim::CLAIMS;

use super::*;
use crate::catalogue::Catalogue;
use crate::claims::Cards;
use crate::edition::Edition;

fn root() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn record() -> Record {
    Record::from_json(include_str!("../../tests/creation-cost.json")).expect("a record")
}

fn english() -> Edition {
    Edition::new(&root(), "en", &Catalogue::load(&root()).expect("the catalogue"))
}

fn board() -> Board {
    let recorded = vec![Column::of("as-it-is", [&record()])];
    beside_recorded(Column::of(THIS_MACHINE, []), recorded)
}

#[test]
fn a_cell_says_outcome_effect_and_doubts() {
    let board = board();
    insta::assert_snapshot!(cell("creation-cost", &board.columns[1], &|_| None).replace("><", ">\n<"));
}

#[test]
fn a_cell_of_which_nothing_is_known_says_so() {
    let html = cell("stability", &board().columns[1], &|_| None);
    assert!(html.contains("No verdict yet") && !html.contains("data-outcome"));
}

#[test]
fn a_drawn_verdict_names_what_it_rests_on() {
    let html = cell("summary-thread", &board().columns[1], &|_| None);
    assert!(html.contains("creation-cost: Supported"), "{html}");
    assert!(html.contains("memory-cost: No verdict yet"), "{html}");
    assert!(html.contains("data-outcome=\"inconclusive\""), "{html}");
}

#[test]
fn the_chapter_s_board_has_a_row_for_every_claim_and_a_cell_for_every_machine() {
    let cards: Cards = BTreeMap::from([("creation-cost", "03-process-vs-thread.md".into())]);
    let recorded = vec![Column::of("as-it-is", [&record()])];
    let html = render(recorded, Path::new("08-summary.md"), &cards, &english()).expect("a board");
    for claim in CLAIMS {
        assert!(
            html.contains(&format!("<tr id=\"board-{}\">", claim.id)),
            "{}",
            claim.id
        );
        assert_eq!(
            html.matches(&format!("data-claim=\"{}\"", claim.id)).count(),
            2,
            "{}",
            claim.id
        );
    }
    assert!(html.contains("<a href=\"03-process-vs-thread.md#lab-creation-cost\">"));
    assert!(html.contains("type <code>cargo run --release -- serve</code> in"));
    assert!(
        html.lines().all(|line| !line.trim().is_empty()),
        "Markdown would end the block"
    );
}

#[test]
fn the_file_stands_alone() {
    let record = record();
    let board = beside_recorded(
        Column::of(THIS_MACHINE, [&record]),
        vec![Column::of("as-it-is", [&record])],
    );
    let html = page(&board, &[&record], "en", &|_| None);
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"en\">"));
    for outside in ["<script", "<link", " src=", "@import", "url(", "http://", "https://"] {
        let html = html.replace("http://www.w3.org/2000/svg", "");
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("<a href=\"#creation-cost\">") && html.contains("<section id=\"creation-cost\">"));
    assert!(html.contains("<figure class=\"weft-figure\""));
    let korean = Catalogue::load(&root()).expect("the catalogue").translator("ko");
    let html = page(&board, &[&record], "ko", &korean);
    assert!(html.contains("lang=\"ko\"") && html.contains("지지됨"));
}

#[test]
fn the_recorded_machines_of_the_book() {
    let columns = recorded(&root()).expect("readable records");
    assert_eq!(columns[0].name, "as-it-is");
    assert!(columns[0].found.len() > 20, "{} claims", columns[0].found.len());
    let folder = tempfile::tempdir().expect("a folder");
    assert!(recorded(folder.path()).expect("no records").is_empty());
    // What a browser kept of a lab in the page stands beside the records.
    let labs = folder.path().join("labs/07-backend-and-frontend/recorded");
    std::fs::create_dir_all(&labs).expect("a folder");
    let result = include_str!("../../tests/browser-manages.json");
    std::fs::write(labs.join("browser-manages.json"), result).expect("a file");
    let columns = recorded(folder.path()).expect("a result");
    assert!(columns[0].find("browser-manages").is_some() && columns.len() == 1);
}
