//! What a record says beside the verdict.

use super::work::Work;
use super::{Record, cores, most_used, processors, serial_share, speedups};
use crate::format;
use crate::stats::Interval;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

pub(super) fn findings(record: &Record) -> Vec<Finding> {
    let cores = cores(record);
    let with_all = most_used(cores);
    let mut found = vec![
        speedup(
            record,
            "rayon",
            (Work::Rayon, with_all),
            text!(
                "With {threads} of rayon's threads the same computing is done {effect} times as fast as with one of them."
            ),
        ),
        speedup(
            record,
            "beyond-cores",
            (Work::Threads, 2 * cores),
            text!(
                "With {threads} threads, twice as many as cores, computing is done {effect} times as fast as with one."
            ),
        ),
        speedup(
            record,
            "waiting",
            (Work::Waiting, 2 * cores),
            text!(
                "With {threads} threads the same waiting is done {effect} times as fast as with one, whatever the cores."
            ),
        ),
    ];
    if cores > 1 {
        found.push(serial(
            record,
            "serial-computing",
            Work::Threads,
            text!("Amdahl's law fits computing with a share of {effect} that is not split."),
        ));
    }
    found.push(serial(
        record,
        "serial-waiting",
        Work::Waiting,
        text!("Amdahl's law fits waiting with a share of {effect} that is not split."),
    ));
    found.into_iter().flatten().collect()
}

fn speedup(record: &Record, id: &str, (work, threads): (Work, usize), text: Text) -> Option<Finding> {
    let points = speedups(record, work);
    let (_, effect) = points.into_iter().find(|point| point.0 == threads)?;
    let text = text.with("threads", threads);
    finding(id, text, EffectKind::Ratio, effect, "1")
}

fn serial(record: &Record, id: &str, work: Work, text: Text) -> Option<Finding> {
    let share = serial_share(record, work, processors(work, cores(record)));
    finding(id, text, EffectKind::Ratio, share.map(|share| share * 100.0), "%")
}

fn finding(id: &str, text: Text, kind: EffectKind, effect: Interval, unit: &str) -> Option<Finding> {
    effect.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: text.with("effect", format::interval(&effect, unit)),
        effect: Some(Effect::new(kind, effect, unit)),
    })
}
