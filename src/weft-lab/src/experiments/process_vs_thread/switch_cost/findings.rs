//! What the record shows beside the verdict: the raw ratio, the pipe's reversal, the step past six tasks, the counts.

use super::pipe::Table;
use super::{SIDES, Side, main_blocks, pipe_condition, swept};
use crate::format;
use crate::judge;
use crate::measure::ring::Kind;
use crate::record::Record;
use crate::stats::{Interval, median};
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding};

/// All findings that the record holds the samples for.
pub(super) fn all(record: &Record) -> Vec<Finding> {
    let pipe = [
        (
            Table::Shared,
            "pipe-shared-table",
            text!(
                "Through a pipe, with the descriptor table that threads share, a process switch minus a thread switch is {effect}."
            ),
        ),
        (
            Table::Separate,
            "pipe-separate-tables",
            text!("Through a pipe, with a descriptor table each, a process switch minus a thread switch is {effect}."),
        ),
    ];
    let mut findings = vec![difference(record), alone(record)];
    findings.extend(
        pipe.into_iter()
            .map(|(table, id, text)| pipe_difference(record, table, id, text)),
    );
    findings.push(reversal(record));
    findings.push(step(record));
    findings.into_iter().flatten().collect()
}

fn finding(id: &str, text: Text, interval: Interval) -> Option<Finding> {
    interval.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: text.with("effect", format::interval(&interval, "ns")),
        effect: Some(Effect::new(EffectKind::Difference, interval, "ns")),
    })
}

fn difference(record: &Record) -> Option<Finding> {
    let interval =
        judge::bootstrap(record).difference(main_blocks(record, Side::First), main_blocks(record, Side::Second));
    finding(
        "difference",
        text!("Second minus first, for one switch: {effect}."),
        interval,
    )
}

fn alone(record: &Record) -> Option<Finding> {
    let interval = judge::bootstrap(record).median(main_blocks(record, Side::Alone));
    let mut found = finding(
        "alone",
        text!("A yield that switches to nobody takes {effect}; it is subtracted."),
        interval,
    )?;
    found.effect = None;
    Some(found)
}

/// Process minus thread through the pipe, with the threads' table as given.
fn pipe_interval(record: &Record, table: Table) -> Interval {
    let thread = record.blocks("time", &pipe_condition(Kind::Thread, table));
    let process = record.blocks("time", &pipe_condition(Kind::Process, Table::Separate));
    judge::bootstrap_of_sweep(record).difference(thread, process)
}

fn pipe_difference(record: &Record, table: Table, id: &str, text: Text) -> Option<Finding> {
    finding(id, text, pipe_interval(record, table))
}

/// Does the pipe say the opposite of the ring while the threads share a table?
fn reversal(record: &Record) -> Option<Finding> {
    let shared = pipe_interval(record, Table::Shared);
    if !shared.low.is_finite() {
        return None;
    }
    let text = if shared.high < 0.0 {
        text!(
            "So the usual experiment says the opposite: it makes the process switch look cheaper, because threads pay for the table that they share."
        )
    } else if shared.low > 0.0 {
        text!(
            "On this machine the usual experiment keeps the sign, but shrinks the difference: threads pay for the table that they share."
        )
    } else {
        text!(
            "On this machine the usual experiment sees no difference: the table that threads share costs them about as much as their cheaper switch saves."
        )
    };
    Some(Finding {
        id: "pipe-reversal".to_owned(),
        text,
        effect: None,
    })
}

/// x86 Linux keeps six address-space ids a core; the seventh process pushes another out.
const IDS: usize = 6;

fn step(record: &Record) -> Option<Finding> {
    let (few, many): (Vec<_>, Vec<_>) = swept(record).into_iter().partition(|point| point.0 <= IDS);
    let middle = |points: &[(usize, &[f64], &[f64])]| {
        let differences: Vec<f64> = points
            .iter()
            .flat_map(|(_, thread, process)| process.iter().zip(*thread).map(|(p, t)| p - t))
            .collect();
        judge::bootstrap_of_sweep(record).median(&differences)
    };
    let (few, many) = (middle(&few), middle(&many));
    (few.low.is_finite() && many.low.is_finite()).then(|| Finding {
        id: "step".to_owned(),
        text: text!(
            "Process minus thread is {few} with 2 to 6 tasks, and {many} with 7 to 16.",
            few = format::interval(&few, "ns"),
            many = format::interval(&many, "ns")
        ),
        effect: None,
    })
}

/// Fewer switches for each yield than this are said.
const LEAST_SWITCHES: f64 = 0.99;

/// Did the kernel's counters confirm the number of switches in the main comparison?
pub(super) fn uncounted(record: &Record) -> Option<Doubt> {
    let (aa, tasks) = (record.is_aa(), record.params.count("tasks"));
    let counted = |side: Side| median(record.blocks("switches-per-yield", &side.condition(aa, tasks)));
    let least = SIDES
        .into_iter()
        .filter(|&side| side != Side::Alone)
        .map(counted)
        .fold(1.0, f64::min);
    (least < LEAST_SWITCHES).then(|| {
        Doubt::new(
            "count",
            text!(
                "The kernel counted {switches} switches for each yield, where there should be 1.",
                switches = format::number(least)
            ),
            text!("Set scheduler=fifo as root; the fair scheduler may let a task that yields go on."),
        )
    })
}
