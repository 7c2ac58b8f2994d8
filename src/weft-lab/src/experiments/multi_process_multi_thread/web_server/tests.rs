use super::*;
use crate::record::Series;
use crate::record::fixture::{around, record as fixed};
use crate::verdict::Outcome;

fn one(condition: Condition, quantity: &str, value: f64) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: vec![value],
    }
}

/// A record in which threads serve `factor` times as many short connections as processes.
fn record(factor: f64, set: &[(&str, &str)]) -> Record {
    let aa = set.contains(&("aa", "true"));
    let [processes, threads] = main_conditions(aa);
    let mut series = vec![
        around(processes, "throughput", "/s", 5_000.0),
        around(threads, "throughput", "/s", 5_000.0 * factor),
    ];
    for cell in cells() {
        series.push(around(cell_condition(cell), "throughput", "/s", 20_000.0));
        for (quantity, value) in [
            ("p50", 50e3),
            ("p99", 900e3),
            ("p99_from_send", 300e3),
            ("unanswered", 0.0),
        ] {
            series.push(one(cell_condition(cell), quantity, value));
        }
    }
    for model in Model::ALL {
        let survivors = if model.is_processes() { 8.0 } else { 0.0 };
        series.push(one(Condition::of("server", model.id()), "survivors", survivors));
        series.push(one(Condition::of("server", model.id()), "accepts", survivors / 8.0));
    }
    fixed("web-server", set, series)
}

#[track_caller]
fn check(factor: f64, expect: Outcome) {
    let verdict = &record(factor, &[]).verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{verdict:?}");
}

#[test]
fn the_interval_decides_against_the_region() {
    check(3.5, Outcome::Supported);
    check(0.5, Outcome::Refuted);
    check(1.0, Outcome::NoDifference);
    check(1.1, Outcome::Inconclusive);
}

#[test]
fn an_aa_run_and_an_empty_record_are_judged_too() {
    let verdict = &record(1.0, &[("aa", "true")]).verdicts()[0];
    assert!(verdict.summary.english().starts_with("A/A"));
    let empty = fixed("web-server", &[], Vec::new());
    let verdict = &empty.verdicts()[0];
    assert_eq!((verdict.outcome, verdict.findings.len()), (Outcome::Inconclusive, 0));
    assert!(WebServer.figures(&empty).is_empty());
}

fn finding(record: &Record, id: &str) -> Option<String> {
    let verdict = record.verdicts().remove(0);
    verdict
        .findings
        .iter()
        .find(|finding| finding.id == id)
        .map(|finding| finding.text.english())
}

#[test]
fn findings_say_what_a_clock_that_starts_late_leaves_out() {
    let mut record = record(3.5, &[]);
    let stalled = cell_condition((Model::Pool, Style::Kept));
    record
        .series
        .retain(|series| !(series.quantity == "p99" && series.condition == stalled));
    record.series.push(one(stalled, "p99", 30e6));
    let text = finding(&record, "omission").unwrap();
    assert!(
        text.contains("Pool, written by hand. 1 of 100 requests took longer than 30.0 ms"),
        "{text}"
    );
    assert!(
        text.ends_with("longer than 300 µs from the moment of sending."),
        "{text}"
    );
}

#[test]
fn the_tail_needs_enough_requests() {
    let mut record = record(3.5, &[]);
    assert!(finding(&record, "tail").unwrap().contains("pass --full"));
    for (model, time) in [(Model::Fork, 4e6), (Model::Thread, 2e6)] {
        record
            .series
            .push(one(cell_condition((model, Style::Short)), "p999", time));
    }
    let text = finding(&record, "tail").unwrap();
    assert!(
        text.contains("4.00 ms with a process for each, and longer than 2.00 ms"),
        "{text}"
    );
}

#[test]
fn crashes_and_requests_without_an_answer_are_counted() {
    let mut record = record(3.5, &[]);
    assert_eq!(finding(&record, "unanswered"), None);
    let fork = finding(&record, "crash-fork").unwrap();
    assert!(
        fork.contains("after 1 crashes of one handler 8 of 8 other connections"),
        "{fork}"
    );
    assert!(
        finding(&record, "crash-events")
            .unwrap()
            .contains("0 of 8 other connections")
    );
    record
        .series
        .push(one(cell_condition((Model::Fork, Style::Short)), "answered", 90.0));
    record
        .series
        .push(one(Condition::of("server", "late"), "unanswered", 10.0));
    assert!(
        finding(&record, "unanswered")
            .unwrap()
            .starts_with("Of 100 requests of the open loop 10.0")
    );
    assert_eq!(WebServer.figures(&record).len(), 6);
}
