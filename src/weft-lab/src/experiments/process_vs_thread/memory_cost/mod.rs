//! How many kilobytes does one more worker take: a thread, a forked process, a process that runs a new program?
//!
//! Section 3 of the notes, "less memory is wasted" and "uses much memory". A parent starts workers that wait; after each
//! step the whole group's memory is read. The slope over the number of workers is the price of one. Proportional set
//! size, page tables and kernel stacks are added up, since none of them alone is the answer.

mod figures;
mod group;

use self::group::{Group, Kind};
use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::machine::occupied::{Occupied, Unreadable, kernel_stacks, stack_size};
use crate::measure::{Plan, decided};
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::stats::{Interval, median};
use crate::verdict::{Effect, EffectKind, Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct MemoryCost;

static ABOUT: About = About {
    id: "memory-cost",
    question: msg!("How many kilobytes does one more worker take?"),
    section: Section::ProcessVsThread,
    claims: &["memory-cost"],
    params: &[
        Param::integer("workers", msg!("Largest number of workers"), (4, 256), 64, 256),
        Param::aa(),
    ],
    seconds: (2, 8),
    uses: &["smaps-rollup", "kernel-memory", "tasks", "cat"],
    source: include_str!("mod.rs"),
};

/// The quantities of a record, all in kB. RSS is shown beside the others and is no part of the total.
const PSS: &str = "pss";
const PAGE_TABLES: &str = "page-tables";
const KERNEL_STACKS: &str = "kernel-stacks";
const RSS: &str = "rss";
const PARTS: [&str; 3] = [PSS, PAGE_TABLES, KERNEL_STACKS];

/// The names of the sides; the first two are those of the verdict.
const SIDES: [&str; 3] = ["a", "b", "c"];

/// What each side is. In an A/A run both are threads.
fn sides(aa: bool) -> &'static [Kind] {
    if aa { &[Kind::Thread, Kind::Thread] } else { &Kind::ALL }
}

fn condition(kind: Kind, side: &str) -> Condition {
    Condition::of("kind", kind.id()).and("side", side)
}

