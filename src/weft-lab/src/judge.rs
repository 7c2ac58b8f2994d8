//! What the judges of all experiments share. Pure: from numbers of a record to verdicts.

use crate::claim;
use crate::facility::Facility;
use crate::format;
use crate::record::{Record, StopReason};
use crate::stats::{Bootstrap, Interval, median, proportion};
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Outcome, Verdict};

/// The bootstrap for a record: its seed, and 95% after all looks are paid for.
#[must_use]
pub fn bootstrap(record: &Record) -> Bootstrap {
    Bootstrap::new(record.seed, record.stopping.confidence())
}

/// The bootstrap for quantities beside the main comparison, at which nobody looked before the end.
#[must_use]
pub fn bootstrap_of_sweep(record: &Record) -> Bootstrap {
    Bootstrap::new(record.seed, 0.95)
}

/// The verdict on an effect claim from a ratio, `larger / smaller` as the claim has it.
///
/// `summary` has the places `{effect}` and whatever the caller filled.
#[must_use]
pub fn ratio(record: &Record, claim: &str, ratio: Interval, summary: Text) -> Verdict {
    let region = claim::find(claim)
        .and_then(claim::Claim::region)
        .unwrap_or(claim::EQUIVALENCE);
    effect(
        record,
        claim,
        Effect::new(EffectKind::Ratio, ratio, "1"),
        region,
        summary,
    )
}

/// The verdict on a claim that says "larger" (or "grows"), from an effect against the region of equivalence: around 1
/// for a ratio, around 0 for a difference or a slope.
///
/// `summary` has the places `{effect}` and whatever the caller filled.
#[must_use]
pub fn effect(record: &Record, claim: &str, effect: Effect, region: [f64; 2], summary: Text) -> Verdict {
    let interval = effect.interval();
    let is_measured = interval.low.is_finite() && interval.high.is_finite();
    let outcome = if is_measured {
        Outcome::of(&interval, region)
    } else {
        Outcome::Inconclusive
    };
    let summary = if is_measured {
        summary.with("effect", format::interval(&interval, &effect.unit))
    } else {
        text!("Nothing could be measured.")
    };
    let mut doubts = doubts(record);
    if outcome == Outcome::Inconclusive && is_measured {
        doubts.push(wide());
    }
    Verdict {
        claim: claim.to_owned(),
        outcome,
        effect: is_measured.then_some(effect),
        equivalence: Some(region),
        summary,
        findings: Vec::new(),
        doubts,
    }
}

/// The verdict on a claim of kind "always": `held` of `trials` trials.
#[must_use]
pub fn always(record: &Record, claim: &str, held: usize, trials: usize, summary: Text) -> Verdict {
    let outcome = match (held, trials) {
        (_, 0) => Outcome::Inconclusive,
        (held, trials) if held == trials => Outcome::Supported,
        _ => Outcome::Refuted,
    };
    let share = proportion(held, trials);
    let bound = text!(
        "With {trials} trials the rate of exceptions is below {bound} (95%, rule of three).",
        trials = format::count(trials as u64),
        bound = format::quantity((1.0 - share.low) * 100.0, "%")
    );
    let mut verdict = Verdict {
        claim: claim.to_owned(),
        outcome,
        effect: (trials > 0).then(|| Effect::new(EffectKind::Proportion, share, "1")),
        equivalence: None,
        summary: summary
            .with("held", format::count(held as u64))
            .with("trials", format::count(trials as u64)),
        findings: Vec::new(),
        doubts: doubts(record),
    };
    if outcome == Outcome::Supported {
        verdict.findings.push(crate::verdict::Finding {
            id: "rule-of-three".to_owned(),
            text: bound,
            effect: None,
        });
    }
    verdict
}

/// Fewer trials than planned on a claim of kind "always": `lost` could not be made, the rest had no time.
///
/// A lost trial might have been the exception, so a claim without its trials is not supported.
pub fn fewer_trials(verdict: &mut Verdict, made: usize, lost: usize, planned: usize) {
    if lost > 0 {
        if verdict.outcome == Outcome::Supported {
            verdict.outcome = Outcome::Inconclusive;
        }
        verdict.doubts.push(Doubt::new(
            "lost-trials",
            text!(
                "{lost} of {planned} trials could not be made, and one of them might have been the exception.",
                lost = format::count(lost as u64),
                planned = format::count(planned as u64)
            ),
            text!("Remove what stood in their way, which the other doubts name, and run again."),
        ));
    } else if made < planned {
        verdict.doubts.push(Doubt::new(
            "few-trials",
            text!(
                "The time was up after {made} of {planned} trials.",
                made = format::count(made as u64),
                planned = format::count(planned as u64)
            ),
            text!("Pass --full, or ask for fewer trials."),
        ));
    }
}

