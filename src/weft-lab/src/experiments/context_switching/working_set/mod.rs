//! Does a switch cost more when the tasks touch more?
//!
//! Section 5 of the notes, "the cost grows with the range of resources". After Li, Ding, Shen (2007): two processes on
//! one core take turns, and between two switches each walks over an array of its own. One process that does the same
//! walk without a switch is subtracted; what remains is the direct cost of the switch and what it did to the caches. The
//! array's size and the order of the walk are varied. A last part varies the number of address spaces.

mod figures;
mod findings;
#[cfg(test)]
mod tests;
mod walk;

use self::walk::{Access, Floor, Walkers, lap_of_region, touch_pages};
use crate::claim::{EQUIVALENCE, Section};
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::machine::{Machine, Probe};
use crate::measure::ring::Kind;
use crate::measure::{Court, Nanos, Plan};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::stats::{Bootstrap, Interval, median, pick};
use crate::sys::Mapping;
use crate::verdict::{Effect, EffectKind, Finding, Outcome, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct WorkingSet;

static ABOUT: About = About {
    id: "working-set",
    question: msg!("Does a switch cost more when the tasks touch more?"),
    section: Section::ContextSwitching,
    claims: &["switch-grows"],
    params: &[
        Param::integer(
            "kilobytes",
            msg!("Array of each process in the verdict, in kB; 0 takes three quarters of the level-2 cache"),
            (0, 32_768),
            0,
            0,
        ),
        Param::integer(
            "stride",
            msg!("Bytes from one access of a walk to the next"),
            (8, 4_096),
            64,
            64,
        ),
        Param::choice(
            "access",
            msg!("What a walk does with each element"),
            &["change", "read"],
        ),
        Param::integer(
            "region",
            msg!("Region that all tasks of a ring touch, in kB, in the part on address spaces"),
            (64, 16_384),
            4_096,
            4_096,
        ),
        Param::choice(
            "scheduler",
            msg!("Scheduler of the tasks; auto takes fifo where it is allowed"),
            &["auto", "fifo", "fair"],
        ),
        Param::aa(),
    ],
    seconds: (4, 15),
    uses: &["pinning", "sched-fifo", "memory", "time"],
    source: include_str!("mod.rs"),
};

/// As long as one batch of the main comparison should take, and one of a sweep.
const BATCH: Nanos = Nanos(12_000_000);
const SWEEP_BATCH: Nanos = Nanos(6_000_000);

/// No new part begins after this many times a mode's time.
const IN_TIME: u32 = 2;

/// A part of this experiment's time.
fn time(cx: &Context<'_>, share: f64) -> std::time::Duration {
    // All experiments together have eight minutes.
    cx.time(share * if cx.mode == Mode::Quick { 0.8 } else { 0.4 })
}

impl Experiment for WorkingSet {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let start = cx.clock.now();
        cx.pin();
        let court = cx.court();
        let caches = Caches::of(cx.machine);
        let (main, sizes) = (main_kilobytes(cx, &caches), sizes(cx, &caches));
        let largest = sizes.iter().copied().chain([main]).max().unwrap_or(main);
        let access = Access::named(cx.params.word("access"));
        let floor = Floor::new(largest * KB, court, access)?;
        compare(cx, &floor, main)?;
        if cx.params.flag("aa") {
            return Ok(());
        }
        // On a busy core the least number of rounds alone may take long; the verdict has its samples by now.
        let is_in_time = |cx: &mut Context<'_>| {
            let spent = cx.clock.now().since(start);
            let is_in_time = spent < Nanos::from(cx.time(1.0) * IN_TIME);
            if !is_in_time {
                cx.miss("time", format!("{} s", spent.0 / 1_000_000_000));
            }
            is_in_time
        };
        if is_in_time(cx) {
            sweep_sizes(cx, &floor, &sizes)?;
        }
        if is_in_time(cx) {
            sweep_strides(cx, &floor, &caches)?;
        }
        if is_in_time(cx) {
            sweep_address_spaces(cx, court)?;
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let [bare, loaded] = costs(record);
        let ratio = ratio_of_medians(judge::bootstrap(record), &bare, &loaded);
        let ratios: Vec<f64> = bare.iter().zip(&loaded).map(|(bare, loaded)| loaded / bare).collect();
        let summary = if record.is_aa() {
            text!("A/A: the same switch twice differs by a factor of {effect}.")
        } else {
            text!(
                "When each of two processes walks over {kilobytes} kB between switches, a switch costs {effect} times as much as when they touch nothing."
            )
        };
        let summary = summary.with("kilobytes", format::count(main_size(record).unwrap_or_default() as u64));
        let effect = Effect::new(EffectKind::Ratio, ratio, "1");
        let mut verdict = judge::effect(record, "switch-grows", effect, EQUIVALENCE, summary);
        verdict.doubts.extend(judge::drift(&ratios));
        verdict.doubts.extend(judge::negative(&[bare, loaded].concat()));
        verdict.doubts.extend(findings::uncounted(record));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figures = [
            figures::ratio(record),
            figures::sizes(record),
            figures::strides(record),
            figures::spaces(record),
        ];
        figures.into_iter().filter(|figure| !figure.is_empty()).collect()
    }
}

