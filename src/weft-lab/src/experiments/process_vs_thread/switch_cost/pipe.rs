//! The usual experiment: two tasks throw one byte to and fro through pipes. It measures more than the switch.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::experiment::{During, Error};
use crate::measure::Clock;
use crate::measure::ring::Kind;
use crate::sys::{self, Child, Ended, Mapping};

/// Whose descriptor tables the two tasks use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// One for both, as threads have it.
    Shared,
    /// One for each.
    Separate,
}

impl Table {
    pub(super) fn id(self) -> &'static str {
        match self {
            Table::Shared => "shared",
            Table::Separate => "separate",
        }
    }
}

/// The arrangements that can be had without tricks: processes never share a table.
pub(super) const ARRANGEMENTS: [(Kind, Table); 3] = [
    (Kind::Thread, Table::Shared),
    (Kind::Thread, Table::Separate),
    (Kind::Process, Table::Separate),
];

/// Two pipes, there and back.
struct Court {
    there: (PipeReader, PipeWriter),
    back: (PipeReader, PipeWriter),
}

/// Round trips before the clock is read.
const WARM_UP: u64 = 200;

impl Court {
    fn open() -> Result<Court, Error> {
        Ok(Court {
            there: pipe().during("make a pipe")?,
            back: pipe().during("make a pipe")?,
        })
    }

    /// Serves, and writes down how long `trips` round trips took.
    fn serve(&self, clock: &dyn Clock, trips: u64, took: &AtomicU64) -> std::io::Result<()> {
        let mut byte = [7];
        let mut trip = || {
            (&self.there.1).write_all(&byte)?;
            (&self.back.0).read_exact(&mut byte)
        };
        (0..WARM_UP).try_for_each(|_| trip())?;
        let start = clock.now();
        (0..trips).try_for_each(|_| trip())?;
        took.store(clock.now().since(start).0, Ordering::Release);
        Ok(())
    }

    /// Returns each byte.
    fn give_back(&self, trips: u64) -> std::io::Result<()> {
        let mut byte = [0];
        (0..WARM_UP + trips).try_for_each(|_| {
            (&self.there.0).read_exact(&mut byte)?;
            (&self.back.1).write_all(&byte)
        })
    }
}

/// The time of one switch with its `read` and `write`, in nanoseconds: half a round trip.
pub(super) fn ping_pong(clock: &(dyn Clock + Sync), kind: Kind, table: Table, trips: u64) -> Result<f64, Error> {
    let court = Court::open()?;
    let memory = Mapping::shared(size_of::<u64>()).during("map a word")?;
    let took = &memory.words()[0];
    match kind {
        Kind::Thread => between_threads(&court, clock, table, trips, took)?,
        Kind::Process | Kind::Mixed => between_processes(&court, clock, trips, took)?,
    }
    Ok(took.load(Ordering::Acquire) as f64 / (2 * trips) as f64)
}

fn between_threads(
    court: &Court,
    clock: &(dyn Clock + Sync),
    table: Table,
    trips: u64,
    took: &AtomicU64,
) -> Result<(), Error> {
    // A thread that unshares copies the table, so the pipes keep their numbers in it.
    let own_table = move || {
        if table == Table::Separate {
            sys::unshare_files()
        } else {
            Ok(())
        }
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(move || own_table().and_then(|()| court.give_back(trips)));
        let first = scope.spawn(move || own_table().and_then(|()| court.serve(clock, trips, took)));
        [first, other].into_iter().try_for_each(|task| match task.join() {
            Ok(played) => played.during("pass a byte through a pipe"),
            Err(_) => Err(Error::Check {
                what: "a thread",
                expected: "an end".to_owned(),
                found: "a panic".to_owned(),
            }),
        })
    })
}

fn between_processes(court: &Court, clock: &dyn Clock, trips: u64, took: &AtomicU64) -> Result<(), Error> {
    let mut other = Child::fork(|| i32::from(court.give_back(trips).is_err())).during("start a process")?;
    let mut first = Child::fork(|| i32::from(court.serve(clock, trips, took).is_err())).during("start a process")?;
    for child in [&mut first, &mut other] {
        match child.wait().during("wait for a process")? {
            Ended::Exit(0) => {}
            ended => {
                let (expected, found) = ("status 0".to_owned(), format!("{ended:?}"));
                return Err(Error::Check {
                    what: "a process at the pipe",
                    expected,
                    found,
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::MonotonicClock;

    #[test]
    fn threads_play_with_either_table() {
        for table in [Table::Shared, Table::Separate] {
            assert!(ping_pong(&MonotonicClock, Kind::Thread, table, 20).unwrap() > 0.0);
        }
    }
}
