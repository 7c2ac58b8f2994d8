//! The checks as values: what is wrong with an answer, if anything.

use std::sync::Arc;

use super::{
    Board, Buffer, Counted, Creation, CreationBench, Fault, Game, Gate, Load, Lock, Place, Pool, Report, Semaphore,
    SwitchBench, Table, Yard, address_map, counter, creation, sizing, supervisor, switching,
};

/// See [`check::classify`](fn@super::classify).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn classify(mut classify: impl FnMut(&str, u64) -> Place) -> Result<(), Fault> {
    address_map::judge(&mut classify)
}

/// See [`check::count`](fn@super::count).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn count(count: impl Fn(Vec<Gate>, Board) -> Counted + Send + Sync + 'static) -> Result<(), Fault> {
    let count: Arc<counter::Count> = Arc::new(count);
    counter::judge(&count)
}

/// See [`check::compare_creation`](fn@super::compare_creation).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn compare_creation(mut compare: impl FnMut(&mut CreationBench) -> Creation) -> Result<(), Fault> {
    creation::judge(&mut compare)
}

/// See [`check::supervise`](fn@super::supervise).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn supervise(mut supervise: impl FnMut(&mut Yard) -> Report) -> Result<(), Fault> {
    supervisor::judge(&mut supervise)
}

/// See [`check::pool`](fn@super::pool).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn pool<P: Pool>() -> Result<(), Fault> {
    super::pool::judge(|workers| Box::new(P::new(workers)))
}

/// See [`check::game_loop`](fn@super::game_loop).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn game_loop(mut play: impl FnMut(&mut Game)) -> Result<(), Fault> {
    super::game_loop::judge(&mut play)
}

/// See [`check::switch_cost`](fn@super::switch_cost).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn switch_cost(mut measure: impl FnMut(&mut SwitchBench) -> f64) -> Result<(), Fault> {
    switching::judge(&mut measure)
}

/// See [`check::spin_lock`](fn@super::spin_lock).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn spin_lock<L: Lock>() -> Result<(), Fault> {
    super::spin_lock::judge(|| Arc::new(L::new()))
}

/// See [`check::bounded_waiting`](fn@super::bounded_waiting).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn bounded_waiting<L: Lock>() -> Result<(), Fault> {
    super::fair_lock::judge(|| Arc::new(L::new()))
}

/// See [`check::semaphore`](fn@super::semaphore).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn semaphore<S: Semaphore>() -> Result<(), Fault> {
    super::semaphore::judge(|permits| Arc::new(S::new(permits)))
}

/// See [`check::buffer`](fn@super::buffer).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn buffer<B: Buffer>() -> Result<(), Fault> {
    super::buffer::judge(|capacity| Arc::new(B::new(capacity)))
}

/// See [`check::philosophers`](fn@super::philosophers).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn philosophers<T: Table>() -> Result<(), Fault> {
    super::philosophers::judge(|seats| Arc::new(T::new(seats)))
}

/// See [`check::workers`](fn@super::workers).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn workers(mut workers: impl FnMut(&Load) -> usize) -> Result<(), Fault> {
    sizing::judge(&mut workers)
}
