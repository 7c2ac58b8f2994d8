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
    let is_measured = ratio.low.is_finite() && ratio.high.is_finite();
    let outcome = if is_measured {
        Outcome::of(&ratio, region)
    } else {
        Outcome::Inconclusive
    };
    let summary = if is_measured {
        summary.with("effect", format::interval(&ratio, "1"))
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
        effect: is_measured.then(|| Effect::new(EffectKind::Ratio, ratio, "1")),
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
