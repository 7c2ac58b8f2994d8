//! Lab 3: Process vs thread: the exercise.
//!
//! Write your answer in place of each `todo!()`, then:
//!
//! ```sh
//! cargo test --package exercise-03-process-vs-thread
//! ```
//!
//! The notebook of this lab has the same exercise.

#![allow(unused, clippy::all)]

// ## Exercise: which is dearer to create?
//
// Write `compare`. It gets a bench and gives the nanoseconds that a thread and a process cost to
// create. The bench is a machine whose true answer is known:
//
// - `bench.now()` reads the clock. That takes time too, and you can measure how much.
// - `bench.create_thread()` and `bench.create_process()` create one and wait for its end.
//
// A creation is interrupted now and then, and the machine grows slower while you measure. So
// threads and processes must take turns, and the median is safer than the mean.

use weft_lab::check::{Creation, CreationBench};

pub fn compare(bench: &mut CreationBench) -> Creation {
    // YOUR CODE HERE
    todo!()
}

// ## Exercise: a supervisor
//
// A process that crashes takes no other with it. So one process can watch over others, and start
// again what crashed. Browsers and servers are built like that.
//
// Write `supervise`. The yard has `yard.jobs()` jobs, numbered from 0.
//
// - `yard.start(job)` starts a worker for a job. A worker is a process of its own, so its crash is
//   not yours.
// - `worker.wait()` waits for its end: `Exit::Done(result)` or `Exit::Crashed(signal)`.
//
// Get each job done. A job that crashed is started again, at most `yard.tries()` times in all, and
// then given up. Wait for every worker, or it stays a zombie. Report the result of each job,
// `None` for one given up, and how many crashes there were.

use weft_lab::check::{Exit, Report, Yard};

pub fn supervise(yard: &mut Yard) -> Report {
    // YOUR CODE HERE
    todo!()
}
