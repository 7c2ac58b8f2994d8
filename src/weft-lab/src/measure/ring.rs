//! The ring: N tasks on one core that take turns. What a turn is, the caller says; in its barest form it is a yield, with
//! no descriptors, no futex and no data.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use super::clock::{Clock, Nanos};
use crate::sys::{self, Child, Ended, Mapping};

/// What the tasks of a ring are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Threads of one process.
    Thread,
    /// Processes of one thread each.
    Process,
    /// Two processes, each with half of the tasks as its threads.
    Mixed,
}

impl Kind {
    /// The two that most comparisons are about.
    pub const BOTH: [Kind; 2] = [Kind::Thread, Kind::Process];

    /// As in a record.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Kind::Thread => "thread",
            Kind::Process => "process",
            Kind::Mixed => "mixed",
        }
    }

    /// How many processes `tasks` tasks of this kind belong to.
    #[must_use]
    pub fn processes(self, tasks: usize) -> usize {
        match self {
            Kind::Thread => 1,
            Kind::Process => tasks,
            Kind::Mixed => tasks.min(2),
        }
    }
}

/// One batch of a ring.
#[derive(Clone, Copy)]
pub struct Ring<'a> {
    /// What each task reads its times from.
    pub clock: &'a (dyn Clock + Sync),
    /// What the tasks are.
    pub kind: Kind,
    /// How many there are.
    pub tasks: usize,
    /// How many turns each of them takes before the clock is read, so that it has its pages and the caches know it.
    pub warm_up: u64,
    /// How many turns of each are measured.
    pub turns: u64,
}

impl std::fmt::Debug for Ring<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ring")
            .field("kind", &self.kind)
            .field("tasks", &self.tasks)
            .field("turns", &self.turns)
            .finish_non_exhaustive()
    }
}

/// What one task of a ring measured of its turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// When its first turn began.
    pub start: Nanos,
    /// When its last turn had ended.
    pub end: Nanos,
    /// How often it gave the core up, as the kernel counts it: it slept.
    pub voluntary: u64,
    /// How often it lost the core while it could run, a yield included.
    pub involuntary: u64,
    /// The id of the process that it belongs to.
    pub process: u64,
}

/// The words that the tasks share: how many are ready, whether they may begin, and what each measured.
struct Board<'a>(&'a [AtomicU64]);

const READY: usize = 0;
const BEGIN: usize = 1;
const FIRST_TASK: usize = 2;
const WORDS_A_TASK: usize = 5;

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

    fn give_up(&self) {
        self.0[BEGIN].store(GIVE_UP, Ordering::Release);
    }

    fn report(&self, task: usize) -> Option<Report> {
        let [start, end, voluntary, involuntary, process] =
            std::array::from_fn(|which| self.of_task(task)[which].load(Ordering::Acquire));
        (end != 0).then_some(Report {
            start: Nanos(start),
            end: Nanos(end),
            voluntary,
            involuntary,
            process,
        })
    }
}

impl Ring<'_> {
    /// Runs the batch. `turn` is given the task's number, gives the core up once, and says whether its task goes on.
    ///
    /// The tasks inherit the caller's core and scheduler; the caller sleeps meanwhile. Each of them measures from its own
    /// first turn to its own last.
    ///
    /// # Errors
    ///
    /// A task could not be made, or ended before its last turn.
    pub fn run(&self, turn: impl Fn(usize) -> bool + Sync) -> io::Result<Vec<Report>> {
        let bytes = (FIRST_TASK + self.tasks * WORDS_A_TASK) * size_of::<u64>();
        let memory = Mapping::shared(bytes)?;
        let board = Board(memory.words());
        match self.kind {
            Kind::Thread => self.start_threads(&board, 0..self.tasks, &turn)?,
            Kind::Process => self.start_processes(&board, 1, &turn)?,
            Kind::Mixed => self.start_processes(&board, self.tasks.div_ceil(2).max(1), &turn)?,
        }
        let reports: Option<Vec<Report>> = (0..self.tasks).map(|task| board.report(task)).collect();
        reports.ok_or_else(|| io::Error::other("a task of the ring ended before its last turn"))
    }

    /// One task: waits for the others, then takes its turns, and writes down when it began and ended and how often the
    /// kernel switched away from it.
    fn run_task(&self, board: &Board<'_>, task: usize, turn: &impl Fn(usize) -> bool) {
        if !board.wait_for_all(self.tasks) || !(0..self.warm_up).all(|_| turn(task)) {
            return;
        }
        let before = sys::usage_of_thread();
        let start = self.clock.now();
        if !(0..self.turns).all(|_| turn(task)) {
            return;
        }
        let end = self.clock.now();
        let used = sys::usage_of_thread().since(&before);
        let process = u64::from(std::process::id());
        let report = [
            start.0,
            end.0,
            used.voluntary_switches,
            used.involuntary_switches,
            process,
        ];
        for (word, value) in board.of_task(task).iter().zip(report) {
            word.store(value, Ordering::Release);
        }
    }

    /// The tasks of these numbers, as threads of the calling process.
    fn start_threads(
        &self,
        board: &Board<'_>,
        tasks: std::ops::Range<usize>,
        turn: &(impl Fn(usize) -> bool + Sync),
    ) -> io::Result<()> {
        std::thread::scope(|scope| {
            let start =
                |task: usize| std::thread::Builder::new().spawn_scoped(scope, move || self.run_task(board, task, turn));
            let started: io::Result<Vec<_>> = tasks.map(start).collect();
            if started.is_err() {
                board.give_up();
            }
            started.map(drop)
        })
    }

    /// Processes of `threads` tasks each.
    fn start_processes(
        &self,
        board: &Board<'_>,
        threads: usize,
        turn: &(impl Fn(usize) -> bool + Sync),
    ) -> io::Result<()> {
        let mut children = Vec::with_capacity(self.tasks);
        for first in (0..self.tasks).step_by(threads) {
            let tasks = first..(first + threads).min(self.tasks);
            let child = Child::fork(|| {
                if threads == 1 {
                    self.run_task(board, first, turn);
                    return 0;
                }
                i32::from(self.start_threads(board, tasks, turn).is_err())
            });
            match child {
                Ok(child) => children.push(child),
                Err(error) => {
                    board.give_up();
                    return Err(error);
                }
            }
        }
        for child in &mut children {
            match child.wait()? {
                Ended::Exit(0) => {}
                ended => return Err(io::Error::other(format!("a process of the ring: {ended:?}"))),
            }
        }
        Ok(())
    }
}

