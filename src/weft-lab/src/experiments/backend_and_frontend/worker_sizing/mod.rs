//! How many workers does a backend need, and does one number fit all work?
//!
//! Section 7 of the notes: a backend designs its structure of processes and threads itself. A pool of 1 to 8 times as many
//! threads as cores answers requests that compute, that wait, and that do both. Each size of the pool gets the same work
//! in two ways. *Saturated*: its queue is never empty, which gives the throughput and the place where its curve bends; the
//! verdict compares that place for requests that compute and wait with the one for requests that only compute. *As it
//! comes*: requests arrive at random moments at a fixed rate, which gives the latency and a real check of Little's law. In
//! a closed loop with a fixed number of requests under way the mean number in the system is fixed by construction, and the
//! law could not fail; in the open one it floats, and an observer counts it at moments of its own.

mod figures;
mod findings;
mod fit;
mod pool;
#[cfg(test)]
mod tests;

use std::time::Duration;

use self::fit::{Law, bend};
use self::pool::{Service, follow, moments, pause, saturate, toil};
use crate::claim::{self, Section};
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::measure::{Clock, Nanos, Plan, batch_size};
use crate::params::{Mode, Param, Params};
use crate::record::{Condition, Record};
use crate::stats::{Interval, Ordered, median, quantile};
use crate::text::Text;
use crate::verdict::{Finding, Outcome, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct WorkerSizing;

static ABOUT: About = About {
    id: "worker-sizing",
    question: msg!("How many workers does a backend need, and does one number fit all work?"),
    section: Section::BackendAndFrontend,
    claims: &["backend-designs"],
    params: &[
        Param::integer(
            "compute_us",
            msg!("Time that a request computes, in µs"),
            (20, 5_000),
            250,
            250,
        ),
        Param::integer(
            "wait_us",
            msg!("Time that a request waits, in µs"),
            (100, 20_000),
            750,
            750,
        ),
        Param::integer(
            "times",
            msg!("Most workers of the sweep, as a multiple of the cores"),
            (2, 16),
            8,
            8,
        ),
        Param::integer(
            "load",
            msg!("Requests that come, in percent of what the cores can compute"),
            (10, 90),
            60,
            60,
        ),
        Param::aa(),
    ],
    seconds: (3, 16),
    uses: &["second-cpu", "tasks", "time"],
    source: concat!(
        include_str!("mod.rs"),
        "\n",
        include_str!("pool.rs"),
        "\n",
        include_str!("fit.rs")
    ),
};

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Computing,
    Mixed,
    Waiting,
}

impl Work {
    const ALL: [Work; 3] = [Work::Computing, Work::Mixed, Work::Waiting];

    fn id(self) -> &'static str {
        match self {
            Work::Computing => "computing",
            Work::Mixed => "mixed",
            Work::Waiting => "waiting",
        }
    }

    fn label(self) -> Text {
        match self {
            Work::Computing => text!("Computing"),
            Work::Mixed => text!("Computing, then waiting"),
            Work::Waiting => text!("Waiting"),
        }
    }

    /// In an A/A run requests that should only compute wait as well.
    fn computes_and_waits(self, aa: bool) -> (bool, bool) {
        (self != Work::Waiting, self != Work::Computing || aa)
    }
}

/// What a request takes at least, in nanoseconds: computing, and all of it.
fn demand(params: &Params, work: Work) -> (f64, f64) {
    let (computes, waits) = work.computes_and_waits(params.flag("aa"));
    let micros = |name: &str, counts: bool| if counts { params.count(name) as f64 * 1e3 } else { 0.0 };
    let compute = micros("compute_us", computes);
    (compute, compute + micros("wait_us", waits))
}

/// Workers that are busy on average at the rate of the open loop: the rate times the time of one request.
///
/// For what computes, the load is a share of the cores. What only waits comes as often as what does both, so that the two
/// differ in the computing alone.
fn offered(params: &Params, cores: usize, work: Work) -> f64 {
    let (compute, all) = demand(params, if work == Work::Waiting { Work::Mixed } else { work });
    let rate = params.count("load") as f64 / 100.0 * cores as f64 / compute.max(1.0);
    rate * if work == Work::Waiting {
        demand(params, work).1
    } else {
        all
    }
}

