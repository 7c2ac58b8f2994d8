//! When each of several tasks ran, as a scheduler's chart: a lane a task, a bar a run; or in which state one task was, a
//! lane a state.

use plotters::style::text_anchor::HPos;

use super::draw::{
    Canvas, Frame, INK, PAPER, colour, draw_legend, draw_line, fill_rect, legend_height, widest, write_text,
};
use super::{Axis, Table};
use crate::format;
use crate::text::Text;

/// When each of several tasks ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Gantt {
    /// The axis of time, from 0.
    pub axis: Axis,
    /// The groups of the lanes, which have a colour each.
    pub groups: Vec<Text>,
    /// From top to bottom.
    pub lanes: Vec<Lane>,
}

/// One task's row of a [`Gantt`].
#[derive(Debug, Clone, PartialEq)]
pub struct Lane {
    /// Which task, or which state.
    pub label: Text,
    /// Which of the groups it belongs to.
    pub group: usize,
    /// When it ran, from and to, in order.
    pub spans: Vec<[f64; 2]>,
}

impl Lane {
    /// How long it ran in all.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.spans.iter().map(|[from, to]| to - from).sum()
    }
}

impl Gantt {
    /// A row a run: which task, of which kind, from, to, and how long.
    pub(super) fn table(&self) -> Table {
        let grouped = self.groups.len() > 1;
        let row = |lane: &Lane, [from, to]: [f64; 2]| {
            let mut cells = vec![lane.label.clone()];
            if grouped {
                cells.push(self.groups.get(lane.group).cloned().unwrap_or_default());
            }
            cells.extend([from, to, to - from].map(|value| Text::new(format::quantity(value, self.axis.unit))));
            cells
        };
        let rows = self
            .lanes
            .iter()
            .flat_map(|lane| lane.spans.iter().map(move |&span| row(lane, span)));
        let mut columns = vec![text!("Row")];
        if grouped {
            columns.push(text!("Kind"));
        }
        columns.extend([text!("From"), text!("To"), text!("Lasted")]);
        Table {
            numbers_from: columns.len() - 3,
            rows: rows.collect(),
            columns,
        }
    }
}

impl Frame {
    pub(super) fn of_gantt(gantt: &Gantt, say: &dyn Fn(&Text) -> String) -> Frame {
        let ends = gantt.lanes.iter().flat_map(|lane| &lane.spans).flatten().copied();
        let labels = gantt.lanes.iter().map(|lane| say(&lane.label));
        let totals = gantt.lanes.iter().map(|lane| total(gantt, lane));
        Frame::rows(
            12 + legend_height(&gantt.groups),
            gantt.lanes.len(),
            &gantt.axis,
            ends.chain([0.0]),
            (widest(labels), widest(totals)),
        )
    }

    pub(super) fn draw_gantt(&self, gantt: &Gantt, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
        self.draw_x_axis(&gantt.axis, area, say);
        draw_legend(&gantt.groups, area, say);
        for (index, lane) in gantt.lanes.iter().enumerate() {
            let y = self.row_middle(index);
            write_text(area, &say(&lane.label), (self.x.start - 12, y), 14, INK, HPos::Right);
            for &[from, to] in &lane.spans {
                // A run shorter than a pixel is still a run.
                let (from, to) = (self.x.place(from), self.x.place(to));
                fill_rect(area, (from, y - 10), (to.max(from + 1), y + 10), colour(lane.group));
                draw_line(area, (from, y - 10), (from, y + 10), PAPER, 1);
            }
            write_text(area, &total(gantt, lane), (self.x.end + 12, y), 13, INK, HPos::Left);
        }
    }
}

/// How long a task ran in all, as it stands at the end of its lane.
fn total(gantt: &Gantt, lane: &Lane) -> String {
    format::quantity(lane.total(), gantt.axis.unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::{Figure, Plot};
    use crate::record::fixture::record;
    use crate::text::Translate;

    fn example() -> Figure {
        let lane = |label: &str, group, spans: &[[f64; 2]]| Lane {
            label: Text::new(label),
            group,
            spans: spans.to_vec(),
        };
        let gantt = Gantt {
            axis: Axis::linear(Text::new("Time"), "ns"),
            groups: vec![Text::new("Threads"), Text::new("Processes")],
            lanes: vec![
                lane("1", 0, &[[0.0, 4e6], [8e6, 12e6]]),
                lane("2", 1, &[[4e6, 8e6]]),
                lane("3", 1, &[]),
            ],
        };
        let record = record("creation-cost", &[], Vec::new());
        Figure::new(
            &record,
            "gantt",
            Text::new("Title"),
            Text::new("Words"),
            Plot::Gantt(gantt),
        )
    }

    #[test]
    fn the_table_has_a_row_a_run() {
        let table = example().table();
        let rows: Vec<Vec<String>> = table
            .rows
            .iter()
            .map(|row| row.iter().map(Text::english).collect())
            .collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1], ["1", "Threads", "8.00 ms", "12.0 ms", "4.00 ms"]);
        assert_eq!((table.columns.len(), table.numbers_from), (5, 2));
    }

    #[test]
    fn the_drawing_has_a_bar_a_run_and_each_lane_s_sum() {
        let translate: Translate<'_> = &|_| None;
        let svg = example().svg(translate);
        // Two runs and one run, each beside the mark of its group in the legend.
        assert_eq!(svg.matches("fill=\"#0072B2\"").count(), 2 + 1, "{svg}");
        assert_eq!(svg.matches("fill=\"#D55E00\"").count(), 1 + 1, "{svg}");
        assert!(svg.contains("8.00 ms") && svg.contains("0 ns"), "{svg}");
        assert!(!example().is_empty());
    }
}
