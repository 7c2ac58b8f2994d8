//! What happens when a program is run?
//!
//! Section 1 of the notes: running a program creates a process. A trial forks a child and lets it go through all states
//! that a process has: it computes, sleeps, is held up by a vfork, executes another program, sleeps, computes, is stopped,
//! goes on, ends, and is waited for. Its parent reads from `/proc` all the while who it is, what it runs, and how it does.

mod figures;
mod findings;
mod life;
mod stat;
#[cfg(test)]
mod tests;

use std::io;

use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::judge;
use crate::measure::Nanos;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::verdict::{Finding, Verdict};

use life::{Check, End, Life, Program, STEPS, Stage};
use stat::Stat;

/// See the module.
#[derive(Debug)]
pub(crate) struct ProcessLife;

static ABOUT: About = About {
    id: "process-life",
    question: msg!("What happens when a program is run?"),
    section: Section::Process,
    claims: &["process-is-running-program"],
    params: &[
        Param::integer("trials", msg!("Trials"), (1, 10_000), 100, 1_000),
        Param::integer(
            "hold_ms",
            msg!("How long the drawn process stays in each state, in milliseconds"),
            (0, 500),
            10,
            10,
        ),
        Param::choice("end", msg!("How the process is ended"), &["asked", "killed"]),
    ],
    seconds: (1, 3),
    uses: &["sh", "process-files", "slow-process", "tasks"],
    source: include_str!("mod.rs"),
};

impl Check {
    fn condition(self) -> Condition {
        Condition::of("check", self.id())
    }
}

/// The condition of a step of the life.
fn step(number: usize) -> Condition {
    let (program, state) = STEPS[number];
    Condition::of("step", number)
        .and("program", program.id())
        .and("state", state)
}

impl Experiment for ProcessLife {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.phase(text!("Starting a program and watching its process"), 0.0, 1.0);
        if let Err(error) = count_states(cx) {
            cx.miss("process-files", error);
        }
        let trials = cx.params.count("trials");
        let end = match cx.params.word("end") {
            "killed" => End::Killed,
            _ => End::Asked,
        };
        let mut pause = Nanos(cx.params.count("hold_ms") as u64 * 1_000_000);
        let mut lives = Vec::new();
        let mut lost = 0_u32;
        let (clock, budget) = (cx.clock, Nanos::from(cx.time(0.8)));
        let start = clock.now();
        let stage = Stage::set(clock);
        for trial in 0..trials {
            let result = match &stage {
                Ok(stage) => stage.live(pause, end),
                Err(error) => Err(error.kind().into()),
            };
            match result {
                Ok(life) => lives.push(life),
                Err(error) => {
                    lost += 1;
                    cx.miss(facility(&error), error);
                }
            }
            // The first life is drawn; the others need no more time than they take.
            if !lives.is_empty() {
                pause = Nanos(0);
            }
            cx.progress((trial + 1) as f64 / trials as f64);
            if clock.now().since(start) > budget {
                break;
            }
        }
        for check in Check::ALL {
            let held = lives.iter().map(|life| f64::from(u8::from(life.holds(check))));
            cx.put(check.condition(), "held", "1", held.collect());
        }
        for number in 0..STEPS.len() {
            let seen = lives.iter().map(|life| f64::from(u8::from(life.steps[number])));
            cx.put(step(number), "seen", "1", seen.collect());
        }
        cx.put(Condition::default(), "lost", "1", vec![f64::from(lost)]);
        if let Some(life) = lives.first() {
            keep(cx, life);
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let checks = Check::ALL.map(|check| record.blocks("held", &check.condition()));
        let made = checks.iter().map(|held| held.len()).min().unwrap_or(0);
        let held = (0..made)
            .filter(|&trial| checks.iter().all(|held| held[trial] > 0.5))
            .count();
        let summary = if made == 0 {
            text!("Nothing could be measured.")
        } else {
            text!(
                "In {held} of {trials} trials running a program gave a new process: an id, a parent and a start time of its own, the same ones after the exec, a zombie until it was waited for, and gone after that."
            )
        };
        let mut verdict = judge::always(record, ABOUT.claims[0], held, made, summary);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of trials"
        )]
        let lost = record.blocks("lost", &Condition::default()).iter().sum::<f64>() as usize;
        judge::fewer_trials(&mut verdict, made, lost, record.params.count("trials"));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// What a trial lacked that ended with this error.
fn facility(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::WouldBlock => "tasks",
        io::ErrorKind::NotFound => "sh",
        io::ErrorKind::TimedOut => "slow-process",
        _ => "process-files",
    }
}

/// Counts in which states the processes of this machine are.
fn count_states(cx: &mut Context<'_>) -> io::Result<()> {
    let mut counts = std::collections::BTreeMap::<(bool, char), u32>::new();
    for pid in stat::pids()? {
        // A process may end between the list and the look.
        if let Some(stat) = Stat::of(pid)? {
            *counts.entry((stat.is_kernel, stat.state)).or_default() += 1;
        }
    }
    for ((is_kernel, state), count) in counts {
        let of = if is_kernel { "kernel" } else { "program" };
        cx.put(
            Condition::of("of", of).and("state", state),
            "processes",
            "1",
            vec![f64::from(count)],
        );
    }
    Ok(())
}

/// Keeps one life for the picture.
fn keep(cx: &mut Context<'_>, life: &Life) {
    for (index, span) in life.spans.iter().enumerate() {
        let (program, state) = span.step;
        let condition = Condition::of("span", index)
            .and("program", program.id())
            .and("state", state);
        cx.put(condition, "span", "ns", vec![span.from.as_f64(), span.to.as_f64()]);
    }
}
