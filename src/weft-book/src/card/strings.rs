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

/// What the scripts of a lab in the page say beside those.
pub(super) const PAGE_STRINGS: &[(&str, &str)] = &[
    // The run.
    ("phase_starting", msg!("Finding out how much work takes 120 ms here")),
    ("phase_main", msg!("Computing on the main thread")),
    ("phase_worker", msg!("Computing in a Worker")),
    ("phase_shared", msg!("Adding to shared memory with two Workers")),
    ("frames_drawn", msg!("Frames: {count}")),
    (
        "page_hidden",
        msg!("The page was not visible, so the browser drew no frames. No result was kept; run it again."),
    ),
    // The verdict.
    ("outcome_supported", msg!("Supported")),
    ("outcome_refuted", msg!("Refuted")),
    ("outcome_no-difference", msg!("No difference")),
    ("outcome_inconclusive", msg!("Inconclusive")),
    (
        "page_summary",
        msg!(
            "While the main thread computes, the longest wait between two frames is {effect} times as long as while a Worker does: {main} against {worker}."
        ),
    ),
    (
        "page_aa",
        msg!("A/A: the same block twice differs by a factor of {effect}."),
    ),
    ("page_nothing", msg!("Nothing could be measured.")),
    ("page_region", msg!("Region of equivalence: {low} to {high}.")),
    (
        "page_same_work",
        msg!("The same work took {main} on the main thread and {worker} in a Worker."),
    ),
    (
        "page_plain",
        msg!("Two Workers that write plainly to shared memory lost {percent}% of {additions} additions."),
    ),
    ("page_atomic", msg!("With Atomics they lost {lost} of {additions}.")),
    (
        "page_barred",
        msg!("This browser starts no Worker on a page from a folder, so there is nothing to compare with."),
    ),
    (
        "page_not_isolated",
        msg!(
            "The page is not isolated from other origins, so it has no SharedArrayBuffer: the part with shared memory is left out."
        ),
    ),
    (
        "page_serve",
        msg!("Open the book with `weft serve`, which sends the two headers, and run it there."),
    ),
    (
        "page_one_core",
        msg!("The browser sees one processor, so the main thread and the Worker take turns on it."),
    ),
    ("page_one_core_remedy", msg!("Allow a second core.")),
    ("page_wide", msg!("The interval is too wide for an answer.")),
    (
        "page_wide_remedy",
        msg!("Choose the full run, and close what runs beside it."),
    ),
    ("page_measured", msg!("Measured in this browser: {when}")),
    ("page_machine", msg!("{cores} logical processors · {agent}")),
    ("milliseconds", msg!("{value} ms")),
    // The figures.
    ("numbers", msg!("The numbers as a table")),
    (
        "ratio_title",
        msg!("The longest wait for a frame, main thread against Worker"),
    ),
    (
        "ratio_description",
        msg!(
            "How many times as long the longest gap between two frames is while the main thread computes as while a Worker does, with its 95% interval, on a log axis. The band is the region in which two things count as equal."
        ),
    ),
    ("ratio_axis", msg!("Times as long")),
    ("ratio_row", msg!("Main thread")),
    ("ratio_aa", msg!("The same, A/A")),
    ("gaps_title", msg!("Gaps between frames")),
    (
        "gaps_description",
        msg!(
            "Each gap between two frames as a dot on a log axis, one row while the main thread computes and one while a Worker does. The line in each row is the median."
        ),
    ),
    ("gaps_axis", msg!("Time from one frame to the next, in ms")),
    ("side_main", msg!("Main thread")),
    ("side_worker", msg!("Worker")),
    ("column_what", msg!("What computes")),
    ("column_ratio", msg!("Ratio")),
    ("column_low", msg!("From")),
    ("column_high", msg!("To")),
    ("column_frames", msg!("Gaps")),
    ("column_median", msg!("Median")),
    ("column_p95", msg!("95th percentile")),
    ("column_longest", msg!("Longest of a block")),
    ("column_worst", msg!("Longest of all")),
];

/// All strings in the edition's language, for the card's `data-strings`.
pub(super) fn json(edition: &Edition) -> String {
    json_of(STRINGS.iter(), edition)
}

/// The same for the card of a lab in the page.
pub(super) fn page_json(edition: &Edition) -> String {
    json_of(STRINGS.iter().chain(PAGE_STRINGS), edition)
}

fn json_of<'a>(strings: impl Iterator<Item = &'a (&'a str, &'a str)>, edition: &Edition) -> String {
    let strings = strings.map(|(key, message)| ((*key).to_owned(), Value::String(edition.word(message))));
    Value::Object(strings.collect::<Map<_, _>>()).to_string()
}
