//! The judge and the figure on records made by hand. Real crashes are tested in a process of one thread:
//! `tests/process_vs_thread.rs`.

use super::*;
use crate::record::fixture::record;
use crate::record::{Missing, Series};
use crate::verdict::Outcome;

/// A record of two planned trials a failure, with three workers beside the failing one. `change` may alter the survivors
/// of a failure as threads and as processes; fewer than two are lost trials.
fn survived(change: impl Fn(Failure, Kind, &mut Vec<f64>)) -> Record {
    let mut all = Vec::new();
    let mut push = |condition: Condition, quantity: &str, blocks: Vec<f64>| {
        all.push(Series {
            condition,
            quantity: quantity.to_owned(),
            unit: "1".to_owned(),
            blocks,
        });
    };
    for failure in Failure::ALL {
        let mut made = 2;
        for kind in Kind::ALL {
            let goes_on = kind == Kind::Processes || !failure.is_fatal();
            let mut survivors = vec![if goes_on { 3.0 } else { 0.0 }; 2];
            change(failure, kind, &mut survivors);
            made = survivors.len();
            push(condition(failure, kind), "ended", vec![134.0; made]);
            push(condition(failure, kind), "survivors", survivors);
        }
        push(condition(failure, Kind::Threads), "failed_joins", vec![1.0; made]);
        push(Condition::of("failure", failure.id()), "lost", vec![(2 - made) as f64]);
    }
    record("crash-containment", &[("trials", "2")], all)
}

#[track_caller]
fn check(record: &Record, outcome: Outcome, held: &str, doubts: &[&str]) {
    let verdicts = record.verdicts();
    let [verdict] = &verdicts[..] else {
        panic!("{} verdicts", verdicts.len());
    };
    assert_eq!((verdict.claim.as_str(), verdict.outcome), ("stability", outcome));
    let summary = verdict.summary.english();
    assert!(summary.starts_with(held), "{summary:?} instead of {held:?}");
    let found: Vec<&str> = verdict.doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
    assert_eq!(found, doubts);
}

#[test]
fn no_exception_supports() {
    let record = survived(|_, _, _| {});
    check(&record, Outcome::Supported, "In 10 of 10 trials", &[]);
}

#[test]
fn a_process_that_dies_with_its_neighbour_refutes() {
    let record = survived(|failure, kind, survivors| {
        if (failure, kind) == (Failure::Exit, Kind::Processes) {
            survivors[1] = 2.0;
        }
    });
    check(&record, Outcome::Refuted, "In 9 of 10 trials", &[]);
}

#[test]
fn a_thread_that_outlives_a_fatal_failure_refutes() {
    let record = survived(|failure, kind, survivors| {
        if (failure, kind) == (Failure::Abort, Kind::Threads) {
            survivors[0] = 1.0;
        }
    });
    check(&record, Outcome::Refuted, "In 9 of 10 trials", &[]);
}

#[test]
fn a_panic_counts_for_nothing_whatever_it_does() {
    let record = survived(|failure, _, survivors| {
        if failure == Failure::Panic {
            *survivors = vec![0.0, 0.0];
        }
    });
    check(&record, Outcome::Supported, "In 10 of 10 trials", &[]);
    let panic = panic_finding(&record).unwrap();
    assert!(
        panic
            .text
            .english()
            .starts_with("After a Rust panic 0% of the other threads")
    );
}

#[test]
fn a_failure_that_could_not_be_produced_leaves_it_open() {
    let without = |which: Failure| {
        survived(move |failure, _, survivors| {
            if failure == which {
                survivors.clear();
            }
        })
    };
    check(
        &without(Failure::StackOverflow),
        Outcome::Inconclusive,
        "In 8 of 8 trials",
        &["lost-trials", "not-produced"],
    );
    let mut record = without(Failure::Memory);
    record.missing.push(Missing {
        facility: "memory-limit".to_owned(),
        detail: "no allocation failed".to_owned(),
    });
    let doubts = &["missing-memory-limit", "lost-trials"];
    check(&record, Outcome::Inconclusive, "In 8 of 8 trials", doubts);
    check(&without(Failure::Panic), Outcome::Supported, "In 10 of 10 trials", &[]);
}

#[test]
fn no_trials_at_all_are_inconclusive() {
    let record = survived(|_, _, survivors| survivors.clear());
    assert_eq!(record.verdicts()[0].outcome, Outcome::Inconclusive);
    assert_eq!(record.verdicts()[0].summary.english(), "Nothing could be measured.");
    assert!(record.figures().is_empty());
}

#[test]
fn findings_say_how_each_died() {
    let record = survived(|_, _, _| {});
    let found = end_finding(&record, Failure::Abort).unwrap();
    assert_eq!(
        found.text.english(),
        "abort: the process of the failing thread ended with the signal SIGABRT, the failing process with the signal SIGABRT."
    );
    assert_eq!(end_text(3.0).english(), "status 3");
    assert_eq!(
        panic_finding(&record).unwrap().text.english(),
        "After a Rust panic 100% of the other threads and 100% of the other processes still answered; join returned an error in 2 of 2 trials. A panic is no part of the verdict."
    );
}

#[test]
fn the_figure_holds_the_shares() {
    let record = survived(|failure, kind, survivors| {
        if (failure, kind) == (Failure::Exit, Kind::Processes) {
            *survivors = vec![3.0, 0.0];
        }
    });
    let figures = record.figures();
    assert_eq!(figures.len(), 1);
    let rows: Vec<String> = (figures[0].table().rows.iter())
        .map(|row| row.iter().map(Text::english).collect::<Vec<_>>().join(" | "))
        .collect();
    assert_eq!(rows.len(), 12);
    assert_eq!(rows[0], "Write to a forbidden address, threads | 0% | — | 0% | 0 | 100");
    assert_eq!(
        rows[1],
        "Write to a forbidden address, processes | — | 100% | 100% | 0 | 100"
    );
    assert!(
        rows[7].starts_with("exit, processes | — | 50.0% | 50.0%"),
        "{}",
        rows[7]
    );
    assert_eq!(rows[10], "Rust panic, threads | 100% | — | 100% | 0 | 100");
}
