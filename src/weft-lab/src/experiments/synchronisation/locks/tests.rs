use super::*;
use crate::record::Series;
use crate::record::fixture::{around, record};
use crate::sys;

fn lost(kind: Kind, blocks: &[f64]) -> Series {
    Series {
        condition: kind.condition().and("part", "trial"),
        quantity: "lost".to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

fn inside(most: &[f64]) -> Series {
    Series {
        condition: Condition::of("permits", 2),
        quantity: "most-inside".to_owned(),
        unit: "1".to_owned(),
        blocks: most.to_vec(),
    }
}

/// Nothing is lost but where the tests say so, and the trials without a lock lose.
fn clean() -> Vec<Series> {
    let mut series: Vec<Series> = Kind::SAFE.into_iter().map(|kind| lost(kind, &[0.0; 10])).collect();
    series.push(lost(Kind::Nothing, &[0.0, 7.0, 9.0]));
    series.push(inside(&[2.0; 10]));
    series
}

#[track_caller]
fn check(series: Vec<Series>, expect: [Outcome; 3]) {
    let verdicts = record("locks", &[], series).verdicts();
    let claims: Vec<&str> = verdicts.iter().map(|verdict| verdict.claim.as_str()).collect();
    assert_eq!(claims, ["mutex", "semaphore", "lock"]);
    let outcomes: Vec<Outcome> = verdicts.iter().map(|verdict| verdict.outcome).collect();
    assert_eq!(outcomes, expect);
}

const YES: Outcome = Outcome::Supported;
const NO: Outcome = Outcome::Refuted;
const UNKNOWN: Outcome = Outcome::Inconclusive;

#[test]
fn nothing_lost_supports_all_three() {
    check(clean(), [YES; 3]);
}

#[test]
fn one_loss_refutes_the_claim_of_its_family_alone() {
    let with = |more: Series| {
        let mut series = clean();
        series.push(more);
        series
    };
    check(with(lost(Kind::ParkingLot, &[0.0, 1.0])), [NO, YES, YES]);
    check(with(lost(Kind::Semaphore, &[3.0])), [YES, NO, YES]);
    check(with(lost(Kind::Ticket, &[1.0])), [YES, YES, NO]);
    check(with(lost(Kind::Atomic, &[1.0])), [YES; 3]);
}

#[test]
fn one_thread_too_many_inside_refutes_the_semaphore() {
    let mut series = clean();
    series.pop();
    series.push(inside(&[2.0, 3.0]));
    check(series, [YES, NO, YES]);
}

#[test]
fn trials_that_cannot_see_a_loss_show_nothing() {
    let mut series = clean();
    series.retain(|series| series.condition.get("kind") != "nothing");
    series.push(lost(Kind::Nothing, &[0.0; 10]));
    check(series, [UNKNOWN; 3]);
    check(Vec::new(), [UNKNOWN; 3]);
    assert!(record("locks", &[], Vec::new()).figures().is_empty());
}

#[test]
fn findings_say_what_others_who_want_it_cost() {
    let mut series = clean();
    for (threads, throughput) in [(1, 100.0), (2, 25.0), (4, 20.0)] {
        let condition = Kind::StdMutex.condition().and("threads", threads);
        series.push(around(condition.clone(), "throughput", "1", throughput));
        series.push(around(condition, "fairness", "1", 0.8));
    }
    let record = record("locks", &[], series);
    let verdict = &record.verdicts()[0];
    let finding = |id: &str| verdict.findings.iter().find(|finding| finding.id == id).unwrap();
    assert!(
        finding("two-threads-std-mutex")
            .text
            .english()
            .starts_with("Mutex: standard library: two threads together get 0.2")
    );
    assert!(
        finding("crowded-std-mutex")
            .text
            .english()
            .contains("with 4 threads on 2 cores")
    );
    assert!(finding("control").text.english().contains("2 of 3"));
    let ids: Vec<&str> = record.figures().iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["lost", "throughput-sleeping", "fairness-sleeping"]);
}

#[test]
fn nothing_is_lost_in_real_trials() {
    let cpus = sys::allowed_cpus();
    for kind in Kind::SAFE {
        let outcome = pound(
            kind,
            Team {
                threads: 2,
                cpus: &cpus,
            },
            Duration::from_millis(1),
            10,
        )
        .unwrap();
        assert_eq!(outcome.lost, 0, "{kind:?}");
        assert!(outcome.shift.counts.iter().all(|&count| count > 0));
    }
}

#[test]
fn thread_counts_double_up_to_the_most() {
    assert_eq!(thread_counts(1), [1]);
    assert_eq!(thread_counts(4), [1, 2, 4]);
    assert_eq!(thread_counts(6), [1, 2, 4, 6]);
}
