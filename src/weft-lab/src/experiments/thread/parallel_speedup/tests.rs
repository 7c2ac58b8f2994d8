//! The judge, the fit and the figures on records made by hand; the work itself.

use super::*;
use crate::params::Mode;
use crate::record::fixture::{around, record};
use crate::verdict::Outcome;

/// A record of two cores in which work with n threads takes what Amdahl's law says for computing and for waiting, and
/// the main comparison finds `speedup`.
fn sped(speedup: f64, serial: f64) -> Record {
    let time = |condition: Condition, speedup: f64| around(condition, "time", "ns", 8e6 / speedup);
    let mut series = vec![time(side_condition(0, 1), 1.0), time(side_condition(1, 2), speedup)];
    for threads in 1..=4_usize {
        for work in Work::ALL {
            let processors = threads.min(processors(work, 2)) as f64;
            series.push(time(swept_condition(work, threads), amdahl(serial, processors)));
        }
    }
    record("parallel-speedup", &[], series)
}

#[track_caller]
fn check(speedup: f64, expect: Outcome) {
    let verdict = &sped(speedup, 0.0).verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{:?}", verdict.effect);
}

#[test]
fn each_outcome() {
    check(1.9, Outcome::Supported);
    check(1.0, Outcome::NoDifference);
    check(0.6, Outcome::Refuted);
    check(1.1, Outcome::Inconclusive);
    let nothing = &record("parallel-speedup", &[], Vec::new()).verdicts()[0];
    assert_eq!((nothing.outcome, nothing.findings.len()), (Outcome::Inconclusive, 0));
}

#[test]
fn cores_that_others_used_refute_nothing() {
    let disturbed = |speedup: f64, cores: Vec<usize>| {
        let mut record = sped(speedup, 0.0);
        record.noise.other_cpu_ns = 900_000_000;
        record.machine.allowed_cpus = cores;
        record.verdicts()[0].outcome
    };
    assert_eq!(disturbed(0.6, vec![0, 1]), Outcome::Inconclusive);
    assert_eq!(disturbed(1.0, vec![0, 1]), Outcome::Inconclusive);
    assert_eq!(disturbed(1.0, vec![0]), Outcome::NoDifference, "one core bends nothing");
    assert_eq!(disturbed(1.9, vec![0, 1]), Outcome::Supported);
}

#[test]
fn the_words_name_threads_and_cores() {
    let mut record = sped(1.9, 0.05);
    let words = |record: &Record| record.verdicts()[0].summary.english();
    assert!(words(&record).starts_with("With 2 threads on 2 cores the same computing is done 1.9"));
    record.machine.allowed_cpus = vec![0];
    assert!(words(&record).starts_with("On one core two threads do the same computing 1.9"));
}

#[test]
fn the_share_that_is_not_split_is_found() {
    for serial in [0.0, 0.05, 0.3] {
        let record = sped(1.9, serial);
        for work in Work::ALL {
            let found = serial_share(&record, work, processors(work, 2));
            assert!((found.estimate - serial).abs() < 0.02, "{work:?}: {found:?}");
            assert!(
                found.low - 0.01 <= serial && serial <= found.high + 0.01,
                "{work:?}: {found:?}"
            );
        }
    }
    assert!(
        serial_share(&sped(1.9, 0.0), Work::Threads, 1).estimate.is_nan(),
        "one core bends nothing"
    );
}

#[test]
fn amdahl_s_bound() {
    assert!((amdahl(0.0, 8.0) - 8.0).abs() < 1e-12);
    assert!((amdahl(0.5, 1e12) - 2.0).abs() < 1e-9);
    assert!((amdahl(1.0, 8.0) - 1.0).abs() < 1e-12);
}

#[test]
fn threads_go_to_twice_the_cores() {
    assert_eq!(numbers_of_threads(1), [1, 2]);
    assert_eq!(numbers_of_threads(2), [1, 2, 3, 4]);
    assert_eq!(numbers_of_threads(4), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(numbers_of_threads(12), [1, 2, 4, 8, 12, 16, 24]);
    assert_eq!(sides(1, false), [1, 2]);
    assert_eq!(sides(8, false), [1, 8]);
    assert_eq!(sides(8, true), [8, 8]);
}

#[test]
fn figures_hold_measured_curves_and_the_law() {
    let figures = sped(1.9, 0.05).figures();
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "speedup"]);
    assert_eq!(figures[0].table().rows.len(), 3);
    assert_eq!(figures[1].table().rows.len(), 5 * 4);
}

#[test]
fn every_kind_of_work_is_done_with_any_number_of_threads() {
    let set = [
        ("pieces", "9"),
        ("iterations", "1000"),
        ("wait_us", "100"),
        ("serial", "30"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let params = crate::params::Params::resolve(ABOUT.id, ABOUT.params, Mode::Quick, &set.into()).unwrap();
    let crews = Crews::ready(&params, &[1, 2, 5]).unwrap();
    for work in Work::ALL {
        for threads in [1, 2, 5] {
            crews.run(work, threads).unwrap();
        }
    }
    assert_ne!(work::steps(1, 10), work::steps(1, 11));
}
