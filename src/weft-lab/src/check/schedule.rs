//! Which thread runs next: three ways to choose, in turn, since each finds other faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use fastrand::Rng;
use parking_lot::Mutex;
use shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};

/// How long one thread may run while others could: a spinning thread must not keep out whom it waits for.
const STRETCH: usize = 60;

/// How often a thread of higher rank loses it, in a ranked schedule.
const CHANGES: usize = 3;

/// The task that can always run, and runs when no other can: then all of the answer's threads sleep.
const SENTINEL: usize = 1;

/// What the watchdog, the scheduler and the threads tell each other.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// A fault is found, or this schedule came to nothing: no more steps.
    pub(super) is_over: AtomicBool,
    /// The thread that set all up has ended, so nobody need be woken.
    pub(super) is_done: AtomicBool,
    /// All threads slept.
    pub(super) is_asleep: AtomicBool,
    /// The steps were used up.
    pub(super) is_endless: AtomicBool,
    /// Decisions taken.
    pub(super) steps: AtomicU64,
    /// Those that went on with another thread.
    pub(super) switches: AtomicUsize,
    /// How often each task was chosen in this schedule.
    pub(super) turns: Mutex<Vec<u32>>,
    /// The schedule that runs, from 1.
    pub(super) schedule: AtomicU32,
}

/// The way of choosing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Anyone, at each step.
    Any,
    /// Mostly the one who runs: few switches.
    Sticky,
    /// The highest in rank, and a few times in a schedule the highest falls to the end (Burckhardt et al. 2010).
    Ranked,
}

/// A scheduler whose choices all come from one seed.
#[derive(Debug)]
pub(super) struct Chooser {
    rng: Rng,
    left: usize,
    most: usize,
    progress: Arc<Progress>,
    way: Way,
    ranks: Vec<u64>,
    changes: Vec<usize>,
    lowest: u64,
    step: usize,
    longest: usize,
    stretch: (Option<TaskId>, usize),
}

impl Chooser {
    pub(super) fn new(seed: u32, schedules: usize, most: usize, progress: Arc<Progress>) -> Self {
        Chooser {
            rng: Rng::with_seed(seed.into()),
            left: schedules,
            most,
            progress,
            way: Way::Any,
            ranks: Vec::new(),
            changes: Vec::new(),
            lowest: 0,
            step: 0,
            longest: 1,
            stretch: (None, 0),
        }
    }

    fn rank(&mut self, task: usize) -> u64 {
        while self.ranks.len() <= task {
            // The lower half is for those who fall.
            self.ranks.push(self.rng.u64(u64::MAX / 2..));
        }
        self.ranks[task]
    }

    fn fall(&mut self, task: TaskId) {
        self.rank(task.into());
        self.lowest -= 1;
        self.ranks[usize::from(task)] = self.lowest;
    }

    fn highest(&mut self, runnable: &[&Task]) -> TaskId {
        let mut best = runnable[0].id();
        for task in &runnable[1..] {
            if self.rank(task.id().into()) > self.rank(best.into()) {
                best = task.id();
            }
        }
        best
    }
}

impl Scheduler for Chooser {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.progress.is_over.load(Ordering::Relaxed) {
            return None;
        }
        self.left = self.left.checked_sub(1)?;
        self.progress.is_done.store(false, Ordering::Relaxed);
        self.progress.turns.lock().clear();
        self.longest = self.longest.max(self.step);
        let index = self.progress.schedule.fetch_add(1, Ordering::Relaxed);
        self.way = [Way::Any, Way::Ranked, Way::Sticky][index as usize % 3];
        self.ranks.clear();
        self.lowest = u64::MAX / 2;
        self.changes = (0..CHANGES).map(|_| self.rng.usize(..=self.longest)).collect();
        self.step = 0;
        self.stretch = (None, 0);
        Some(Schedule::new(self.rng.u64(..)))
    }

    fn next_task(&mut self, runnable: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        let progress = &self.progress;
        progress.steps.fetch_add(1, Ordering::Relaxed);
        self.step += 1;
        let sentinel = runnable.iter().position(|task| usize::from(task.id()) == SENTINEL);
        let others: Vec<&Task> = runnable
            .iter()
            .enumerate()
            .filter(|(index, _)| Some(*index) != sentinel)
            .map(|(_, task)| *task)
            .collect();
        let runnable: &[&Task] = if others.is_empty() { runnable } else { &others };
        if others.is_empty() && !progress.is_done.load(Ordering::Relaxed) {
            progress.is_asleep.store(true, Ordering::Relaxed);
            progress.is_over.store(true, Ordering::Relaxed);
        }
        if self.step > self.most {
            progress.is_endless.store(true, Ordering::Relaxed);
            progress.is_over.store(true, Ordering::Relaxed);
        }
        if progress.is_over.load(Ordering::Relaxed) {
            return None;
        }
        let stays = current.filter(|id| runnable.iter().any(|task| task.id() == *id));
        let is_over = self.stretch.1 >= STRETCH;
        let next = match (self.way, stays) {
            (Way::Sticky, Some(stays)) if !is_yielding && !is_over && self.rng.u8(..8) > 0 => stays,
            (Way::Any | Way::Sticky, _) => self.rng.choice(runnable)?.id(),
            (Way::Ranked, _) => {
                if let Some(stays) = stays.filter(|_| is_yielding || is_over || self.changes.contains(&self.step)) {
                    self.fall(stays);
                }
                self.highest(runnable)
            }
        };
        if current != Some(next) {
            self.progress.switches.fetch_add(1, Ordering::Relaxed);
        }
        let mut turns = self.progress.turns.lock();
        let task = usize::from(next);
        if turns.len() <= task {
            turns.resize(task + 1, 0);
        }
        turns[task] += 1;
        self.stretch = match self.stretch {
            (Some(id), steps) if id == next && !is_over => (Some(next), steps + 1),
            _ => (Some(next), 1),
        };
        Some(next)
    }

    fn next_u64(&mut self) -> u64 {
        self.rng.u64(..)
    }
}
