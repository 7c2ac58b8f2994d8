//! One ring, in which each task notes who had the core before it, and hands it on in one of two ways.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::experiment::{During, Error};
use crate::measure::ring::{Kind, Report, Ring};
use crate::measure::{Clock, MonotonicClock, Nanos};
use crate::sys::{self, Mapping};

/// How a task gives the core up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It yields: it could go on, and lets another run.
    Yield,
    /// It waits until the task before it wakes it: it can't go on.
    Wait,
}

impl Way {
    pub(super) const BOTH: [Way; 2] = [Way::Yield, Way::Wait];

    pub(super) fn id(self) -> &'static str {
        match self {
            Way::Yield => "yield",
            Way::Wait => "wait",
        }
    }
}

/// What one ring came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Round {
    /// Voluntary switches that the kernel counted, over all tasks.
    pub(super) voluntary: u64,
    /// Involuntary ones.
    pub(super) involuntary: u64,
    /// Switches of the task that had the fewest.
    pub(super) least: u64,
    /// Turns before which a task of the same process had the core.
    pub(super) within: u64,
    /// Turns before which a task of another process had it.
    pub(super) across: u64,
    /// Turns before which the same task had it.
    pub(super) itself: u64,
    /// How many processes the tasks belonged to.
    pub(super) processes: usize,
    /// Tasks for which `/proc` and `getrusage` agree.
    pub(super) agree: usize,
    /// Tasks that could not read `/proc`.
    pub(super) unread: usize,
}

/// The tasks' common words; behind them each task has some of its own.
const LAST: usize = 0;
const COMMON: usize = 1;
const WITHIN: usize = 0;
const ACROSS: usize = 1;
const ITSELF: usize = 2;
const TURN: usize = 3;
const AGREES: usize = 4;
const WORDS_A_TASK: usize = 5;

const AGREE: u64 = 1;
const DISAGREE: u64 = 2;

/// A task that waits longer than this for its turn gives up; the one before it must have died.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs a ring of `tasks` tasks of this kind, which take `turns` turns each.
pub(super) fn round(kind: Kind, way: Way, tasks: usize, turns: u64) -> Result<Round, Error> {
    let words = COMMON + tasks * WORDS_A_TASK;
    let memory = Mapping::shared(words * size_of::<u64>()).during("map the ring's notes")?;
    let batons = Mapping::shared(tasks * size_of::<u32>()).during("map the ring's batons")?;
    let (words, batons) = (memory.words(), batons.half_words());
    let of_task = |task: usize| &words[COMMON + task * WORDS_A_TASK..][..WORDS_A_TASK];
    let process_of = |task: usize| match kind {
        Kind::Thread => 0,
        Kind::Process => task,
        Kind::Mixed => task / tasks.div_ceil(2).max(1),
    };
    // Someone must begin.
    batons[0].store(1, Ordering::Release);
    let ring = Ring {
        clock: &MonotonicClock,
        kind,
        tasks,
        warm_up: 0,
        turns,
    };
    let reports = ring.run(|task| {
        let own = of_task(task);
        if way == Way::Wait && !take(&batons[task]) {
            return false;
        }
        let which = match usize::try_from(words[LAST].swap(task as u64 + 1, Ordering::AcqRel)) {
            Ok(0) | Err(_) => None,
            Ok(last) if last - 1 == task => Some(ITSELF),
            Ok(last) if process_of(last - 1) == process_of(task) => Some(WITHIN),
            Ok(_) => Some(ACROSS),
        };
        if let Some(which) = which {
            add(&own[which]);
        }
        if add(&own[TURN]) + 1 == turns {
            own[AGREES].store(compare_counts(), Ordering::Release);
        }
        match way {
            Way::Yield => sys::yield_now(),
            Way::Wait => hand_over(&batons[(task + 1) % tasks]),
        }
        true
    });
    let reports = reports.during("run a ring of tasks")?;
    let sum = |which: usize| {
        (0..tasks)
            .map(|task| of_task(task)[which].load(Ordering::Acquire))
            .sum()
    };
    let count = |code: u64| {
        (0..tasks)
            .filter(|&task| of_task(task)[AGREES].load(Ordering::Acquire) == code)
            .count()
    };
    let mut processes: Vec<u64> = reports.iter().map(|report| report.process).collect();
    processes.sort_unstable();
    processes.dedup();
    let switches = |report: &Report| report.voluntary + report.involuntary;
    Ok(Round {
        voluntary: reports.iter().map(|report| report.voluntary).sum(),
        involuntary: reports.iter().map(|report| report.involuntary).sum(),
        least: reports.iter().map(switches).min().unwrap_or(0),
        within: sum(WITHIN),
        across: sum(ACROSS),
        itself: sum(ITSELF),
        processes: processes.len(),
        agree: count(AGREE),
        unread: count(0),
    })
}

