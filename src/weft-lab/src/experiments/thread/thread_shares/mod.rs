//! Who sees what one thread of a process changes?
//!
//! Section 2 of the notes: threads share code, data and heap, and the process's resources. In each trial one thread
//! writes new values to static data and to the heap, opens a descriptor, and changes the working directory; then every
//! other thread, the first among them, reads. The control does the same in a forked process, and the first reads: what it
//! sees then was not shared by being a thread.

#[cfg(test)]
mod tests;
mod trial;

use std::io;

use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::{Axis, Bar, Bars, Figure, Plot};
use crate::judge;
use crate::measure::Plan;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::stats::proportion;
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding, Outcome, Verdict};

use trial::{Seen, Stage};

/// See the module.
#[derive(Debug)]
pub(crate) struct ThreadShares;

static ABOUT: About = About {
    id: "thread-shares",
    question: msg!("Who sees what one thread of a process changes?"),
    section: Section::Thread,
    claims: &["thread-shares"],
    params: &[
        Param::integer("threads", msg!("Threads, one of which writes"), (2, 64), 4, 4),
        Param::integer("trials", msg!("Trials"), (1, 10_000), 200, 2_000),
    ],
    seconds: (1, 2),
    uses: &["tasks", "writers"],
    source: include_str!("mod.rs"),
};

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Thing {
    Code,
    Data,
    Heap,
    Descriptor,
    Folder,
    Stack,
}

impl Thing {
    const ALL: [Thing; 6] = [
        Thing::Code,
        Thing::Data,
        Thing::Heap,
        Thing::Descriptor,
        Thing::Folder,
        Thing::Stack,
    ];

    fn id(self) -> &'static str {
        match self {
            Thing::Code => "code",
            Thing::Data => "data",
            Thing::Heap => "heap",
            Thing::Descriptor => "descriptor",
            Thing::Folder => "folder",
            Thing::Stack => "stack",
        }
    }

    /// The claim names it. A stack is each thread's own, and seen by the others only if they are told where it lies.
    fn is_claimed(self) -> bool {
        self != Thing::Stack
    }

    /// A change to it tells a thread from a process; code is never changed, and looks the same in both.
    fn tells(self) -> bool {
        self != Thing::Code
    }

    fn labels(self) -> [Text; 2] {
        match self {
            Thing::Code => [text!("Thread: code"), text!("Process: code")],
            Thing::Data => [text!("Thread: static data"), text!("Process: static data")],
            Thing::Heap => [text!("Thread: heap"), text!("Process: heap")],
            Thing::Descriptor => [text!("Thread: descriptor"), text!("Process: descriptor")],
            Thing::Folder => [text!("Thread: working directory"), text!("Process: working directory")],
            Thing::Stack => [text!("Thread: another's stack"), text!("Process: another's stack")],
        }
    }
}

/// Who writes.
const WRITERS: [&str; 2] = ["thread", "process"];

fn condition(writer: usize, thing: Thing) -> Condition {
    Condition::of("writer", WRITERS[writer]).and("thing", thing.id())
}

