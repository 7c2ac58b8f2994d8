//! Lab 3: what a thread and what a process costs to create.

use fastrand::Rng;

use super::explore::{call, stop};
use super::fault::Fault;
use super::seed;

/// A machine on which to create threads and processes, with a clock; its times are made up, and their truth is known.
///
/// Reading the clock takes time, a creation is now and then interrupted, and the machine grows slower meanwhile.
#[derive(Debug)]
pub struct CreationBench {
    rng: Rng,
    now: f64,
    clock: f64,
    thread: f64,
    process: f64,
    drift: f64,
    /// What was created, in order: `true` for a process.
    made: Vec<bool>,
    readings: usize,
}

/// What [`check::compare_creation`](super::compare_creation) wants to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Creation {
    /// Nanoseconds of a thread, without the clock's own.
    pub thread: f64,
    /// Nanoseconds of a process, without the clock's own.
    pub process: f64,
}

const CASES: u32 = 40;
const WITHIN: f64 = 0.12;
const MOST: usize = 4000;
const DRIFTS_OVER: f64 = 300.0;

impl CreationBench {
    fn draw(rng: &mut Rng) -> Self {
        let thread = 10_000.0 + rng.f64() * 20_000.0;
        CreationBench {
            now: 1e9 * rng.f64(),
            clock: thread * (0.25 + rng.f64() * 0.5),
            thread,
            process: thread * (1.5 + rng.f64() * 20.0),
            drift: 1.25 + rng.f64() * 0.35,
            made: Vec::new(),
            readings: 0,
            rng: rng.fork(),
        }
    }

    /// The clock in nanoseconds. Between two readings with nothing between them lies what a reading costs.
    pub fn now(&mut self) -> u64 {
        self.readings += 1;
        Self::limit(self.readings);
        let cost = self.clock * (0.98 + self.rng.f64() * 0.04);
        self.now += cost / 2.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a positive time")]
        let now = self.now as u64;
        self.now += cost / 2.0;
        now
    }

    /// Creates a thread and waits for its end.
    pub fn create_thread(&mut self) {
        self.create(self.thread, false);
    }

    /// Creates a process and waits for its end.
    pub fn create_process(&mut self) {
        self.create(self.process, true);
    }

    fn create(&mut self, cost: f64, is_process: bool) {
        self.made.push(is_process);
        Self::limit(self.made.len());
        let slower = 1.0 + (self.drift - 1.0) * (self.made.len() as f64 / DRIFTS_OVER).min(1.0);
        let mut time = cost * slower * (0.97 + self.rng.f64() * 0.06);
        if self.rng.u8(..100) < 12 {
            time += 100_000.0 + time * self.rng.f64() * 20.0;
        }
        self.now += time;
    }

    fn limit(count: usize) {
        if count > MOST {
            let fault = Fault::new("an end", format!("at most {MOST} creations and readings"), "more");
            stop(fault.hint("fix the number of rounds before you begin"));
        }
    }
}

pub(super) fn judge(compare: &mut dyn FnMut(&mut CreationBench) -> Creation) -> Result<(), Fault> {
    let seed = seed::take();
    let mut rng = Rng::with_seed(seed.into());
    for case in 1..=CASES {
        let mut bench = CreationBench::draw(&mut rng);
        let found = call(|| compare(&mut bench)).map_err(|fault| fault.found(seed, case))?;
        verdict(&bench, found).map_err(|fault| fault.found(seed, case))?;
    }
    Ok(())
}

fn verdict(bench: &CreationBench, found: Creation) -> Result<(), Fault> {
    let processes = bench.made.iter().filter(|is_process| **is_process).count();
    let threads = bench.made.len() - processes;
    if threads < 20 || processes < 20 {
        let seen = format!("{threads} threads and {processes} processes");
        let fault = Fault::new("enough rounds", "at least 20 creations of each", seen);
        return Err(fault.hint("a single creation may be interrupted; the median of many holds"));
    }
    let longest = bench
        .made
        .chunk_by(|a, b| a == b)
        .map(<[bool]>::len)
        .max()
        .unwrap_or_default();
    if longest > bench.made.len() / 4 {
        let seen = format!("{longest} of {} creations in a row were of one kind", bench.made.len());
        let fault = Fault::new("taking turns", "threads and processes take turns", seen);
        return Err(fault.hint("the machine drifts: what comes later looks dearer, so alternate in each round"));
    }
    for (name, truth, found) in [
        ("thread", bench.thread, found.thread),
        ("process", bench.process, found.process),
    ] {
        let range = truth * (1.0 - WITHIN)..=truth * bench.drift * (1.0 + WITHIN);
        if !range.contains(&found) {
            let expected = format!("{:.0} ns to {:.0} ns for a {name}", range.start(), range.end());
            let hint = "subtract what the clock costs (two readings with nothing between them), divide by the creations \
                        between two readings, and take the median, which interruptions leave alone";
            return Err(Fault::new("the cost of a creation", expected, format!("{found:.0} ns")).hint(hint));
        }
    }
    let (ratio, truth) = (found.process / found.thread, bench.process / bench.thread);
    if (ratio / truth - 1.0).abs() > WITHIN {
        let expected = format!(
            "a process costs {truth:.2} times a thread, and {:.0}% more or less",
            WITHIN * 100.0
        );
        let hint = "subtract what the clock costs from both, take turns in each round, and compare medians";
        return Err(Fault::new("the ratio", expected, format!("{ratio:.2} times")).hint(hint));
    }
    Ok(())
}
