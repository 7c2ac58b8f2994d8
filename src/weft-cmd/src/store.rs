//! The folder of records: `$XDG_DATA_HOME/weft/records`, or `~/.local/share/weft/records`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use weft_lab::Record;

use crate::failure::Failure;
use crate::file::write_whole;

const HINT: &str =
    "The result above is whole; to keep records, name a folder with room that you may write to: XDG_DATA_HOME=FOLDER.";

/// The folder that the environment names.
pub(crate) fn folder() -> Result<PathBuf, Failure> {
    let named = |variable: &str| {
        env::var_os(variable)
            .map(PathBuf::from)
            // The XDG specification says to ignore a relative path.
            .filter(|path| path.is_absolute())
    };
    let data = named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("weft/records")).ok_or_else(|| {
        Failure::outside(
            "there is no folder for records: neither XDG_DATA_HOME nor HOME is set to a whole path",
            "Set XDG_DATA_HOME to a folder that you may write to.",
        )
    })
}

/// Stores a record, whole or not at all, and says where.
pub(crate) fn put(record: &Record) -> Result<PathBuf, Failure> {
    put_into(&folder()?, record)
}

fn put_into(folder: &Path, record: &Record) -> Result<PathBuf, Failure> {
    let path = folder.join(file_name(record));
    fs::create_dir_all(folder)
        .and_then(|()| write_whole(&path, record.to_json().as_bytes()))
        .map_err(|error| {
            Failure::outside(
                format!("cannot store the record in {}: {error}", folder.display()),
                HINT,
            )
        })?;
    Ok(path)
}

/// `STARTED-EXPERIMENT-SEED.json`, in the order of time; without colons, which other systems' file names can't have.
fn file_name(record: &Record) -> String {
    let started = record.started.replace(':', "-");
    format!("{started}-{}-{}.json", record.experiment, record.seed)
}
