//! The checks as values: what is wrong with an answer, if anything.

use std::sync::Arc;

use super::{Fault, Lock, Place, SwitchBench, address_map, spin_lock as lock, switching};

/// See [`check::classify`](super::classify).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn classify(mut classify: impl FnMut(&str, u64) -> Place) -> Result<(), Fault> {
    address_map::judge(&mut classify)
}

/// See [`check::switch_cost`](super::switch_cost).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn switch_cost(mut measure: impl FnMut(&mut SwitchBench) -> f64) -> Result<(), Fault> {
    switching::judge(&mut measure)
}

/// See [`check::spin_lock`](super::spin_lock).
///
/// # Errors
///
/// What is wrong with the answer.
pub fn spin_lock<L: Lock>() -> Result<(), Fault> {
    lock::judge(|| Arc::new(L::new()))
}
