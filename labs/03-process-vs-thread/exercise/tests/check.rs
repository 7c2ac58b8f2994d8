//! What the answers must satisfy.

#![allow(unused, clippy::all)]

use exercise_03_process_vs_thread::*;
use weft_lab::check;

#[test]
fn compare_subtracts_the_clock() {
    let () = ::weft_lab::check::compare_creation(compare);
}

#[test]
fn supervise_survives_crashes() {
    let () = ::weft_lab::check::supervise(supervise);
}
