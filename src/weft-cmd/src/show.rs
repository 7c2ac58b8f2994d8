//! `weft show`: stored records, judged and drawn again.

use std::io::Read;
use std::path::Path;

use serde_json::Value;
use weft_lab::Record;
use weft_lab::experiments::{self, EXPERIMENTS};
use weft_lab::record::RecordError;

use crate::args::Show;
use crate::document::{Judged, Target};
use crate::failure::{Failure, Status};
use crate::output::print;
use crate::run::Drawings;
use crate::terminal::{Look, result};

/// Shows each of them; a file that can't be read stops it before anything is shown.
pub(crate) fn run(args: &Show) -> anyhow::Result<Status> {
    Target::check(args.json.as_ref())?;
    let mut all = Vec::new();
    for file in &args.files {
        all.extend(read(file)?.into_iter().map(Judged::new));
    }
    let look = Look::of_standard_output();
    if !Target::is_standard(args.json.as_ref()) {
        for judged in &all {
            print(&result::whole(judged, look.as_ref()))?;
        }
    }
    if let Some(folder) = &args.svg {
        let mut drawings = Drawings::into_folder(folder)?;
        for judged in &all {
            drawings.draw(judged)?;
        }
    }
    match (&args.json, all.as_slice()) {
        (Some(target), [judged]) => target.write(&judged.one())?,
        (Some(target), all) => target.write(&Judged::several(all))?,
        (None, _) => {}
    }
    Ok(Status::Ran)
}

fn read(file: &Path) -> Result<Vec<Record>, Failure> {
    let cannot_read = |error: std::io::Error| {
        Failure::wrong_use(
            format!("cannot read {}: {error}", file.display()),
            "Stored records are in $XDG_DATA_HOME/weft/records, by default ~/.local/share/weft/records.",
        )
    };
    let mut bytes = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes).map_err(cannot_read)?;
    } else {
        bytes = std::fs::read(file).map_err(cannot_read)?;
    }
    let text = String::from_utf8_lossy(&bytes);
    let records = records_in(&text).map_err(|error| not_a_record(file, &error))?;
    for record in &records {
        if experiments::find(&record.experiment).is_none() {
            let known: Vec<&str> = EXPERIMENTS.iter().map(|one| one.about().id).collect();
            return Err(Failure::wrong_use(
                format!(
                    "{}: a record of the experiment {:?}, which this weft does not know; it knows: {}",
                    file.display(),
                    record.experiment,
                    known.join(", ")
                ),
                "Update weft to judge it.",
            ));
        }
    }
    Ok(records)
}

/// A record alone, `{"record": ...}` or `{"records": [...]}`.
pub(crate) fn records_in(text: &str) -> Result<Vec<Record>, RecordError> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut members)) if members.get("records").is_some_and(Value::is_array) => {
            let Some(Value::Array(records)) = members.remove("records") else {
                return Ok(Vec::new());
            };
            records.into_iter().map(Record::from_value).collect()
        }
        Ok(value) => Record::from_value(value).map(|record| vec![record]),
        // It says where reading failed.
        Err(_) => Record::from_json(text).map(|record| vec![record]),
    }
}

fn not_a_record(file: &Path, error: &RecordError) -> Failure {
    let source = std::error::Error::source(error).map_or_else(String::new, |source| format!(" ({source})"));
    let hint = match error {
        RecordError::Newer { .. } => "A newer weft wrote it.",
        RecordError::NotJson { .. } => "Copy it again from where it was recorded, or run the experiment anew.",
        RecordError::NotRecord { .. } => "Name a file that `weft run` stored, or that `--json` wrote.",
    };
    Failure::wrong_use(format!("{}: {error}{source}", file.display()), hint)
}
