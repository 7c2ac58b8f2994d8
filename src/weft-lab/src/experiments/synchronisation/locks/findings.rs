//! What else a record says of the locks: the control, and what each costs when others want it.

use super::kind::{Family, Kind};
use super::{Control, Tally};
use crate::format;
use crate::judge;
use crate::record::{Condition, Record};
use crate::stats::Interval;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

/// The blocks of a kind with so many threads.
pub(super) fn by_threads(record: &Record, kind: Kind, quantity: &str) -> Vec<(f64, Vec<f64>)> {
    swept(record, kind, quantity, "threads")
}

/// The blocks of a kind against what was varied, in its order.
pub(super) fn swept(record: &Record, kind: Kind, quantity: &str, varied: &str) -> Vec<(f64, Vec<f64>)> {
    let mut points: Vec<(f64, Vec<f64>)> = record
        .select(quantity, kind.condition())
        .filter_map(|series| Some((series.condition.get(varied).parse().ok()?, series.blocks.clone())))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

pub(super) fn of(record: &Record, family: Family) -> Vec<Finding> {
    let mut found: Vec<Finding> = without_a_lock(&Control::of(record)).into_iter().collect();
    for kind in Kind::SAFE.into_iter().filter(|kind| kind.family() == family) {
        found.extend(lost(record, kind));
        found.extend(contended(record, kind));
        found.extend(crowded(record, kind));
    }
    if family == Family::Semaphore {
        found.extend(limit_reached(record));
    }
    found
}

fn without_a_lock(control: &Control) -> Option<Finding> {
    (control.clean.trials > 0 && !control.is_blind()).then(|| Finding {
        id: "control".to_owned(),
        text: text!(
            "Without any lock {lossy} of {trials} such trials lost updates.",
            lossy = control.lossy(),
            trials = control.clean.trials
        ),
        effect: None,
    })
}

fn lost(record: &Record, kind: Kind) -> Option<Finding> {
    let tally = Tally::of_kind(record, kind);
    (tally.held < tally.trials).then(|| Finding {
        id: format!("lost-{}", kind.id()),
        text: text!(
            "{kind} lost updates in {lost} of {trials} trials.",
            kind: kind.label(),
            lost = tally.trials - tally.held,
            trials = tally.trials
        ),
        effect: None,
    })
}

/// How the throughput changes from one thread to two.
fn contended(record: &Record, kind: Kind) -> Option<Finding> {
    let points = by_threads(record, kind, "throughput");
    let at = |threads: f64| points.iter().find(|point| (point.0 - threads).abs() < 0.5);
    let ratio = judge::bootstrap_of_sweep(record).ratio(&at(1.0)?.1, &at(2.0)?.1);
    finding(
        format!("two-threads-{}", kind.id()),
        text!("{kind}: two threads together get {effect} times as much done as one alone.", kind: kind.label()),
        ratio,
    )
}

/// How fair it is when there are more threads than cores.
fn crowded(record: &Record, kind: Kind) -> Option<Finding> {
    let cores = record.machine.allowed_cpus.len().max(1) as f64;
    let (threads, blocks) = by_threads(record, kind, "fairness")
        .pop()
        .filter(|point| point.0 > cores)?;
    let fairness = judge::bootstrap_of_sweep(record).median(&blocks);
    let throughput = by_threads(record, kind, "throughput").pop()?.1;
    let throughput = judge::bootstrap_of_sweep(record).median(&throughput);
    let text = text!(
        "{kind}: with {threads} threads on {cores} cores, more than can run, {throughput} million turns a second, Jain's fairness {fairness}.",
        kind: kind.label(),
        threads = threads,
        cores = cores,
        throughput = format::interval(&throughput, "1"),
        fairness = format::interval(&fairness, "1")
    );
    fairness.low.is_finite().then(|| Finding {
        id: format!("crowded-{}", kind.id()),
        text,
        effect: None,
    })
}

/// In how many trials the semaphore was full: a limit that is never reached shows nothing.
fn limit_reached(record: &Record) -> Option<Finding> {
    let permits = record.params.count("permits");
    let most = record.blocks("most-inside", &Condition::of("permits", permits));
    let full = most.iter().filter(|&&most| (most - permits as f64).abs() < 0.5).count();
    (!most.is_empty()).then(|| Finding {
        id: "limit-reached".to_owned(),
        text: text!(
            "In {full} of {trials} trials with {permits} permits as many threads were inside at once.",
            full = full,
            trials = most.len(),
            permits = permits
        ),
        effect: None,
    })
}

fn finding(id: String, template: Text, ratio: Interval) -> Option<Finding> {
    ratio.low.is_finite().then(|| Finding {
        id,
        text: template.with("effect", format::interval(&ratio, "1")),
        effect: Some(Effect::new(EffectKind::Ratio, ratio, "1")),
    })
}
