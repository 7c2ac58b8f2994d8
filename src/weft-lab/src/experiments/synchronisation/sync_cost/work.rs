//! Two threads that add, and what they share while they do.

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::super::team::Team;
use crate::experiment::Error;
use crate::record::Condition;
use crate::text::Text;

/// How a thread adds, and to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    Plain,
    OwnMutex,
    SharedMutex,
    AtomicApart,
    AtomicOneLine,
    AtomicShared,
}

/// Something in cache lines of its own: two of 64 bytes, since some processors fetch them in pairs.
#[repr(align(128))]
#[derive(Default)]
struct Apart<T>(T);

/// How often a thread adds before it looks whether the time is up.
const BATCH: u64 = 64;

impl Work {
    pub(super) const ALL: [Work; 6] = [
        Work::Plain,
        Work::OwnMutex,
        Work::SharedMutex,
        Work::AtomicApart,
        Work::AtomicOneLine,
        Work::AtomicShared,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Work::Plain => "plain",
            Work::OwnMutex => "own-mutex",
            Work::SharedMutex => "shared-mutex",
            Work::AtomicApart => "atomic-apart",
            Work::AtomicOneLine => "atomic-one-line",
            Work::AtomicShared => "atomic-shared",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Work::Plain => text!("Own counter, plain addition"),
            Work::OwnMutex => text!("Own counter, own mutex"),
            Work::SharedMutex => text!("One counter, one mutex"),
            Work::AtomicApart => text!("Own counter, atomic, lines apart"),
            Work::AtomicOneLine => text!("Own counter, atomic, one line"),
            Work::AtomicShared => text!("One counter, atomic"),
        }
    }

    /// 0: nothing that another core writes; 1: a cache line that another core writes.
    pub(super) fn group(self) -> usize {
        usize::from(matches!(
            self,
            Work::SharedMutex | Work::AtomicOneLine | Work::AtomicShared
        ))
    }

    pub(super) fn condition(self) -> Condition {
        Condition::of("work", self.id())
    }

    /// The time of one addition as a thread of the team sees it, in nanoseconds.
    pub(super) fn time(self, team: Team<'_>, window: Duration) -> Result<f64, Error> {
        let mutexes: Vec<Apart<Mutex<u64>>> = (0..team.threads).map(|_| Apart::default()).collect();
        let apart: Vec<Apart<AtomicU64>> = (0..team.threads).map(|_| Apart::default()).collect();
        let one_line = Apart([const { AtomicU64::new(0) }; 8]);
        let under = |mutex: &Mutex<u64>| *mutex.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let add = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        match self {
            Work::Plain => each(team, window, |who| {
                let counter = &apart[who].0;
                counter.store(black_box(counter.load(Ordering::Relaxed)) + 1, Ordering::Relaxed);
            }),
            Work::OwnMutex => each(team, window, |who| under(&mutexes[who].0)),
            Work::SharedMutex => each(team, window, |_| under(&mutexes[0].0)),
            Work::AtomicApart => each(team, window, |who| add(&apart[who].0)),
            Work::AtomicOneLine => each(team, window, |who| add(&one_line.0[who % 8])),
            Work::AtomicShared => each(team, window, |_| add(&apart[0].0)),
        }
    }
}

fn each(team: Team<'_>, window: Duration, add: impl Fn(usize) + Sync) -> Result<f64, Error> {
    let shift = team.until(window, |who, stop| {
        let mut count = 0;
        loop {
            (0..BATCH).for_each(|_| add(who));
            count += BATCH;
            if stop.load(Ordering::Relaxed) {
                return count;
            }
        }
    })?;
    Ok(shift.each_ns())
}
