//! A/A runs that are drawn from the blocks of real ones.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use weft_lab::measure::{Plan, ReplayClock, Rounds};
use weft_lab::record::{Series, StopReason};
use weft_lab::verdict::Effect;
use weft_lab::{Outcome, Record};

/// So many rounds that stood next to each other are drawn together, so that slow changes of the machine stay in
/// (the moving-block bootstrap, Künsch 1989).
const RUN_LENGTH: usize = 8;

/// The rounds of real A/A runs of one experiment.
#[derive(Debug)]
pub(super) struct Pool {
    /// A record whose main comparison is replaced.
    template: Record,
    /// Which of its series were sampled in the main comparison.
    main: Vec<usize>,
    /// For each real run its rounds, each with a number for each of `main`.
    runs: Vec<Vec<Vec<f64>>>,
    /// How many rounds a run takes when nothing is decided before the time is up.
    rounds: usize,
}

impl Pool {
    /// Pools the records; all are of one experiment.
    pub(super) fn of(records: &[Record]) -> Result<Pool> {
        let template = records.first().context("no A/A run to replay")?.clone();
        let rounds_of = |record: &Record| record.stopping.rounds as usize;
        let is_main = |series: &Series| series.blocks.len() == rounds_of(&template);
        let main: Vec<usize> = (0..template.series.len())
            .filter(|&place| is_main(&template.series[place]))
            .collect();
        if main.len() < 2 {
            bail!(
                "the A/A record of {} has no pair of series to draw from",
                template.experiment
            );
        }
        let is_alike = |record: &Record| {
            let length = |&place: &usize| record.series.get(place).map(|series| series.blocks.len());
            main.iter().all(|place| length(place) == Some(rounds_of(record)))
        };
        if let Some(other) = records.iter().find(|record| !is_alike(record)) {
            bail!(
                "the A/A runs of {} differ in what they sampled (seed {})",
                other.experiment,
                other.seed
            );
        }
        let rows = |record: &Record| -> Vec<Vec<f64>> {
            let row = |round: usize| main.iter().map(|&place| record.series[place].blocks[round]).collect();
            (0..rounds_of(record)).map(row).collect()
        };
        let by_time = records
            .iter()
            .filter(|record| record.stopping.reason == StopReason::Time)
            .map(rounds_of)
            .max();
        let rounds = by_time
            .or_else(|| records.iter().map(rounds_of).max())
            .unwrap_or_default();
        Ok(Pool {
            runs: records.iter().map(rows).collect(),
            template,
            main,
            rounds,
        })
    }

    /// The pool with the readings of side b `factor` times as large: a difference that a run ought to find.
    pub(super) fn with_difference(&self, factor: f64) -> Pool {
        let series = |&place: &usize| &self.template.series[place];
        let quantity = &series(&self.main[0]).quantity;
        let is_scaled = |place: &usize| {
            let series = series(place);
            series.condition.get("side") == "b" && series.quantity == *quantity
        };
        let factors: Vec<f64> = self
            .main
            .iter()
            .map(|place| if is_scaled(place) { factor } else { 1.0 })
            .collect();
        let scale = |round: &Vec<f64>| {
            round
                .iter()
                .zip(&factors)
                .map(|(value, factor)| value * factor)
                .collect()
        };
        Pool {
            template: self.template.clone(),
            main: self.main.clone(),
            runs: self.runs.iter().map(|run| run.iter().map(scale).collect()).collect(),
            rounds: self.rounds,
        }
    }

