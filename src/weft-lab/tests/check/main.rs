//! Each check against right answers, which pass in 100 of 100 runs, and wrong ones, each caught in 100 of 100.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::infinite_loop,
    clippy::manual_is_multiple_of,
    clippy::needless_pass_by_value,
    clippy::unwrap_used,
    reason = "answers are written as learners write them"
)]

mod address_map;
mod buffer;
mod counter;
mod creation;
mod fair_lock;
mod game_loop;
mod philosophers;
mod pool;
mod semaphore;
mod sizing;
mod spin_lock;
mod supervisor;
mod switching;
mod telling;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use weft_lab::check::Fault;

const RUNS: usize = 100;

/// Two cores share the runs.
fn each_run(judge: impl Fn() -> Result<(), Fault> + Sync, look: impl Fn(usize, Result<(), Fault>) + Sync) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let run @ 0..RUNS = next.fetch_add(1, Ordering::Relaxed) {
                    look(run, judge());
                }
            });
        }
    });
}

#[track_caller]
fn passes(judge: impl Fn() -> Result<(), Fault> + Sync) {
    each_run(judge, |run, judged| {
        if let Err(fault) = judged {
            panic!("a right answer failed in run {run}: {fault}");
        }
    });
}

/// Caught, and told with words of which one is among `rules`.
#[track_caller]
fn is_caught(rules: &[&str], judge: impl Fn() -> Result<(), Fault> + Sync) {
    each_run(judge, |run, judged| match judged {
        Ok(()) => panic!("a wrong answer passed in run {run}"),
        Err(fault) => {
            let text = fault.to_string();
            assert!(
                rules.iter().any(|rule| text.contains(rule)),
                "not one of {rules:?} in run {run}: {text}"
            );
            assert!(!fault.hint.is_empty(), "no hint: {text}");
        }
    });
}