/// What one batch of a ring came to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lap {
    /// From the first turn to the last, for each turn, in nanoseconds.
    pub per_turn: f64,
    /// Switches that the kernel counted for each turn; 1 when each turn switched.
    pub switches_per_turn: f64,
}

impl Lap {
    /// The sum of the reports of tasks that took `turns` turns each.
    #[must_use]
    pub fn of(reports: &[Report], turns: u64) -> Self {
        let start = reports.iter().map(|report| report.start).min().unwrap_or_default();
        let end = reports.iter().map(|report| report.end).max().unwrap_or_default();
        let switches: u64 = reports.iter().map(|report| report.voluntary + report.involuntary).sum();
        let all = (turns * reports.len() as u64).max(1) as f64;
        Lap {
            per_turn: end.since(start).as_f64() / all,
            switches_per_turn: switches as f64 / all,
        }
    }
}

/// Turns before the clock is read, in a ring that yields and does nothing else.
const WARM_UP: u64 = 200;

/// Runs one batch of a ring of `tasks` tasks that yield `yields` times together.
///
/// # Errors
///
/// As [`Ring::run`].
pub fn lap(clock: &(dyn Clock + Sync), kind: Kind, tasks: usize, yields: u64) -> io::Result<Lap> {
    let turns = yields / tasks.max(1) as u64;
    let ring = Ring {
        clock,
        kind,
        tasks,
        warm_up: WARM_UP,
        turns,
    };
    let reports = ring.run(|_| {
        sys::yield_now();
        true
    })?;
    Ok(Lap::of(&reports, turns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::MonotonicClock;

    #[test]
    fn each_task_of_a_ring_measures() {
        for tasks in [1, 3] {
            let lap = lap(&MonotonicClock, Kind::Thread, tasks, 300).unwrap();
            assert!(lap.per_turn > 0.0);
        }
    }

    #[test]
    fn a_turn_is_given_its_task_s_number() {
        let turns: Vec<AtomicU64> = (0..3).map(|_| AtomicU64::new(0)).collect();
        let ring = Ring {
            clock: &MonotonicClock,
            kind: Kind::Thread,
            tasks: 3,
            warm_up: 2,
            turns: 5,
        };
        let reports = ring.run(|task| {
            turns[task].fetch_add(1, Ordering::Relaxed);
            true
        });
        let own = u64::from(std::process::id());
        assert!(reports.unwrap().iter().all(|report| report.process == own));
        assert!(turns.iter().all(|turns| turns.load(Ordering::Relaxed) == 7));
    }

    #[test]
    fn a_task_that_stops_early_is_an_error() {
        let ring = Ring {
            clock: &MonotonicClock,
            kind: Kind::Thread,
            tasks: 2,
            warm_up: 0,
            turns: 5,
        };
        assert!(ring.run(|task| task == 0).is_err());
    }

    #[test]
    fn a_ring_that_gives_up_does_not_hang() {
        let memory = Mapping::shared(4096).unwrap();
        let board = Board(memory.words());
        board.give_up();
        let ring = Ring {
            clock: &MonotonicClock,
            kind: Kind::Thread,
            tasks: 2,
            warm_up: 0,
            turns: 10,
        };
        ring.run_task(&board, 0, &|_| true);
        assert_eq!(board.report(0), None);
    }

    #[test]
    fn a_lap_lasts_from_the_first_turn_of_any_task_to_the_last() {
        let report = |start: u64, end: u64| Report {
            start: Nanos(start),
            end: Nanos(end),
            voluntary: 1,
            involuntary: 4,
            process: 1,
        };
        let lap = Lap::of(&[report(100, 900), report(50, 1_050)], 5);
        assert_eq!((lap.per_turn, lap.switches_per_turn), (100.0, 1.0));
    }

    #[test]
    fn tasks_belong_to_as_many_processes_as_their_kind_says() {
        assert_eq!(
            [1, 4, 2],
            [Kind::Thread, Kind::Process, Kind::Mixed].map(|kind| kind.processes(4))
        );
    }
}
