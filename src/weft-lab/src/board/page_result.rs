//! What a lab that runs in the page has found: the browser keeps it and hands it over, so it is checked here.

use serde::{Deserialize, Serialize};

use super::Source;
use crate::claim::{self, Claim};
use crate::format;
use crate::page_lab;
use crate::stats::Interval;
use crate::verdict::{Effect, EffectKind, Outcome, Verdict};

/// A word from the browser has at most so many bytes.
const LONGEST: usize = 400;

/// The result of a lab in the page, in the form in which the browser stores it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageResult {
    /// The claim.
    pub claim: String,
    /// What was found.
    pub outcome: Outcome,
    /// The best estimate; absent where nothing could be measured.
    pub effect: Option<f64>,
    /// The lower end of its interval.
    pub low: Option<f64>,
    /// The upper end of its interval.
    pub high: Option<f64>,
    /// Its unit: `1` for a ratio.
    #[serde(default = "one")]
    pub unit: String,
    /// When it ended: RFC 3339.
    pub when: String,
    /// What the browser calls itself.
    pub user_agent: String,
}

impl From<&page_lab::PageRecord> for PageResult {
    /// Without the samples.
    fn from(result: &page_lab::PageRecord) -> PageResult {
        PageResult {
            claim: result.claim.clone(),
            outcome: result.outcome,
            effect: result.effect,
            low: result.low,
            high: result.high,
            unit: one(),
            when: result.when.clone(),
            user_agent: result.user_agent.clone(),
        }
    }
}

fn one() -> String {
    "1".to_owned()
}

/// Why what a browser hands over is no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageResultError {
    /// The claim is none, or one that an experiment decides.
    #[error("no lab in the page is about the claim {claim:?}")]
    Claim {
        /// What stands there.
        claim: String,
    },
    /// Its numbers are no interval.
    #[error("the numbers of {claim} are no interval: low, effect and high must be finite and in this order")]
    Numbers {
        /// The claim.
        claim: &'static str,
    },
    /// A word is longer than any browser's.
    #[error("a word of {claim} is longer than {LONGEST} bytes")]
    Long {
        /// The claim.
        claim: &'static str,
    },
}

/// Is this a claim that a lab in the page decides, and no experiment?
#[must_use]
pub fn runs_in_the_page(claim: &Claim) -> bool {
    claim.page_lab().is_some()
}

impl PageResult {
    /// Is this what a lab in the page could have found?
    ///
    /// # Errors
    ///
    /// See [`PageResultError`].
    pub fn check(&self) -> Result<(), PageResultError> {
        let known = claim::find(&self.claim).filter(|claim| runs_in_the_page(claim));
        let claim = known.map(|claim| claim.id).ok_or_else(|| PageResultError::Claim {
            claim: self.claim.chars().take(LONGEST).collect(),
        })?;
        let is_interval = match (self.low, self.effect, self.high) {
            (None, None, None) => true,
            (Some(low), Some(effect), Some(high)) => {
                [low, effect, high].iter().all(|number| number.is_finite()) && low <= effect && effect <= high
            }
            _ => false,
        };
        if !is_interval {
            return Err(PageResultError::Numbers { claim });
        }
        let words = [&self.unit, &self.when, &self.user_agent];
        if words.iter().any(|word| word.len() > LONGEST) {
            return Err(PageResultError::Long { claim });
        }
        Ok(())
    }

    pub(super) fn source(&self) -> Source {
        Source::Page {
            when: self.when.clone(),
            user_agent: self.user_agent.clone(),
        }
    }

    /// The result in the form of every other.
    pub(super) fn verdict(&self) -> Verdict {
        let interval = match (self.low, self.effect, self.high) {
            (Some(low), Some(estimate), Some(high)) => Some(Interval { estimate, low, high }),
            _ => None,
        };
        let summary = match &interval {
            Some(interval) => text!(
                "Measured in the page: {effect}.",
                effect = format::interval(interval, &self.unit)
            ),
            None => text!("The page could not measure it."),
        };
        Verdict {
            claim: self.claim.clone(),
            outcome: self.outcome,
            effect: interval.map(|interval| Effect::new(EffectKind::Ratio, interval, &self.unit)),
            equivalence: claim::find(&self.claim).and_then(Claim::region),
            summary,
            findings: Vec::new(),
            doubts: Vec::new(),
        }
    }
}

#[cfg(test)]
impl PageResult {
    /// A result of this size.
    pub(super) fn example(claim: &str, times: f64) -> PageResult {
        PageResult {
            claim: claim.to_owned(),
            outcome: Outcome::Supported,
            effect: Some(times),
            low: Some(times - 1.0),
            high: Some(times + 1.0),
            unit: one(),
            when: "2026-02-08T00:00:00.000Z".to_owned(),
            user_agent: "Example/1.0".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_from_the_browser_is_checked() {
        let good = PageResult::example("browser-manages", 8.0);
        assert_eq!(good.check(), Ok(()));
        assert_eq!(
            good.verdict().summary.english(),
            "Measured in the page: 8.00 [7.00, 9.00]."
        );
        let with = |change: &dyn Fn(&mut PageResult)| {
            let mut result = good.clone();
            change(&mut result);
            result.check().map_err(|error| error.to_string())
        };
        for claim in ["creation-cost", "summary-thread", "nothing"] {
            let said = with(&|result| claim.clone_into(&mut result.claim)).unwrap_err();
            assert_eq!(said, format!("no lab in the page is about the claim {claim:?}"));
        }
        assert!(with(&|result| result.low = None).is_err());
        assert!(with(&|result| result.low = Some(9.5)).is_err());
        assert!(with(&|result| result.high = Some(f64::INFINITY)).is_err());
        assert!(with(&|result| result.user_agent = "x".repeat(401)).is_err());
        let nothing = |result: &mut PageResult| (result.low, result.effect, result.high) = (None, None, None);
        assert_eq!(with(&nothing), Ok(()));
    }
}
