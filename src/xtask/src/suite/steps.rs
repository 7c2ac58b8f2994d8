//! The steps, in the order in which they run: the quick ones first.

use std::process::Command;

use super::{Ending, Step, Surroundings, grading, hub, kernel, labs, licences, notebooks, sources};
use crate::prerequisites;
use crate::workspace::{cargo, command, run};

pub(super) const STEPS: &[Step] = &[
    Step {
        name: "format",
        what: "cargo fmt --all --check",
        run: |_| run(cargo().args(["fmt", "--all", "--check"])).into(),
    },
    Step {
        name: "sources",
        what: "no file over 600 lines, no path of one machine, no registry but crates.io",
        run: |_| sources::check().into(),
    },
    Step {
        name: "licences",
        what: "the licence of every dependency against deny.toml",
        run: |_| licences::check().into(),
    },
    Step {
        name: "clippy",
        what: "cargo clippy --workspace --exclude weft-kernel --all-targets --all-features -- -D warnings",
        run: |_| {
            let crates = ["--workspace", "--exclude", "weft-kernel"];
            let targets = [&crates[..], &["--all-targets", "--all-features", "--locked"]].concat();
            run(cargo().arg("clippy").args(targets).args(["--", "-D", "warnings"])).into()
        },
    },
    Step {
        name: "docs",
        what: "cargo doc --workspace --exclude weft-kernel --no-deps --document-private-items, with warnings as errors",
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
        run: |_| match prerequisites::node() {
            Ok(()) => run(command("node").args(["--test", "src/weft-book/tests/scripts/"])).into(),
            Err(missing) => Ending::Skipped(format!("{missing:#}")),
        },
    },
    Step {
        name: "lab",
        what: "unit and property tests of weft-lab, of its checks of exercises, and of xtask",
        run: |around| {
            let packages = ["--package", "weft-lab", "--package", "xtask"];
            run(&mut around.test(&[&packages[..], &["--features", "weft-lab/check"]].concat())).into()
        },
    },
    Step {
        name: "labs",
        what: "the labs are what their sources give, have their Korean, and leak nothing; each exercise is unsolved, and solvable",
        run: |_| labs::check().into(),
    },
    Step {
        name: "loom",
        what: "the locks to learn from and the semaphore under loom, which must find each known-wrong variant; a build of its own",
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
        run: |around| match prerequisites::mdbook() {
            Ok(mdbook) => run(around.test(&["--package", "weft-book"]).env("WEFT_MDBOOK", mdbook)).into(),
            Err(missing) => match run(&mut around.test(&["--package", "weft-book"])) {
                Ok(()) => Ending::Skipped(format!("the part with stock mdBook, the rest passed: {missing:#}")),
                Err(error) => Ending::Failed(error),
            },
        },
    },
    Step {
        name: "command",
        what: "the tests of the weft command, also inside a sandbox, without the browser",
        run: |around| run(&mut around.test(&["--package", "weft-cmd", "--", "--skip", "in_a_browser"])).into(),
    },
    Step {
        name: "browser",
        what: "the book in headless Chromium: both editions, prediction, live run, cancel, reload, no script, the lab in the page",
        run: |around| match prerequisites::browser() {
            Ok(()) => run(&mut around.test(&["--package", "weft-cmd", "--test", "browser"])).into(),
            Err(missing) => Ending::Skipped(format!("{missing:#}")),
        },
    },
    Step {
        name: "kernel",
        what: "clippy, docs and the Rust tests of weft-kernel, which is built in a profile of its own",
        run: |around| kernel::check(around).into(),
    },
    Step {
        name: "notebooks",
        what: "each lab's notebook under weft-kernel: no error with the solutions, and without them in the tests alone",
        run: notebooks::check,
    },
    Step {
        name: "grading",
        what: "a lab through nbgrader and weft-kernel: release, five students and those who cheat, grades, feedback; flags on records",
        run: grading::check,
    },
    Step {
        name: "client",
        what: "only where it is named: weft-kernel through a real Jupyter client: jupyter_kernel_test, requests, crashes",
        run: kernel::converse,
    },
    Step {
        name: "hub",
        what: "a JupyterHub on loopback: two students and an instructor take a lab from release to grades",
        run: hub::course,
    },
];

impl Surroundings {
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
