//! The experiments as data: what the page's forms and other programs need to ask for a run.

use serde_json::{Value, json};
use weft_lab::Mode;
use weft_lab::claim::{self, Kind};
use weft_lab::experiment::About;
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::page_lab::{PAGE_LABS, PageLab};
use weft_lab::params::{Param, ParamKind};

/// Every experiment with its claims, its parameters with their bounds, and the seconds that it takes.
#[must_use]
pub fn experiments() -> Value {
    EXPERIMENTS
        .iter()
        .map(|experiment| experiment_data(experiment.about()))
        .collect()
}

/// Every lab that runs in the page.
#[must_use]
pub fn page_labs() -> Value {
    PAGE_LABS.iter().map(page_lab_data).collect()
}

fn page_lab_data(lab: &PageLab) -> Value {
    json!({
        "id": lab.id,
        "question": lab.question,
        "section": {"number": lab.section.number(), "id": lab.section.id(), "heading": lab.section.heading()},
        "claims": [claim_data(lab.id)],
        "seconds": {"quick": lab.seconds.0, "full": lab.seconds.1},
    })
}

fn experiment_data(about: &About) -> Value {
    json!({
        "id": about.id,
        "question": about.question,
        "section": {"number": about.section.number(), "id": about.section.id(), "heading": about.section.heading()},
        "claims": about.claims.iter().map(|id| claim_data(id)).collect::<Value>(),
        "params": about.params.iter().map(param_data).collect::<Value>(),
        "seconds": {"quick": about.seconds.0, "full": about.seconds.1},
        "uses": about.uses,
    })
}

fn claim_data(id: &str) -> Value {
    let Some(claim) = claim::find(id) else {
        return json!({ "id": id });
    };
    let kind = match claim.kind {
        Kind::Effect(_) => "effect",
        Kind::Always => "always",
        Kind::Trend => "trend",
        Kind::Shown => "shown",
        Kind::Drawn => "drawn",
    };
    json!({
        "id": id,
        "statement": claim.statement,
        "notes": claim.notes,
        "kind": kind,
        "equivalence": claim.region(),
    })
}

fn param_data(param: &Param) -> Value {
    let (quick, full) = (param.default(Mode::Quick), param.default(Mode::Full));
    let mut data = json!({"name": param.name, "help": param.help, "quick": quick, "full": full});
    let more = match param.kind {
        ParamKind::Integer { min, max, .. } => json!({"kind": "integer", "min": min, "max": max}),
        ParamKind::Flag => json!({"kind": "flag"}),
        ParamKind::Choice(words) => json!({"kind": "choice", "words": words}),
    };
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_claims_bounds_and_defaults() {
        let listed = experiments();
        let listed = listed.as_array().unwrap();
        assert_eq!(listed.len(), EXPERIMENTS.len());
        let creation = listed
            .iter()
            .find(|experiment| experiment["id"] == "creation-cost")
            .unwrap();
        assert_eq!(creation["section"]["id"], "process-vs-thread");
        assert_eq!(creation["claims"][0]["id"], "creation-cost");
        let params = creation["params"].as_array().unwrap();
        let integer = params.iter().find(|param| param["kind"] == "integer").unwrap();
        assert!(integer["min"].as_i64().unwrap() <= integer["quick"].as_i64().unwrap());
        assert!(integer["full"].as_i64().unwrap() <= integer["max"].as_i64().unwrap());
    }
}
