//! The judge and the figure on records made by hand. Real trials are run in `tests/process.rs`, since a fork needs a
//! process of one thread.

use super::*;
use crate::record::Series;
use crate::record::fixture::record;

fn series(maker: Maker, resource: Resource, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition: condition(maker, resource),
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

/// A record as it must be, but for what a process's change did to the umask, and a thread's to the working directory.
fn changed(umask: &[f64], folder: f64) -> Record {
    let mut all = Vec::new();
    for maker in Maker::BOTH {
        for resource in Resource::ALL {
            let found = match (maker, resource) {
                (Maker::Process, Resource::Umask) => umask.to_vec(),
                (Maker::Process, resource) if resource.is_claimed() => vec![OWN; umask.len()],
                (Maker::Thread, Resource::Folder) => vec![folder; umask.len()],
                (Maker::Thread, Resource::Mask | Resource::Nice | Resource::OpenedOffset) => vec![OWN; umask.len()],
                _ => vec![SHARED; umask.len()],
            };
            all.push(series(maker, resource, "found", &found));
            all.push(series(maker, resource, "inherited", &vec![1.0; umask.len()]));
        }
    }
    record("own-resources", &[("trials", "4")], all)
}

#[track_caller]
fn check(umask: &[f64], folder: f64, expect: Outcome, doubts: &[&str]) {
    let verdict = &changed(umask, folder).verdicts()[0];
    assert_eq!(verdict.outcome, expect);
    let kinds: Vec<&str> = verdict.doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
    assert_eq!(kinds, doubts);
}

#[test]
fn each_outcome() {
    check(&[OWN; 4], SHARED, Outcome::Supported, &[]);
    check(&[OWN, SHARED, OWN, OWN], SHARED, Outcome::Refuted, &[]);
    check(&[OWN, trial::NEITHER, OWN, OWN], SHARED, Outcome::Refuted, &[]);
    check(&[OWN, LOST, OWN, OWN], SHARED, Outcome::Inconclusive, &["lost-trials"]);
    check(&[LOST, SHARED, OWN, OWN], SHARED, Outcome::Refuted, &["lost-trials"]);
    check(&[LOST; 4], SHARED, Outcome::Inconclusive, &["lost-trials"]);
    check(&[OWN; 2], SHARED, Outcome::Supported, &["few-trials"]);
    // Nothing is ever seen, not even between threads.
    check(&[OWN; 4], OWN, Outcome::Inconclusive, &["contrast"]);
    check(&[], SHARED, Outcome::Inconclusive, &["few-trials"]);
}

#[test]
fn findings_say_the_exception_and_the_contrast() {
    let texts: Vec<String> = changed(&[OWN; 4], SHARED).verdicts()[0]
        .findings
        .iter()
        .map(|found| found.text.english())
        .collect();
    assert!(texts[0].contains("rule of three"), "{texts:?}");
    assert_eq!(
        texts[1],
        "The exception: in 4 of 4 trials the child moved the offset of an inherited descriptor, and its parent's had moved with it."
    );
    assert!(texts[3].contains("36 of 36 readings"), "{texts:?}");
    assert!(texts[4].contains("of 8 resources that a task has 6 are"), "{texts:?}");
}

#[test]
fn the_figure_has_two_bars_a_resource() {
    let figures = changed(&[OWN; 4], SHARED).figures();
    assert_eq!(figures[0].table().rows.len(), 2 * Resource::ALL.len());
    // A resource that could never be changed has none.
    let lost = changed(&[LOST; 4], SHARED).figures();
    assert_eq!(lost[0].table().rows.len(), 2 * Resource::ALL.len() - 1);
    assert!(record("own-resources", &[], Vec::new()).figures().is_empty());
}

#[test]
fn each_resource_has_its_place_and_its_name() {
    let names: std::collections::BTreeSet<_> = Resource::ALL.iter().map(|resource| resource.id()).collect();
    assert_eq!(names.len(), Resource::ALL.len());
    for (place, resource) in Resource::ALL.into_iter().enumerate() {
        assert_eq!(resource as usize, place);
    }
    assert_eq!(claimed().count(), 9);
}
