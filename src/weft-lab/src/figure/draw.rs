//! Drawing a figure as SVG with plotters' SVG backend, which needs no fonts.
//!
//! A drawing bears the light theme's colours. The book's style sheet turns each of them into a variable, so one drawing
//! serves all themes; a file that stands alone carries a style of its own for a dark screen.

use std::fmt::Write;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::Span;
use super::{Bars, Curves, Figure, Marks, Plot, Scale};
use crate::format;
use crate::stats::Interval;
use crate::text::{Text, Translate};

const WIDTH: i32 = 760;
pub(super) const INK: RGBColor = RGBColor(0x1a, 0x1a, 0x1a);
pub(super) const DIM: RGBColor = RGBColor(0x59, 0x59, 0x59);
pub(super) const GRID: RGBColor = RGBColor(0xd9, 0xd9, 0xd9);
pub(super) const PAPER: RGBColor = RGBColor(0xff, 0xff, 0xff);
pub(super) const REGION: RGBColor = RGBColor(0xe8, 0xee, 0xf5);

/// Okabe and Ito's palette for colour-blind readers (2008), the darker colours first.
const SERIES: [RGBColor; 6] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x56, 0xb4, 0xe9),
];

/// What the colours become on a dark screen, for a drawing that stands alone.
const DARK: &str = "<style>@media (prefers-color-scheme: dark){\
[fill=\"#1A1A1A\"]{fill:#e8e8ee}[stroke=\"#1A1A1A\"]{stroke:#e8e8ee}\
[fill=\"#595959\"]{fill:#b4b8c2}[stroke=\"#595959\"]{stroke:#b4b8c2}\
[fill=\"#D9D9D9\"]{fill:#444956}[stroke=\"#D9D9D9\"]{stroke:#444956}\
[fill=\"#FFFFFF\"]{fill:#16181d}[stroke=\"#FFFFFF\"]{stroke:#16181d}\
[fill=\"#E8EEF5\"]{fill:#27364a}\
[fill=\"#0072B2\"]{fill:#4d9fea}[stroke=\"#0072B2\"]{stroke:#4d9fea}\
[fill=\"#D55E00\"]{fill:#ff8445}[stroke=\"#D55E00\"]{stroke:#ff8445}\
[fill=\"#009E73\"]{fill:#2cc295}[stroke=\"#009E73\"]{stroke:#2cc295}\
[fill=\"#CC79A7\"]{fill:#e69bc4}[stroke=\"#CC79A7\"]{stroke:#e69bc4}\
}</style>";

pub(super) type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Figure {
    /// The drawing, for a page that brings the colours. Its words are in the language of `translate`.
    #[must_use]
    pub fn svg(&self, translate: Translate<'_>) -> String {
        self.draw(translate, "")
    }

    /// The drawing as a file that stands alone, with the machine's line below the plot.
    #[must_use]
    pub fn svg_file(&self, translate: Translate<'_>) -> String {
        self.draw(translate, DARK)
    }

    fn draw(&self, translate: Translate<'_>, style: &str) -> String {
        let say = |text: &Text| text.render(translate);
        let frame = Frame::of(self, &say);
        // A file bears its title and machine itself; on a page they stand beside the drawing.
        let stands_alone = !style.is_empty();
        let (above, below) = if stands_alone { (34, 30) } else { (0, 0) };
        let height = frame.height + above + below;
        let mut body = String::new();
        {
            let root = SVGBackend::with_string(&mut body, (px(WIDTH), px(height))).into_drawing_area();
            // Writing into a string does not fail; a part that can't be drawn is left out.
            let _drawn = root.fill(&PAPER);
            if stands_alone {
                write_text(&root, &say(&self.title), (14, 12), 17, INK, HPos::Left);
                write_text(&root, &say(&self.machine), (14, height - 22), 12, DIM, HPos::Left);
            }
            let area = root.margin(above, below, 0, 0);
            frame.draw(self, &area, &say);
            let _presented = root.present();
        }
        self.with_head(&body, &frame, height, translate, style)
    }

    /// plotters writes the outer element without a title, and in pixels; this gives it one, and lets it scale.
    fn with_head(&self, body: &str, frame: &Frame, height: i32, translate: Translate<'_>, style: &str) -> String {
        let inner = body
            .find("<svg")
            .and_then(|start| body[start..].find('>').map(|end| &body[start + end + 1..]));
        // A page may hold figures of several experiments.
        let id = format!("weft-{}-{}", self.experiment, self.id);
        let mut attributes = format!(
            "xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\""
        );
        if let Plot::Marks(Marks {
            takes_prediction: true, ..
        }) = &self.plot
        {
            let Span {
                scale,
                min,
                max,
                start,
                end,
                ..
            } = &frame.x;
            let scale = if *scale == Scale::Log { "log" } else { "linear" };
            let (top, bottom) = (frame.top, frame.bottom);
            let _written = write!(
                attributes,
                " data-prediction-axis=\"x\" data-x-scale=\"{scale}\" data-x-min=\"{min:.6}\" data-x-max=\"{max:.6}\" data-px0=\"{start}\" data-px1=\"{end}\" data-py0=\"{top}\" data-py1=\"{bottom}\""
            );
        }
        let title = escape(&self.title.render(translate));
        let description = escape(&self.description.render(translate));
        format!(
            "<svg {attributes}><title id=\"{id}-title\">{title}</title><desc id=\"{id}-desc\">{description}</desc>{style}{}",
            inner.unwrap_or("</svg>").trim()
        )
    }
}

