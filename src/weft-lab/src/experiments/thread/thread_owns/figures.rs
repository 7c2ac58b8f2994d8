//! The record of thread-owns, drawn: threads in a process.

use super::findings::{mark, name, threads, whole};
use super::names;
use crate::figure::{Figure, Map, Plot, Region, Spot};
use crate::record::{Condition, Record, Series};
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [map(record)];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

/// The group of what all threads share; that of a thread is its number and one.
const SHARED: usize = 0;

fn map(record: &Record) -> Figure {
    let groups = std::iter::once(text!("Shared by all")).chain((0..threads(record)).map(name));
    let regions = record.select("region", Condition::default()).filter_map(region);
    let spots = (0..threads(record))
        .flat_map(|index| spots(record, index))
        .chain(shared(record));
    let plot = Map {
        groups: groups.collect(),
        regions: regions.collect(),
        spots: spots.collect(),
    };
    Figure::new(
        record,
        "map",
        text!("Threads in a process: one address space, a stack for each"),
        text!(
            "The regions of one process, the highest address at the top, not to scale. Code, static data and heap are there once. Each thread has a stack of its own. The marks show where each thread's stack pointer, a local and a thread-local variable lie, and which instruction its program counter points to."
        ),
        Plot::Map(plot),
    )
}

fn region(series: &Series) -> Option<Region> {
    let [start, end] = series.blocks.as_slice() else {
        return None;
    };
    let index = series.condition.get("thread").parse::<usize>().ok();
    let file = series.condition.get("name");
    let label = match (series.condition.get("role"), index) {
        ("stack", Some(0)) => text!("Stack of the first thread"),
        ("stack", Some(index)) => text!("Stack of thread {number}", number = index),
        ("thread-local", _) => text!("Thread-local data"),
        ("code", _) => text!("Code: {file}", file = file),
        ("data", _) => text!("Static data: {file}", file = file),
        _ => text!("Heap"),
    };
    Some(Region {
        label,
        group: index.map_or(SHARED, |index| index + 1),
        start: whole(*start),
        end: whole(*end),
    })
}

fn spots(record: &Record, index: usize) -> Vec<Spot> {
    let spot = |what: &str, label: &dyn Fn(&str) -> Text| {
        let (address, function) = mark(record, index, what)?;
        Some(Spot {
            label: label(function),
            group: index + 1,
            address,
        })
    };
    let marks = [
        spot("counter", &|function| {
            text!("PC in {function}", function = names::last(function))
        }),
        spot("stack-pointer", &|_| text!("SP")),
        spot("local", &|_| text!("local variable")),
        spot("thread-local", &|_| text!("thread-local variable")),
    ];
    marks.into_iter().flatten().collect()
}

fn shared(record: &Record) -> impl Iterator<Item = Spot> {
    let labels = [
        ("data", text!("a static variable")),
        ("heap", text!("an object on the heap")),
    ];
    labels.into_iter().filter_map(|(what, label)| {
        let address = record.blocks("mark", &Condition::of("mark", what)).first()?;
        Some(Spot {
            label,
            group: SHARED,
            address: whole(*address),
        })
    })
}
