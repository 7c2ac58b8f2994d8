//! The record of locks, drawn.

use super::findings::{by_threads, swept};
use super::kind::Kind;
use super::{BY_LENGTH, Tally};
use crate::figure::{Axis, Bar, Bars, Curve, Curves, Figure, Plot};
use crate::judge;
use crate::record::Record;
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [
        lost(record),
        threads(
            record,
            "throughput-sleeping",
            text!("Throughput of locks that sleep"),
            &Kind::SLEEPING,
            &THROUGHPUT,
        ),
        threads(
            record,
            "throughput-spinning",
            text!("Throughput of locks that spin"),
            &Kind::SPINNING,
            &THROUGHPUT,
        ),
        threads(
            record,
            "fairness-sleeping",
            text!("Fairness of locks that sleep"),
            &Kind::SLEEPING,
            &FAIRNESS,
        ),
        threads(
            record,
            "fairness-spinning",
            text!("Fairness of locks that spin"),
            &Kind::SPINNING,
            &FAIRNESS,
        ),
        lengths(
            record,
            "throughput-length",
            text!("Throughput against the length of the critical section"),
            &THROUGHPUT,
        ),
        lengths(
            record,
            "fairness-length",
            text!("Fairness against the length of the critical section"),
            &FAIRNESS,
        ),
    ];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn lost(record: &Record) -> Figure {
    let rows = std::iter::once(Kind::Nothing).chain(Kind::SAFE).filter_map(|kind| {
        let tally = Tally::of_kind(record, kind);
        let share = crate::stats::proportion(tally.trials - tally.held, tally.trials).map(|share| share * 100.0);
        (tally.trials > 0).then(|| Bar {
            label: kind.label(),
            parts: vec![(0, share.estimate)],
            interval: Some(share),
        })
    });
    let plot = Bars {
        axis: Axis::linear(text!("Trials that lost an update"), "%").at(vec![0.0, 50.0, 100.0]),
        groups: vec![text!("Lost")],
        rows: rows.collect(),
    };
    Figure::new(
        record,
        "lost",
        text!("Which trials lost an update"),
        text!(
            "A bar a kind of lock, with its 95% interval: the share of trials in which an update was missing at the end. Without any lock stands at the top."
        ),
        Plot::Bars(plot),
    )
}

/// What a figure of a sweep shows.
struct Measure {
    quantity: &'static str,
    axis: fn() -> Axis,
    description: fn() -> Text,
}

static THROUGHPUT: Measure = Measure {
    quantity: "throughput",
    axis: || Axis::log(text!("Turns a second, in millions"), "1"),
    description: || {
        text!(
            "A curve a kind of lock: how many critical sections all threads together get done in a second, both axes log, with 95% intervals."
        )
    },
};

static FAIRNESS: Measure = Measure {
    quantity: "fairness",
    axis: || Axis::linear(text!("Jain's index of fairness"), "1").at(vec![0.0, 0.25, 0.5, 0.75, 1.0]),
    description: || {
        text!(
            "A curve a kind of lock: Jain's index of fairness, 1 if all threads got as many turns, one over their number if a single one got all, with 95% intervals."
        )
    },
};

fn threads(record: &Record, id: &'static str, title: Text, kinds: &[Kind], measure: &Measure) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |&kind: &Kind| Curve {
        name: kind.label(),
        points: by_threads(record, kind, measure.quantity)
            .into_iter()
            .map(|(threads, blocks)| (threads, bootstrap.median(&blocks)))
            .collect(),
    };
    let curves: Vec<Curve> = kinds
        .iter()
        .map(curve)
        .filter(|curve| !curve.points.is_empty())
        .collect();
    let ticks = curves
        .first()
        .map_or_else(Vec::new, |curve| curve.points.iter().map(|point| point.0).collect());
    let plot = Curves {
        x: Axis::log(text!("Threads"), "1").at(ticks),
        y: (measure.axis)(),
        curves,
        region: None,
    };
    Figure::new(record, id, title, (measure.description)(), Plot::Curves(plot))
}

fn lengths(record: &Record, id: &'static str, title: Text, measure: &Measure) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |kind: Kind| Curve {
        name: kind.label(),
        // A log axis has no zero; one step stands for none.
        points: swept(record, kind, measure.quantity, "inside")
            .into_iter()
            .map(|(inside, blocks)| (inside.max(1.0), bootstrap.median(&blocks)))
            .collect(),
    };
    let curves: Vec<Curve> = BY_LENGTH
        .into_iter()
        .map(curve)
        .filter(|curve| !curve.points.is_empty())
        .collect();
    let ticks = curves
        .first()
        .map_or_else(Vec::new, |curve| curve.points.iter().map(|point| point.0).collect());
    let plot = Curves {
        x: Axis::log(
            text!("Length of the critical section, in steps of an empty loop; 1 stands for none"),
            "1",
        )
        .at(ticks),
        y: (measure.axis)(),
        curves,
        region: None,
    };
    Figure::new(record, id, title, (measure.description)(), Plot::Curves(plot))
}
