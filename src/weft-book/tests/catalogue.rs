//! The Korean edition is complete: every message of the chapters and of the program is translated, and none is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;

#[path = "support/literals.rs"]
mod literals;

/// English message to the files that say it.
type Messages = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn korean() -> polib::catalog::Catalog {
    polib::po_file::parse(&root().join("book/po/ko.po")).expect("the Korean catalogue")
}

fn add(messages: &mut Messages, message: &str, file: &str) {
    messages.entry(message.to_owned()).or_default().insert(file.to_owned());
}

/// What mdBook's helpers find in the chapters and in the table of contents.
fn chapters() -> Messages {
    let mut messages = Messages::new();
    let summary = fs::read_to_string(root().join("book/SUMMARY.md")).expect("the table of contents");
    for (_, found) in mdbook_i18n_helpers::extract_messages(&summary).expect("messages") {
        // "[Process](01-process.md)" is looked up as "Process".
        let link = found
            .message
            .strip_prefix('[')
            .and_then(|rest| Some(rest.rsplit_once("](")?.0));
        add(&mut messages, link.unwrap_or(&found.message), "SUMMARY.md");
    }
    let book = MDBook::load(root()).expect("the book");
    for chapter in book.book.chapters() {
        let file = chapter.path.as_ref().expect("a file").display().to_string();
        for (_, found) in mdbook_i18n_helpers::extract_messages(&chapter.content).expect("messages") {
            add(&mut messages, &found.message, &file);
        }
    }
    assert!(messages.len() > 500, "{} messages", messages.len());
    messages
}

/// The literals of `text!` and `msg!`, and the book's title and description.
fn program() -> Messages {
    let mut messages = Messages::new();
    let root = root();
    for path in literals::sources(&root.join("src")) {
        let source = fs::read_to_string(&path).expect("a source");
        let file = path.strip_prefix(&root).expect("below the root").display().to_string();
        for literal in literals::of(&source) {
            add(&mut messages, &literal, &file);
        }
    }
    let book = MDBook::load(root).expect("the book").config.book;
    for message in [book.title, book.description].into_iter().flatten() {
        add(&mut messages, &message, "book.toml");
    }
    assert!(messages.len() > 150, "{} messages", messages.len());
    messages
}

/// What is not in the catalogue, as entries to be translated.
fn missing(messages: &Messages) -> String {
    let korean = korean();
    let mut entries = String::new();
    for (message, files) in messages {
        let found = korean.find_message(None, message, None);
        if !found.is_some_and(|found| found.is_translated() && !found.is_fuzzy()) {
            let files: Vec<&str> = files.iter().map(String::as_str).collect();
            let quoted = message.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            write!(entries, "#: {}\nmsgid \"{quoted}\"\nmsgstr \"\"\n\n", files.join(" ")).expect("a string");
        }
    }
    entries
}

#[track_caller]
fn check_translated(messages: &Messages) {
    let entries = missing(messages);
    let count = entries.matches("msgid ").count();
    assert!(
        entries.is_empty(),
        "{count} messages are not translated in book/po/ko.po:\n\n{entries}"
    );
}

#[test]
fn every_message_of_the_chapters_is_translated() {
    check_translated(&chapters());
}

#[test]
fn every_message_of_the_program_is_translated() {
    check_translated(&program());
}

#[test]
fn no_translation_is_left_over_or_doubtful() {
    let (chapters, program) = (chapters(), program());
    // What is of the labs is held by `cargo xtask labs --check`.
    for message in korean()
        .messages()
        .filter(|message| !message.source().starts_with("labs/"))
    {
        let known = chapters.contains_key(message.msgid()) || program.contains_key(message.msgid());
        assert!(known, "nothing says {:?} any more", message.msgid());
        assert!(!message.is_fuzzy(), "fuzzy: {:?}", message.msgid());
    }
    // The parser passes over entries that are commented out.
    let text = fs::read_to_string(root().join("book/po/ko.po")).expect("the Korean catalogue");
    assert!(!text.lines().any(|line| line.starts_with("#~")), "an obsolete entry");
}

#[test]
fn a_translation_has_the_same_places() {
    let korean = korean();
    for message in program().keys() {
        let Some(found) = korean.find_message(None, message, None) else {
            continue;
        };
        let translated = found.msgstr().expect("a singular");
        assert_eq!(literals::places(message), literals::places(translated), "{message:?}");
    }
}
