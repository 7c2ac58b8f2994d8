//! What the record shows beside the verdict: how long a slice is, who ran meanwhile, how the kernel counts, and what a
//! nice value buys.

use super::{NICE, kind_condition, nice_condition};
use crate::format;
use crate::judge;
use crate::measure::ring::Kind;
use crate::record::Record;
use crate::stats::Interval;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

/// All findings that the record holds the samples for.
pub(super) fn all(record: &Record) -> Vec<Finding> {
    let slices = [
        (
            Kind::Thread,
            "slice-threads",
            text!("A thread keeps the core for {effect} at a time."),
        ),
        (
            Kind::Process,
            "slice-processes",
            text!("A process keeps the core for {effect} at a time."),
        ),
    ];
    let mut findings: Vec<Option<Finding>> = slices
        .into_iter()
        .map(|(kind, id, text)| finding(id, text, slice(record, kind), "ns"))
        .collect();
    findings.push(filled(record));
    findings.extend(Kind::BOTH.map(|kind| counted(record, kind)));
    findings.push(nicer(record));
    findings.into_iter().flatten().collect()
}

fn finding(id: &str, text: Text, interval: Interval, unit: &str) -> Option<Finding> {
    interval.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: text.with("effect", format::interval(&interval, unit)),
        effect: None,
    })
}

/// The length of a slice between equally nice tasks.
pub(super) fn slice(record: &Record, kind: Kind) -> Interval {
    judge::bootstrap_of_sweep(record).median(record.blocks("slice", &kind_condition(kind)))
}

/// The length of a slice beside a task of another nice value.
pub(super) fn slice_of(record: &Record, which: &str) -> Interval {
    judge::bootstrap_of_sweep(record).median(record.blocks("slice", &nice_condition(which)))
}

fn filled(record: &Record) -> Option<Finding> {
    let both = Kind::BOTH.map(|kind| record.blocks("filled", &kind_condition(kind)));
    let text = text!(
        "Another of the tasks ran for {effect} of the time in which a task stood still; the rest went to other programs and to the kernel."
    );
    let interval = judge::bootstrap_of_sweep(record).median(&both.concat());
    finding("filled", text, interval, "%")
}

/// Voluntary and involuntary switches of one task in one watch.
pub(super) fn switches(record: &Record, kind: Kind) -> Option<[f64; 2]> {
    let mean = |quantity: &str| {
        let counts = record.blocks(quantity, &kind_condition(kind));
        (!counts.is_empty()).then(|| counts.iter().sum::<f64>() / counts.len() as f64)
    };
    Some([mean("voluntary")?, mean("involuntary")?])
}

fn counted(record: &Record, kind: Kind) -> Option<Finding> {
    let [voluntary, involuntary] = switches(record, kind)?.map(format::number);
    let (id, text) = if kind == Kind::Thread {
        (
            "counts-threads",
            text!(
                "In one watch the kernel counted {involuntary} involuntary and {voluntary} voluntary switches for each thread."
            ),
        )
    } else {
        (
            "counts-processes",
            text!(
                "In one watch the kernel counted {involuntary} involuntary and {voluntary} voluntary switches for each process."
            ),
        )
    };
    Some(Finding {
        id: id.to_owned(),
        text: text.with("voluntary", voluntary).with("involuntary", involuntary),
        effect: None,
    })
}

/// The weights that the fair scheduler gives to nice values from 0 to 19 (kernel source, `sched_prio_to_weight`).
const WEIGHTS: [f64; 20] = [
    1024.0, 820.0, 655.0, 526.0, 423.0, 335.0, 272.0, 215.0, 172.0, 137.0, 110.0, 87.0, 70.0, 56.0, 45.0, 36.0, 29.0,
    23.0, 18.0, 15.0,
];

/// The share of the core, in percent, that a task of this nice value gets beside one of nice value 0.
pub(super) fn expected_share(nice: usize) -> f64 {
    let weight = WEIGHTS[nice.min(WEIGHTS.len() - 1)];
    weight / (weight + WEIGHTS[0]) * 100.0
}

fn nicer(record: &Record) -> Option<Finding> {
    let interval = judge::bootstrap_of_sweep(record).median(record.blocks("share", &nice_condition(NICE[1])));
    let nice = record.params.count("nice");
    let text = text!(
        "A task with nice {nice} beside one with nice 0 got {effect} of the core; by the kernel's weights it would be {expected}.",
        nice = nice,
        expected = format::quantity(expected_share(nice), "%")
    );
    let mut found = finding("nice", text, interval, "%")?;
    found.effect = Some(Effect::new(
        EffectKind::Proportion,
        interval.map(|share| share / 100.0),
        "1",
    ));
    Some(found)
}
