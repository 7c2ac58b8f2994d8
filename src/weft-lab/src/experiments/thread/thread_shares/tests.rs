//! The judge and the figure on records made by hand, and real trials with threads.

use super::*;
use crate::record::Series;
use crate::record::fixture::record;

/// A record of four planned trials: what the threads saw of one thing, and what the control saw of it.
fn saw(thing: Thing, thread: &[f64], process: &[f64], lost: f64) -> Record {
    let mut all = Vec::new();
    for each in Thing::ALL {
        for (writer, blocks) in [thread, process].into_iter().enumerate() {
            let usual = if writer == 0 || each == Thing::Code { 1.0 } else { 0.0 };
            let blocks = if each == thing {
                blocks.to_vec()
            } else {
                vec![usual; blocks.len()]
            };
            all.push(Series {
                condition: condition(writer, each),
                quantity: "seen".to_owned(),
                unit: "1".to_owned(),
                blocks,
            });
        }
    }
    all.push(Series {
        condition: Condition::default(),
        quantity: "lost".to_owned(),
        unit: "1".to_owned(),
        blocks: vec![lost],
    });
    record("thread-shares", &[("trials", "4")], all)
}

#[track_caller]
fn check(record: &Record, expect: Outcome, doubts: &[&str]) {
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, expect);
    let kinds: Vec<&str> = verdict.doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
    assert_eq!(kinds, doubts);
}

#[test]
fn each_outcome() {
    check(&saw(Thing::Heap, &[1.0; 4], &[0.0; 4], 0.0), Outcome::Supported, &[]);
    let missed = [1.0, 0.0, 1.0, 1.0];
    for thing in Thing::ALL.into_iter().filter(|thing| thing.is_claimed()) {
        check(&saw(thing, &missed, &[0.0; 4], 0.0), Outcome::Refuted, &[]);
    }
    check(
        &saw(Thing::Heap, &[1.0; 3], &[0.0; 3], 1.0),
        Outcome::Inconclusive,
        &["lost-trials"],
    );
    check(
        &saw(Thing::Heap, &[1.0; 2], &[0.0; 2], 0.0),
        Outcome::Supported,
        &["few-trials"],
    );
    check(
        &saw(Thing::Heap, &[], &[], 4.0),
        Outcome::Inconclusive,
        &["lost-trials"],
    );
}

#[test]
fn a_stack_that_is_not_seen_refutes_nothing() {
    check(&saw(Thing::Stack, &[0.0; 4], &[0.0; 4], 0.0), Outcome::Supported, &[]);
}

#[test]
fn a_control_that_sees_leaves_it_open() {
    let leaky = saw(Thing::Folder, &[1.0; 4], &[0.0, 1.0, 0.0, 0.0], 0.0);
    check(&leaky, Outcome::Inconclusive, &["control"]);
    let refuted = saw(Thing::Folder, &[0.0; 4], &[1.0; 4], 0.0);
    check(&refuted, Outcome::Refuted, &["control"]);
}

#[test]
fn words_and_bars_count() {
    let record = saw(Thing::Data, &[1.0; 4], &[0.0; 4], 0.0);
    let verdict = &record.verdicts()[0];
    let texts: Vec<String> = verdict.findings.iter().map(|found| found.text.english()).collect();
    assert_eq!(texts[1], "Of 20 changes by a forked process its parent saw 0.");
    assert!(texts[2].starts_with("A forked process has the same code at the same address too, in 4 of 4 trials"));
    let rows = record.figures()[0].table().rows;
    assert_eq!(rows.len(), 12);
    let cells: Vec<String> = rows[3].iter().map(Text::english).collect();
    assert_eq!(cells[..4], ["Process: static data", "—", "0%", "0%"]);
    assert!(saw(Thing::Data, &[], &[], 4.0).figures().is_empty());
}

/// It changes the working directory of the test's process for a moment, which no other test depends on.
#[test]
fn every_thread_sees_all_that_one_changed() {
    let mut stage = Stage::set().unwrap();
    for writer in 0..3 {
        let seen = stage.write_in_thread(3, writer, 41 + writer as u64).unwrap();
        assert!(Thing::ALL.into_iter().all(|thing| seen.sees(thing)), "{seen:?}");
    }
}
