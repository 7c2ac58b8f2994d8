//! The recorded results: a record an experiment and a machine, in the folder of its chapter's lab.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use weft_lab::Record;
use weft_lab::claim::Section;
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::machine::profile::Profile;
use weft_lab::page_lab::{PageLab, PageRecord};
use weft_lab::record::RecordError;

/// Why a recorded result can't be shown.
#[derive(Debug, thiserror::Error)]
pub enum RecordedError {
    /// The file is there and can't be read.
    #[error("cannot read the recorded result {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no record.
    #[error("the recorded result {path} is no record")]
    NoRecord {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: RecordError,
    },
    /// The file holds no result of a lab in the page.
    #[error("the recorded result {path} is no result of a lab in the page")]
    NoResult {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// The file holds another experiment's record.
    #[error("the recorded result {path} is one of {found}")]
    Another {
        /// The file.
        path: PathBuf,
        /// The experiment whose record it is.
        found: String,
    },
}

/// The folder of a chapter's recorded results.
pub(crate) fn folder(root: &Path, section: Section) -> PathBuf {
    root.join("labs").join(section.slug()).join("recorded")
}

/// The text of a file; none where there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<String>, RecordedError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RecordedError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

/// The recorded result of a lab in the page, as a browser kept it; none where nothing has been recorded yet.
pub(crate) fn page_record(root: &Path, lab: &PageLab) -> Result<Option<PageRecord>, RecordedError> {
    let path = folder(root, lab.section).join(format!("{}.json", lab.id));
    let Some(json) = read(&path)? else {
        return Ok(None);
    };
    match PageRecord::from_json(&json) {
        Ok(result) if result.claim == lab.id => Ok(Some(result)),
        Ok(result) => Err(RecordedError::Another {
            path,
            found: result.claim,
        }),
        Err(source) => Err(RecordedError::NoResult { path, source }),
    }
}

/// All recorded results of a machine, in the order of the registry.
pub(crate) fn all(root: &Path, profile: Profile) -> Result<Vec<Record>, RecordedError> {
    let mut records = Vec::new();
    for about in EXPERIMENTS.iter().map(|experiment| experiment.about()) {
        records.extend(record(root, about.section, about.id, profile)?);
    }
    Ok(records)
}

/// The recorded result of an experiment; none where nothing has been recorded yet.
pub(crate) fn record(
    root: &Path,
    section: Section,
    experiment: &str,
    profile: Profile,
) -> Result<Option<Record>, RecordedError> {
    let folder = folder(root, section).join(profile.folder().unwrap_or_default());
    let path = folder.join(format!("{experiment}.json"));
    let Some(json) = read(&path)? else {
        return Ok(None);
    };
    match Record::from_json(&json) {
        Ok(record) if record.experiment == experiment => Ok(Some(record)),
        Ok(record) => Err(RecordedError::Another {
            path,
            found: record.experiment,
        }),
        Err(source) => Err(RecordedError::NoRecord { path, source }),
    }
}
