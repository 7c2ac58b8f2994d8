//! One job, split over threads or over processes: what does it take in time and in memory?
//!
//! Section 4 of the notes, "sharing of resources, good performance". The job reads or changes an array that is there
//! already. What is timed is all of it: making the workers, the work, collecting the results, and the workers' end. The
//! verdict compares threads with processes that inherit the array by fork, the ordinary way; processes that map it as
//! shared, and processes that are sent their part, stand beside them.

mod figures;
mod hall;
mod job;
#[cfg(test)]
mod tests;

use self::hall::{Hall, Way};
use self::job::Job;
use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment, time_each};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::machine::occupied::{Occupied, Unreadable};
use crate::measure::{Plan, decided};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::stats::median;
use crate::verdict::{Effect, EffectKind, Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct SharedJob;

static ABOUT: About = About {
    id: "shared-job",
    question: msg!("One job, split over threads or over processes: what does it take in time and in memory?"),
    section: Section::MultiProcessMultiThread,
    claims: &["threads-share-fast"],
    params: &[
        Param::integer("kb", msg!("Size of the array, in kB"), (8, 64_000), 1_000, 1_000),
        Param::integer(
            "sweep_kb",
            msg!("Largest array of the sweep, in kB"),
            (60, 64_000),
            16_000,
            64_000,
        ),
        Param::integer("workers", msg!("Workers that the job is split over"), (1, 16), 2, 2),
        Param::choice(
            "job",
            msg!("What the workers do: count the bytes (a small result) or change every word (a large one)"),
            &["count", "change"],
        ),
        Param::aa(),
    ],
    seconds: (3, 13),
    uses: &["pinning", "second-cpu", "smaps-rollup", "kernel-memory"],
    source: concat!(
        include_str!("mod.rs"),
        "\n",
        include_str!("job.rs"),
        "\n",
        include_str!("hall.rs")
    ),
};

/// Sizes of the sweep, in kB.
const SIZES_KB: [usize; 5] = [60, 500, 4_000, 16_000, 64_000];
const SIZES_KB_QUICK: [usize; 3] = [60, 1_000, 16_000];

impl Experiment for SharedJob {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        let here = cx.machine.quiet_cpu();
        let mut cpus = vec![here];
        cpus.extend(cx.machine.allowed_cpus.iter().rev().filter(|&&cpu| cpu != here));
        if cpus.len() == 1 {
            cx.miss("second-cpu", format!("allowed: CPU {here}"));
        }
        let workers = cx.params.count("workers").max(1);
        let hall = Hall::open(cx.params.count("kb") * 1_000, workers, &cpus).during("map the array")?;
        compare(cx, &hall)?;
        if cx.params.flag("aa") {
            return Ok(());
        }
        weigh(cx, &hall)?;
        drop(hall);
        let quick = cx.mode == Mode::Quick;
        let sizes: &[usize] = if quick { &SIZES_KB_QUICK } else { &SIZES_KB };
        let largest = cx.params.count("sweep_kb");
        let sizes: Vec<usize> = sizes.iter().copied().filter(|&kb| kb <= largest).collect();
        for (at, &kb) in sizes.iter().enumerate() {
            let from = 0.45 + 0.55 * at as f64 / sizes.len() as f64;
            cx.phase(
                text!("Doing the job with arrays of every size"),
                from,
                from + 0.55 / sizes.len() as f64,
            );
            let hall = Hall::open(kb * 1_000, workers, &cpus).during("map the array")?;
            sweep(cx, &hall, kb, sizes.len())?;
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let [threads, processes] = main_conditions(record.is_aa()).map(|side| record.blocks("time", &side));
        let (ratio, drift) = judge::paired_ratio(record, threads, processes);
        let summary = if record.is_aa() {
            text!("A/A: the same threads twice differ by a factor of {effect}.")
        } else {
            text!(
                "{workers} processes that inherit the data by fork take {effect} times as long as {workers} threads to {job} of {size}, making the workers and collecting included."
            )
        };
        let kb = record.params.count("kb") as f64;
        let summary = summary
            .with_text("job", job_of(record).label())
            .with("size", format::quantity(kb, "kB"))
            .with("workers", record.params.count("workers"));
        let mut verdict = judge::ratio(record, "threads-share-fast", ratio, summary);
        verdict.doubts.extend(drift);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        let memory = Job::ALL.into_iter().filter_map(|job| memory_finding(record, job));
        size_findings(record).into_iter().chain(memory).collect()
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

fn job_of(record: &Record) -> Job {
    Job::find(record.params.word("job"))
}

/// The two conditions of the verdict. In an A/A run both are threads.
fn main_conditions(aa: bool) -> [Condition; 2] {
    let second = if aa { Way::Threads } else { Way::Fork };
    [
        Condition::of("side", "a").and("way", Way::Threads.id()),
        Condition::of("side", "b").and("way", second.id()),
    ]
}

fn compare(cx: &mut Context<'_>, hall: &Hall) -> Result<(), Error> {
    cx.phase(text!("Doing the job with threads and with processes"), 0.0, 0.4);
    let aa = cx.params.flag("aa");
    let job = Job::find(cx.params.word("job"));
    let sides = [Way::Threads, if aa { Way::Threads } else { Way::Fork }];
    let (clock, cost) = (cx.clock, cx.clock_cost);
    let region = crate::claim::EQUIVALENCE;
    let share = if cx.mode == Mode::Quick { 0.3 } else { 0.15 };
    let blocks = cx.compare(
        &[0, 1],
        Plan::lasting(cx.time(share)),
        &|blocks, seed, confidence| decided(&blocks[0], &blocks[1], region, seed, confidence),
        |&side: &usize| time_of(hall, sides[side], job, clock, cost),
    )?;
    for (condition, blocks) in main_conditions(aa).into_iter().zip(blocks) {
        cx.put(condition, "time", "ns", blocks);
    }
    Ok(())
}

/// The time of the job, done once, in nanoseconds.
fn time_of(
    hall: &Hall,
    way: Way,
    job: Job,
    clock: &dyn crate::measure::Clock,
    cost: crate::measure::ClockCost,
) -> Result<f64, Error> {
    let mut done = None;
    let time = time_each(clock, cost, 1, || {
        done = Some(hall.work(way, job, false)?);
        Ok(())
    })?;
    done.map_or(Ok(time), |done| hall.check(way, job, &done).map(|()| time))
}

fn cells() -> Vec<(Way, Job)> {
    Job::ALL
        .into_iter()
        .flat_map(|job| Way::ALL.map(|way| (way, job)))
        .collect()
}

fn cell_condition((way, job): (Way, Job)) -> Condition {
    Condition::of("way", way.id()).and("job", job.id())
}

/// What all tasks occupy at the end of the job, beyond what this process did before it.
fn weigh(cx: &mut Context<'_>, hall: &Hall) -> Result<(), Error> {
    cx.phase(text!("Reading the memory that the workers take"), 0.4, 0.45);
    let readings = if cx.mode == Mode::Quick { 3 } else { 10 };
    let mut blocks = vec![Vec::new(); cells().len()];
    let mut unreadable = None;
    for _ in 0..readings {
        for (cell, blocks) in cells().into_iter().zip(&mut blocks) {
            match weigh_once(hall, cell)? {
                Ok(kb) => blocks.push(kb),
                Err(Unreadable { facility, detail }) => unreadable = Some((facility, detail)),
            }
        }
    }
    if let Some((facility, detail)) = unreadable {
        cx.miss(facility, detail);
    }
    for (cell, blocks) in cells().into_iter().zip(blocks) {
        cx.put(cell_condition(cell), "memory", "kB", blocks);
    }
    Ok(())
}

fn weigh_once(hall: &Hall, (way, job): (Way, Job)) -> Result<Result<f64, Unreadable>, Error> {
    let before = match Occupied::by(&[nix::unistd::getpid().as_raw()]) {
        Ok(before) => before,
        Err(unreadable) => return Ok(Err(unreadable)),
    };
    let done = hall.work(way, job, true)?;
    hall.check(way, job, &done)?;
    let total = |occupied: &Occupied| occupied.total_kb(0.0);
    let weighed = done.occupied.unwrap_or(Ok(before));
    Ok(weighed.map(|after| total(&after) - total(&before)))
}

fn sweep(cx: &mut Context<'_>, hall: &Hall, kb: usize, sizes: usize) -> Result<(), Error> {
    let share = if cx.mode == Mode::Quick { 0.35 } else { 0.25 };
    let plan = Plan {
        warm_up: 1,
        min_rounds: 3,
        ..Plan::lasting(cx.time(share / sizes as f64)).at_most(60)
    };
    let (clock, cost) = (cx.clock, cx.clock_cost);
    let cells = cells();
    let blocks = cx.sweep(&cells, plan, |&(way, job)| time_of(hall, way, job, clock, cost))?;
    for (cell, blocks) in cells.into_iter().zip(blocks) {
        cx.put(cell_condition(cell).and("kb", kb), "time", "ns", blocks);
    }
    Ok(())
}

/// The sweep of one way of doing a job: size in kB, and the times there.
fn swept(record: &Record, cell: (Way, Job)) -> Vec<(f64, &[f64])> {
    let mut points: Vec<(f64, &[f64])> = record
        .select("time", cell_condition(cell))
        .filter_map(|series| Some((series.condition.get("kb").parse().ok()?, series.blocks.as_slice())))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// Each way against threads, with the largest array of the sweep.
fn size_findings(record: &Record) -> Vec<Finding> {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let finding = |job: Job, way: Way| {
        let (_, threads) = *swept(record, (Way::Threads, job)).last()?;
        let (kb, times) = *swept(record, (way, job)).last()?;
        let ratio = bootstrap.ratio(threads, times);
        ratio.low.is_finite().then(|| Finding {
            id: format!("{}-{}", way.id(), job.id()),
            text: text!(
                "{way}, to {job} of {size}: {effect} times as long as threads.",
                way: way.label(),
                job: job.label(),
                size = format::quantity(kb, "kB"),
                effect = format::interval(&ratio, "1")
            ),
            effect: Some(Effect::new(EffectKind::Ratio, ratio, "1")),
        })
    };
    let ways = [Way::Fork, Way::Shared, Way::Sent];
    Job::ALL
        .into_iter()
        .flat_map(|job| ways.map(|way| finding(job, way)))
        .flatten()
        .collect()
}

fn memory(record: &Record, cell: (Way, Job)) -> &[f64] {
    record.blocks("memory", &cell_condition(cell))
}

fn memory_finding(record: &Record, job: Job) -> Option<Finding> {
    let [threads, fork] = [Way::Threads, Way::Fork].map(|way| memory(record, (way, job)));
    let difference = judge::bootstrap_of_sweep(record).difference(threads, fork);
    difference.low.is_finite().then(|| Finding {
        id: format!("memory-{}", job.id()),
        text: text!(
            "Memory to {job}: threads add {threads}, processes that inherit the data add {processes}.",
            job: job.label(),
            threads = format::quantity(median(threads), "kB"),
            processes = format::quantity(median(fork), "kB")
        ),
        effect: Some(Effect::new(EffectKind::Difference, difference, "kB")),
    })
}
