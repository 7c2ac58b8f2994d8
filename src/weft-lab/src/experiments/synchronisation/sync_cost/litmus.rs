//! Store buffering: each of two threads writes its own variable and then reads the other's. Can both read the old value?
//!
//! In any order of the four steps one of the writes comes before the other thread's read, so "both old" is impossible if
//! there is one order that both threads agree on. A core that keeps its write in a buffer while it reads makes it
//! possible (Sewell and others, "x86-TSO", 2010, example SB).

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering, fence};

use super::super::team::{Team, dawdle};
use crate::experiment::Error;
use crate::record::Condition;
use crate::sys;
use crate::text::Text;

/// Which order the program asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Relaxed,
    AcquireRelease,
    Fence,
    SeqCst,
}

impl Order {
    pub(super) const ALL: [Order; 4] = [Order::Relaxed, Order::AcquireRelease, Order::Fence, Order::SeqCst];

    pub(super) fn id(self) -> &'static str {
        match self {
            Order::Relaxed => "relaxed",
            Order::AcquireRelease => "acquire-release",
            Order::Fence => "fence",
            Order::SeqCst => "seq-cst",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Order::Relaxed => text!("Relaxed"),
            Order::AcquireRelease => text!("Release and acquire"),
            Order::Fence => text!("Relaxed, with a fence between"),
            Order::SeqCst => text!("Sequentially consistent"),
        }
    }

    /// Does it forbid that both read the old value?
    pub(super) fn forbids(self) -> bool {
        matches!(self, Order::Fence | Order::SeqCst)
    }

    pub(super) fn condition(self, in_step: bool) -> Condition {
        Condition::of("order", self.id()).and("harness", if in_step { "in-step" } else { "spawned" })
    }
}

/// A variable in a cache line of its own.
#[repr(align(128))]
#[derive(Default)]
struct Variable(AtomicU64);

#[inline]
fn write_then_read(order: Order, mine: &AtomicU64, value: u64, theirs: &AtomicU64) -> u64 {
    match order {
        Order::Relaxed => {
            mine.store(value, Ordering::Relaxed);
            theirs.load(Ordering::Relaxed)
        }
        Order::AcquireRelease => {
            mine.store(value, Ordering::Release);
            theirs.load(Ordering::Acquire)
        }
        Order::Fence => {
            mine.store(value, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            theirs.load(Ordering::Relaxed)
        }
        Order::SeqCst => {
            mine.store(value, Ordering::SeqCst);
            theirs.load(Ordering::SeqCst)
        }
    }
}

/// How often both read the old value in `rounds` rounds, before each of which the threads wait for each other. The
/// variables are never reset: in round `n` they go from `n` to `n + 1`.
pub(super) fn in_step(order: Order, team: Team<'_>, rounds: u64) -> Result<u64, Error> {
    let variables: [Variable; 2] = Default::default();
    let arrivals = Variable::default();
    // A round's byte counts the threads that read the old value.
    let old: Vec<AtomicU8> = (0..rounds).map(|_| AtomicU8::new(0)).collect();
    team.together(|who| {
        let (own, other) = (&variables[who].0, &variables[1 - who].0);
        let mut rng = fastrand::Rng::with_seed(who as u64);
        let mut mine = Vec::with_capacity(old.len());
        for round in 0..rounds {
            meet(&arrivals.0, 2 * (2 * round + 1));
            // Both caches hold both lines now: the read will be quick, and the write has to ask the other core first.
            std::hint::black_box(other.load(Ordering::Acquire));
            meet(&arrivals.0, 2 * (2 * round + 2));
            // One learns of the meeting later than the other; now and then this makes up for it.
            dawdle(rng.u64(0..64));
            let found = write_then_read(order, own, round + 1, other);
            mine.push(found <= round);
        }
        for (old, is_old) in old.iter().zip(mine) {
            old.fetch_add(u8::from(is_old), Ordering::Relaxed);
        }
        rounds
    })?;
    Ok(old.iter().filter(|old| old.load(Ordering::Relaxed) == 2).count() as u64)
}

/// Waits until so many arrivals are counted, this one included.
fn meet(arrivals: &AtomicU64, all: u64) {
    arrivals.fetch_add(1, Ordering::AcqRel);
    let mut looks = 0_u32;
    while arrivals.load(Ordering::Acquire) < all {
        std::hint::spin_loop();
        looks += 1;
        // Should both be on one core, the other could never arrive.
        if looks > 10_000 {
            sys::yield_now();
        }
    }
}

/// The same with two fresh threads a trial, as one would write it first.
pub(super) fn spawned(order: Order, team: Team<'_>, trials: u64) -> Result<u64, Error> {
    let mut found = 0;
    for _ in 0..trials {
        let variables: [Variable; 2] = Default::default();
        let shift = team.as_made(|who| {
            let read = write_then_read(order, &variables[who].0, 1, &variables[1 - who].0);
            u64::from(read == 0)
        })?;
        found += u64::from(shift.total() == 2);
    }
    Ok(found)
}
