//! The checks on snapshots made by hand, the judge and the picture on records made by hand. Real processes are looked at in
//! `tests/thread.rs`, since a fork needs a process of one thread.

use super::crew::Standing;
use super::*;
use crate::record::fixture::record;
use crate::record::{Missing, Series};
use crate::sys::Registers;
use crate::text::Text;
use crate::verdict::Outcome;

const MAPS: &str = "\
    1000-2000 r-xp 00000000 00:00 0 /bin/weft\n\
    2000-3000 rw-p 00001000 00:00 0 /bin/weft\n\
    3000-4000 rw-p 00000000 00:00 0 [heap]\n\
    8000-9000 rw-p 00000000 00:00 0 \n\
    a000-b000 rw-p 00000000 00:00 0 \n\
    e000-f000 rw-p 00000000 00:00 0 [stack]\n";

fn standing(counter: u64, stack: u64, value: Option<u64>) -> Standing {
    let mut values = [0; REGISTER_NAMES.len()];
    values[..3].copy_from_slice(&[counter, stack + 0x100, value.unwrap_or(0)]);
    Standing {
        registers: Registers { values },
        local: stack + 0x120,
        own: stack + 0xf00,
        value,
    }
}

fn good() -> (Snapshot, Vec<Option<String>>) {
    let snapshot = Snapshot {
        threads: vec![
            standing(0x1800, 0xe000, None),
            standing(0x1100, 0xa000, Some(11)),
            standing(0x1200, 0x8000, Some(12)),
        ],
        maps: maps::parse(&MAPS.replace("    ", "")),
        data: 0x2010,
        heap: 0x3010,
    };
    let functions = [
        None,
        Some("weft_lab::sys::registers::spin_with"),
        Some("weft_lab::sys::registers::sleep_with"),
    ];
    (snapshot, functions.map(|name| name.map(str::to_owned)).to_vec())
}

/// Which checks hold after this change.
#[track_caller]
fn check(change: impl Fn(&mut Snapshot, &mut Vec<Option<String>>), broken: &[Check]) {
    let (mut snapshot, mut functions) = good();
    change(&mut snapshot, &mut functions);
    let fails = |check: &Check| !check.holds(&snapshot, &functions);
    let found: Vec<Check> = Check::ALL.into_iter().filter(fails).collect();
    assert_eq!(found, broken);
}

#[test]
fn a_snapshot_must_hold_in_every_part() {
    check(|_, _| {}, &[]);
    // Two threads on one stack.
    check(
        |snapshot, _| snapshot.threads[2] = standing(0x1200, 0xa000, Some(12)),
        &[Check::Stack, Check::ThreadLocal],
    );
    // A stack pointer that is not where the thread's local variable is.
    check(
        |snapshot, _| snapshot.threads[1].registers.values[1] = 0x8100,
        &[Check::Stack],
    );
    check(|snapshot, _| snapshot.threads[1].local = 0x5000, &[Check::Stack]);
    check(
        |snapshot, _| snapshot.threads[1].own = snapshot.threads[2].own,
        &[Check::ThreadLocal],
    );
    // A program counter in data, and one in another thread's function.
    check(
        |snapshot, _| snapshot.threads[0].registers.values[0] = 0x2100,
        &[Check::Counter],
    );
    check(|_, functions| functions.swap(1, 2), &[Check::Counter]);
    check(
        |snapshot, _| snapshot.threads[1].registers.values[2] = 12,
        &[Check::Register],
    );
}

#[test]
fn without_names_a_counter_must_still_stand_in_code() {
    check(|_, functions| functions.fill(None), &[]);
    check(
        |snapshot, functions| {
            functions.fill(None);
            snapshot.threads[2].registers.values[0] = 0x9999;
        },
        &[Check::Counter],
    );
}

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

