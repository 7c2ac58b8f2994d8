//! From folders of files to judged readings.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use walkdir::WalkDir;
use weft_lab::machine::Machine;
use weft_lab::record::RecordError;
use weft_lab::text;
use weft_lab::text::Text;
use weft_lab::{Mode, Record, Verdict, experiments};

use crate::args::Class;
use crate::failure::Failure;
use crate::show::records_in;

/// What one record says of one claim.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    /// Who handed it in, as the report calls them.
    pub(super) student: String,
    /// The record's place in [`Gathered::runs`].
    pub(super) run: usize,
    /// The verdict, judged again from the raw samples. Its sentences are left out: a class has thousands.
    pub(super) verdict: Verdict,
}

/// A record without its samples.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) student: String,
    /// Below the folder that was named.
    pub(super) file: String,
    pub(super) experiment: String,
    pub(super) mode: Mode,
    pub(super) seed: u64,
    pub(super) started: String,
    pub(super) machine: Machine,
    /// Both conditions were the same.
    pub(super) aa: bool,
}

/// All that was read.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) runs: Vec<Run>,
    pub(super) readings: Vec<Reading>,
    /// Files that hold no record that can be judged, and why.
    pub(super) unreadable: Vec<(String, Text)>,
    /// Files of several students that are the same to the byte.
    pub(super) identical: Vec<Vec<String>>,
}

impl Gathered {
    /// One reading a student of this claim: a full run before a quick one, then the latest. A/A runs say nothing of it.
    pub(super) fn chosen<'a>(&'a self, claim: &'a str) -> impl Iterator<Item = &'a Reading> {
        let rank = |reading: &Reading| {
            let run = &self.runs[reading.run];
            (run.mode == Mode::Full, run.started.clone(), reading.run)
        };
        let mut best: BTreeMap<&str, &Reading> = BTreeMap::new();
        let of_claim = self.readings.iter().filter(|reading| reading.verdict.claim == claim);
        for reading in of_claim.filter(|reading| !self.runs[reading.run].aa) {
            let standing = best.entry(&reading.student).or_insert(reading);
            if rank(reading) > rank(standing) {
                *standing = reading;
            }
        }
        best.into_values()
    }

    /// The students, each with their latest run.
    pub(super) fn students(&self) -> BTreeMap<&str, &Run> {
        let mut latest: BTreeMap<&str, &Run> = BTreeMap::new();
        for run in &self.runs {
            let standing = latest.entry(&run.student).or_insert(run);
            if run.started > standing.started {
                *standing = run;
            }
        }
        latest
    }

    /// In one line.
    pub(super) fn summary(&self) -> Text {
        text!(
            "{records} records of {students} students; {unreadable} files could not be judged; {identical} sets of files of several students are identical.",
            records = self.runs.len(),
            students = self.students().len(),
            unreadable = self.unreadable.len(),
            identical = self.identical.len()
        )
    }
}

/// What the report calls a student.
#[derive(Debug)]
pub(super) enum Names {
    /// By the name of their folder.
    Plain,
    /// By a hash of it, with something that nobody knows: a list of the class does not undo it.
    Hashed(String),
}

impl Names {
    pub(super) fn of(args: &Class) -> Names {
        if args.names {
            return Names::Plain;
        }
        let drawn = || (0..4).map(|_| format!("{:016x}", fastrand::u64(..))).collect();
        Names::Hashed(args.salt.clone().unwrap_or_else(drawn))
    }

