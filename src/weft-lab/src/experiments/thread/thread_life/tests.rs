//! The judge and the figure on records made by hand, and real trials.

use super::*;
use crate::measure::MonotonicClock;
use crate::record::Series;
use crate::record::fixture::record;
use crate::verdict::Outcome;

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

fn lived(held: &[f64], lost: f64) -> Record {
    let all = |quantity: &str, blocks: &[f64]| series(Condition::default(), quantity, blocks);
    let mut found = vec![
        all("held", held),
        all("processes", &vec![1.0; held.len()]),
        all("lingering", &vec![1.0; held.len()]),
        all("lost", &[lost]),
    ];
    for (step, tasks) in [1.0, 2.0, 3.0, 2.0, 1.0].into_iter().enumerate() {
        found.push(series(Condition::of("step", step), "tasks", &vec![tasks; held.len()]));
    }
    record("thread-life", &[("threads", "2"), ("trials", "4")], found)
}

#[track_caller]
fn check(held: &[f64], lost: f64, expect: Outcome, doubts: &[&str]) {
    let verdict = &lived(held, lost).verdicts()[0];
    assert_eq!(verdict.outcome, expect);
    let kinds: Vec<&str> = verdict.doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
    assert_eq!(kinds, doubts);
}

#[test]
fn each_outcome() {
    check(&[1.0; 4], 0.0, Outcome::Supported, &[]);
    check(&[1.0, 1.0, 0.0, 1.0], 0.0, Outcome::Refuted, &[]);
    check(&[1.0; 3], 1.0, Outcome::Inconclusive, &["lost-trials"]);
    check(&[1.0; 2], 0.0, Outcome::Supported, &["few-trials"]);
    check(&[], 4.0, Outcome::Inconclusive, &["lost-trials"]);
}

#[test]
fn the_words_count_the_first_thread() {
    let verdict = &lived(&[1.0; 4], 0.0).verdicts()[0];
    assert_eq!(
        verdict.summary.english(),
        "In 4 of 4 trials the process went from 1 thread to 3 and back, with one process id and 3 thread ids."
    );
    assert_eq!(
        verdict.findings.last().unwrap().text.english(),
        "After 4.00 of 8 joins the kernel still listed the thread for a moment."
    );
}

#[test]
fn the_figure_goes_up_and_down() {
    let figures = lived(&[1.0; 4], 0.0).figures();
    let rows = figures[0].table().rows;
    let counts: Vec<String> = rows.iter().map(|row| row[2].english()).collect();
    assert_eq!(counts[..5], ["1.00", "2.00", "3.00", "2.00", "1.00"]);
    assert_eq!(counts[5..], ["1.00"; 5]);
    assert!(lived(&[], 4.0).figures().is_empty());
}

/// A test's process has other threads, which come and go; so the ids are looked at, and not the counts.
#[test]
fn threads_of_one_process_have_an_id_each() {
    let life = live(5, &MonotonicClock).unwrap();
    assert_eq!((life.processes, life.ids, life.tasks.len()), (1, 6, 11));
}

#[test]
fn a_life_must_hold_in_every_part() {
    let good = Life {
        tasks: vec![1.0, 2.0, 1.0],
        processes: 1,
        ids: 2,
        is_listed: true,
        lingering: 0,
    };
    assert!(good.holds(1) && !good.holds(2));
    for broken in [
        Life {
            tasks: vec![1.0, 2.0, 2.0],
            ..good.clone()
        },
        Life {
            processes: 2,
            ..good.clone()
        },
        Life { ids: 1, ..good.clone() },
        Life {
            is_listed: false,
            ..good.clone()
        },
    ] {
        assert!(!broken.holds(1), "{broken:?}");
    }
}
