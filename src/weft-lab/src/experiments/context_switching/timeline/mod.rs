//! Does the processor stop one task and go over to another, and when?
//!
//! Section 5 of the notes, "what it is". N tasks spin on one core and look at their clocks. Where a clock jumps, its task
//! was stopped. The jumps of one task against the runs of the others are the scheduler's chart, drawn without asking the
//! kernel; the kernel's counts of switches stand beside it. A second part makes one of two tasks nicer.

mod figures;
mod findings;
mod runs;
#[cfg(test)]
mod tests;
mod watch;

use std::io;

use self::runs::{Span, overlap, total, whole_slices};
use self::watch::{Seen, Watch};
use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::judge;
use crate::measure::ring::Kind;
use crate::measure::{MonotonicClock, Nanos, Plan};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::sys;
use crate::verdict::{Finding, Outcome, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct Timeline;

static ABOUT: About = About {
    id: "timeline",
    question: msg!("Does the processor stop one task and go over to another?"),
    section: Section::ContextSwitching,
    claims: &["switch-happens"],
    params: &[
        Param::integer("tasks", msg!("Tasks that spin on one core"), (2, 8), 3, 3),
        Param::integer(
            "trials",
            msg!("Watches with threads, and as many with processes"),
            (1, 500),
            12,
            60,
        ),
        Param::integer(
            "milliseconds",
            msg!("Length of a watch for each of its tasks, in milliseconds"),
            (10, 200),
            20,
            30,
        ),
        Param::integer("nice", msg!("How nice one of two tasks is to the other"), (1, 19), 5, 5),
    ],
    seconds: (3, 17),
    uses: &["pinning", "tasks"],
    source: include_str!("mod.rs"),
};

impl Experiment for Timeline {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        watch_equals(cx)?;
        watch_a_nice_one(cx)
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let all = trials(record);
        let seen: Vec<&Trial> = all.iter().filter(|trial| !trial.is_lost()).collect();
        let held = seen.iter().filter(|trial| trial.holds()).count();
        let summary = text!(
            "In {held} of {trials} cases the kernel took the core from a task that wanted to go on, and another of the tasks ran before it came back."
        );
        let mut verdict = judge::always(record, "switch-happens", held, seen.len(), summary);
        if verdict.outcome == Outcome::Refuted && record.lacks("pinning") {
            // Tasks on cores of their own need not be stopped.
            verdict.outcome = Outcome::Inconclusive;
        }
        let planned = Kind::BOTH.len() * record.params.count("trials") * record.params.count("tasks");
        let not_made = whole(record.blocks("lost", &Condition::default()).iter().sum());
        let lost = not_made + all.len() - seen.len();
        judge::fewer_trials(&mut verdict, seen.len(), lost, planned);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figures = [figures::chart(record), figures::slices(record), figures::counts(record)];
        figures.into_iter().filter(|figure| !figure.is_empty()).collect()
    }
}

/// A share of the time: all experiments together have eight minutes.
fn share(mode: Mode, quick: f64, full: f64) -> f64 {
    if mode == Mode::Quick { quick } else { full }
}

/// The core could not be shared out: no more tasks are allowed.
const LOST: f64 = -1.0;

/// Runs a watch; a refusal to make its tasks is remembered and loses the watch.
fn attempt(watch: &Watch<'_>, refused: &mut Option<io::Error>) -> Result<Option<Vec<Seen>>, Error> {
    match watch.run() {
        Err(Error::System { source, .. }) if source.kind() == io::ErrorKind::WouldBlock => {
            *refused = Some(source);
            Ok(None)
        }
        result => result.map(Some),
    }
}

/// What all watches of one kind come to: one number a task and watch, but for the last two.
#[derive(Debug, Default)]
struct Gathered {
    voluntary: Vec<f64>,
    involuntary: Vec<f64>,
    gaps: Vec<f64>,
    answered: Vec<f64>,
    slices: Vec<f64>,
    /// A watch: the share of the time that tasks stood still in which another of them ran, in percent.
    filled: Vec<f64>,
}

impl Gathered {
    fn add(&mut self, seen: &[Seen]) {
        let (mut still, mut filled) = (0, 0);
        for (task, one) in seen.iter().enumerate() {
            let others = || seen.iter().enumerate().filter(move |(other, _)| *other != task);
            let ran_in = |spans: &[Span]| -> u64 { others().map(|(_, other)| overlap(spans, &other.runs)).sum() };
            let answered = one.gaps.iter().filter(|&&gap| ran_in(&[gap]) > 0).count();
            self.voluntary.push(one.voluntary as f64);
            self.involuntary.push(one.involuntary as f64);
            self.gaps.push(one.gaps.len() as f64);
            self.answered.push(answered as f64);
            self.slices
                .extend(whole_slices(&one.gaps).into_iter().map(|slice| slice as f64));
            still += total(&one.gaps);
            filled += ran_in(&one.gaps);
        }
        if still > 0 {
            self.filled.push(filled as f64 / still as f64 * 100.0);
        }
    }

    fn put(self, cx: &mut Context<'_>, condition: &Condition) {
        let series = [
            ("voluntary", "1", self.voluntary),
            ("involuntary", "1", self.involuntary),
            ("gaps", "1", self.gaps),
            ("answered", "1", self.answered),
            ("slice", "ns", self.slices),
            ("filled", "%", self.filled),
        ];
        for (quantity, unit, blocks) in series {
            cx.put(condition.clone(), quantity, unit, blocks);
        }
    }
}

fn kind_condition(kind: Kind) -> Condition {
    Condition::of("part", "equal").and("kind", kind.id())
}

fn chart_condition(kind: &str, task: usize) -> Condition {
    Condition::of("part", "chart").and("kind", kind).and("task", task)
}

