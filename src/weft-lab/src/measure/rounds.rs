//! Interleaved rounds, and the rule that ends them.
//!
//! A round takes one block of each condition, in random order. Blocks of the same round stood next to each other in
//! time, so effects are computed from pairs of them. The rule for stopping is fixed before the first round: the data
//! are looked at after 16, 32, 64 and 128 rounds, at most [`LOOKS`] times, each time at a confidence that pays for all looks.

use std::time::Duration;

use super::clock::{Clock, Nanos};
use crate::record::{StopReason, Stopping};
use crate::stats::{Bootstrap, Interval};
use crate::verdict::Outcome;

/// How often the rule may look at the data.
pub const LOOKS: u32 = 4;

/// The rounds after which it looks.
const LOOK_AFTER: [usize; LOOKS as usize] = [16, 32, 64, 128];

/// A round is steady when no condition's number differs from that of the round before by this share.
const STEADY: f64 = 0.1;

/// How rounds are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// No new round begins after this time.
    pub budget: Duration,
    /// Rounds that are run and thrown away first; more, up to three times as many, until the times are steady.
    pub warm_up: usize,
    /// Rounds that are taken even if the time is up.
    pub min_rounds: usize,
    /// No more rounds than this.
    pub max_rounds: usize,
}

impl Plan {
    /// Rounds for `budget`: two to warm up, at least 8.
    #[must_use]
    pub fn lasting(budget: Duration) -> Self {
        Plan {
            budget,
            warm_up: 2,
            min_rounds: 8,
            max_rounds: 1 << 20,
        }
    }

    /// At most `rounds` of them.
    #[must_use]
    pub fn at_most(self, rounds: usize) -> Self {
        Plan {
            max_rounds: rounds,
            min_rounds: self.min_rounds.min(rounds),
            ..self
        }
    }
}

/// Whether the blocks taken so far, one list a condition, decide the question at this confidence.
pub type LookFn<'a> = &'a dyn Fn(&[Vec<f64>], f64) -> bool;

/// What was sampled: for each condition one number a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampled {
    /// In the order of the conditions; each of the same length.
    pub blocks: Vec<Vec<f64>>,
    /// How it ended.
    pub stopping: Stopping,
}

/// Takes rounds of some conditions.
pub struct Rounds<'a, C> {
    /// What a round takes a block of.
    pub conditions: &'a [C],
    /// How long.
    pub plan: Plan,
    /// The clock that the budget is measured with.
    pub clock: &'a dyn Clock,
    /// What the order is drawn from.
    pub rng: &'a mut fastrand::Rng,
    /// Whether the blocks taken so far decide the question at the given confidence; `None` never stops early.
    pub decides: Option<LookFn<'a>>,
    /// Told after each round how much of the plan is done, from 0 to 1.
    pub progress: &'a mut dyn FnMut(f64),
}

impl<C> std::fmt::Debug for Rounds<'_, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rounds")
            .field("conditions", &self.conditions.len())
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl<C> Rounds<'_, C> {
    /// Takes the rounds; `block` takes one block of a condition and gives its number.
    ///
    /// # Errors
    ///
    /// What `block` says.
    pub fn take<E>(self, mut block: impl FnMut(&C) -> Result<f64, E>) -> Result<Sampled, E> {
        let planned_looks = if self.decides.is_some() { LOOKS } else { 1 };
        let mut stopping = Stopping {
            reason: StopReason::Complete,
            planned_looks,
            looks: 0,
            rounds: 0,
        };
        let mut blocks: Vec<Vec<f64>> = self.conditions.iter().map(|_| Vec::new()).collect();
        let mut order: Vec<usize> = (0..self.conditions.len()).collect();
        let mut last = vec![f64::NAN; self.conditions.len()];
        for round in 0..3 * self.plan.warm_up {
            self.rng.shuffle(&mut order);
            let mut is_steady = true;
            for &which in &order {
                let number = block(&self.conditions[which])?;
                is_steady &= (number / last[which] - 1.0).abs() < STEADY;
                last[which] = number;
            }
            if is_steady && round + 1 >= self.plan.warm_up {
                break;
            }
        }
        let start = self.clock.now();
        let budget = Nanos::from(self.plan.budget);
        for round in 1..=self.plan.max_rounds {
            self.rng.shuffle(&mut order);
            for &which in &order {
                let number = block(&self.conditions[which])?;
                blocks[which].push(number);
            }
            stopping.rounds = u32::try_from(round).unwrap_or(u32::MAX);
            let spent = self.clock.now().since(start);
            let by_time = spent.as_f64() / budget.as_f64().max(1.0);
            (self.progress)(by_time.max(round as f64 / self.plan.max_rounds as f64).min(1.0));
            if LOOK_AFTER.contains(&round)
                && let Some(decides) = self.decides
            {
                stopping.looks += 1;
                if decides(&blocks, stopping.confidence()) {
                    stopping.reason = StopReason::Decided;
                    break;
                }
            }
            if spent >= budget && round >= self.plan.min_rounds {
                stopping.reason = StopReason::Time;
                break;
            }
        }
        Ok(Sampled { blocks, stopping })
    }
}

