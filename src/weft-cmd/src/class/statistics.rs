//! What a class's readings of one claim come to together.

use weft_lab::stats::median;
use weft_lab::verdict::{EffectKind, Outcome};

use super::gather::Reading;

/// How often each outcome was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    outcomes: Vec<Outcome>,
    /// How many of the verdicts bear a doubt.
    pub(super) doubtful: usize,
}

impl Tally {
    pub(super) fn of<'a>(readings: impl Iterator<Item = &'a Reading>) -> Tally {
        let mut tally = Tally::default();
        for reading in readings {
            tally.outcomes.push(reading.verdict.outcome);
            tally.doubtful += usize::from(!reading.verdict.doubts.is_empty());
        }
        tally
    }

    pub(super) fn count(&self, outcome: Outcome) -> usize {
        self.outcomes.iter().filter(|&&one| one == outcome).count()
    }

    pub(super) fn total(&self) -> usize {
        self.outcomes.len()
    }
}

/// From here on a class is large enough to say who stands apart.
const ENOUGH: usize = 5;

/// Further away than this, in modified standard deviations, stands an outlier (Iglewicz and Hoaglin 1993).
const FAR: f64 = 3.5;

/// The readings whose estimate stands apart from the class's, by the median and the median absolute deviation. Ratios
/// are compared by their logarithms. None where more than half of the class agree to the last digit.
pub(super) fn outliers<'a>(readings: &[&'a Reading]) -> Vec<&'a Reading> {
    let value = |reading: &Reading| {
        let effect = reading.verdict.effect.as_ref()?;
        let value = match effect.kind {
            EffectKind::Ratio if effect.estimate > 0.0 => effect.estimate.ln(),
            _ => effect.estimate,
        };
        value.is_finite().then_some(value)
    };
    let values: Vec<f64> = readings.iter().filter_map(|reading| value(reading)).collect();
    if values.len() < ENOUGH {
        return Vec::new();
    }
    let middle = median(&values);
    let deviations: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
    let deviation = median(&deviations);
    if deviation <= 0.0 {
        return Vec::new();
    }
    let is_far = |value: f64| 0.6745 * (value - middle).abs() / deviation > FAR;
    readings
        .iter()
        .filter(|reading| value(reading).is_some_and(is_far))
        .copied()
        .collect()
}