impl Experiment for MemoryCost {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.phase(text!("Measuring a kernel stack"), 0.0, 0.05);
        let stack_kb = measure_stack(cx);
        let mut kinds = sides(cx.params.flag("aa")).to_vec();
        if kinds.contains(&Kind::Program)
            && let Err(error) = Group::open(Kind::Program).and_then(|mut group| group.grow_to(1))
        {
            cx.miss("cat", error);
            kinds.retain(|&kind| kind != Kind::Program);
        }
        sweep(cx, &kinds, stack_kb)
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let (first, second) = (slopes(record, 0), slopes(record, 1));
        let (ratio, drift) = judge::paired_ratio(record, &first, &second);
        let summary = if record.is_aa() {
            text!("A/A: the same kind of worker twice differs by a factor of {effect}.")
        } else {
            text!("One more forked process takes {effect} times as much memory as one more thread.")
        };
        let mut verdict = judge::ratio(record, "memory-cost", ratio, summary);
        verdict.doubts.extend(drift);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        if record.is_aa() { Vec::new() } else { findings(record) }
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// The size of a kernel stack in kB: what some threads add to the machine's sum, for each of them. Other programs start
/// and end tasks meanwhile, so it is done again and the median counts. Fewer threads would drown in the batches in which
/// the kernel counts.
fn measure_stack(cx: &mut Context<'_>) -> Option<f64> {
    const TIMES: usize = 5;
    let mut refused = None;
    for threads in [128, 32] {
        match (0..TIMES).map(|_| stacks_of(threads)).collect::<Result<Vec<f64>, _>>() {
            Ok(added) => {
                let size = stack_size(median(&added), threads as f64);
                cx.put(Condition::of("threads", threads), "kernel-stacks-added", "kB", added);
                if size.is_none() {
                    cx.miss("kernel-memory", "threads added nothing to the line KernelStack");
                }
                return size;
            }
            Err(unreadable) => refused = Some(unreadable.detail),
        }
    }
    cx.miss("kernel-memory", refused.unwrap_or_default());
    None
}

fn stacks_of(threads: usize) -> Result<f64, Unreadable> {
    let tasks = |error: std::io::Error| Unreadable {
        facility: "tasks",
        detail: error.to_string(),
    };
    let mut group = Group::open(Kind::Thread).map_err(tasks)?;
    let before = kernel_stacks()?;
    group.grow_to(threads).map_err(tasks)?;
    Ok(kernel_stacks()? - before)
}

/// Numbers of workers: none, then 1, 2, 4 and so on up to the largest.
fn steps(largest: usize) -> Vec<usize> {
    let mut steps = vec![0];
    steps.extend(std::iter::successors(Some(1), |&step| Some(step * 2)).take_while(|&step| step < largest));
    steps.push(largest);
    steps
}

/// What was read in all rounds: for each side and step one reading a round.
struct Readings {
    steps: Vec<usize>,
    taken: Vec<Vec<Vec<Occupied>>>,
    /// Why the sweep ended before the largest step.
    limit: Option<String>,
    unreadable: Option<Unreadable>,
}

fn sweep(cx: &mut Context<'_>, kinds: &[Kind], stack_kb: Option<f64>) -> Result<(), Error> {
    let steps = steps(cx.params.count("workers"));
    let mut readings = Readings {
        taken: vec![vec![Vec::new(); steps.len()]; kinds.len()],
        steps,
        limit: None,
        unreadable: None,
    };
    cx.phase(text!("Starting workers that wait"), 0.05, 1.0);
    let region = crate::claim::EQUIVALENCE;
    let plan = Plan {
        warm_up: 1,
        ..Plan::lasting(cx.time(0.85))
    };
    let indices: Vec<usize> = (0..kinds.len()).collect();
    let swept = cx.compare(
        &indices,
        plan,
        &|blocks, seed, confidence| decided(&blocks[0], &blocks[1], region, seed, confidence),
        |&side| readings.take(kinds[side], side, stack_kb.unwrap_or(0.0)),
    );
    if let Some(Unreadable { facility, detail }) = readings.unreadable {
        cx.miss(facility, detail);
        return Ok(());
    }
    let rounds = swept?.first().map_or(0, Vec::len);
    if let Some(limit) = readings.limit {
        cx.miss("tasks", limit);
    }
    for (side, &kind) in kinds.iter().enumerate() {
        for (step, taken) in readings.steps.iter().zip(&readings.taken[side]) {
            let condition = condition(kind, SIDES[side]).and("workers", step);
            // The rounds that warmed up are not in the record.
            let taken = &taken[taken.len().saturating_sub(rounds)..];
            let mut put = |quantity: &str, unit: &str, read: &dyn Fn(&Occupied) -> f64| {
                cx.put(condition.clone(), quantity, unit, taken.iter().map(read).collect());
            };
            put(PSS, "kB", &|occupied| occupied.pss_kb);
            put(RSS, "kB", &|occupied| occupied.rss_kb);
            put(PAGE_TABLES, "kB", &|occupied| occupied.page_tables_kb);
            put("tasks", "1", &|occupied| occupied.tasks);
            if let Some(size) = stack_kb {
                put(KERNEL_STACKS, "kB", &|occupied| occupied.tasks * size);
            }
        }
    }
    Ok(())
}

impl Readings {
    /// One round of one side: a new parent grows step by step. The slope of the total over the workers, in kB.
    fn take(&mut self, kind: Kind, side: usize, stack_kb: f64) -> Result<f64, Error> {
        let mut group = Group::open(kind).during("start the parent of the workers")?;
        let mut points = Vec::new();
        for index in 0..self.steps.len() {
            let step = self.steps[index];
            if let Err(error) = group.grow_to(step) {
                if index < 3 {
                    return Err(error).during("start a few workers");
                }
                self.limit = Some(format!("{step} workers: {error}"));
                self.steps.truncate(index);
                break;
            }
            match Occupied::by(&group.processes()) {
                Ok(occupied) => {
                    points.push((step as f64, occupied.total_kb(stack_kb)));
                    self.taken[side][index].push(occupied);
                }
                Err(unreadable) => {
                    let error = Error::Check {
                        what: "memory of a group",
                        expected: "numbers".to_owned(),
                        found: unreadable.detail.clone(),
                    };
                    self.unreadable = Some(unreadable);
                    return Err(error);
                }
            }
        }
        Ok(slope(&points))
    }
}

/// The kind that a side was, where it was measured.
fn kind_of(record: &Record, side: usize) -> Option<Kind> {
    sides(record.is_aa()).get(side).copied()
}

/// A quantity of a side over the number of workers.
fn swept<'a>(record: &'a Record, side: usize, quantity: &'a str) -> Vec<(f64, &'a [f64])> {
    let Some(kind) = kind_of(record, side) else {
        return Vec::new();
    };
    let mut points: Vec<(f64, &[f64])> = record
        .select(quantity, condition(kind, SIDES[side]))
        .filter_map(|series| Some((series.condition.get("workers").parse().ok()?, series.blocks.as_slice())))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

/// The total of a side over the number of workers: the sum of all parts that could be read, round by round.
fn totals(record: &Record, side: usize) -> Vec<(f64, Vec<f64>)> {
    let mut totals: Vec<(f64, Vec<f64>)> = Vec::new();
    for part in PARTS {
        for (place, (workers, blocks)) in swept(record, side, part).into_iter().enumerate() {
            match totals.get_mut(place) {
                Some((_, sum)) => sum.iter_mut().zip(blocks).for_each(|(sum, block)| *sum += block),
                None => totals.push((workers, blocks.to_vec())),
            }
        }
    }
    totals
}

/// What one more worker of a side takes in each round, in kB.
fn slopes(record: &Record, side: usize) -> Vec<f64> {
    slopes_by_round(&totals(record, side))
}

/// The same of one quantity.
fn slopes_of(record: &Record, side: usize, quantity: &str) -> Vec<f64> {
    slopes_by_round(&swept(record, side, quantity))
}

fn slopes_by_round(points: &[(f64, impl AsRef<[f64]>)]) -> Vec<f64> {
    let rounds = points
        .iter()
        .map(|(_, blocks)| blocks.as_ref().len())
        .min()
        .unwrap_or(0);
    let at = |round: usize| {
        points
            .iter()
            .map(move |(workers, blocks)| (*workers, blocks.as_ref()[round]))
    };
    (0..rounds).map(|round| slope(&at(round).collect::<Vec<_>>())).collect()
}

/// The slope of a line through all points by least squares; `NaN` below two values of x. The slopes of the parts add up
/// to that of the whole, as medians of slopes would not.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(|point| point.0), mean(|point| point.1));
    let (mut together, mut spread) = (0.0, 0.0);
    for (x, y) in points {
        together += (x - x_mean) * (y - y_mean);
        spread += (x - x_mean).powi(2);
    }
    together / spread
}

