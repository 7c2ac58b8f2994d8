//! What else a record says of communication.

use super::link::Way;
use super::partner::{Cores, Path, Tasks};
use super::{MEMORY, Sight};
use crate::format;
use crate::judge;
use crate::record::Record;
use crate::stats::Interval;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

/// The blocks of a path in the comparison of all.
pub(super) fn blocks(record: &Record, path: Path) -> &[f64] {
    record.blocks("time", &path.condition())
}

pub(super) fn all(record: &Record, sight: &Sight) -> Vec<Finding> {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let at = |way, tasks, cores| blocks(record, Path { way, tasks, cores });
    let memory = blocks(record, MEMORY);
    let shared_threads = at(Way::SharedFutex, Tasks::Threads, Cores::One);
    let shared_processes = at(Way::SharedFutex, Tasks::Processes, Cores::One);
    let mut found: Vec<Finding> = sight_finding(sight).into_iter().collect();
    found.extend(finding(
        "futex-kind",
        text!(
            "Between threads on one core a futex that processes could share takes {effect} more for a message than a private one."
        ),
        EffectKind::Difference,
        bootstrap.difference(memory, shared_threads),
        "ns",
    ));
    found.extend(finding(
        "processes-share-memory",
        text!(
            "Through the same kind of shared memory with the same futex, a message between processes takes {effect} times as long as one between threads."
        ),
        EffectKind::Ratio,
        bootstrap.ratio(shared_threads, shared_processes),
        "1",
    ));
    found.extend(finding(
        "pipe-same-memory",
        text!("Between processes on one core a pipe takes {effect} times as long as shared memory with a futex."),
        EffectKind::Ratio,
        bootstrap.ratio(shared_processes, at(Way::Pipe, Tasks::Processes, Cores::One)),
        "1",
    ));
    found.extend(finding(
        "two-cores",
        text!(
            "Across two cores a message through a pipe between processes takes {effect} times as long as through memory that threads share."
        ),
        EffectKind::Ratio,
        bootstrap.ratio(
            at(Way::PrivateFutex, Tasks::Threads, Cores::Two),
            at(Way::Pipe, Tasks::Processes, Cores::Two),
        ),
        "1",
    ));
    let spinning = bootstrap.median(at(Way::Spin, Tasks::Processes, Cores::Two));
    if spinning.low.is_finite() {
        found.push(Finding {
            id: "spinning".to_owned(),
            text: text!(
                "Across two cores a message between processes that spin takes {time}.",
                time = format::interval(&spinning, "ns")
            ),
            effect: None,
        });
    }
    found
}

fn finding(id: &str, template: Text, kind: EffectKind, effect: Interval, unit: &str) -> Option<Finding> {
    effect.low.is_finite().then(|| Finding {
        id: id.to_owned(),
        text: template.with("effect", format::interval(&effect, unit)),
        effect: Some(Effect::new(kind, effect, unit)),
    })
}

fn sight_finding(sight: &Sight) -> Option<Finding> {
    let trials = sight.least_trials();
    if trials == 0 || sight.is_refuted() || sight.is_control_broken() {
        return None;
    }
    let text = text!(
        "A process saw every write to a shared mapping. With {trials} trials of each kind the rate of exceptions is below {bound} (95%, rule of three).",
        trials = format::count(trials),
        bound = format::quantity(300.0 / trials as f64, "%")
    );
    Some(Finding {
        id: "seen".to_owned(),
        text,
        effect: None,
    })
}
