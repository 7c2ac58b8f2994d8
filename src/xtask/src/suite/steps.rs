//! The steps, in the order in which they run: the quick ones first; of those that wait, the long ones.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Ending, Step, Surroundings, grading, hub, kernel, labs, licences, notebooks, sources};
use crate::prerequisites;
use crate::workspace::{self, cargo, command, run};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "format",
        what: "cargo fmt --all --check",
        waits: false,
        run: |_| run(cargo().args(["fmt", "--all", "--check"])).into(),
    },
    Step {
        name: "sources",
        what: "no file over 600 lines, no path of one machine, no registry but crates.io",
        waits: false,
        run: |_| sources::check().into(),
    },
    Step {
        name: "licences",
        what: "the licence of every dependency against deny.toml",
        waits: false,
        run: |_| licences::check().into(),
    },
    Step {
        name: "clippy",
        what: "cargo clippy --workspace --exclude weft-kernel --all-targets --all-features -- -D warnings",
        waits: false,
        run: |_| {
            let crates = ["--workspace", "--exclude", "weft-kernel"];
            let targets = [&crates[..], &["--all-targets", "--all-features", "--locked"]].concat();
            run(cargo().arg("clippy").args(targets).args(["--", "-D", "warnings"])).into()
        },
    },
    Step {
        name: "docs",
        what: "cargo doc --workspace --exclude weft-kernel --no-deps --document-private-items, with warnings as errors",
        waits: false,
        run: |_| {
            let arguments = [
                "doc",
                "--workspace",
                "--exclude",
                "weft-kernel",
                "--no-deps",
                "--document-private-items",
                "--locked",
            ];
            run(cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings")).into()
        },
    },
    Step {
        name: "scripts",
        what: "the statistics of the lab in the page, under Node.js",
        waits: false,
        run: |_| match prerequisites::node() {
            Ok(()) => run(command("node").args(["--test", "src/weft-book/tests/scripts/"])).into(),
            Err(missing) => Ending::Skipped(format!("{missing:#}")),
        },
    },
    Step {
        name: "lab",
        what: "unit tests of all crates but the kernel, examples of their docs, experiments, checks of exercises",
        waits: false,
        run: |around| {
            let units = around.tests_of("weft-lab").and_then(|mut tests| {
                run(tests.args(["--lib", "--bins"]))?;
                run(around.test(&OURS).arg("--doc"))
            });
            units.into()
        },
    },
    Step {
        name: "labs",
        what: "the labs are what their sources give, have their Korean, and leak nothing; each exercise is unsolved, and solvable",
        waits: false,
        run: |_| labs::check().into(),
    },
    Step {
        name: "loom",
        what: "the locks to learn from and the semaphore under loom, which must find each known-wrong variant; a build of its own",
        waits: false,
        run: |_| {
            let arguments = [
                "test",
                "--quiet",
                "--locked",
                "--release",
                "--package",
                "weft-lab",
                "--test",
                "loom",
            ];
            // With another cfg everything is another build, which must not push the usual one out.
            let mut loom = cargo();
            run(loom
                .args(arguments)
                .env("RUSTFLAGS", "--cfg loom")
                .env("CARGO_TARGET_DIR", "target/loom"))
            .into()
        },
    },
    Step {
        name: "book",
        what: "the tests of weft-book: pages, editions, server; with stock mdBook beside the build of our own",
        waits: false,
        run: |around| match prerequisites::mdbook() {
            Ok(mdbook) => book(around, Some(&mdbook)).into(),
            Err(missing) => match book(around, None) {
                Ok(()) => Ending::Skipped(format!("the part with stock mdBook, the rest passed: {missing:#}")),
                Err(error) => Ending::Failed(error),
            },
        },
    },
    Step {
        name: "command",
        what: "the tests of the weft command, also inside a sandbox, without the browser",
        waits: false,
        run: |around| run(around.test(&OURS).args(["--test", "command", "--test", "sandbox"])).into(),
    },
    Step {
        name: "browser",
        what: "the book in headless Chromium: both editions, prediction, live run, cancel, reload, no script, the lab in the page",
        waits: false,
        run: |around| match prerequisites::browser() {
            Ok(()) => run(around.test(&OURS).args(["--test", "browser"])).into(),
            Err(missing) => Ending::Skipped(format!("{missing:#}")),
        },
    },
    Step {
        name: "kernel",
        what: "clippy, docs and the Rust tests of weft-kernel, which is built in a profile of its own",
        waits: false,
        run: |around| kernel::check(around).into(),
    },
    Step {
        name: "client",
        what: "weft-kernel through a real Jupyter client: jupyter_kernel_test, requests, crashes",
        waits: true,
        run: kernel::converse,
    },
    Step {
        name: "grading",
        what: "a lab through nbgrader and weft-kernel: release, five students and those who cheat, grades, feedback; flags on records",
        waits: true,
        run: grading::check,
    },
    Step {
        name: "notebooks",
        what: "each lab's notebook under weft-kernel: no error with the solutions, and without them in the tests alone",
        waits: true,
        run: notebooks::check,
    },
    Step {
        name: "hub",
        what: "a JupyterHub on loopback: two students and an instructor take a lab from release to grades",
        waits: true,
        run: hub::course,
    },
];

/// All crates but the kernel and the exercises, always together: what Cargo builds of a crate depends on what else it is
/// asked for, and is to be built once.
pub(super) const OURS: [&str; 10] = [
    "--package",
    "weft-lab",
    "--package",
    "weft-book",
    "--package",
    "weft-cmd",
    "--package",
    "xtask",
    "--features",
    "weft-lab/check",
];

/// The tests of weft-book, with stock mdBook where it is there.
fn book(around: &Surroundings, mdbook: Option<&Path>) -> Result<()> {
    let mut tests = around.tests_of("weft-book")?;
    if let Some(mdbook) = mdbook {
        tests.env("WEFT_MDBOOK", mdbook);
    }
    run(&mut tests)
}

impl Surroundings {
    /// `cargo test` of the files, or folders with a `main.rs`, in a crate's `tests`.
    fn tests_of(&self, package: &str) -> Result<Command> {
        let mut tests = self.test(&OURS);
        let folder = workspace::root().join("src").join(package).join("tests");
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.join("main.rs").is_file() || path.extension().is_some_and(|ending| ending == "rs") {
                names.extend(path.file_stem().map(OsStr::to_owned));
            }
        }
        for name in names {
            tests.arg("--test").arg(name);
        }
        Ok(tests)
    }

    /// `cargo test` with the reader's folders out of the way.
    pub(super) fn test(&self, arguments: &[&str]) -> Command {
        let mut command = cargo();
        command.args(["test", "--quiet", "--locked"]).args(arguments);
        self.hide_folders(&mut command);
        command
    }

    /// The command finds folders of ours in the place of the reader's own.
    pub(super) fn hide_folders(&self, command: &mut Command) {
        for folder in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"] {
            command.env(folder, self.home.path().join(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_single_words_and_unique() {
        let mut names: Vec<_> = STEPS.iter().map(|step| step.name).collect();
        assert!(
            names
                .iter()
                .all(|name| name.chars().all(|letter| letter.is_ascii_lowercase()))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), STEPS.len());
    }
}
