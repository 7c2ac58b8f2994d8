//! A lab in another language: its paragraphs through the book's catalogue.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use mdbook_i18n_helpers as i18n;
use polib::catalog::Catalog;

use super::source::{Cell, Kind};
use crate::workspace::{self, WrongUse};

/// The catalogue of a language.
pub(crate) fn catalogue(language: &str) -> Result<Catalog> {
    let path = workspace::root().join("book/po").join(format!("{language}.po"));
    if !language.chars().all(|letter| letter.is_ascii_alphanumeric()) || !path.is_file() {
        return Err(WrongUse(format!(
            "there is no language {language:?}; there are: en and the catalogues of book/po"
        ))
        .into());
    }
    polib::po_file::parse(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// The cells with their Markdown translated. Code stays, and so does a cell's id.
pub(crate) fn translate(cells: &[Cell], catalogue: &Catalog) -> Result<Vec<Cell>> {
    let translate = |cell: &Cell| {
        let mut cell = cell.clone();
        if is_prose(&cell) {
            cell.text = markdown(&cell.text, catalogue)?;
        }
        Ok(cell)
    };
    cells.iter().map(translate).collect()
}

fn is_prose(cell: &Cell) -> bool {
    matches!(cell.kind, Kind::Text | Kind::Manual { .. })
}

fn markdown(text: &str, catalogue: &Catalog) -> Result<String> {
    let events = i18n::extract_events(text, None);
    let translated = i18n::translate_events(&events, catalogue).context("no Markdown")?;
    let (text, _) = i18n::reconstruct_markdown(&translated, None).context("the translation is no Markdown")?;
    Ok(text)
}

/// The messages of the cells that the catalogue lacks, in their order.
pub(crate) fn missing(cells: &[Cell], catalogue: &Catalog) -> Result<Vec<String>> {
    let mut missing = Vec::new();
    let mut seen = BTreeSet::new();
    for cell in cells.iter().filter(|cell| is_prose(cell)) {
        let Ok(messages) = i18n::extract_messages(&cell.text) else {
            bail!("no Markdown: {}", cell.text);
        };
        for (_, message) in messages {
            let found = catalogue.find_message(None, &message.message, None);
            let is_there = found.is_some_and(|found| found.is_translated() && !found.is_fuzzy());
            if !is_there && seen.insert(message.message.clone()) {
                missing.push(message.message);
            }
        }
    }
    Ok(missing)
}

/// The messages that the catalogue has from a lab, and that no lab has any more.
pub(crate) fn left_over(cells: &[Cell], catalogue: &Catalog) -> Result<Vec<String>> {
    let mut known = BTreeSet::new();
    for cell in cells.iter().filter(|cell| is_prose(cell)) {
        let Ok(messages) = i18n::extract_messages(&cell.text) else {
            bail!("no Markdown: {}", cell.text);
        };
        known.extend(messages.into_iter().map(|(_, message)| message.message));
    }
    let of_labs = catalogue
        .messages()
        .filter(|message| message.source().starts_with("labs/"));
    let left_over = of_labs.filter(|message| !known.contains(message.msgid()));
    Ok(left_over.map(|message| message.msgid().to_owned()).collect())
}

/// A message as an entry of a catalogue that waits for its translation.
pub(crate) fn entry(file: &str, message: &str) -> String {
    let quoted = |text: &str| {
        format!(
            "\"{}\"",
            text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
        )
    };
    format!("\n#: {file}\nmsgid {}\nmsgstr \"\"\n", quoted(message))
}
