//! What an instructor should look at in the records that students handed in. No points go by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;
use weft_lab::notebook::Show;
use weft_lab::verdict::Effect;
use weft_lab::{Record, Verdict, experiments, html};

use crate::show::records_in;

/// Larger files are no records of ours.
const LARGEST: u64 = 64 << 20;

/// Something about a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Flag {
    pub(super) lab: String,
    pub(super) student: String,
    /// The file, below the submission.
    pub(super) file: String,
    /// A word: `invalid`, `edited`, `elsewhere`, `identical`.
    pub(super) kind: &'static str,
    pub(super) detail: String,
}

/// A file among the records of a submission.
struct Found {
    lab: String,
    student: String,
    file: String,
    path: PathBuf,
}

impl Found {
    fn flag(&self, kind: &'static str, detail: impl Into<String>) -> Flag {
        Flag {
            lab: self.lab.clone(),
            student: self.student.clone(),
            file: self.file.clone(),
            kind,
            detail: detail.into(),
        }
    }
}

/// All flags of the submissions in nbgrader's folder: STUDENT/LAB/records/*.json.
pub(super) fn of(submitted: &Path) -> Vec<Flag> {
    let mut flags = Vec::new();
    let mut same: BTreeMap<[u8; 32], Vec<Found>> = BTreeMap::new();
    for found in find(submitted) {
        let Ok(bytes) = fs::read(&found.path) else {
            flags.push(found.flag("invalid", "the file cannot be read"));
            continue;
        };
        let shown = Shown::in_notebook(&submitted.join(&found.student).join(&found.lab), &found.lab);
        flags.extend(
            check(&String::from_utf8_lossy(&bytes), &shown)
                .into_iter()
                .map(|(kind, detail)| found.flag(kind, detail)),
        );
        same.entry(Sha256::digest(&bytes).into()).or_default().push(found);
    }
    for found in same.into_values() {
        let students: BTreeSet<&str> = found.iter().map(|one| one.student.as_str()).collect();
        if students.len() > 1 {
            for one in &found {
                let others: Vec<&str> = students.iter().copied().filter(|&name| name != one.student).collect();
                flags.push(one.flag(
                    "identical",
                    format!("the same to the byte as that of {}", others.join(", ")),
                ));
            }
        }
    }
    flags.sort();
    flags
}

fn find(submitted: &Path) -> Vec<Found> {
    let mut all = Vec::new();
    // A link may lead out of the submission.
    for entry in WalkDir::new(submitted)
        .follow_links(false)
        .sort_by_file_name()
        .into_iter()
        .flatten()
    {
        let below = entry.path().strip_prefix(submitted).unwrap_or(entry.path());
        let parts: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        let [student, lab, folder, rest @ ..] = parts.as_slice() else {
            continue;
        };
        let is_json = entry.path().extension().is_some_and(|extension| extension == "json");
        let is_small = entry
            .metadata()
            .is_ok_and(|about| about.is_file() && about.len() <= LARGEST);
        if folder == "records" && !rest.is_empty() && is_json && is_small {
            all.push(Found {
                lab: lab.clone(),
                student: student.clone(),
                file: format!("records/{}", rest.join("/")),
                path: entry.into_path(),
            });
        }
    }
    all
}

/// What a notebook's outputs say of its runs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Shown {
    /// The machines below its figures, as HTML.
    machines: BTreeSet<String>,
    /// All plain text.
    plain: String,
}

impl Shown {
    fn in_notebook(folder: &Path, lab: &str) -> Shown {
        let text = fs::read_to_string(folder.join(format!("{lab}.ipynb"))).unwrap_or_default();
        Shown::read(&serde_json::from_str(&text).unwrap_or_default())
    }

    fn read(notebook: &Value) -> Shown {
        const BEGIN: &str = "<p class=\"weft-machine\">";
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let mut shown = Shown::default();
        for output in list(&notebook["cells"]).iter().flat_map(|cell| list(&cell["outputs"])) {
            let html = joined(&output["data"]["text/html"]);
            let machines = html.split(BEGIN).skip(1).filter_map(|rest| rest.split("</p>").next());
            shown.machines.extend(machines.map(str::to_owned));
            shown.plain += &joined(&output["data"]["text/plain"]);
            shown.plain.push('\n');
        }
        shown
    }
}

