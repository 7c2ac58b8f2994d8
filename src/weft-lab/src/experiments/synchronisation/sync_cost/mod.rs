//! What does synchronisation cost in time, and what does it bring in complexity?
//!
//! Section 6 of the notes, "동기화 비용과 복잡도". Time: two threads, each with a mutex that nobody else wants, against the
//! same two threads with one mutex for both. Complexity: fields that nobody shares and that are slow all the same, five
//! philosophers who starve and three cures, and a pair of writes that each thread sees in another order.

mod figures;
mod findings;
mod litmus;
mod philosophers;
mod work;

use std::time::Duration;

use self::litmus::Order;
use self::philosophers::{Cure, Dinner, Ending};
use self::work::Work;
use super::team::Team;
use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::judge;
use crate::measure::{Plan, decided};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::verdict::{Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct SyncCost;

static ABOUT: About = About {
    id: "sync-cost",
    question: msg!("What does synchronisation cost in time, and what does it bring in complexity?"),
    section: Section::Synchronisation,
    claims: &["sync-costs"],
    params: &[
        Param::integer("philosophers", msg!("Philosophers at the table"), (2, 16), 5, 5),
        Param::integer("meals", msg!("Meals of each philosopher"), (1, 200), 15, 30),
        Param::aa(),
    ],
    seconds: (3, 12),
    uses: &["pinning", "second-cpu"],
    source: include_str!("mod.rs"),
};

/// The two sides of the verdict. In an A/A run both have mutexes of their own.
fn main_sides(aa: bool) -> [Work; 2] {
    [Work::OwnMutex, if aa { Work::OwnMutex } else { Work::SharedMutex }]
}

fn main_conditions(aa: bool) -> [Condition; 2] {
    let [a, b] = main_sides(aa);
    [a.condition().and("side", "a"), b.condition().and("side", "b")]
}

impl Experiment for SyncCost {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let has_two = cx.machine.other_cpu().is_some();
        if !has_two {
            cx.miss("second-cpu", format!("allowed: CPU {}", cx.machine.quiet_cpu()));
        }
        compare(cx)?;
        if cx.params.flag("aa") {
            return Ok(());
        }
        time_all(cx)?;
        dine(cx)?;
        if has_two {
            reorder(cx)?;
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let [first, second] = main_conditions(record.is_aa());
        let (first, second) = (record.blocks("time", &first), record.blocks("time", &second));
        let (ratio, drift) = judge::paired_ratio(record, first, second);
        let summary = if record.is_aa() {
            text!("A/A: the same mutexes twice differ by a factor of {effect}.")
        } else {
            text!(
                "With two threads, an addition under one mutex for both takes {effect} times as long as under a mutex for each."
            )
        };
        let mut verdict = judge::ratio(record, "sync-costs", ratio, summary);
        verdict.doubts.extend(drift);
        verdict.doubts.extend(findings::stuck(record));
        judge::wants_cores(&mut verdict, record, record.machine.allowed_cpus.len());
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// How long one block lasts.
fn window(cx: &Context<'_>) -> Duration {
    Duration::from_millis(if cx.mode == Mode::Quick { 3 } else { 10 })
}

fn compare(cx: &mut Context<'_>) -> Result<(), Error> {
    let aa = cx.params.flag("aa");
    cx.phase(
        text!("Adding under mutexes of one's own, and under one for both"),
        0.0,
        0.3,
    );
    let (cpus, window) = (cx.machine.allowed_cpus.clone(), window(cx));
    let sides = main_sides(aa);
    let region = crate::claim::EQUIVALENCE;
    let plan = Plan::lasting(cx.time(if cx.mode == Mode::Quick { 0.3 } else { 0.15 }));
    let blocks = cx.compare(
        &[0, 1],
        plan,
        &|blocks, seed, confidence| decided(&blocks[0], &blocks[1], region, seed, confidence),
        |&side: &usize| {
            sides[side].time(
                Team {
                    threads: 2,
                    cpus: &cpus,
                },
                window,
            )
        },
    )?;
    for (condition, blocks) in main_conditions(aa).into_iter().zip(blocks) {
        cx.put(condition, "time", "ns", blocks);
    }
    Ok(())
}

fn time_all(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Adding in every way"), 0.3, 0.55);
    let (cpus, window) = (cx.machine.allowed_cpus.clone(), window(cx));
    let plan = Plan {
        warm_up: 1,
        ..Plan::lasting(cx.time(if cx.mode == Mode::Quick { 0.2 } else { 0.1 }))
    };
    let blocks = cx.sweep(&Work::ALL, plan, |&work| {
        work.time(
            Team {
                threads: 2,
                cpus: &cpus,
            },
            window,
        )
    })?;
    for (work, blocks) in Work::ALL.into_iter().zip(blocks) {
        cx.put(work.condition(), "time", "ns", blocks);
    }
    Ok(())
}

fn dine(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Letting the philosophers dine"), 0.55, 0.8);
    let dinner = Dinner {
        philosophers: cx.params.count("philosophers"),
        meals: cx.params.count("meals") as u64,
    };
    let plan = Plan {
        budget: cx.time(if cx.mode == Mode::Quick { 0.2 } else { 0.1 }),
        warm_up: 0,
        min_rounds: 3,
        max_rounds: if cx.mode == Mode::Quick { 10 } else { 40 },
    };
    let mut circles = Vec::new();
    let blocks = cx.sweep(&Cure::ALL, plan, |&cure| {
        let ending = dinner.serve(cure)?;
        if let Ending::Deadlock { circle } = ending {
            circles.push(circle as f64);
        }
        Ok(ending.code())
    })?;
    for (cure, blocks) in Cure::ALL.into_iter().zip(blocks) {
        cx.put(cure.condition(), "ending", "1", blocks);
    }
    if !circles.is_empty() {
        cx.put(Condition::default(), "circle", "1", circles);
    }
    Ok(())
}

fn reorder(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Looking for writes in another order"), 0.8, 1.0);
    let cpus = cx.machine.allowed_cpus.clone();
    let team = Team {
        threads: 2,
        cpus: &cpus,
    };
    let (rounds, spawned) = if cx.mode == Mode::Quick {
        (10_000, 20)
    } else {
        (50_000, 100)
    };
    let plan = Plan {
        budget: cx.time(if cx.mode == Mode::Quick { 0.15 } else { 0.08 }),
        warm_up: 0,
        min_rounds: 5,
        max_rounds: 50,
    };
    let cells: Vec<(Order, bool)> = Order::ALL
        .into_iter()
        .map(|order| (order, true))
        .chain([(Order::Relaxed, false)])
        .collect();
    let blocks = cx.sweep(&cells, plan, |&(order, in_step)| {
        if in_step {
            litmus::in_step(order, team, rounds).map(|found| found as f64)
        } else {
            litmus::spawned(order, team, spawned).map(|found| found as f64)
        }
    })?;
    for ((order, in_step), blocks) in cells.into_iter().zip(blocks) {
        let rounds = if in_step { rounds } else { spawned };
        let tries = vec![rounds as f64; blocks.len()];
        cx.put(order.condition(in_step), "both-old", "1", blocks);
        cx.put(order.condition(in_step), "tries", "1", tries);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
