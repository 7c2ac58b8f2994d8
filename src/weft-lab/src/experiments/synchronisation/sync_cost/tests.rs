use super::*;
use crate::record::Series;
use crate::record::fixture::{around, record};
use crate::sys;
use crate::verdict::Outcome;

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

/// A record in which one mutex for both takes `factor` times as long as one for each.
fn compared(factor: f64, aa: bool) -> Record {
    let [a, b] = main_conditions(aa);
    let sides = vec![around(a, "time", "ns", 10.0), around(b, "time", "ns", 10.0 * factor)];
    record("sync-cost", if aa { &[("aa", "true")] } else { &[] }, sides)
}

#[track_caller]
fn check(factor: f64, expect: Outcome) {
    let verdicts = compared(factor, false).verdicts();
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0].outcome, expect);
}

#[test]
fn the_interval_decides() {
    check(8.0, Outcome::Supported);
    check(0.5, Outcome::Refuted);
    check(1.0, Outcome::NoDifference);
    check(1.1, Outcome::Inconclusive);
    let nothing = record("sync-cost", &[], Vec::new());
    assert_eq!(nothing.verdicts()[0].outcome, Outcome::Inconclusive);
    assert!(nothing.figures().is_empty());
}

#[test]
fn an_aa_run_says_so() {
    let record = compared(1.0, true);
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::NoDifference);
    assert!(verdict.summary.english().starts_with("A/A"));
    assert_eq!(record.figures().len(), 1);
}

/// With dinners and rounds in it.
fn whole(cured: f64, fenced: f64) -> Record {
    let mut record = compared(8.0, false);
    for work in Work::ALL {
        record.series.push(around(work.condition(), "time", "ns", 5.0));
    }
    record
        .series
        .push(series(Cure::None.condition(), "ending", &[1.0, 1.0, 0.0]));
    record
        .series
        .push(series(Cure::Order.condition(), "ending", &[0.0, cured]));
    record.series.push(series(Condition::default(), "circle", &[5.0, 5.0]));
    for (order, found) in [(Order::Relaxed, 90.0), (Order::SeqCst, fenced)] {
        record.series.push(series(order.condition(true), "both-old", &[found]));
        record.series.push(series(order.condition(true), "tries", &[100.0]));
    }
    record
}

#[test]
fn dinners_and_rounds_are_said_and_drawn() {
    let record = whole(0.0, 0.0);
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.doubts, []);
    let text = |id: &str| {
        let finding = verdict.findings.iter().find(|finding| finding.id == id);
        finding.unwrap().text.english()
    };
    assert_eq!(
        text("dinner-none"),
        "Dining philosophers. No cure: left, then right: 2 of 3 dinners ended in a deadlock, found as a circle of 5.00 who wait for each other."
    );
    assert!(text("dinner-order").ends_with("2 of 2 dinners were finished."));
    assert!(text("reordered-relaxed").contains("90.0% of 100"));
    assert!(text("false-sharing").contains("take 1.0"));
    let ids: Vec<&str> = record.figures().iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "times", "dinners", "reordered"]);
}

#[test]
fn a_cure_that_fails_and_a_fence_that_does_not_hold_are_doubts() {
    let kinds = |record: &Record| -> Vec<String> {
        let verdict = record.verdicts().remove(0);
        verdict.doubts.into_iter().map(|doubt| doubt.kind).collect()
    };
    assert_eq!(kinds(&whole(2.0, 0.0)), ["cure-failed"]);
    assert_eq!(kinds(&whole(0.0, 1.0)), ["fence-failed"]);
}

#[test]
fn orders_that_forbid_it_never_show_old_values_twice() {
    let cpus = sys::allowed_cpus();
    let team = Team {
        threads: 2,
        cpus: &cpus,
    };
    for order in Order::ALL.into_iter().filter(|order| order.forbids()) {
        assert_eq!(litmus::in_step(order, team, 2_000).unwrap(), 0, "{order:?}");
        assert_eq!(litmus::spawned(order, team, 5).unwrap(), 0, "{order:?}");
    }
}