/// A record of four planned trials: how the register's check went, how many were lost; and a snapshot of two threads.
fn looked(registers: &[f64], lost: f64) -> Record {
    let mut all: Vec<Series> = Check::ALL
        .into_iter()
        .map(|check| {
            let held = if check == Check::Register {
                registers.to_vec()
            } else {
                vec![1.0; registers.len()]
            };
            series(check.condition(), "held", &held)
        })
        .collect();
    all.push(series(Condition::default(), "lost", &[lost]));
    for (index, function) in ["read", "weft_lab::sys::registers::spin_with"].into_iter().enumerate() {
        let at = |mark: &str| thread(index).and("mark", mark);
        let stack = 0xa000_u64 + 0x4000 * index as u64;
        all.push(series(at("counter").and("function", function), "mark", &[4352.0]));
        all.push(series(at("stack-pointer"), "mark", &[stack as f64]));
        let stack = [(stack - 0x1000) as f64, (stack + 0x1000) as f64];
        all.push(series(
            thread(index).and("role", "stack").and("name", ""),
            "region",
            &stack,
        ));
        for (place, name) in REGISTER_NAMES.iter().enumerate() {
            let low = if place < 3 { index as f64 } else { 7.0 };
            all.push(series(
                thread(index).and("register", name),
                "register",
                &[f64::from(0x5eed), low],
            ));
        }
    }
    let code = Condition::of("role", "code").and("name", "weft");
    all.push(series(code, "region", &[4096.0, 8192.0]));
    record("thread-owns", &[("trials", "4"), ("threads", "1")], all)
}

#[track_caller]
fn check_outcome(registers: &[f64], lost: f64, expect: Outcome, doubts: &[&str]) {
    let verdict = &looked(registers, lost).verdicts()[0];
    assert_eq!(verdict.outcome, expect);
    let kinds: Vec<&str> = verdict.doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
    assert_eq!(kinds, doubts);
}

#[test]
fn each_outcome() {
    check_outcome(&[1.0; 4], 0.0, Outcome::Supported, &[]);
    check_outcome(&[1.0, 1.0, 0.0, 1.0], 0.0, Outcome::Refuted, &[]);
    check_outcome(&[1.0; 3], 1.0, Outcome::Inconclusive, &["lost-trials"]);
    check_outcome(&[1.0; 2], 0.0, Outcome::Supported, &["few-trials"]);
    check_outcome(&[], 4.0, Outcome::Inconclusive, &["lost-trials"]);
}

#[test]
fn findings_say_where_each_thread_stands() {
    let mut record = looked(&[1.0; 4], 0.0);
    let texts = |record: &Record| -> Vec<String> {
        record.verdicts()[0]
            .findings
            .iter()
            .map(|found| found.text.english())
            .collect()
    };
    let found = texts(&record);
    let held = REGISTER_NAMES[2];
    assert_eq!(
        found[2],
        format!(
            "Thread 1: the program counter stands in spin_with, the stack pointer is e000, register {held} holds 5eed00000001."
        )
    );
    assert_eq!(
        found[3],
        format!(
            "Of {} registers 3 held different values in different threads at that moment.",
            REGISTER_NAMES.len()
        )
    );
    assert!(found[4].contains("stopped the threads with ptrace"));
    record.missing.push(Missing {
        facility: "ptrace".to_owned(),
        detail: "EPERM".to_owned(),
    });
    assert!(texts(&record)[4].contains("a signal found"));
}

#[test]
fn the_picture_has_the_stacks_and_where_the_registers_point() {
    let figures = looked(&[1.0; 4], 0.0).figures();
    let rows: Vec<String> = figures[0]
        .table()
        .rows
        .iter()
        .map(|row| row.iter().map(Text::english).collect::<Vec<_>>().join(" | "))
        .collect();
    assert_eq!(
        rows,
        [
            "Stack of thread 1 | Thread 1 | d000 | f000 | 8.19 kB",
            "SP | Thread 1 | e000 | — | —",
            "Stack of the first thread | First thread | 9000 | b000 | 8.19 kB",
            "SP | First thread | a000 | — | —",
            "Code: weft | Shared by all | 1000 | 2000 | 4.10 kB",
            "PC in read | First thread | 1100 | — | —",
            "PC in spin_with | Thread 1 | 1100 | — | —",
        ]
    );
    assert!(
        looked(&[], 4.0)
            .figures()
            .iter()
            .all(|figure| !figure.svg(&|_| None).is_empty())
    );
}