/// Text as it may stand in HTML or XML.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Where everything of a figure goes.
pub(super) struct Frame {
    height: i32,
    /// The plot's upper and lower edge.
    top: i32,
    bottom: i32,
    pub(super) x: Span,
    /// For curves.
    y: Option<Span>,
    /// The distance between two rows.
    row: i32,
}

const ROW: i32 = 30;
const LEGEND: i32 = 30;

impl Frame {
    fn of(figure: &Figure, say: &dyn Fn(&Text) -> String) -> Frame {
        match &figure.plot {
            Plot::Gantt(gantt) => Frame::of_gantt(gantt, say),
            Plot::Marks(marks) => {
                let values = marks
                    .rows
                    .iter()
                    .flat_map(|row| ends(&row.value))
                    .chain(marks.region.into_iter().flatten());
                let labels = marks.rows.iter().map(|row| say(&row.label));
                let numbers = marks
                    .rows
                    .iter()
                    .map(|row| format::interval(&row.value, marks.axis.unit));
                let top = 12 + legend_height(&marks.groups);
                Frame::rows(
                    top,
                    marks.rows.len(),
                    &marks.axis,
                    values,
                    (widest(labels), widest(numbers)),
                )
            }
            Plot::Bars(bars) => {
                let lengths = bars
                    .rows
                    .iter()
                    .map(|bar| bar.parts.iter().map(|part| part.1).sum::<f64>());
                let highs = bars
                    .rows
                    .iter()
                    .filter_map(|bar| bar.interval.map(|interval| interval.high));
                let labels = bars.rows.iter().map(|bar| say(&bar.label));
                let numbers = bars.rows.iter().map(|bar| bar_number(bars, bar));
                let widths = (widest(labels), widest(numbers));
                let top = 12 + legend_height(&bars.groups);
                Frame::rows(
                    top,
                    bars.rows.len(),
                    &bars.axis,
                    lengths.chain(highs).chain([0.0]),
                    widths,
                )
            }
            Plot::Map(map) => Frame {
                height: map.bottom() + 14,
                top: map.top(),
                bottom: map.bottom(),
                x: Span::over(
                    &super::Axis::linear(Text::default(), "1"),
                    std::iter::empty(),
                    (0, WIDTH),
                    2,
                ),
                y: None,
                row: 0,
            },
            Plot::Curves(curves) => {
                let top = 34 + legend_lines(curves.curves.len()) * LEGEND;
                let bottom = top + 270;
                let points = || curves.curves.iter().flat_map(|curve| &curve.points);
                let y_values = points()
                    .flat_map(|(_, value)| ends(value))
                    .chain(curves.region.into_iter().flatten());
                let y = Span::over(&curves.y, y_values, (bottom, top), 7);
                let x = Span::over(&curves.x, points().map(|point| point.0), (76, WIDTH - 24), 9);
                Frame {
                    height: bottom + 54,
                    top,
                    bottom,
                    x,
                    y: Some(y),
                    row: 0,
                }
            }
        }
    }

    pub(super) fn rows(
        top: i32,
        count: usize,
        axis: &super::Axis,
        values: impl Iterator<Item = f64>,
        widths: (i32, i32),
    ) -> Frame {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        let bottom = top + count.max(1) * ROW + 8;
        let left = (widths.0 + 26).clamp(60, 360);
        let right = WIDTH - (widths.1 + 26).clamp(40, 240);
        let most_ticks = usize::try_from((right - left) / 58).unwrap_or(2).max(2);
        let x = Span::over(axis, values, (left, right), most_ticks);
        Frame {
            height: bottom + 54,
            top,
            bottom,
            x,
            y: None,
            row: ROW,
        }
    }

