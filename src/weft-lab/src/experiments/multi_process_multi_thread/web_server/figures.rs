//! The record of web-server, drawn.

use super::super::kind::Kind;
use super::client::Style;
use super::crash::OTHERS;
use super::findings::{crashed, latency, throughput};
use super::main_conditions;
use super::server::Model;
use crate::figure::{Axis, Bar, Bars, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::format;
use crate::judge;
use crate::record::Record;
use crate::stats::{Interval, proportion};
use crate::text::Text;

pub(super) fn all(record: &Record) -> Vec<Figure> {
    let figures = [
        ratio(record),
        limit(record, Style::Short),
        limit(record, Style::Kept),
        latencies(record, Style::Short),
        latencies(record, Style::Kept),
        crashes(record),
    ];
    figures.into_iter().filter(|figure| !figure.is_empty()).collect()
}

fn group(model: Model) -> usize {
    usize::from(model.is_processes())
}

fn ratio(record: &Record) -> Figure {
    let [processes, threads] = main_conditions(record.is_aa()).map(|side| record.blocks("throughput", &side));
    let bootstrap = judge::bootstrap_of_sweep(record);
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        Model::Thread.label()
    };
    let mut rows = vec![Mark {
        label,
        group: usize::from(record.is_aa()),
        value: judge::paired_ratio(record, processes, threads).0,
    }];
    let base = throughput(record, Model::Fork, Style::Short);
    for model in [Model::Prefork, Model::Pool, Model::Rayon, Model::Events] {
        rows.push(Mark {
            label: model.label(),
            group: group(model),
            value: bootstrap.ratio(base, throughput(record, model, Style::Short)),
        });
    }
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(
            text!("Short connections, in times as many as with a process for each"),
            "1",
        ),
        groups: Kind::groups(),
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times more short connections than with a process for each"),
        text!(
            "The number of short connections that each server handles in a second over that of a server with a process for each, with 95% intervals, on a log axis. A thread for each stands at the top. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn limit(record: &Record, style: Style) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let rows = Model::ALL
        .into_iter()
        .filter(|&model| !throughput(record, model, style).is_empty())
        .map(|model| Mark {
            label: model.label(),
            group: group(model),
            value: bootstrap.median(throughput(record, model, style)),
        });
    let plot = Marks {
        axis: Axis::log(text!("Requests answered in a second"), "1"),
        groups: Kind::groups(),
        rows: rows.collect(),
        region: None,
        takes_prediction: false,
    };
    let (id, title) = match style {
        Style::Short => ("limit-short", text!("Throughput, one request a connection")),
        Style::Kept => ("limit-kept", text!("Throughput on connections that are kept")),
    };
    Figure::new(
        record,
        id,
        title,
        text!(
            "A dot a server, on a log axis, with its 95% interval: how many requests one core answers in a second when the client always has the next one ready."
        ),
        Plot::Marks(plot),
    )
}

/// The quantiles, as the share of requests that take longer: 1 of 2, of 100, of 1,000.
const QUANTILES: [(&str, f64); 3] = [("p50", 2.0), ("p99", 100.0), ("p999", 1_000.0)];

fn latencies(record: &Record, style: Style) -> Figure {
    let curve = |model: Model| {
        let point = |(quantity, one_of): (&str, f64)| {
            let time = latency(record, quantity, (model, style))?;
            Some((one_of, Interval::exact(time)))
        };
        Curve {
            name: model.label(),
            points: QUANTILES.into_iter().filter_map(point).collect(),
        }
    };
    let rate = format::count(record.params.count("rate") as u64);
    let plot = Curves {
        x: Axis::log(text!("One request of so many takes longer"), "1").at(vec![2.0, 100.0, 1_000.0]),
        y: Axis::log(
            text!(
                "Latency from the planned moment, at {rate} requests a second",
                rate = rate
            ),
            "ns",
        ),
        curves: Model::ALL
            .map(curve)
            .into_iter()
            .filter(|curve| !curve.points.is_empty())
            .collect(),
        region: None,
    };
    let (id, title) = match style {
        Style::Short => (
            "latency-short",
            text!("Latency at a fixed rate, one request a connection"),
        ),
        Style::Kept => (
            "latency-kept",
            text!("Latency at a fixed rate, on connections that are kept"),
        ),
    };
    Figure::new(
        record,
        id,
        title,
        text!(
            "Both axes are logarithmic. For each server, the latency that one of two requests exceeds (p50), one of 100 (p99), and, where enough were sent, one of 1,000 (p99.9). Requests come at a fixed rate, whether or not earlier ones are answered."
        ),
        Plot::Curves(plot),
    )
}

fn crashes(record: &Record) -> Figure {
    let row = |model: Model| {
        let (trials, survivors, _) = crashed(record, model)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of connections"
        )]
        let share = proportion(survivors as usize, trials * OTHERS).map(|share| share * 100.0);
        Some(Bar {
            label: model.label(),
            parts: vec![(group(model), share.estimate)],
            interval: Some(share),
        })
    };
    let groups: Vec<Text> = Kind::groups();
    let plot = Bars {
        axis: Axis::linear(text!("Other connections that were still answered"), "%")
            .at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        groups,
        rows: Model::ALL.into_iter().filter_map(row).collect(),
    };
    Figure::new(
        record,
        "crash",
        text!("Who is still served after one handler crashed"),
        text!(
            "A bar a server: the share of the other open connections that were still answered after the handler of one connection had crashed, with 95% intervals."
        ),
        Plot::Bars(plot),
    )
}
