//! What the answers must satisfy.

#![allow(unused, clippy::all)]

use exercise_06_synchronisation::*;
use weft_lab::check;

#[test]
fn spin_lock_holds_one_at_a_time() {
    ::weft_lab::check::spin_lock::<SpinLock>();
}
