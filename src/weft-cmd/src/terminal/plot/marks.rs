//! A dot with its interval a row.

use weft_lab::figure::Marks;
use weft_lab::format;

use super::{Canvas, axis_below, colour, column, legend, names, pad, sign, span, widest};
use crate::terminal::{Colour, Look};

pub(super) fn draw(marks: &Marks, look: &Look) -> String {
    let labels: Vec<String> = marks.rows.iter().map(|row| row.label.english()).collect();
    let unit = marks.axis.unit;
    let values: Vec<String> = marks
        .rows
        .iter()
        .map(|row| format::interval(&row.value, unit))
        .collect();
    let label_width = widest(labels.iter(), look.width * 2 / 5);
    let value_width = widest(values.iter(), look.width);
    let columns = look.width.saturating_sub(label_width + value_width + 6).max(16);
    let ends = marks
        .rows
        .iter()
        .flat_map(|row| [row.value.low, row.value.high, row.value.estimate]);
    let span = span(&marks.axis, ends.chain(marks.region.into_iter().flatten()), columns);
    let mut canvas = Canvas::new(columns, marks.rows.len(), look);
    let (line, from, to, band) = if look.unicode {
        ('─', '├', '┤', '░')
    } else {
        ('-', '|', '|', ':')
    };
    for (y, row) in marks.rows.iter().enumerate() {
        if let Some([low, high]) = marks.region {
            for x in column(&span, low)..=column(&span, high) {
                canvas.put(x, y, band, Some(Colour::Dim));
            }
        }
        if !row.value.estimate.is_finite() {
            continue;
        }
        let colour = Some(colour(row.group));
        let (low, high) = (column(&span, row.value.low), column(&span, row.value.high));
        for x in low..=high {
            canvas.put(x, y, line, colour);
        }
        if low < high {
            canvas.put(low, y, from, colour);
            canvas.put(high, y, to, colour);
        }
        canvas.put(column(&span, row.value.estimate), y, sign(row.group, look), colour);
    }
    let mut text = String::new();
    for (y, (label, value)) in labels.iter().zip(&values).enumerate() {
        text += &format!("  {}  {}  {value}\n", pad(label, label_width, look), canvas.row(y));
    }
    text += &axis_below(&marks.axis, &span, label_width + 4, look);
    let groups = names(&marks.groups).enumerate();
    let mut meaning: Vec<_> = groups.map(|(group, name)| (sign(group, look), group, name)).collect();
    if meaning.len() < 2 {
        meaning.clear();
    }
    text += &legend(meaning.into_iter(), label_width + 4, look);
    if marks.region.is_some() {
        let words = format!("{}{band} counts as equal\n", " ".repeat(label_width + 4));
        text += &look.paint(&words, Colour::Dim);
    }
    text
}