/// A notebook has text whole or in lines.
fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// What is to be said of one file.
fn check(text: &str, shown: &Shown) -> Vec<(&'static str, String)> {
    let records = match records_in(text) {
        Ok(records) => records,
        Err(error) => return vec![("invalid", error.to_string())],
    };
    let mut flags = Vec::new();
    for record in &records {
        if experiments::find(&record.experiment).is_none() {
            flags.push(("invalid", format!("there is no experiment {:?}", record.experiment)));
            continue;
        }
        flags.extend(edited(text, record, shown));
        flags.extend(elsewhere(record, shown));
    }
    flags
}

/// The verdicts, computed again from the samples, beside what the file and the notebook say.
fn edited(text: &str, record: &Record, shown: &Shown) -> Option<(&'static str, String)> {
    let document: Value = serde_json::from_str(text).unwrap_or_default();
    let alone = document.get("record").is_none() && document.get("records").is_none();
    if alone && text.trim_end() != record.to_json().trim_end() {
        return Some((
            "edited",
            "its text is not what weft writes for these samples".to_owned(),
        ));
    }
    let verdicts = record.judge();
    let told = document["verdicts"].as_array().cloned().unwrap_or_default();
    for verdict in &verdicts {
        let told = told.iter().find(|one| one["claim"] == verdict.claim.as_str());
        if told.is_some_and(|told| !is_the_same(told, verdict)) {
            return Some((
                "edited",
                format!("its verdict on {} is not that of its samples", verdict.claim),
            ));
        }
        let lines = std::slice::from_ref(verdict).representations();
        let line = joined(&lines["text/plain"])
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned();
        let begin = format!("{}: ", verdict.claim);
        let mut said = shown
            .plain
            .lines()
            .filter(|line| line.starts_with(&begin) && !line.contains('%'))
            .peekable();
        if said.peek().is_some() && said.all(|said| said != line) {
            let detail = format!(
                "the notebook shows another verdict on {} than its samples give",
                verdict.claim
            );
            return Some(("edited", detail));
        }
    }
    None
}

/// Another library of mathematics gives other last digits, so effects may differ by less than anybody reads.
fn is_the_same(told: &Value, verdict: &Verdict) -> bool {
    let effect = |told: &Value| serde_json::from_value::<Option<Effect>>(told.clone()).ok();
    let numbers = |effect: &Effect| [effect.estimate, effect.low, effect.high];
    let is_near = |(one, other): (f64, f64)| (one - other).abs() <= 1e-4 * other.abs();
    let is_as_large = match (effect(&told["effect"]), &verdict.effect) {
        (Some(Some(told)), Some(again)) => {
            let is_of_one_kind = (told.kind, &told.unit) == (again.kind, &again.unit);
            is_of_one_kind && numbers(&told).into_iter().zip(numbers(again)).all(is_near)
        }
        (Some(None), None) => true,
        _ => false,
    };
    is_as_large && told["outcome"] == verdict.outcome.id()
}

/// The machine in the record beside those below the notebook's figures.
fn elsewhere(record: &Record, shown: &Shown) -> Option<(&'static str, String)> {
    let own = record
        .figures()
        .into_iter()
        .find(|figure| !figure.is_empty())?
        .machine
        .english();
    if shown.machines.is_empty() || shown.machines.contains(&html::escape(&own)) {
        return None;
    }
    Some((
        "elsewhere",
        format!("the record is of another machine than the notebook's figures: {own}"),
    ))
}

