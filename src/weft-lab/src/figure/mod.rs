//! Plots drawn from a record: the model, its numbers as a table, and the drawing.

mod axis;
mod draw;
mod gantt;
mod map;
mod table;

pub use axis::{Axis, Scale, Span};
pub use draw::escape;
pub use gantt::{Gantt, Lane};
pub use map::{Layer, Map, Region, Spot, hex, size};
pub use table::Table;

use crate::record::Record;
use crate::stats::Interval;
use crate::text::Text;

/// A plot drawn from a record, with the words around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The experiment that it is of.
    pub experiment: String,
    /// Unique among the figures of an experiment, such as `ratio`.
    pub id: &'static str,
    /// What it shows, in a few words.
    pub title: Text,
    /// What it shows, for who can't see it: axes, conditions, the main finding.
    pub description: Text,
    /// The plot.
    pub plot: Plot,
    /// The machine it comes from, in one line.
    pub machine: Text,
}

/// One of the forms that a plot can take.
#[derive(Debug, Clone, PartialEq)]
pub enum Plot {
    /// A dot with its interval a row.
    Marks(Marks),
    /// Curves over a sweep, with intervals.
    Curves(Curves),
    /// Bars, each perhaps in parts.
    Bars(Bars),
    /// When each of several tasks ran.
    Gantt(Gantt),
    /// A map of an address space.
    Map(Map),
}

/// A dot with its interval a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Marks {
    /// The axis along which values lie.
    pub axis: Axis,
    /// The groups, which have a colour and a shape each.
    pub groups: Vec<Text>,
    /// From top to bottom.
    pub rows: Vec<Mark>,
    /// Where two things count as equal.
    pub region: Option<[f64; 2]>,
    /// Whether a reader's prediction, a ratio, belongs on this axis.
    pub takes_prediction: bool,
}

/// One row of [`Marks`].
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// What it is.
    pub label: Text,
    /// Which of the groups it belongs to.
    pub group: usize,
    /// Its value with its interval.
    pub value: Interval,
}

/// Curves over a sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct Curves {
    /// What was varied.
    pub x: Axis,
    /// What was measured.
    pub y: Axis,
    /// One a condition.
    pub curves: Vec<Curve>,
    /// Where two things count as equal, on the y axis.
    pub region: Option<[f64; 2]>,
}

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Its condition.
    pub name: Text,
    /// Value of what was varied, and what was measured there.
    pub points: Vec<(f64, Interval)>,
}

/// Bars, each perhaps in parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The axis along which the bars grow, from 0.
    pub axis: Axis,
    /// The groups of the parts.
    pub groups: Vec<Text>,
    /// From top to bottom.
    pub rows: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it is.
    pub label: Text,
    /// Its parts, from the axis outwards: group and size.
    pub parts: Vec<(usize, f64)>,
    /// The interval around its whole length.
    pub interval: Option<Interval>,
}

impl Figure {
    /// A figure of a record.
    #[must_use]
    pub fn new(record: &Record, id: &'static str, title: Text, description: Text, plot: Plot) -> Self {
        Figure {
            experiment: record.experiment.clone(),
            id,
            title,
            description,
            plot,
            machine: record.machine.line(),
        }
    }

    /// Has it anything to show?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.plot {
            Plot::Marks(marks) => marks.rows.is_empty(),
            Plot::Curves(curves) => curves.curves.iter().all(|curve| curve.points.is_empty()),
            Plot::Bars(bars) => bars.rows.is_empty(),
            Plot::Gantt(gantt) => gantt.lanes.iter().all(|lane| lane.spans.is_empty()),
            Plot::Map(map) => map.regions.is_empty(),
        }
    }
}
