//! Lab 7.

use weft_lab::check::{Load, judge};

use crate::{is_caught, passes};

fn room(load: &Load) -> usize {
    (load.memory_mib / load.worker_mib) as usize
}

fn by_little(load: &Load) -> usize {
    let most = load.cores as f64 * 1e6 / load.compute_us as f64;
    let served = most.min(load.requests_per_second as f64);
    let in_flight = served * (load.compute_us + load.wait_us) as f64 / 1e6;
    (in_flight.ceil() as usize).min(room(load)).max(1)
}

/// Adds workers while that serves more.
fn by_trying(load: &Load) -> usize {
    let mut workers = 1;
    while workers < room(load) && load.served_by(workers + 1) > load.served_by(workers) * 1.000_001 {
        workers += 1;
    }
    workers
}

fn fits(workers: f64, load: &Load) -> usize {
    (workers.ceil() as usize).min(room(load)).max(1)
}

#[test]
fn right_answers_pass() {
    passes(|| judge::workers(by_little));
    passes(|| judge::workers(by_trying));
}

#[test]
fn the_cores_alone_do_not_say_it() {
    is_caught(&["too few", "too many"], || {
        judge::workers(|load| fits(load.cores as f64, load))
    });
    is_caught(&["too few", "too many"], || {
        judge::workers(|load| fits(2.0 * load.cores as f64 + 1.0, load))
    });
}

#[test]
fn more_than_come_in_are_idle() {
    is_caught(&["too many"], || {
        judge::workers(|load| {
            let wait = load.wait_us as f64 / load.compute_us as f64;
            fits(load.cores as f64 * (1.0 + wait), load)
        })
    });
}

#[test]
fn more_than_the_cores_can_do_only_wait() {
    is_caught(&["too many"], || {
        judge::workers(|load| {
            let seconds = (load.compute_us + load.wait_us) as f64 / 1e6;
            fits(load.requests_per_second as f64 * seconds, load)
        })
    });
}

#[test]
fn they_must_fit_into_the_memory() {
    is_caught(&["memory"], || {
        judge::workers(|load| {
            by_little(&Load {
                memory_mib: u64::MAX,
                ..*load
            })
        })
    });
}

#[test]
fn a_part_of_a_worker_is_one_more() {
    is_caught(&["too few", "a worker"], || {
        judge::workers(|load| {
            let most = load.cores as f64 * 1e6 / load.compute_us as f64;
            let served = most.min(load.requests_per_second as f64);
            let in_flight = served * (load.compute_us + load.wait_us) as f64 / 1e6;
            (in_flight as usize).min(room(load))
        })
    });
}
