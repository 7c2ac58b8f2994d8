//! One of N workers crashes. How many of the others still work afterwards?
//!
//! Section 3 of the notes, row "stability". N workers do a small task and answer when asked. One of them is told to fail,
//! then all the others are asked again. The workers are threads of one process, or processes; all else is equal. Every
//! failure happens in a child of this experiment, which itself goes on whatever happens.

mod crew;
mod failure;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use self::crew::{Crew, LEAVE};
use self::failure::Failure;
use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::{Axis, Bar, Bars, Figure, Plot};
use crate::format;
use crate::judge;
use crate::measure::Plan;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::stats::{Interval, proportion};
use crate::sys;
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct CrashContainment;

static ABOUT: About = About {
    id: "crash-containment",
    question: msg!("One of N workers crashes. How many of the others still work afterwards?"),
    section: Section::ProcessVsThread,
    claims: &["stability"],
    params: &[
        Param::integer("workers", msg!("Workers, of which one fails"), (2, 64), 4, 4),
        Param::integer(
            "trials",
            msg!("Trials of each failure with threads, and as many with processes"),
            (1, 1_000),
            30,
            300,
        ),
    ],
    seconds: (1, 5),
    uses: &["memory-limit", "tasks"],
    source: concat!(
        include_str!("mod.rs"),
        "\n",
        include_str!("failure.rs"),
        "\n",
        include_str!("crew.rs")
    ),
};

/// What the workers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Threads,
    Processes,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Threads, Kind::Processes];

    fn id(self) -> &'static str {
        match self {
            Kind::Threads => "threads",
            Kind::Processes => "processes",
        }
    }
}

/// What one trial shows.
struct Shown {
    /// How many of the others still answered.
    survivors: usize,
    /// See [`Crew::end`].
    ended: Option<f64>,
    /// See [`Crew::end`].
    failed_joins: f64,
}

/// Why a trial shows nothing.
enum Lost {
    /// The workers could not be made.
    NoCrew(String),
    /// The failure could not be produced.
    NoFailure(String),
}

/// Starts the workers, asks all, makes one fail, and asks the others.
fn trial(kind: Kind, failure: Failure, workers: usize, rng: &mut fastrand::Rng) -> Result<Shown, Lost> {
    let mut crew = Crew::start(kind, workers).map_err(|error| Lost::NoCrew(error.to_string()))?;
    let number = rng.u8(1..LEAVE);
    if !(0..workers).all(|worker| crew.answers(worker, number)) {
        return Err(Lost::NoCrew("a worker did not start".to_owned()));
    }
    let failing = rng.usize(..workers);
    crew.fail(failing, failure).map_err(Lost::NoFailure)?;
    let others = (0..workers).filter(|&worker| worker != failing);
    let survivors = others.filter(|&worker| crew.answers(worker, number - 1)).count();
    let (ended, failed_joins) = crew.end(failing);
    Ok(Shown {
        survivors,
        ended,
        failed_joins,
    })
}