/// Does the ratio of paired blocks, `second / first`, lie on one side of each border of `region`, and is its interval
/// narrow enough to be worth quoting (a tenth either way)?
#[must_use]
pub fn decided(first: &[f64], second: &[f64], region: [f64; 2], seed: u64, confidence: f64) -> bool {
    let interval = Bootstrap::new(seed, confidence).serial().ratio(first, second);
    Outcome::of(&interval, region) != Outcome::Inconclusive && is_narrow(&interval)
}

fn is_narrow(interval: &Interval) -> bool {
    interval.high <= interval.estimate * 1.1 && interval.low >= interval.estimate * 0.9
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::measure::ReplayClock;

    fn take(plan: Plan, decides: Option<LookFn<'_>>, seed: u64) -> (Sampled, Vec<char>) {
        let clock = ReplayClock::stepping(0);
        let order = RefCell::new(Vec::new());
        let mut rng = fastrand::Rng::with_seed(seed);
        let rounds = Rounds {
            conditions: &['a', 'b'],
            plan,
            clock: &clock,
            rng: &mut rng,
            decides,
            progress: &mut |_| {},
        };
        let sampled = rounds.take(|&which| {
            clock.advance(1_000_000);
            order.borrow_mut().push(which);
            Ok::<_, ()>(if which == 'a' { 1.0 } else { 2.0 })
        });
        (sampled.unwrap(), order.into_inner())
    }

    #[test]
    fn each_round_takes_each_condition_once_in_an_order_from_the_seed() {
        let plan = Plan::lasting(Duration::from_millis(40));
        let (sampled, order) = take(plan, None, 1);
        assert_eq!(sampled.blocks, [vec![1.0; 20], vec![2.0; 20]]);
        assert_eq!(sampled.stopping.reason, StopReason::Time);
        assert!(
            order
                .chunks(2)
                .all(|round| round.contains(&'a') && round.contains(&'b'))
        );
        assert!(order.chunks(2).any(|round| round[0] == 'a') && order.chunks(2).any(|round| round[0] == 'b'));
        assert_eq!(order, take(plan, None, 1).1, "the same seed gives the same order");
        assert_ne!(order, take(plan, None, 2).1, "another seed gives another");
    }

    #[test]
    fn it_warms_up_until_the_times_are_steady() {
        let taken = |times: &'static [f64]| {
            let clock = ReplayClock::stepping(0);
            let mut left = times.iter().copied().chain(std::iter::repeat(1.0));
            let mut rng = fastrand::Rng::with_seed(1);
            let plan = Plan::lasting(Duration::ZERO).at_most(1);
            let rounds = Rounds {
                conditions: &['a'],
                plan,
                clock: &clock,
                rng: &mut rng,
                decides: None,
                progress: &mut |_| {},
            };
            let mut count = 0;
            let sampled = rounds.take(|_| {
                count += 1;
                Ok::<_, ()>(left.next().unwrap_or_default())
            });
            sampled.map(|_| count)
        };
        assert_eq!(
            taken(&[1.0]),
            Ok(2 + 1),
            "steady at once: two rounds, and the one that counts"
        );
        assert_eq!(taken(&[9.0, 4.0, 2.0, 1.01]), Ok(5 + 1));
        assert_eq!(
            taken(&[9.0, 1.0, 9.0, 1.0, 9.0, 1.0, 9.0]),
            Ok(6 + 1),
            "never steady: six rounds at most"
        );
    }

    #[test]
    fn it_stops_at_a_planned_look_alone() {
        let looks = RefCell::new(Vec::new());
        let decides = |blocks: &[Vec<f64>], confidence: f64| {
            looks.borrow_mut().push((blocks[0].len(), confidence));
            blocks[0].len() >= 32
        };
        let (sampled, _) = take(Plan::lasting(Duration::from_secs(10)), Some(&decides), 1);
        assert_eq!(
            sampled.stopping,
            Stopping {
                reason: StopReason::Decided,
                planned_looks: 4,
                looks: 2,
                rounds: 32
            }
        );
        assert_eq!(*looks.borrow(), [(16, 0.9875), (32, 0.9875)]);
    }

    #[test]
    fn the_least_number_of_rounds_is_taken_whatever_the_time() {
        let (sampled, _) = take(Plan::lasting(Duration::ZERO), None, 1);
        assert_eq!(sampled.stopping.rounds, 8);
        let (sampled, _) = take(Plan::lasting(Duration::from_secs(1)).at_most(3), None, 1);
        assert_eq!(
            (sampled.stopping.rounds, sampled.stopping.reason),
            (3, StopReason::Complete)
        );
    }

    #[test]
    fn equal_conditions_are_decided_and_noisy_ones_are_not() {
        let ones = [1.0; 16];
        assert!(decided(&ones, &[1.01; 16], [0.9, 1.1], 1, 0.9875));
        assert!(decided(&ones, &[5.0; 16], [0.9, 1.1], 1, 0.9875));
        let noisy: Vec<f64> = (0..16).map(|i| if i % 2 == 0 { 0.5 } else { 3.0 }).collect();
        assert!(!decided(&ones, &noisy, [0.9, 1.1], 1, 0.9875));
    }
}
