//! The form of an experiment, and what it finds around it when it runs.

use std::io;
use std::time::Duration;

use crate::claim::Section;
use crate::figure::Figure;
use crate::machine::Machine;
use crate::measure::{Clock, ClockCost, Court, LookFn, Plan, Rounds, Sampled};
use crate::params::{Mode, Param, Params};
use crate::record::{Condition, Missing, Record, Series, Stopping};
use crate::sys;
use crate::text::Text;
use crate::verdict::{Finding, Verdict};

/// Code that gathers samples about one or more claims, judges a record of them, and draws it.
///
/// `run` measures and knows nothing of pages or wording. `judge`, `findings` and `figures` are pure: the same record gives
/// the same verdict and the same picture everywhere.
pub trait Experiment: Sync {
    /// What it is called, what it asks, and what a reader may change.
    fn about(&self) -> &'static About;

    /// Measures. Runs in a clean worker process with one thread.
    ///
    /// # Errors
    ///
    /// What makes the whole run worthless. A facility that is missing is no error: see [`Context::miss`].
    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error>;

    /// What the record says of each claim, with its doubts.
    fn judge(&self, record: &Record) -> Vec<Verdict>;

    /// What the record says beside its verdict on this claim. It costs more than the verdict, so it is apart from it.
    fn findings(&self, record: &Record, claim: &str) -> Vec<Finding> {
        let _ = (record, claim);
        Vec::new()
    }

    /// The record, drawn.
    fn figures(&self, record: &Record) -> Vec<Figure>;
}

/// What an experiment is called, what it asks, and what a reader may change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct About {
    /// Stable, such as `switch-cost`.
    pub id: &'static str,
    /// What it asks, in one sentence; a message of the catalogue.
    pub question: &'static str,
    /// The chapter that it stands in.
    pub section: Section,
    /// The claims that it judges.
    pub claims: &'static [&'static str],
    /// What may be changed.
    pub params: &'static [Param],
    /// How long a quick and a full run take, in seconds, on the machine that recorded the book's results.
    pub seconds: (u32, u32),
    /// What it can use beyond an ordinary user's rights: facilities, each of which `weft doctor` checks.
    pub uses: &'static [&'static str],
    /// Its own source, shown in the book.
    pub source: &'static str,
}

/// Why a run is worthless.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused something that the experiment can't do without.
    #[error("cannot {what}")]
    System {
        /// What was to be done, such as `start a process`.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// What was counted or read is not what must be.
    #[error("{what}: expected {expected}, found {found}")]
    Check {
        /// What was checked.
        what: &'static str,
        /// What must be.
        expected: String,
        /// What is.
        found: String,
    },
}

/// Names what failed: `fork().during("start a process")?`.
pub trait During<T> {
    /// The value, or an [`Error::System`] that says what was to be done.
    ///
    /// # Errors
    ///
    /// The same as `self`.
    fn during(self, what: &'static str) -> Result<T, Error>;
}

impl<T, E: Into<io::Error>> During<T> for Result<T, E> {
    fn during(self, what: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::System {
            what,
            source: source.into(),
        })
    }
}

/// How far a run is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// From 0 to 1.
    pub fraction: f64,
    /// What is being done.
    pub phase: Text,
}

/// What an experiment finds around it when it runs, and where it puts what it measures.
pub struct Context<'a> {
    /// The parameters.
    pub params: &'a Params,
    /// How long it may take.
    pub mode: Mode,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// What the clock can show, measured in this run.
    pub clock_cost: ClockCost,
    /// The machine.
    pub machine: &'a Machine,
    /// What all random choices are drawn from.
    pub rng: fastrand::Rng,
    seed: u64,
    progress: &'a mut dyn FnMut(Progress),
    phase: Phase,
    series: Vec<Series>,
    missing: Vec<Missing>,
    stopping: Stopping,
}

