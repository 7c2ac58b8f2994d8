use super::*;
use crate::record::Series;
use crate::record::fixture::{around, record as fixed};
use crate::verdict::Outcome;

/// A record in which a frame takes 1 ms in parts, and `factor` ms on one thread.
fn record(factor: f64, set: &[(&str, &str)], more: Vec<Series>) -> Record {
    let aa = set.contains(&("aa", "true"));
    let times = [1e6, 0.8e6 * factor, 1e6 * factor];
    let sides = sides(aa);
    let last = sides.len() - 1;
    let mut series: Vec<Series> = sides
        .into_iter()
        .enumerate()
        .map(|(at, side)| {
            around(
                side_condition(side),
                "time",
                "ns",
                times[if at == last { 2 } else { at }],
            )
        })
        .collect();
    series.push(Series {
        condition: Condition::default(),
        quantity: "cores".to_owned(),
        unit: "1".to_owned(),
        blocks: vec![2.0],
    });
    series.extend(more);
    fixed("game-loop", set, series)
}

#[track_caller]
fn check(factor: f64, expect: Outcome) {
    let verdict = &record(factor, &[], Vec::new()).verdicts()[0];
    assert_eq!(verdict.outcome, expect, "{verdict:?}");
}

#[test]
fn the_interval_decides_against_the_region() {
    check(1.8, Outcome::Supported);
    check(0.6, Outcome::Refuted);
    check(1.0, Outcome::NoDifference);
    check(1.1, Outcome::Inconclusive);
}

#[test]
fn an_aa_run_compares_one_thread_with_itself() {
    let verdict = &record(1.0, &[("aa", "true")], Vec::new()).verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::NoDifference);
    assert!(verdict.summary.english().starts_with("A/A: one thread twice"));
}

#[test]
fn a_record_without_samples_says_so_and_draws_nothing() {
    let record = fixed("game-loop", &[], Vec::new());
    assert_eq!(record.verdicts()[0].outcome, Outcome::Inconclusive);
    assert!(GameLoop.figures(&record).is_empty());
}

/// What was played with so many entities: 20 frames, and refreshes that were missed.
fn load(structure: Structure, entities: usize, missed: f64) -> [Series; 2] {
    let series = |quantity: &str, blocks| Series {
        condition: played_condition(structure, entities),
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks,
    };
    let mut blocks = vec![0.0; 20];
    blocks[7] = missed;
    [series("frame_time", vec![2e6; 20]), series("missed", blocks)]
}

#[test]
fn the_largest_load_that_fits_is_the_last_before_one_that_does_not() {
    let loads = [(1_000, 0.0), (2_000, 1.0), (4_000, 3.0), (8_000, 0.0)];
    let more = loads
        .into_iter()
        .flat_map(|(entities, missed)| load(Structure::Single, entities, missed));
    let more = more.chain(load(Structure::Parallel, 1_000, 30.0)).collect();
    let record = record(1.8, &[], more);
    let played = played(&record, Structure::Single);
    assert_eq!(
        played.iter().map(|load| load.0).collect::<Vec<_>>(),
        [1_000, 2_000, 4_000, 8_000]
    );
    assert_eq!(
        largest_fitting(&played),
        Some(2_000),
        "1 of 21 refreshes is missed there"
    );
    let findings: Vec<String> = record.verdicts()[0]
        .findings
        .iter()
        .map(|finding| finding.text.english())
        .collect();
    assert_eq!(findings.len(), 3, "the pipeline, and two loads: {findings:?}");
    assert!(findings[1].contains("up to 2,000 entities"));
    assert!(findings[2].contains("by the smallest load already"));
    let ids: Vec<&str> = GameLoop.figures(&record).iter().map(|figure| figure.id).collect();
    assert_eq!(ids, ["ratio", "load", "missed"]);
}

#[test]
fn the_summary_names_entities_and_cores() {
    let verdict = &record(2.0, &[], Vec::new()).verdicts()[0];
    let summary = verdict.summary.english();
    assert!(
        summary.starts_with("A frame with 24,000 entities takes 2.00 ["),
        "{summary}"
    );
    assert!(
        summary.ends_with("as in parts on every core (allowed: 2)."),
        "{summary}"
    );
}
