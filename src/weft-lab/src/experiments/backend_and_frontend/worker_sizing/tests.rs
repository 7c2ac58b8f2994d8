//! The fits on data of known law, the judge and the figures on records made by hand, and real small pools counted.

use proptest::prelude::*;

use super::*;
use crate::record::fixture::{around, record};

const SIZES: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

/// A record of two cores in which throughput bends at these numbers of workers for computing, mixed and waiting work.
fn bent(bends: [f64; 3]) -> Record {
    let mut series = Vec::new();
    for (work, bend) in Work::ALL.into_iter().zip(bends) {
        for workers in SIZES {
            let throughput = 1_000.0 * (workers as f64).min(bend);
            series.push(around(condition(work, workers), "throughput", "/s", throughput));
        }
    }
    record("worker-sizing", &[], series)
}

/// The same with an open loop in which `counted` times as many are in the system as Little's law says.
fn followed(counted: f64) -> Record {
    let mut record = bent([2.0, 8.0, 16.0]);
    for work in Work::ALL {
        for workers in SIZES {
            let time = if workers < 6 { 9e6 } else { 1.1e6 };
            let (rate, product) = (4_800.0, 4_800.0 * time / 1e9);
            let quantities = [
                ("p50", "ns", time),
                ("p95", "ns", 2.0 * time),
                ("answered", "/s", rate),
                ("time_in", "ns", time),
                ("time_served", "ns", 1e6),
                ("counted", "1", product * counted),
                ("counted_served", "1", 4.8),
            ];
            for (quantity, unit, value) in quantities {
                record
                    .series
                    .push(around(condition(work, workers), quantity, unit, value));
            }
        }
    }
    record
}

#[track_caller]
fn check(bends: [f64; 3], expect: Outcome) {
    let verdict = &bent(bends).verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{:?}", verdict.effect);
}

#[test]
fn each_outcome() {
    check([2.0, 8.0, 16.0], Outcome::Supported);
    check([2.0, 2.0, 16.0], Outcome::NoDifference);
    check([8.0, 2.0, 16.0], Outcome::Refuted);
    check([4.0, 4.4, 16.0], Outcome::Inconclusive);
    let nothing = &record("worker-sizing", &[], Vec::new()).verdicts()[0];
    assert_eq!((nothing.outcome, nothing.findings.len()), (Outcome::Inconclusive, 0));
}

#[test]
fn cores_that_others_used_refute_nothing() {
    let mut record = bent([2.0, 2.0, 16.0]);
    record.noise.other_cpu_ns = 900_000_000;
    assert_eq!(record.verdicts()[0].outcome, Outcome::Inconclusive);
}

#[test]
fn the_bend_is_found_with_its_interval() {
    let record = bent([2.0, 8.0, 16.0]);
    for (work, bend) in [(Work::Computing, 2.0), (Work::Mixed, 8.0)] {
        let found = bend_of(&record, work);
        assert!((found.estimate / bend - 1.0).abs() < 0.03, "{work:?}: {found:?}");
        assert!(
            found.low * 0.97 <= bend && bend <= found.high * 1.03,
            "{work:?}: {found:?}"
        );
    }
    let words: Vec<String> = record.verdicts()[0]
        .findings
        .iter()
        .map(|finding| finding.text.english())
        .collect();
    assert!(
        words.contains(&"Waiting: no bend up to 16 workers.".to_owned()),
        "{words:?}"
    );
    assert!(words[0].starts_with("Computing: the bend is at 2.0"), "{words:?}");
}

#[test]
fn what_little_s_law_gives_is_held_against_the_count() {
    let verdict = &followed(1.0).verdicts()[0];
    assert!(!verdict.doubts.iter().any(|doubt| doubt.kind == "little"));
    let ids: Vec<&str> = verdict.findings.iter().map(|finding| finding.id.as_str()).collect();
    assert!(ids.ends_with(&["enough", "little", "little-served"]), "{ids:?}");
    let enough = verdict.findings.iter().find(|finding| finding.id == "enough").unwrap();
    assert!(
        enough.text.english().contains("4.80 workers are busy") && enough.text.english().contains("with 6 the median"),
        "{}",
        enough.text.english()
    );
    let late = &followed(1.3).verdicts()[0];
    assert!(
        late.doubts.iter().any(|doubt| doubt.kind == "little"),
        "an observer who is late is said"
    );
}

