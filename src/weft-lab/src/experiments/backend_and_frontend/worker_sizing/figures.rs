//! The record of worker-sizing, drawn.

use super::fit::Law;
use super::{LITTLE, Record, Work, bend_of, bends_apart, medians, ordered, rounds, swept};
use crate::figure::{Axis, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::judge;
use crate::stats::Interval;
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [ratio(record), throughput(record), latency(record), little(record)];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn ratio(record: &Record) -> Figure {
    let computing = bend_of(record, Work::Computing).estimate;
    let mut rows = vec![Mark {
        label: if record.is_aa() {
            text!("The same, A/A")
        } else {
            Work::Mixed.label()
        },
        group: 0,
        value: bends_apart(record),
    }];
    if !record.is_aa() {
        rows.push(Mark {
            label: Work::Waiting.label(),
            group: 1,
            value: bend_of(record, Work::Waiting).map(|bend| bend / computing),
        });
    }
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(text!("Times as many workers as computing"), "1"),
        groups: vec![text!("The verdict"), text!("At least: the sweep ends there")],
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("Where throughput bends, against computing"),
        text!(
            "How many times as many workers it takes until throughput stops growing, compared with requests that only compute, with 95% intervals, on a log axis. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

/// A figure over the number of workers.
fn over_workers(
    record: &Record,
    id: &'static str,
    (title, description): (Text, Text),
    y: Axis,
    mut curves: Vec<Curve>,
) -> Figure {
    curves.retain(|curve| !curve.points.is_empty());
    let ticks = curves
        .first()
        .map(|curve| curve.points.iter().map(|point| point.0).collect());
    let plot = Curves {
        x: Axis::log(text!("Workers"), "1").at(ticks.unwrap_or_default()),
        y,
        curves,
        region: None,
    };
    Figure::new(record, id, title, description, Plot::Curves(plot))
}

fn measured(record: &Record, quantity: &str, work: Work, name: Text) -> Curve {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let points = swept(record, quantity, work)
        .into_iter()
        .filter(|point| !point.1.is_empty())
        .map(|(workers, blocks)| (workers, bootstrap.median(blocks)))
        .collect();
    Curve { name, points }
}

fn fitted(record: &Record, work: Work, name: Text) -> Curve {
    let points = swept(record, "throughput", work);
    let all: Vec<usize> = (0..rounds(&points)).collect();
    let points = medians(&ordered(&points), &all);
    let law = |law: Law| {
        points
            .iter()
            .map(|point| (point.0, Interval::exact(law.at(point.0))))
            .collect()
    };
    Curve {
        name,
        points: Law::fit(&points).map(law).unwrap_or_default(),
    }
}

fn throughput(record: &Record) -> Figure {
    let mut curves: Vec<Curve> = Work::ALL
        .map(|work| measured(record, "throughput", work, work.label()))
        .into();
    curves.extend([
        fitted(record, Work::Computing, text!("Law, computing")),
        fitted(record, Work::Mixed, text!("Law, computing and waiting")),
        fitted(record, Work::Waiting, text!("Law, waiting")),
    ]);
    over_workers(
        record,
        "throughput",
        (
            text!("Throughput against the number of workers"),
            text!(
                "Requests a second that a pool answers while its queue is never empty, against the number of workers, on log axes, with 95% intervals: requests that compute, that compute and then wait, and that wait. Beside each stands the universal scalability law that fits it. Computing bends at the number of cores, the mixed work at a larger number."
            ),
        ),
        Axis::log(text!("Requests a second"), "/s"),
        curves,
    )
}

fn latency(record: &Record) -> Figure {
    let names = [
        (Work::Computing, text!("Computing, median"), text!("Computing, p95")),
        (
            Work::Mixed,
            text!("Computing and waiting, median"),
            text!("Computing and waiting, p95"),
        ),
        (Work::Waiting, text!("Waiting, median"), text!("Waiting, p95")),
    ];
    let curves = names.into_iter().flat_map(|(work, middle, tail)| {
        [
            measured(record, "p50", work, middle),
            measured(record, "p95", work, tail),
        ]
    });
    over_workers(
        record,
        "latency",
        (
            text!("Latency against the number of workers"),
            text!(
                "The time from the moment for which a request was planned to its answer, against the number of workers, on log axes: median and 95th percentile, while requests come at random moments at a fixed rate. With too few workers the queue grows and so does the time; from enough workers on the curve is flat."
            ),
        ),
        Axis::log(text!("Time in the system"), "ns"),
        curves.collect(),
    )
}

fn little(record: &Record) -> Figure {
    let mut curves: Vec<Curve> = Work::ALL.map(|work| counted(record, work)).into();
    curves.retain(|curve| !curve.points.is_empty());
    let xs = || curves.iter().flat_map(|curve| curve.points.iter().map(|point| point.0));
    let (low, high) = (xs().fold(f64::INFINITY, f64::min), xs().fold(0.0, f64::max));
    if low < high {
        for (name, factor) in [(text!("The law"), 1.0), (text!("A tenth more"), LITTLE[1])] {
            let line = |x: f64| (x, Interval::exact(x * factor));
            curves.push(Curve {
                name,
                points: vec![line(low), line(high)],
            });
        }
    }
    let plot = Curves {
        x: Axis::log(text!("Throughput × mean time in the system"), "1"),
        y: Axis::log(text!("Requests counted in the system"), "1"),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "little",
        text!("Little's law: counted against computed"),
        text!(
            "For each kind of work and each number of workers: the mean number of requests that an observer counted in the system, against throughput times mean time in it, on log axes. Little's law says that the points lie on the line."
        ),
        Plot::Curves(plot),
    )
}

/// Counted against computed, in order of the computed; medians over visits.
fn counted(record: &Record, work: Work) -> Curve {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let quantity = |quantity: &str| -> Vec<Vec<f64>> {
        let points = swept(record, quantity, work);
        points.into_iter().map(|point| point.1.to_vec()).collect()
    };
    let (rates, times) = (quantity("answered"), quantity("time_in"));
    let products = rates.iter().zip(&times).map(|(rates, times)| {
        let products: Vec<f64> = rates.iter().zip(times).map(|(rate, time)| rate * time / 1e9).collect();
        crate::stats::median(&products)
    });
    let mut points: Vec<(f64, Interval)> = products
        .zip(quantity("counted"))
        .filter(|(product, counted)| *product > 0.0 && !counted.is_empty())
        .map(|(product, counted)| (product, bootstrap.median(&counted)))
        .collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    Curve {
        name: work.label(),
        points,
    }
}
