//! The judge and the figures on records made by hand. Real lives are led in `tests/process.rs`, since a fork needs a
//! process of one thread.

use super::*;
use crate::record::fixture::record;
use crate::record::{Missing, Series};
use crate::text::Text;
use crate::verdict::Outcome;

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

/// A record in which `zombie` says for each trial whether there was one, and each state was seen but the stop.
fn lived(zombie: &[f64], lost: f64) -> Record {
    let ones = vec![1.0; zombie.len()];
    let mut all = Vec::new();
    for check in Check::ALL {
        let held = if check == Check::Zombie { zombie } else { &ones };
        all.push(series(check.condition(), "held", held));
    }
    for number in 0..STEPS.len() {
        let seen = if number == 5 {
            vec![0.0; zombie.len()]
        } else {
            ones.clone()
        };
        all.push(series(step(number), "seen", &seen));
    }
    all.push(series(Condition::default(), "lost", &[lost]));
    let spans = [
        ("copied", "R", [0.0, 1e6]),
        ("executed", "R", [1e6, 3e6]),
        ("executed", "S", [3e6, 4e6]),
        ("executed", "R", [4e6, 5e6]),
        ("none", "Z", [5e6, 6e6]),
    ];
    for (index, (program, state, span)) in spans.into_iter().enumerate() {
        let condition = Condition::of("span", index).and("program", program).and("state", state);
        all.push(series(condition, "span", &span));
    }
    for (of, state, count) in [("program", "R", 1.0), ("program", "S", 30.0), ("kernel", "I", 12.0)] {
        let condition = Condition::of("of", of).and("state", state);
        all.push(series(condition, "processes", &[count]));
    }
    record("process-life", &[("trials", "4")], all)
}

#[track_caller]
fn check(zombie: &[f64], lost: f64, expect: Outcome, doubts: &[&str]) {
    let verdict = &lived(zombie, lost).verdicts()[0];
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
fn what_was_missing_is_said() {
    let mut record = lived(&[], 4.0);
    record.missing.push(Missing {
        facility: "sh".to_owned(),
        detail: "no such file".to_owned(),
    });
    let verdict = &record.verdicts()[0];
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "missing-sh"));
}

#[test]
fn findings_count_states_and_processes() {
    let texts: Vec<String> = lived(&[1.0; 4], 0.0).verdicts()[0]
        .findings
        .iter()
        .map(|found| found.text.english())
        .collect();
    assert_eq!(
        texts[1],
        "The parent saw 28 of 32 states that it led the child into; the first that it missed is T."
    );
    assert!(texts[2].contains("listed 31 processes") && texts[2].contains("1 of them ran"));
    assert!(texts[3].contains("12 threads of the kernel"));
}

#[test]
fn a_life_has_a_lane_for_each_pair_of_program_and_state() {
    let figures = lived(&[1.0; 4], 0.0).figures();
    assert_eq!(figures.len(), 2);
    let rows: Vec<String> = figures[0]
        .table()
        .rows
        .iter()
        .map(|row| row.iter().map(Text::english).collect::<Vec<_>>().join(" | "))
        .collect();
    assert_eq!(
        rows,
        [
            "R: runs or wants to | Parent's program, copied | 0 ns | 1.00 ms | 1.00 ms",
            "R: runs or wants to | New program | 1.00 ms | 3.00 ms | 2.00 ms",
            "R: runs or wants to | New program | 4.00 ms | 5.00 ms | 1.00 ms",
            "S: sleeps | New program | 3.00 ms | 4.00 ms | 1.00 ms",
            "Z: zombie | No program | 5.00 ms | 6.00 ms | 1.00 ms",
        ]
    );
    assert!(record("process-life", &[], Vec::new()).figures().is_empty());
}

#[test]
fn an_error_names_what_was_missing() {
    let of = |kind: io::ErrorKind| facility(&kind.into());
    assert_eq!(of(io::ErrorKind::WouldBlock), "tasks");
    assert_eq!(of(io::ErrorKind::NotFound), "sh");
    assert_eq!(of(io::ErrorKind::TimedOut), "slow-process");
    assert_eq!(of(io::ErrorKind::PermissionDenied), "process-files");
}
