//! What else a record says of the cost and the complexity of synchronisation.

use super::litmus::Order;
use super::philosophers::Cure;
use super::work::Work;
use crate::format;
use crate::judge;
use crate::record::{Condition, Record};
use crate::stats::{Interval, median};
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding};

/// The blocks of a kind of work in the comparison of all.
pub(super) fn blocks(record: &Record, work: Work) -> &[f64] {
    record.blocks("time", &work.condition())
}

/// How the dinners with a cure ended: finished, in a deadlock, stuck.
pub(super) fn endings(record: &Record, cure: Cure) -> [usize; 3] {
    let endings = record.blocks("ending", &cure.condition());
    let count = |code: f64| endings.iter().filter(|&&ending| (ending - code).abs() < 0.5).count();
    [count(0.0), count(1.0), count(2.0)]
}

/// How often both threads read the old value, of how many tries.
pub(super) fn both_old(record: &Record, order: Order, in_step: bool) -> (f64, f64) {
    let sum = |quantity| record.blocks(quantity, &order.condition(in_step)).iter().sum();
    (sum("both-old"), sum("tries"))
}

pub(super) fn all(record: &Record) -> Vec<Finding> {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let ratio = |first, second| bootstrap.ratio(blocks(record, first), blocks(record, second));
    let mut found = Vec::new();
    found.extend(finding(
        "uncontended",
        text!("A mutex that nobody else wants adds {effect} to an addition."),
        EffectKind::Difference,
        bootstrap.difference(blocks(record, Work::Plain), blocks(record, Work::OwnMutex)),
        "ns",
    ));
    found.extend(finding(
        "false-sharing",
        text!(
            "Two counters of two threads in one cache line take {effect} times as long as in lines apart, although nothing is shared."
        ),
        EffectKind::Ratio,
        ratio(Work::AtomicApart, Work::AtomicOneLine),
        "1",
    ));
    found.extend(finding(
        "true-sharing",
        text!("One atomic counter for both threads takes {effect} times as long as one for each, in lines apart."),
        EffectKind::Ratio,
        ratio(Work::AtomicApart, Work::AtomicShared),
        "1",
    ));
    found.extend(dinners(record));
    found.extend(Order::ALL.into_iter().filter_map(|order| reordered(record, order)));
    found.extend(spawned(record));
    found
}

fn finding(id: &str, template: Text, kind: EffectKind, effect: Interval, unit: &str) -> Option<Finding> {
    effect.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: template.with("effect", format::interval(&effect, unit)),
        effect: Some(Effect::new(kind, effect, unit)),
    })
}

fn said(id: String, text: Text) -> Finding {
    Finding { id, text, effect: None }
}

fn dinners(record: &Record) -> Vec<Finding> {
    Cure::ALL
        .into_iter()
        .filter_map(|cure| {
            let [finished, deadlocks, stuck] = endings(record, cure);
            let dinners = finished + deadlocks + stuck;
            if dinners == 0 {
                return None;
            }
            let circles = record.blocks("circle", &Condition::default());
            let text = if deadlocks == 0 {
                text!(
                    "Dining philosophers. {cure}: {finished} of {dinners} dinners were finished.",
                    cure: cure.label(),
                    finished = finished,
                    dinners = dinners
                )
            } else {
                text!(
                    "Dining philosophers. {cure}: {deadlocks} of {dinners} dinners ended in a deadlock, found as a circle of {circle} who wait for each other.",
                    cure: cure.label(),
                    deadlocks = deadlocks,
                    dinners = dinners,
                    circle = format::number(median(circles))
                )
            };
            Some(said(format!("dinner-{}", cure.id()), text))
        })
        .collect()
}

fn reordered(record: &Record, order: Order) -> Option<Finding> {
    let (found, tries) = both_old(record, order, true);
    let share = format::quantity(100.0 * found / tries, "%");
    (tries > 0.0).then(|| {
        said(
            format!("reordered-{}", order.id()),
            text!(
                "Store buffering, threads in step. {order}: both read the old value in {share} of {tries} rounds.",
                order: order.label(),
                share = share,
                tries = format::number(tries)
            ),
        )
    })
}

fn spawned(record: &Record) -> Option<Finding> {
    let (found, tries) = both_old(record, Order::Relaxed, false);
    (tries > 0.0).then(|| {
        said(
            "reordered-spawned".to_owned(),
            text!(
                "With two new threads for each try the same was seen in {found} of {tries} tries: the harness decides what one sees.",
                found = format::number(found),
                tries = format::number(tries)
            ),
        )
    })
}

/// A dinner with a cure that did not end, or a fence that did not hold.
pub(super) fn stuck(record: &Record) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    for cure in [Cure::Order, Cure::Waiter, Cure::BackOff] {
        let [_, deadlocks, stuck] = endings(record, cure);
        if deadlocks + stuck > 0 {
            doubts.push(Doubt::new(
                "cure-failed",
                text!(
                    "{count} dinners with a cure did not end: {cure}.",
                    count = deadlocks + stuck,
                    cure: cure.label()
                ),
                text!("Close what runs beside it; if it stays, report it with the output of `weft doctor`."),
            ));
        }
    }
    for order in Order::ALL.into_iter().filter(|order| order.forbids()) {
        let (found, _) = both_old(record, order, true);
        if found > 0.0 {
            doubts.push(Doubt::new(
                "fence-failed",
                text!(
                    "Both threads read the old value in {count} rounds, although the order forbids it: {order}.",
                    count = format::number(found),
                    order: order.label()
                ),
                text!("Report it with the output of `weft doctor`: this must not happen."),
            ));
        }
    }
    doubts
}
