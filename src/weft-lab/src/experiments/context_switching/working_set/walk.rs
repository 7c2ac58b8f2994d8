//! Walking over an array between two switches, as in Li, Ding, Shen (2007): every element once, in passes of a stride.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::experiment::{During, Error};
use crate::measure::ring::{Kind, Lap, Ring};
use crate::measure::{Clock, Court, MonotonicClock, Nanos};
use crate::sys::{self, Mapping};

/// What is done with each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// It is read, changed and written back.
    Change,
    /// It is read.
    Read,
}

impl Access {
    pub(super) fn named(word: &str) -> Self {
        if word == "read" { Access::Read } else { Access::Change }
    }
}

/// Walks over all words: first the ones at 0, `stride`, 2 `stride`, then the ones beside them, until each had its turn.
pub(super) fn walk(words: &[AtomicU64], stride: usize, access: Access) {
    let mut sum = 0_u64;
    for first in 0..stride.min(words.len()) {
        for word in words[first..].iter().step_by(stride) {
            let value = word.load(Ordering::Relaxed);
            match access {
                Access::Change => word.store(value.wrapping_add(1), Ordering::Relaxed),
                Access::Read => sum = sum.wrapping_add(value),
            }
        }
    }
    black_box(sum);
}

/// Reads one word of each page, each in another line of the cache than its neighbour's.
pub(super) fn touch_pages(words: &[AtomicU64]) {
    let page = sys::page_bytes() / size_of::<AtomicU64>();
    let line = 64 / size_of::<AtomicU64>();
    let mut sum = 0_u64;
    for (number, page) in words.chunks_exact(page).enumerate() {
        sum = sum.wrapping_add(page[number * line % page.len()].load(Ordering::Relaxed));
    }
    black_box(sum);
}

/// Who walks, and over what, between two yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walkers {
    /// Two processes, each over an array of its own: a switch and what it does to the caches.
    Two,
    /// One process over one array: the same walk without a switch, the paper's simulation.
    One,
    /// One process over both arrays in turn: what two arrays cost without a switch.
    OneOverBoth,
}

impl Walkers {
    pub(super) fn id(self) -> &'static str {
        match self {
            Walkers::Two => "two",
            Walkers::One => "one",
            Walkers::OneOverBoth => "one-over-both",
        }
    }
}

/// The arrays of a run, and how they are walked over.
#[derive(Debug)]
pub(super) struct Floor {
    arrays: [Mapping; 2],
    court: Court,
    access: Access,
}

/// Walks before the clock is read, so that each task has its pages and the caches know it.
const WARM_UP: u64 = 2;

/// Yields before the clock is read where nothing is walked over.
const WARM_UP_BARE: u64 = 200;

impl Floor {
    /// Two arrays of `bytes` each.
    pub(super) fn new(bytes: usize, court: Court, access: Access) -> Result<Self, Error> {
        let array = || {
            let array = Mapping::shared(bytes).during("map the arrays")?;
            array.touch();
            Ok(array)
        };
        let arrays = [array()?, array()?];
        Ok(Floor { arrays, court, access })
    }

    /// The words of one array up to `bytes`.
    fn words(&self, array: usize, bytes: usize) -> &[AtomicU64] {
        &self.arrays[array].words()[..bytes / size_of::<AtomicU64>()]
    }

    /// How many turns of each of two tasks fill a batch of this length, by one walk's time.
    pub(super) fn turns(&self, clock: &dyn Clock, batch: Nanos, bytes: usize, stride: usize) -> u64 {
        let words = self.words(0, bytes);
        walk(words, stride, self.access);
        let start = clock.now();
        walk(words, stride, self.access);
        // A bare switch with its yield takes about a microsecond.
        let turn = clock.now().since(start).as_f64() + 1_000.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 2 to 20,000"
        )]
        let turns = (batch.as_f64() / turn / 2.0).clamp(2.0, 20_000.0) as u64;
        turns
    }

    /// One batch: the time of a turn, which is a walk over `bytes` and a yield.
    pub(super) fn lap(&self, walkers: Walkers, bytes: usize, stride: usize, turns: u64) -> Result<Lap, Error> {
        let (tasks, turns) = match walkers {
            Walkers::Two => (2, turns),
            Walkers::One | Walkers::OneOverBoth => (1, 2 * turns),
        };
        let ring = Ring {
            clock: &MonotonicClock,
            kind: Kind::Process,
            tasks,
            warm_up: if bytes == 0 { WARM_UP_BARE } else { WARM_UP },
            turns,
        };
        let walked = AtomicU64::new(0);
        let turn = |task: usize| {
            let array = match walkers {
                Walkers::Two | Walkers::One => task,
                Walkers::OneOverBoth => {
                    let number = walked.load(Ordering::Relaxed);
                    walked.store(number + 1, Ordering::Relaxed);
                    usize::from(number % 2 == 1)
                }
            };
            walk(self.words(array, bytes), stride, self.access);
            sys::yield_now();
            true
        };
        let reports = self.court.play(|| ring.run(turn)).during("run a ring of processes")?;
        Ok(Lap::of(&reports, turns))
    }
}

/// One batch of a ring whose tasks touch the pages of one region that they share: the time of a turn.
pub(super) fn lap_of_region(
    court: Court,
    kind: Kind,
    tasks: usize,
    region: &Mapping,
    turns: u64,
) -> Result<Lap, Error> {
    let ring = Ring {
        clock: &MonotonicClock,
        kind,
        tasks,
        warm_up: WARM_UP,
        turns,
    };
    let turn = |_| {
        touch_pages(region.words());
        sys::yield_now();
        true
    };
    let reports = court.play(|| ring.run(turn)).during("run a ring of tasks")?;
    Ok(Lap::of(&reports, turns))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_walk_changes_every_word_once_whatever_the_stride(words in 0_usize..200, stride in 1_usize..300) {
            let array: Vec<AtomicU64> = (0..words).map(|_| AtomicU64::new(7)).collect();
            walk(&array, stride, Access::Change);
            prop_assert!(array.iter().all(|word| word.load(Ordering::Relaxed) == 8));
            walk(&array, stride, Access::Read);
            prop_assert!(array.iter().all(|word| word.load(Ordering::Relaxed) == 8));
        }
    }

    #[test]
    fn each_way_to_walk_can_be_timed_by_threads_too() {
        let region = Mapping::shared(1 << 16).unwrap();
        let (court, _) = Court::open("fair");
        let lap = lap_of_region(court, Kind::Thread, 3, &region, 20).unwrap();
        assert!(lap.per_turn > 0.0);
    }

    #[test]
    fn a_large_array_gets_fewer_turns() {
        let (court, _) = Court::open("fair");
        let floor = Floor::new(1 << 20, court, Access::Change).unwrap();
        let turns = [0, 1 << 20].map(|bytes| floor.turns(&MonotonicClock, Nanos(1_000_000), bytes, 8));
        assert!(turns[0] > turns[1] && turns[1] >= 2, "{turns:?}");
    }
}