impl Experiment for ThreadShares {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.phase(text!("Writing in one thread, reading in all"), 0.0, 1.0);
        let threads = cx.params.count("threads");
        let mut stage = Stage::set().during("map a shared page and remember the working directory")?;
        let mut values = fastrand::Rng::with_seed(cx.rng.u64(..));
        let mut seen: [Vec<Option<Seen>>; 2] = [Vec::new(), Vec::new()];
        let mut refused = None;
        let plan = Plan {
            budget: cx.time(0.8),
            warm_up: 0,
            min_rounds: 1,
            max_rounds: cx.params.count("trials"),
        };
        cx.sweep(&[0, 1], plan, |&writer| {
            let value = values.u64(1..);
            let result = if writer == 0 {
                stage.write_in_thread(threads, values.usize(..threads), value)
            } else {
                stage.write_in_process(value)
            };
            match result {
                Ok(found) => seen[writer].push(Some(found)),
                Err(error) => {
                    seen[writer].push(None);
                    refused = Some(error);
                }
            }
            Ok(0.0)
        })?;
        if let Some(error) = refused {
            let facility = if error.kind() == io::ErrorKind::WouldBlock {
                "tasks"
            } else {
                "writers"
            };
            cx.miss(facility, error);
        }
        let [threads, processes] = &seen;
        // A round that lacks a trial compares nothing.
        let kept: Vec<[&Seen; 2]> = threads
            .iter()
            .zip(processes)
            .filter_map(|(thread, process)| Some([thread.as_ref()?, process.as_ref()?]))
            .collect();
        for writer in [0, 1] {
            for thing in Thing::ALL {
                let blocks = kept.iter().map(|seen| f64::from(u8::from(seen[writer].sees(thing))));
                cx.put(condition(writer, thing), "seen", "1", blocks.collect());
            }
        }
        let lost = (threads.len() - kept.len()) as f64;
        cx.put(Condition::default(), "lost", "1", vec![lost]);
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let claimed: Vec<&[f64]> = Thing::ALL
            .into_iter()
            .filter(|thing| thing.is_claimed())
            .map(|thing| record.blocks("seen", &condition(0, thing)))
            .collect();
        let made = claimed.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
        let held = (0..made)
            .filter(|&trial| claimed.iter().all(|blocks| blocks[trial] > 0.5))
            .count();
        let summary = if made == 0 {
            text!("Nothing could be measured.")
        } else {
            text!(
                "In {held} of {trials} trials every thread saw the same code, and what one had changed in static data, heap, descriptors and working directory."
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
        check_control(record, &mut verdict);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figure = seen_figure(record);
        if figure.is_empty() { Vec::new() } else { vec![figure] }
    }
}

/// How many trials there are of a thing, and in how many it was seen.
fn count(record: &Record, writer: usize, thing: Thing) -> (usize, usize) {
    let blocks = record.blocks("seen", &condition(writer, thing));
    (blocks.iter().filter(|seen| **seen > 0.5).count(), blocks.len())
}

/// What a forked process changed must not be seen; else the method could not tell sharing from anything.
fn check_control(record: &Record, verdict: &mut Verdict) {
    let leaks: usize = Thing::ALL
        .into_iter()
        .filter(|thing| thing.tells())
        .map(|thing| count(record, 1, thing).0)
        .sum();
    if leaks == 0 {
        return;
    }
    if verdict.outcome == Outcome::Supported {
        verdict.outcome = Outcome::Inconclusive;
    }
    verdict.doubts.push(Doubt::new(
        "control",
        text!(
            "In the control a change by another process was seen {leaks} times, so seeing does not show sharing here.",
            leaks = leaks
        ),
        text!("Look for what makes a forked process share memory on this machine."),
    ));
}

fn findings(record: &Record) -> Vec<Finding> {
    let of = |id: &str, (seen, trials): (usize, usize), text: Text| {
        let text = text
            .with("seen", crate::format::count(seen as u64))
            .with("trials", crate::format::count(trials as u64));
        (trials > 0).then(|| Finding {
            id: id.to_owned(),
            text,
            effect: Some(Effect::new(EffectKind::Proportion, proportion(seen, trials), "1")),
        })
    };
    let sums = Thing::ALL
        .into_iter()
        .filter(|thing| thing.tells())
        .map(|thing| count(record, 1, thing))
        .fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    [
        of(
            "control",
            sums,
            text!("Of {trials} changes by a forked process its parent saw {seen}."),
        ),
        of(
            "code-of-a-process",
            count(record, 1, Thing::Code),
            text!(
                "A forked process has the same code at the same address too, in {seen} of {trials} trials: nobody writes to code, so a copy could not be told from sharing."
            ),
        ),
        of(
            "lent-stack",
            count(record, 0, Thing::Stack),
            text!("A thread wrote to a local variable on another's stack, and it was seen, in {seen} of {trials} trials."),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn seen_figure(record: &Record) -> Figure {
    let row = |thing: Thing, writer: usize| {
        let (seen, trials) = count(record, writer, thing);
        let share = proportion(seen, trials).map(|share| share * 100.0);
        let [thread, process] = thing.labels();
        (trials > 0).then(|| Bar {
            label: if writer == 0 { thread } else { process },
            parts: vec![(writer, share.estimate)],
            interval: Some(share),
        })
    };
    let plot = Bars {
        axis: Axis::linear(text!("Share of the trials"), "%").at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        groups: vec![text!("Changed by a thread"), text!("Changed by a process")],
        rows: Thing::ALL
            .into_iter()
            .flat_map(|thing| [row(thing, 0), row(thing, 1)])
            .flatten()
            .collect(),
    };
    Figure::new(
        record,
        "seen",
        text!("Whose changes the others see"),
        text!(
            "Two bars for each thing: the share of trials in which every other thread saw the change of a thread, and the share in which the first process saw that of a forked process, with 95% intervals. Code is only read, so it looks the same in both."
        ),
        Plot::Bars(plot),
    )
}
