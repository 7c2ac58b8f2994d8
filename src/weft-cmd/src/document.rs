//! The documents that `--json` writes.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Serialize;
use weft_lab::board::Column;
use weft_lab::{Record, Verdict};

use crate::failure::Failure;
use crate::file::{folder_of, write_whole};
use crate::output::print;

/// Where a document goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// To standard output, alone.
    Standard,
    /// Into a file, whole or not at all.
    File(PathBuf),
}

impl FromStr for Target {
    type Err = std::convert::Infallible;
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Ok(match word {
            "-" => Target::Standard,
            path => Target::File(path.into()),
        })
    }
}

impl Target {
    /// Is standard output for the document alone?
    pub(crate) fn is_standard(target: Option<&Target>) -> bool {
        target == Some(&Target::Standard)
    }

    /// Refuses a file in a folder that is not there, before anything is measured for it.
    pub(crate) fn check(target: Option<&Target>) -> Result<(), Failure> {
        match target {
            Some(Target::File(path)) => check_file(path),
            _ => Ok(()),
        }
    }

    /// Writes a document there.
    pub(crate) fn write(&self, document: &impl Serialize) -> anyhow::Result<()> {
        let mut json = serde_json::to_string(document)?;
        json.push('\n');
        match self {
            Target::Standard => print(&json),
            Target::File(path) => Ok(write_file(path, json.as_bytes())?),
        }
    }
}

/// Refuses a file in a folder that is not there.
pub(crate) fn check_file(path: &Path) -> Result<(), Failure> {
    let folder = folder_of(path);
    if folder.is_dir() {
        Ok(())
    } else {
        Err(Failure::wrong_use(
            format!(
                "cannot write {}: there is no folder {}",
                path.display(),
                folder.display()
            ),
            "Make the folder first, or name another file.",
        ))
    }
}

/// Writes a file that the reader named, whole or not at all.
pub(crate) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    write_whole(path, bytes).map_err(|error| {
        Failure::outside(
            format!("cannot write {}: {error}", path.display()),
            "Nothing of it was written; name a file where there is room and you may write.",
        )
    })
}

/// One record and what it says: the document of `weft run` with one experiment.
#[derive(Debug, Serialize)]
pub(crate) struct One<'a> {
    record: &'a Record,
    verdicts: &'a [Verdict],
}

/// Records and what they say: the document of `weft verdicts`, and of `weft run` with several experiments.
#[derive(Debug, Serialize)]
pub(crate) struct Several<'a> {
    records: Vec<&'a Record>,
    verdicts: Vec<&'a Verdict>,
}

impl<'a> Several<'a> {
    /// The document of a column of the verdict board: what was drawn from the verdicts stands among them.
    pub(crate) fn of_column(records: &[&'a Record], column: &'a Column) -> Self {
        Several {
            records: records.to_vec(),
            verdicts: column.found.iter().map(|found| &found.verdict).collect(),
        }
    }
}

/// A record with its verdicts.
#[derive(Debug)]
pub(crate) struct Judged {
    /// The record.
    pub(crate) record: Record,
    /// What it says of each claim.
    pub(crate) verdicts: Vec<Verdict>,
}

impl Judged {
    /// Judges a record.
    pub(crate) fn new(record: Record) -> Self {
        let verdicts = record.verdicts();
        Judged { record, verdicts }
    }

    /// The document of this record alone.
    pub(crate) fn one(&self) -> One<'_> {
        One {
            record: &self.record,
            verdicts: &self.verdicts,
        }
    }

    /// The document of several records.
    pub(crate) fn several(all: &[Judged]) -> Several<'_> {
        Several {
            records: all.iter().map(|judged| &judged.record).collect(),
            verdicts: all.iter().flat_map(|judged| &judged.verdicts).collect(),
        }
    }
}
