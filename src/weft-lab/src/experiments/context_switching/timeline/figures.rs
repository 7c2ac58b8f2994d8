//! The scheduler's chart, the lengths of slices, the kernel's counts.

use super::findings::{slice, slice_of, switches};
use super::{NICE, chart_condition};
use crate::figure::{Axis, Bar, Bars, Figure, Gantt, Lane, Mark, Marks, Plot};
use crate::measure::ring::Kind;
use crate::record::Record;
use crate::text::Text;

/// The groups of all figures here.
fn groups(record: &Record) -> Vec<Text> {
    vec![
        text!("Threads"),
        text!("Processes"),
        text!("Processes, nice 0 and {nice}", nice = record.params.integer("nice")),
    ]
}

fn usual_or_nicer(record: &Record, which: usize) -> Text {
    if which == 0 {
        text!("nice 0")
    } else {
        text!("nice {nice}", nice = record.params.integer("nice"))
    }
}

pub(super) fn chart(record: &Record) -> Figure {
    let lane = |kind: &str, group: usize, task: usize, label: Text| {
        let ends = |quantity: &str| record.blocks(quantity, &chart_condition(kind, task));
        let spans = ends("from").iter().zip(ends("to")).map(|(&from, &to)| [from, to]);
        Lane {
            label,
            group,
            spans: spans.collect(),
        }
    };
    let mut lanes = Vec::new();
    for (group, kind) in Kind::BOTH.into_iter().enumerate() {
        for task in 0..record.params.count("tasks") {
            let label = if kind == Kind::Thread {
                text!("Thread {number}", number = task + 1)
            } else {
                text!("Process {number}", number = task + 1)
            };
            lanes.push(lane(kind.id(), group, task, label));
        }
    }
    lanes.extend((0..NICE.len()).map(|task| lane("nice", 2, task, usual_or_nicer(record, task))));
    let plot = Gantt {
        axis: Axis::linear(text!("Time since the start of the watch"), "ns"),
        groups: groups(record),
        lanes,
    };
    Figure::new(
        record,
        "chart",
        text!("Who had the core: the scheduler's chart, from the tasks' own clocks"),
        text!(
            "A lane for each task, a bar for each time that it ran, against the time since the start of its watch: tasks of one colour spun on the same core in the same watch, so one of them runs while the others stand still. The number at the end of a lane is the time that the task ran in all."
        ),
        Plot::Gantt(plot),
    )
}

pub(super) fn slices(record: &Record) -> Figure {
    let equal = Kind::BOTH.into_iter().enumerate().map(|(group, kind)| Mark {
        label: if kind == Kind::Thread {
            text!("Thread")
        } else {
            text!("Process")
        },
        group,
        value: slice(record, kind),
    });
    let nice = NICE.into_iter().enumerate().map(|(which, name)| Mark {
        label: usual_or_nicer(record, which),
        group: 2,
        value: slice_of(record, name),
    });
    let plot = Marks {
        axis: Axis::linear(text!("Length of a slice"), "ns"),
        groups: groups(record),
        rows: equal.chain(nice).filter(|row| row.value.low.is_finite()).collect(),
        region: None,
        takes_prediction: false,
    };
    Figure::new(
        record,
        "slices",
        text!("How long a task keeps the core"),
        text!(
            "The median time from the moment at which a task gets the core to the one at which it loses it, with its 95% interval: threads, processes, and two processes of which one is nicer."
        ),
        Plot::Marks(plot),
    )
}

pub(super) fn counts(record: &Record) -> Figure {
    let row = |kind: Kind| {
        let [voluntary, involuntary] = switches(record, kind)?;
        Some(Bar {
            label: if kind == Kind::Thread {
                text!("Thread")
            } else {
                text!("Process")
            },
            parts: vec![(0, involuntary), (1, voluntary)],
            interval: None,
        })
    };
    let plot = Bars {
        axis: Axis::linear(text!("Switches of a task in one watch"), "1"),
        groups: vec![text!("Involuntary"), text!("Voluntary")],
        rows: Kind::BOTH.into_iter().filter_map(row).collect(),
    };
    Figure::new(
        record,
        "counts",
        text!("What the kernel counted"),
        text!(
            "How many switches the kernel counted for one task in one watch, on average: involuntary ones, in which it took the core away, and voluntary ones, in which the task gave it up."
        ),
        Plot::Bars(plot),
    )
}
