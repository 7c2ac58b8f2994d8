//! How much faster does work get done when threads share it?
//!
//! Section 2 of the notes: several pieces of work at the same time, and faster. The same pieces of work are split over 1
//! to twice as many threads as cores. *Computing* pieces need a core all the time, on `std::thread` and on rayon's pool;
//! *waiting* pieces sleep until a timer, as a request sleeps until its answer comes. The verdict compares computing with
//! one thread and with one for each core; the sweep is set against Amdahl's law.

mod figures;
mod findings;
#[cfg(test)]
mod tests;
mod work;

use crate::claim::{self, Section};
use crate::experiment::{About, Context, During, Error, Experiment, time_each};
use crate::figure::Figure;
use crate::judge;
use crate::measure::{Plan, decided};
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::stats::Interval;
use crate::verdict::{Finding, Verdict};

use work::{Crews, Work};

/// See the module.
#[derive(Debug)]
pub(crate) struct ParallelSpeedup;

static ABOUT: About = About {
    id: "parallel-speedup",
    question: msg!("How much faster does work get done when threads share it?"),
    section: Section::Thread,
    claims: &["thread-concurrent"],
    params: &[
        Param::integer(
            "pieces",
            msg!("Pieces of work, split evenly over the threads"),
            (8, 1024),
            32,
            64,
        ),
        Param::integer(
            "iterations",
            msg!("Steps of a computing piece; each waits for the one before"),
            (1_000, 10_000_000),
            100_000,
            200_000,
        ),
        Param::integer(
            "wait_us",
            msg!("Time that a waiting piece sleeps, in µs"),
            (100, 20_000),
            1_000,
            1_000,
        ),
        Param::integer(
            "serial",
            msg!("Share of the pieces that one thread must do alone, in percent"),
            (0, 90),
            0,
            0,
        ),
        Param::aa(),
    ],
    seconds: (2, 19),
    uses: &["second-cpu", "tasks"],
    source: include_str!("mod.rs"),
};

/// The cores that the run may use.
fn cores(record: &Record) -> usize {
    record.machine.allowed_cpus.len().max(1)
}

/// As many threads as cores, and two on a machine with one: they then take turns.
fn most_used(cores: usize) -> usize {
    cores.max(2)
}

