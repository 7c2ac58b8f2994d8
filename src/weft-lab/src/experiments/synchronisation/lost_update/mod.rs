//! Do threads that change one counter at the same time lose updates?
//!
//! Section 6 of the notes, "데이터 불일치 발생". Two threads add one to a counter, again and again, in three ways: by a
//! load and a store with something between them, by a load and a store that the compiler may fold into one instruction,
//! and by an atomic addition. What is missing at the end is what was lost. A trial counts for the verdict if the threads
//! were under way at the same time.

mod code;
mod figures;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use self::code::Shape;
use super::team::{Shift, Team};
use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::measure::Plan;
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::stats::Interval;
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding, Outcome, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct LostUpdate;

static ABOUT: About = About {
    id: "lost-update",
    question: msg!("Do threads that change one counter at the same time lose updates?"),
    section: Section::Synchronisation,
    claims: &["lost-update"],
    params: &[
        Param::integer("threads", msg!("Threads that add to one counter"), (2, 16), 2, 2),
        Param::integer(
            "iterations",
            msg!("Additions of each thread in a trial on several cores"),
            (1_000, 20_000_000),
            1_000_000,
            2_000_000,
        ),
        Param::integer("trials", msg!("Trials of each way"), (5, 1_000), 30, 200),
    ],
    seconds: (2, 11),
    uses: &["pinning", "second-cpu", "own-code"],
    source: include_str!("mod.rs"),
};

/// A way to add one to a counter that others change too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Separate,
    Folded,
    Atomic,
}

impl Way {
    const ALL: [Way; 3] = [Way::Separate, Way::Folded, Way::Atomic];

    fn id(self) -> &'static str {
        match self {
            Way::Separate => "separate",
            Way::Folded => "folded",
            Way::Atomic => "atomic",
        }
    }

    fn label(self) -> Text {
        match self {
            Way::Separate => text!("Load and store apart"),
            Way::Folded => text!("Load and store together"),
            Way::Atomic => text!("Atomic addition"),
        }
    }

    fn add(self) -> fn(&AtomicU64, u64) {
        match self {
            Way::Separate => add_separately,
            Way::Folded => add_folded,
            Way::Atomic => add_atomically,
        }
    }
}

/// `black_box` stands between the load and the store, so no compiler makes one instruction of them.
#[inline(never)]
fn add_separately(counter: &AtomicU64, times: u64) {
    for _ in 0..times {
        let seen = black_box(counter.load(Ordering::Relaxed));
        counter.store(seen + 1, Ordering::Relaxed);
    }
}

/// The same text without it: a compiler may fold load, addition and store into one instruction, which is no atomic one.
#[inline(never)]
fn add_folded(counter: &AtomicU64, times: u64) {
    for _ in 0..times {
        let seen = counter.load(Ordering::Relaxed);
        counter.store(seen + 1, Ordering::Relaxed);
    }
}

#[inline(never)]
fn add_atomically(counter: &AtomicU64, times: u64) {
    for _ in 0..times {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// On how many cores the threads run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cores {
    One,
    Several,
}

impl Cores {
    fn id(self) -> &'static str {
        match self {
            Cores::One => "one",
            Cores::Several => "several",
        }
    }
}

/// One way on one or several cores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    way: Way,
    cores: Cores,
}

impl Cell {
    fn condition(self) -> Condition {
        Condition::of("way", self.way.id()).and("cores", self.cores.id())
    }

    fn label(self) -> Text {
        match self.cores {
            Cores::One => text!("{way}, one core", way: self.way.label()),
            Cores::Several => text!("{way}, several cores", way: self.way.label()),
        }
    }
}

/// At least this share of a trial all threads must be under way, or it says nothing about "at the same time".
const OVERLAP: f64 = 0.5;
/// On one core a trial lasts so long that the threads take turns several times, whatever the processor's speed.
const SEVERAL_SLICES: Duration = Duration::from_millis(60);
/// Additions on one core between two looks at the time.
const BATCH: u64 = 10_000;
/// Additions of each thread in the sweep.
const SWEPT: [u64; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];

