use super::*;
use crate::machine::{Noise, Probe};
use crate::params::{Mode, ParamValue, Params};
use crate::record::{Missing, SCHEMA, Series, Stopping};
use crate::verdict::Outcome;

const ROUNDS: usize = 16;
const BASE_KB: f64 = 2_000.0;

/// A record in which one more worker of each side takes `each` kB: half of it PSS, a quarter each of the others.
fn record(each: [f64; 3], aa: bool) -> Record {
    let root = tempfile::tempdir().unwrap();
    let mut params = Params::default();
    params.0.insert("aa".to_owned(), ParamValue::Flag(aa));
    let mut series = Vec::new();
    for (side, &kind) in sides(aa).iter().enumerate() {
        for step in steps(64) {
            let grown = each[side] * step as f64;
            let parts = [
                (PSS, BASE_KB + grown * 0.5),
                (PAGE_TABLES, grown * 0.25),
                (KERNEL_STACKS, grown * 0.25),
                (RSS, BASE_KB + grown * 50.0),
            ];
            series.extend(parts.map(|(quantity, kb)| Series {
                condition: condition(kind, SIDES[side]).and("workers", step),
                quantity: quantity.to_owned(),
                unit: "kB".to_owned(),
                blocks: vec![kb; ROUNDS],
            }));
        }
    }
    Record {
        schema: SCHEMA,
        experiment: "memory-cost".to_owned(),
        mode: Mode::Quick,
        seed: 1,
        params,
        started: String::new(),
        elapsed_ns: 1,
        machine: Probe::at(root.path()).machine(vec![0]),
        noise: Noise::default(),
        stopping: Stopping::default(),
        missing: Vec::new(),
        series,
    }
}

#[track_caller]
fn check(each: [f64; 3], expect: Outcome) {
    let verdict = &record(each, false).verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{verdict:?}");
}

#[test]
fn the_ratio_of_the_slopes_decides() {
    check([20.0, 400.0, 150.0], Outcome::Supported);
    check([400.0, 20.0, 150.0], Outcome::Refuted);
    check([100.0, 105.0, 150.0], Outcome::NoDifference);
}

#[test]
fn the_parent_s_own_memory_is_no_part_of_the_slope() {
    let record = record([20.0, 400.0, 150.0], false);
    assert!(slopes(&record, 1).iter().all(|slope| (slope - 400.0).abs() < 1e-9));
    assert_eq!(slopes(&record, 1).len(), ROUNDS);
    let effect = record.verdicts()[0].effect.clone().unwrap();
    assert!((effect.estimate - 20.0).abs() < 1e-9);
}

#[test]
fn slopes_that_scatter_are_no_answer() {
    let mut record = record([100.0, 105.0, 150.0], false);
    for series in &mut record.series {
        if series.quantity == PSS && series.condition.get("side") == "b" {
            let workers: f64 = series.condition.get("workers").parse().unwrap();
            for (round, block) in series.blocks.iter_mut().enumerate() {
                *block += workers * if round % 2 == 0 { 60.0 } else { -40.0 };
            }
        }
    }
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "wide"));
}

#[test]
fn what_cannot_be_read_is_inconclusive_and_said() {
    let mut record = record([20.0, 400.0, 150.0], false);
    record.series.clear();
    record.missing.push(Missing {
        facility: "smaps-rollup".to_owned(),
        detail: "no such file".to_owned(),
    });
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert_eq!(verdict.doubts[0].kind, "missing-smaps-rollup");
    assert!(MemoryCost.figures(&record).is_empty());
}

#[test]
fn without_kernel_stacks_the_rest_is_judged() {
    let mut record = record([20.0, 400.0, 150.0], false);
    record.series.retain(|series| series.quantity != KERNEL_STACKS);
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
}

#[test]
fn an_aa_run_compares_threads_with_threads() {
    let record = record([20.0, 20.1, 0.0], true);
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::NoDifference);
    assert!(verdict.summary.english().starts_with("A/A"));
    assert!(verdict.findings.is_empty());
}

#[test]
fn every_figure_and_finding_of_a_whole_record_is_there() {
    let record = record([20.0, 400.0, 150.0], false);
    let ids: Vec<&str> = MemoryCost.figures(&record).iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "slope", "parts", "rss"]);
    let verdict = &record.verdicts()[0];
    let ids: Vec<&str> = verdict.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert_eq!(
        ids,
        [
            "thread",
            "fork",
            "exec",
            "fork-page-tables",
            "rss-overstates",
            "exec-ratio"
        ]
    );
    assert_eq!(
        verdict.findings[4].text.english(),
        "RSS counts 100 [100, 100] times as much as PSS for one more forked process."
    );
}

#[test]
fn the_slopes_of_the_parts_add_up() {
    let one = [(0.0, 5.0), (1.0, 9.0), (2.0, 8.0), (8.0, 30.0)];
    let other = [(0.0, 1.0), (1.0, 1.0), (2.0, 7.0), (8.0, 2.0)];
    let both: Vec<(f64, f64)> = one.iter().zip(other).map(|(a, b)| (a.0, a.1 + b.1)).collect();
    assert!((slope(&both) - slope(&one) - slope(&other)).abs() < 1e-9);
    assert!((slope(&[(1.0, 10.0), (3.0, 20.0)]) - 5.0).abs() < 1e-9);
    assert!(slope(&[(1.0, 10.0)]).is_nan());
    assert!(slope(&[]).is_nan());
}

#[test]
fn steps_double_and_end_at_the_largest() {
    assert_eq!(steps(4), [0, 1, 2, 4]);
    assert_eq!(steps(100), [0, 1, 2, 4, 8, 16, 32, 64, 100]);
}
