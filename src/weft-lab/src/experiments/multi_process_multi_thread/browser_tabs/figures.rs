//! The record of browser-tabs, drawn.

use super::super::kind::Kind;
use super::findings::occupied;
use super::tab::Accident;
use super::{condition, others};
use crate::figure::{Axis, Bar, Bars, Figure, Mark, Marks, Plot};
use crate::format;
use crate::judge;
use crate::record::{Condition, Record};
use crate::stats::{median, proportion};
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [
        survivors(
            record,
            "kept",
            text!("Who still has their page when all is well again"),
            text!("Other tabs that kept their page"),
        ),
        survivors(
            record,
            "answered",
            text!("Who answers before the supervisor acts"),
            text!("Other tabs that still answered"),
        ),
        recovery(record),
        memory(record),
    ];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn label(accident: Accident, kind: Kind) -> Text {
    text!("{accident}: {kind}", accident: accident.label(), kind: kind.label())
}

fn cells() -> impl Iterator<Item = (Accident, Kind)> {
    Accident::ALL
        .into_iter()
        .flat_map(|accident| Kind::ALL.map(|kind| (accident, kind)))
}

fn survivors(record: &Record, quantity: &'static str, title: Text, axis: Text) -> Figure {
    let others = others(record);
    let row = |(accident, kind): (Accident, Kind)| {
        let trials = record.blocks(quantity, &condition(accident, kind));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of tabs")]
        let survivors = trials.iter().sum::<f64>() as usize;
        let share = proportion(survivors, trials.len() * others).map(|share| share * 100.0);
        (!trials.is_empty()).then(|| Bar {
            label: label(accident, kind),
            parts: vec![(kind as usize, share.estimate)],
            interval: Some(share),
        })
    };
    let plot = Bars {
        axis: Axis::linear(axis, "%").at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        groups: Kind::groups(),
        rows: cells().filter_map(row).collect(),
    };
    Figure::new(
        record,
        quantity,
        title,
        text!(
            "Two bars for each accident, one for tabs that are threads and one for tabs that are processes: the share of the other tabs, with 95% intervals over all trials."
        ),
        Plot::Bars(plot),
    )
}

fn recovery(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let row = |(accident, kind): (Accident, Kind)| Mark {
        label: label(accident, kind),
        group: kind as usize,
        value: bootstrap.median(record.blocks("recovery", &condition(accident, kind))),
    };
    let plot = Marks {
        axis: Axis::log(text!("Time from the accident until all tabs show a page"), "ns"),
        groups: Kind::groups(),
        rows: cells().map(row).filter(|row| row.value.low.is_finite()).collect(),
        region: None,
        takes_prediction: false,
    };
    Figure::new(
        record,
        "recovery",
        text!("How long it takes until all is well again"),
        text!(
            "A dot for each accident and each kind of tabs, on a log axis, with its 95% interval: the time from the accident until the supervisor has noticed it, restarted what it had to, and seen a page in each tab."
        ),
        Plot::Marks(plot),
    )
}

fn memory(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let row = |kind: Kind| {
        let total = occupied(record, kind);
        let of = |quantity| median(record.blocks(quantity, &Condition::of("tabs", kind.id())));
        (!total.is_empty()).then(|| Bar {
            label: kind.label(),
            parts: vec![(0, of("pss")), (1, of("page_tables"))],
            interval: Some(bootstrap.median(&total)),
        })
    };
    let tabs = format::count(record.params.count("tabs") as u64);
    let plot = Bars {
        axis: Axis::linear(text!("Memory of the browser with {tabs} tabs", tabs = tabs), "kB"),
        groups: vec![text!("PSS"), text!("Page tables")],
        rows: Kind::ALL.into_iter().filter_map(row).collect(),
    };
    Figure::new(
        record,
        "memory",
        text!("What the browser takes in memory"),
        text!(
            "Two bars in two parts, for tabs that are threads and for tabs that are processes: the proportional set size of the browser and its supervisor, and the page tables that describe it."
        ),
        Plot::Bars(plot),
    )
}
