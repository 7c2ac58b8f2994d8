//! Autograding with weft-kernel beside autograding with `evcxr_jupyter`: the same notebook, the same nbgrader, one process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use weft_lab::measure::{Clock, MonotonicClock};
use weft_lab::stats::median;

use super::kernel::{OURS, THEIRS, install_peer};
use crate::prerequisites;
use crate::workspace::{self, command, run};

const LAB: &str = "five-cells";
/// A class.
const CLASS: usize = 60;
/// A five-cell notebook takes at most so many seconds.
const MOST: f64 = 3.0;

/// What one run of grading came to.
struct Graded {
    /// Seconds of each submission.
    each: Vec<f64>,
    /// Seconds from the first to the last.
    all: f64,
}

/// Grades some notebooks one by one with both kernels, then a class at once with ours.
pub(super) fn compare(rounds: u32, alone: bool) -> Result<ExitCode> {
    let python = prerequisites::nbgrader()?;
    let scratch = tempfile::tempdir()?;
    let cache = workspace::kernel_cache();
    run(command(workspace::kernel()?)
        .args(["install", "--name", OURS, "--prefix"])
        .arg(scratch.path())
        .env("XDG_CACHE_HOME", &cache))?;
    let mut kernels = vec![OURS];
    if !alone {
        install_peer(scratch.path())?;
        kernels.insert(0, THEIRS);
    }
    let mut most = 0.0;
    for kernel in kernels {
        let graded = grade(&python, scratch.path(), &cache, kernel, rounds as usize, Some(1))?;
        most = median(&graded.each);
        println!("{kernel:14} {most:6.2} s a submission, one at a time (median of {rounds})");
    }
    let class = grade(&python, scratch.path(), &cache, OURS, CLASS, None)?;
    println!("{OURS:14} {:6.2} s for {CLASS} submissions in one run", class.all);
    println!(
        "a submission with {OURS}: at most {MOST} s: {}",
        if most <= MOST { "kept" } else { "NOT kept" }
    );
    Ok(if most <= MOST {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn grade(
    python: &Path,
    scratch: &Path,
    cache: &Path,
    kernel: &str,
    count: usize,
    jobs: Option<usize>,
) -> Result<Graded> {
    let place = scratch.join(format!("{kernel}-{count}"));
    let (source, given) = (place.join("source"), place.join("given"));
    let notebook = notebook_of(kernel)?;
    let students = (0..count).map(|number| given.join(format!("student-{number:02}")));
    for folder in students.chain([source.join(LAB)]) {
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{LAB}.ipynb")), &notebook)?;
    }
    let labs = workspace::root().join("labs");
    let mut script = command(python);
    script
        .arg(labs.join("weft_grade.py"))
        .arg("grade")
        .arg("--course")
        .arg(&labs);
    script
        .args(["--labs", LAB])
        .arg("--source")
        .arg(source)
        .arg("--submissions")
        .arg(given);
    script.arg("--out").arg(place.join("out"));
    if let Some(jobs) = jobs {
        script.arg("--jobs").arg(jobs.to_string());
    }
    script
        .env("JUPYTER_PATH", scratch.join("share/jupyter"))
        .env("XDG_CACHE_HOME", cache)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stderr(Stdio::null());
    if let Some(source) = prerequisites::std_source()? {
        script.env("RUST_SRC_PATH", source);
    }
    let start = MonotonicClock.now();
    let said = workspace::output(&mut script)?;
    let all = MonotonicClock.now().since(start).0 as f64 / 1e9;
    let lines = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let graded: Vec<Value> = lines.filter(|line| line["event"] == "graded").collect();
    ensure!(
        graded.len() == count,
        "{} of {count} submissions were graded",
        graded.len()
    );
    for one in &graded {
        ensure!(
            one["cells"]["sum-tests"][0] == 2.0,
            "a right answer has no points with {kernel}: {one}"
        );
    }
    let each = graded.iter().filter_map(|one| one["seconds"].as_f64()).collect();
    Ok(Graded { each, all })
}

/// The tests' notebook with its solutions, for this kernel.
fn notebook_of(kernel: &str) -> Result<String> {
    let file: PathBuf = workspace::root()
        .join("labs/tests/fixture")
        .join(LAB)
        .join(format!("{LAB}.ipynb"));
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let mut notebook: Value = serde_json::from_str(&text)?;
    notebook["metadata"]["kernelspec"]["name"] = json!(kernel);
    Ok(notebook.to_string())
}
