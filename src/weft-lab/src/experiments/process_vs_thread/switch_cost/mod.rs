//! Is a switch between two processes slower than one between two threads, and by how much?
//!
//! Section 3 of the notes, row "context switching", and section 5. N tasks stand in a ring on one core and yield in
//! turn; the kernel's counters confirm the number of switches; a yield that switches to nobody is subtracted. Beside it
//! stands the pipe ping-pong, which gives another answer because threads share their descriptor table.

mod findings;
mod pipe;
#[cfg(test)]
mod tests;

use self::pipe::{ARRANGEMENTS, Table};
use crate::claim::{SWITCH_EQUIVALENCE, Section};
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::{Axis, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::judge;
use crate::measure::ring::{self, Kind, Lap};
use crate::measure::{Court, MonotonicClock, Plan, decided};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::stats::Interval;
use crate::text::Text;
use crate::verdict::{Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct SwitchCost;

static ABOUT: About = About {
    id: "switch-cost",
    question: msg!("Is a switch between processes slower than one between threads?"),
    section: Section::ProcessVsThread,
    claims: &["switch-cost", "switch-process-dearer"],
    params: &[
        Param::integer("tasks", msg!("Tasks in the ring of the verdict"), (2, 16), 2, 2),
        Param::integer(
            "switches",
            msg!("Switches in one batch"),
            (1_000, 200_000),
            20_000,
            20_000,
        ),
        Param::choice(
            "scheduler",
            msg!("Scheduler of the tasks; auto takes fifo where it is allowed"),
            &["auto", "fifo", "fair"],
        ),
        Param::aa(),
    ],
    seconds: (5, 32),
    uses: &["pinning", "sched-fifo", "separate-files"],
    source: include_str!("mod.rs"),
};

/// One batch of a ring, under the court's scheduler.
fn lap(court: Court, kind: Kind, tasks: usize, switches: u64) -> Result<Lap, Error> {
    court
        .play(|| ring::lap(&MonotonicClock, kind, tasks, switches))
        .during("run a ring of tasks")
}

/// What a block of the main comparison is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Second,
    /// A yield that switches to nobody.
    Alone,
}

const SIDES: [Side; 3] = [Side::First, Side::Second, Side::Alone];

impl Side {
    fn kind(self, aa: bool) -> Kind {
        if self == Side::Second && !aa {
            Kind::Process
        } else {
            Kind::Thread
        }
    }

    fn condition(self, aa: bool, tasks: usize) -> Condition {
        match self {
            Side::Alone => Condition::of("part", "alone"),
            side => {
                let name = if side == Side::First { "a" } else { "b" };
                Condition::of("part", "main")
                    .and("side", name)
                    .and("kind", self.kind(aa).id())
                    .and("tasks", tasks)
            }
        }
    }
}

impl Experiment for SwitchCost {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        let court = cx.court();
        compare(cx, court)?;
        if !cx.params.flag("aa") {
            play_pipe(cx)?;
            sweep_tasks(cx, court)?;
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let (first, second) = pure(record);
        let (ratio, drift) = judge::paired_ratio(record, &first, &second);
        let summary = if record.is_aa() {
            text!("A/A: the same ring twice differs by a factor of {effect}.")
        } else {
            text!(
                "In a ring of {tasks} tasks a switch between processes takes {effect} times as long as one between threads."
            )
        };
        let summary = summary.with("tasks", record.params.integer("tasks"));
        let judge_claim = |claim: &&str| {
            let mut verdict = judge::ratio(record, claim, ratio, summary.clone());
            verdict.doubts.extend(drift.clone());
            verdict
                .doubts
                .extend(judge::negative(&[first.clone(), second.clone()].concat()));
            verdict.doubts.extend(findings::uncounted(record));
            verdict
        };
        ABOUT.claims.iter().map(judge_claim).collect()
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figures = [ratio_figure(record), ring_figure(record), pipe_figure(record)];
        figures.into_iter().filter(|figure| !figure.is_empty()).collect()
    }
}

fn compare(cx: &mut Context<'_>, court: Court) -> Result<(), Error> {
    let aa = cx.params.flag("aa");
    let tasks = cx.params.count("tasks");
    let switches = cx.params.count("switches") as u64;
    cx.phase(text!("Switching in a ring of {tasks}", tasks = tasks), 0.0, 0.4);
    let mut counted: Vec<Vec<f64>> = vec![Vec::new(); SIDES.len()];
    let plan = Plan::lasting(cx.time(0.4));
    let blocks = cx.compare(
        &SIDES,
        plan,
        &|blocks, seed, confidence| {
            let less =
                |side: &[f64]| -> Vec<f64> { side.iter().zip(&blocks[2]).map(|(time, alone)| time - alone).collect() };
            decided(
                &less(&blocks[0]),
                &less(&blocks[1]),
                SWITCH_EQUIVALENCE,
                seed,
                confidence,
            )
        },
        |&side| {
            let tasks = if side == Side::Alone { 1 } else { tasks };
            let lap = lap(court, side.kind(aa), tasks, switches)?;
            counted[side as usize].push(lap.switches_per_turn);
            Ok(lap.per_turn)
        },
    )?;
    for ((side, blocks), mut counted) in SIDES.into_iter().zip(blocks).zip(counted) {
        // The rounds that warmed up are not in the record, nor are their counts.
        counted.drain(..counted.len() - blocks.len());
        cx.put(side.condition(aa, tasks), "time", "ns", blocks);
        cx.put(side.condition(aa, tasks), "switches-per-yield", "1", counted);
    }
    Ok(())
}

fn play_pipe(cx: &mut Context<'_>) -> Result<(), Error> {
    // Under the fair scheduler, since the usual experiment is run that way; with real-time tasks its sign may differ.
    cx.phase(text!("Passing a byte through a pipe"), 0.4, 0.65);
    let separable = crate::facility::Facility::find("separate-files").is_none_or(|facility| match facility.check() {
        Ok(()) => true,
        Err(error) => {
            cx.miss("separate-files", error);
            false
        }
    });
    let played: Vec<_> = ARRANGEMENTS
        .into_iter()
        .filter(|(kind, table)| separable || *kind == Kind::Process || *table == Table::Shared)
        .collect();
    let trips = cx.params.count("switches") as u64 / 8;
    let plan = Plan::lasting(cx.time(0.25)).at_most(400);
    let blocks = cx.sweep(&played, plan, |&(kind, table)| {
        pipe::ping_pong(&MonotonicClock, kind, table, trips)
    })?;
    for ((kind, table), blocks) in played.into_iter().zip(blocks) {
        cx.put(pipe_condition(kind, table), "time", "ns", blocks);
    }
    Ok(())
}

fn pipe_condition(kind: Kind, table: Table) -> Condition {
    Condition::of("part", "pipe")
        .and("kind", kind.id())
        .and("table", table.id())
}

fn sweep_tasks(cx: &mut Context<'_>, court: Court) -> Result<(), Error> {
    cx.phase(text!("Switching in rings of 2 to 16"), 0.65, 1.0);
    let switches = cx.params.count("switches") as u64;
    let sizes: &[usize] = if cx.mode == Mode::Quick {
        &[2, 4, 5, 6, 7, 8, 12, 16]
    } else {
        &[2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    };
    let rings: Vec<(Kind, usize)> = sizes
        .iter()
        .flat_map(|&size| Kind::BOTH.map(|kind| (kind, size)))
        .collect();
    let plan = Plan {
        warm_up: 0,
        min_rounds: 4,
        ..Plan::lasting(cx.time(0.35))
    };
    let blocks = cx.sweep(&rings, plan, |&(kind, tasks)| {
        Ok(lap(court, kind, tasks, switches)?.per_turn)
    })?;
    for ((kind, tasks), blocks) in rings.into_iter().zip(blocks) {
        cx.put(ring_condition(kind, tasks), "time", "ns", blocks);
    }
    Ok(())
}

fn ring_condition(kind: Kind, tasks: usize) -> Condition {
    Condition::of("part", "ring").and("kind", kind.id()).and("tasks", tasks)
}

fn main_blocks(record: &Record, side: Side) -> &[f64] {
    record.blocks("time", &side.condition(record.is_aa(), record.params.count("tasks")))
}

/// The times of a pure switch in the main comparison: each round's yield that switched to nobody is subtracted.
fn pure(record: &Record) -> (Vec<f64>, Vec<f64>) {
    let alone = main_blocks(record, Side::Alone);
    let less = |side| {
        main_blocks(record, side)
            .iter()
            .zip(alone)
            .map(|(time, alone)| time - alone)
            .collect()
    };
    (less(Side::First), less(Side::Second))
}

/// A size of the sweep with the blocks of threads and of processes.
type Point<'a> = (usize, &'a [f64], &'a [f64]);

/// The sizes of the sweep with the blocks of both kinds.
fn swept(record: &Record) -> Vec<Point<'_>> {
    (2..=16)
        .map(|tasks| {
            let [thread, process] = Kind::BOTH.map(|kind| record.blocks("time", &ring_condition(kind, tasks)));
            (tasks, thread, process)
        })
        .filter(|(_, thread, process)| !thread.is_empty() && !process.is_empty())
        .collect()
}

/// The ratio of pure switches at one size of the sweep, process over thread.
fn swept_ratio(record: &Record, thread: &[f64], process: &[f64]) -> Interval {
    let alone = crate::stats::median(main_blocks(record, Side::Alone));
    let less = |blocks: &[f64]| -> Vec<f64> { blocks.iter().map(|time| time - alone).collect() };
    judge::bootstrap_of_sweep(record).ratio(&less(thread), &less(process))
}

fn ratio_figure(record: &Record) -> Figure {
    let (first, second) = pure(record);
    let main = judge::paired_ratio(record, &first, &second).0;
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        text!("Verdict: {tasks} tasks", tasks = record.params.integer("tasks"))
    };
    let mut rows = vec![Mark {
        label,
        group: 0,
        value: main,
    }];
    rows.extend(swept(record).into_iter().map(|(tasks, thread, process)| Mark {
        label: text!("{tasks} tasks", tasks = tasks),
        group: 1,
        value: swept_ratio(record, thread, process),
    }));
    rows.retain(|row| row.value.low.is_finite() && row.value.low > 0.0);
    let plot = Marks {
        axis: Axis::log(text!("Switch between processes over switch between threads"), "1"),
        groups: vec![text!("Main comparison"), text!("Sweep")],
        rows,
        region: Some(SWITCH_EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times dearer a switch between processes is"),
        text!(
            "The ratio of the time of a switch between processes to one between threads, for each number of tasks in the ring, with its 95% interval, on a log axis. A yield without a switch is subtracted. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn ring_figure(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let points = swept(record);
    let curve = |name: Text, pick: &dyn Fn(&Point<'_>) -> Interval| Curve {
        name,
        points: points.iter().map(|point| (point.0 as f64, pick(point))).collect(),
    };
    let alone = bootstrap.median(main_blocks(record, Side::Alone));
    let curves = vec![
        curve(text!("Threads"), &|point| bootstrap.median(point.1)),
        curve(text!("Processes"), &|point| bootstrap.median(point.2)),
        curve(text!("Yield without a switch"), &|_| alone),
    ];
    let ticks = points.iter().map(|point| point.0 as f64).collect();
    let plot = Curves {
        x: Axis::linear(text!("Tasks in the ring"), "1").at(ticks),
        y: Axis::linear(text!("Time of a yield with its switch"), "ns"),
        curves,
        region: None,
    };
    Figure::new(
        record,
        "ring",
        text!("The ring: time of a yield by number of tasks"),
        text!(
            "Nanoseconds a yield against the number of tasks in the ring, with 95% intervals: threads, processes, and a yield that switches to nobody."
        ),
        Plot::Curves(plot),
    )
}

fn pipe_figure(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let label = |kind: Kind, table: Table| match (kind, table) {
        (Kind::Thread, Table::Shared) => text!("Threads, one descriptor table"),
        (Kind::Thread, Table::Separate) => text!("Threads, a table each"),
        (Kind::Process | Kind::Mixed, _) => text!("Processes, a table each"),
    };
    let rows = ARRANGEMENTS.into_iter().map(|(kind, table)| Mark {
        label: label(kind, table),
        group: kind as usize,
        value: bootstrap.median(record.blocks("time", &pipe_condition(kind, table))),
    });
    let plot = Marks {
        axis: Axis::linear(text!("Half a round trip of one byte"), "ns"),
        groups: vec![text!("Threads"), text!("Processes")],
        rows: rows.filter(|row| row.value.low.is_finite()).collect(),
        region: None,
        takes_prediction: false,
    };
    Figure::new(
        record,
        "pipe",
        text!("The pipe: the usual experiment, with shared and with separate descriptor tables"),
        text!(
            "Time of half a round trip through pipes on one core, with its 95% interval: threads that share a descriptor table, threads with a table each, and processes."
        ),
        Plot::Marks(plot),
    )
}
