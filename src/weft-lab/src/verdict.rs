//! What a record says of a claim.

use serde::{Deserialize, Serialize};

use crate::stats::Interval;
use crate::text::Text;

/// The judgement of one claim from one record: the outcome, the effect with its interval, and what makes it doubtful.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// The claim's id, such as `creation-cost`.
    pub claim: String,
    /// What the record says.
    pub outcome: Outcome,
    /// How large the effect is; absent where nothing could be measured.
    pub effect: Option<Effect>,
    /// The region of practical equivalence, `[low, high]`, in the effect's unit; absent for claims that count trials.
    pub equivalence: Option<[f64; 2]>,
    /// The verdict in one sentence, with its numbers.
    pub summary: Text,
    /// What else the record shows about the claim: other methods, exceptions, confounders.
    pub findings: Vec<Finding>,
    /// Why this verdict may not be trusted, and what to do about it.
    pub doubts: Vec<Doubt>,
}

/// What a record says of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The interval lies wholly beyond the region of equivalence, on the claim's side; or every trial held.
    Supported,
    /// The interval lies wholly beyond the region on the other side; or a trial did not hold.
    Refuted,
    /// The interval lies wholly inside the region of equivalence.
    NoDifference,
    /// The interval crosses an edge of the region, or nothing could be measured.
    Inconclusive,
}

impl Outcome {
    /// Decides by an interval against the region `[low, high]`, for a claim that says "larger".
    #[must_use]
    pub fn of(interval: &Interval, region: [f64; 2]) -> Self {
        if interval.low > region[1] {
            Outcome::Supported
        } else if interval.high < region[0] {
            Outcome::Refuted
        } else if interval.low >= region[0] && interval.high <= region[1] {
            Outcome::NoDifference
        } else {
            Outcome::Inconclusive
        }
    }

    /// The word for it, as in JSON.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Outcome::Supported => "supported",
            Outcome::Refuted => "refuted",
            Outcome::NoDifference => "no-difference",
            Outcome::Inconclusive => "inconclusive",
        }
    }

    /// The word for it, for a reader.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Outcome::Supported => crate::text!("Supported"),
            Outcome::Refuted => crate::text!("Refuted"),
            Outcome::NoDifference => crate::text!("No difference"),
            Outcome::Inconclusive => crate::text!("Inconclusive"),
        }
    }
}

/// The size of what was found, with its 95% interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Effect {
    /// What the numbers are.
    pub kind: EffectKind,
    /// The best estimate.
    pub estimate: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end of the interval.
    pub high: f64,
    /// The unit: `1` for ratios and proportions.
    pub unit: String,
}

impl Effect {
    /// An effect from an interval.
    #[must_use]
    pub fn new(kind: EffectKind, interval: Interval, unit: &str) -> Self {
        Effect {
            kind,
            estimate: interval.estimate,
            low: interval.low,
            high: interval.high,
            unit: unit.to_owned(),
        }
    }

    /// What it is and how large, in short: `ratio 4.91 [4.80, 5.02]`.
    #[must_use]
    pub fn text(&self) -> Text {
        let interval = crate::format::interval(&self.interval(), &self.unit);
        match self.kind {
            EffectKind::Ratio => crate::text!("ratio {interval}", interval = interval),
            EffectKind::Difference => crate::text!("difference {interval}", interval = interval),
            EffectKind::Proportion => crate::text!("share {interval}", interval = interval),
            EffectKind::Slope => crate::text!("slope {interval}", interval = interval),
        }
    }

    /// The interval alone.
    #[must_use]
    pub fn interval(&self) -> Interval {
        Interval {
            estimate: self.estimate,
            low: self.low,
            high: self.high,
        }
    }
}

/// What an [`Effect`]'s numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum EffectKind {
    /// Second condition over first.
    Ratio,
    /// Second condition minus first.
    Difference,
    /// The share of trials in which the claim held.
    Proportion,
    /// The change of one quantity with another.
    Slope,
}

/// Something else a record shows about a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// A name for it, such as `pipe-reversal`.
    pub id: String,
    /// The sentence.
    pub text: Text,
    /// Its size, where it has one.
    pub effect: Option<Effect>,
}

/// A reason not to trust a verdict, with its remedy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Doubt {
    /// A name for it, such as `steal` or `missing-sched-fifo`.
    pub kind: String,
    /// What is doubtful, with the number.
    pub message: Text,
    /// What the reader can do.
    pub remedy: Text,
}

impl Doubt {
    /// A doubt of this kind.
    #[must_use]
    pub fn new(kind: &str, message: Text, remedy: Text) -> Self {
        Doubt {
            kind: kind.to_owned(),
            message,
            remedy,
        }
    }
}
