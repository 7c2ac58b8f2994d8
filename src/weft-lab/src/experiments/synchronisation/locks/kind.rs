//! The things that protect a critical section, from the standard library, from a crate and from our own hand.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::super::team::{Shift, Team, dawdle};
use crate::experiment::Error;
use crate::locks::{Fenced, Lock, Mcs, Semaphore, TestAndSet, TestAndTestAndSet, Ticket};
use crate::record::Condition;
use crate::text::Text;

/// What protects the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Nothing,
    Atomic,
    StdMutex,
    ParkingLot,
    RwLock,
    Semaphore,
    TestAndSet,
    TestAndTestAndSet,
    Ticket,
    Mcs,
}

/// The claim that a kind belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Mutex,
    Semaphore,
    Lock,
    /// The atomic addition, and nothing at all: what the others are held against.
    None,
}

impl Kind {
    /// All that lose nothing.
    pub(super) const SAFE: [Kind; 9] = [
        Kind::Atomic,
        Kind::StdMutex,
        Kind::ParkingLot,
        Kind::RwLock,
        Kind::Semaphore,
        Kind::TestAndSet,
        Kind::TestAndTestAndSet,
        Kind::Ticket,
        Kind::Mcs,
    ];
    /// Those that put a waiting thread to sleep, after the atomic addition.
    pub(super) const SLEEPING: [Kind; 5] = [
        Kind::Atomic,
        Kind::StdMutex,
        Kind::ParkingLot,
        Kind::RwLock,
        Kind::Semaphore,
    ];
    /// Those whose waiting threads spin, after the atomic addition.
    pub(super) const SPINNING: [Kind; 5] = [
        Kind::Atomic,
        Kind::TestAndSet,
        Kind::TestAndTestAndSet,
        Kind::Ticket,
        Kind::Mcs,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Kind::Nothing => "nothing",
            Kind::Atomic => "atomic",
            Kind::StdMutex => "std-mutex",
            Kind::ParkingLot => "parking-lot-mutex",
            Kind::RwLock => "rw-lock",
            Kind::Semaphore => "semaphore",
            Kind::TestAndSet => "test-and-set",
            Kind::TestAndTestAndSet => "test-and-test-and-set",
            Kind::Ticket => "ticket",
            Kind::Mcs => "mcs",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Kind::Nothing => text!("No lock"),
            Kind::Atomic => text!("Atomic addition"),
            Kind::StdMutex => text!("Mutex: standard library"),
            Kind::ParkingLot => text!("Mutex: parking_lot"),
            Kind::RwLock => text!("Read-write lock, writing"),
            Kind::Semaphore => text!("Semaphore with one permit"),
            Kind::TestAndSet => text!("Spin: test-and-set"),
            Kind::TestAndTestAndSet => text!("Spin: test-and-test-and-set"),
            Kind::Ticket => text!("Spin: ticket"),
            Kind::Mcs => text!("Spin: MCS queue"),
        }
    }

    pub(super) fn family(self) -> Family {
        match self {
            Kind::Nothing | Kind::Atomic => Family::None,
            Kind::StdMutex | Kind::ParkingLot => Family::Mutex,
            Kind::Semaphore => Family::Semaphore,
            Kind::RwLock | Kind::TestAndSet | Kind::TestAndTestAndSet | Kind::Ticket | Kind::Mcs => Family::Lock,
        }
    }

    pub(super) fn condition(self) -> Condition {
        Condition::of("kind", self.id())
    }
}

impl Lock for std::sync::Mutex<()> {
    #[inline]
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        let _held = self.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        work()
    }
}

impl Lock for parking_lot::Mutex<()> {
    #[inline]
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        let _held = self.lock();
        work()
    }
}

impl Lock for std::sync::RwLock<()> {
    #[inline]
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        let _held = self.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        work()
    }
}

/// No lock at all, to show that the trials see a loss where there is one.
struct Nothing;

impl Lock for Nothing {
    #[inline]
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        work()
    }
}

/// What came of one block.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) shift: Shift,
    /// How many additions are missing.
    pub(super) lost: u64,
}

/// The threads of `team` add to one counter under this kind of lock until the time is up. `inside` is the length of the
/// critical section beside its load and store.
pub(super) fn pound(kind: Kind, team: Team<'_>, time: Duration, inside: u64) -> Result<Outcome, Error> {
    match kind {
        Kind::Nothing => under(&Nothing, team, time, inside),
        Kind::Atomic => atomically(team, time, inside),
        Kind::StdMutex => under(&std::sync::Mutex::new(()), team, time, inside),
        Kind::ParkingLot => under(&parking_lot::Mutex::new(()), team, time, inside),
        Kind::RwLock => under(&std::sync::RwLock::new(()), team, time, inside),
        Kind::Semaphore => under(&Semaphore::new(1), team, time, inside),
        Kind::TestAndSet => under(&TestAndSet::<Fenced>::new(), team, time, inside),
        Kind::TestAndTestAndSet => under(&TestAndTestAndSet::<Fenced>::new(), team, time, inside),
        Kind::Ticket => under(&Ticket::<Fenced>::new(), team, time, inside),
        Kind::Mcs => under(&Mcs::<Fenced>::new(team.threads), team, time, inside),
    }
}

/// A counter in a cache line of its own, so that it is not the lock's line that is measured.
#[repr(align(128))]
struct Counter(AtomicU64);

fn under<L: Lock>(lock: &L, team: Team<'_>, time: Duration, inside: u64) -> Result<Outcome, Error> {
    let counter = Counter(AtomicU64::new(0));
    let shift = team.until(time, |who, stop| {
        repeat(stop, || {
            lock.hold(who, || {
                let seen = counter.0.load(Ordering::Relaxed);
                dawdle(inside);
                counter.0.store(std::hint::black_box(seen) + 1, Ordering::Relaxed);
            });
        })
    })?;
    Ok(outcome(shift, &counter))
}

fn atomically(team: Team<'_>, time: Duration, inside: u64) -> Result<Outcome, Error> {
    let counter = Counter(AtomicU64::new(0));
    let shift = team.until(time, |_, stop| {
        repeat(stop, || {
            dawdle(inside);
            counter.0.fetch_add(1, Ordering::Relaxed);
        })
    })?;
    Ok(outcome(shift, &counter))
}

fn repeat(stop: &AtomicBool, work: impl Fn()) -> u64 {
    let mut count = 0;
    loop {
        work();
        count += 1;
        if stop.load(Ordering::Relaxed) {
            return count;
        }
    }
}

fn outcome(shift: Shift, counter: &Counter) -> Outcome {
    let lost = shift.total().abs_diff(counter.0.load(Ordering::Relaxed));
    Outcome { shift, lost }
}