const KB: usize = 1_024;

/// The caches of the machine, in kB.
#[derive(Debug, Clone, Copy)]
struct Caches {
    level2: usize,
    level3: Option<usize>,
}

impl Caches {
    fn of(machine: &Machine) -> Self {
        let level = |level: u32| {
            let cache = machine.caches.iter().find(|cache| cache.level == level)?;
            usize::try_from(cache.size_bytes)
                .ok()
                .map(|bytes| bytes / KB)
                .filter(|&size| size > 0)
        };
        Caches {
            // A virtual machine may hide its caches; this is a usual size.
            level2: level(2).unwrap_or(512),
            level3: level(3),
        }
    }
}

/// The array of the verdict: alone it fits into the level-2 cache, two of it don't.
fn main_kilobytes(cx: &Context<'_>, caches: &Caches) -> usize {
    match cx.params.count("kilobytes") {
        0 => (caches.level2 * 3 / 4).max(1),
        asked => asked,
    }
}

/// The largest array of a full run, in kB, however large the level-3 cache is.
const MOST: usize = 48 * 1_024;

/// Above this size, in kB, a walk takes a millisecond or more.
const NEAR: usize = 6 * 1_024;

/// The sizes of the sweep, in kB, from nothing to beyond the level-2 cache, in a full run beyond the level-3 cache.
fn sizes(cx: &mut Context<'_>, caches: &Caches) -> Vec<usize> {
    let level2 = caches.level2;
    let mut sizes = vec![
        0,
        level2 / 16,
        level2 / 8,
        level2 / 4,
        level2 / 2,
        level2 * 3 / 4,
        level2,
        level2 * 2,
    ];
    if cx.mode == Mode::Full {
        sizes.extend([level2 / 32, level2 * 3 / 8, level2 * 3 / 2, level2 * 4]);
        let level3 = caches.level3.unwrap_or(level2 * 8);
        sizes.extend([1, 2, 3].map(|half| (level3 * half / 2).min(MOST)));
    }
    sizes.sort_unstable();
    sizes.dedup();
    let free = Probe::default().available_bytes().unwrap_or(u64::MAX) / KB as u64;
    let fits = |size: usize| 4 * size as u64 <= free;
    if !sizes.iter().all(|&size| fits(size)) {
        cx.miss("memory", format!("{free} kB available"));
        sizes.retain(|&size| fits(size));
    }
    sizes
}

/// What a block of the main comparison is taken of: an array of the first or of the second side, by two processes or one.
type Block = (usize, Walkers);