impl Experiment for LostUpdate {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        for way in Way::ALL {
            match code::read(way.add()) {
                Ok((shape, bytes)) => {
                    let condition = Condition::of("way", way.id()).and("shape", shape.id());
                    cx.put(condition, "code", "1", bytes.into_iter().map(f64::from).collect());
                }
                Err(error) => cx.miss("own-code", error),
            }
        }
        if cx.machine.other_cpu().is_some() {
            cx.phase(text!("Adding to one counter on several cores"), 0.0, 0.4);
            try_ways(cx, Cores::Several, 0.4)?;
            cx.phase(text!("Adding to one counter, longer and longer"), 0.4, 0.6);
            sweep_lengths(cx)?;
        } else {
            cx.miss("second-cpu", format!("allowed: CPU {}", cx.machine.quiet_cpu()));
        }
        cx.phase(text!("Adding to one counter on one core"), 0.6, 1.0);
        // Where there is one core, the verdict rests on it and it gets all the time.
        let share = if cx.machine.other_cpu().is_some() { 0.2 } else { 0.8 };
        try_ways(cx, Cores::One, share)?;
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let trials = Trials::of(record);
        let summary = match trials.cell.cores {
            Cores::Several => text!(
                "In {held} of {trials} trials in which the threads ran at the same time on several cores, updates were lost."
            ),
            Cores::One => {
                text!("In {held} of {trials} trials in which the threads took turns on one core, updates were lost.")
            }
        };
        let mut verdict = judge::always(record, "lost-update", trials.lost, trials.counted, summary);
        if trials.control_lost > 0 {
            verdict.outcome = Outcome::Inconclusive;
            verdict.doubts.push(Doubt::new(
                "atomic-lost",
                text!(
                    "In {count} trials atomic additions were lost too, so something else is wrong.",
                    count = trials.control_lost
                ),
                text!("Report it with the output of `weft doctor`: an atomic addition must not be lost."),
            ));
        }
        if trials.apart > 0 {
            verdict.doubts.push(Doubt::new(
                "apart",
                text!(
                    "In {count} trials the threads did not run at the same time; they are not counted.",
                    count = trials.apart
                ),
                text!("Close what runs beside it, or set more iterations."),
            ));
        }
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// Everything that was added, less what is there, as a share.
fn lost_share(counter: &AtomicU64, shift: &Shift) -> f64 {
    let added = shift.total();
    added.saturating_sub(counter.load(Ordering::Relaxed)) as f64 / added.max(1) as f64
}

fn try_ways(cx: &mut Context<'_>, cores: Cores, share: f64) -> Result<(), Error> {
    let cells = Way::ALL.map(|way| Cell { way, cores });
    let iterations = cx.params.count("iterations") as u64;
    let threads = cx.params.count("threads");
    let (one, several) = ([cx.machine.quiet_cpu()], cx.machine.allowed_cpus.clone());
    let mut overlaps: Vec<Vec<f64>> = vec![Vec::new(); cells.len()];
    let plan = Plan {
        budget: cx.time(if cx.mode == Mode::Quick { share } else { 0.4 * share }),
        warm_up: 0,
        min_rounds: 5,
        max_rounds: cx.params.count("trials"),
    };
    let blocks = cx.sweep(&[0, 1, 2], plan, |&index: &usize| {
        let way = cells[index].way;
        let cpus: &[usize] = if cores == Cores::One { &one } else { &several };
        let counter = AtomicU64::new(0);
        let (add, team) = (way.add(), Team { threads, cpus });
        let shift = match cores {
            Cores::Several => team.together(|_| {
                add(&counter, iterations);
                iterations
            }),
            Cores::One => team.until(SEVERAL_SLICES, |_, stop| {
                let mut count = 0;
                while count == 0 || !stop.load(Ordering::Relaxed) {
                    add(&counter, BATCH);
                    count += BATCH;
                }
                count
            }),
        }?;
        overlaps[index].push(shift.overlap());
        Ok(lost_share(&counter, &shift))
    })?;
    for ((cell, blocks), overlaps) in cells.iter().zip(blocks).zip(overlaps) {
        cx.put(cell.condition(), "lost", "1", blocks);
        cx.put(cell.condition(), "overlap", "1", overlaps);
    }
    Ok(())
}

/// How a trial of the sweep begins.
const STARTS: [&str; 2] = ["together", "as-made"];

fn sweep_lengths(cx: &mut Context<'_>) -> Result<(), Error> {
    let threads = cx.params.count("threads");
    let cpus = cx.machine.allowed_cpus.clone();
    let cells: Vec<(u64, &str)> = SWEPT
        .into_iter()
        .flat_map(|length| STARTS.map(|start| (length, start)))
        .collect();
    let plan = Plan {
        budget: cx.time(if cx.mode == Mode::Quick { 0.2 } else { 0.08 }),
        warm_up: 1,
        min_rounds: 5,
        max_rounds: 200,
    };
    let blocks = cx.sweep(&cells, plan, |&(length, start)| {
        let counter = AtomicU64::new(0);
        let work = |_| {
            add_separately(&counter, length);
            length
        };
        let team = Team { threads, cpus: &cpus };
        let shift = if start == "together" {
            team.together(work)?
        } else {
            team.as_made(work)?
        };
        Ok(lost_share(&counter, &shift))
    })?;
    for ((length, start), blocks) in cells.into_iter().zip(blocks) {
        cx.put(swept_condition(length, start), "lost", "1", blocks);
    }
    Ok(())
}

fn swept_condition(length: u64, start: &str) -> Condition {
    Condition::of("iterations", length).and("start", start)
}

/// The shares that were lost in the trials in which the threads were under way together.
fn counted(record: &Record, cell: Cell) -> Vec<f64> {
    let lost = record.blocks("lost", &cell.condition());
    let overlaps = record.blocks("overlap", &cell.condition());
    let together = lost.iter().zip(overlaps).filter(|(_, overlap)| **overlap >= OVERLAP);
    together.map(|(&lost, _)| lost).collect()
}

/// What the verdict rests on.
struct Trials {
    cell: Cell,
    lost: usize,
    counted: usize,
    apart: usize,
    control_lost: usize,
}

impl Trials {
    fn of(record: &Record) -> Self {
        let at = |cores| Cell {
            way: Way::Separate,
            cores,
        };
        let several = at(Cores::Several);
        let has_several = !record.blocks("lost", &several.condition()).is_empty();
        let cell = if has_several { several } else { at(Cores::One) };
        let lost = record.blocks("lost", &cell.condition());
        let counted = counted(record, cell);
        let atomic = record.select("lost", Condition::of("way", Way::Atomic.id()));
        Trials {
            cell,
            lost: counted.iter().filter(|&&lost| lost > 0.0).count(),
            apart: lost.len() - counted.len(),
            counted: counted.len(),
            control_lost: atomic
                .flat_map(|series| &series.blocks)
                .filter(|&&lost| lost > 0.0)
                .count(),
        }
    }
}

/// The shape of a way's code, with its bytes, from the record.
fn shape_of(record: &Record, way: Way) -> Option<(Shape, String)> {
    let series = record.select("code", Condition::of("way", way.id())).next()?;
    let shape = Shape::find(series.condition.get("shape"))?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "they were bytes")]
    let bytes: Vec<String> = series
        .blocks
        .iter()
        .map(|&byte| format!("{:02x}", byte as u8))
        .collect();
    Some((shape, bytes.join(" ")))
}