/// From 1 to twice the cores: every number up to 8, then about eight in equal ratios, with the cores among them.
fn numbers_of_threads(cores: usize) -> Vec<usize> {
    let most = 2 * cores;
    if most <= 8 {
        return (1..=most).collect();
    }
    let doubled = std::iter::successors(Some(1), |&threads| Some(threads * 2));
    let mut numbers: Vec<usize> = doubled
        .take_while(|&threads| threads < most)
        .chain([cores, most])
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// The two sides of the verdict: with one thread, and with one for each core. In an A/A run both are the latter.
fn sides(cores: usize, aa: bool) -> [usize; 2] {
    let most = most_used(cores);
    [if aa { most } else { 1 }, most]
}

fn side_condition(side: usize, threads: usize) -> Condition {
    Condition::of("side", ["a", "b"][side]).and("threads", threads)
}

fn swept_condition(work: Work, threads: usize) -> Condition {
    Condition::of("work", work.id()).and("threads", threads)
}

impl Experiment for ParallelSpeedup {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let cores = cx.machine.allowed_cpus.len().max(1);
        let aa = cx.params.flag("aa");
        if cores == 1 {
            cx.miss("second-cpu", format!("allowed: CPU {:?}", cx.machine.allowed_cpus));
        }
        let numbers = if aa { Vec::new() } else { numbers_of_threads(cores) };
        let crews = Crews::ready(cx.params, &numbers).during("start rayon's threads")?;
        let (clock, cost) = (cx.clock, cx.clock_cost);
        let time = |work: Work, threads: usize| {
            time_each(clock, cost, 1, || crews.run(work, threads).during("start a thread"))
        };
        cx.phase(text!("Computing with one thread and with all"), 0.0, 0.35);
        let sides = sides(cores, aa);
        let plan = Plan::lasting(cx.time(0.3));
        let blocks = cx.compare(
            &[0, 1],
            plan,
            &|blocks, seed, confidence| decided(&blocks[1], &blocks[0], claim::EQUIVALENCE, seed, confidence),
            |&side: &usize| time(Work::Threads, sides[side]),
        )?;
        for (side, blocks) in blocks.into_iter().enumerate() {
            cx.put(side_condition(side, sides[side]), "time", "ns", blocks);
        }
        if aa {
            return Ok(());
        }
        cx.phase(text!("Computing and waiting with more and more threads"), 0.35, 1.0);
        let conditions: Vec<(Work, usize)> = Work::ALL
            .into_iter()
            .flat_map(|work| numbers.iter().map(move |&threads| (work, threads)))
            .collect();
        let plan = Plan {
            warm_up: 1,
            min_rounds: 5,
            ..Plan::lasting(cx.time(0.35))
        };
        let blocks = cx.sweep(&conditions, plan, |&(work, threads)| time(work, threads))?;
        for ((work, threads), blocks) in conditions.into_iter().zip(blocks) {
            cx.put(swept_condition(work, threads), "time", "ns", blocks);
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let (speedup, drift) = main_speedup(record);
        let (cores, threads) = (cores(record), most_used(cores(record)));
        let summary = if record.is_aa() {
            text!("A/A: the same number of threads twice differs by a factor of {effect}.")
        } else if cores == 1 {
            text!("On one core two threads do the same computing {effect} times as fast as one.")
        } else {
            text!(
                "With {threads} threads on {cores} cores the same computing is done {effect} times as fast as with one.",
                threads = threads,
                cores = cores
            )
        };
        let mut verdict = judge::ratio(record, ABOUT.claims[0], speedup, summary);
        verdict.doubts.extend(drift);
        judge::wants_cores(&mut verdict, record, cores);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// How many times as fast the second side is, with its doubt about drift.
fn main_speedup(record: &Record) -> (Interval, Option<crate::verdict::Doubt>) {
    let sides = sides(cores(record), record.is_aa());
    let [one, many] = [0, 1].map(|side| record.blocks("time", &side_condition(side, sides[side])));
    judge::paired_ratio(record, many, one)
}

/// The times of a kind of work, by the number of threads.
fn swept(record: &Record, work: Work) -> Vec<(usize, &[f64])> {
    let mut points: Vec<(usize, &[f64])> = record
        .select("time", Condition::of("work", work.id()))
        .filter_map(|series| Some((series.condition.get("threads").parse().ok()?, series.blocks.as_slice())))
        .collect();
    points.sort_by_key(|point| point.0);
    points
}

/// How many times as fast as with one thread a kind of work is done, by the number of threads.
fn speedups(record: &Record, work: Work) -> Vec<(usize, Interval)> {
    let points = swept(record, work);
    let Some(&(1, one)) = points.first() else {
        return Vec::new();
    };
    let bootstrap = judge::bootstrap_of_sweep(record);
    let speedup = |&(threads, many): &(usize, &[f64])| (threads, bootstrap.ratio(many, one));
    points.iter().map(speedup).collect()
}

/// The speed-up with `processors` of work of which `serial` can't be split (Amdahl 1967).
fn amdahl(serial: f64, processors: f64) -> f64 {
    1.0 / (serial + (1.0 - serial) / processors)
}

/// The share of a kind of work that is not split, estimated by least squares from the times with 1 to `most` threads:
/// `t(n) / t(1) = s + (1 - s) / n`. Blocks of one round are drawn together. Below two numbers of threads it is `NaN`.
fn serial_share(record: &Record, work: Work, most: usize) -> Interval {
    let points: Vec<(usize, &[f64])> = swept(record, work)
        .into_iter()
        .filter(|point| point.0 <= most)
        .collect();
    let rounds = points.iter().map(|(_, blocks)| blocks.len()).min().unwrap_or(0);
    judge::bootstrap_of_sweep(record).interval(rounds, |drawn| {
        let (mut together, mut spread) = (0.0, 0.0);
        for (threads, blocks) in points.iter().filter(|point| point.0 > 1) {
            let ratios: Vec<f64> = drawn.iter().map(|&round| blocks[round] / points[0].1[round]).collect();
            let part = 1.0 / *threads as f64;
            together += (crate::stats::median(&ratios) - part) * (1.0 - part);
            spread += (1.0 - part).powi(2);
        }
        together / spread
    })
}

/// How many tasks of a kind of work can make progress at once: computing needs a core each, waiting needs none.
fn processors(work: Work, cores: usize) -> usize {
    match work {
        Work::Threads | Work::Rayon => cores,
        Work::Waiting => usize::MAX,
    }
}
