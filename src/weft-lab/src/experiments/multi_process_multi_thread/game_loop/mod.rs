//! Do threads serve the loop of a game?
//!
//! Section 4 of the notes, "game loop". A game with a fixed step and an accumulator does the work of a frame (simulate,
//! draw) on one thread, in a pipeline of two, and in parts on every core. The verdict compares the time of a frame on
//! one thread with that in parts; then each way plays at a fixed rate over a sweep of entity counts, and what is counted
//! is the time of each frame and the refreshes that it missed. All three play the same game: their worlds are compared.

mod engine;
mod figures;
mod pace;
#[cfg(test)]
mod tests;
mod world;

use std::time::Duration;

use self::engine::{Engine, Structure};
use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment, time_each};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::measure::{Nanos, Plan, decided};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::verdict::{Effect, EffectKind, Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct GameLoop;

static ABOUT: About = About {
    id: "game-loop",
    question: msg!("Do threads get a frame of a game done sooner, and how many entities fit into one?"),
    section: Section::MultiProcessMultiThread,
    claims: &["game-loop"],
    params: &[
        Param::integer(
            "entities",
            msg!("Entities of the game; the sweep goes from a quarter of them to eight times as many"),
            (100, 100_000),
            24_000,
            24_000,
        ),
        Param::integer("hz", msg!("Refreshes of the screen in a second"), (30, 500), 240, 240),
        Param::aa(),
    ],
    seconds: (2, 11),
    uses: &["pinning", "second-cpu"],
    source: concat!(
        include_str!("mod.rs"),
        "\n",
        include_str!("world.rs"),
        "\n",
        include_str!("engine.rs"),
        "\n",
        include_str!("pace.rs")
    ),
};

/// The frames of one timing.
const BATCH: u64 = 6;
/// The sweep over entities, in quarters of the parameter.
const QUARTERS: [usize; 8] = [1, 2, 4, 8, 12, 16, 24, 32];
const QUARTERS_QUICK: [usize; 5] = [1, 4, 8, 16, 24];
/// At most this share of refreshes may be missed by a load that fits.
const FITS: f64 = 0.05;

impl Experiment for GameLoop {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        let here = cx.machine.quiet_cpu();
        let mut cpus = vec![here];
        cpus.extend(cx.machine.allowed_cpus.iter().filter(|&&cpu| cpu != here));
        if cpus.len() == 1 {
            cx.miss("second-cpu", format!("allowed: CPU {here}"));
        }
        cx.put(Condition::default(), "cores", "1", vec![cpus.len() as f64]);
        compare(cx, &cpus)?;
        if cx.params.flag("aa") {
            return Ok(());
        }
        play_at_a_rate(cx, &cpus)
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let (parallel, single) = main_blocks(record);
        let (ratio, drift) = judge::paired_ratio(record, parallel, single);
        let summary = if record.is_aa() {
            text!("A/A: one thread twice differs by a factor of {effect}.")
        } else {
            text!(
                "A frame with {entities} entities takes {effect} times as long on one thread as in parts on every core (allowed: {cores})."
            )
        };
        let cores = record.blocks("cores", &Condition::default());
        let summary = summary
            .with("entities", format::count(record.params.count("entities") as u64))
            .with(
                "cores",
                format::number(cores.first().copied().unwrap_or(1.0)).trim_end_matches(".00"),
            );
        let mut verdict = judge::ratio(record, "game-loop", ratio, summary);
        verdict.doubts.extend(drift);
        judge::wants_cores(&mut verdict, record, record.machine.allowed_cpus.len());
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        let loads = Structure::ALL
            .into_iter()
            .filter_map(|structure| load_finding(record, structure));
        pipeline_finding(record).into_iter().chain(loads).collect()
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// The conditions of the comparison; the first and the last are those of the verdict. In an A/A run both are one thread.
fn sides(aa: bool) -> Vec<(&'static str, Structure)> {
    if aa {
        vec![("a", Structure::Single), ("b", Structure::Single)]
    } else {
        vec![
            ("a", Structure::Parallel),
            ("pipeline", Structure::Pipelined),
            ("b", Structure::Single),
        ]
    }
}

fn side_condition((side, structure): (&str, Structure)) -> Condition {
    Condition::of("side", side).and("structure", structure.id())
}

/// The blocks of the verdict: in parts, and on one thread.
fn main_blocks(record: &Record) -> (&[f64], &[f64]) {
    let sides = sides(record.is_aa());
    let of = |side| record.blocks("time", &side_condition(side));
    (of(sides[0]), of(sides[sides.len() - 1]))
}

fn compare(cx: &mut Context<'_>, cpus: &[usize]) -> Result<(), Error> {
    cx.phase(text!("Timing frames of a game"), 0.0, 0.4);
    let sides = sides(cx.params.flag("aa"));
    let count = cx.params.count("entities");
    let world = world::entities(count, &mut cx.rng.fork());
    let start = |&(_, structure): &(&str, Structure)| Engine::start(structure, world.clone(), cpus);
    let engines: Result<Vec<Engine>, _> = sides.iter().map(start).collect();
    let mut engines = engines.during("start the threads of a game")?;
    let (clock, cost) = (cx.clock, cx.clock_cost);
    let region = crate::claim::EQUIVALENCE;
    let places: Vec<usize> = (0..sides.len()).collect();
    let last = sides.len() - 1;
    let share = if cx.mode == Mode::Quick { 0.35 } else { 0.2 };
    let blocks = cx.compare(
        &places,
        Plan::lasting(cx.time(share)),
        &|blocks, seed, confidence| decided(&blocks[0], &blocks[last], region, seed, confidence),
        |&which| {
            time_each(clock, cost, BATCH, || {
                (0..BATCH).try_for_each(|_| engines[which].frame(1).during("do the work of a frame"))
            })
        },
    )?;
    let digests: Vec<u64> = engines.iter().map(Engine::digest).collect();
    if let Some(other) = digests.iter().find(|&&digest| digest != digests[0]) {
        return Err(Error::Check {
            what: "the world after as many steps",
            expected: format!("{:x}", digests[0]),
            found: format!("{other:x}"),
        });
    }
    for (side, blocks) in sides.into_iter().zip(blocks) {
        cx.put(side_condition(side), "time", "ns", blocks);
    }
    Ok(())
}

fn play_at_a_rate(cx: &mut Context<'_>, cpus: &[usize]) -> Result<(), Error> {
    cx.phase(text!("Playing at a fixed rate with more and more entities"), 0.4, 1.0);
    let quick = cx.mode == Mode::Quick;
    let quarters: &[usize] = if quick { &QUARTERS_QUICK } else { &QUARTERS };
    let base = cx.params.count("entities");
    let period = Nanos(1_000_000_000 / cx.params.count("hz").max(1) as u64);
    let mut cells: Vec<(Structure, usize)> = quarters
        .iter()
        .flat_map(|quarter| Structure::ALL.map(|structure| (structure, (base * quarter / 4).max(1))))
        .collect();
    // In random order, and in full mode twice: a disturbance doesn't strike one way of playing alone.
    let visits: usize = if quick { 1 } else { 2 };
    let budget: Duration = cx.time(if quick { 0.4 } else { 0.2 }) / u32::try_from(cells.len() * visits).unwrap_or(1);
    let mut played: Vec<Vec<pace::Frame>> = vec![Vec::new(); cells.len()];
    cx.rng.shuffle(&mut cells);
    for visit in 0..visits {
        for (at, &(structure, count)) in cells.iter().enumerate() {
            let world = world::entities(count, &mut cx.rng.fork());
            let mut engine = Engine::start(structure, world, cpus).during("start the threads of a game")?;
            // The first frame meets cold caches and threads that have not begun.
            engine.frame(1).during("do the work of a frame")?;
            let frames = pace::play(cx.clock, period, budget, |steps| {
                engine
                    .frame(usize::try_from(steps).unwrap_or(1))
                    .during("do the work of a frame")
            })?;
            played[at].extend(frames);
            cx.progress((visit * cells.len() + at + 1) as f64 / (visits * cells.len()) as f64);
        }
    }
    for ((structure, count), frames) in cells.into_iter().zip(played) {
        let condition = || played_condition(structure, count);
        cx.put(
            condition(),
            "frame_time",
            "ns",
            frames.iter().map(|frame| frame.time.as_f64()).collect(),
        );
        cx.put(
            condition(),
            "missed",
            "1",
            frames.iter().map(|frame| frame.missed as f64).collect(),
        );
    }
    Ok(())
}

fn played_condition(structure: Structure, entities: usize) -> Condition {
    Condition::of("structure", structure.id()).and("entities", entities)
}

/// What was played by one structure: entities, the times of the frames, and the share of refreshes that were missed.
fn played(record: &Record, structure: Structure) -> Vec<(usize, &[f64], f64)> {
    let part = Condition::of("structure", structure.id());
    let mut loads: Vec<(usize, &[f64], f64)> = record
        .select("frame_time", part)
        .filter_map(|series| {
            let entities = series.condition.get("entities").parse().ok()?;
            let missed: f64 = record.blocks("missed", &series.condition).iter().sum();
            let frames = series.blocks.len() as f64;
            Some((entities, series.blocks.as_slice(), missed / (missed + frames).max(1.0)))
        })
        .collect();
    loads.sort_by_key(|load| load.0);
    loads
}

/// The largest load of the sweep below which, and at which, every load fits.
fn largest_fitting(loads: &[(usize, &[f64], f64)]) -> Option<usize> {
    let fitting = loads.iter().take_while(|load| load.2 <= FITS);
    fitting.last().map(|load| load.0)
}

fn load_finding(record: &Record, structure: Structure) -> Option<Finding> {
    let loads = played(record, structure);
    if loads.is_empty() {
        return None;
    }
    let hz = format::count(record.params.count("hz") as u64);
    let text = match largest_fitting(&loads) {
        Some(largest) => text!(
            "{structure}: up to {entities} entities of the sweep at most 1 of 20 refreshes was missed at {hz} Hz.",
            structure: structure.label(),
            entities = format::count(largest as u64),
            hz = hz
        ),
        None => text!(
            "{structure}: at {hz} Hz more than 1 of 20 refreshes was missed by the smallest load already.",
            structure: structure.label(),
            hz = hz
        ),
    };
    Some(Finding {
        id: format!("load-{}", structure.id()),
        text,
        effect: None,
    })
}

fn pipeline_finding(record: &Record) -> Option<Finding> {
    let pipeline = record.blocks("time", &side_condition(("pipeline", Structure::Pipelined)));
    let ratio = judge::bootstrap_of_sweep(record).ratio(pipeline, main_blocks(record).1);
    ratio.low.is_finite().then(|| Finding {
        id: "pipeline".to_owned(),
        text: text!(
            "A frame takes {effect} times as long on one thread as in a pipeline of two, which shows each picture a frame late.",
            effect = format::interval(&ratio, "1")
        ),
        effect: Some(Effect::new(EffectKind::Ratio, ratio, "1")),
    })
}
