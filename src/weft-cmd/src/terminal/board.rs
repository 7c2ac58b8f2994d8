//! All verdicts side by side.

use std::collections::BTreeMap;

use weft_lab::Verdict;
use weft_lab::format;
use weft_lab::verdict::EffectKind;

use super::{Look, table, wrap};
use crate::document::Judged;

/// The claims that no experiment judges.
#[derive(Debug)]
pub(crate) struct Elsewhere {
    /// A lab in the page judges them.
    pub(crate) in_page: Vec<&'static str>,
    /// Nothing does.
    pub(crate) untested: Vec<&'static str>,
}

/// The verdicts as a table, and the doubts below it, each once. Without a look: a line a verdict, its parts separated by
/// tabs.
pub(crate) fn table(all: &[Judged], elsewhere: &Elsewhere, look: Option<&Look>) -> String {
    let rows = all.iter().flat_map(|judged| {
        let experiment = judged.record.experiment.as_str();
        judged.verdicts.iter().map(move |verdict| row(verdict, experiment))
    });
    let Some(look) = look else {
        return rows.map(|row| row.join("\t") + "\n").collect();
    };
    let mut table = table::new(&["Claim", "Verdict", "Effect [95%]", "Doubts", "Experiment"], look);
    table.add_rows(rows);
    let mut text = format!("{table}\n");
    for (doubt, claims) in doubts(all) {
        text += &wrap(&format!("! {doubt} ({})", claims.join(", ")), 0, 2, look.width);
    }
    let Elsewhere { in_page, untested } = elsewhere;
    for (words, claims) in [
        ("Tested in the page itself, with `weft serve`", in_page),
        ("Without an experiment in this edition", untested),
    ] {
        if !claims.is_empty() {
            text += &wrap(&format!("{words}: {}.", claims.join(", ")), 0, 2, look.width);
        }
    }
    text
}

fn row(verdict: &Verdict, experiment: &str) -> [String; 5] {
    [
        verdict.claim.clone(),
        verdict.outcome.label().english(),
        effect(verdict),
        verdict.doubts.len().to_string(),
        experiment.to_owned(),
    ]
}

/// `ratio 4.91 [4.80, 5.02]`
fn effect(verdict: &Verdict) -> String {
    let Some(effect) = &verdict.effect else {
        return "nothing measured".to_owned();
    };
    let kind = match effect.kind {
        EffectKind::Ratio => "ratio",
        EffectKind::Difference => "difference",
        EffectKind::Proportion => "share",
        EffectKind::Slope => "slope",
    };
    format!("{kind} {}", format::interval(&effect.interval(), &effect.unit))
}

/// Each doubt with its remedy, and the claims that it touches.
fn doubts(all: &[Judged]) -> BTreeMap<String, Vec<&str>> {
    let mut doubts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for verdict in all.iter().flat_map(|judged| &judged.verdicts) {
        for doubt in &verdict.doubts {
            let line = format!("{} {}", doubt.message.english(), doubt.remedy.english());
            doubts.entry(line).or_default().push(&verdict.claim);
        }
    }
    doubts
}