    fn draw(&self, figure: &Figure, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
        match &figure.plot {
            Plot::Marks(marks) => self.draw_marks(marks, area, say),
            Plot::Bars(bars) => self.draw_bars(bars, area, say),
            Plot::Curves(curves) => self.draw_curves(curves, area, say),
            Plot::Gantt(gantt) => self.draw_gantt(gantt, area, say),
            Plot::Map(map) => map.draw(area, say),
        }
    }

    pub(super) fn row_middle(&self, index: usize) -> i32 {
        self.top + 4 + i32::try_from(index).unwrap_or(0) * self.row + self.row / 2
    }

    fn draw_marks(&self, marks: &Marks, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
        if let Some([low, high]) = marks.region {
            fill_rect(
                area,
                (self.x.place(low), self.top),
                (self.x.place(high), self.bottom),
                REGION,
            );
        }
        self.draw_x_axis(&marks.axis, area, say);
        draw_legend(&marks.groups, area, say);
        for (index, row) in marks.rows.iter().enumerate() {
            let y = self.row_middle(index);
            let colour = colour(row.group);
            write_text(area, &say(&row.label), (self.x.start - 12, y), 14, INK, HPos::Right);
            let (low, high) = (self.x.place(row.value.low), self.x.place(row.value.high));
            draw_line(area, (low, y), (high, y), colour, 2);
            for end in [low, high] {
                draw_line(area, (end, y - 5), (end, y + 5), colour, 2);
            }
            draw_mark(area, row.group, (self.x.place(row.value.estimate), y), 5);
            let number = format::interval(&row.value, marks.axis.unit);
            write_text(area, &number, (self.x.end + 12, y), 13, INK, HPos::Left);
        }
    }

    fn draw_bars(&self, bars: &Bars, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
        self.draw_x_axis(&bars.axis, area, say);
        draw_legend(&bars.groups, area, say);
        for (index, bar) in bars.rows.iter().enumerate() {
            let y = self.row_middle(index);
            write_text(area, &say(&bar.label), (self.x.start - 12, y), 14, INK, HPos::Right);
            let mut reached = 0.0;
            for &(group, size) in &bar.parts {
                let (from, to) = (self.x.place(reached), self.x.place(reached + size));
                fill_rect(area, (from, y - 9), (to, y + 9), colour(group));
                // A line of paper keeps neighbouring parts apart without their colours.
                draw_line(area, (to, y - 9), (to, y + 9), PAPER, 1);
                reached += size;
            }
            if let Some(interval) = &bar.interval {
                let (low, high) = (self.x.place(interval.low), self.x.place(interval.high));
                draw_line(area, (low, y), (high, y), INK, 2);
                for end in [low, high] {
                    draw_line(area, (end, y - 5), (end, y + 5), INK, 2);
                }
            }
            write_text(area, &bar_number(bars, bar), (self.x.end + 12, y), 13, INK, HPos::Left);
        }
    }

    fn draw_curves(&self, curves: &Curves, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
        let Some(y_axis) = &self.y else { return };
        if let Some([low, high]) = curves.region {
            fill_rect(
                area,
                (self.x.start, y_axis.place(high)),
                (self.x.end, y_axis.place(low)),
                REGION,
            );
        }
        for &tick in &y_axis.ticks {
            let y = y_axis.place(tick);
            draw_line(area, (self.x.start, y), (self.x.end, y), GRID, 1);
            write_text(
                area,
                &format::tick(tick, curves.y.unit),
                (self.x.start - 8, y),
                13,
                DIM,
                HPos::Right,
            );
        }
        write_text(
            area,
            &axis_name(&curves.y, say),
            (12, self.top - 16),
            13,
            INK,
            HPos::Left,
        );
        self.draw_x_axis(&curves.x, area, say);
        let names: Vec<Text> = curves.curves.iter().map(|curve| curve.name.clone()).collect();
        draw_legend(&names, area, say);
        for (index, curve) in curves.curves.iter().enumerate() {
            let at = |(x, value): &(f64, Interval)| (self.x.place(*x), y_axis.place(value.estimate));
            let colour = colour(index);
            let path: Vec<(i32, i32)> = curve.points.iter().map(at).collect();
            let _drawn = area.draw(&PathElement::new(path, colour.stroke_width(2)));
            for point in &curve.points {
                let (x, y) = at(point);
                let (low, high) = (y_axis.place(point.1.low), y_axis.place(point.1.high));
                draw_line(area, (x, low), (x, high), colour, 2);
                for end in [low, high] {
                    draw_line(area, (x - 4, end), (x + 4, end), colour, 2);
                }
                draw_mark(area, index, (x, y), 4);
            }
        }
    }

