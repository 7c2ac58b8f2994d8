//! Lab 3: the cost of creation.

use weft_lab::check::{Creation, CreationBench, judge};

use crate::{is_caught, passes};

const ROUNDS: usize = 101;

type Work = fn(&mut CreationBench);

fn time(bench: &mut CreationBench, work: Work) -> f64 {
    let start = bench.now();
    work(bench);
    (bench.now() - start) as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn mean(times: Vec<f64>) -> f64 {
    times.iter().sum::<f64>() / times.len() as f64
}

fn interleaved(bench: &mut CreationBench, centre: fn(Vec<f64>) -> f64) -> (f64, Creation) {
    let (mut nothing, mut thread, mut process) = (vec![], vec![], vec![]);
    for round in 0..ROUNDS {
        nothing.push(time(bench, |_| {}));
        // Who goes first alternates.
        if round % 2 == 0 {
            thread.push(time(bench, CreationBench::create_thread));
            process.push(time(bench, CreationBench::create_process));
        } else {
            process.push(time(bench, CreationBench::create_process));
            thread.push(time(bench, CreationBench::create_thread));
        }
    }
    (
        centre(nothing),
        Creation {
            thread: centre(thread),
            process: centre(process),
        },
    )
}

fn less(overhead: f64, creation: Creation) -> Creation {
    Creation {
        thread: creation.thread - overhead,
        process: creation.process - overhead,
    }
}

fn medians(bench: &mut CreationBench) -> Creation {
    let (overhead, creation) = interleaved(bench, median);
    less(overhead, creation)
}

/// Many readings of the clock first, then pairs.
fn overhead_first(bench: &mut CreationBench) -> Creation {
    let overhead = median((0..50).map(|_| time(bench, |_| {})).collect());
    let (thread, process) = (0..ROUNDS)
        .map(|_| {
            (
                time(bench, CreationBench::create_thread),
                time(bench, CreationBench::create_process),
            )
        })
        .unzip();
    less(
        overhead,
        Creation {
            thread: median(thread),
            process: median(process),
        },
    )
}

#[test]
fn right_answers_pass() {
    passes(|| judge::compare_creation(medians));
    passes(|| judge::compare_creation(overhead_first));
}

#[test]
fn the_clock_costs_too() {
    is_caught(&["the cost of a creation", "the ratio"], || {
        judge::compare_creation(|bench| interleaved(bench, median).1)
    });
}

#[test]
fn interruptions_spoil_a_mean() {
    is_caught(&["the cost of a creation", "the ratio"], || {
        judge::compare_creation(|bench| {
            let (overhead, creation) = interleaved(bench, mean);
            less(overhead, creation)
        })
    });
}

#[test]
fn first_all_threads_then_all_processes_measures_the_drift() {
    is_caught(&["taking turns"], || {
        judge::compare_creation(|bench| {
            let overhead = median((0..50).map(|_| time(bench, |_| {})).collect());
            let thread = median((0..ROUNDS).map(|_| time(bench, CreationBench::create_thread)).collect());
            let process = median(
                (0..ROUNDS)
                    .map(|_| time(bench, CreationBench::create_process))
                    .collect(),
            );
            less(overhead, Creation { thread, process })
        })
    });
}

#[test]
fn one_creation_says_little() {
    is_caught(&["enough rounds"], || {
        judge::compare_creation(|bench| Creation {
            thread: time(bench, CreationBench::create_thread),
            process: time(bench, CreationBench::create_process),
        })
    });
}

#[test]
fn a_number_from_elsewhere_does_not_fit() {
    is_caught(&["the cost of a creation"], || {
        judge::compare_creation(|bench| {
            interleaved(bench, median);
            Creation {
                thread: 20_000.0,
                process: 200_000.0,
            }
        })
    });
}

#[test]
fn measuring_ends() {
    is_caught(&["an end"], || {
        judge::compare_creation(|bench| {
            loop {
                bench.create_thread();
            }
        })
    });
}
