//! The record of game-loop, drawn.

use super::engine::Structure;
use super::{main_blocks, played, side_condition};
use crate::figure::{Axis, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::format;
use crate::judge;
use crate::record::Record;
use crate::stats::{Interval, quantile};

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [ratio(record), load(record), missed(record), distribution(record)];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn ratio(record: &Record) -> Figure {
    let (parallel, single) = main_blocks(record);
    let main = judge::paired_ratio(record, parallel, single).0;
    let pipeline = record.blocks("time", &side_condition(("pipeline", Structure::Pipelined)));
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        Structure::Parallel.label()
    };
    let mut rows = vec![
        Mark {
            label,
            group: 0,
            value: main,
        },
        Mark {
            label: Structure::Pipelined.label(),
            group: 0,
            value: judge::bootstrap_of_sweep(record).ratio(pipeline, single),
        },
    ];
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(text!("Time of a frame on one thread, in times as long"), "1"),
        groups: vec![text!("Threads")],
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times sooner a frame is done"),
        text!(
            "The time of a frame on one thread over that in parts on every core, and over that in a pipeline, with 95% intervals, on a log axis. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

/// A curve a structure: what `value` says of each load.
fn curves(record: &Record, value: impl Fn(&[f64], f64) -> Interval) -> Vec<Curve> {
    let curve = |structure: Structure| Curve {
        name: structure.label(),
        points: played(record, structure)
            .into_iter()
            .map(|(entities, times, missed)| (entities as f64, value(times, missed)))
            .collect(),
    };
    let curves = Structure::ALL.map(curve).into_iter();
    curves.filter(|curve| !curve.points.is_empty()).collect()
}

fn entities_axis(curves: &[Curve]) -> Axis {
    let ticks = curves
        .first()
        .map(|curve| curve.points.iter().map(|point| point.0).collect());
    Axis::log(text!("Entities"), "1").at(ticks.unwrap_or_default())
}

fn load(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curves = curves(record, |times, _| bootstrap.median(times));
    let plot = Curves {
        x: entities_axis(&curves),
        y: Axis::log(text!("Time of a frame, from its refresh to its picture"), "ns"),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "load",
        text!("Time of a frame against the number of entities"),
        text!(
            "The median time of a frame against the number of entities, both on log axes, with 95% intervals, for one thread, a pipeline of two threads, and parts on every core. Each game plays at a fixed rate."
        ),
        Plot::Curves(plot),
    )
}

fn missed(record: &Record) -> Figure {
    let curves = curves(record, |_, missed| Interval::exact(missed * 100.0));
    let hz = format::count(record.params.count("hz") as u64);
    let plot = Curves {
        x: entities_axis(&curves),
        y: Axis::linear(text!("Refreshes without a new picture, at {hz} Hz", hz = hz), "%")
            .at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "missed",
        text!("Missed refreshes against the number of entities"),
        text!(
            "The share of refreshes that went by without a new picture, against the number of entities, for one thread, a pipeline of two threads, and parts on every core."
        ),
        Plot::Curves(plot),
    )
}

/// The shares of frames at which a distribution is drawn.
const SHARES: [f64; 9] = [1.0, 5.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 100.0];

fn distribution(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let entities = record.params.count("entities");
    let curve = |structure: Structure| {
        let loads = played(record, structure);
        let times = loads.iter().find(|load| load.0 == entities)?.1;
        let at = |share: f64| {
            let of = |drawn: &[usize]| quantile(&crate::stats::pick(times, drawn), share / 100.0);
            (share, bootstrap.interval(times.len(), of))
        };
        Some(Curve {
            name: structure.label(),
            points: SHARES.map(at).to_vec(),
        })
    };
    let plot = Curves {
        x: Axis::linear(text!("Share of frames that took at most this long"), "%")
            .at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        y: Axis::log(text!("Time of a frame, from its refresh to its picture"), "ns"),
        curves: Structure::ALL.into_iter().filter_map(curve).collect(),
        region: None,
    };
    Figure::new(
        record,
        "distribution",
        text!(
            "The times of all frames, with {entities} entities",
            entities = format::count(entities as u64)
        ),
        text!(
            "The time of a frame against the share of frames that took at most as long, with 95% intervals, for one thread, a pipeline of two threads, and parts on every core. A flat line means an even game, a line that rises at its end means frames that stutter."
        ),
        Plot::Curves(plot),
    )
}
