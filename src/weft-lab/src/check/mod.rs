//! What an exercise's answer must satisfy.
//!
//! A check panics with a [`Fault`] that says what was expected, what was seen, what happened before, and where to look.
//! So the same line works in a notebook's cell and under `cargo test`. [`judge`] has the same checks as values.
//!
//! Two ways to check:
//!
//! - What runs threads takes its locks, conditions and threads from [`sync`]. The check runs it one thread at a time,
//!   under some thousand schedules, and sees each deadlock, lost update and lost wake-up among them.
//! - What measures or decides gets an instrument whose readings are made up, and whose truth is known.
//!
//! The schedules and readings come from a seed, which a fault names: [`replay`].

mod address_map;
mod clocks;
mod explore;
mod fault;
pub mod judge;
mod schedule;
mod seed;
mod spin_lock;
mod switching;
pub mod sync;

pub use address_map::Place;
pub use fault::Fault;
pub use seed::replay;
pub use spin_lock::Lock;
pub use switching::SwitchBench;

/// All that a wrong answer makes is told here.
#[track_caller]
fn pass(judged: Result<(), Fault>) {
    if let Err(fault) = judged {
        panic!("{fault}");
    }
}

/// Lab 1: `classify(maps, address)` says what lies at an address, from the text of `/proc/PID/maps`.
///
/// # Panics
///
/// With a [`Fault`]: an address is taken for something else.
#[track_caller]
pub fn classify(classify: impl FnMut(&str, u64) -> Place) {
    pass(judge::classify(classify));
}

/// Lab 5: `measure(bench)` gives the nanoseconds of one switch.
///
/// # Panics
///
/// With a [`Fault`]: the number is off, for instance with the baseline still in it.
#[track_caller]
pub fn switch_cost(measure: impl FnMut(&mut SwitchBench) -> f64) {
    pass(judge::switch_cost(measure));
}

/// Lab 6: a lock lets one thread in at a time, hands on what its holder wrote, and is free again after `unlock`.
///
/// # Panics
///
/// With a [`Fault`]: two threads inside, a data race, or a wait without an end.
#[track_caller]
pub fn spin_lock<L: Lock>() {
    pass(judge::spin_lock::<L>());
}
