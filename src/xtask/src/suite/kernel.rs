//! The notebook kernel, which no other step builds: it is large, and has a profile of its own.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{Ending, Surroundings};
use crate::prerequisites;
use crate::workspace::{self, cargo, command, run};

const CHOICE: [&str; 4] = ["--profile", "kernel", "--package", "weft-kernel"];

/// Clippy, the documentation, the tests in Rust.
pub(super) fn check(around: &Surroundings) -> Result<()> {
    let clippy = ["clippy", "--all-targets", "--locked"];
    run(cargo().args(clippy).args(CHOICE).args(["--", "-D", "warnings"]))?;
    let doc = ["doc", "--no-deps", "--document-private-items", "--locked"];
    run(cargo().args(doc).args(CHOICE).env("RUSTDOCFLAGS", "-D warnings"))?;
    let mut test = around.test(&CHOICE);
    test.env("WEFT_TEMPLATES", workspace::kernel_cache().join("weft-kernel"));
    if let Some(source) = prerequisites::std_source()? {
        test.env("RUST_SRC_PATH", source);
    }
    run(&mut test)
}

/// Gives tests in Python the kernel, and folders in the place of the reader's own.
pub(super) fn surround<'a>(
    tests: &'a mut Command,
    around: &Surroundings,
    std_source: Option<PathBuf>,
) -> Result<&'a mut Command> {
    around.hide_folders(tests);
    tests
        .env("WEFT_KERNEL", workspace::kernel()?)
        // What the first cell uses is built once, not in each run of the tests.
        .env("XDG_CACHE_HOME", workspace::kernel_cache())
        .env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(source) = std_source {
        tests.env("RUST_SRC_PATH", source);
    }
    Ok(tests)
}

/// The tests through a client in Python.
pub(super) fn converse(around: &Surroundings) -> Ending {
    let (python, source) = match prerequisites::python().and_then(|python| Ok((python, prerequisites::std_source()?))) {
        Ok(found) => found,
        Err(missing) => return Ending::Skipped(format!("{missing:#}")),
    };
    let converse = || {
        let mut tests = command(python);
        tests.args([
            "-m",
            "unittest",
            "discover",
            "--verbose",
            "--start-directory",
            "src/weft-kernel/tests",
        ]);
        run(surround(&mut tests, around, source)?)
    };
    converse().into()
}
