//! What the board's script says, by the key that it asks for, beside what the cards' scripts say.

use serde_json::{Map, Value};
use weft_lab::msg;

use crate::card;
use crate::edition::Edition;

/// Key and English message.
pub(crate) const STRINGS: &[(&str, &str)] = &[
    ("board_going_on", msg!("{experiment}: {phase} ({place} of {of})")),
    ("board_done", msg!("All {of} experiments have run.")),
    (
        "board_some_failed",
        msg!("{done} of {of} experiments have run. Without a result: {failed}."),
    ),
    ("board_cancelled", msg!("Cancelled. What was finished before stays.")),
    ("board_waiting", msg!("waiting")),
    ("board_running", msg!("running")),
    ("board_failed", msg!("failed")),
];

/// The board's strings and the cards', for the board's `data-strings`.
pub(super) fn json(edition: &Edition) -> String {
    let strings = STRINGS
        .iter()
        .chain(card::STRINGS)
        .map(|(key, message)| ((*key).to_owned(), Value::String(edition.word(message))));
    Value::Object(strings.collect::<Map<_, _>>()).to_string()
}