    /// A run of the same rule on rounds drawn by `seed`.
    pub(super) fn replay(&self, seed: u64) -> Record {
        let clock = ReplayClock::stepping(0);
        let deal = RefCell::new(Deal::new(&self.runs, seed));
        let taken = Cell::new(0_usize);
        let mut order = fastrand::Rng::with_seed(seed);
        let columns: Vec<usize> = (0..self.main.len()).collect();
        let decides = |blocks: &[Vec<f64>], _confidence: f64| is_decided(&self.record(seed, blocks, None));
        let rounds = Rounds {
            conditions: &columns,
            plan: Plan {
                warm_up: 0,
                ..Plan::lasting(Duration::from_secs(1)).at_most(self.rounds)
            },
            clock: &clock,
            rng: &mut order,
            decides: Some(&decides),
            progress: &mut |_| {},
        };
        let sampled = rounds.take(|&column| {
            if taken.get().is_multiple_of(columns.len()) {
                deal.borrow_mut().next_round();
            }
            taken.set(taken.get() + 1);
            Ok::<f64, Infallible>(deal.borrow().round[column])
        });
        let Ok(sampled) = sampled;
        let mut record = self.record(seed, &sampled.blocks, Some(sampled.stopping.reason));
        record.stopping = sampled.stopping;
        record
    }

    /// The template with these blocks, as far as they are taken; its stopping rule plans the same looks as in a run.
    fn record(&self, seed: u64, blocks: &[Vec<f64>], reason: Option<StopReason>) -> Record {
        let mut record = self.template.clone();
        record.seed = seed;
        record.stopping.reason = reason.unwrap_or(StopReason::Decided);
        record.stopping.rounds = u32::try_from(blocks[0].len()).unwrap_or(u32::MAX);
        for (&place, blocks) in self.main.iter().zip(blocks) {
            record.series[place].blocks.clone_from(blocks);
        }
        record
    }
}

/// What [`weft_lab::measure::decided`] says of the pair that the experiment's own judge compares: the interval lies on
/// one side of each border, and is within a tenth of its estimate.
fn is_decided(record: &Record) -> bool {
    effect(record).is_some_and(|(outcome, effect)| {
        let is_narrow = effect.high <= effect.estimate * 1.1 && effect.low >= effect.estimate * 0.9;
        outcome != Outcome::Inconclusive && is_narrow
    })
}

/// What the record says of the pair that its experiment compares.
pub(super) fn effect(record: &Record) -> Option<(Outcome, Effect)> {
    let verdicts = record.judge();
    let mut effects = verdicts
        .into_iter()
        .filter(|verdict| verdict.equivalence.is_some())
        .filter_map(|verdict| Some((verdict.outcome, verdict.effect?)));
    effects.next()
}

/// Deals rounds of the pool, some neighbours at a time.
struct Deal<'a> {
    runs: &'a [Vec<Vec<f64>>],
    rng: fastrand::Rng,
    run: usize,
    place: usize,
    left: usize,
    round: &'a [f64],
}

impl<'a> Deal<'a> {
    fn new(runs: &'a [Vec<Vec<f64>>], seed: u64) -> Self {
        Deal {
            runs,
            // Another stream than the one that the order of the round is drawn from.
            rng: fastrand::Rng::with_seed(!seed),
            run: 0,
            place: 0,
            left: 0,
            round: &[],
        }
    }

    fn next_round(&mut self) {
        if self.left == 0 {
            // Each round of the pool is equally likely to begin a stretch, whatever the length of its run.
            let total: usize = self.runs.iter().map(Vec::len).sum();
            let mut pick = self.rng.usize(..total);
            self.run = 0;
            while pick >= self.runs[self.run].len() {
                pick -= self.runs[self.run].len();
                self.run += 1;
            }
            self.place = pick;
            self.left = RUN_LENGTH;
        }
        let run = &self.runs[self.run];
        self.round = &run[self.place % run.len()];
        self.place += 1;
        self.left -= 1;
    }
}

#[cfg(test)]
mod tests {
    use weft_lab::params::Params;
    use weft_lab::record::{Condition, SCHEMA, Stopping};
    use weft_lab::{Mode, Request};

    use super::*;
    use crate::calibration::is_different;

