//! How long `weft class` takes for a large course, and how much memory.

use std::fs;
use std::path::Path;
use std::process::{Child, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use weft_lab::experiment::About;
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::measure::{Clock, MonotonicClock};
use weft_lab::{Record, stats::median};

use crate::workspace::{self, command};

/// So many records at least, as many of each experiment.
const RECORDS: usize = 10_000;
/// They may take so many seconds.
const MOST_SECONDS: f64 = 20.0;
/// And so much memory, in MB.
const MOST_MEGABYTES: f64 = 500.0;

pub(super) fn compare(rounds: u32) -> Result<ExitCode> {
    let weft = workspace::weft()?;
    let scratch = tempfile::tempdir()?;
    let folder = scratch.path().join("class");
    let count = hand_in(&folder)?;
    let (mut seconds, mut megabytes) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut class = command(&weft);
        class.arg("class").arg(&folder);
        for (option, file) in [("--out", "report.html"), ("--csv", "class.csv")] {
            class.arg(option).arg(scratch.path().join(file));
        }
        let start = MonotonicClock.now();
        let (status, peak) = watch(class.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)?;
        seconds.push(MonotonicClock.now().since(start).as_f64() / 1e9);
        megabytes.push(peak);
        ensure!(status.success(), "{} failed: {status}", workspace::words(&class));
    }
    let (seconds, megabytes) = (median(&seconds), megabytes.into_iter().fold(0.0, f64::max));
    let is_kept = seconds <= MOST_SECONDS && megabytes <= MOST_MEGABYTES;
    println!(
        "weft class, {count} records in full mode: {seconds:.1} s (median of {rounds}), {megabytes:.0} MB at most"
    );
    println!(
        "allowed on 2 cores: {MOST_SECONDS} s and {MOST_MEGABYTES} MB: {}",
        if is_kept { "kept" } else { "NOT kept" }
    );
    Ok(if is_kept { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A folder a student with the book's own records, each student's times and seeds a little different; how many there are.
fn hand_in(folder: &Path) -> Result<usize> {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut records = recorded()?;
    let students = RECORDS.div_ceil(records.len());
    for student in 0..students {
        let place = folder.join(format!("student-{student:03}")).join("records");
        fs::create_dir_all(&place)?;
        for record in &mut records {
            record.seed = rng.u64(..1 << 53);
            let of_time = record.series.iter_mut().filter(|series| series.unit == "ns");
            for block in of_time.flat_map(|series| &mut series.blocks) {
                *block *= 0.98 + 0.04 * rng.f64();
            }
            fs::write(place.join(format!("{}.json", record.experiment)), record.to_json())?;
        }
    }
    Ok(students * records.len())
}

/// What the book shows of each experiment.
fn recorded() -> Result<Vec<Record>> {
    let read = |about: &About| {
        let file = workspace::recorded(about.section).join(format!("{}.json", about.id));
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Record::from_json(&text).with_context(|| format!("{} holds no record", file.display()))
    };
    EXPERIMENTS.iter().map(|experiment| read(experiment.about())).collect()
}

/// Waits for its end; and the most memory it had, in MB (`VmHWM` of `proc(5)`), but for the last hundredth of a second.
fn watch(mut child: Child) -> Result<(ExitStatus, f64)> {
    let file = format!("/proc/{}/status", child.id());
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait()));
    let mut peak = 0.0;
    loop {
        match end.recv_timeout(Duration::from_millis(10)) {
            Ok(status) => return Ok((status?, peak)),
            Err(_) => peak = megabytes(&fs::read_to_string(&file).unwrap_or_default()).unwrap_or(peak),
        }
    }
}

fn megabytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1_024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_kernel_s_kilobytes_are_of_1024_bytes() {
        let status = "Name:\tweft\nVmPeak:\t  900000 kB\nVmHWM:\t  250000 kB\n";
        assert_eq!(super::megabytes(status), Some(256.0));
        assert_eq!(super::megabytes("State:\tZ (zombie)\n"), None);
    }
}