proptest! {
    #[test]
    fn the_law_is_found_again(first in 10.0..1e6_f64, sigma in 0.0..0.9_f64, kappa in 0.0..0.05_f64) {
        let law = Law { first, sigma, kappa };
        let points = SIZES.map(|workers| (workers as f64, law.at(workers as f64)));
        let found = Law::fit(&points).unwrap();
        prop_assert!((found.first / first - 1.0).abs() < 1e-6);
        prop_assert!((found.sigma - sigma).abs() < 1e-6 && (found.kappa - kappa).abs() < 1e-6, "{found:?}");
        prop_assert!(found.worst(&points) < 1e-6);
    }

    #[test]
    fn any_bend_is_found_again(bend_at in 1.0..16.0_f64, first in 10.0..1e6_f64) {
        let points = SIZES.map(|workers| (workers as f64, first * (workers as f64).min(bend_at)));
        prop_assert!((bend(&points) / bend_at - 1.0).abs() < 1e-9, "{}", bend(&points));
    }

    #[test]
    fn no_other_bend_is_nearer_to_the_points(
        throughputs in prop::array::uniform8(10.0..1e4_f64),
        others in prop::collection::vec(1.0..16.0_f64, 50),
    ) {
        let points: Vec<(f64, f64)> = SIZES.iter().map(|&size| size as f64).zip(throughputs).collect();
        let misfit = |bend: f64| {
            let logs: Vec<f64> = points.iter().map(|&(workers, x)| (x / workers.min(bend)).ln()).collect();
            let mean = logs.iter().sum::<f64>() / logs.len() as f64;
            logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>()
        };
        let found = bend(&points);
        prop_assert!((1.0..=16.0 + 1e-9).contains(&found), "{found}");
        for other in others {
            prop_assert!(misfit(found) <= misfit(other) + 1e-9, "{found} against {other}");
        }
    }

    #[test]
    fn what_comes_is_counted_in_its_rate(rate in 500.0..20_000.0_f64, seed: u64) {
        let length = Duration::from_secs(1);
        let moments = moments(rate, length, &mut fastrand::Rng::with_seed(seed));
        prop_assert!(moments.is_sorted() && !moments.is_empty());
        // Six standard deviations of a Poisson count.
        prop_assert!((moments.len() as f64 - rate).abs() < 6.0 * rate.sqrt());
    }
}

#[test]
fn a_law_through_noise_has_the_truth_in_its_interval() {
    let law = Law {
        first: 900.0,
        sigma: 0.05,
        kappa: 0.01,
    };
    let series = SIZES
        .iter()
        .map(|&workers| {
            around(
                condition(Work::Mixed, workers),
                "throughput",
                "/s",
                law.at(workers as f64),
            )
        })
        .collect();
    let record = record("worker-sizing", &[], series);
    let sigma = of_law(&record, Work::Mixed, |law| law.sigma);
    let kappa = of_law(&record, Work::Mixed, |law| law.kappa);
    assert!(sigma.low - 0.004 < 0.05 && 0.05 < sigma.high + 0.004, "{sigma:?}");
    assert!(kappa.low - 0.001 < 0.01 && 0.01 < kappa.high + 0.001, "{kappa:?}");
}

#[test]
fn too_little_gives_no_law_and_no_bend() {
    assert_eq!(Law::fit(&[(1.0, 5.0), (2.0, 9.0)]), None);
    assert_eq!(Law::fit(&[(1.0, 5.0); 4]), None);
    assert!(bend(&[]).is_nan());
    assert!((bend(&[(3.0, 5.0)]) - 3.0).abs() < 1e-9);
    // Nobody's measurement, but a record may be edited.
    assert!(!bend(&[(-2.0, 5.0), (1.0, f64::NAN), (f64::NAN, 9.0)]).is_infinite());
}

#[test]
fn sizes_go_to_a_multiple_of_the_cores() {
    assert_eq!(sizes(1, 8), [1, 2, 3, 4, 6, 8]);
    assert_eq!(sizes(2, 8), SIZES);
    assert_eq!(sizes(6, 2), [1, 2, 3, 4, 6, 8, 12]);
}

#[test]
fn every_request_is_answered_once() {
    let service = Service {
        turns: 100,
        wait: Duration::from_micros(300),
    };
    let moments: Vec<Nanos> = (0..40).map(|index| Nanos(index * 50_000)).collect();
    for workers in [1, 3] {
        let visit = follow(workers, service, &moments, || Nanos(100_000)).unwrap();
        assert_eq!(visit.done.len(), moments.len());
        assert!(
            visit
                .done
                .iter()
                .all(|done| done.came <= done.taken && done.taken < done.answered)
        );
        let most = workers as f64;
        assert!(
            visit
                .counted
                .iter()
                .all(|&(all, served)| served <= all.min(most) && all <= 40.0)
        );
        assert!(
            visit.counted.len() > 3,
            "the observer looked {} times",
            visit.counted.len()
        );
        let sum: f64 = visit
            .done
            .iter()
            .map(|done| done.answered.since(done.came).as_f64())
            .sum();
        assert!(sum / visit.window.as_f64() <= 40.0);
    }
    assert!(saturate(2, service, 10).unwrap() > 0.0);
}

#[test]
fn figures_hold_what_was_measured_and_the_laws() {
    let figures = followed(1.0).figures();
    let ids: Vec<&str> = figures.iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "throughput", "latency", "little"]);
    assert_eq!(figures[0].table().rows.len(), 2);
    assert_eq!(figures[1].table().rows.len(), 6 * SIZES.len());
    assert_eq!(figures[2].table().rows.len(), 6 * SIZES.len());
    assert_eq!(figures[3].table().rows.len(), 3 * SIZES.len() + 4);
}
