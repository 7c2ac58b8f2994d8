//! What the card's scripts say, by the key that they ask for. Places such as `{times}` are filled by the scripts.

use serde_json::{Map, Value};
use weft_lab::msg;

use crate::edition::Edition;

/// Key and English message.
pub(crate) const STRINGS: &[(&str, &str)] = &[
    // The question.
    ("veiled", msg!("The result shows once you have made a prediction.")),
    ("choose_direction", msg!("Choose an answer first.")),
    ("choose_times", msg!("Give a number from {min} to {max}.")),
    ("forget", msg!("Predict again")),
    ("predicted_more", msg!("You predicted: more, {times} times as much.")),
    ("predicted_less", msg!("You predicted: less, by a factor of {times}.")),
    ("predicted_same", msg!("You predicted: about the same.")),
    ("predicted_holds", msg!("You predicted: the claim holds.")),
    ("predicted_fails", msg!("You predicted: the claim fails.")),
    ("predicted_dismissed", msg!("You chose to see the result first.")),
    ("prediction_label", msg!("your prediction: {times}×")),
    // What became of it.
    (
        "compare_ratio",
        msg!("You predicted {predicted}. The run found {estimate}, with an interval from {low} to {high}."),
    ),
    ("compare_below", msg!("Your prediction lies below the interval.")),
    ("compare_inside", msg!("Your prediction lies inside the interval.")),
    ("compare_above", msg!("Your prediction lies above the interval.")),
    ("compare_true", msg!("Your prediction came true.")),
    ("compare_false", msg!("Your prediction did not come true.")),
    ("compare_undecided", msg!("This run does not decide your prediction.")),
    // The form.
    ("not_a_number", msg!("Give a whole number.")),
    ("out_of_bounds", msg!("Give a number from {min} to {max}.")),
    ("below_minimum", msg!("Give a number not below {min}.")),
    ("above_maximum", msg!("Give a number not above {max}.")),
    ("wrong_step", msg!("Give a multiple of {step}.")),
    // The run.
    ("starting", msg!("Starting")),
    ("queued", msg!("Waiting for its turn: place {position} in the queue")),
    ("running", msg!("Running")),
    ("cancelling", msg!("Cancelling")),
    ("cancelled", msg!("Cancelled. No result was kept.")),
    ("done", msg!("Done.")),
    ("done_in", msg!("Done in {seconds} s.")),
    ("seconds", msg!("{seconds} s")),
    ("server_gone", msg!("The server does not answer.")),
    ("server_lost", msg!("The server does not answer. Trying again.")),
    (
        "server_hint",
        msg!("Look whether weft serve still runs in your terminal; start it again if not."),
    ),
    ("run_gone", msg!("The server does not know this run any more.")),
    // The result.
    ("measured_here", msg!("Live: measured on this machine")),
    ("which_result", msg!("Which result to show")),
    ("show_live", msg!("This machine")),
    ("show_recorded", msg!("Recorded")),
    (
        "static_hint",
        msg!(
            "These pages only show what was recorded. To run it here, type `cargo run --release -- serve` in the repository."
        ),
    ),
];

/// All strings in the edition's language, for the card's `data-strings`.
pub(super) fn json(edition: &Edition) -> String {
    let strings = STRINGS
        .iter()
        .map(|(key, message)| ((*key).to_owned(), Value::String(edition.word(message))));
    Value::Object(strings.collect::<Map<_, _>>()).to_string()
}