const BLOCKS: [Block; 4] = [
    (0, Walkers::Two),
    (0, Walkers::One),
    (1, Walkers::Two),
    (1, Walkers::One),
];

const SIDES: [&str; 2] = ["a", "b"];

fn main_condition(side: usize, walkers: Walkers, kilobytes: usize) -> Condition {
    Condition::of("part", "main")
        .and("side", SIDES[side])
        .and("walkers", walkers.id())
        .and("kilobytes", kilobytes)
}

/// The stride in words.
fn stride_words(bytes: usize) -> usize {
    (bytes / 8).max(1)
}

/// The cost with an array over the cost without. Each is a small difference of two times and may come out below zero in a
/// noisy block, so the medians are divided, and not each block.
fn ratio_of_medians(bootstrap: Bootstrap, bare: &[f64], loaded: &[f64]) -> Interval {
    bootstrap.interval(bare.len().min(loaded.len()), |drawn| {
        median(&pick(loaded, drawn)) / median(&pick(bare, drawn))
    })
}

/// Is the interval within a tenth of its estimate?
fn is_worth_quoting(ratio: &Interval) -> bool {
    ratio.high <= ratio.estimate * 1.1 && ratio.low >= ratio.estimate * 0.9
}

fn compare(cx: &mut Context<'_>, floor: &Floor, main: usize) -> Result<(), Error> {
    cx.phase(
        text!(
            "Switching with and without an array of {kilobytes} kB",
            kilobytes = format::count(main as u64)
        ),
        0.0,
        0.4,
    );
    let sides = if cx.params.flag("aa") { [main, main] } else { [0, main] };
    let stride = stride_words(cx.params.count("stride"));
    let turns = sides.map(|size| floor.turns(cx.clock, BATCH, size * KB, stride));
    let mut counted: Vec<Vec<f64>> = vec![Vec::new(); BLOCKS.len()];
    let places = [0, 1, 2, 3];
    let plan = Plan {
        warm_up: 1,
        min_rounds: 6,
        ..Plan::lasting(time(cx, 0.4))
    };
    let blocks = cx.compare(
        &places,
        plan,
        &|blocks, seed, confidence| {
            let less = |two: usize, one: usize| -> Vec<f64> {
                blocks[two]
                    .iter()
                    .zip(&blocks[one])
                    .map(|(two, one)| two - one)
                    .collect()
            };
            let bootstrap = Bootstrap::new(seed, confidence).serial();
            let ratio = ratio_of_medians(bootstrap, &less(0, 1), &less(2, 3));
            Outcome::of(&ratio, EQUIVALENCE) != Outcome::Inconclusive && is_worth_quoting(&ratio)
        },
        |&place: &usize| {
            let (side, walkers) = BLOCKS[place];
            let lap = floor.lap(walkers, sides[side] * KB, stride, turns[side])?;
            counted[place].push(lap.switches_per_turn);
            Ok(lap.per_turn)
        },
    )?;
    for (((side, walkers), blocks), mut counted) in BLOCKS.into_iter().zip(blocks).zip(counted) {
        // The rounds that warmed up are not in the record, nor are their counts.
        counted.drain(..counted.len() - blocks.len());
        let condition = main_condition(side, walkers, sides[side]);
        cx.put(condition.clone(), "time", "ns", blocks);
        cx.put(condition, "switches-per-turn", "1", counted);
    }
    Ok(())
}

fn sweep_plan(cx: &Context<'_>, share: f64) -> Plan {
    Plan {
        warm_up: 0,
        min_rounds: 3,
        ..Plan::lasting(time(cx, share))
    }
}

fn size_condition(walkers: Walkers, kilobytes: usize, stride: usize) -> Condition {
    Condition::of("part", "size")
        .and("walkers", walkers.id())
        .and("kilobytes", kilobytes)
        .and("stride", stride)
}

