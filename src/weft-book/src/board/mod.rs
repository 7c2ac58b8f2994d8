//! The verdict board as HTML: in its chapter, cell by cell for the live page, and as a file that stands alone.

mod chapter;
mod page;
mod strings;
mod table;

use std::path::Path;

use weft_lab::board::{Board, Column, PageResult, THIS_MACHINE};
use weft_lab::machine::profile::Profile;
use weft_lab::page_lab::PAGE_LABS;
use weft_lab::text;
use weft_lab::text::Text;

use crate::recorded::{self, RecordedError};

pub use page::{STYLE, page};

pub(crate) use chapter::render;
#[cfg(test)]
pub(crate) use strings::STRINGS;
pub(crate) use table::{cell, count};

/// The columns of the recorded machines, below the folder with `book.toml`. One of which nothing is recorded is left out.
///
/// # Errors
///
/// A recorded result that can't be read.
pub fn recorded(root: &Path) -> Result<Vec<Column>, RecordedError> {
    let mut columns = Vec::new();
    for profile in Profile::ALL {
        let records = recorded::all(root, profile)?;
        // A browser is recorded once, on the machine as it is.
        let labs = PAGE_LABS.iter().filter(|_| profile == Profile::AsItIs);
        let results: Vec<_> = labs
            .map(|lab| recorded::page_record(root, lab))
            .collect::<Result<_, _>>()?;
        let results: Vec<PageResult> = results.iter().flatten().map(PageResult::from).collect();
        if !(records.is_empty() && results.is_empty()) {
            columns.push(Column::with_page_results(profile.id(), &records, &results));
        }
    }
    Ok(columns)
}

/// What a column is called.
fn label(column: &str) -> Text {
    match Profile::find(column) {
        Some(profile) => profile.label(),
        None if column == THIS_MACHINE => text!("This machine"),
        None => Text::new(column),
    }
}

/// The machine of a column in a line, and what is special about it.
fn machine(column: &Column) -> Option<Text> {
    let line = column.machine.as_ref()?.line();
    Some(match Profile::find(&column.name) {
        Some(Profile::OneCore) => text!("{machine}. {words}", machine: line, words: Profile::OneCore.words()),
        _ => line,
    })
}

/// A board with this machine's column before the recorded ones.
#[must_use]
pub fn beside_recorded(this_machine: Column, recorded: Vec<Column>) -> Board {
    Board::new(std::iter::once(this_machine).chain(recorded).collect())
}

#[cfg(test)]
mod tests;