/// The cores that the run may use.
fn cores(record: &Record) -> usize {
    record.machine.allowed_cpus.len().max(1)
}

/// From 1 to the most: 1, 2, 3, 4, 6, 8, 12, 16 and so on, with the cores among them.
fn sizes(cores: usize, times: usize) -> Vec<usize> {
    let most = cores * times.max(2);
    let doubled = std::iter::successors(Some(1_usize), |&size| Some(size * 2)).take_while(|&size| size < most);
    let mut sizes: Vec<usize> = doubled
        .flat_map(|size| [size, size + size / 2])
        .filter(|&size| size < most)
        .chain([cores, most])
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn condition(work: Work, workers: usize) -> Condition {
    Condition::of("work", work.id()).and("workers", workers)
}

impl Experiment for WorkerSizing {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let cores = cx.machine.allowed_cpus.len().max(1);
        if cores == 1 {
            cx.miss("second-cpu", format!("allowed: CPU {:?}", cx.machine.allowed_cpus));
        }
        let service = services(cx)?;
        let mut sizes = sizes(cores, cx.params.count("times"));
        while let (Some(&most), true) = (sizes.last(), sizes.len() > 3) {
            let Err(error) = saturate(
                most,
                Service {
                    turns: 1,
                    wait: Duration::ZERO,
                },
                1,
            ) else {
                break;
            };
            cx.miss("tasks", error);
            sizes.pop();
        }
        let cells: Vec<(Work, usize)> = Work::ALL
            .into_iter()
            .flat_map(|work| sizes.iter().map(move |&workers| (work, workers)))
            .collect();
        saturate_all(cx, &cells, &service, cores)?;
        if cx.params.flag("aa") {
            return Ok(());
        }
        follow_all(cx, cells, &service, cores)
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let [computing, mixed] = [Work::Computing, Work::Mixed].map(|work| bend_at(record, work));
        let summary = if record.is_aa() {
            text!("A/A: the bend of the same work twice differs by a factor of {effect}.")
        } else {
            text!(
                "Throughput stops growing at {mixed} workers for requests that compute and wait and at {computing} for requests that only compute: {effect} times as many."
            )
        };
        let summary = summary
            .with("mixed", format::number(mixed))
            .with("computing", format::number(computing));
        let mut verdict = judge::ratio(record, ABOUT.claims[0], bends_apart(record), summary);
        let missed = matches!(verdict.outcome, Outcome::Refuted | Outcome::NoDifference);
        if missed && is_disturbed(&verdict) && !record.is_aa() {
            verdict.outcome = Outcome::Inconclusive;
        }
        verdict.doubts.extend(findings::doubt_of_little(record));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// Others used the cores that the workers wanted, so that a bend in the wrong place says nothing about workers.
fn is_disturbed(verdict: &Verdict) -> bool {
    verdict
        .doubts
        .iter()
        .any(|doubt| matches!(doubt.kind.as_str(), "busy" | "steal"))
}

/// What each kind of request is made of on this machine.
fn services(cx: &mut Context<'_>) -> Result<impl Fn(Work) -> Service + use<>, Error> {
    let turns = turns(cx.clock, cx.params.count("compute_us") as u64)?;
    let wait = Duration::from_micros(cx.params.count("wait_us") as u64);
    let aa = cx.params.flag("aa");
    Ok(move |work: Work| {
        let (computes, waits) = work.computes_and_waits(aa);
        Service {
            turns: if computes { turns } else { 0 },
            wait: if waits { wait } else { Duration::ZERO },
        }
    })
}

/// How many turns take this long on a core of one's own: the least of a few times.
fn turns(clock: &dyn Clock, micros: u64) -> Result<u64, Error> {
    let run = |count: u64| {
        std::hint::black_box(toil(count));
        Ok::<(), Error>(())
    };
    let many = batch_size(clock, Nanos(1_000_000), run)?;
    let times = (0..5).map(|_| {
        let start = clock.now();
        run(many).map(|()| clock.now().since(start).0.max(1))
    });
    let least = times
        .collect::<Result<Vec<u64>, Error>>()?
        .into_iter()
        .min()
        .unwrap_or(1);
    Ok((many * 1_000 * micros / least).max(1))
}

fn saturate_all(
    cx: &mut Context<'_>,
    cells: &[(Work, usize)],
    service: &dyn Fn(Work) -> Service,
    cores: usize,
) -> Result<(), Error> {
    cx.phase(text!("Answering requests from a queue that is never empty"), 0.0, 0.45);
    let plan = Plan {
        warm_up: 1,
        min_rounds: if cx.mode == Mode::Quick { 5 } else { 12 },
        ..Plan::lasting(cx.time(if cx.mode == Mode::Quick { 0.3 } else { 0.16 }))
    };
    let blocks = cx.sweep(cells, plan, |&(work, workers)| {
        // Six times as many as can be under way at once: about as long for each size.
        let at_once = if work == Work::Computing {
            workers.max(2 * cores)
        } else {
            workers
        };
        saturate(workers, service(work), 6 * at_once).during("start a thread")
    })?;
    for (&(work, workers), blocks) in cells.iter().zip(blocks) {
        cx.put(condition(work, workers), "throughput", "/s", blocks);
    }
    Ok(())
}

fn follow_all(
    cx: &mut Context<'_>,
    mut cells: Vec<(Work, usize)>,
    service: &dyn Fn(Work) -> Service,
    cores: usize,
) -> Result<(), Error> {
    cx.phase(text!("Answering requests as they come"), 0.45, 1.0);
    let (visits, length) = match cx.mode {
        Mode::Quick => (1, Duration::from_millis(25)),
        Mode::Full => (4, Duration::from_millis(50)),
    };
    let (start, limit) = (cx.clock.now(), cx.time(if cx.mode == Mode::Quick { 0.8 } else { 0.35 }));
    let mut seen = Vec::new();
    'visits: for visit in 0..visits {
        // Each visit has a schedule of its own for each kind of work, the same for all sizes.
        let mut rng = cx.rng.fork();
        let schedules = Work::ALL.map(|work| {
            let rate = offered(cx.params, cores, work) * 1e9 / demand(cx.params, work).1;
            (work, rate, moments(rate, length, &mut rng))
        });
        cx.rng.shuffle(&mut cells);
        for (at, &(work, workers)) in cells.iter().enumerate() {
            let Some((_, rate, moments)) = schedules.iter().find(|schedule| schedule.0 == work) else {
                continue;
            };
            if cx.clock.now().since(start) > Nanos::from(limit) {
                cx.miss("time", format!("visit {} of {visits}", visit + 1));
                break 'visits;
            }
            let gap = || pause(rate.min(4_000.0), &mut rng);
            let visited = follow(workers, service(work), moments, gap).during("start a thread")?;
            seen.push(((work, workers), visited));
            cx.progress((visit * cells.len() + at + 1) as f64 / (visits * cells.len()) as f64);
        }
    }
    for work in Work::ALL {
        let mut sizes: Vec<usize> = cells.iter().filter(|cell| cell.0 == work).map(|cell| cell.1).collect();
        sizes.sort_unstable();
        for workers in sizes {
            let visits: Vec<&pool::Visit> = seen
                .iter()
                .filter(|(cell, visit)| *cell == (work, workers) && !visit.counted.is_empty())
                .map(|(_, visit)| visit)
                .collect();
            if !visits.is_empty() {
                put_visits(cx, &condition(work, workers), &visits);
            }
        }
    }
    Ok(())
}

/// One number a visit of each quantity.
fn put_visits(cx: &mut Context<'_>, condition: &Condition, visits: &[&pool::Visit]) {
    let whole = |done: &pool::Done| done.answered.since(done.came).as_f64();
    let served = |done: &pool::Done| done.answered.since(done.taken).as_f64();
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let times = |visit: &pool::Visit, time: fn(&pool::Done) -> f64| visit.done.iter().map(time).collect::<Vec<f64>>();
    let mut put = |quantity: &str, unit: &str, value: &dyn Fn(&pool::Visit) -> f64| {
        let blocks = visits.iter().map(|visit| value(visit)).collect();
        cx.put(condition.clone(), quantity, unit, blocks);
    };
    put("p50", "ns", &|visit| median(&times(visit, whole)));
    put("p95", "ns", &|visit| quantile(&times(visit, whole), 0.95));
    put("answered", "/s", &|visit| {
        visit.done.len() as f64 * 1e9 / visit.window.as_f64().max(1.0)
    });
    put("time_in", "ns", &|visit| mean(times(visit, whole)));
    put("time_served", "ns", &|visit| mean(times(visit, served)));
    put("counted", "1", &|visit| {
        mean(visit.counted.iter().map(|counted| counted.0).collect())
    });
    put("counted_served", "1", &|visit| {
        mean(visit.counted.iter().map(|counted| counted.1).collect())
    });
}

/// A kind of work's blocks of a quantity, by the number of workers.
fn swept<'a>(record: &'a Record, quantity: &'a str, work: Work) -> Vec<(f64, &'a [f64])> {
    let mut points: Vec<(f64, &[f64])> = record
        .select(quantity, Condition::of("work", work.id()))
        .filter_map(|series| Some((series.condition.get("workers").parse().ok()?, series.blocks.as_slice())))
        .collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    points
}

