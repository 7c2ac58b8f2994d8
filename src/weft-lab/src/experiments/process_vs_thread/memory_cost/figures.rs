//! The record of memory-cost, drawn.

use super::{KERNEL_STACKS, PAGE_TABLES, PSS, RSS, kind_of, slopes, slopes_of, swept, totals};
use crate::figure::{Axis, Bar, Bars, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::judge;
use crate::record::Record;
use crate::stats::median;
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [ratio(record), slope(record), parts(record), rss(record)];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

/// The sides that were measured, with their names.
fn measured(record: &Record) -> Vec<(usize, Text)> {
    let named = |side: usize| Some((side, kind_of(record, side)?.label()));
    (0..super::SIDES.len())
        .filter_map(named)
        .filter(|(side, _)| !swept(record, *side, PSS).is_empty())
        .collect()
}

fn ratio(record: &Record) -> Figure {
    let thread = slopes(record, 0);
    let rows = measured(record).into_iter().skip(1).map(|(side, name)| {
        let (label, value) = if side == 1 {
            let main = judge::paired_ratio(record, &thread, &slopes(record, 1)).0;
            (if record.is_aa() { text!("The same, A/A") } else { name }, main)
        } else {
            (
                name,
                judge::bootstrap_of_sweep(record).ratio(&thread, &slopes(record, side)),
            )
        };
        Mark { label, group: 0, value }
    });
    let plot = Marks {
        axis: Axis::log(text!("Times as much memory as one more thread"), "1"),
        groups: vec![text!("Processes")],
        rows: rows.filter(|row| row.value.low.is_finite()).collect(),
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times as much memory as a thread"),
        text!(
            "The memory of one more process over that of one more thread, with its 95% interval, on a log axis: a forked process, and a process that runs a new program. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn slope(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curves: Vec<Curve> = measured(record)
        .into_iter()
        .map(|(side, name)| Curve {
            name,
            points: added(record, side)
                .into_iter()
                .map(|(workers, blocks)| (workers, bootstrap.median(&blocks)))
                .collect(),
        })
        .collect();
    let ticks = curves
        .first()
        .map(|curve| curve.points.iter().map(|point| point.0).collect());
    let plot = Curves {
        x: Axis::log(text!("Workers"), "1").at(ticks.unwrap_or_default()),
        y: Axis::log(text!("Memory that the workers add to the group"), "kB"),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "slope",
        text!("Memory of the workers against their number"),
        text!(
            "PSS, page tables and kernel stacks of the whole group, less those of the parent without workers, against the number of workers, both on log axes, with 95% intervals: threads, forked processes, and processes that run a new program. Where each worker costs the same, the line is straight."
        ),
        Plot::Curves(plot),
    )
}

/// What workers add to the parent without any, round by round.
fn added(record: &Record, side: usize) -> Vec<(f64, Vec<f64>)> {
    let mut totals = totals(record, side).into_iter();
    let Some((_, alone)) = totals.next() else {
        return Vec::new();
    };
    totals
        .map(|(workers, blocks)| {
            (
                workers,
                blocks.iter().zip(&alone).map(|(all, alone)| all - alone).collect(),
            )
        })
        .collect()
}

fn parts(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let rows = measured(record).into_iter().map(|(side, label)| {
        let sized = [PSS, PAGE_TABLES, KERNEL_STACKS]
            .into_iter()
            .enumerate()
            .map(|(group, part)| (group, median(&slopes_of(record, side, part))))
            .filter(|(_, size)| size.is_finite());
        Bar {
            label,
            parts: sized.collect(),
            interval: Some(bootstrap.median(&slopes(record, side))),
        }
    });
    let plot = Bars {
        axis: Axis::linear(text!("Memory of one more worker"), "kB"),
        groups: vec![text!("PSS"), text!("Page tables"), text!("Kernel stack")],
        rows: rows.collect(),
    };
    Figure::new(
        record,
        "parts",
        text!("What one more worker takes, in parts"),
        text!(
            "A bar a kind of worker, from its proportional set size, its page tables and its kernel stack, in kilobytes for each further worker. The interval is that of the whole."
        ),
        Plot::Bars(plot),
    )
}

fn rss(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let rows = measured(record).into_iter().flat_map(|(side, label)| {
        [RSS, PSS].into_iter().enumerate().map(move |(group, quantity)| Mark {
            label: label.clone(),
            group,
            value: bootstrap.median(&slopes_of(record, side, quantity)),
        })
    });
    let plot = Marks {
        axis: Axis::log(text!("Memory of one more worker"), "kB"),
        groups: vec![text!("RSS"), text!("PSS")],
        rows: rows.filter(|row| row.value.low > 0.0).collect(),
        region: None,
        takes_prediction: false,
    };
    Figure::new(
        record,
        "rss",
        text!("What RSS says of the same workers"),
        text!(
            "Two dots a kind of worker on a log axis: what one more worker adds to the sum of the resident set sizes, and to the sum of the proportional set sizes. The distance is the error of the usual tool."
        ),
        Plot::Marks(plot),
    )
}
