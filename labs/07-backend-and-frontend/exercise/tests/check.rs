//! What the answers must satisfy.

#![allow(unused, clippy::all)]

use exercise_07_backend_and_frontend::*;
use weft_lab::check;

#[test]
fn workers_for_two_loads() {
    let load = ::weft_lab::check::Load {
        cores: 4,
        compute_us: 1000,
        wait_us: 0,
        requests_per_second: 100_000,
        memory_mib: 100_000,
        worker_mib: 10,
    };
    let of_waiting = ::weft_lab::check::Load { wait_us: 9000, ..load };
    assert!(
        (4..=6).contains(&workers(&load)),
        "{} workers for {load:?}",
        workers(&load)
    );
    assert!(
        (38..=51).contains(&workers(&of_waiting)),
        "{} workers for {of_waiting:?}",
        workers(&of_waiting)
    );
}

#[test]
fn workers_for_any_load() {
    let () = ::weft_lab::check::workers(workers);
}
