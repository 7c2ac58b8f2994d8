use super::*;
use crate::record::Series;
use crate::record::fixture::record as fixed;
use crate::verdict::Outcome;

fn series(condition: Condition, quantity: &str, blocks: &[f64]) -> Series {
    Series {
        condition,
        quantity: quantity.to_owned(),
        unit: "1".to_owned(),
        blocks: blocks.to_vec(),
    }
}

/// A record of 10 trials of each accident in which all six other tabs keep their page as processes, and none as threads.
fn record() -> Record {
    let mut all = vec![series(Condition::default(), "lost", &[0.0])];
    for accident in Accident::ALL {
        for (kind, kept, recovery) in [(Kind::Threads, 0.0, 9e6), (Kind::Processes, 6.0, 3e6)] {
            let condition = || condition(accident, kind);
            let hang = accident == Accident::Hang;
            all.push(series(condition(), "kept", &[kept; 10]));
            all.push(series(condition(), "answered", &[if hang { 6.0 } else { kept }; 10]));
            all.push(series(condition(), "recovery", &[recovery; 10]));
            all.push(series(condition(), "false_alarms", &[0.0; 10]));
        }
    }
    for (kind, pss) in [(Kind::Threads, 4_000.0), (Kind::Processes, 5_000.0)] {
        let condition = || Condition::of("tabs", kind.id());
        all.push(series(condition(), "pss", &[pss; 3]));
        all.push(series(condition(), "page_tables", &[100.0; 3]));
    }
    fixed("browser-tabs", &[], all)
}

fn of<'a>(record: &'a mut Record, accident: Accident, kind: Kind, quantity: &str) -> &'a mut Vec<f64> {
    let condition = condition(accident, kind);
    let found = record
        .series
        .iter_mut()
        .find(|series| series.quantity == quantity && series.condition == condition);
    &mut found.unwrap().blocks
}

#[test]
fn every_other_tab_must_keep_its_page() {
    let mut record = record();
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Supported);
    let summary = verdict.summary.english();
    assert!(
        summary.starts_with("In 30 of 30 trials in which 2 of 8 tabs"),
        "{summary}"
    );
    of(&mut record, Accident::Hang, Kind::Processes, "kept")[3] = 5.0;
    assert_eq!(record.verdicts()[0].outcome, Outcome::Refuted);
}

#[test]
fn tabs_that_are_threads_do_not_decide() {
    let mut record = record();
    of(&mut record, Accident::Crash, Kind::Threads, "kept")[0] = 6.0;
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
}

#[test]
fn a_lost_trial_might_have_been_the_exception() {
    let mut record = record();
    record.series[0].blocks = vec![2.0];
    let verdict = &record.verdicts()[0];
    assert_eq!(verdict.outcome, Outcome::Inconclusive);
    assert!(verdict.doubts.iter().any(|doubt| doubt.kind == "lost-trials"));
    record.series.clear();
    let verdict = &record.verdicts()[0];
    assert_eq!(
        (verdict.outcome, verdict.effect.is_none()),
        (Outcome::Inconclusive, true)
    );
    assert!(BrowserTabs.figures(&record).is_empty());
}

#[test]
fn findings_say_how_threads_fell_and_what_was_paid() {
    let mut record = record();
    let findings = |record: &Record| -> Vec<String> {
        let verdict = record.verdicts().remove(0);
        verdict.findings.iter().map(|finding| finding.text.english()).collect()
    };
    let found = findings(&record);
    assert!(found.contains(
        &"Hang, tabs as threads: of 60 other tabs 60 still answered before the supervisor acted, and 0 had their page afterwards."
            .to_owned()
    ), "{found:?}");
    assert!(
        found
            .iter()
            .any(|text| text.starts_with("Crash: until all tabs show a page again takes 3.00 ["))
    );
    assert!(
        found
            .iter()
            .any(|text| text.contains("takes 1.24 [1.24, 1.24] times as much memory"))
    );
    assert!(!found.iter().any(|text| text.contains("suspected")));
    of(&mut record, Accident::Hang, Kind::Processes, "false_alarms")[0] = 2.0;
    assert!(
        findings(&record)
            .iter()
            .any(|text| text.contains("suspected a healthy tab 2 times"))
    );
    assert_eq!(BrowserTabs.figures(&record).len(), 4);
}

#[test]
fn one_tab_is_left_alone_at_least() {
    assert_eq!(
        [failing(8, 2), failing(8, 63), failing(2, 2), failing(8, 0)],
        [2, 7, 1, 1]
    );
}
