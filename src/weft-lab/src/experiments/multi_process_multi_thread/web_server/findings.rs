//! What else a record says of servers.

use super::client::Style;
use super::crash::OTHERS;
use super::server::Model;
use super::{ENOUGH_FOR_P999, cell_condition};
use crate::format;
use crate::judge;
use crate::record::{Condition, Record};
use crate::stats::{Interval, median};
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

/// The throughput of a server at its limit.
pub(super) fn throughput(record: &Record, model: Model, style: Style) -> &[f64] {
    record.blocks("throughput", &cell_condition((model, style)))
}

/// One quantity of the open loop; for quantiles the median over visits.
pub(super) fn latency(record: &Record, quantity: &str, cell: (Model, Style)) -> Option<f64> {
    let value = median(record.blocks(quantity, &cell_condition(cell)));
    value.is_finite().then_some(value)
}

pub(super) fn all(record: &Record) -> Vec<Finding> {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let ratio =
        |style, first, second| bootstrap.ratio(throughput(record, first, style), throughput(record, second, style));
    let mut found = Vec::new();
    found.extend(finding(
        "kept",
        text!("On connections that are kept, threads serve {effect} times as many requests as processes do."),
        ratio(Style::Kept, Model::Fork, Model::Thread),
    ));
    found.extend(finding(
        "prefork",
        text!("Processes that were made before serve {effect} times as many short connections as a thread for each."),
        ratio(Style::Short, Model::Thread, Model::Prefork),
    ));
    found.extend(finding(
        "pool",
        text!("A pool of threads serves {effect} times as many short connections as a thread for each."),
        ratio(Style::Short, Model::Thread, Model::Pool),
    ));
    found.extend(finding(
        "rayon",
        text!("rayon's pool serves {effect} times as many short connections as the one written by hand."),
        ratio(Style::Short, Model::Pool, Model::Rayon),
    ));
    found.extend(finding(
        "events",
        text!(
            "On connections that are kept, the event loop serves {effect} times as many requests as a thread for each."
        ),
        ratio(Style::Kept, Model::Thread, Model::Events),
    ));
    found.extend(tail(record));
    found.extend(omission(record));
    found.extend(unanswered(record));
    found.extend(Model::ALL.into_iter().filter_map(|model| crash(record, model)));
    found
}

fn finding(id: &str, template: Text, ratio: Interval) -> Option<Finding> {
    ratio.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: template.with("effect", format::interval(&ratio, "1")),
        effect: Some(Effect::new(EffectKind::Ratio, ratio, "1")),
    })
}

fn plain(id: &str, text: Text) -> Finding {
    Finding {
        id: id.to_owned(),
        text,
        effect: None,
    }
}

fn tail(record: &Record) -> Option<Finding> {
    let of = |model| latency(record, "p999", (model, Style::Short)).map(|time| format::quantity(time, "ns"));
    let (Some(processes), Some(threads)) = (of(Model::Fork), of(Model::Thread)) else {
        // A run without any latency has nothing to say about its tail.
        latency(record, "p50", (Model::Fork, Style::Short))?;
        let text = text!(
            "The slowest of 1,000 requests needs {count} of them, which a quick run does not send: pass --full.",
            count = format::count(ENOUGH_FOR_P999 as u64)
        );
        return Some(plain("tail", text));
    };
    let rate = format::count(record.params.count("rate") as u64);
    Some(plain(
        "tail",
        text!(
            "At {rate} short connections a second, 1 of 1,000 takes longer than {processes} with a process for each, and longer than {threads} with a thread for each.",
            rate = rate,
            processes = processes,
            threads = threads
        ),
    ))
}

/// How much a clock that starts with the sending leaves out: where the schedule and the sending lie farthest apart.
fn omission(record: &Record) -> Option<Finding> {
    let cells = Style::ALL
        .into_iter()
        .flat_map(|style| Model::ALL.map(|model| (model, style)));
    let gap = |cell| {
        let p99 = latency(record, "p99", cell)?;
        let sent = latency(record, "p99_from_send", cell)?;
        Some((cell.0, p99, sent))
    };
    let widest = cells
        .filter_map(gap)
        .max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)))?;
    let (model, scheduled, sent) = widest;
    Some(plain(
        "omission",
        text!(
            "The clock matters most for this server: {server}. 1 of 100 requests took longer than {scheduled} from the moment planned for it, and longer than {sent} from the moment of sending.",
            server: model.label(),
            scheduled = format::quantity(scheduled, "ns"),
            sent = format::quantity(sent, "ns")
        ),
    ))
}

fn unanswered(record: &Record) -> Option<Finding> {
    let sum = |quantity: &str| -> f64 {
        let series = record.select(quantity, Condition::default());
        series.flat_map(|series| series.blocks.iter()).sum()
    };
    let (unanswered, answered) = (sum("unanswered"), sum("answered"));
    (unanswered > 0.0).then(|| {
        plain(
            "unanswered",
            text!(
                "Of {planned} requests of the open loop {unanswered} had no answer when the client gave up: the rate is too high for a server here.",
                planned = format::number(unanswered + answered),
                unanswered = format::number(unanswered)
            ),
        )
    })
}

/// What a crash left of the other connections: trials, connections that were still answered, trials in which a new one was.
pub(super) fn crashed(record: &Record, model: Model) -> Option<(usize, f64, f64)> {
    let condition = Condition::of("server", model.id());
    let survivors = record.blocks("survivors", &condition);
    let accepts = record.blocks("accepts", &condition);
    (!survivors.is_empty()).then(|| (survivors.len(), survivors.iter().sum(), accepts.iter().sum()))
}

fn crash(record: &Record, model: Model) -> Option<Finding> {
    let (trials, survivors, accepts) = crashed(record, model)?;
    Some(plain(
        &format!("crash-{}", model.id()),
        text!(
            "{server}: after {trials} crashes of one handler {survivors} of {others} other connections were still answered, and a new one {accepts} times.",
            server: model.label(),
            trials = trials,
            survivors = survivors,
            others = trials * OTHERS,
            accepts = accepts
        ),
    ))
}
