//! The dining philosophers (Dijkstra 1971): between two neighbours lies one fork, and who wants to eat needs both.
//!
//! The dinner is a process of its own, since a deadlock can be ended in no other way than from outside. It writes on a
//! shared page who holds and who wants what. The guard outside looks for a circle of philosophers who wait for each
//! other, which is what a deadlock is (Coffman, Elphick, Shoshani 1971), and ends the process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::experiment::{During, Error};
use crate::locks::{Permits, Semaphore};
use crate::measure::{Clock, MonotonicClock, Nanos, pause};
use crate::record::Condition;
use crate::sys::{Child, Ended, Mapping};
use crate::text::Text;

/// What keeps the philosophers from waiting in a circle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cure {
    None,
    Order,
    Waiter,
    BackOff,
}

impl Cure {
    pub(super) const ALL: [Cure; 4] = [Cure::None, Cure::Order, Cure::Waiter, Cure::BackOff];

    pub(super) fn id(self) -> &'static str {
        match self {
            Cure::None => "none",
            Cure::Order => "order",
            Cure::Waiter => "waiter",
            Cure::BackOff => "back-off",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Cure::None => text!("No cure: left, then right"),
            Cure::Order => text!("Order: the lower number first"),
            Cure::Waiter => text!("Waiter: one seat stays empty"),
            Cure::BackOff => text!("Try, and put it back"),
        }
    }

    pub(super) fn condition(self) -> Condition {
        Condition::of("cure", self.id())
    }
}

/// How a dinner ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// All have eaten all their meals.
    Finished,
    /// So many philosophers wait in a circle.
    Deadlock {
        /// How many.
        circle: usize,
    },
    /// Nothing went on for a long time, and no circle was found.
    Stuck,
}

impl Ending {
    /// As a number, for the record.
    pub(super) fn code(self) -> f64 {
        match self {
            Ending::Finished => 0.0,
            Ending::Deadlock { .. } => 1.0,
            Ending::Stuck => 2.0,
        }
    }
}

/// A table and what is to be eaten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dinner {
    pub(super) philosophers: usize,
    pub(super) meals: u64,
}

/// How often the guard looks.
const LOOK: Duration = Duration::from_millis(2);
/// A circle counts if nobody ate while it was seen so many times in a row.
const SURE: u32 = 5;
/// After this time without a meal and without a circle the dinner is ended.
const PATIENCE: Duration = Duration::from_secs(2);
/// From the first fork to the second.
const REACH: Duration = Duration::from_micros(50);

/// What the philosophers write on the shared page: fork numbers plus one, 0 for none.
struct Board<'a> {
    meals: &'a [AtomicU64],
    holds: &'a [AtomicU64],
    wants: &'a [AtomicU64],
}

impl<'a> Board<'a> {
    fn on(page: &'a Mapping, philosophers: usize) -> Self {
        let (meals, rest) = page.words().split_at(philosophers);
        let (holds, rest) = rest.split_at(philosophers);
        Board {
            meals,
            holds,
            wants: &rest[..philosophers],
        }
    }

    fn eaten(&self) -> u64 {
        self.meals.iter().map(|meals| meals.load(Ordering::SeqCst)).sum()
    }

    fn circle(&self) -> Option<usize> {
        let forks = |words: &[AtomicU64]| -> Vec<Option<usize>> {
            let fork = |word: &AtomicU64| usize::try_from(word.load(Ordering::SeqCst)).ok()?.checked_sub(1);
            words.iter().map(fork).collect()
        };
        circle(&forks(self.holds), &forks(self.wants))
    }
}

/// How many wait for each other in a circle: each wants what the next one holds. `None` if nobody does.
fn circle(holds: &[Option<usize>], wants: &[Option<usize>]) -> Option<usize> {
    let next = |who: usize| {
        let wanted = wants.get(who).copied().flatten()?;
        holds.iter().position(|&held| held == Some(wanted))
    };
    (0..holds.len()).find_map(|start| {
        let mut at = start;
        for length in 1..=holds.len() {
            at = next(at)?;
            if at == start {
                return Some(length);
            }
        }
        None
    })
}

impl Dinner {
    /// Serves one dinner, and says how it ended.
    pub(super) fn serve(&self, cure: Cure) -> Result<Ending, Error> {
        let page = Mapping::shared(3 * self.philosophers * size_of::<u64>()).during("map a page")?;
        let board = Board::on(&page, self.philosophers);
        let mut child = Child::fork(|| {
            self.dine(cure, &board);
            0
        })
        .during("fork")?;
        let clock = MonotonicClock;
        let (mut eaten, mut since, mut seen) = (0, clock.now(), 0);
        loop {
            match child.poll().during("wait for a process")? {
                Some(Ended::Exit(0)) => return Ok(Ending::Finished),
                Some(ended) => {
                    return Err(Error::Check {
                        what: "the dinner's process",
                        expected: "status 0".to_owned(),
                        found: format!("{ended:?}"),
                    });
                }
                None => pause(LOOK),
            }
            if board.eaten() != eaten {
                (eaten, since, seen) = (board.eaten(), clock.now(), 0);
                continue;
            }
            // Dropped, the child is ended.
            match board.circle() {
                Some(circle) if seen + 1 >= SURE => return Ok(Ending::Deadlock { circle }),
                Some(_) => seen += 1,
                None => seen = 0,
            }
            if clock.now().since(since) > Nanos::from(PATIENCE) {
                return Ok(Ending::Stuck);
            }
        }
    }