impl Experiment for CrashContainment {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let workers = cx.params.count("workers");
        let mut rng = fastrand::Rng::with_seed(cx.rng.u64(..));
        let mut trials: BTreeMap<(Failure, Kind), Vec<Option<Shown>>> = BTreeMap::new();
        let mut refused = None;
        // A failure that could not be produced once is not waited for again.
        let mut unproducible: BTreeMap<Failure, String> = BTreeMap::new();
        cx.phase(text!("Making one of the workers fail"), 0.0, 1.0);
        let plan = Plan {
            budget: cx.time(1.0),
            warm_up: 0,
            min_rounds: 1,
            max_rounds: cx.params.count("trials"),
        };
        let conditions: Vec<(Failure, Kind)> = Failure::ALL
            .into_iter()
            .flat_map(|failure| Kind::ALL.map(|kind| (failure, kind)))
            .collect();
        cx.sweep(&conditions, plan, |&(failure, kind)| {
            let seen = match unproducible.entry(failure) {
                Entry::Occupied(_) => None,
                Entry::Vacant(why_not) => match trial(kind, failure, workers, &mut rng) {
                    Ok(seen) => Some(seen),
                    Err(Lost::NoCrew(why)) => {
                        refused.get_or_insert(why);
                        None
                    }
                    Err(Lost::NoFailure(why)) => {
                        why_not.insert(why);
                        None
                    }
                },
            };
            let survivors = seen.as_ref().map_or(0, |seen| seen.survivors);
            trials.entry((failure, kind)).or_default().push(seen);
            Ok(survivors as f64)
        })?;
        if let Some(why) = refused {
            cx.miss("tasks", why);
        }
        if let Some(why) = unproducible.get(&Failure::Memory) {
            cx.miss("memory-limit", why);
        }
        for failure in Failure::ALL {
            let of = |kind| trials.get(&(failure, kind)).map_or(&[][..], Vec::as_slice);
            put(cx, failure, Kind::ALL.map(of));
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let fatal = || Failure::ALL.into_iter().filter(|failure| failure.is_fatal());
        let others = others(record);
        let trials: Vec<(f64, f64)> = fatal()
            .flat_map(|failure| {
                let [threads, processes] = Kind::ALL.map(|kind| survivors(record, failure, kind));
                threads.iter().copied().zip(processes.iter().copied())
            })
            .collect();
        let held = trials
            .iter()
            .filter(|&&(threads, processes)| is(threads, 0.0) && is(processes, others));
        let (held, made) = (held.count(), trials.len());
        let summary = if made == 0 {
            text!("Nothing could be measured.")
        } else {
            text!("In {held} of {trials} trials of a fatal failure all other processes lived and no other thread did.")
        };
        let mut verdict = judge::always(record, "stability", held, made, summary);
        let lost = fatal().map(|failure| lost(record, failure)).sum();
        let planned = fatal().count() * record.params.count("trials");
        judge::fewer_trials(&mut verdict, made, lost, planned);
        verdict
            .doubts
            .extend(fatal().filter_map(|failure| not_produced(record, failure)));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        let fatal = Failure::ALL.into_iter().filter(|failure| failure.is_fatal());
        let ends = fatal.filter_map(|failure| end_finding(record, failure));
        panic_finding(record).into_iter().chain(ends).collect()
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figure = survivors_figure(record);
        if figure.is_empty() { Vec::new() } else { vec![figure] }
    }
}

fn condition(failure: Failure, kind: Kind) -> Condition {
    Condition::of("failure", failure.id()).and("kind", kind.id())
}

/// Puts the trials of one failure down. A round that lacks one of its two trials compares nothing.
fn put(cx: &mut Context<'_>, failure: Failure, trials: [&[Option<Shown>]; 2]) {
    let rounds = trials[0].len();
    let is_whole = |round: &usize| trials.iter().all(|trials| trials[*round].is_some());
    let kept: Vec<usize> = (0..rounds).filter(is_whole).collect();
    for (kind, trials) in Kind::ALL.into_iter().zip(trials) {
        let seen = || kept.iter().filter_map(|&round| trials[round].as_ref());
        let condition = || condition(failure, kind);
        let survivors = seen().map(|seen| seen.survivors as f64).collect();
        cx.put(condition(), "survivors", "1", survivors);
        cx.put(
            condition(),
            "ended",
            "1",
            seen().filter_map(|seen| seen.ended).collect(),
        );
        if kind == Kind::Threads && failure == Failure::Panic {
            let failed_joins = seen().map(|seen| seen.failed_joins).collect();
            cx.put(condition(), "failed_joins", "1", failed_joins);
        }
    }
    let lost = (rounds - kept.len()) as f64;
    cx.put(Condition::of("failure", failure.id()), "lost", "1", vec![lost]);
}

#[expect(clippy::float_cmp, reason = "both are counts")]
fn is(count: f64, expected: f64) -> bool {
    count == expected
}

/// How many workers are asked after one of them has failed.
fn others(record: &Record) -> f64 {
    record.params.count("workers").saturating_sub(1) as f64
}

fn survivors(record: &Record, failure: Failure, kind: Kind) -> &[f64] {
    record.blocks("survivors", &condition(failure, kind))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of trials"
)]
fn lost(record: &Record, failure: Failure) -> usize {
    let lost = record.blocks("lost", &Condition::of("failure", failure.id()));
    lost.iter().sum::<f64>() as usize
}