fn findings(record: &Record) -> Vec<Finding> {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let share = |way, cores| bootstrap.median(&counted(record, Cell { way, cores }));
    let mut found = Vec::new();
    let mut add = |id: &str, template: Text, share: Interval| {
        if share.low.is_finite() {
            found.push(Finding {
                id: id.to_owned(),
                text: template.with("share", format::interval(&share.map(|share| share * 100.0), "%")),
                effect: Some(Effect::new(EffectKind::Proportion, share, "1")),
            });
        }
    };
    add(
        "separate-several",
        text!("On several cores, with load and store apart, {share} of the additions are lost."),
        share(Way::Separate, Cores::Several),
    );
    add(
        "folded-several",
        text!("On several cores, with load and store left to the compiler, {share} of the additions are lost."),
        share(Way::Folded, Cores::Several),
    );
    add(
        "separate-one",
        text!("On one core, with load and store apart, {share} of the additions are lost."),
        share(Way::Separate, Cores::One),
    );
    add(
        "folded-one",
        text!("On one core, with load and store left to the compiler, {share} of the additions are lost."),
        share(Way::Folded, Cores::One),
    );
    for way in Way::ALL {
        if let Some((shape, bytes)) = shape_of(record, way) {
            let text = text!("{way}: {shape}", way: way.label(), shape: shape.label());
            let text = if bytes.is_empty() {
                text
            } else {
                text!("{finding} Machine code: {bytes}.", finding: text, bytes = bytes)
            };
            found.push(Finding {
                id: format!("code-{}", way.id()),
                text,
                effect: None,
            });
        }
    }
    found
}

#[cfg(test)]
mod tests;