    fn dine(&self, cure: Cure, board: &Board<'_>) {
        let forks: Vec<Mutex<()>> = (0..self.philosophers).map(|_| Mutex::new(())).collect();
        let seats = Semaphore::new(self.philosophers.saturating_sub(1));
        std::thread::scope(|scope| {
            for who in 0..self.philosophers {
                let (forks, seats) = (&forks, &seats);
                scope.spawn(move || {
                    let philosopher = Philosopher { who, forks, board };
                    for _ in 0..self.meals {
                        match cure {
                            Cure::None => philosopher.eat(false),
                            Cure::Order => philosopher.eat(true),
                            Cure::Waiter => {
                                seats.acquire();
                                philosopher.eat(false);
                                seats.release();
                            }
                            Cure::BackOff => philosopher.eat_by_trying(),
                        }
                    }
                });
            }
        });
    }
}

struct Philosopher<'a> {
    who: usize,
    forks: &'a [Mutex<()>],
    board: &'a Board<'a>,
}

impl Philosopher<'_> {
    fn sides(&self) -> (usize, usize) {
        (self.who, (self.who + 1) % self.forks.len())
    }

    fn ate(&self) {
        self.board.meals[self.who].fetch_add(1, Ordering::SeqCst);
    }

    fn take(&self, fork: usize) -> MutexGuard<'_, ()> {
        let note = fork as u64 + 1;
        self.board.wants[self.who].store(note, Ordering::SeqCst);
        let guard = self.forks[fork].lock().unwrap_or_else(PoisonError::into_inner);
        self.board.wants[self.who].store(0, Ordering::SeqCst);
        guard
    }

    /// One fork, then the other; `by_number` takes the lower number first.
    fn eat(&self, by_number: bool) {
        let (left, right) = self.sides();
        let (first, second) = if by_number && right < left {
            (right, left)
        } else {
            (left, right)
        };
        let one = self.take(first);
        self.board.holds[self.who].store(first as u64 + 1, Ordering::SeqCst);
        pause(REACH);
        let other = self.take(second);
        self.ate();
        self.board.holds[self.who].store(0, Ordering::SeqCst);
        drop((other, one));
    }

    /// Takes the second fork only if it is free, and else puts the first one back: nobody waits with a fork in hand. A
    /// rest of random length keeps neighbours from doing the same again at the same time.
    fn eat_by_trying(&self) {
        let (left, right) = self.sides();
        loop {
            let one = self.take(left);
            pause(REACH);
            match self.forks[right].try_lock() {
                Ok(_) | Err(TryLockError::Poisoned(_)) => return self.ate(),
                Err(TryLockError::WouldBlock) => drop(one),
            }
            pause(Duration::from_micros(fastrand::u64(10..200)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_circle_is_found_and_a_queue_is_none() {
        let some = |forks: &[usize]| forks.iter().map(|&fork| Some(fork)).collect::<Vec<_>>();
        assert_eq!(circle(&some(&[0, 1, 2]), &some(&[1, 2, 0])), Some(3));
        assert_eq!(circle(&some(&[0, 1]), &[Some(1), None]), None);
        assert_eq!(circle(&[None, Some(1), Some(2)], &[Some(1), Some(2), Some(1)]), Some(2));
        assert_eq!(circle(&[], &[]), None);
    }

    proptest! {
        #[test]
        fn looking_for_a_circle_ends(
            holds in proptest::collection::vec(proptest::option::of(0_usize..8), 0..8),
            wants in proptest::collection::vec(proptest::option::of(0_usize..8), 0..8),
        ) {
            let found = circle(&holds, &wants);
            prop_assert!(found.is_none_or(|length| length <= holds.len()));
        }
    }

    #[test]
    fn with_a_cure_all_eat() {
        let dinner = Dinner {
            philosophers: 3,
            meals: 3,
        };
        for cure in [Cure::Order, Cure::Waiter, Cure::BackOff] {
            assert_eq!(dinner.serve(cure).unwrap(), Ending::Finished, "{cure:?}");
        }
    }

    #[test]
    fn two_who_wait_for_each_other_are_found() {
        // Two with a hundred meals: somewhere on the way each holds one fork.
        let dinner = Dinner {
            philosophers: 2,
            meals: 100_000,
        };
        assert_eq!(dinner.serve(Cure::None).unwrap(), Ending::Deadlock { circle: 2 });
    }
}