fn rounds(points: &[(f64, &[f64])]) -> usize {
    points.iter().map(|point| point.1.len()).min().unwrap_or(0)
}

/// Each size with its blocks in order, of which medians are drawn.
fn ordered(points: &[(f64, &[f64])]) -> Vec<(f64, Ordered)> {
    let ordered = |&(workers, blocks): &(f64, &[f64])| (workers, Ordered::new(blocks));
    points.iter().map(ordered).collect()
}

/// Each size's median over these rounds.
fn medians(points: &[(f64, Ordered)], rounds: &[usize]) -> Vec<(f64, f64)> {
    let middle = |(workers, blocks): &(f64, Ordered)| (*workers, blocks.median(rounds.iter().copied()));
    points.iter().map(middle).collect()
}

/// Where the throughput of a kind of work bends, without the interval around it.
fn bend_at(record: &Record, work: Work) -> f64 {
    let points = swept(record, "throughput", work);
    let all: Vec<usize> = (0..rounds(&points)).collect();
    bend(&medians(&ordered(&points), &all))
}

/// Where the throughput of a kind of work bends. Blocks of one round are drawn together.
fn bend_of(record: &Record, work: Work) -> Interval {
    let points = swept(record, "throughput", work);
    let sizes = ordered(&points);
    judge::bootstrap_of_sweep(record).interval(rounds(&points), |drawn| bend(&medians(&sizes, drawn)))
}

