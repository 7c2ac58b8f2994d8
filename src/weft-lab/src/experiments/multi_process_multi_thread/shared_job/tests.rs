use super::*;
use crate::record::Series;
use crate::record::fixture::{around, record as fixed};
use crate::verdict::Outcome;

/// A record in which processes take `factor` times as long as threads.
fn record(factor: f64, set: &[(&str, &str)]) -> Record {
    let aa = set.contains(&("aa", "true"));
    let [threads, processes] = main_conditions(aa);
    let mut series = vec![
        around(threads, "time", "ns", 1e6),
        around(processes, "time", "ns", 1e6 * factor),
    ];
    if !aa {
        for (place, cell) in cells().into_iter().enumerate() {
            series.push(around(cell_condition(cell), "memory", "kB", 100.0 * place as f64));
            for kb in [60, 16_000] {
                series.push(around(
                    cell_condition(cell).and("kb", kb),
                    "time",
                    "ns",
                    1e5 * (1 + place) as f64,
                ));
            }
        }
    }
    fixed("shared-job", set, series)
}

#[track_caller]
fn check(factor: f64, expect: Outcome) {
    let verdict = &record(factor, &[]).verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{verdict:?}");
}

#[test]
fn the_interval_decides_against_the_region() {
    check(2.0, Outcome::Supported);
    check(0.5, Outcome::Refuted);
    check(1.0, Outcome::NoDifference);
    check(1.1, Outcome::Inconclusive);
}

#[test]
fn an_aa_run_has_threads_on_both_sides() {
    let verdict = &record(1.0, &[("aa", "true")]).verdicts()[0];
    assert_eq!((verdict.outcome, verdict.findings.len()), (Outcome::NoDifference, 0));
    assert!(verdict.summary.english().starts_with("A/A"));
}

#[test]
fn a_record_without_samples_says_so_and_draws_nothing() {
    let mut empty = fixed("shared-job", &[], Vec::<Series>::new());
    assert_eq!(empty.verdicts()[0].outcome, Outcome::Inconclusive);
    assert!(SharedJob.figures(&empty).is_empty());
    empty.series.push(Series {
        condition: cell_condition((Way::Fork, Job::Count)),
        quantity: "memory".to_owned(),
        unit: "kB".to_owned(),
        blocks: Vec::new(),
    });
    assert!(empty.verdicts()[0].findings.is_empty());
}

#[test]
fn findings_name_the_largest_array_and_the_memory() {
    let verdict = &record(2.0, &[("job", "change")]).verdicts()[0];
    let summary = verdict.summary.english();
    assert!(
        summary.contains("as long as 2 threads to change every word of 1.00 MB"),
        "{summary}"
    );
    let ids: Vec<&str> = verdict.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "fork-count",
            "shared-mapping-count",
            "sent-count",
            "fork-change",
            "shared-mapping-change",
            "sent-change",
            "memory-count",
            "memory-change"
        ]
    );
    assert!(verdict.findings[0].text.english().contains("of 16.0 MB: 2.00 ["));
    assert_eq!(SharedJob.figures(&record(2.0, &[])).len(), 4);
}
