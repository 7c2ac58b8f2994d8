//! A figure as a small plot in text.

mod bars;
mod canvas;
mod curves;
mod gantt;
mod map;
mod marks;

use weft_lab::Figure;
use weft_lab::figure::{Axis, Plot, Scale, Span};
use weft_lab::format;
use weft_lab::text::Text;

use super::{Colour, Look, wrap};
use canvas::Canvas;

/// Draws a figure: its title, the plot, and what the signs mean.
pub(crate) fn draw(figure: &Figure, look: &Look) -> String {
    let plot = match &figure.plot {
        Plot::Marks(marks) => marks::draw(marks, look),
        Plot::Curves(curves) => curves::draw(curves, look),
        Plot::Bars(bars) => bars::draw(bars, look),
        Plot::Gantt(gantt) => gantt::draw(gantt, look),
        Plot::Map(map) => map::draw(map, look),
    };
    look.bold(&wrap(&figure.title.english(), 0, 2, look.width)) + &plot
}

/// The colours of groups and curves, in the order of the book's palette as near as a terminal comes to it.
const COLOURS: [Colour; 5] = [
    Colour::Blue,
    Colour::Yellow,
    Colour::Green,
    Colour::Magenta,
    Colour::Red,
];

fn colour(group: usize) -> Colour {
    COLOURS[group % COLOURS.len()]
}

/// The sign of a group or curve: each its own, so that colour is not needed.
fn sign(group: usize, look: &Look) -> char {
    let signs = if look.unicode {
        ['●', '◆', '▲', '■', '○', '◇']
    } else {
        ['o', 'x', '+', '#', '@', '%']
    };
    signs[group % signs.len()]
}

/// The sign that fills the parts of a group.
fn filling(group: usize, look: &Look) -> char {
    let signs = if look.unicode {
        ['█', '▒', '░', '▓']
    } else {
        ['#', '=', '-', '.']
    };
    signs[group % signs.len()]
}

/// The widest of these, at most `most` columns.
fn widest<'a>(texts: impl Iterator<Item = &'a String>, most: usize) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0).min(most)
}

/// `text` in exactly `width` columns, from the left.
fn pad(text: &str, width: usize, look: &Look) -> String {
    let length = text.chars().count();
    if length <= width {
        return format!("{text}{}", " ".repeat(width - length));
    }
    let ellipsis = if look.unicode { "…" } else { "~" };
    text.chars().take(width.saturating_sub(1)).collect::<String>() + ellipsis
}

/// An axis over `columns` columns.
fn span(axis: &Axis, values: impl Iterator<Item = f64>, columns: usize) -> Span {
    let end = i32::try_from(columns).unwrap_or(i32::MAX).max(2) - 1;
    // A tick's words take about eight columns.
    Span::over(axis, values, (0, end), (columns / 8).max(2))
}

/// The column of a value.
fn column(span: &Span, value: f64) -> usize {
    usize::try_from(span.place(value)).unwrap_or(0)
}

/// The line of an axis below a plot, its ticks with their values, and its name; all after `indent` columns.
fn axis_below(axis: &Axis, span: &Span, indent: usize, look: &Look) -> String {
    let columns = usize::try_from(span.end).unwrap_or(0) + 1;
    let mut canvas = Canvas::new(columns, 2, look);
    let (line, tick) = if look.unicode { ('─', '┬') } else { ('-', '+') };
    for x in 0..columns {
        canvas.put(x, 0, line, Some(Colour::Dim));
    }
    let mut free_from = 0;
    for &value in span.ticks.iter().filter(|tick| (span.min..=span.max).contains(*tick)) {
        let label = format::tick(value, axis.unit);
        let (x, length) = (column(span, value), label.chars().count());
        let start = x.saturating_sub(length / 2).min(columns.saturating_sub(length));
        if start >= free_from {
            canvas.put(x, 0, tick, Some(Colour::Dim));
            canvas.write(start, 1, &label);
            free_from = start + length + 1;
        }
    }
    let scale = if axis.scale == Scale::Log { " (log scale)" } else { "" };
    let name = format!("{}{scale}", axis.label.english());
    canvas.lines(indent) + &look.paint(&wrap(&name, indent, indent, look.width), Colour::Dim)
}

/// What the signs mean.
fn legend(groups: impl Iterator<Item = (char, usize, String)>, indent: usize, look: &Look) -> String {
    let mut text = String::new();
    let mut used = 0;
    for (sign, group, name) in groups {
        let length = name.chars().count() + 2;
        if used > 0 && used + 3 + length > look.width {
            text.push('\n');
            used = 0;
        }
        let gap = if used == 0 { indent } else { 3 };
        text += &format!(
            "{}{} {name}",
            " ".repeat(gap),
            look.paint(&sign.to_string(), colour(group))
        );
        used += gap + length;
    }
    if used > 0 {
        text.push('\n');
    }
    text
}

fn names(texts: &[Text]) -> impl Iterator<Item = String> {
    texts.iter().map(Text::english)
}

#[cfg(test)]
mod tests;