/// How many times as many workers the bend of mixed work takes as that of computing.
fn bends_apart(record: &Record) -> Interval {
    let [one, other] = [Work::Computing, Work::Mixed].map(|work| swept(record, "throughput", work));
    let rounds = rounds(&one).min(rounds(&other));
    let [one, other] = [one, other].map(|points| ordered(&points));
    judge::bootstrap(record).interval(rounds, |drawn| {
        bend(&medians(&other, drawn)) / bend(&medians(&one, drawn))
    })
}

/// A number of the law that fits a kind of work.
fn of_law(record: &Record, work: Work, number: impl Fn(Law) -> f64 + Sync) -> Interval {
    let points = swept(record, "throughput", work);
    let sizes = ordered(&points);
    judge::bootstrap_of_sweep(record).interval(rounds(&points), |drawn| {
        Law::fit(&medians(&sizes, drawn)).map_or(f64::NAN, &number)
    })
}

/// What was counted in the system against throughput times mean time in it, over all visits; or the same of the workers
/// that were busy.
fn little(record: &Record, counted: &str, time: &str) -> Interval {
    let blocks = |quantity: &str| -> Vec<f64> {
        Work::ALL
            .into_iter()
            .flat_map(|work| swept(record, quantity, work))
            .flat_map(|point| point.1.to_vec())
            .collect()
    };
    let product: Vec<f64> = blocks("answered")
        .iter()
        .zip(blocks(time))
        .map(|(rate, time)| rate * time / 1e9)
        .collect();
    judge::bootstrap_of_sweep(record).ratio(&product, &blocks(counted))
}

/// The borders within which Little's law counts as kept.
const LITTLE: [f64; 2] = claim::EQUIVALENCE;
