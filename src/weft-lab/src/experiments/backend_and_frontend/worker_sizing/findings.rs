//! What a record says beside the verdict.

use super::fit::Law;
use super::{LITTLE, Work, bend_of, cores, demand, little, medians, of_law, offered, ordered, rounds, swept};
use crate::format;
use crate::record::Record;
use crate::stats::{Interval, median};
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding};

pub(super) fn all(record: &Record) -> Vec<Finding> {
    let mut found = Vec::new();
    for work in [Work::Computing, Work::Mixed, Work::Waiting] {
        found.extend(where_it_bends(record, work));
    }
    found.extend(rule_of_thumb(record));
    for work in Work::ALL {
        found.extend(law(record, work));
    }
    found.extend(enough(record));
    found.extend(little_holds(record));
    found
}

fn finding(id: &str, text: Text, kind: EffectKind, effect: Interval) -> Option<Finding> {
    effect.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: text.with("effect", format::interval(&effect, "1")),
        effect: Some(Effect::new(kind, effect, "1")),
    })
}

fn where_it_bends(record: &Record, work: Work) -> Option<Finding> {
    let bend = bend_of(record, work);
    let most = swept(record, "throughput", work).last()?.0;
    let text = if bend.low > 0.9 * most {
        text!("{work}: no bend up to {most} workers.", most = most)
    } else {
        text!("{work}: the bend is at {effect} workers.")
    };
    let id = format!("bend-{}", work.id());
    finding(&id, text.with_text("work", work.label()), EffectKind::Difference, bend)
}

/// Cores × (1 + wait / compute), from the parameters alone (Goetz 2006).
fn rule_of_thumb(record: &Record) -> Option<Finding> {
    let (compute, all) = demand(&record.params, Work::Mixed);
    let rule = cores(record) as f64 * all / compute;
    (!record.series.is_empty() && rule.is_finite()).then(|| Finding {
        id: "rule-of-thumb".to_owned(),
        text: text!(
            "The rule cores × (1 + wait / compute) gives {rule} workers for requests that do both.",
            rule = format::number(rule)
        ),
        effect: None,
    })
}

fn law(record: &Record, work: Work) -> Option<Finding> {
    let points = swept(record, "throughput", work);
    let all: Vec<usize> = (0..rounds(&points)).collect();
    let points = medians(&ordered(&points), &all);
    let law = Law::fit(&points)?;
    let [sigma, kappa] = [
        of_law(record, work, |law| law.sigma),
        of_law(record, work, |law| law.kappa),
    ];
    let text = text!(
        "{work}: the universal scalability law fits with σ = {effect} and κ = {kappa}, and is off by {worst} where it fits worst.",
        work: work.label(),
        kappa = format::interval(&kappa, "1"),
        worst = format::quantity(law.worst(&points) * 100.0, "%")
    );
    finding(&format!("law-{}", work.id()), text, EffectKind::Difference, sigma)
}

/// The least workers of Little's law, and those from which on the latency is near the service alone.
fn enough(record: &Record) -> Option<Finding> {
    let work = Work::Mixed;
    let service = demand(&record.params, work).1;
    let latencies = swept(record, "p50", work);
    let (enough, _) = latencies.iter().find(|(_, blocks)| median(blocks) < 2.0 * service)?;
    let busy = offered(&record.params, cores(record), work);
    Some(Finding {
        id: "enough".to_owned(),
        text: text!(
            "Requests that compute and wait come so often that {busy} workers are busy on average, so fewer can't keep up; with {enough} the median time in the system is below twice that of the service.",
            busy = format::number(busy),
            enough = enough
        ),
        effect: None,
    })
}

fn little_holds(record: &Record) -> Vec<Finding> {
    let visits: usize = Work::ALL
        .into_iter()
        .flat_map(|work| swept(record, "counted", work))
        .map(|point| point.1.len())
        .sum();
    let whole = finding(
        "little",
        text!(
            "Little's law, {visits} times: the number counted in the system is {effect} times throughput × mean time in it.",
            visits = visits
        ),
        EffectKind::Ratio,
        little(record, "counted", "time_in"),
    );
    let served = finding(
        "little-served",
        text!("The same of the workers alone: {effect} times throughput × mean time with a worker."),
        EffectKind::Ratio,
        little(record, "counted_served", "time_served"),
    );
    whole.into_iter().chain(served).collect()
}

/// Little's law can't be wrong, so a difference says that something here was measured badly.
pub(super) fn doubt_of_little(record: &Record) -> Option<Doubt> {
    let ratio = little(record, "counted", "time_in");
    (ratio.low > LITTLE[1] || ratio.high < LITTLE[0]).then(|| {
        Doubt::new(
            "little",
            text!(
                "The number counted in the system is {ratio} times what Little's law gives, so the observer was late.",
                ratio = format::interval(&ratio, "1")
            ),
            text!("Close what runs beside it, or ask for a smaller load."),
        )
    })
}
