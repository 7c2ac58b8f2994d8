use super::*;
use crate::machine::{Noise, Probe};
use crate::params::{ParamValue, Params};
use crate::record::{SCHEMA, Series, Stopping};

/// A record with these trials (writes seen, of 100) and these times of the two sides.
fn record(seen: [usize; 3], times: [f64; 2], aa: bool) -> Record {
    let root = tempfile::tempdir().unwrap();
    let mut params = Params::default();
    params.0.insert("bytes".to_owned(), ParamValue::Integer(1));
    params.0.insert("aa".to_owned(), ParamValue::Flag(aa));
    let series = |condition, quantity: &str, blocks| Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks,
    };
    let mut all: Vec<Series> = Vec::new();
    for (condition, time) in main_conditions(aa).into_iter().zip(times) {
        all.push(series(condition, "time", vec![time; 16]));
    }
    for (writer, seen) in Writer::ALL.into_iter().zip(seen) {
        let trials = (0..100).map(|trial| f64::from(u8::from(trial < seen))).collect();
        all.push(series(writer.condition(), "seen", trials));
    }
    Record {
        schema: SCHEMA,
        experiment: "communication".to_owned(),
        mode: Mode::Quick,
        seed: 1,
        params,
        started: String::new(),
        elapsed_ns: 1,
        machine: Probe::at(root.path()).machine(vec![0]),
        noise: Noise::default(),
        stopping: Stopping::default(),
        missing: Vec::new(),
        series: all,
    }
}

#[track_caller]
fn check(seen: [usize; 3], times: [f64; 2], expect: Outcome) {
    let verdicts = record(seen, times, false).verdicts();
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0].outcome, expect, "{:?}", verdicts[0]);
}

const AS_CLAIMED: [usize; 3] = [100, 0, 100];

#[test]
fn both_parts_must_hold() {
    check(AS_CLAIMED, [1_000.0, 1_200.0], Outcome::Supported);
    check(AS_CLAIMED, [1_000.0, 800.0], Outcome::Refuted);
    check(AS_CLAIMED, [1_000.0, 1_050.0], Outcome::NoDifference);
}

#[test]
fn one_trial_against_the_claim_refutes_it() {
    check([100, 1, 100], [1_000.0, 1_200.0], Outcome::Refuted);
    check([99, 0, 100], [1_000.0, 1_200.0], Outcome::Refuted);
}

#[test]
fn a_broken_control_is_a_doubt_and_no_answer() {
    check([100, 0, 99], [1_000.0, 1_200.0], Outcome::Inconclusive);
    let verdict = &record([100, 0, 99], [1_000.0, 1_200.0], false).verdicts()[0];
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "shared-mapping"));
}

#[test]
fn a_wide_interval_is_no_answer() {
    let mut record = record(AS_CLAIMED, [1_000.0, 1_200.0], false);
    record.series[1].blocks = (0..16).map(|at| if at % 2 == 0 { 700.0 } else { 1_500.0 }).collect();
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "wide"));
}

#[test]
fn a_record_without_samples_is_inconclusive_and_draws_nothing() {
    let mut record = record(AS_CLAIMED, [1_000.0, 1_200.0], false);
    record.series.clear();
    assert_eq!(record.verdicts()[0].outcome, Outcome::Inconclusive);
    assert!(Communication.figures(&record).is_empty());
}

#[test]
fn an_aa_run_asks_for_the_ratio_alone() {
    let mut record = record([0, 0, 0], [1_000.0, 1_010.0], true);
    record.series.retain(|series| series.quantity == "time");
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::NoDifference);
    assert!(verdict.summary.english().starts_with("A/A"));
}

#[test]
fn the_summary_says_both_parts() {
    let verdict = &record(AS_CLAIMED, [1_000.0, 1_200.0], false).verdicts()[0];
    assert_eq!(
        verdict.summary.english(),
        "Of 100 writes of each kind, 100 of a thread and 0 of a process were seen; on one core a message of 1 B takes 1.20 [1.20, 1.20] times as long through a pipe between processes as through memory that threads share."
    );
    assert_eq!(verdict.findings[0].id, "seen");
    let figures = Communication.figures(&record(AS_CLAIMED, [1_000.0, 1_200.0], false));
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "seen"]);
}