    pub(super) fn call(&self, name: &str) -> String {
        match self {
            Names::Plain => name.to_owned(),
            Names::Hashed(salt) => {
                let digest = Sha256::digest(format!("{salt}\0{name}"));
                digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }
}

/// A file that may hold records.
struct Found {
    path: PathBuf,
    /// The path below the named folder, with the student's name as the report calls them.
    place: String,
    student: String,
}

/// What one file came to.
struct Judged {
    digest: [u8; 32],
    place: String,
    student: String,
    records: Result<Vec<(Run, Vec<Verdict>)>, Text>,
}

/// Reads and judges every `*.json` file below the folders, on all cores.
pub(super) fn below(folders: &[PathBuf], names: &Names) -> Result<Gathered, Failure> {
    let mut files = Vec::new();
    for folder in folders {
        files.extend(find(folder, names)?);
    }
    let progress = ProgressBar::new(files.len() as u64).with_message("judging records");
    let judged: Vec<Judged> = files
        .into_par_iter()
        .map(|found| {
            let judged = judge(found);
            progress.inc(1);
            judged
        })
        .collect();
    progress.finish_and_clear();
    Ok(sum(judged))
}

/// The files, in order of their paths.
fn find(folder: &Path, names: &Names) -> Result<Vec<Found>, Failure> {
    let cannot = |error: walkdir::Error| {
        Failure::wrong_use(
            format!("cannot read the folder {}: {error}", folder.display()),
            "Name a folder of submissions, such as nbgrader's `submitted`.",
        )
    };
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.map_err(cannot)?;
        let is_json = entry.path().extension().is_some_and(|extension| extension == "json");
        if !entry.file_type().is_file() || !is_json {
            continue;
        }
        let below = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let mut parts = below.iter().map(|part| part.to_string_lossy());
        let first = parts.next().unwrap_or_default();
        let rest: Vec<_> = parts.collect();
        // A file that stands in the folder itself is a student's by its name.
        let (name, place) = if rest.is_empty() {
            (first.trim_end_matches(".json").to_owned(), String::new())
        } else {
            (first.into_owned(), format!("/{}", rest.join("/")))
        };
        let student = names.call(&name);
        files.push(Found {
            place: format!("{student}{place}"),
            student,
            path: entry.into_path(),
        });
    }
    Ok(files)
}

fn judge(found: Found) -> Judged {
    let (digest, records) = match fs::read(&found.path) {
        Ok(bytes) => (Sha256::digest(&bytes).into(), records(&bytes)),
        Err(error) => ([0; 32], Err(text!("it cannot be read: {error}", error = error))),
    };
    let judge = |record: Record| {
        let mut verdicts = record.judge();
        for verdict in &mut verdicts {
            verdict.findings.clear();
        }
        let run = Run {
            student: found.student.clone(),
            file: found.place.clone(),
            aa: record.is_aa(),
            experiment: record.experiment,
            mode: record.mode,
            seed: record.seed,
            started: record.started,
            machine: record.machine,
        };
        (run, verdicts)
    };
    Judged {
        digest,
        records: records.map(|records| records.into_iter().map(judge).collect()),
        place: found.place,
        student: found.student,
    }
}

fn records(bytes: &[u8]) -> Result<Vec<Record>, Text> {
    let records = records_in(&String::from_utf8_lossy(bytes)).map_err(|error| match error {
        RecordError::Newer { .. } => text!("a newer weft has written it"),
        RecordError::NotJson { line, column, .. } => text!(
            "it is not whole JSON (line {line}, column {column}); it may have been cut off while it was copied",
            line = line,
            column = column
        ),
        RecordError::NotRecord { .. } => text!("it is not a record of weft"),
    })?;
    match records
        .iter()
        .find(|record| experiments::find(&record.experiment).is_none())
    {
        Some(unknown) => Err(text!(
            "this weft knows no experiment {experiment}",
            experiment = &unknown.experiment
        )),
        None => Ok(records),
    }
}

fn sum(judged: Vec<Judged>) -> Gathered {
    let mut all = Gathered::default();
    let mut by_digest: HashMap<[u8; 32], Vec<(String, String)>> = HashMap::new();
    for file in judged {
        match file.records {
            Err(why) => all.unreadable.push((file.place, why)),
            Ok(records) => {
                by_digest
                    .entry(file.digest)
                    .or_default()
                    .push((file.student, file.place));
                for (run, verdicts) in records {
                    let place = all.runs.len();
                    all.readings.extend(verdicts.into_iter().map(|verdict| Reading {
                        student: run.student.clone(),
                        run: place,
                        verdict,
                    }));
                    all.runs.push(run);
                }
            }
        }
    }
    let of_several = |files: &Vec<(String, String)>| files.iter().any(|file| file.0 != files[0].0);
    all.identical = by_digest
        .into_values()
        .filter(of_several)
        .map(|files| files.into_iter().map(|(_, place)| place).collect())
        .collect();
    all.identical.sort();
    all
}
