//! The judge and the figures on records made by hand.

use super::*;
use crate::machine::Cache;
use crate::record::fixture::{around, record};
use crate::verdict::Outcome;

/// A switch takes 800 ns, one process's walk 1,000 ns for each kB, a yield 450 ns.
fn time(walkers: Walkers, kilobytes: usize, extra: f64) -> f64 {
    let walk = 450.0 + 100.0 * kilobytes as f64;
    match walkers {
        Walkers::One => walk,
        Walkers::Two => walk + 800.0 + extra,
        Walkers::OneOverBoth => walk + extra / 2.0,
    }
}

/// A record in which the array of 384 kB makes a switch `factor` times as dear.
fn compared(factor: f64) -> Record {
    let point = |condition: Condition, time: f64| around(condition, "time", "ns", time);
    let mut series = Vec::new();
    for (side, walkers) in BLOCKS {
        let (size, extra) = [(0, 0.0), (4, 800.0 * (factor - 1.0))][side];
        series.push(point(main_condition(side, walkers, size), time(walkers, size, extra)));
        if walkers == Walkers::Two {
            series.push(around(
                main_condition(side, walkers, size),
                "switches-per-turn",
                "1",
                1.0,
            ));
        }
    }
    for (size, extra) in [
        (0, 0.0),
        (128, 10_000.0),
        (384, 60_000.0),
        (512, 90_000.0),
        (1_024, 20_000.0),
    ] {
        for walkers in [Walkers::Two, Walkers::One, Walkers::OneOverBoth] {
            let time = time(walkers, 0, extra);
            for stride in [8, 64, 256] {
                series.push(point(size_condition(walkers, size, stride), time));
            }
        }
    }
    for tasks in [2, 6, 7, 12] {
        let flushes = if tasks > 6 { 3_000.0 } else { 0.0 };
        for region in regions(4_096) {
            series.push(point(spaces_condition((Kind::Thread, tasks), region), 9_000.0));
            series.push(point(
                spaces_condition((Kind::Process, tasks), region),
                9_500.0 + flushes,
            ));
        }
    }
    for region in regions(4_096) {
        series.push(point(spaces_condition(ALONE, region), 8_000.0));
    }
    let mut record = record("working-set", &[], series);
    record.machine.caches = vec![cache(2, 512)];
    record
}

fn cache(level: u32, kilobytes: u64) -> Cache {
    Cache {
        level,
        kind: "Unified".to_owned(),
        size_bytes: kilobytes << 10,
        line_bytes: 64,
        shared_cpus: "0".to_owned(),
    }
}

#[track_caller]
fn check(factor: f64, expect: Outcome) {
    let verdict = &compared(factor).verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{:?}", verdict.effect);
}

#[test]
fn each_outcome() {
    check(4.0, Outcome::Supported);
    check(0.5, Outcome::Refuted);
    check(1.0, Outcome::NoDifference);
    check(1.1, Outcome::Inconclusive);
    let nothing = record("working-set", &[], Vec::new()).verdicts();
    assert_eq!(nothing[0].outcome, Outcome::Inconclusive);
}

#[test]
fn the_walk_is_subtracted_before_the_ratio() {
    let estimate = compared(4.0).verdicts()[0].effect.as_ref().unwrap().estimate;
    assert!((estimate - 4.0).abs() < 0.1, "3,200/800 is 4, not {estimate}");
}

#[test]
fn costs_that_noise_drives_below_zero_decide_nothing() {
    let mut record = compared(4.0);
    let is_jolted = |condition: &Condition| condition.get("part") == "main" && condition.get("walkers") == "two";
    let jolted = record.series.iter_mut().filter(|series| is_jolted(&series.condition));
    for time in jolted.flat_map(|series| series.blocks.iter_mut()).step_by(2) {
        *time -= 9_000.0;
    }
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Inconclusive, "{:?}", verdict.effect);
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "negative"));
}

fn finding(record: &Record, id: &str) -> String {
    let verdicts = record.verdicts();
    let found = verdicts[0].findings.iter().find(|finding| finding.id == id);
    found.map(|finding| finding.text.english()).unwrap_or_default()
}

#[test]
fn direct_and_indirect_cost_are_told_apart() {
    let record = compared(4.0);
    assert!(finding(&record, "direct").contains("80") || finding(&record, "direct").contains("79"));
    assert!(
        finding(&record, "indirect").contains("4 kB adds: 2.4"),
        "{}",
        finding(&record, "indirect")
    );
}

#[test]
fn the_curve_s_turn_and_slope_are_told() {
    let record = compared(4.0);
    let turn = finding(&record, "turn");
    assert!(
        turn.contains("most at 512 kB") && turn.contains("At 1,024 kB it costs less again"),
        "{turn}"
    );
    assert!(finding(&record, "slope").contains("512 kB, each further kB adds"));
    assert!(finding(&record, "stride").contains("Over 384 kB"));
}

#[test]
fn the_step_past_six_address_spaces_is_told() {
    let text = finding(&compared(4.0), "spaces-512");
    assert!(text.contains("costs 5") || text.contains("costs 49"), "{text}");
    assert!(text.contains("and 3.5") || text.contains("and 3.4"), "{text}");
}

#[test]
fn an_uncounted_batch_is_doubted() {
    let mut record = compared(4.0);
    for series in record
        .series
        .iter_mut()
        .filter(|series| series.quantity == "switches-per-turn")
    {
        series.blocks = vec![0.5];
    }
    assert!(record.verdicts()[0].doubts.iter().any(|doubt| doubt.kind == "count"));
}

#[test]
fn the_verdict_s_array_is_three_quarters_of_the_second_cache() {
    let mut machine = Probe::at("/nowhere").machine(vec![0]);
    assert_eq!(Caches::of(&machine).level2, 512, "where the caches are hidden");
    machine.caches = vec![cache(1, 32), cache(2, 1_024), cache(3, 32_768)];
    let caches = Caches::of(&machine);
    assert_eq!((caches.level2, caches.level3), (1_024, Some(32_768)));
}

#[test]
fn the_figures_hold_what_the_record_holds() {
    let figures = compared(4.0).figures();
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "size", "stride", "spaces"]);
    assert_eq!(figures[0].table().rows.len(), 1 + 4);
    assert_eq!(figures[1].table().rows.len(), 3 * 4);
    assert_eq!(figures[3].table().rows.len(), 4 * 4);
    assert!(figures[0].svg(&|_| None).contains("data-prediction-axis=\"x\""));
    assert!(record("working-set", &[], Vec::new()).figures().is_empty());
}
