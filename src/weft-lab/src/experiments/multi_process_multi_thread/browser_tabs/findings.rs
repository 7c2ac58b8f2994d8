//! What else a record says of tabs.

use super::super::kind::Kind;
use super::tab::Accident;
use super::{condition, others};
use crate::format;
use crate::judge;
use crate::record::{Condition, Record};
use crate::stats::Interval;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

pub(super) fn all(record: &Record) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(
        Accident::ALL
            .into_iter()
            .filter_map(|accident| threads(record, accident)),
    );
    found.extend(
        Accident::ALL
            .into_iter()
            .filter_map(|accident| recovery(record, accident)),
    );
    found.extend(memory(record));
    found.extend(false_alarms(record));
    found
}

/// What happened to the other tabs where tabs were threads.
fn threads(record: &Record, accident: Accident) -> Option<Finding> {
    let blocks = |quantity: &str| record.blocks(quantity, &condition(accident, Kind::Threads));
    let trials = blocks("kept").len();
    let sum = |quantity: &str| format::number(blocks(quantity).iter().sum());
    (trials > 0).then(|| Finding {
        id: format!("threads-{}", accident.id()),
        text: text!(
            "{accident}, tabs as threads: of {others} other tabs {answered} still answered before the supervisor acted, and {kept} had their page afterwards.",
            accident: accident.label(),
            others = format::count((trials * others(record)) as u64),
            answered = whole(&sum("answered")),
            kept = whole(&sum("kept"))
        ),
        effect: None,
    })
}

/// A count without zeros behind a point.
fn whole(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

fn finding(id: &str, template: Text, ratio: Interval) -> Option<Finding> {
    ratio.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: template.with("effect", format::interval(&ratio, "1")),
        effect: Some(Effect::new(EffectKind::Ratio, ratio, "1")),
    })
}

fn recovery(record: &Record, accident: Accident) -> Option<Finding> {
    let [threads, processes] = Kind::ALL.map(|kind| record.blocks("recovery", &condition(accident, kind)));
    finding(
        &format!("recovery-{}", accident.id()),
        text!(
            "{accident}: until all tabs show a page again takes {effect} times as long with threads as with processes.",
            accident: accident.label()
        ),
        judge::bootstrap_of_sweep(record).ratio(processes, threads),
    )
}

/// PSS and page tables of each reading.
pub(super) fn occupied(record: &Record, kind: Kind) -> Vec<f64> {
    let condition = Condition::of("tabs", kind.id());
    let tables = record.blocks("page_tables", &condition);
    let pss = record.blocks("pss", &condition);
    pss.iter().zip(tables).map(|(pss, tables)| pss + tables).collect()
}

fn memory(record: &Record) -> Option<Finding> {
    let [threads, processes] = Kind::ALL.map(|kind| occupied(record, kind));
    finding(
        "memory",
        text!("With tabs as processes the browser takes {effect} times as much memory as with threads."),
        judge::bootstrap_of_sweep(record).ratio(&threads, &processes),
    )
}

fn false_alarms(record: &Record) -> Option<Finding> {
    let series = record.select("false_alarms", Condition::default());
    let alarms: f64 = series.flat_map(|series| series.blocks.iter()).sum();
    (alarms > 0.0).then(|| Finding {
        id: "false-alarms".to_owned(),
        text: text!(
            "The supervisor suspected a healthy tab {count} times, asked it, and left it alone.",
            count = whole(&format::number(alarms))
        ),
        effect: None,
    })
}
