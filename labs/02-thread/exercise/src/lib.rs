//! Lab 2: Thread: the exercise.
//!
//! Write your answer in place of each `todo!()`, then:
//!
//! ```sh
//! cargo test --package exercise-02-thread
//! ```
//!
//! The notebook of this lab has the same exercise.

#![allow(unused, clippy::all)]

// ## Exercise: one counter, and a tally for each
//
// Visitors come through several gates at once. A board over the entrance shows how many have come
// in so far.
//
// Write `count`. Start a thread for each gate, and move its gate into it. In the thread:
//
// - `gate.visitor()` waits for the next visitor, and is `false` when none comes any more.
// - For each visitor, add one to the counter that all threads share, and show its new value:
//   `board.show(total)`. Each number is shown once.
// - Keep the thread's own tally of its visitors. It is nobody else's, so it needs no lock.
//
// Return the total and the tallies in the order of the gates.
//
// The names of `std::sync` and `std::thread` come from `weft_lab::check::sync`. There the check
// decides at each step which thread goes on, and so tries hundreds of orders.

use weft_lab::check::sync::{Arc, Mutex, thread};
use weft_lab::check::{Board, Counted, Gate};

pub fn count(gates: Vec<Gate>, board: Board) -> Counted {
    // YOUR CODE HERE
    todo!()
}
