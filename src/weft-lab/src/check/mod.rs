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
mod buffer;
mod clocks;
mod counter;
mod creation;
mod explore;
mod fair_lock;
mod fault;
mod game_loop;
mod history;
pub mod judge;
mod philosophers;
mod pool;
mod quiet;
mod schedule;
mod seed;
mod semaphore;
mod sizing;
mod spin_lock;
mod supervisor;
mod switching;
pub mod sync;

pub use address_map::Place;
pub use buffer::Buffer;
pub use counter::{Board, Counted, Gate};
pub use creation::{Creation, CreationBench};
pub use fault::Fault;
pub use game_loop::Game;
pub use philosophers::Table;
pub use pool::{Job, Pool};
pub use seed::replay;
pub use semaphore::Semaphore;
pub use sizing::Load;
pub use spin_lock::Lock;
pub use supervisor::{Exit, Report, Worker, Yard};
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

/// Lab 2: `count(gates, board)` serves each gate by a thread of its own; all add to one counter, and each keeps its tally.
///
/// # Panics
///
/// With a [`Fault`]: an update is lost, or the work is not shared.
#[track_caller]
pub fn count(count: impl Fn(Vec<Gate>, Board) -> Counted + Send + Sync + 'static) {
    pass(judge::count(count));
}

/// Lab 3: `compare(bench)` gives the cost of creating a thread and a process, without the clock's own.
///
/// # Panics
///
/// With a [`Fault`]: the costs or their ratio are off.
#[track_caller]
pub fn compare_creation(compare: impl FnMut(&mut CreationBench) -> Creation) {
    pass(judge::compare_creation(compare));
}

/// Lab 3: `supervise(yard)` gets all jobs done, starts again what crashed, and reports.
///
/// # Panics
///
/// With a [`Fault`]: a job is lost, started too often, or left as a zombie.
#[track_caller]
pub fn supervise(supervise: impl FnMut(&mut Yard) -> Report) {
    pass(judge::supervise(supervise));
}

/// Lab 4: a pool does each job once, with as many threads as it has, side by side, and ends.
///
/// # Panics
///
/// With a [`Fault`]: a job is lost, done twice or never begun, or the workers stand in each other's way.
#[track_caller]
pub fn pool<P: Pool>() {
    pass(judge::pool::<P>());
}

/// Lab 4: `play(game)` updates once for each step that has passed, and draws.
///
/// # Panics
///
/// With a [`Fault`]: the world runs ahead or lags behind.
#[track_caller]
pub fn game_loop(play: impl FnMut(&mut Game)) {
    pass(judge::game_loop(play));
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

/// Lab 6, for who wants more than [`spin_lock`](fn@spin_lock): nobody who waits for the lock is passed again and again.
///
/// # Panics
///
/// With a [`Fault`]: others went in more often than a queue lets them, or a wait has no end.
#[track_caller]
pub fn bounded_waiting<L: Lock>() {
    pass(judge::bounded_waiting::<L>());
}

/// Lab 6: a semaphore lets as many in as it has permits, remembers each `release`, and sleeps without one.
///
/// # Panics
///
/// With a [`Fault`]: too many inside, a lost wake-up, or a busy wait.
#[track_caller]
pub fn semaphore<S: Semaphore>() {
    pass(judge::semaphore::<S>());
}

/// Lab 6: a buffer gives out what was put in, once, first in first out, holds no more than it has room for, and wakes
/// whoever can go on.
///
/// # Panics
///
/// With a [`Fault`]: an item is lost, doubled or out of order, or a wake-up is lost.
#[track_caller]
pub fn buffer<B: Buffer>() {
    pass(judge::buffer::<B>());
}

/// Lab 6: at a table neighbours never eat at once, others can, and everybody eats.
///
/// # Panics
///
/// With a [`Fault`]: a deadlock, or a fork in two hands.
#[track_caller]
pub fn philosophers<T: Table>() {
    pass(judge::philosophers::<T>());
}

/// Lab 7: `workers(load)` says how many workers serve a load: no fewer than needed, not many more, and they fit in.
///
/// # Panics
///
/// With a [`Fault`]: too few, too many, or more than the memory holds.
#[track_caller]
pub fn workers(workers: impl FnMut(&Load) -> usize) {
    pass(judge::workers(workers));
}
