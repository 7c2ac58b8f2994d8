//! What a record says beside the verdict.

use super::{Program, STEPS, step};
use crate::format;
use crate::record::{Condition, Record};
use crate::stats::proportion;
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding};

/// What a state's letter means.
pub(super) fn state_name(state: &str) -> Text {
    match state {
        "R" => text!("R: runs or wants to"),
        "S" => text!("S: sleeps"),
        "D" => text!("D: uninterruptible wait"),
        "T" => text!("T: stopped"),
        "Z" => text!("Z: zombie"),
        "I" => text!("I: idle"),
        _ => text!("{state}: see proc_pid_stat(5)", state = state),
    }
}

pub(super) fn findings(record: &Record) -> Vec<Finding> {
    [steps(record), census(record), kernel(record)]
        .into_iter()
        .flatten()
        .collect()
}

/// How many of the steps that a life has were seen in the state in which they should be.
fn steps(record: &Record) -> Option<Finding> {
    let blocks = || (0..STEPS.len()).flat_map(|number| record.blocks("seen", &step(number)));
    let (all, seen) = (blocks().count(), blocks().filter(|seen| **seen > 0.5).count());
    let unseen = (0..STEPS.len()).find(|&number| record.blocks("seen", &step(number)).iter().any(|seen| *seen < 0.5));
    let text = match unseen {
        None => text!(
            "The parent saw every state that it led the child into: {all} of {all}.",
            all = format::count(all as u64)
        ),
        Some(number) => text!(
            "The parent saw {seen} of {all} states that it led the child into; the first that it missed is {state}.",
            seen = format::count(seen as u64),
            all = format::count(all as u64),
            state = STEPS[number].1
        ),
    };
    (all > 0).then(|| Finding {
        id: "states".to_owned(),
        text,
        effect: Some(Effect::new(EffectKind::Proportion, proportion(seen, all), "1")),
    })
}

/// How many processes of this kind and state the machine had when the run began.
pub(super) fn processes(record: &Record, of: &str, state: Option<&str>) -> f64 {
    let condition = Condition::of("of", of);
    let condition = match state {
        Some(state) => condition.and("state", state),
        None => condition,
    };
    record
        .select("processes", condition)
        .flat_map(|series| &series.blocks)
        .sum()
}

/// A count of a record, which is a whole number.
fn counted(number: f64) -> String {
    format!("{number:.0}")
}

fn census(record: &Record) -> Option<Finding> {
    let all = processes(record, "program", None);
    let running = processes(record, "program", Some("R"));
    (all > 0.0).then(|| Finding {
        id: "census".to_owned(),
        text: text!(
            "When the run began /proc listed {all} processes that run a program. {running} of them ran or wanted to; one of these was the experiment itself.",
            all = counted(all),
            running = counted(running)
        ),
        effect: None,
    })
}

fn kernel(record: &Record) -> Option<Finding> {
    let kernel = processes(record, "kernel", None);
    let known = processes(record, "program", None) + kernel;
    let text = if kernel > 0.0 {
        text!(
            "Beside them it listed {kernel} threads of the kernel: they have process ids and run no program.",
            kernel = counted(kernel)
        )
    } else {
        text!("It listed no threads of the kernel, as is usual in a container.")
    };
    (known > 0.0).then(|| Finding {
        id: "kernel-threads".to_owned(),
        text,
        effect: None,
    })
}

/// What a program of a step is called.
pub(super) fn program_name(program: &str) -> Text {
    if program == Program::Copied.id() {
        text!("Parent's program, copied")
    } else if program == Program::Executed.id() {
        text!("New program")
    } else {
        text!("No program")
    }
}
