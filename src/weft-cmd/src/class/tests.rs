use weft_lab::Verdict;
use weft_lab::stats::Interval;
use weft_lab::verdict::{Effect, EffectKind};

use super::gather::{Names, Reading};
use super::statistics::outliers;
use super::*;

fn reading(student: &str, estimate: f64) -> Reading {
    let interval = Interval {
        estimate,
        low: estimate * 0.9,
        high: estimate * 1.1,
    };
    Reading {
        student: student.to_owned(),
        run: 0,
        verdict: Verdict {
            claim: "creation-cost".to_owned(),
            outcome: Outcome::Supported,
            effect: Some(Effect::new(EffectKind::Ratio, interval, "1")),
            equivalence: None,
            summary: weft_lab::text::Text::new("-"),
            findings: Vec::new(),
            doubts: Vec::new(),
        },
    }
}

#[test]
fn who_stands_apart_is_named_in_a_class_that_is_large_enough() {
    let class: Vec<Reading> = [4.8, 5.0, 5.1, 5.2, 5.3, 40.0]
        .into_iter()
        .enumerate()
        .map(|(place, estimate)| reading(&place.to_string(), estimate))
        .collect();
    let apart = |class: &[Reading]| -> Vec<String> {
        let all: Vec<&Reading> = class.iter().collect();
        outliers(&all)
            .into_iter()
            .map(|reading| reading.student.clone())
            .collect()
    };
    assert_eq!(apart(&class), ["5"]);
    assert!(apart(&class[..5]).is_empty(), "nobody does");
    assert!(apart(&class[2..]).is_empty(), "four are too few to say");
    let alike: Vec<Reading> = [1.0; 9].into_iter().map(|estimate| reading("a", estimate)).collect();
    assert!(apart(&alike).is_empty());
}

#[test]
fn a_hash_hides_the_name_and_the_salt_decides_it() {
    let call = |salt: &str, name: &str| Names::Hashed(salt.to_owned()).call(name);
    assert_eq!(call("a", "kim"), call("a", "kim"));
    assert_ne!(call("a", "kim"), call("b", "kim"));
    assert_ne!(call("a", "kim"), call("a", "lee"));
    assert!(!call("a", "kim").contains("kim"));
    assert_eq!(Names::Plain.call("kim"), "kim");
}