/// Other programs' time above this share of one core is said.
const OTHER_CPU_LIMIT: f64 = 0.10;
/// Stolen time above this share of the machine is said.
const STEAL_LIMIT: f64 = 0.01;

/// What makes every verdict of this record doubtful: noise over the limits, and what was missing.
#[must_use]
pub fn doubts(record: &Record) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let elapsed = record.elapsed_ns.max(1) as f64;
    let other = record.noise.other_cpu_ns as f64 / elapsed;
    if other > OTHER_CPU_LIMIT {
        doubts.push(Doubt::new(
            "busy",
            text!(
                "Other programs used {share} of a core during the run.",
                share = format::quantity(other * 100.0, "%")
            ),
            text!("Close what runs beside it, or pass --full."),
        ));
    }
    let steal = record.noise.steal_ns as f64 / elapsed / record.machine.logical_cpus.max(1) as f64;
    if steal > STEAL_LIMIT {
        doubts.push(Doubt::new(
            "steal",
            text!(
                "The host of this virtual machine took {share} of its time away.",
                share = format::quantity(steal * 100.0, "%")
            ),
            text!("Run again later, or on real hardware."),
        ));
    }
    if let Some(governor) = record
        .machine
        .governor
        .as_ref()
        .filter(|governor| *governor != "performance")
    {
        doubts.push(Doubt::new(
            "frequency",
            text!(
                "The frequency governor is {governor}, so the clock rate may have changed.",
                governor = governor
            ),
            text!("Plug the machine in, and choose the governor performance."),
        ));
    }
    for missing in &record.missing {
        let known = Facility::find(&missing.facility);
        let message = known.map_or_else(
            || text!("Missing: {facility}.", facility = &missing.facility),
            Facility::lost,
        );
        let remedy = known.map_or_else(|| text!("See `weft doctor`."), Facility::remedy);
        doubts.push(Doubt::new(&format!("missing-{}", missing.facility), message, remedy));
    }
    doubts
}

/// For a claim about tasks that compute at the same time: where others used the cores that the tasks wanted, a missing
/// effect says nothing about the tasks, so the verdict is inconclusive. An effect that shows in spite of it stands. On one
/// core there is nothing to be taken away, and "no difference" stands as well.
pub fn wants_cores(verdict: &mut Verdict, record: &Record, cores: usize) {
    let missed = match verdict.outcome {
        Outcome::Refuted => true,
        Outcome::NoDifference => cores > 1,
        Outcome::Supported | Outcome::Inconclusive => false,
    };
    let is_disturbed = || {
        let is_of_others = |doubt: &Doubt| matches!(doubt.kind.as_str(), "busy" | "steal");
        verdict.doubts.iter().any(is_of_others)
    };
    if missed && !record.is_aa() && is_disturbed() {
        verdict.outcome = Outcome::Inconclusive;
    }
}

/// The interval crosses a border of the region.
fn wide() -> Doubt {
    Doubt::new(
        "wide",
        text!("The interval is too wide for an answer."),
        text!("Pass --full, or run on a quieter machine."),
    )
}

/// Early and late pairs of one comparison differ by more than a tenth, and by more than they scatter.
#[must_use]
pub fn drift(ratios: &[f64]) -> Option<Doubt> {
    let third = ratios.len() / 3;
    if third < 4 {
        return None;
    }
    let (early, late) = (&ratios[..third], &ratios[ratios.len() - third..]);
    let change = median(late) / median(early);
    let centre = median(ratios);
    let scatter = median(
        &ratios
            .iter()
            .map(|ratio| (ratio / centre - 1.0).abs())
            .collect::<Vec<_>>(),
    );
    ((change - 1.0).abs() > 0.1_f64.max(3.0 * scatter)).then(|| {
        Doubt::new(
            "drift",
            text!(
                "Early and late blocks differ by {change}.",
                change = format::quantity((change - 1.0) * 100.0, "%")
            ),
            text!("Wait until the machine is warm and quiet, and run again."),
        )
    })
}

/// A time from which something was subtracted came out at or below zero.
#[must_use]
pub fn negative(corrected: &[f64]) -> Option<Doubt> {
    let below = corrected.iter().filter(|&&time| time <= 0.0).count();
    (below > 0).then(|| {
        Doubt::new(
            "negative",
            text!(
                "In {below} of {all} blocks the corrected time is at or below zero.",
                below = below,
                all = corrected.len()
            ),
            text!("Read it as too small to see here."),
        )
    })
}

/// The ratio of paired blocks, `second / first`, with its doubts about drift.
#[must_use]
pub fn paired_ratio(record: &Record, first: &[f64], second: &[f64]) -> (Interval, Option<Doubt>) {
    let ratios: Vec<f64> = first.iter().zip(second).map(|(a, b)| b / a).collect();
    (bootstrap(record).ratio(first, second), drift(&ratios))
}

