//! Bars, each perhaps in parts.

use weft_lab::figure::{Bar, Bars};
use weft_lab::format;

use super::{Canvas, axis_below, colour, column, filling, legend, names, pad, span, widest};
use crate::terminal::Look;

fn length(bar: &Bar) -> f64 {
    bar.parts.iter().map(|part| part.1).sum()
}

pub(super) fn draw(bars: &Bars, look: &Look) -> String {
    let unit = bars.axis.unit;
    let labels: Vec<String> = bars.rows.iter().map(|row| row.label.english()).collect();
    let values: Vec<String> = bars
        .rows
        .iter()
        .map(|bar| match &bar.interval {
            Some(interval) => format::interval(interval, unit),
            None => format::quantity(length(bar), unit),
        })
        .collect();
    let label_width = widest(labels.iter(), look.width * 2 / 5);
    let value_width = widest(values.iter(), look.width);
    let columns = look.width.saturating_sub(label_width + value_width + 6).max(16);
    let ends = bars
        .rows
        .iter()
        .flat_map(|bar| [length(bar), bar.interval.map_or(0.0, |interval| interval.high)]);
    let span = span(&bars.axis, ends.chain([0.0]), columns);
    let mut canvas = Canvas::new(columns, bars.rows.len(), look);
    for (y, bar) in bars.rows.iter().enumerate() {
        let mut end = 0.0;
        for &(group, size) in &bar.parts {
            let from = column(&span, end);
            end += size;
            for x in from..column(&span, end) {
                canvas.put(x, y, filling(group, look), Some(colour(group)));
            }
        }
        // The end of the bar, and the interval around it.
        let line = if look.unicode { '─' } else { '~' };
        if let Some(interval) = bar
            .interval
            .filter(|interval| interval.low.is_finite() && interval.high.is_finite())
        {
            let (low, high) = (column(&span, interval.low), column(&span, interval.high));
            for x in column(&span, end)..=high {
                if low < high {
                    canvas.put(x, y, line, None);
                }
            }
        }
        if end > 0.0 && column(&span, end) == 0 {
            canvas.put(0, y, if look.unicode { '▏' } else { '|' }, None);
        }
    }
    let mut text = String::new();
    for (y, (label, value)) in labels.iter().zip(&values).enumerate() {
        text += &format!("  {}  {}  {value}\n", pad(label, label_width, look), canvas.row(y));
    }
    text += &axis_below(&bars.axis, &span, label_width + 4, look);
    let groups = names(&bars.groups).enumerate();
    let meaning: Vec<_> = groups
        .map(|(group, name)| (filling(group, look), group, name))
        .collect();
    let several = meaning.len() > 1;
    text + &legend(meaning.into_iter().filter(|_| several), label_width + 4, look)
}
