//! Lab 4: Multi-process and multi-thread: the exercise.
//!
//! Write your answer in place of each `todo!()`, then:
//!
//! ```sh
//! cargo test --package exercise-04-multi-process-multi-thread
//! ```
//!
//! The notebook of this lab has the same exercise.

#![allow(unused, clippy::all)]

// ## Exercise: a thread pool
//
// A server doesn't start a thread for each request. It starts a few threads once. They take jobs
// from a queue.
//
// Write `new`, `submit` and `finish`:
//
// - `new` starts the workers. Each takes the first job of the queue and runs it, again and again,
//   and sleeps while the queue is empty.
// - `submit` adds a job at the end of the queue and wakes a worker.
// - `finish` closes the queue. It returns when all jobs are done and all workers have ended.
//
// A worker must not hold the queue's lock while it runs a job.

use std::collections::VecDeque;
use weft_lab::check::sync::{Arc, Condvar, Mutex, thread};
use weft_lab::check::{Job, Pool};

pub struct ThreadPool {
    shared: Arc<Shared>,
    workers: Vec<thread::JoinHandle<()>>,
}

pub struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

pub struct Queue {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl Pool for ThreadPool {
    fn new(workers: usize) -> Self {
        let queue = Queue {
            jobs: VecDeque::new(),
            is_closed: false,
        };
        let shared = Arc::new(Shared {
            queue: Mutex::new(queue),
            changed: Condvar::new(),
        });
        // YOUR CODE HERE
        todo!()
    }

    fn submit(&self, job: Job) {
        // YOUR CODE HERE
        todo!()
    }

    fn finish(self) {
        // YOUR CODE HERE
        todo!()
    }
}

// ## Exercise: a loop with fixed steps
//
// A game draws as often as it can, and that differs from machine to machine. Its world must not:
// it moves on by steps of a fixed length.
//
// Write `play`. Until `game.is_over()`, each turn of the loop reads the clock, calls
// `game.update()` once for each whole step that has passed, and then `game.draw()` once.
//
// - `game.now()` is the clock in nanoseconds. It doesn't begin at 0.
// - `game.step()` is the length of a step in nanoseconds.
//
// A frame may hang. Then several steps are due in the next turn. What is left of a step must not
// get lost: it counts for the next turn.

use weft_lab::check::Game;

pub fn play(game: &mut Game) {
    // YOUR CODE HERE
    todo!()
}
