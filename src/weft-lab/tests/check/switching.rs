//! Lab 5.

use weft_lab::check::{SwitchBench, judge};

use crate::{is_caught, passes};

const ROUNDS: usize = 101;
const HOPS: u64 = 1000;

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn readings(count: usize, mut read: impl FnMut() -> u64) -> Vec<f64> {
    (0..count).map(|_| read() as f64).collect()
}

fn median_of_differences(bench: &mut SwitchBench) -> f64 {
    let differences = readings_in_pairs(bench)
        .into_iter()
        .map(|(with, without)| with - without);
    median(differences.collect()) / HOPS as f64
}

fn difference_of_medians(bench: &mut SwitchBench) -> f64 {
    let (with, without) = readings_in_pairs(bench).into_iter().unzip();
    (median(with) - median(without)) / HOPS as f64
}

fn readings_in_pairs(bench: &mut SwitchBench) -> Vec<(f64, f64)> {
    let pair = |_| (bench.with_switches(HOPS) as f64, bench.without_switches(HOPS) as f64);
    (0..ROUNDS).map(pair).collect()
}

#[test]
fn right_answers_pass() {
    passes(|| judge::switch_cost(median_of_differences));
    passes(|| judge::switch_cost(difference_of_medians));
}

#[test]
fn the_baseline_must_be_subtracted() {
    is_caught(&["a baseline"], || {
        judge::switch_cost(|bench| median(readings(ROUNDS, || bench.with_switches(HOPS))) / HOPS as f64)
    });
    is_caught(&["subtract the baseline"], || {
        judge::switch_cost(|bench| {
            bench.without_switches(HOPS);
            median(readings(ROUNDS, || bench.with_switches(HOPS))) / HOPS as f64
        })
    });
}

#[test]
fn interruptions_spoil_a_mean() {
    is_caught(&["the cost of a switch"], || {
        judge::switch_cost(|bench| {
            let pairs = readings_in_pairs(bench);
            let sum: f64 = pairs.iter().map(|(with, without)| with - without).sum();
            sum / (pairs.len() as f64 * HOPS as f64)
        })
    });
}

#[test]
fn one_hop_is_less_than_the_clock_s_step() {
    is_caught(&["many hops"], || {
        judge::switch_cost(|bench| {
            let with = median(readings(ROUNDS, || bench.with_switches(1)));
            with - median(readings(ROUNDS, || bench.without_switches(1)))
        })
    });
}

#[test]
fn first_all_of_one_then_all_of_the_other_measures_the_drift() {
    is_caught(&["the cost of a switch"], || {
        judge::switch_cost(|bench| {
            let with = median(readings(200, || bench.with_switches(HOPS)));
            (with - median(readings(200, || bench.without_switches(HOPS)))) / HOPS as f64
        })
    });
}

#[test]
fn a_number_from_elsewhere_does_not_fit() {
    is_caught(&["the cost of a switch"], || {
        judge::switch_cost(|bench| {
            bench.with_switches(HOPS);
            bench.without_switches(HOPS);
            1500.0
        })
    });
}

#[test]
fn measuring_ends() {
    is_caught(&["an end"], || {
        judge::switch_cost(|bench| {
            loop {
                bench.with_switches(HOPS);
            }
        })
    });
}
