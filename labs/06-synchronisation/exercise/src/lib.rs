//! Lab 6: Synchronisation: the exercise.
//!
//! Write your answer in place of each `todo!()`, then:
//!
//! ```sh
//! cargo test --package exercise-06-synchronisation
//! ```
//!
//! The notebook of this lab has the same exercise.

#![allow(unused, clippy::all)]

// ## Exercise: a spin lock
//
// A lock lets one thread in at a time. A spin lock does so with one flag: who finds it clear sets
// it and goes in, who finds it set tries again.
//
// Write `lock` and `unlock`. `lock` must look at the flag and set it in one step. What the last
// holder wrote must be there for the next one: that is what `Ordering` is for.
//
// The flag comes from `weft_lab::check::sync`, which has the names of `std::sync`. The check runs
// your lock one thread at a time, and decides at each operation who goes on. So it tries hundreds
// of orders, and no fault depends on luck.

use weft_lab::check::Lock;
use weft_lab::check::sync::atomic::{AtomicBool, Ordering};
use weft_lab::check::sync::thread;

pub struct SpinLock {
    taken: AtomicBool,
}

impl Lock for SpinLock {
    fn new() -> Self {
        SpinLock {
            taken: AtomicBool::new(false),
        }
    }

    fn lock(&self) {
        // YOUR CODE HERE
        todo!()
    }

    fn unlock(&self) {
        // YOUR CODE HERE
        todo!()
    }
}