/// Takes rounds of some sizes and strides, each by the walkers given, and records them.
fn sweep(cx: &mut Context<'_>, floor: &Floor, plan: Plan, points: &[(Walkers, usize, usize)]) -> Result<(), Error> {
    let turns: Vec<u64> = points
        .iter()
        .map(|&(_, size, stride)| floor.turns(cx.clock, SWEEP_BATCH, size * KB, stride_words(stride)))
        .collect();
    let places: Vec<usize> = (0..points.len()).collect();
    let blocks = cx.sweep(&places, plan, |&place| {
        let (walkers, size, stride) = points[place];
        Ok(floor
            .lap(walkers, size * KB, stride_words(stride), turns[place])?
            .per_turn)
    })?;
    for (&(walkers, size, stride), blocks) in points.iter().zip(blocks) {
        cx.put(size_condition(walkers, size, stride), "time", "ns", blocks);
    }
    Ok(())
}

/// The paper's first figure: the size of the array.
fn sweep_sizes(cx: &mut Context<'_>, floor: &Floor, sizes: &[usize]) -> Result<(), Error> {
    cx.phase(text!("Switching with arrays of all sizes"), 0.4, 0.7);
    let stride = cx.params.count("stride");
    let walkers = [Walkers::Two, Walkers::One, Walkers::OneOverBoth];
    // A walk over a large array takes as long as a hundred over a small one, so each half has a time of its own.
    let (near, far): (Vec<usize>, Vec<usize>) = sizes.iter().partition(|&&size| size <= NEAR);
    for (sizes, share) in [(near, if far.is_empty() { 0.3 } else { 0.15 }), (far, 0.15)] {
        if !sizes.is_empty() {
            let points: Vec<_> = sizes
                .iter()
                .flat_map(|&size| walkers.map(|walkers| (walkers, size, stride)))
                .collect();
            let plan = sweep_plan(cx, share);
            sweep(cx, floor, plan, &points)?;
        }
    }
    Ok(())
}

/// The strides of the second figure, in bytes: within a line of the cache, line by line, beyond.
const STRIDES: [usize; 4] = [8, 16, 64, 256];

/// The paper's second figure: the order of the walk.
fn sweep_strides(cx: &mut Context<'_>, floor: &Floor, caches: &Caches) -> Result<(), Error> {
    cx.phase(text!("Switching with walks of other strides"), 0.7, 0.85);
    let usual = cx.params.count("stride");
    let (strides, parts): (&[usize], &[usize]) = if cx.mode == Mode::Quick {
        (&[8, 64, 256], &[2, 3, 8])
    } else {
        (&STRIDES, &[1, 2, 3, 4, 8])
    };
    let sizes = parts.iter().map(|quarters| caches.level2 * quarters / 4);
    // The usual stride has its points from the sweep of sizes, where they are the same sizes.
    let points: Vec<_> = sizes
        .flat_map(|size| {
            strides
                .iter()
                .filter(|&&stride| stride != usual)
                .map(move |&stride| (size, stride))
        })
        .flat_map(|(size, stride)| [Walkers::Two, Walkers::One].map(|walkers| (walkers, size, stride)))
        .collect();
    let plan = sweep_plan(cx, 0.14);
    sweep(cx, floor, plan, &points)
}

/// A ring of the part on address spaces; one task alone is what is subtracted.
type Spaces = (Kind, usize);

const ALONE: Spaces = (Kind::Thread, 1);

fn spaces_condition((kind, tasks): Spaces, region: usize) -> Condition {
    Condition::of("part", "spaces")
        .and("kind", kind.id())
        .and("tasks", tasks)
        .and("region", region)
}

/// The regions of the part on address spaces, in kB: one that fits into the TLB together with its like, and the one
/// that is asked for.
fn regions(asked: usize) -> [usize; 2] {
    [asked / 8, asked]
}

