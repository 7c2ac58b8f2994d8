//! The labs under the stock `evcxr_jupyter`, and beside it under weft-kernel: that they run whole, and how long they take.

use std::process::ExitCode;

use anyhow::Result;

use super::kernel::{OURS, THEIRS, install_peer};
use crate::workspace::{self, command, run};
use crate::{labs, prerequisites};

/// Runs each notebook with its solutions, one at a time.
pub(super) fn compare(alone: bool) -> Result<ExitCode> {
    let python = prerequisites::python()?;
    let weft = workspace::weft()?;
    let kernel = workspace::kernel()?;
    let scratch = tempfile::tempdir()?;
    let solved = scratch.path().join("solved");
    labs::write_notebooks(&labs::all()?, "en", false, &solved)?;
    let tests = || {
        let mut tests = command(&python);
        tests.arg("labs/tests/notebooks.py").arg(&solved);
        tests.args(["--side-by-side", "1"]);
        tests
            .env("WEFT_KERNEL", &kernel)
            .env("WEFT_PROGRAM", &weft)
            .env("XDG_CACHE_HOME", workspace::kernel_cache())
            .env("XDG_DATA_HOME", scratch.path().join("data"))
            .env("JUPYTER_PATH", scratch.path().join("share/jupyter"))
            .env("PYTHONDONTWRITEBYTECODE", "1");
        tests
    };
    let source = prerequisites::std_source()?;
    let mut failed = Vec::new();
    let mut all_run = |kernel: &'static str, mut tests: std::process::Command| {
        println!("── {kernel}");
        if let Some(source) = &source {
            tests.env("RUST_SRC_PATH", source);
        }
        if run(&mut tests).is_err() {
            failed.push(kernel);
        }
    };
    if !alone {
        install_peer(scratch.path())?;
        let mut theirs = tests();
        theirs.args(["--kernel", THEIRS, "--first-cell", &first_cell()]);
        // The tour shows a crash that takes nothing with it, which is so with our kernel alone.
        theirs.args(["--without", "00-tour"]);
        all_run(THEIRS, theirs);
    }
    all_run(OURS, tests());
    for kernel in &failed {
        println!("with {kernel} some notebook did not run as it should");
    }
    Ok(if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What weft-kernel has ready, and another kernel builds: the crate with its checks, and plotters for notebooks.
fn first_cell() -> String {
    let lab = serde_json::json!(workspace::root().join("src/weft-lab"));
    format!(
        ":dep weft-lab = {{ path = {lab}, features = [\"check\"] }}\n\
         :dep plotters = {{ version = \"0.3\", default-features = false, features = [\"evcxr\", \"all_series\", \"all_elements\"] }}"
    )
}
