//! A verdict on a claim that sums others up, drawn from the verdicts on them.
//!
//! It is never stronger than its parts: one that is refuted refutes the sum, one that is anything else than supported
//! keeps it from being supported, and what is doubtful there is doubtful here.

use crate::claim::Basis;
use crate::text::Text;
use crate::verdict::{Doubt, Finding, Outcome, Verdict};

/// What the parts say together: supported when all are supported, refuted if one is refuted, inconclusive otherwise.
#[must_use]
pub fn outcome(parts: &[Option<Outcome>]) -> Outcome {
    if parts.contains(&Some(Outcome::Refuted)) {
        Outcome::Refuted
    } else if !parts.is_empty() && parts.iter().all(|part| *part == Some(Outcome::Supported)) {
        Outcome::Supported
    } else {
        Outcome::Inconclusive
    }
}

/// The verdict on the claim of `basis`. `parts` are the verdicts on what it rests on, in the same order; `None` where
/// there is none.
#[must_use]
pub fn verdict(basis: &Basis, parts: &[Option<&Verdict>]) -> Verdict {
    let outcomes: Vec<Option<Outcome>> = parts.iter().map(|part| part.map(|verdict| verdict.outcome)).collect();
    let together = outcome(&outcomes);
    let named = |which: &dyn Fn(Option<Outcome>) -> bool| -> Vec<&str> {
        let chosen = basis
            .parts
            .iter()
            .zip(&outcomes)
            .filter(|(_, outcome)| which(**outcome));
        chosen.map(|(part, _)| *part).collect()
    };
    let of = basis.parts.len();
    let summary = match together {
        Outcome::Supported => text!("All {of} claims that it rests on are supported.", of = of),
        Outcome::Refuted => {
            let refuted = named(&|outcome| outcome == Some(Outcome::Refuted));
            text!(
                "Refuted, of the {of} claims that it rests on: {claims}.",
                of = of,
                claims = refuted.join(", ")
            )
        }
        Outcome::NoDifference | Outcome::Inconclusive => {
            let other = named(&|outcome| outcome != Some(Outcome::Supported));
            text!(
                "Neither supported nor refuted, of the {of} claims that it rests on: {claims}.",
                of = of,
                claims = other.join(", ")
            )
        }
    };
    let finding = |(part, verdict): (&&str, Option<&Verdict>)| Finding {
        id: (*part).to_owned(),
        text: part_text(part, verdict),
        effect: verdict.and_then(|verdict| verdict.effect.clone()),
    };
    let doubts = basis
        .parts
        .iter()
        .zip(parts)
        .filter_map(|(part, verdict)| doubt(part, *verdict));
    Verdict {
        claim: basis.claim.to_owned(),
        outcome: together,
        effect: None,
        equivalence: None,
        summary,
        findings: basis.parts.iter().zip(parts.iter().copied()).map(finding).collect(),
        doubts: doubts.collect(),
    }
}

fn part_text(part: &str, verdict: Option<&Verdict>) -> Text {
    let outcome = verdict.map_or_else(|| text!("No verdict yet"), |verdict| verdict.outcome.label());
    text!("{claim}: {outcome}", claim = part, outcome: outcome)
}

/// One doubt for each part that has some, or no verdict.
fn doubt(part: &str, verdict: Option<&Verdict>) -> Option<Doubt> {
    match verdict {
        None => Some(Doubt::new(
            "part-missing",
            text!("There is no verdict on {claim}.", claim = part),
            text!("Run its experiment, or all of them."),
        )),
        Some(verdict) if !verdict.doubts.is_empty() => Some(Doubt::new(
            "part-doubtful",
            text!(
                "The verdict on {claim} has doubts: {count}.",
                claim = part,
                count = verdict.doubts.len()
            ),
            text!("They stand there, each with its remedy."),
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASIS: Basis = Basis {
        claim: "sum",
        parts: &["one", "two", "three"],
    };

    fn part(claim: &str, outcome: Outcome) -> Verdict {
        Verdict {
            claim: claim.to_owned(),
            outcome,
            effect: None,
            equivalence: None,
            summary: Text::default(),
            findings: Vec::new(),
            doubts: Vec::new(),
        }
    }

    /// The parts by letter: supported, refuted, equal, inconclusive, missing.
    #[track_caller]
    fn check(parts: &str, expect: Outcome, summary: &str) -> Verdict {
        let verdicts: Vec<Option<Verdict>> = BASIS
            .parts
            .iter()
            .zip(parts.chars())
            .map(|(claim, letter)| match letter {
                's' => Some(part(claim, Outcome::Supported)),
                'r' => Some(part(claim, Outcome::Refuted)),
                '=' => Some(part(claim, Outcome::NoDifference)),
                '?' => Some(part(claim, Outcome::Inconclusive)),
                _ => None,
            })
            .collect();
        let parts: Vec<Option<&Verdict>> = verdicts.iter().map(Option::as_ref).collect();
        let verdict = verdict(&BASIS, &parts);
        assert_eq!((verdict.outcome, verdict.summary.english().as_str()), (expect, summary));
        assert_eq!(verdict.findings.len(), 3, "it names each part");
        verdict
    }

    #[test]
    fn each_outcome_from_its_parts() {
        check(
            "sss",
            Outcome::Supported,
            "All 3 claims that it rests on are supported.",
        );
        check(
            "srs",
            Outcome::Refuted,
            "Refuted, of the 3 claims that it rests on: two.",
        );
        check(
            "r=r",
            Outcome::Refuted,
            "Refuted, of the 3 claims that it rests on: one, three.",
        );
        let neither = "Neither supported nor refuted, of the 3 claims that it rests on: two.";
        check("s=s", Outcome::Inconclusive, neither);
        check("s?s", Outcome::Inconclusive, neither);
        check("s-s", Outcome::Inconclusive, neither);
        // One refuted part decides, whatever is not known of the others.
        check(
            "-r-",
            Outcome::Refuted,
            "Refuted, of the 3 claims that it rests on: two.",
        );
    }

    #[test]
    fn it_is_never_stronger_than_a_part() {
        let all = [
            Outcome::Supported,
            Outcome::Refuted,
            Outcome::NoDifference,
            Outcome::Inconclusive,
        ];
        let choices: Vec<Option<Outcome>> = all.into_iter().map(Some).chain([None]).collect();
        for one in &choices {
            for two in &choices {
                let together = outcome(&[*one, *two]);
                let both_support = [one, two].iter().all(|part| **part == Some(Outcome::Supported));
                let some_refutes = [one, two].iter().any(|part| **part == Some(Outcome::Refuted));
                assert_eq!(together == Outcome::Supported, both_support, "{one:?} {two:?}");
                assert_eq!(together == Outcome::Refuted, some_refutes, "{one:?} {two:?}");
            }
        }
        assert_eq!(outcome(&[]), Outcome::Inconclusive, "nothing supports nothing");
    }

    #[test]
    fn what_is_doubtful_or_missing_there_is_doubtful_here() {
        let mut busy = part("one", Outcome::Supported);
        busy.doubts.push(Doubt::new("busy", Text::default(), Text::default()));
        let calm = part("two", Outcome::Supported);
        let verdict = verdict(&BASIS, &[Some(&busy), Some(&calm), None]);
        let said: Vec<String> = verdict.doubts.iter().map(|doubt| doubt.message.english()).collect();
        assert_eq!(
            said,
            ["The verdict on one has doubts: 1.", "There is no verdict on three."]
        );
        assert_eq!(verdict.findings[2].text.english(), "three: No verdict yet");
    }
}
