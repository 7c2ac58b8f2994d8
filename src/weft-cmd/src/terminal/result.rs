//! What one record says: its verdicts, and on a terminal its figures.

use weft_lab::experiments;
use weft_lab::format;
use weft_lab::{Outcome, Verdict};

use super::{Colour, Look, plot, wrap};
use crate::document::Judged;

/// All that a record says. Without a look: plain lines, each of which can be read by itself.
pub(crate) fn whole(judged: &Judged, look: Option<&Look>) -> String {
    match look {
        Some(look) => on_terminal(judged, look),
        None => judged.verdicts.iter().map(as_lines).collect(),
    }
}

fn as_lines(verdict: &Verdict) -> String {
    let claim = &verdict.claim;
    let mut lines = format!(
        "{claim}: {}. {}\n",
        verdict.outcome.label().english(),
        verdict.summary.english()
    );
    for finding in &verdict.findings {
        lines += &format!("{claim}: finding: {}\n", finding.text.english());
    }
    for doubt in &verdict.doubts {
        lines += &format!(
            "{claim}: doubt: {} {}\n",
            doubt.message.english(),
            doubt.remedy.english()
        );
    }
    lines
}

fn on_terminal(judged: &Judged, look: &Look) -> String {
    let record = &judged.record;
    let question = experiments::find(&record.experiment).map_or("", |experiment| experiment.about().question);
    let between = if look.unicode { " · " } else { ", " };
    let facts = [
        record.mode.id().to_owned(),
        format!("seed {}", record.seed),
        format::quantity(record.elapsed_ns as f64, "ns"),
        record.machine.line().english(),
    ];
    let mut text = format!("\n{}\n", look.bold(&format!("{}: {question}", record.experiment)));
    text += &look.paint(&wrap(&facts.join(between), 0, 2, look.width), Colour::Dim);
    // Claims that say the same share their words.
    for alike in judged.verdicts.chunk_by(says_the_same) {
        text.push('\n');
        text += &verdict_on_terminal(alike, look);
    }
    for figure in record.figures() {
        text.push('\n');
        text += &plot::draw(&figure, look);
    }
    text
}

/// The sign before a verdict, so that colour is not needed to tell them apart.
fn sign(outcome: Outcome, look: &Look) -> &'static str {
    match (outcome, look.unicode) {
        (Outcome::Supported, true) => "✔",
        (Outcome::Refuted, true) => "✘",
        (Outcome::NoDifference, true) => "≈",
        (Outcome::Supported, false) => "+",
        (Outcome::Refuted, false) => "x",
        (Outcome::NoDifference, false) => "=",
        (Outcome::Inconclusive, _) => "?",
    }
}

fn says_the_same(one: &Verdict, other: &Verdict) -> bool {
    let words = |verdict: &Verdict| Verdict {
        claim: String::new(),
        ..verdict.clone()
    };
    words(one) == words(other)
}

/// The verdicts on claims that say the same.
fn verdict_on_terminal(alike: &[Verdict], look: &Look) -> String {
    let Some(verdict) = alike.first() else {
        return String::new();
    };
    let claims: Vec<&str> = alike.iter().map(|verdict| verdict.claim.as_str()).collect();
    let colour = match verdict.outcome {
        Outcome::Supported => Colour::Green,
        Outcome::Refuted => Colour::Red,
        Outcome::NoDifference => Colour::Blue,
        Outcome::Inconclusive => Colour::Yellow,
    };
    let label = verdict.outcome.label().english();
    let badge = look.bold(&look.paint(&format!("{} {label}", sign(verdict.outcome, look)), colour));
    let mut text = format!("{badge}  {}\n", look.bold(&claims.join(", ")));
    text += &wrap(&verdict.summary.english(), 2, 2, look.width);
    if let Some([low, high]) = verdict.equivalence {
        let unit = verdict.effect.as_ref().map_or("1", |effect| effect.unit.as_str());
        let region = format!(
            "Equal would be {} to {}.",
            format::quantity(low, unit),
            format::quantity(high, unit)
        );
        text += &look.paint(&wrap(&region, 2, 2, look.width), Colour::Dim);
    }
    let dash = if look.unicode { "–" } else { "-" };
    for finding in &verdict.findings {
        text += &wrap(&format!("{dash} {}", finding.text.english()), 2, 4, look.width);
    }
    for doubt in &verdict.doubts {
        let line = format!("! {} {}", doubt.message.english(), doubt.remedy.english());
        text += &look.paint(&wrap(&line, 2, 4, look.width), Colour::Yellow);
    }
    text
}