/// A row a flag.
pub(super) fn csv(flags: &[Flag]) -> anyhow::Result<Vec<u8>> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(["lab", "student", "file", "flag", "detail"])?;
    for flag in flags {
        rows.write_record([&flag.lab, &flag.student, &flag.file, flag.kind, &flag.detail])?;
    }
    Ok(rows.into_inner()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weft_lab::Outcome;

    fn recorded() -> String {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../labs/03-process-vs-thread/recorded/creation-cost.json"
        );
        records_in(&fs::read_to_string(file).unwrap()).unwrap()[0].to_json()
    }

    fn kinds(text: &str, shown: &Shown) -> Vec<&'static str> {
        check(text, shown).into_iter().map(|(kind, _)| kind).collect()
    }

    /// A notebook that shows a record.
    fn notebook(record: &Record) -> Value {
        let data: Value = record.representations().into();
        json!({"cells": [{"outputs": [{"output_type": "execute_result", "data": data}]}]})
    }

    #[test]
    fn what_weft_wrote_and_the_notebook_shows_has_no_flag() {
        let text = recorded();
        let record = Record::from_json(&text).unwrap();
        let shown = Shown::read(&notebook(&record));
        assert!(!shown.machines.is_empty() && shown.plain.contains("creation-cost: "));
        assert_eq!(check(&text, &shown), []);
        assert_eq!(check(&text, &Shown::default()), []);
    }

    #[test]
    fn text_that_is_no_record_is_invalid() {
        assert_eq!(kinds("{\"schema\": 1,", &Shown::default()), ["invalid"]);
        assert_eq!(kinds("{}", &Shown::default()), ["invalid"]);
        assert_eq!(
            kinds(&recorded().replace("creation-cost", "no-such"), &Shown::default()),
            ["invalid"]
        );
    }

    #[test]
    fn samples_that_were_changed_by_hand_are_seen() {
        let record = Record::from_json(&recorded()).unwrap();
        let shown = Shown::read(&notebook(&record));
        let mut slower = record.clone();
        for series in &mut slower.series {
            if series.condition.0.values().any(|value| value == "thread") {
                series.blocks.iter_mut().for_each(|block| *block *= 1_000.0);
            }
        }
        assert_eq!(
            kinds(&slower.to_json(), &shown),
            ["edited"],
            "the notebook shows what was measured"
        );
        let spaced = recorded().replacen(':', ": ", 1);
        assert_eq!(kinds(&spaced, &Shown::default()), ["edited"]);
        let document = json!({"record": slower, "verdicts": record.verdicts()});
        assert_eq!(kinds(&document.to_string(), &Shown::default()), ["edited"]);
    }

    #[test]
    fn a_verdict_of_another_machine_s_mathematics_is_the_same() {
        let record = Record::from_json(&recorded()).unwrap();
        let told = |change: &dyn Fn(&mut Verdict)| {
            let mut verdicts = record.judge();
            change(&mut verdicts[0]);
            kinds(
                &json!({"record": record, "verdicts": verdicts}).to_string(),
                &Shown::default(),
            )
        };
        let larger = |factor: f64| move |verdict: &mut Verdict| verdict.effect.as_mut().unwrap().low *= factor;
        assert_eq!(told(&larger(1.0 + 1e-6)), [""; 0]);
        assert_eq!(told(&larger(1.001)), ["edited"]);
        assert_eq!(told(&|verdict| verdict.effect = None), ["edited"]);
        assert_eq!(told(&|verdict| verdict.outcome = Outcome::Refuted), ["edited"]);
    }

    #[test]
    fn another_machine_than_the_notebook_s_is_seen() {
        let record = Record::from_json(&recorded()).unwrap();
        let shown = Shown::read(&notebook(&record));
        let mut other = record.clone();
        "Some other CPU".clone_into(&mut other.machine.cpu);
        assert_eq!(kinds(&other.to_json(), &shown), ["elsewhere"]);
    }

    #[test]
    fn the_same_file_of_two_students_is_flagged_for_both() {
        let place = tempfile::tempdir().unwrap();
        for student in ["kim", "lee"] {
            let folder = place.path().join(student).join("03-process-vs-thread/records");
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("creation-cost.json"), recorded()).unwrap();
        }
        let flags = of(place.path());
        let told: Vec<_> = flags.iter().map(|flag| (flag.student.as_str(), flag.kind)).collect();
        assert_eq!(told, [("kim", "identical"), ("lee", "identical")]);
        let csv = String::from_utf8(csv(&flags).unwrap()).unwrap();
        assert!(
            csv.starts_with("lab,student,file,flag,detail\n03-process-vs-thread,kim,records/creation-cost.json,"),
            "{csv}"
        );
    }
}
