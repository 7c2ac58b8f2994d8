//! What a chapter's author is told: the chapter, the line, what is allowed.

use weft_book::build::BuildError;

#[path = "support/small.rs"]
mod small;

use small::Small;

/// Builds a small book with this chapter, and says why that fails.
fn fault(chapter: &str) -> String {
    let book = Small::new(chapter);
    match book.build("site", false) {
        Err(BuildError::Book { source, .. }) => {
            assert!(!book.root().join("site").exists());
            format!("{source:#}")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_directive() {
    assert_eq!(
        fault("# One\n\n{{#labs creation-cost}}\n"),
        "one.md:3: there is no directive \"labs\"; there are: notes, claims, lab, board, minutes, calibration, source"
    );
}

#[test]
fn an_unknown_claim() {
    let said = fault("# One\n\nText\n\n{{#lab creation}}\n");
    assert!(
        said.starts_with("one.md:5: {{#lab}} knows no claim with an experiment \"creation\"; it knows: "),
        "{said}"
    );
    assert!(said.contains("creation-cost, switch-cost"), "{said}");
}

#[test]
fn a_second_card_of_a_claim() {
    assert_eq!(
        fault("{{#lab creation-cost}}\n\n{{#lab creation-cost}}\n"),
        "one.md:3: the claim creation-cost has a card already, in one.md"
    );
}

#[test]
fn a_second_board() {
    assert_eq!(
        fault("{{#board}}\n\n{{#board}}\n"),
        "one.md:3: the board stands already in one.md"
    );
}

#[test]
fn a_recorded_result_that_is_cut_off() {
    let book = Small::new("{{#lab creation-cost}}\n");
    let recorded = book.root().join("labs/03-process-vs-thread/recorded");
    std::fs::create_dir_all(&recorded).expect("a folder");
    std::fs::write(recorded.join("creation-cost.json"), "{\"schema\": 1,").expect("a file");
    let Err(BuildError::Book { source, .. }) = book.build("site", false) else {
        panic!("a book with half a record");
    };
    let said = format!("{source:#}");
    assert!(
        said.starts_with("one.md:1 (in the edition \"en\"): the recorded result "),
        "{said}"
    );
    assert!(
        said.contains("creation-cost.json is no record: the record is not whole JSON"),
        "{said}"
    );
}