/// Adds one to a word that one task alone changes; its value before.
fn add(word: &AtomicU64) -> u64 {
    let value = word.load(Ordering::Relaxed);
    word.store(value + 1, Ordering::Release);
    value
}

/// Waits for the baton, and takes it; `false` when it doesn't come.
fn take(baton: &AtomicU32) -> bool {
    let start = MonotonicClock.now();
    while baton.swap(0, Ordering::AcqRel) == 0 {
        if MonotonicClock.now().since(start) >= Nanos::from(PATIENCE) {
            return false;
        }
        sys::futex_wait_at_most(baton, 0, false, PATIENCE);
    }
    true
}

fn hand_over(baton: &AtomicU32) {
    baton.store(1, Ordering::Release);
    sys::futex_wake(baton, 1, false);
}

/// Does `/proc/thread-self/status` show the counts that `getrusage` gives before and after it is read?
fn compare_counts() -> u64 {
    let before = sys::usage_of_thread();
    let Some([voluntary, involuntary]) = std::fs::read_to_string("/proc/thread-self/status")
        .ok()
        .and_then(|status| counts_in(&status))
    else {
        return 0;
    };
    let after = sys::usage_of_thread();
    let lies_between = (before.voluntary_switches..=after.voluntary_switches).contains(&voluntary)
        && (before.involuntary_switches..=after.involuntary_switches).contains(&involuntary);
    if lies_between { AGREE } else { DISAGREE }
}

/// Voluntary and involuntary switches in a file `status` (`proc_pid_status(5)`).
fn counts_in(status: &str) -> Option<[u64; 2]> {
    let count = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().parse().ok()
    };
    Some([
        count("voluntary_ctxt_switches:")?,
        count("nonvoluntary_ctxt_switches:")?,
    ])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_kernel_s_file_has_both_counts() {
        let status = "Name:\tweft\nvoluntary_ctxt_switches:\t12\nnonvoluntary_ctxt_switches:\t7\n";
        assert_eq!(counts_in(status), Some([12, 7]));
        assert_eq!(counts_in("voluntary_ctxt_switches:\t12\n"), None);
        assert_eq!(counts_in(&status.replace('7', "x")), None);
    }

    proptest! {
        #[test]
        fn reading_never_panics(text in "(?s).{0,200}", voluntary: u64, involuntary: u64) {
            let _none = counts_in(&text);
            let status = format!("{}\nvoluntary_ctxt_switches: {voluntary}\nnonvoluntary_ctxt_switches: {involuntary}", text.replace("ctxt", ""));
            prop_assert_eq!(counts_in(&status), Some([voluntary, involuntary]));
        }
    }

    #[test]
    fn a_ring_of_threads_hands_the_core_on_within_its_process() {
        for way in Way::BOTH {
            let round = round(Kind::Thread, way, 3, 40).unwrap();
            assert_eq!((round.across, round.processes), (0, 1), "{round:?}");
            // The very first turn of all has nobody before it.
            assert_eq!(round.within + round.itself, 3 * 40 - 1, "{round:?}");
            assert_eq!(round.agree + round.unread, 3, "{round:?}");
            if way == Way::Wait {
                assert_eq!(round.itself, 0, "the baton goes round: {round:?}");
            }
        }
    }
}
