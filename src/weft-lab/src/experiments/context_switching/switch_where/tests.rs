//! The judge and the figures on records made by hand.

use super::*;
use crate::record::Series;
use crate::record::fixture::record;
use crate::verdict::Outcome;

/// What a ring of 4 tasks and 100 turns comes to when all goes well.
fn good((kind, way): Arrangement) -> Round {
    let (within, across) = match kind {
        Kind::Thread => (399, 0),
        Kind::Process => (0, 399),
        Kind::Mixed => (200, 199),
    };
    let (voluntary, involuntary) = if way == Way::Wait { (396, 2) } else { (0, 400) };
    Round {
        voluntary,
        involuntary,
        least: 99,
        within,
        across,
        itself: 0,
        processes: kind.processes(4),
        agree: 4,
        unread: 0,
    }
}

/// Three trials; in the second one `change` is made to each ring.
fn tried(change: impl Fn(Arrangement, &mut Round)) -> Record {
    let mut series = Vec::new();
    for which in arrangements() {
        let mut second = good(which);
        change(which, &mut second);
        let rows = [good(which), second, good(which)].map(|round| numbers(&round));
        for (place, quantity) in QUANTITIES.into_iter().enumerate() {
            series.push(Series {
                condition: condition(which),
                quantity: quantity.to_owned(),
                unit: "1".to_owned(),
                blocks: rows.iter().map(|row| row[place]).collect(),
            });
        }
    }
    record("switch-where", &[("trials", "3")], series)
}

#[track_caller]
fn check(record: &Record, expect: Outcome) {
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{verdict:?}");
}

#[test]
fn each_outcome() {
    check(&tried(|_, _| {}), Outcome::Supported);
    check(&record("switch-where", &[], Vec::new()), Outcome::Inconclusive);
}

#[test]
fn a_switch_that_the_kernel_did_not_count_refutes() {
    check(
        &tried(|(kind, way), round| {
            if kind == Kind::Process && way == Way::Wait {
                round.least = 0;
            }
        }),
        Outcome::Refuted,
    );
    check(
        &tried(|(kind, _), round| {
            if kind == Kind::Thread {
                (round.voluntary, round.involuntary) = (100, 100);
            }
        }),
        Outcome::Refuted,
    );
}

#[test]
fn tasks_that_are_not_what_they_should_be_refute() {
    check(
        &tried(|(kind, _), round| {
            if kind == Kind::Process {
                round.processes = 1;
            }
        }),
        Outcome::Refuted,
    );
    check(
        &tried(|(kind, _), round| {
            if kind == Kind::Process {
                (round.within, round.across) = (399, 0);
            }
        }),
        Outcome::Refuted,
    );
}

#[test]
fn the_findings_say_which_counter_counts_what() {
    let verdict = &tried(|_, _| {}).verdicts()[0];
    let found = |id: &str| {
        let finding = verdict.findings.iter().find(|finding| finding.id == id);
        finding.map(|finding| finding.text.english()).unwrap_or_default()
    };
    assert!(
        found("yield").contains("counted 1.00 involuntary and 0 voluntary"),
        "{}",
        found("yield")
    );
    assert!(found("wait").contains("counted 0.990 voluntary"), "{}", found("wait"));
    assert!(found("mixed").contains("49.8% of the turns"), "{}", found("mixed"));
    assert!(found("agreement").contains("72 of 72 tasks"), "{}", found("agreement"));
}

#[test]
fn lost_trials_support_nothing() {
    let mut record = tried(|_, _| {});
    record.series.push(Series {
        condition: Condition::default(),
        quantity: "lost".to_owned(),
        unit: "1".to_owned(),
        blocks: vec![1.0],
    });
    check(&record, Outcome::Inconclusive);
}

#[test]
fn the_figures_hold_what_the_record_holds() {
    let figures = tried(|_, _| {}).figures();
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["who", "counters"]);
    assert!(figures.iter().all(|figure| figure.table().rows.len() == 6));
    assert!(record("switch-where", &[], Vec::new()).figures().is_empty());
}
