//! The numbers of a figure, as a table.

use super::{Figure, Plot};
use crate::format;
use crate::stats::Interval;
use crate::text::Text;

/// A table: the same numbers as the plot's.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<Text>,
    /// The rows, each with a cell a column. A number is the same in every language.
    pub rows: Vec<Vec<Text>>,
    /// From this column on the cells are numbers.
    pub numbers_from: usize,
}

impl Figure {
    /// The numbers of the figure.
    #[must_use]
    pub fn table(&self) -> Table {
        match &self.plot {
            Plot::Gantt(gantt) => gantt.table(),
            Plot::Map(map) => map.table(),
            Plot::Marks(marks) => {
                let grouped = marks.groups.len() > 1;
                let rows = marks.rows.iter().map(|row| {
                    let mut cells = vec![row.label.clone()];
                    if grouped {
                        cells.push(marks.groups.get(row.group).cloned().unwrap_or_default());
                    }
                    cells.extend(numbers(&row.value, marks.axis.unit));
                    cells
                });
                let mut columns = vec![text!("Condition")];
                if grouped {
                    columns.push(text!("Kind"));
                }
                columns.extend(interval_columns());
                Table {
                    numbers_from: columns.len() - 3,
                    columns,
                    rows: rows.collect(),
                }
            }
            Plot::Curves(curves) => {
                let rows = curves.curves.iter().flat_map(|curve| {
                    curve.points.iter().map(|(x, value)| {
                        let at = Text::new(format::quantity(*x, curves.x.unit));
                        let [estimate, low, high] = numbers(value, curves.y.unit);
                        vec![curve.name.clone(), at, estimate, low, high]
                    })
                });
                let mut columns = vec![text!("Condition"), curves.x.label.clone()];
                columns.extend(interval_columns());
                Table {
                    columns,
                    rows: rows.collect(),
                    numbers_from: 1,
                }
            }
            Plot::Bars(bars) => {
                let cell = |value: f64| Text::new(format::quantity(value, bars.axis.unit));
                let rows = bars.rows.iter().map(|bar| {
                    let mut cells = vec![bar.label.clone()];
                    let parts = |group: usize| bar.parts.iter().filter(move |part| part.0 == group).map(|part| part.1);
                    // A bar has no part of another condition's group, which is not the same as a part of size 0.
                    let group = |group: usize| match parts(group).next() {
                        None => Text::new("—"),
                        Some(_) => cell(parts(group).sum()),
                    };
                    cells.extend((0..bars.groups.len()).map(group));
                    if let Some(interval) = &bar.interval {
                        cells.extend(numbers(interval, bars.axis.unit));
                    }
                    cells
                });
                let rows: Vec<_> = rows.collect();
                let mut columns = vec![text!("Condition")];
                columns.extend(bars.groups.iter().cloned());
                if bars.rows.iter().any(|bar| bar.interval.is_some()) {
                    columns.extend(interval_columns());
                }
                let width = columns.len();
                let fill = |mut row: Vec<Text>| {
                    row.resize(width, Text::new("—"));
                    row
                };
                Table {
                    columns,
                    rows: rows.into_iter().map(fill).collect(),
                    numbers_from: 1,
                }
            }
        }
    }
}

fn interval_columns() -> [Text; 3] {
    [text!("Estimate"), text!("Low (95%)"), text!("High (95%)")]
}

fn numbers(value: &Interval, unit: &str) -> [Text; 3] {
    let (factor, _) = format::scale(value.estimate, unit);
    let scaled = |number: f64| Text::new(format::number(number * factor));
    [
        Text::new(format::quantity(value.estimate, unit)),
        scaled(value.low),
        scaled(value.high),
    ]
}
