//! Curves over a sweep, on a small grid.

use weft_lab::figure::{Curve, Curves, Span};
use weft_lab::format;

use super::{Canvas, axis_below, colour, column, legend, sign, span, widest};
use crate::terminal::{Colour, Look};

/// Rows of the grid.
const ROWS: usize = 14;

pub(super) fn draw(curves: &Curves, look: &Look) -> String {
    let values = |curve: &Curve| {
        let ends = |(_, value): &(f64, weft_lab::stats::Interval)| [value.low, value.estimate, value.high];
        curve.points.iter().flat_map(ends).collect::<Vec<f64>>()
    };
    let all: Vec<f64> = curves.curves.iter().flat_map(values).collect();
    let end = i32::try_from(ROWS).unwrap_or(2) - 1;
    let y = Span::over(
        &curves.y,
        all.into_iter().chain(curves.region.into_iter().flatten()),
        (end, 0),
        ROWS / 2,
    );
    let ticks: Vec<(usize, String)> = y
        .ticks
        .iter()
        .filter(|tick| (y.min..=y.max).contains(*tick))
        .map(|&tick| (column(&y, tick), format::tick(tick, curves.y.unit)))
        .collect();
    let margin = widest(ticks.iter().map(|(_, label)| label), 16);
    let columns = look.width.saturating_sub(margin + 5).clamp(24, 80);
    let xs = curves
        .curves
        .iter()
        .flat_map(|curve| curve.points.iter().map(|point| point.0));
    let x = span(&curves.x, xs, columns);
    let mut canvas = Canvas::new(columns, ROWS, look);
    draw_region(&mut canvas, curves, &y, columns, look);
    for (index, curve) in curves.curves.iter().enumerate() {
        join(&mut canvas, curve, (&x, &y), colour(index), look);
    }
    let shared = draw_points(&mut canvas, curves, (&x, &y), look);
    let mut text = look.paint(&format!("  {}{}\n", curves.y.label.english(), log(curves)), Colour::Dim);
    let edge = if look.unicode { '│' } else { '|' };
    for row in 0..ROWS {
        let label = ticks.iter().find(|(at, _)| *at == row).map_or("", |(_, label)| label);
        text += &format!(
            "  {label:>margin$} {}{}\n",
            look.paint(&edge.to_string(), Colour::Dim),
            canvas.row(row).trim_end()
        );
    }
    text += &axis_below(&curves.x, &x, margin + 4, look);
    let names = curves.curves.iter().enumerate();
    let meaning = names.map(|(index, curve)| (sign(index, look), index, curve.name.english()));
    text += &legend(meaning, margin + 4, look);
    if shared {
        text += &format!("{}{} more than one\n", " ".repeat(margin + 4), shared_sign(look));
    }
    text
}

fn log(curves: &Curves) -> &'static str {
    if curves.y.scale == weft_lab::figure::Scale::Log {
        " (log scale)"
    } else {
        ""
    }
}

fn shared_sign(look: &Look) -> char {
    if look.unicode { '◉' } else { '*' }
}

fn draw_region(canvas: &mut Canvas<'_>, curves: &Curves, y: &Span, columns: usize, look: &Look) {
    let Some([low, high]) = curves.region else { return };
    let band = if look.unicode { '░' } else { ':' };
    for row in column(y, high)..=column(y, low) {
        for x in 0..columns {
            canvas.put(x, row, band, Some(Colour::Dim));
        }
    }
}

/// Dots from point to point.
fn join(canvas: &mut Canvas<'_>, curve: &Curve, (x, y): (&Span, &Span), colour: Colour, look: &Look) {
    let dot = if look.unicode { '·' } else { '.' };
    for pair in curve.points.windows(2) {
        let (from, to) = (column(x, pair[0].0), column(x, pair[1].0));
        let (start, end) = (
            column(y, pair[0].1.estimate) as f64,
            column(y, pair[1].1.estimate) as f64,
        );
        for at in from + 1..to {
            let share = (at - from) as f64 / (to - from) as f64;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a row of the grid"
            )]
            let row = (start + (end - start) * share).round() as usize;
            canvas.put(at, row, dot, Some(colour));
        }
    }
}

/// The points with their intervals, over all lines. Do two points share a place?
fn draw_points(canvas: &mut Canvas<'_>, curves: &Curves, (x, y): (&Span, &Span), look: &Look) -> bool {
    let line = if look.unicode { '│' } else { '|' };
    let points = || {
        let numbered = curves.curves.iter().enumerate();
        numbered.flat_map(|(index, curve)| curve.points.iter().map(move |point| (index, point)))
    };
    for (index, (at, value)) in points() {
        if value.low.is_finite() && value.high.is_finite() {
            for row in column(y, value.high)..=column(y, value.low) {
                canvas.put(column(x, *at), row, line, Some(colour(index)));
            }
        }
    }
    let mut shared = false;
    let signs: Vec<char> = (0..curves.curves.len()).map(|index| sign(index, look)).collect();
    for (index, (at, value)) in points().filter(|(_, (_, value))| value.estimate.is_finite()) {
        let (column, row) = (column(x, *at), column(y, value.estimate));
        let is_taken = signs.contains(&canvas.at(column, row)) || canvas.at(column, row) == shared_sign(look);
        if is_taken {
            shared = true;
            canvas.put(column, row, shared_sign(look), None);
        } else {
            canvas.put(column, row, sign(index, look), Some(colour(index)));
        }
    }
    shared
}
