//! When each of several tasks ran: a row a task.

use weft_lab::figure::Gantt;
use weft_lab::format;

use super::{Canvas, axis_below, colour, column, filling, legend, names, pad, span, widest};
use crate::terminal::Look;

pub(super) fn draw(gantt: &Gantt, look: &Look) -> String {
    let unit = gantt.axis.unit;
    let labels: Vec<String> = gantt.lanes.iter().map(|lane| lane.label.english()).collect();
    let totals: Vec<String> = gantt
        .lanes
        .iter()
        .map(|lane| format::quantity(lane.total(), unit))
        .collect();
    let label_width = widest(labels.iter(), look.width * 2 / 5);
    let total_width = widest(totals.iter(), look.width);
    let columns = look.width.saturating_sub(label_width + total_width + 6).max(16);
    let ends = gantt.lanes.iter().flat_map(|lane| &lane.spans).flatten().copied();
    let span = span(&gantt.axis, ends.chain([0.0]), columns);
    let mut canvas = Canvas::new(columns, gantt.lanes.len(), look);
    for (y, lane) in gantt.lanes.iter().enumerate() {
        for &[from, to] in &lane.spans {
            let (from, to) = (column(&span, from), column(&span, to));
            for x in from..to.max(from + 1) {
                canvas.put(x, y, filling(lane.group, look), Some(colour(lane.group)));
            }
        }
    }
    let mut text = String::new();
    for (y, (label, total)) in labels.iter().zip(&totals).enumerate() {
        text += &format!("  {}  {}  {total}\n", pad(label, label_width, look), canvas.row(y));
    }
    text += &axis_below(&gantt.axis, &span, label_width + 4, look);
    let groups = names(&gantt.groups).enumerate();
    let meaning: Vec<_> = groups
        .map(|(group, name)| (filling(group, look), group, name))
        .collect();
    let several = meaning.len() > 1;
    text + &legend(meaning.into_iter().filter(|_| several), label_width + 4, look)
}