    /// A record of an A/A run of creation-cost in which side b takes `factor` times as long as side a.
    fn record(seed: u64, rounds: u32, reason: StopReason, factor: f64) -> Record {
        let mut rng = fastrand::Rng::with_seed(seed);
        let mut side = |name: &str, factor: f64| Series {
            condition: Condition::of("side", name).and("method", "thread"),
            quantity: "time".to_owned(),
            unit: "ns".to_owned(),
            blocks: (0..rounds).map(|_| factor * (20_000.0 + 2_000.0 * rng.f64())).collect(),
        };
        let series = vec![side("a", 1.0), side("b", factor)];
        let mut request = Request::quick("creation-cost");
        request.set.insert("aa".to_owned(), "true".to_owned());
        let params: Params = request.resolve().unwrap().1;
        let machine = weft_lab::machine::Probe::at("no-such-folder").machine(vec![0]);
        Record {
            schema: SCHEMA,
            experiment: "creation-cost".to_owned(),
            mode: Mode::Quick,
            seed,
            params,
            started: "2026-01-01T00:00:00Z".to_owned(),
            elapsed_ns: 1,
            machine,
            noise: weft_lab::machine::Noise::default(),
            stopping: Stopping {
                reason,
                planned_looks: weft_lab::measure::LOOKS,
                looks: 1,
                rounds,
            },
            missing: Vec::new(),
            series,
        }
    }

    fn pool(factor: f64) -> Pool {
        let records: Vec<Record> = (0..4).map(|seed| record(seed, 40, StopReason::Time, factor)).collect();
        Pool::of(&records).unwrap()
    }

    #[test]
    fn equal_sides_are_not_different_and_unequal_ones_are() {
        let different = |pool: &Pool| (0..20).filter(|&seed| is_different(&pool.replay(seed))).count();
        assert_eq!(different(&pool(1.0)), 0);
        assert_eq!(different(&pool(1.3)), 20, "a method that is wrong must be caught");
    }

    #[test]
    fn a_difference_that_was_put_in_is_found() {
        let found = |factor: f64| {
            let pool = pool(1.0).with_difference(factor);
            (0..20)
                .filter(|&seed| crate::calibration::is_found(&pool.replay(seed), true))
                .count()
        };
        assert_eq!(found(1.1), 20);
        assert!(found(1.0) <= 2, "nothing was put in");
        assert_eq!(found(0.9), 0, "the other way is not found either");
    }

    #[test]
    fn a_replay_draws_pairs_of_the_pool_and_stops_by_the_rule() {
        let pool = pool(1.0);
        let record = pool.replay(3);
        assert_eq!(record, pool.replay(3), "the same seed gives the same run");
        assert_eq!(record.stopping.planned_looks, weft_lab::measure::LOOKS);
        assert_eq!(record.stopping.reason, StopReason::Decided);
        assert_eq!(
            record.stopping.rounds, 16,
            "so little noise is decided at the first look"
        );
        let pairs = |record: &Record| -> Vec<(u64, u64)> {
            let [a, b] = [0, 1].map(|side| &record.series[side].blocks);
            a.iter().zip(b).map(|(a, b)| (a.to_bits(), b.to_bits())).collect()
        };
        let rounds: Vec<_> = pool
            .runs
            .iter()
            .flatten()
            .map(|row| (row[0].to_bits(), row[1].to_bits()))
            .collect();
        assert!(pairs(&record).iter().all(|pair| rounds.contains(pair)));
    }

    #[test]
    fn runs_of_unequal_length_are_pooled() {
        let records = [
            record(1, 16, StopReason::Decided, 1.0),
            record(2, 50, StopReason::Time, 1.0),
            record(3, 128, StopReason::Decided, 1.0),
        ];
        let pool = Pool::of(&records).unwrap();
        assert_eq!(pool.rounds, 50, "a run that is not decided ends when the time is up");
        assert_eq!(pool.runs.iter().map(Vec::len).collect::<Vec<_>>(), [16, 50, 128]);
    }
}
