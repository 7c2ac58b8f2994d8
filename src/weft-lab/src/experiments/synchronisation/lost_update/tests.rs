use proptest::prelude::*;

use super::*;
use crate::record::Series;
use crate::record::fixture::record;
use crate::sys;

fn series(cell: Cell, quantity: &str, blocks: Vec<f64>) -> Series {
    Series {
        condition: cell.condition(),
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks,
    }
}

/// A record with these shares lost and these overlaps for the separate way, and what the atomic one lost.
fn tried(cores: Cores, lost: &[f64], overlaps: &[f64], atomic: f64) -> Record {
    let separate = Cell {
        way: Way::Separate,
        cores,
    };
    let control = Cell {
        way: Way::Atomic,
        cores,
    };
    record(
        "lost-update",
        &[],
        vec![
            series(separate, "lost", lost.to_vec()),
            series(separate, "overlap", overlaps.to_vec()),
            series(control, "lost", vec![atomic; lost.len()]),
        ],
    )
}

#[track_caller]
fn check(record: &Record, expect: Outcome, summary: &str) {
    let verdicts = record.verdicts();
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0].outcome, expect);
    assert_eq!(verdicts[0].summary.english(), summary);
}

#[test]
fn every_trial_must_lose() {
    check(
        &tried(Cores::Several, &[0.5, 0.4], &[1.0, 0.9], 0.0),
        Outcome::Supported,
        "In 2 of 2 trials in which the threads ran at the same time on several cores, updates were lost.",
    );
    check(
        &tried(Cores::Several, &[0.5, 0.0], &[1.0, 0.9], 0.0),
        Outcome::Refuted,
        "In 1 of 2 trials in which the threads ran at the same time on several cores, updates were lost.",
    );
    check(
        &tried(Cores::One, &[0.2], &[1.0], 0.0),
        Outcome::Supported,
        "In 1 of 1 trials in which the threads took turns on one core, updates were lost.",
    );
}

#[test]
fn threads_that_did_not_meet_are_not_counted() {
    let record = tried(Cores::Several, &[0.5, 0.0], &[1.0, 0.1], 0.0);
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Supported);
    assert_eq!(verdict.doubts[0].kind, "apart");
    let nothing = tried(Cores::Several, &[0.0], &[0.0], 0.0);
    assert_eq!(nothing.verdicts()[0].outcome, Outcome::Inconclusive);
}

#[test]
fn an_atomic_addition_that_is_lost_leaves_nothing_to_believe() {
    let record = tried(Cores::Several, &[0.5], &[1.0], 0.1);
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert_eq!(verdict.doubts[0].kind, "atomic-lost");
}

#[test]
fn an_empty_record_is_inconclusive_and_draws_nothing() {
    let record = record("lost-update", &[], Vec::new());
    assert_eq!(record.verdicts()[0].outcome, Outcome::Inconclusive);
    assert!(record.figures().is_empty());
}

#[test]
fn atomic_additions_are_all_there() {
    let cpus = sys::allowed_cpus();
    let counter = AtomicU64::new(0);
    let team = Team {
        threads: 3,
        cpus: &cpus,
    };
    let shift = team.together(|_| {
        add_atomically(&counter, 10_000);
        10_000
    });
    assert_eq!((shift.unwrap().total(), counter.into_inner()), (30_000, 30_000));
    for way in Way::ALL {
        let counter = AtomicU64::new(0);
        way.add()(&counter, 1_000);
        assert_eq!(counter.into_inner(), 1_000, "one thread alone loses nothing: {way:?}");
    }
}

#[cfg(target_arch = "x86_64")]
mod machine_code {
    use super::*;
    use crate::experiments::synchronisation::lost_update::code::shape;

    #[track_caller]
    fn check(code: &[u8], expect: Shape, bytes: &[u8]) {
        assert_eq!(shape(code), (expect, bytes.to_vec()));
    }

    #[test]
    fn the_known_patterns_are_found() {
        // inc qword [rdi]; ret
        check(&[0x48, 0xff, 0x07, 0xc3], Shape::One, &[0x48, 0xff, 0x07]);
        // add qword [rdi], 1
        check(&[0x90, 0x48, 0x83, 0x07, 0x01], Shape::One, &[0x48, 0x83, 0x07, 0x01]);
        // lock inc qword [rdi]
        check(&[0xf0, 0x48, 0xff, 0x07], Shape::Locked, &[0xf0, 0x48, 0xff, 0x07]);
        // mov rax, [rdi]; inc rax; mov [rdi], rax
        check(
            &[0x48, 0x8b, 0x07, 0x48, 0xff, 0xc0, 0x48, 0x89, 0x07, 0xc3],
            Shape::Several,
            &[0x48, 0x8b, 0x07, 0x48, 0x89, 0x07],
        );
        // ret, and something of the next function behind it
        check(&[0xc3, 0x48, 0xff, 0x07], Shape::Unknown, &[]);
    }

    #[test]
    fn this_program_s_own_code_can_be_read() {
        assert!(code::read(add_atomically).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_shape(code in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (shape, bytes) = shape(&code);
            prop_assert!(bytes.len() <= code.len());
            prop_assert_eq!(Shape::find(shape.id()), Some(shape));
        }
    }
}
