//! The judge and the figures on records made by hand, and a watch with a clock that jumps.

use super::*;
use crate::record::fixture::record;
use crate::record::{Missing, Series};

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

/// A record of two watches of three tasks for each kind; the processes have these counts.
fn watched(involuntary: &[f64], answered: &[f64]) -> Record {
    let of = |kind: Kind, involuntary: &[f64], answered: &[f64]| {
        let condition = kind_condition(kind);
        vec![
            series(condition.clone(), "involuntary", involuntary),
            series(condition.clone(), "voluntary", &vec![0.0; involuntary.len()]),
            series(condition.clone(), "gaps", &vec![5.0; answered.len()]),
            series(condition.clone(), "answered", answered),
            series(condition.clone(), "slice", &[4e6, 4.1e6, 3.9e6, 4e6]),
            series(condition, "filled", &[98.0, 99.0]),
        ]
    };
    let mut all = of(Kind::Thread, &[5.0; 6], &[5.0; 6]);
    all.extend(of(Kind::Process, involuntary, answered));
    all.push(series(nice_condition("nicer"), "share", &[24.0, 25.0, 24.5]));
    all.push(series(nice_condition("usual"), "slice", &[8e6, 8e6]));
    all.push(series(nice_condition("nicer"), "slice", &[4e6, 4e6]));
    for task in 0..3 {
        let start = f64::from(task) * 4e6;
        for kind in Kind::BOTH {
            let condition = chart_condition(kind.id(), usize::try_from(task).unwrap());
            all.push(series(condition.clone(), "from", &[start, start + 12e6]));
            all.push(series(condition, "to", &[start + 4e6, start + 16e6]));
        }
    }
    record("timeline", &[("trials", "2")], all)
}

#[track_caller]
fn check(record: &Record, expect: Outcome) {
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{verdict:?}");
}

#[test]
fn each_outcome() {
    check(&watched(&[5.0; 6], &[5.0; 6]), Outcome::Supported);
    check(&watched(&[5.0, 0.0, 5.0, 5.0, 5.0, 5.0], &[5.0; 6]), Outcome::Refuted);
    check(&record("timeline", &[], Vec::new()), Outcome::Inconclusive);
}

#[test]
fn a_task_that_was_stopped_for_other_programs_alone_shows_nothing() {
    let record = watched(&[5.0; 6], &[5.0, 5.0, 0.0, 5.0, 5.0, 5.0]);
    check(&record, Outcome::Inconclusive);
    let verdict = &record.verdicts()[0];
    assert!(verdict.summary.english().starts_with("In 11 of 11 cases"));
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "lost-trials"));
}

#[test]
fn a_run_that_was_not_pinned_refutes_nothing() {
    let mut record = watched(&[0.0; 6], &[0.0; 6]);
    record.missing.push(Missing {
        facility: "pinning".to_owned(),
        detail: "no".to_owned(),
    });
    check(&record, Outcome::Inconclusive);
}

#[test]
fn fewer_trials_than_asked_for_are_said() {
    let record = watched(&[5.0; 3], &[5.0; 3]);
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Supported);
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "few-trials"));
}

#[test]
fn the_findings_name_slices_counts_and_the_nicer_task_s_share() {
    let verdict = &watched(&[5.0; 6], &[5.0; 6]).verdicts()[0];
    let found = |id: &str| {
        let finding = verdict.findings.iter().find(|finding| finding.id == id);
        finding.map(|finding| finding.text.english()).unwrap_or_default()
    };
    assert!(found("slice-threads").contains("4.00 ms"), "{}", found("slice-threads"));
    assert!(found("filled").contains("98.5%"), "{}", found("filled"));
    assert!(found("counts-processes").contains("5.00 involuntary and 0 voluntary"));
    assert!(
        found("nice").contains("24.5%") && found("nice").contains("24.7%"),
        "{}",
        found("nice")
    );
}

#[test]
fn the_share_falls_with_each_nice_value() {
    let shares: Vec<f64> = (0..=19).map(findings::expected_share).collect();
    assert!((shares[0] - 50.0).abs() < 1e-9);
    assert!(shares.windows(2).all(|pair| pair[1] < pair[0]));
    assert!((shares[19] - 15.0 / 1039.0 * 100.0).abs() < 1e-9);
}

#[test]
fn the_figures_hold_what_the_record_holds() {
    let figures = watched(&[5.0; 6], &[5.0; 6]).figures();
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["chart", "slices", "counts"]);
    assert_eq!(
        figures[0].table().rows.len(),
        2 * 3 * 2,
        "two runs of three tasks of both kinds"
    );
    assert_eq!(figures[1].table().rows.len(), 4);
    assert!(record("timeline", &[], Vec::new()).figures().is_empty());
}

#[test]
fn gaps_that_no_other_task_fills_are_not_answered() {
    let seen = |runs: &[Span], gaps: &[Span]| Seen {
        runs: runs.to_vec(),
        gaps: gaps.to_vec(),
        voluntary: 0,
        involuntary: 2,
    };
    let mut gathered = Gathered::default();
    gathered.add(&[
        seen(&[[0, 10], [20, 30], [40, 50]], &[[10, 20], [30, 40]]),
        seen(&[[12, 20]], &[]),
    ]);
    assert_eq!(gathered.gaps, [2.0, 0.0]);
    assert_eq!(gathered.answered, [1.0, 0.0]);
    assert_eq!(gathered.filled, [8.0 / 20.0 * 100.0]);
    assert_eq!(gathered.slices, [10.0]);
}

#[test]
fn a_watch_on_one_core_sees_each_thread_stopped_while_another_runs() {
    let watched = std::thread::spawn(|| {
        crate::sys::pin(crate::sys::allowed_cpus()[0]).unwrap();
        let watch = Watch {
            clock: &MonotonicClock,
            kind: Kind::Thread,
            tasks: 2,
            length: Nanos(20_000_000),
            waits_for_all: true,
            nice: 0,
        };
        let mut gathered = Gathered::default();
        gathered.add(&watch.run().unwrap());
        gathered
    });
    let gathered = watched.join().unwrap();
    assert!(gathered.gaps.iter().all(|&gaps| gaps >= 1.0), "{gathered:?}");
    assert!(
        gathered.involuntary.iter().all(|&switches| switches >= 1.0),
        "{gathered:?}"
    );
}
