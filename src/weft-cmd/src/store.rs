//! The folder of records: `$XDG_DATA_HOME/weft/records`, or `~/.local/share/weft/records`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use weft_lab::experiments::EXPERIMENTS;
use weft_lab::machine::{Machine, Probe};
use weft_lab::{Record, board, sys};

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

/// Of each experiment the newest stored record that the verdict board takes, oldest first. What can't be read, or comes from
/// another machine, is passed over: the board is then filled by new runs.
pub(crate) fn newest() -> Vec<Record> {
    folder().map(|folder| newest_in(&folder)).unwrap_or_default()
}

/// So many records of an experiment are looked at before it is left to a new run.
const LOOKED_AT: usize = 4;

fn newest_in(folder: &Path) -> Vec<Record> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    let is_of_here = |record: &Record, machine: &Machine| {
        record.machine.cpu == machine.cpu
            && record.machine.logical_cpus == machine.logical_cpus
            && record.machine.memory_bytes == machine.memory_bytes
    };
    let machine = Probe::default().machine(sys::allowed_cpus());
    let newest_of = |experiment: &str| {
        let own = names.iter().rev().filter(|name| is_of_experiment(name, experiment));
        own.take(LOOKED_AT).find_map(|name| {
            let json = fs::read_to_string(folder.join(name)).ok()?;
            let record = Record::from_json(&json).ok()?;
            (record.experiment == experiment && board::takes(&record) && is_of_here(&record, &machine))
                .then_some(record)
        })
    };
    let mut records: Vec<Record> = EXPERIMENTS
        .iter()
        .filter_map(|known| newest_of(known.about().id))
        .collect();
    records.sort_by(|one, next| one.started.cmp(&next.started));
    records
}

/// Is this the name that [`file_name`] gives to a record of the experiment?
fn is_of_experiment(name: &str, experiment: &str) -> bool {
    let rest = name.strip_suffix(".json").and_then(|stem| stem.rsplit_once('-'));
    rest.is_some_and(|(before_seed, _)| before_seed.ends_with(&format!("Z-{experiment}")))
}

/// `STARTED-EXPERIMENT-SEED.json`, in the order of time; without colons, which other systems' file names can't have.
fn file_name(record: &Record) -> String {
    let started = record.started.replace(':', "-");
    format!("{started}-{}-{}.json", record.experiment, record.seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_name_tells_its_experiment() {
        let name = "2026-02-08T00-00-00.000Z-switch-cost-17.json";
        assert!(is_of_experiment(name, "switch-cost"));
        assert!(!is_of_experiment(name, "cost"));
        assert!(!is_of_experiment(name, "switch"));
        assert!(!is_of_experiment("notes.txt", "switch-cost"));
    }

    #[test]
    fn the_newest_record_of_this_machine_that_the_board_takes() {
        let folder = tempfile::tempdir().unwrap();
        let example = include_str!("../../weft-book/tests/creation-cost.json");
        let mut record = Record::from_json(example).unwrap();
        let about = weft_lab::experiments::find("creation-cost").unwrap().about();
        let defaults = weft_lab::params::Params::resolve(about.id, about.params, record.mode, &[].into());
        record.params = defaults.unwrap();
        record.machine = Probe::default().machine(vec![0]);
        let store = |started: &str, change: &dyn Fn(&mut Record)| {
            let mut record = record.clone();
            started.clone_into(&mut record.started);
            change(&mut record);
            put_into(folder.path(), &record).unwrap();
        };
        store("2026-02-08T00:00:01.000Z", &|_| {});
        store("2026-02-08T00:00:02.000Z", &|_| {});
        store("2026-02-08T00:00:03.000Z", &|record| {
            "another".clone_into(&mut record.machine.cpu);
        });
        fs::write(folder.path().join("2026-02-08T00-00-04.000Z-creation-cost-1.json"), "{").unwrap();
        let started: Vec<String> = newest_in(folder.path())
            .into_iter()
            .map(|record| record.started)
            .collect();
        assert_eq!(started, ["2026-02-08T00:00:02.000Z"]);
        assert!(newest_in(&folder.path().join("nowhere")).is_empty());
    }
}
