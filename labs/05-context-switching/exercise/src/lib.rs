//! Lab 5: Context switching: the exercise.
//!
//! Write your answer in place of each `todo!()`, then:
//!
//! ```sh
//! cargo test --package exercise-05-context-switching
//! ```
//!
//! The notebook of this lab has the same exercise.

#![allow(unused, clippy::all)]

// ## Exercise: what a switch costs
//
// A switch can't be timed by itself. What can be timed: two threads on one core that pass a turn
// to and fro. Such a hop costs a switch, and the calls around it.
//
// Write `switch_cost`. It gets a bench and gives the nanoseconds of one switch. The bench is a
// machine whose true answer is known, so your number can be checked:
//
// - `bench.with_switches(hops)` gives the nanoseconds in which the turn passed `hops` times from
//   thread to thread.
// - `bench.without_switches(hops)` gives the nanoseconds of the same calls by one thread alone.
//
// It behaves as real machines do. Its clock has steps of 1,000 ns. Now and then a reading is
// interrupted and far too long. And it grows slower while you measure, so the two kinds of reading
// must take turns.

use weft_lab::check::SwitchBench;

pub fn switch_cost(bench: &mut SwitchBench) -> f64 {
    // YOUR CODE HERE
    todo!()
}

// The check tries it on forty machines. An answer within 10% is right.
