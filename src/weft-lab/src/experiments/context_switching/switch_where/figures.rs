//! Who had the core before, and what the kernel counted.

use super::{Arrangement, arrangements, per_turn};
use crate::figure::{Axis, Bar, Bars, Figure, Plot};
use crate::measure::ring::Kind;
use crate::record::Record;
use crate::text::Text;

use super::turns::Way;

fn label((kind, way): Arrangement) -> Text {
    match (kind, way) {
        (Kind::Thread, Way::Yield) => text!("Threads that yield"),
        (Kind::Thread, Way::Wait) => text!("Threads that wait"),
        (Kind::Process, Way::Yield) => text!("Processes that yield"),
        (Kind::Process, Way::Wait) => text!("Processes that wait"),
        (Kind::Mixed, Way::Yield) => text!("Threads of two processes that yield"),
        (Kind::Mixed, Way::Wait) => text!("Threads of two processes that wait"),
    }
}

fn bars(record: &Record, axis: Axis, groups: Vec<Text>, quantities: &[&str], factor: f64) -> Plot {
    let row = |which: Arrangement| {
        let part = |(group, quantity): (usize, &&str)| Some((group, per_turn(record, which, quantity)? * factor));
        let parts: Option<Vec<(usize, f64)>> = quantities.iter().enumerate().map(part).collect();
        Some(Bar {
            label: label(which),
            parts: parts?,
            interval: None,
        })
    };
    let rows = arrangements().into_iter().filter_map(row).collect();
    Plot::Bars(Bars { axis, groups, rows })
}

pub(super) fn who(record: &Record) -> Figure {
    let plot = bars(
        record,
        Axis::linear(text!("Turns by who had the core before"), "%"),
        vec![
            text!("A thread of the same process"),
            text!("Another process"),
            text!("The same task"),
        ],
        &["within", "across", "itself"],
        100.0,
    );
    Figure::new(
        record,
        "who",
        text!("Who had the core before"),
        text!(
            "For each kind of ring the share of turns before which another thread of the same process had the core, another process, or the same task because nobody took over."
        ),
        plot,
    )
}

pub(super) fn counters(record: &Record) -> Figure {
    let plot = bars(
        record,
        Axis::linear(text!("Switches that the kernel counted for each turn"), "1"),
        vec![text!("Involuntary"), text!("Voluntary")],
        &["involuntary", "voluntary"],
        1.0,
    );
    Figure::new(
        record,
        "counters",
        text!("What the kernel counted for each turn"),
        text!(
            "For each kind of ring the involuntary and the voluntary switches that the kernel counted, for each turn. A yield counts as involuntary, a wait as voluntary."
        ),
        plot,
    )
}