    pub(super) fn draw_x_axis(&self, axis: &super::Axis, area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
        for &tick in &self.x.ticks {
            let x = self.x.place(tick);
            draw_line(area, (x, self.top), (x, self.bottom), GRID, 1);
            write_text(
                area,
                &format::tick(tick, axis.unit),
                (x, self.bottom + 14),
                13,
                DIM,
                HPos::Center,
            );
        }
        draw_line(area, (self.x.start, self.bottom), (self.x.end, self.bottom), DIM, 1);
        let middle = i32::midpoint(self.x.start, self.x.end);
        write_text(
            area,
            &axis_name(axis, say),
            (middle, self.bottom + 36),
            13,
            INK,
            HPos::Center,
        );
    }
}

const LEGEND_COLUMNS: usize = 3;

fn legend_lines(entries: usize) -> i32 {
    i32::try_from(entries.div_ceil(LEGEND_COLUMNS)).unwrap_or(1)
}

pub(super) fn legend_height(groups: &[Text]) -> i32 {
    if groups.len() > 1 {
        legend_lines(groups.len()) * LEGEND
    } else {
        0
    }
}

pub(super) fn draw_legend(groups: &[Text], area: &Canvas<'_>, say: &dyn Fn(&Text) -> String) {
    if groups.len() < 2 {
        return;
    }
    for (index, group) in groups.iter().enumerate() {
        let (line, column) = (index / LEGEND_COLUMNS, index % LEGEND_COLUMNS);
        let x = 22 + i32::try_from(column).unwrap_or(0) * 245;
        let y = 18 + i32::try_from(line).unwrap_or(0) * LEGEND;
        draw_mark(area, index, (x, y), 6);
        write_text(area, &say(group), (x + 14, y), 14, INK, HPos::Left);
    }
}

fn axis_name(axis: &super::Axis, say: &dyn Fn(&Text) -> String) -> String {
    let label = say(&axis.label);
    if axis.scale == Scale::Log {
        format!("{label} ({})", say(&text!("log scale")))
    } else {
        label
    }
}

fn bar_number(bars: &Bars, bar: &super::Bar) -> String {
    match &bar.interval {
        Some(interval) => format::interval(interval, bars.axis.unit),
        None => format::quantity(bar.parts.iter().map(|part| part.1).sum(), bars.axis.unit),
    }
}

fn ends(value: &Interval) -> [f64; 3] {
    [value.low, value.estimate, value.high]
}

/// The width of the widest text in pixels at size 14, roughly: Korean letters are twice as wide.
pub(super) fn widest(texts: impl Iterator<Item = String>) -> i32 {
    texts.map(|text| text_width(&text)).max().unwrap_or(0)
}

pub(super) fn text_width(text: &str) -> i32 {
    text.chars()
        .map(|letter| if letter > '\u{1100}' { 14 } else { 8 })
        .sum()
}

pub(super) fn colour(index: usize) -> RGBColor {
    SERIES[index % SERIES.len()]
}

/// A circle, a square, a diamond or a triangle: groups differ by more than colour.
pub(super) fn draw_mark(area: &Canvas<'_>, group: usize, (x, y): (i32, i32), size: i32) {
    let style = colour(group).filled();
    let _drawn = match group % 4 {
        0 => area.draw(&Circle::new((x, y), size, style)),
        1 => area.draw(&Rectangle::new([(x - size, y - size), (x + size, y + size)], style)),
        2 => area.draw(&Polygon::new(
            vec![
                (x, y - size - 2),
                (x + size + 2, y),
                (x, y + size + 2),
                (x - size - 2, y),
            ],
            style,
        )),
        _ => area.draw(&Polygon::new(
            vec![(x, y - size - 1), (x + size + 1, y + size), (x - size - 1, y + size)],
            style,
        )),
    };
}

pub(super) fn draw_line(area: &Canvas<'_>, from: (i32, i32), to: (i32, i32), colour: RGBColor, width: u32) {
    let _drawn = area.draw(&PathElement::new(vec![from, to], colour.stroke_width(width)));
}

pub(super) fn fill_rect(area: &Canvas<'_>, from: (i32, i32), to: (i32, i32), colour: RGBColor) {
    let _drawn = area.draw(&Rectangle::new([from, to], colour.filled()));
}

pub(super) fn write_text(area: &Canvas<'_>, text: &str, at: (i32, i32), size: i32, colour: RGBColor, anchor: HPos) {
    // plotters takes the height of a line, which is 1.24 times the size of its letters.
    let style = ("sans-serif", f64::from(size) * 1.24)
        .into_font()
        .color(&colour)
        .pos(Pos::new(anchor, VPos::Center));
    let _drawn = area.draw(&plotters::element::Text::new(text.to_owned(), at, style));
}

fn px(length: i32) -> u32 {
    u32::try_from(length).unwrap_or(1)
}
