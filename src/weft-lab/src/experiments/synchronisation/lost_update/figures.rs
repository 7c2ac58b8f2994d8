//! The record of lost-update, drawn.

use super::{Cell, Cores, STARTS, SWEPT, Way, counted, swept_condition};
use crate::figure::{Axis, Bar, Bars, Curve, Curves, Figure, Plot};
use crate::judge;
use crate::record::Record;
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [shares(record), lengths(record)];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn shares(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let cells = [Cores::Several, Cores::One]
        .into_iter()
        .flat_map(|cores| Way::ALL.map(|way| Cell { way, cores }));
    let rows = cells.filter_map(|cell| {
        let blocks = counted(record, cell);
        let share = bootstrap.median(&blocks).map(|share| share * 100.0);
        (!blocks.is_empty()).then(|| Bar {
            label: cell.label(),
            parts: vec![(0, share.estimate)],
            interval: Some(share),
        })
    });
    let plot = Bars {
        axis: Axis::linear(text!("Additions that were lost, median of the trials"), "%").at(vec![0.0, 25.0, 50.0]),
        groups: vec![text!("Lost")],
        rows: rows.collect(),
    };
    Figure::new(
        record,
        "shares",
        text!("How many additions are lost"),
        text!(
            "A bar a way to add, with its 95% interval: the share of additions that are missing at the end. Several cores stand at the top, one core below; in each group load and store apart, load and store together, atomic addition."
        ),
        Plot::Bars(plot),
    )
}

fn start_label(start: &str) -> Text {
    if start == "together" {
        text!("Beginning together")
    } else {
        text!("Beginning as they are made")
    }
}

fn lengths(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |start: &'static str| Curve {
        name: start_label(start),
        points: SWEPT
            .into_iter()
            .map(|length| (length, record.blocks("lost", &swept_condition(length, start))))
            .filter(|(_, blocks)| !blocks.is_empty())
            .map(|(length, blocks)| (length as f64, bootstrap.median(blocks).map(|share| share * 100.0)))
            .collect(),
    };
    let plot = Curves {
        x: Axis::log(text!("Additions of each thread"), "1").at(SWEPT.map(|length| length as f64).to_vec()),
        y: Axis::linear(text!("Additions that were lost"), "%"),
        curves: STARTS
            .map(curve)
            .into_iter()
            .filter(|curve| !curve.points.is_empty())
            .collect(),
        region: None,
    };
    Figure::new(
        record,
        "lengths",
        text!("A short test sees nothing"),
        text!(
            "The share of lost additions against the number of additions of each thread, on a log axis, with 95% intervals: once with threads that wait for each other before they begin, once with threads that begin as soon as they are made."
        ),
        Plot::Curves(plot),
    )
}
