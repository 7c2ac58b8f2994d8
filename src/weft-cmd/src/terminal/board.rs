//! All verdicts side by side.

use std::collections::BTreeMap;

use weft_lab::board::{Column, Found, Source, runs_in_the_page};
use weft_lab::claim::{CLAIMS, Claim};

use super::{Look, table, wrap};

/// The verdicts as a table, and the doubts below it, each once. Without a look: a line a verdict, its parts separated by
/// tabs. Then, in either, which claims have none.
pub(crate) fn table(column: &Column, look: Option<&Look>) -> String {
    let rows = column.found.iter().map(row);
    let Some(look) = look else {
        return rows.map(|row| row.join("\t") + "\n").collect();
    };
    let mut table = table::new(&["Claim", "Verdict", "Effect [95%]", "Doubts", "Comes from"], look);
    table.add_rows(rows);
    let mut text = format!("{table}\n");
    for (doubt, claims) in doubts(column) {
        text += &wrap(&format!("! {doubt} ({})", claims.join(", ")), 0, 2, look.width);
    }
    let without: Vec<&Claim> = CLAIMS.iter().filter(|claim| column.find(claim.id).is_none()).collect();
    let (in_page, other): (Vec<&Claim>, Vec<&Claim>) = without.into_iter().partition(|claim| runs_in_the_page(claim));
    for (claims, why) in [
        (other, "Without a verdict"),
        (in_page, "Tested in the page itself, with `weft serve`"),
    ] {
        if !claims.is_empty() {
            let ids: Vec<&str> = claims.iter().map(|claim| claim.id).collect();
            text += &wrap(&format!("{why}: {}.", ids.join(", ")), 0, 2, look.width);
        }
    }
    text
}

fn row(Found { source, verdict }: &Found) -> [String; 5] {
    let effect = match (&verdict.effect, source) {
        (Some(effect), _) => effect.text().english(),
        (None, Source::Claims(_)) => verdict.summary.english(),
        (None, _) => "nothing measured".to_owned(),
    };
    let source = match source {
        Source::Record { experiment, .. } => experiment.clone(),
        Source::Claims(parts) => parts.join(", "),
        Source::Page { .. } => "the page".to_owned(),
    };
    [
        verdict.claim.clone(),
        verdict.outcome.label().english(),
        effect,
        verdict.doubts.len().to_string(),
        source,
    ]
}

/// Each doubt with its remedy, and the claims that it touches.
fn doubts(column: &Column) -> BTreeMap<String, Vec<&str>> {
    let mut doubts: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for verdict in column.found.iter().map(|found| &found.verdict) {
        for doubt in &verdict.doubts {
            let line = format!("{} {}", doubt.message.english(), doubt.remedy.english());
            doubts.entry(line).or_default().push(&verdict.claim);
        }
    }
    doubts
}