#[derive(Debug, Clone)]
struct Phase {
    text: Text,
    from: f64,
    to: f64,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("params", &self.params)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// Whether the blocks taken so far, one list a condition, decide the question: given the run's seed and a confidence.
pub type Decides<'a> = &'a dyn Fn(&[Vec<f64>], u64, f64) -> bool;

/// What a run left behind: its samples, what was missing, and how the main comparison ended.
pub type Left = (Vec<Series>, Vec<Missing>, Stopping);

impl<'a> Context<'a> {
    /// Surroundings for a run. `progress` is told how far it is.
    pub fn new(
        (params, mode, seed): (&'a Params, Mode, u64),
        clock: &'a dyn Clock,
        machine: &'a Machine,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Self {
        Context {
            params,
            mode,
            clock,
            clock_cost: ClockCost::of(clock),
            machine,
            rng: fastrand::Rng::with_seed(seed),
            seed,
            progress,
            phase: Phase {
                text: text!("Measuring"),
                from: 0.0,
                to: 1.0,
            },
            series: Vec::new(),
            missing: Vec::new(),
            stopping: Stopping::default(),
        }
    }

    /// What is left when the run has ended. What the clock showed and cost stands in it.
    #[must_use]
    pub fn finish(mut self) -> Left {
        let clock = Condition::of("part", "clock");
        let ClockCost { resolution, reading } = self.clock_cost;
        self.put(clock.clone(), "resolution", "ns", vec![resolution.as_f64()]);
        self.put(clock, "reading", "ns", vec![reading.as_f64()]);
        (self.series, self.missing, self.stopping)
    }

    /// A share of the time that this mode allows for sampling: 3.6 seconds in quick, 48 in full mode. The rest of the
    /// 5 and 60 seconds is for setting up and for what can't be interrupted.
    #[must_use]
    pub fn time(&self, share: f64) -> Duration {
        let seconds = if self.mode == Mode::Quick { 3.6 } else { 48.0 };
        Duration::from_secs_f64(seconds * share.clamp(0.0, 1.0))
    }

    /// What follows is this part of the run, from `from` to `to` of the whole.
    pub fn phase(&mut self, text: Text, from: f64, to: f64) {
        self.phase = Phase { text, from, to };
        self.progress(0.0);
    }

    /// This much of the present phase is done, from 0 to 1.
    pub fn progress(&mut self, fraction: f64) {
        let Phase { text, from, to } = &self.phase;
        let progress = Progress {
            fraction: from + (to - from) * fraction.clamp(0.0, 1.0),
            phase: text.clone(),
        };
        (self.progress)(progress);
    }

    /// Samples of a quantity that was measured under a condition.
    ///
    /// Every number must be finite; the record is JSON, which has no others.
    pub fn put(&mut self, condition: Condition, quantity: &str, unit: &str, blocks: Vec<f64>) {
        debug_assert!(
            blocks.iter().all(|number| number.is_finite()),
            "{condition}: {quantity}"
        );
        self.series.push(Series {
            condition,
            quantity: quantity.to_owned(),
            unit: unit.to_owned(),
            blocks,
        });
    }

    /// The machine lacks or forbids a facility; said once.
    #[expect(clippy::needless_pass_by_value, reason = "callers hand over errors as they are")]
    pub fn miss(&mut self, facility: &str, detail: impl ToString) {
        if !self.missing.iter().any(|missing| missing.facility == facility) {
            self.missing.push(Missing {
                facility: facility.to_owned(),
                detail: detail.to_string(),
            });
        }
    }

    /// Pins the worker to one core, and with it all tasks that it makes. Where that is forbidden the run goes on, and
    /// the record says so.
    pub fn pin(&mut self) {
        if let Err(error) = sys::pin(self.machine.quiet_cpu()) {
            self.miss("pinning", error);
        }
    }

    /// The scheduler that the parameter `scheduler` asks for, or what is allowed instead, which the record says.
    pub fn court(&mut self) -> Court {
        let (court, refused) = Court::open(self.params.word("scheduler"));
        if let Some(error) = refused {
            self.miss("sched-fifo", error);
        }
        court
    }

    /// The main comparison: interleaved rounds that stop when `decides` says so at a planned look, or when the time is
    /// up. It is remembered as how this run stopped. A full A/A run takes all its time, since nobody waits for its answer:
    /// what it shows is how precise a full run can be.
    ///
    /// # Errors
    ///
    /// What `block` says.
    pub fn compare<C>(
        &mut self,
        conditions: &[C],
        plan: Plan,
        decides: Decides<'_>,
        block: impl FnMut(&C) -> Result<f64, Error>,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let seed = self.seed;
        let takes_all = self.mode == Mode::Full && self.params.flag("aa");
        let decides = move |blocks: &[Vec<f64>], confidence: f64| !takes_all && decides(blocks, seed, confidence);
        let sampled = self.take(conditions, plan, Some(&decides), block)?;
        self.stopping = sampled.stopping;
        Ok(sampled.blocks)
    }

    /// Interleaved rounds of a side question, until the time or the number of rounds is up.
    ///
    /// # Errors
    ///
    /// What `block` says.
    pub fn sweep<C>(
        &mut self,
        conditions: &[C],
        plan: Plan,
        block: impl FnMut(&C) -> Result<f64, Error>,
    ) -> Result<Vec<Vec<f64>>, Error> {
        Ok(self.take(conditions, plan, None, block)?.blocks)
    }

    fn take<C>(
        &mut self,
        conditions: &[C],
        plan: Plan,
        decides: Option<LookFn<'_>>,
        block: impl FnMut(&C) -> Result<f64, Error>,
    ) -> Result<Sampled, Error> {
        let Phase { text, from, to } = &self.phase;
        let tell = &mut *self.progress;
        let mut progress = |fraction: f64| {
            tell(Progress {
                fraction: from + (to - from) * fraction,
                phase: text.clone(),
            });
        };
        Rounds {
            conditions,
            plan,
            clock: self.clock,
            rng: &mut self.rng,
            decides,
            progress: &mut progress,
        }
        .take(block)
    }

    /// The time of `count` operations that `run` does, for each of them in nanoseconds, without the clock's own cost.
    ///
    /// # Errors
    ///
    /// What `run` says.
    pub fn time_each(&self, count: u64, run: impl FnOnce() -> Result<(), Error>) -> Result<f64, Error> {
        time_each(self.clock, self.clock_cost, count, run)
    }
}

/// As [`Context::time_each`], for a closure that can't hold the context.
///
/// # Errors
///
/// What `run` says.
pub fn time_each(
    clock: &dyn Clock,
    cost: ClockCost,
    count: u64,
    run: impl FnOnce() -> Result<(), Error>,
) -> Result<f64, Error> {
    let start = clock.now();
    run()?;
    let took = clock.now().since(start).as_f64() - cost.reading.as_f64();
    Ok(took / count.max(1) as f64)
}
