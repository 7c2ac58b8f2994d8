//! Lab 7: Backend and frontend: the exercise.
//!
//! Write your answer in place of each `todo!()`, then:
//!
//! ```sh
//! cargo test --package exercise-07-backend-and-frontend
//! ```
//!
//! The notebook of this lab has the same exercise.

#![allow(unused, clippy::all)]

// ## Exercise: how many workers?
//
// A worker serves one request at a time. While the request waits for a disk or another server, the
// worker waits too, and its core could do something else.
//
// Write `workers`. It says how many workers a server needs for its load:
//
// - `load.compute_us` and `load.wait_us` are the microseconds that a request computes and waits.
// - `load.requests_per_second` come in, and there are `load.cores` cores.
// - A worker takes `load.worker_mib` of the memory, which is `load.memory_mib`.
//
// The server should serve as many requests as it can: all that come in, or as many as the cores
// can compute. It should do so with as few workers as that takes, and they must fit into the
// memory. There is always at least one.

use weft_lab::check::Load;

pub fn workers(load: &Load) -> usize {
    // YOUR CODE HERE
    todo!()
}

// Two loads to begin with. Four cores, requests that only compute: four workers. Requests that
// wait nine times as long: ten times as many.

// Then four hundred more:
