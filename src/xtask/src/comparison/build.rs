//! What the first `cargo run --release` costs a reader, beside what mdBook costs.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::Result;
use comfy_table::{Table, presets};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use weft_lab::measure::{Clock, MonotonicClock};

use crate::workspace::{self, MDBOOK, cargo, run};

/// So many times the processor time of mdBook's build may ours take.
const MOST_TIMES: f64 = 1.5;
/// So many seconds may the build of weft-lab take, since a notebook waits for it.
const MOST_SECONDS: f64 = 40.0;

/// What a build took.
#[derive(Debug, Clone, Copy)]
struct Cost {
    cpu_seconds: f64,
    wall_seconds: f64,
}

pub(super) fn compare() -> Result<ExitCode> {
    let scratch = tempfile::tempdir()?;
    fetch(&scratch.path().join("mdbook"))?;
    let measure = |name: &str, command: &mut Command| {
        let folder = scratch.path().join(name);
        println!("── {name}: {}", workspace::words(command));
        measure(command.env("CARGO_TARGET_DIR", &folder))
    };
    let ours = measure("weft", cargo().args(["build", "--release", "--locked", "--quiet"]))?;
    let install = ["install", "mdbook", "--version", MDBOOK, "--quiet", "--root"];
    let theirs = measure("mdbook", cargo().args(install).arg(scratch.path().join("tools")))?;
    let lab_only = ["build", "--release", "--locked", "--quiet", "--package", "weft-lab"];
    let lab = measure("weft-lab", cargo().args(lab_only))?;

    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["built from nothing", "user + sys", "wall clock"]);
    for (name, cost) in [("weft, the command", ours), ("mdbook", theirs), ("weft-lab alone", lab)] {
        let say = |seconds: f64| format!("{seconds:.1} s");
        table.add_row([name.to_owned(), say(cost.cpu_seconds), say(cost.wall_seconds)]);
    }
    println!("{table}");
    let times = ours.cpu_seconds / theirs.cpu_seconds;
    println!("weft takes {times:.2} times the processor time of mdbook; allowed: {MOST_TIMES}");
    println!(
        "weft-lab takes {:.1} s; allowed on 2 cores: {MOST_SECONDS} s",
        lab.wall_seconds
    );
    Ok(if times <= MOST_TIMES && lab.wall_seconds <= MOST_SECONDS {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Downloads all crates first: what is compared is building.
fn fetch(folder: &Path) -> Result<()> {
    run(cargo().args(["fetch", "--locked", "--quiet"]))?;
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("src/lib.rs"), "")?;
    let manifest = format!(
        "[package]\nname = \"fetch\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[dependencies]\nmdbook = \"={MDBOOK}\"\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    run(cargo().args(["fetch", "--quiet"]).current_dir(folder))
}

fn measure(command: &mut Command) -> Result<Cost> {
    let (cpu, wall) = (cpu_of_children()?, MonotonicClock.now());
    run(command)?;
    Ok(Cost {
        cpu_seconds: cpu_of_children()? - cpu,
        wall_seconds: MonotonicClock.now().since(wall).as_f64() / 1e9,
    })
}

/// User and system time of all children that have ended, in seconds (`getrusage(2)`).
fn cpu_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(micros as f64 / 1e6)
}
