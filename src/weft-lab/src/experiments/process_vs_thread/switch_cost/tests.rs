//! The judge and the figures on records made by hand.

use super::*;
use crate::record::Series;
use crate::record::fixture::{around, record};
use crate::verdict::Outcome;

const ALONE: f64 = 450.0;

/// A record in which a yield between threads takes 1,200 ns, and one between processes `more` nanoseconds more.
fn compared(more: f64, shared_table: f64) -> Record {
    let time = |condition: Condition, centre: f64| around(condition, "time", "ns", centre);
    let mut series = vec![
        time(Side::First.condition(false, 2), 1_200.0),
        time(Side::Second.condition(false, 2), 1_200.0 + more),
        time(Side::Alone.condition(false, 2), ALONE),
        time(pipe_condition(Kind::Thread, Table::Shared), 2_500.0 + shared_table),
        time(pipe_condition(Kind::Thread, Table::Separate), 2_500.0),
        time(pipe_condition(Kind::Process, Table::Separate), 2_500.0 + more),
    ];
    for side in [Side::First, Side::Second] {
        series.push(counted(side, 1.0));
    }
    for tasks in [2, 6, 7, 16] {
        let step = if tasks > 6 { 200.0 } else { 0.0 };
        series.push(time(ring_condition(Kind::Thread, tasks), 1_200.0));
        series.push(time(ring_condition(Kind::Process, tasks), 1_200.0 + more + step));
    }
    record("switch-cost", &[], series)
}

fn counted(side: Side, share: f64) -> Series {
    around(side.condition(false, 2), "switches-per-yield", "1", share)
}

#[track_caller]
fn check(more: f64, expect: Outcome) {
    let verdicts = compared(more, 0.0).verdicts();
    assert_eq!(
        verdicts
            .iter()
            .map(|verdict| verdict.claim.as_str())
            .collect::<Vec<_>>(),
        ABOUT.claims
    );
    for verdict in verdicts {
        assert_eq!(verdict.outcome, expect, "{:?}", verdict.effect);
    }
}

#[test]
fn the_yield_that_switches_to_nobody_is_subtracted_before_the_ratio() {
    let verdict = &compared(75.0, 0.0).verdicts()[0];
    let estimate = verdict.effect.as_ref().unwrap().estimate;
    assert!(
        (estimate - 1.1).abs() < 0.005,
        "825/750 is 1.1, not {estimate}; 1275/1200 would be 1.06"
    );
}

#[test]
fn each_outcome() {
    check(100.0, Outcome::Supported);
    check(-100.0, Outcome::Refuted);
    check(0.0, Outcome::NoDifference);
    check(22.5, Outcome::Inconclusive);
}

fn finding(record: &Record, id: &str) -> String {
    let verdicts = record.verdicts();
    let found = verdicts[0].findings.iter().find(|finding| finding.id == id);
    found.map(|finding| finding.text.english()).unwrap_or_default()
}

#[test]
fn the_pipe_reverses_the_sign_when_the_shared_table_costs_more_than_the_switch_saves() {
    assert!(finding(&compared(75.0, 200.0), "pipe-reversal").contains("says the opposite"));
    assert!(finding(&compared(75.0, 75.0), "pipe-reversal").contains("sees no difference"));
    assert!(finding(&compared(75.0, 10.0), "pipe-reversal").contains("keeps the sign"));
}

#[test]
fn the_step_past_six_tasks_is_told() {
    let step = finding(&compared(100.0, 0.0), "step");
    let nanos = |before: &str| -> f64 {
        step.split(before)
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    assert!(
        (90.0..110.0).contains(&nanos("thread is ")) && (280.0..320.0).contains(&nanos("tasks, and ")),
        "{step}"
    );
}

#[test]
fn an_uncounted_batch_is_doubted_and_kept() {
    let mut record = compared(100.0, 0.0);
    record.series.retain(|series| series.quantity != "switches-per-yield");
    record
        .series
        .extend([counted(Side::First, 1.0), counted(Side::Second, 0.5)]);
    let verdicts = record.verdicts();
    assert_eq!(verdicts[0].outcome, Outcome::Supported);
    assert!(
        verdicts[0].doubts.iter().any(|doubt| doubt.kind == "count"),
        "{:?}",
        verdicts[0].doubts
    );
}

#[test]
fn the_figures_hold_what_the_record_holds() {
    let record = compared(100.0, 200.0);
    let figures = record.figures();
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "ring", "pipe"]);
    assert_eq!(figures[0].table().rows.len(), 1 + 4);
    assert_eq!(figures[1].table().rows.len(), 3 * 4);
    let svg = figures[0].svg(&|_| None);
    assert!(svg.contains("data-prediction-axis=\"x\"") && svg.contains("<title id="));
    assert!(
        crate::record::fixture::record("switch-cost", &[], Vec::new())
            .figures()
            .is_empty()
    );
}