/// The runs of one watch, for the chart.
fn put_chart(cx: &mut Context<'_>, kind: &str, seen: &[Seen]) {
    for (task, one) in seen.iter().enumerate() {
        for (end, quantity) in ["from", "to"].into_iter().enumerate() {
            let ends = one.runs.iter().map(|run| run[end] as f64).collect();
            cx.put(chart_condition(kind, task), quantity, "ns", ends);
        }
    }
}

/// Threads and processes in turn, all equally nice.
fn watch_equals(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Watching the clocks of tasks that spin"), 0.0, 0.65);
    let tasks = cx.params.count("tasks");
    let length = Nanos((cx.params.count("milliseconds") * tasks) as u64 * 1_000_000);
    let plan = Plan {
        budget: cx.time(share(cx.mode, 0.5, 0.26)),
        warm_up: 0,
        min_rounds: 2,
        max_rounds: cx.params.count("trials"),
    };
    let mut gathered = [Gathered::default(), Gathered::default()];
    let mut charts: [Option<Vec<Seen>>; 2] = [None, None];
    let (mut refused, mut lost) = (None, 0);
    cx.sweep(&[0, 1], plan, |&which: &usize| {
        let watch = Watch {
            clock: &MonotonicClock,
            kind: Kind::BOTH[which],
            tasks,
            length,
            waits_for_all: true,
            nice: 0,
        };
        let Some(seen) = attempt(&watch, &mut refused)? else {
            lost += tasks;
            return Ok(LOST);
        };
        gathered[which].add(&seen);
        let switches: u64 = seen.iter().map(|one| one.involuntary).sum();
        charts[which].get_or_insert(seen);
        Ok(switches as f64)
    })?;
    if let Some(error) = refused {
        cx.miss("tasks", error);
    }
    cx.put(Condition::default(), "lost", "1", vec![lost as f64]);
    for ((kind, gathered), chart) in Kind::BOTH.into_iter().zip(gathered).zip(charts) {
        gathered.put(cx, &kind_condition(kind));
        put_chart(cx, kind.id(), &chart.unwrap_or_default());
    }
    Ok(())
}

/// The parts of the second question: the usual task and the nicer one.
const NICE: [&str; 2] = ["usual", "nicer"];

fn nice_condition(which: &str) -> Condition {
    Condition::of("part", "nice").and("task", which)
}

/// Two processes, of which the second is nicer: who gets how much of the core?
fn watch_a_nice_one(cx: &mut Context<'_>) -> Result<(), Error> {
    let own = sys::niceness();
    if own != 0 {
        // The kernel's weights are compared with nice 0, and an ordinary user can't go back to it.
        cx.miss("usual-nice", format!("nice {own}"));
        return Ok(());
    }
    cx.phase(text!("Making one of two tasks nicer"), 0.65, 1.0);
    let nice = u8::try_from(cx.params.integer("nice")).unwrap_or(19);
    let (length, trials) = if cx.mode == Mode::Quick { (120, 7) } else { (250, 24) };
    let plan = Plan {
        budget: cx.time(share(cx.mode, 0.3, 0.14)),
        warm_up: 0,
        min_rounds: 2,
        max_rounds: trials,
    };
    let mut shares = Vec::new();
    let mut slices: [Vec<f64>; 2] = Default::default();
    let mut chart: Option<Vec<Seen>> = None;
    let mut refused = None;
    cx.sweep(&[()], plan, |()| {
        let watch = Watch {
            clock: &MonotonicClock,
            kind: Kind::Process,
            tasks: NICE.len(),
            length: Nanos(length * 1_000_000),
            waits_for_all: false,
            nice,
        };
        let Some(seen) = attempt(&watch, &mut refused)? else {
            return Ok(LOST);
        };
        let [usual, nicer] = [0, 1].map(|task: usize| total(&seen[task].runs) as f64);
        let share = nicer / (usual + nicer).max(1.0) * 100.0;
        shares.push(share);
        for (slices, one) in slices.iter_mut().zip(&seen) {
            slices.extend(whole_slices(&one.gaps).into_iter().map(|slice| slice as f64));
        }
        chart.get_or_insert(seen);
        Ok(share)
    })?;
    if let Some(error) = refused {
        cx.miss("tasks", error);
    }
    cx.put(nice_condition(NICE[1]), "share", "%", shares);
    for (which, slices) in NICE.into_iter().zip(slices) {
        cx.put(nice_condition(which), "slice", "ns", slices);
    }
    put_chart(cx, "nice", &chart.unwrap_or_default());
    Ok(())
}

/// One task in one watch.
struct Trial {
    switches: f64,
    gaps: f64,
    answered: f64,
}

impl Trial {
    /// The kernel stopped the task, but only for other programs, for as long as the watch could wait.
    fn is_lost(&self) -> bool {
        self.switches >= 1.0 && self.gaps >= 1.0 && self.answered < 1.0
    }

    /// The kernel counted a switch, and in a gap of the task's clock another task ran.
    fn holds(&self) -> bool {
        self.switches >= 1.0 && self.answered >= 1.0
    }
}

fn trials(record: &Record) -> Vec<Trial> {
    let of_kind = |kind: Kind| {
        let [involuntary, gaps, answered] =
            ["involuntary", "gaps", "answered"].map(|quantity| record.blocks(quantity, &kind_condition(kind)));
        let rows = involuntary.iter().zip(gaps).zip(answered);
        rows.map(|((&switches, &gaps), &answered)| Trial {
            switches,
            gaps,
            answered,
        })
    };
    Kind::BOTH.into_iter().flat_map(of_kind).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, written as it is"
)]
fn whole(count: f64) -> usize {
    count.max(0.0) as usize
}