/// Rings of threads and of processes that touch one shared region: the same data, in one address space or in many.
fn sweep_address_spaces(cx: &mut Context<'_>, court: Court) -> Result<(), Error> {
    cx.phase(text!("Switching between more and more address spaces"), 0.85, 1.0);
    let sizes: &[usize] = if cx.mode == Mode::Quick {
        &[2, 4, 6, 7, 8, 12]
    } else {
        &[2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16]
    };
    let mut rings: Vec<(usize, Spaces)> = Vec::new();
    let mut mapped = Vec::new();
    for (which, region) in regions(cx.params.count("region")).into_iter().enumerate() {
        let memory = Mapping::shared(region * KB).during("map the region")?;
        memory.touch();
        touch_pages(memory.words());
        let start = cx.clock.now();
        touch_pages(memory.words());
        let turn = cx.clock.now().since(start).as_f64() + 1_000.0;
        mapped.push((region, memory, turn));
        rings.extend(
            sizes
                .iter()
                .flat_map(|&size| Kind::BOTH.map(|kind| (which, (kind, size)))),
        );
        rings.push((which, ALONE));
    }
    let plan = sweep_plan(cx, 0.16);
    let blocks = cx.sweep(&rings, plan, |&(which, (kind, tasks))| {
        let (_, memory, turn) = &mapped[which];
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 4 to 6,000")]
        let turns = (SWEEP_BATCH.as_f64() / turn / tasks as f64).clamp(4.0, 6_000.0) as u64;
        Ok(lap_of_region(court, kind, tasks, memory, turns)?.per_turn)
    })?;
    for ((which, ring), blocks) in rings.into_iter().zip(blocks) {
        cx.put(spaces_condition(ring, mapped[which].0), "time", "ns", blocks);
    }
    Ok(())
}

/// The size of the verdict's array, in kB.
fn main_size(record: &Record) -> Option<usize> {
    let part = Condition::of("part", "main").and("side", SIDES[1]);
    let series = record.select("time", part).next()?;
    series.condition.get("kilobytes").parse().ok()
}

/// The cost of a switch on each side of the main comparison: two processes, less one process that walks as they do.
fn costs(record: &Record) -> [Vec<f64>; 2] {
    [0, 1].map(|side: usize| {
        let blocks = |walkers: Walkers| {
            let part = Condition::of("part", "main")
                .and("side", SIDES[side])
                .and("walkers", walkers.id());
            record
                .select("time", part)
                .next()
                .map_or(&[][..], |series| &series.blocks)
        };
        let (two, one) = (blocks(Walkers::Two), blocks(Walkers::One));
        two.iter().zip(one).map(|(two, one)| two - one).collect()
    })
}

/// The sizes that were swept with this stride, in kB, in order.
fn swept_sizes(record: &Record, stride: usize) -> Vec<usize> {
    let part = Condition::of("part", "size")
        .and("walkers", Walkers::Two.id())
        .and("stride", stride);
    let mut sizes: Vec<usize> = record
        .select("time", part)
        .filter_map(|series| series.condition.get("kilobytes").parse().ok())
        .collect();
    sizes.sort_unstable();
    sizes
}

/// What `walkers` take at one size beyond one process alone, with its interval: for two processes the cost of a switch.
fn swept_cost(record: &Record, walkers: Walkers, kilobytes: usize, stride: usize) -> Interval {
    let one = record.blocks("time", &size_condition(Walkers::One, kilobytes, stride));
    let all = record.blocks("time", &size_condition(walkers, kilobytes, stride));
    judge::bootstrap_of_sweep(record).difference(one, all)
}

/// The numbers of tasks in the part on address spaces.
fn swept_spaces(record: &Record, region: usize) -> Vec<usize> {
    let is_both = |tasks: &usize| {
        let blocks = |kind| record.blocks("time", &spaces_condition((kind, *tasks), region));
        Kind::BOTH.into_iter().all(|kind| !blocks(kind).is_empty())
    };
    (2..=16).filter(is_both).collect()
}
