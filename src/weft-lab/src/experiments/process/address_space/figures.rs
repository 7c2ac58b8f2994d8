//! The record of address-space, drawn: one program's memory, and where that of many lay.

use super::layout::Part;
use super::{Object, object};
use crate::figure::{Axis, Curve, Curves, Figure, Map, Plot, Region, Spot};
use crate::record::{Condition, Record, Series};
use crate::stats::Interval;
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    [map(record), spread(record)]
        .into_iter()
        .filter(|figure| !figure.is_empty())
        .collect()
}

/// An address of a record as it was.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "written from a whole number"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

/// The groups of the map, in the order of their numbers.
fn groups() -> Vec<Text> {
    vec![
        text!("Code"),
        text!("Data"),
        text!("Heap"),
        text!("Stack"),
        text!("Libraries, files, rest"),
        text!("From the kernel"),
    ]
}

fn group(part: Part) -> usize {
    match part {
        Part::Code => 0,
        Part::Constants | Part::Data => 1,
        Part::Heap => 2,
        Part::Stack => 3,
        Part::File | Part::Anonymous | Part::Guard => 4,
        Part::Kernel => 5,
    }
}

/// A region as the record has it.
struct Kept<'a> {
    part: Part,
    name: &'a str,
    thread: &'a str,
    start: u64,
    end: u64,
}

impl Kept<'_> {
    fn label(&self) -> Text {
        match self.part {
            Part::Code => text!("Code: {file}", file = self.name),
            Part::Constants => text!("Read-only data: {file}", file = self.name),
            Part::Data if self.name.is_empty() => text!("Zeroed data (bss)"),
            Part::Data => text!("Static data: {file}", file = self.name),
            Part::Heap if self.name.is_empty() => text!("Heap, own mapping"),
            Part::Heap => text!("Heap"),
            Part::Stack if self.thread == "0" => text!("Stack of the first thread"),
            Part::Stack => text!("Stack of thread {number}", number = self.thread),
            Part::File => text!("File: {file}", file = file_name(self.name)),
            Part::Kernel => text!("Kernel: {name}", name = self.name),
            Part::Anonymous | Part::Guard => text!("Without a file"),
        }
    }
}

/// A file's name without what the kernel adds to that of a file in memory.
fn file_name(name: &str) -> &str {
    let name = name.strip_suffix(" (deleted)").unwrap_or(name);
    name.strip_prefix("memfd:").unwrap_or(name)
}

fn kept(series: &Series) -> Option<Kept<'_>> {
    let [start, end] = series.blocks.as_slice() else {
        return None;
    };
    let condition = &series.condition;
    Some(Kept {
        part: Part::find(condition.get("part"))?,
        name: condition.get("name"),
        thread: condition.get("thread"),
        start: whole(*start),
        end: whole(*end),
    })
}

/// The regions from low to high. Those without any right are left out; neighbours that belong to one file are one.
fn regions(record: &Record) -> Vec<Kept<'_>> {
    let mut regions: Vec<Kept<'_>> = record.select("region", Condition::default()).filter_map(kept).collect();
    regions.sort_by_key(|region| region.start);
    let mut joined: Vec<Kept<'_>> = Vec::new();
    for region in regions {
        match joined.last_mut() {
            _ if region.part == Part::Guard => {}
            Some(last) if last.part == region.part && last.name == region.name && is_joined(last, &region) => {
                last.end = region.end;
            }
            _ => joined.push(region),
        }
    }
    joined
}

/// A library has four regions or more, of which the map draws one; the program's own stay apart.
fn is_joined(below: &Kept<'_>, region: &Kept<'_>) -> bool {
    match region.part {
        Part::File | Part::Constants | Part::Kernel => true,
        Part::Anonymous => below.end == region.start,
        _ => false,
    }
}

fn spot(series: &Series) -> Option<Spot> {
    let kind = Object::ALL
        .into_iter()
        .find(|kind| kind.id() == series.condition.get("object"))?;
    let thread = series.condition.get("thread");
    let (label, part) = match kind {
        Object::Function => (text!("a function"), Part::Code),
        Object::LibraryFunction => (text!("a library's function"), Part::File),
        Object::Constant => (text!("a constant"), Part::Data),
        Object::Data => (text!("a static variable"), Part::Data),
        Object::Zeroed => (text!("a zeroed static variable"), Part::Data),
        Object::Boxed => (text!("an object on the heap"), Part::Heap),
        Object::LargeBoxed => (text!("an object of 1 MiB"), Part::Heap),
        Object::ThreadBoxed => (text!("an object of thread {number}", number = thread), Part::Heap),
        Object::Local => (text!("local variable"), Part::Stack),
        Object::ThreadLocal => (text!("thread-local variable"), Part::Stack),
        Object::File => (text!("a mapped file"), Part::File),
        Object::Vdso => (text!("the vdso, by getauxval"), Part::Kernel),
    };
    Some(Spot {
        label,
        group: group(part),
        address: whole(*series.blocks.first()?),
    })
}

fn map(record: &Record) -> Figure {
    let region = |kept: Kept<'_>| Region {
        label: kept.label(),
        group: group(kept.part),
        start: kept.start,
        end: kept.end,
    };
    let plot = Map {
        groups: groups(),
        regions: regions(record).into_iter().map(region).collect(),
        spots: record.select("mark", Condition::default()).filter_map(spot).collect(),
    };
    Figure::new(
        record,
        "map",
        text!("The memory of one process: code, data, heap, stack, and more"),
        text!(
            "All regions of one process that may be read, the highest address at the top, not to scale. From the bottom: the program's code and data, the heap, libraries and threads' stacks, and at the top the first thread's stack and what the kernel lends. The marks are the addresses of real objects."
        ),
        Plot::Map(plot),
    )
}

/// How many programs the second figure shows.
const SHOWN: usize = 20;
/// The unit of its axis: 2^40 bytes.
const TIB: f64 = (1_u64 << 40) as f64;

fn spread(record: &Record) -> Figure {
    let curve = |name: Text, condition: Condition| {
        let blocks = record.blocks("address", &condition);
        let points = blocks.iter().take(SHOWN).enumerate();
        Curve {
            name,
            points: points
                .map(|(index, address)| ((index + 1) as f64, Interval::exact(address / TIB)))
                .collect(),
        }
    };
    let plot = Curves {
        x: Axis::linear(text!("Program, in the order of their start"), "1"),
        y: Axis::linear(text!("Address in TiB (2^40 bytes)"), "1"),
        curves: vec![
            curve(text!("Function"), object(Object::Function)),
            curve(text!("Object on the heap"), object(Object::Boxed)),
            curve(
                text!("Local variable of thread 1"),
                object(Object::Local).and("thread", 1),
            ),
            curve(text!("Local variable of the first thread"), object(Object::Local)),
        ],
        region: None,
    };
    Figure::new(
        record,
        "addresses",
        text!("The same objects in program after program"),
        text!(
            "The addresses of a function, an object on the heap and two local variables in each of the first programs of the run. Addresses differ from start to start, their order does not. At this scale function and heap nearly coincide."
        ),
        Plot::Curves(plot),
    )
}
