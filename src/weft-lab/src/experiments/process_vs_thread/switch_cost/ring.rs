//! The ring: N tasks on one core that yield in turn. No descriptors, no futex, no data.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::experiment::{During, Error};
use crate::measure::{Clock, Nanos};
use crate::sys::{self, Child, Ended, Mapping};

/// What the tasks of a ring are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Thread,
    Process,
}

impl Kind {
    pub(super) const BOTH: [Kind; 2] = [Kind::Thread, Kind::Process];

    pub(super) fn id(self) -> &'static str {
        match self {
            Kind::Thread => "thread",
            Kind::Process => "process",
        }
    }
}

/// What one batch of a ring measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Lap {
    /// From the first yield to the last, for each yield, in nanoseconds.
    pub(super) per_yield: f64,
    /// Switches that the kernel counted for each yield; 1 when each yield switched.
    pub(super) switches_per_yield: f64,
}

/// Yields before the clock is read, so that each task has its pages and the caches know it.
const WARM_UP: u64 = 200;

/// The words that the tasks share: how many are ready, whether they may begin, and what each measured.
struct Board<'a>(&'a [AtomicU64]);

const READY: usize = 0;
const BEGIN: usize = 1;
const FIRST_TASK: usize = 2;
const WORDS_A_TASK: usize = 3;

/// What stands in `BEGIN`.
const WAIT: u64 = 0;
const GO: u64 = 1;
const GIVE_UP: u64 = 2;

impl Board<'_> {
    fn of_task(&self, task: usize) -> &[AtomicU64] {
        let from = FIRST_TASK + task * WORDS_A_TASK;
        &self.0[from..from + WORDS_A_TASK]
    }

    /// Waits until all are there; `false` when one of them could not be made.
    fn wait_for_all(&self, tasks: usize) -> bool {
        if self.0[READY].fetch_add(1, Ordering::AcqRel) + 1 == tasks as u64 {
            // Only from waiting to going: the maker may have given up already.
            let _given_up = self.0[BEGIN].compare_exchange(WAIT, GO, Ordering::AcqRel, Ordering::Acquire);
        }
        loop {
            match self.0[BEGIN].load(Ordering::Acquire) {
                WAIT => sys::yield_now(),
                begin => return begin == GO,
            }
        }
    }
}

/// One task: waits for the others, then yields `yields` times, and writes down when it began and ended and how often
/// the kernel switched away from it.
fn run_task(board: &Board<'_>, clock: &dyn Clock, (task, tasks): (usize, usize), yields: u64) {
    if !board.wait_for_all(tasks) {
        return;
    }
    for _ in 0..WARM_UP {
        sys::yield_now();
    }
    let before = sys::usage_of_thread();
    let start = clock.now();
    for _ in 0..yields {
        sys::yield_now();
    }
    let end = clock.now();
    let switches = sys::usage_of_thread().since(&before).switches();
    for (word, value) in board.of_task(task).iter().zip([start.0, end.0, switches]) {
        word.store(value, Ordering::Release);
    }
}

/// Runs one batch of a ring of `tasks` tasks that yield `yields` times together.
///
/// The tasks inherit the caller's core and scheduler; the caller sleeps meanwhile.
pub(super) fn lap(clock: &(dyn Clock + Sync), kind: Kind, tasks: usize, yields: u64) -> Result<Lap, Error> {
    let bytes = (FIRST_TASK + tasks * WORDS_A_TASK) * size_of::<u64>();
    let memory = Mapping::shared(bytes).during("map the ring's memory")?;
    let board = Board(memory.words());
    let each = yields / tasks as u64;
    match kind {
        Kind::Thread => ring_of_threads(&board, clock, tasks, each)?,
        Kind::Process => ring_of_processes(&board, clock, tasks, each)?,
    }
    read(&board, tasks, each)
}

fn ring_of_threads(board: &Board<'_>, clock: &(dyn Clock + Sync), tasks: usize, each: u64) -> Result<(), Error> {
    std::thread::scope(|scope| {
        let start = |task: usize| {
            std::thread::Builder::new().spawn_scoped(scope, move || run_task(board, clock, (task, tasks), each))
        };
        let started: Result<Vec<_>, _> = (0..tasks).map(start).collect();
        if started.is_err() {
            board.0[BEGIN].store(GIVE_UP, Ordering::Release);
        }
        started.map(drop).during("start a thread")
    })
}

fn ring_of_processes(board: &Board<'_>, clock: &dyn Clock, tasks: usize, each: u64) -> Result<(), Error> {
    let mut children = Vec::with_capacity(tasks);
    for task in 0..tasks {
        let child = Child::fork(|| {
            run_task(board, clock, (task, tasks), each);
            0
        });
        match child {
            Ok(child) => children.push(child),
            Err(error) => {
                board.0[BEGIN].store(GIVE_UP, Ordering::Release);
                return Err(error).during("start a process");
            }
        }
    }
    for child in &mut children {
        match child.wait().during("wait for a process of the ring")? {
            Ended::Exit(0) => {}
            ended => {
                let (expected, found) = ("status 0".to_owned(), format!("{ended:?}"));
                return Err(Error::Check {
                    what: "a process of the ring",
                    expected,
                    found,
                });
            }
        }
    }
    Ok(())
}

fn read(board: &Board<'_>, tasks: usize, each: u64) -> Result<Lap, Error> {
    let word = |task: usize, which: usize| board.of_task(task)[which].load(Ordering::Acquire);
    let column = |which: usize| (0..tasks).map(move |task| word(task, which));
    let (start, end) = (column(0).min().unwrap_or(0), column(1).max().unwrap_or(0));
    if column(0).any(|start| start == 0) {
        let found = "a task that measured nothing".to_owned();
        return Err(Error::Check {
            what: "the ring",
            expected: format!("{tasks} tasks that measured"),
            found,
        });
    }
    let yields = (each * tasks as u64) as f64;
    Ok(Lap {
        per_yield: Nanos(end).since(Nanos(start)).as_f64() / yields,
        switches_per_yield: column(2).sum::<u64>() as f64 / yields,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::MonotonicClock;

    #[test]
    fn each_task_of_a_ring_measures() {
        for (kind, tasks) in [(Kind::Thread, 1), (Kind::Thread, 3)] {
            let lap = lap(&MonotonicClock, kind, tasks, 300).unwrap();
            assert!(lap.per_yield > 0.0);
        }
    }

    #[test]
    fn a_ring_that_gives_up_does_not_hang() {
        let memory = Mapping::shared(4096).unwrap();
        let board = Board(memory.words());
        board.0[BEGIN].store(GIVE_UP, Ordering::Release);
        run_task(&board, &MonotonicClock, (0, 2), 10);
        assert!(read(&board, 2, 10).is_err());
    }
}