fn not_produced(record: &Record, failure: Failure) -> Option<Doubt> {
    // The facility's own doubt says it better.
    if lost(record, failure) == 0
        || record.lacks("tasks")
        || (failure == Failure::Memory && record.lacks("memory-limit"))
    {
        return None;
    }
    Some(Doubt::new(
        "not-produced",
        text!("A failure could not be produced here: {failure}.", failure: failure.label()),
        text!("A sanitizer, a debugger or a container's profile may have caught it; run without."),
    ))
}

/// The share of the others that still answered, with its interval over trials. Workers of one trial share their fate, so
/// a trial counts once, however many workers it has.
fn share(record: &Record, failure: Failure, kind: Kind) -> Option<Interval> {
    let others = others(record);
    let blocks = survivors(record, failure, kind);
    let all = blocks.iter().filter(|&&count| is(count, others)).count();
    let none = blocks.iter().filter(|&&count| is(count, 0.0)).count();
    if blocks.is_empty() || others < 1.0 {
        None
    } else if all + none == blocks.len() {
        Some(proportion(all, blocks.len()))
    } else {
        let mean =
            |drawn: &[usize]| drawn.iter().map(|&block| blocks[block] / others).sum::<f64>() / drawn.len() as f64;
        Some(judge::bootstrap_of_sweep(record).interval(blocks.len(), mean))
    }
}

fn panic_finding(record: &Record) -> Option<Finding> {
    let [threads, processes] = Kind::ALL.map(|kind| share(record, Failure::Panic, kind));
    let percent = |share: Interval| format::quantity(share.estimate * 100.0, "%");
    let joins = record.blocks("failed_joins", &condition(Failure::Panic, Kind::Threads));
    let text = text!(
        "After a Rust panic {threads} of the other threads and {processes} of the other processes still answered; join returned an error in {joins} of {trials} trials. A panic is no part of the verdict.",
        threads = percent(threads?),
        processes = percent(processes?),
        joins = joins.iter().filter(|&&count| is(count, 1.0)).count(),
        trials = joins.len()
    );
    Some(Finding {
        id: "panic".to_owned(),
        text,
        effect: threads.map(|share| Effect::new(EffectKind::Proportion, share, "1")),
    })
}

/// How the process of the failing worker ended, where that was the same in every trial of a kind.
fn end_finding(record: &Record, failure: Failure) -> Option<Finding> {
    let end = |kind: Kind| {
        let ends = record.blocks("ended", &condition(failure, kind));
        let first = *ends.first()?;
        ends.iter().all(|&end| is(end, first)).then(|| end_text(first))
    };
    let [threads, processes] = Kind::ALL.map(end);
    let text = text!(
        "{failure}: the process of the failing thread ended with {threads}, the failing process with {processes}.",
        failure: failure.label(),
        threads: threads?,
        processes: processes?
    );
    Some(Finding {
        id: format!("ended-{}", failure.id()),
        text,
        effect: None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a status or a signal")]
fn end_text(ended: f64) -> Text {
    match ended as i32 {
        status @ ..=128 => text!("status {status}", status = status),
        signal => text!("the signal {signal}", signal = sys::signal_word(signal - 128)),
    }
}

fn survivors_figure(record: &Record) -> Figure {
    let row = |failure: Failure, kind: Kind| {
        let share = share(record, failure, kind)?.map(|share| share * 100.0);
        let label = match kind {
            Kind::Threads => text!("{failure}, threads", failure: failure.label()),
            Kind::Processes => text!("{failure}, processes", failure: failure.label()),
        };
        Some(Bar {
            label,
            parts: vec![(kind as usize, share.estimate)],
            interval: Some(share),
        })
    };
    let rows = Failure::ALL
        .into_iter()
        .flat_map(|failure| Kind::ALL.map(|kind| (failure, kind)))
        .filter_map(|(failure, kind)| row(failure, kind));
    let plot = Bars {
        axis: Axis::linear(text!("Share of the other workers that still answered"), "%")
            .at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        groups: vec![text!("Threads"), text!("Processes")],
        rows: rows.collect(),
    };
    Figure::new(
        record,
        "survivors",
        text!("Who still answers after one worker failed"),
        text!(
            "Two bars for each kind of failure, one for threads and one for processes: the share of the other workers that still answered, with 95% intervals over trials."
        ),
        Plot::Bars(plot),
    )
}
