//! The command line, as its user meets it: the real program, its words, its documents, its exit status.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod book;
mod class;
mod doctor;
mod list;
mod outside;
mod run;
mod schema;
mod serve;
mod show;
mod signals;
mod terminal;
mod wrong_use;

use std::path::Path;
use std::sync::OnceLock;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use serde_json::Value;

/// The program.
const WEFT: &str = env!("CARGO_BIN_EXE_weft");

/// A run as short as it can be.
const SHORT: [&str; 4] = ["run", "creation-cost", "--set", "sweep_mb=16"];

/// The program with a folder of its own for records.
fn weft(data: &Path) -> Command {
    let mut weft = Command::new(WEFT);
    weft.env("XDG_DATA_HOME", data).env("NO_COLOR", "1");
    weft
}

/// The program, for what stores nothing.
fn weft_without_records(arguments: &[&str]) -> Assert {
    let data = tempfile::tempdir().unwrap();
    weft(data.path()).args(arguments).assert()
}

fn stdout(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).unwrap()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn json(assert: &Assert) -> Value {
    serde_json::from_slice(&assert.get_output().stdout).unwrap()
}

/// One run's document, measured once for all tests that only read it.
fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let data = tempfile::tempdir().unwrap();
        let run = weft(data.path())
            .args(SHORT)
            .args(["--json", "-", "--seed", "7"])
            .assert();
        json(&run.success())
    })
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