/// Did the run end because it knew enough?
#[must_use]
pub fn is_decided(record: &Record) -> bool {
    record.stopping.reason == StopReason::Decided
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::fixture::{around, record};
    use crate::record::{Condition, Missing};

    /// A record of creation-cost in which the second side takes `factor` times as long.
    fn compared(factor: f64) -> Record {
        let side = |name: &str, method: &str, centre: f64| {
            around(Condition::of("side", name).and("method", method), "time", "ns", centre)
        };
        record(
            "creation-cost",
            &[],
            vec![side("a", "thread", 30_000.0), side("b", "fork", 30_000.0 * factor)],
        )
    }

    #[track_caller]
    fn check(factor: f64, expect: Outcome) {
        let verdicts = compared(factor).verdicts();
        assert_eq!(verdicts.len(), 1);
        assert_eq!(verdicts[0].outcome, expect, "{:?}", verdicts[0].effect);
        let effect = verdicts[0].effect.as_ref().unwrap();
        assert!(
            effect.low <= factor * 1.001 && factor * 0.999 <= effect.high,
            "{effect:?}"
        );
    }

    #[test]
    fn the_interval_decides_against_the_region() {
        check(4.9, Outcome::Supported);
        check(0.5, Outcome::Refuted);
        check(1.0, Outcome::NoDifference);
        check(1.1, Outcome::Inconclusive);
    }

    #[test]
    fn a_missing_effect_says_nothing_while_others_use_the_cores() {
        let judged = |factor: f64, percent: u64, cores: usize| {
            let mut record = compared(factor);
            record.noise.other_cpu_ns = record.elapsed_ns * percent / 100;
            let mut verdict = record.verdicts().remove(0);
            wants_cores(&mut verdict, &record, cores);
            verdict.outcome
        };
        assert_eq!(judged(0.5, 150, 2), Outcome::Inconclusive);
        assert_eq!(judged(1.0, 150, 2), Outcome::Inconclusive);
        assert_eq!(judged(1.0, 150, 1), Outcome::NoDifference);
        assert_eq!(judged(4.9, 150, 2), Outcome::Supported);
        assert_eq!(judged(0.5, 0, 2), Outcome::Refuted);
    }

    #[test]
    fn nothing_measured_is_inconclusive() {
        let verdict = &record("creation-cost", &[], Vec::new()).verdicts()[0];
        assert_eq!((verdict.outcome, &verdict.effect), (Outcome::Inconclusive, &None));
    }

    #[test]
    fn noise_and_what_is_missing_are_said_with_their_remedy() {
        let mut record = compared(4.9);
        assert_eq!(doubts(&record), []);
        record.noise.other_cpu_ns = 310_000_000;
        record.noise.steal_ns = 100_000_000;
        record.machine.governor = Some("powersave".to_owned());
        record.missing.push(Missing {
            facility: "second-cpu".to_owned(),
            detail: "allowed: 0".to_owned(),
        });
        let doubts = doubts(&record);
        let kinds: Vec<&str> = doubts.iter().map(|doubt| doubt.kind.as_str()).collect();
        assert_eq!(kinds, ["busy", "steal", "frequency", "missing-second-cpu"]);
        assert_eq!(
            doubts[0].message.english(),
            "Other programs used 31.0% of a core during the run."
        );
        assert!(doubts.iter().all(|doubt| !doubt.remedy.english().is_empty()));
    }

    #[test]
    fn one_exception_refutes_a_claim_of_kind_always() {
        let record = compared(1.0);
        let outcome = |held, trials| always(&record, "stability", held, trials, text!("{held} of {trials}")).outcome;
        assert_eq!(outcome(100, 100), Outcome::Supported);
        assert_eq!(outcome(99, 100), Outcome::Refuted);
        assert_eq!(outcome(0, 0), Outcome::Inconclusive);
        let verdict = always(&record, "stability", 100, 100, text!("{held} of {trials}"));
        assert_eq!(verdict.summary.english(), "100 of 100");
        assert!(verdict.findings[0].text.english().contains("below 3.00%"));
    }

    #[test]
    fn drift_is_seen_and_scatter_is_not() {
        let steady: Vec<f64> = (0..30).map(|i| 1.0 + 0.05 * f64::from(i % 3)).collect();
        assert_eq!(drift(&steady), None);
        let drifting: Vec<f64> = (0..30).map(|i| 1.0 + 0.02 * f64::from(i)).collect();
        assert_eq!(drift(&drifting).unwrap().kind, "drift");
        assert_eq!(drift(&[1.0, 5.0]), None);
    }

    #[test]
    fn a_time_below_zero_is_said() {
        assert_eq!(negative(&[1.0, 2.0]), None);
        assert_eq!(
            negative(&[1.0, -2.0]).unwrap().message.english(),
            "In 1 of 2 blocks the corrected time is at or below zero."
        );
    }
}
