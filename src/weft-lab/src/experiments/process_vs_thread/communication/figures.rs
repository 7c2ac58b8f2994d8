//! The record of communication, drawn.

use super::findings::blocks;
use super::link::Way;
use super::partner::{Cores, Path, Tasks};
use super::seen::Writer;
use super::{CARRIERS, MEMORY, PIPE, main_conditions};
use crate::figure::{Axis, Bar, Bars, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::judge;
use crate::record::{Condition, Record};
use crate::stats::{Interval, proportion};
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [
        ratio(record),
        seen(record),
        latency(
            record,
            Cores::One,
            "latency-one-core",
            text!("Time of a message on one core"),
        ),
        latency(
            record,
            Cores::Two,
            "latency-two-cores",
            text!("Time of a message across two cores"),
        ),
        bandwidth(record),
    ];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn group(tasks: Tasks) -> usize {
    usize::from(tasks == Tasks::Processes)
}

fn seen(record: &Record) -> Figure {
    let row = |writer: Writer| {
        let trials = record.blocks("seen", &writer.condition());
        let seen = trials.iter().filter(|&&trial| trial > 0.5).count();
        let share: Interval = proportion(seen, trials.len()).map(|share| share * 100.0);
        (!trials.is_empty()).then(|| Bar {
            label: writer.label(),
            parts: vec![(0, share.estimate)],
            interval: Some(share),
        })
    };
    let plot = Bars {
        axis: Axis::linear(text!("Trials in which the other task saw the write"), "%").at(vec![0.0, 50.0, 100.0]),
        groups: vec![text!("Seen")],
        rows: Writer::ALL.into_iter().filter_map(row).collect(),
    };
    Figure::new(
        record,
        "seen",
        text!("Is a write seen?"),
        text!(
            "A bar a kind of writer: the share of trials in which the other task saw the write. Threads stand at the top, then forked processes, then forked processes that write to a shared mapping."
        ),
        Plot::Bars(plot),
    )
}

fn latency(record: &Record, cores: Cores, id: &'static str, title: Text) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let rows = Path::all(cores)
        .into_iter()
        .filter(|&path| !blocks(record, path).is_empty())
        .map(|path| Mark {
            label: path.way.label(),
            group: group(path.tasks),
            value: bootstrap.median(blocks(record, path)),
        });
    let bytes = crate::format::count(record.params.count("bytes") as u64);
    let plot = Marks {
        axis: Axis::log(text!("Time of one message of {bytes} B", bytes = bytes), "ns"),
        groups: Tasks::groups(),
        rows: rows.collect(),
        region: None,
        takes_prediction: false,
    };
    Figure::new(
        record,
        id,
        title,
        text!(
            "A dot a way to pass a message, on a log axis, with its 95% interval; a row for threads and one for processes where both can use it."
        ),
        Plot::Marks(plot),
    )
}

fn ratio(record: &Record) -> Figure {
    let [first, second] = main_conditions(record.is_aa());
    let main = judge::paired_ratio(record, record.blocks("time", &first), record.blocks("time", &second)).0;
    let mut rows = vec![if record.is_aa() {
        Mark {
            label: text!("The same, A/A"),
            group: group(MEMORY.tasks),
            value: main,
        }
    } else {
        Mark {
            label: PIPE.way.label(),
            group: group(PIPE.tasks),
            value: main,
        }
    }];
    let bootstrap = judge::bootstrap_of_sweep(record);
    let base = blocks(record, MEMORY);
    for path in Path::all(Cores::One) {
        // The pipe between processes stands at the top, from the comparison that the verdict rests on.
        if path != MEMORY && path != PIPE {
            rows.push(Mark {
                label: path.way.label(),
                group: group(path.tasks),
                value: bootstrap.ratio(base, blocks(record, path)),
            });
        }
    }
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(text!("Times as long as memory with a private futex, threads"), "1"),
        groups: Tasks::groups(),
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times dearer than memory that threads share"),
        text!(
            "The ratio of each way's time on one core to that of memory that threads share, with its 95% interval, on a log axis. The verdict's pipe between processes stands at the top. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn bandwidth(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |way: Way| {
        let part = Condition::of("way", way.id());
        let mut points: Vec<(f64, Interval)> = record
            .select("bandwidth", part)
            .filter_map(|series| {
                let bytes = series.condition.get("message_bytes").parse().ok()?;
                Some((bytes, bootstrap.median(&series.blocks)))
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Curve {
            name: way.label(),
            points,
        }
    };
    let plot = Curves {
        x: Axis::log(text!("Size of a message"), "B"),
        y: Axis::log(text!("Bandwidth between two processes on one core"), "MB/s"),
        curves: CARRIERS
            .into_iter()
            .map(curve)
            .filter(|curve| !curve.points.is_empty())
            .collect(),
        region: None,
    };
    Figure::new(
        record,
        "bandwidth",
        text!("Bandwidth against the size of a message"),
        text!(
            "Megabytes a second against the size of a message, both on log axes, with 95% intervals: shared memory with a futex, a pipe, a Unix socket and TCP over loopback, between two processes on one core."
        ),
        Plot::Curves(plot),
    )
}
