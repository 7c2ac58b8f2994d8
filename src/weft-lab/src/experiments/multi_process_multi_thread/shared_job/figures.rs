//! The record of shared-job, drawn.

use super::hall::Way;
use super::job::Job;
use super::{job_of, main_conditions, memory, swept};
use crate::figure::{Axis, Bar, Bars, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::format;
use crate::judge;
use crate::record::Record;
use crate::stats::Interval;

use super::super::kind::Kind;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [
        ratio(record),
        sizes(record, Job::Count),
        sizes(record, Job::Change),
        weights(record),
    ];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn ratio(record: &Record) -> Figure {
    let [threads, processes] = main_conditions(record.is_aa()).map(|side| record.blocks("time", &side));
    let main: Interval = judge::paired_ratio(record, threads, processes).0;
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        text!("{way}: {job}", way: Way::Fork.label(), job: job_of(record).label())
    };
    let mut rows = vec![Mark {
        label,
        group: usize::from(!record.is_aa()),
        value: main,
    }];
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(text!("Times as long as threads"), "1"),
        groups: Kind::groups(),
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times longer the job takes with processes"),
        text!(
            "The time of the job with processes that inherit the data by fork over that with threads, with its 95% interval, on a log axis. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn sizes(record: &Record, job: Job) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |way: Way| Curve {
        name: way.label(),
        points: swept(record, (way, job))
            .into_iter()
            .map(|(kb, blocks)| (kb, bootstrap.median(blocks)))
            .collect(),
    };
    let curves: Vec<Curve> = Way::ALL
        .map(curve)
        .into_iter()
        .filter(|curve| !curve.points.is_empty())
        .collect();
    let ticks = curves
        .first()
        .map(|curve| curve.points.iter().map(|point| point.0).collect());
    let plot = Curves {
        x: Axis::log(text!("Size of the array"), "kB").at(ticks.unwrap_or_default()),
        y: Axis::log(text!("Time of the whole job"), "ns"),
        curves,
        region: None,
    };
    let (id, title) = match job {
        Job::Count => ("sizes-count", text!("Time to count the bytes of an array, by its size")),
        Job::Change => (
            "sizes-change",
            text!("Time to change every word of an array, by its size"),
        ),
    };
    Figure::new(
        record,
        id,
        title,
        text!(
            "The time of the whole job against the size of the array, both on log axes, with 95% intervals: threads, processes that inherit the data by fork, processes with a shared mapping, and processes that are sent the data."
        ),
        Plot::Curves(plot),
    )
}

fn weights(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let mut rows = Vec::new();
    for job in Job::ALL {
        for way in Way::ALL {
            let weight = bootstrap.median(memory(record, (way, job)));
            if weight.low.is_finite() {
                // A bar has no end below its beginning; the table has the number.
                rows.push(Bar {
                    label: text!("{way}: {job}", way: way.label(), job: job.label()),
                    parts: vec![(usize::from(way != Way::Threads), weight.estimate.max(0.0))],
                    interval: Some(weight),
                });
            }
        }
    }
    let size = format::quantity(record.params.count("kb") as f64, "kB");
    let plot = Bars {
        axis: Axis::linear(
            text!("Memory that the workers add, with an array of {size}", size = size),
            "kB",
        ),
        groups: Kind::groups(),
        rows,
    };
    Figure::new(
        record,
        "memory",
        text!("Memory that the job takes"),
        text!(
            "Two times four bars: for each job and each kind of workers, the memory that all tasks together occupy at the end of the job, beyond what there was before: proportional set size and page tables."
        ),
        Plot::Bars(plot),
    )
}