fn findings(record: &Record) -> Vec<Finding> {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let mut found = Vec::new();
    let mut find = |id: &str, text: crate::text::Text, kind: EffectKind, effect: Interval, unit: &str| {
        if effect.low.is_finite() {
            found.push(Finding {
                id: id.to_owned(),
                text: text.with("effect", format::interval(&effect, unit)),
                effect: Some(Effect::new(kind, effect, unit)),
            });
        }
    };
    let each = [
        ("thread", text!("One more thread takes {effect}.")),
        ("fork", text!("One more forked process takes {effect}.")),
        ("exec", text!("One more process that runs cat takes {effect}.")),
    ];
    for (side, (id, text)) in each.into_iter().enumerate() {
        find(
            id,
            text,
            EffectKind::Slope,
            bootstrap.median(&slopes(record, side)),
            "kB",
        );
    }
    find(
        "fork-page-tables",
        text!("Of a forked process, {effect} are page tables, which the proportional set size doesn't count."),
        EffectKind::Slope,
        bootstrap.median(&slopes_of(record, 1, PAGE_TABLES)),
        "kB",
    );
    find(
        "rss-overstates",
        text!("RSS counts {effect} times as much as PSS for one more forked process."),
        EffectKind::Ratio,
        bootstrap.ratio(&slopes_of(record, 1, PSS), &slopes_of(record, 1, RSS)),
        "1",
    );
    find(
        "exec-ratio",
        text!("One more process that runs cat takes {effect} times as much memory as one more thread."),
        EffectKind::Ratio,
        bootstrap.ratio(&slopes(record, 0), &slopes(record, 2)),
        "1",
    );
    found
}

#[cfg(test)]
mod tests;
