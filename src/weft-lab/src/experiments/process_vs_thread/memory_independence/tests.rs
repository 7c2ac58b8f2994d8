//! The judge and the figures on records made by hand.

use super::*;
use crate::record::fixture::record;
use crate::record::{Missing, Series};
use crate::verdict::Outcome;

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

/// A record of four planned trials with what was read in each, and how many were lost.
fn read(thread: &[f64], process: &[f64], lost: f64) -> Record {
    let mut all = vec![
        series(Writer::Thread.condition(), "seen", thread),
        series(Writer::Process.condition(), "seen", process),
        series(Writer::SharingProcess.condition(), "seen", &vec![OTHER; thread.len()]),
        series(Condition::default(), "lost", &[lost]),
    ];
    for (pages, size) in [(8, "small"), (16, "small"), (512, "huge")] {
        let faults = f64::from(pages);
        let of = |write: &str| fault_condition(size, write).and("pages", pages);
        all.push(series(of("first"), "faults", &[faults; 5]));
        all.push(series(of("second"), "faults", &[0.0; 5]));
    }
    all.push(series(
        Condition::of("moment", "before"),
        "same_frame",
        &[1.0, 1.0, 1.0],
    ));
    all.push(series(Condition::of("moment", "after"), "same_frame", &[0.0, 0.0, 1.0]));
    record("memory-independence", &[("trials", "4")], all)
}

#[track_caller]
fn check(record: &Record, both: Outcome, process: Outcome) {
    let verdicts = record.verdicts();
    let found: Vec<(&str, Outcome)> = verdicts.iter().map(|v| (v.claim.as_str(), v.outcome)).collect();
    assert_eq!(found, [(ABOUT.claims[0], both), (ABOUT.claims[1], process)]);
}

fn doubts(record: &Record) -> Vec<String> {
    record.verdicts()[0]
        .doubts
        .iter()
        .map(|doubt| doubt.kind.clone())
        .collect()
}

#[test]
fn no_exception_supports_both_claims() {
    let record = read(&[OTHER; 4], &[OWN; 4], 0.0);
    check(&record, Outcome::Supported, Outcome::Supported);
    assert!(doubts(&record).is_empty());
    let effect = record.verdicts()[0].effect.clone().unwrap();
    assert_eq!((effect.estimate, effect.low, effect.high), (1.0, 0.25, 1.0));
}

#[test]
fn one_exception_refutes() {
    let leak = [OWN, OWN, OTHER, OWN];
    check(&read(&[OTHER; 4], &leak, 0.0), Outcome::Refuted, Outcome::Refuted);
    // A thread whose write is not seen says nothing of processes.
    let blind = [OTHER, OWN, OTHER, OTHER];
    check(&read(&blind, &[OWN; 4], 0.0), Outcome::Refuted, Outcome::Supported);
    // Neither value is not one's own.
    let odd = [OWN, NEITHER, OWN, OWN];
    check(&read(&[OTHER; 4], &odd, 0.0), Outcome::Refuted, Outcome::Refuted);
}

#[test]
fn lost_trials_leave_it_open_but_hide_no_exception() {
    let record = read(&[OTHER; 3], &[OWN; 3], 1.0);
    check(&record, Outcome::Inconclusive, Outcome::Inconclusive);
    assert_eq!(doubts(&record), ["lost-trials"]);
    check(
        &read(&[OTHER; 3], &[OWN, OTHER, OWN], 1.0),
        Outcome::Refuted,
        Outcome::Refuted,
    );
}

#[test]
fn no_trials_at_all_are_inconclusive() {
    let record = read(&[], &[], 4.0);
    check(&record, Outcome::Inconclusive, Outcome::Inconclusive);
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.summary.english(), "Nothing could be measured.");
    assert_eq!(verdict.effect, None);
    assert!(record.figures().iter().all(|figure| figure.id != "seen"));
}

#[test]
fn trials_that_had_no_time_are_said() {
    let record = read(&[OTHER; 2], &[OWN; 2], 0.0);
    check(&record, Outcome::Supported, Outcome::Supported);
    assert_eq!(doubts(&record), ["few-trials"]);
}

#[test]
fn hidden_frames_are_said_and_left_out() {
    let mut record = read(&[OTHER; 4], &[OWN; 4], 0.0);
    record.series.retain(|series| series.quantity != "same_frame");
    record.missing.push(Missing {
        facility: "pagemap".to_owned(),
        detail: "frame numbers are hidden".to_owned(),
    });
    check(&record, Outcome::Supported, Outcome::Supported);
    assert_eq!(doubts(&record), ["missing-pagemap"]);
    assert!(
        record.verdicts()[0]
            .findings
            .iter()
            .all(|finding| finding.id != "frames")
    );
}

#[test]
fn findings_count() {
    let verdict = &read(&[OTHER; 4], &[OWN; 4], 0.0).verdicts()[0];
    let texts: Vec<String> = verdict.findings[1..].iter().map(|found| found.text.english()).collect();
    assert_eq!(
        texts,
        [
            "Where the page was mapped as shared, the first process saw the other's value in 4 of 4 trials.",
            "For each of 16 pages the child's first write cost 1.00 faults, its second write 0.",
            "With the memory in huge pages the child took 512 faults for its first write to 512 pages of the small size.",
            "Before the child wrote, the page lay in the same physical frame for both in 3 of 3 trials; afterwards it lay in different frames in 2.",
        ]
    );
}

fn table(figure: &Figure) -> Vec<String> {
    let rows = figure.table().rows;
    rows.iter()
        .map(|row| row.iter().map(Text::english).collect::<Vec<_>>().join(" | "))
        .collect()
}

#[test]
fn figures_hold_the_numbers() {
    let figures = read(&[OTHER, OTHER, OTHER, OWN], &[OWN; 4], 0.0).figures();
    assert_eq!(
        figures.iter().map(|figure| figure.id).collect::<Vec<_>>(),
        ["seen", "copy-on-write"]
    );
    let seen = table(&figures[0]);
    assert_eq!(seen[0], "Thread: its own value | 25.0% | — | — | 25.0% | 4.56 | 69.9");
    assert_eq!(seen[2], "Process: its own value | — | 100% | — | 100% | 25.0 | 100");
    assert_eq!(
        seen[5],
        "Shared mapping: the other's value | — | — | 100% | 100% | 25.0 | 100"
    );
    assert_eq!(
        table(&figures[1]),
        [
            "First write to each page | 8.00 | 8.00 | 8.00 | 8.00",
            "First write to each page | 16.0 | 16.0 | 16.0 | 16.0",
            "Second write to each page | 8.00 | 0 | 0 | 0",
            "Second write to each page | 16.0 | 0 | 0 | 0",
        ]
    );
}
