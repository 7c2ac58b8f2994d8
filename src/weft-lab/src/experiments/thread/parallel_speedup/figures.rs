//! The record of parallel-speedup, drawn.

use super::work::Work;
use super::{Record, amdahl, cores, main_speedup, most_used, processors, serial_share, speedups};
use crate::figure::{Axis, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::stats::Interval;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [ratio(record), curves(record)];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn ratio(record: &Record) -> Figure {
    let threads = most_used(cores(record));
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        Work::Threads.label()
    };
    let mut rows = vec![Mark {
        label,
        group: 0,
        value: main_speedup(record).0,
    }];
    for (work, group) in [(Work::Rayon, 0), (Work::Waiting, 1)] {
        let points = speedups(record, work).into_iter().filter(|point| point.0 == threads);
        rows.extend(points.map(|(_, value)| Mark {
            label: work.label(),
            group,
            value,
        }));
    }
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(text!("Times as fast as with one thread"), "1"),
        groups: vec![text!("Computing"), text!("Waiting")],
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("Speed-up with {threads} threads", threads = threads),
        text!(
            "How many times as fast the same work is done with a thread for each core (two on a machine with one core) as with one thread, with 95% intervals, on a log axis: computing with threads of the standard library and with rayon's, and waiting. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn curves(record: &Record) -> Figure {
    let cores = cores(record);
    let measured = |work: Work| Curve {
        name: work.label(),
        points: speedups(record, work)
            .into_iter()
            .map(|(threads, value)| (threads as f64, value))
            .collect(),
    };
    let mut curves: Vec<Curve> = Work::ALL.map(measured).into_iter().collect();
    for (work, name) in [
        (Work::Threads, text!("Amdahl, fitted to computing")),
        (Work::Waiting, text!("Amdahl, fitted to waiting")),
    ] {
        let most = processors(work, cores);
        let serial = serial_share(record, work, most).estimate;
        let law = |(threads, _): (usize, Interval)| {
            (
                threads as f64,
                Interval::exact(amdahl(serial, threads.min(most) as f64)),
            )
        };
        if serial.is_finite() {
            let points = speedups(record, work).into_iter().map(law).collect();
            curves.push(Curve { name, points });
        }
    }
    curves.retain(|curve| !curve.points.is_empty());
    let ticks = curves
        .first()
        .map(|curve| curve.points.iter().map(|point| point.0).collect());
    let plot = Curves {
        x: Axis::linear(text!("Threads"), "1").at(ticks.unwrap_or_default()),
        y: Axis::linear(text!("Times as fast as with one thread"), "1"),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "speedup",
        text!("Speed-up against the number of threads"),
        text!(
            "How many times as fast the same work is done as with one thread, against the number of threads, from one to twice the cores, with 95% intervals: computing with threads of the standard library and with rayon's pool, and waiting for timers. Beside them stands Amdahl's law with the share that fits. Computing bends at the number of cores; waiting does not."
        ),
        Plot::Curves(plot),
    )
}
