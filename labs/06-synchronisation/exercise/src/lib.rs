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
use weft_lab::check::sync::*;

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

// ## Exercise: a semaphore
//
// A semaphore counts permits. `acquire` takes one, and sleeps while there is none. `release` adds
// one, and wakes a thread that sleeps. Any thread may release, also before anyone has asked.
//
// Write both with a mutex for the count and a condition variable to sleep on. Between the look at
// the count and the sleep no `release` may slip in.

use weft_lab::check::Semaphore;
use weft_lab::check::sync::*;

pub struct Permits {
    count: Mutex<usize>,
    raised: Condvar,
}

impl Semaphore for Permits {
    fn new(permits: usize) -> Self {
        Permits {
            count: Mutex::new(permits),
            raised: Condvar::new(),
        }
    }

    fn acquire(&self) {
        // YOUR CODE HERE
        todo!()
    }

    fn release(&self) {
        // YOUR CODE HERE
        todo!()
    }
}

// ## Exercise: a bounded buffer
//
// Producers put items in, consumers take them out: first in, first out. The buffer has room for so
// many items and no more. `put` sleeps while it is full, `take` sleeps while it is empty.
//
// Write both. Mind whom you wake: with one condition variable for both sides, `notify_one` may
// wake a thread that can't go on either.

use std::collections::VecDeque;
use weft_lab::check::Buffer;
use weft_lab::check::sync::*;

pub struct Bounded {
    capacity: usize,
    items: Mutex<VecDeque<u64>>,
    has_room: Condvar,
    has_items: Condvar,
}

impl Buffer for Bounded {
    fn new(capacity: usize) -> Self {
        let items = Mutex::new(VecDeque::new());
        Bounded {
            capacity,
            items,
            has_room: Condvar::new(),
            has_items: Condvar::new(),
        }
    }

    fn put(&self, item: u64) {
        // YOUR CODE HERE
        todo!()
    }

    fn take(&self) -> u64 {
        // YOUR CODE HERE
        todo!()
    }
}

// ## Exercise: philosophers
//
// Philosophers sit at a round table, with a fork between each two. Who eats needs the forks on
// both sides: the philosopher of seat `i` needs fork `i` and fork `i + 1`, and at the last seat
// the next fork is fork 0.
//
// If all take their left fork at the same time, all wait for ever. Write `eat` so that this can't
// happen: take both forks, call `meal()` once, put the forks back. Neighbours take turns.
// Philosophers who share no fork can eat at the same time.

use weft_lab::check::Table;
use weft_lab::check::sync::*;

pub struct RoundTable {
    forks: Vec<Mutex<()>>,
}

impl Table for RoundTable {
    fn new(seats: usize) -> Self {
        RoundTable {
            forks: (0..seats).map(|_| Mutex::new(())).collect(),
        }
    }

    fn eat(&self, seat: usize, meal: &mut dyn FnMut()) {
        // YOUR CODE HERE
        todo!()
    }
}
