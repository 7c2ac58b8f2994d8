//! What the answers must satisfy.

#![allow(unused, clippy::all)]

use exercise_06_synchronisation::*;
use weft_lab::check;

#[test]
fn spin_lock_holds_one_at_a_time() {
    let () = ::weft_lab::check::spin_lock::<SpinLock>();
}

#[test]
fn semaphore_counts_and_wakes() {
    let () = ::weft_lab::check::semaphore::<Permits>();
}

#[test]
fn buffer_is_a_queue() {
    let () = ::weft_lab::check::buffer::<Bounded>();
}

#[test]
fn philosophers_all_eat() {
    let () = ::weft_lab::check::philosophers::<RoundTable>();
}
