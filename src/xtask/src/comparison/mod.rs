//! Our numbers beside those of others, made in one run on one machine.

mod build;
mod class;
mod grade;
mod kernel;
mod notebooks;
mod tools;

use std::process::ExitCode;

use anyhow::Result;
use weft_lab::stats::median;

use crate::workspace::WrongUse;

/// Put our numbers beside those of other tools, or our build beside mdBook's.
///
/// The tools' rounds alternate with ours, all pinned to one core. Missing tools are installed through apt-get where
/// that is possible, otherwise skipped by name.
///
/// `build` compiles three times from nothing, which takes minutes: the command beside `cargo install mdbook`, and
/// the crate weft-lab alone. `kernel` installs `evcxr_jupyter` and weft-kernel, which takes minutes too, and puts them
/// side by side, through one client. `grade` does the same for autograding through nbgrader, and grades a class of 60
/// at once. `notebooks` runs all labs with their solutions under both kernels. `class` times `weft class` on 10,000
/// records. The exit status is 1 when a limit is exceeded.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What to compare with: perf, hackbench, stress-ng (all three where nothing is named), build, kernel, notebooks, grade,
    /// class
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Rounds of each tool
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// With `kernel`, `notebooks` and `grade`: measure weft-kernel alone, and build no other kernel
    #[arg(long)]
    alone: bool,
}

const BUILD: &str = "build";
const KERNEL: &str = "kernel";
const GRADE: &str = "grade";
const CLASS: &str = "class";
const NOTEBOOKS: &str = "notebooks";

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let known: Vec<&str> = tools::NAMES
        .into_iter()
        .chain([BUILD, KERNEL, NOTEBOOKS, GRADE, CLASS])
        .collect();
    if let Some(unknown) = options.names.iter().find(|name| !known.contains(&name.as_str())) {
        let message = format!("nothing is compared with {unknown:?}; there are: {}", known.join(", "));
        return Err(WrongUse(message).into());
    }
    let is_named = |name: &str| options.names.iter().any(|named| named == name);
    let wanted: Vec<&str> = tools::NAMES
        .into_iter()
        .filter(|name| options.names.is_empty() || is_named(name))
        .collect();
    if !wanted.is_empty() {
        tools::compare(&wanted, options.rounds)?;
    }
    let mut codes = vec![ExitCode::SUCCESS];
    if is_named(BUILD) {
        codes.push(build::compare()?);
    }
    if is_named(KERNEL) {
        codes.push(kernel::compare(options.rounds, options.alone)?);
    }
    if is_named(NOTEBOOKS) {
        codes.push(notebooks::compare(options.alone)?);
    }
    if is_named(GRADE) {
        codes.push(grade::compare(options.rounds, options.alone)?);
    }
    if is_named(CLASS) {
        codes.push(class::compare(options.rounds)?);
    }
    let failed = codes.contains(&ExitCode::FAILURE);
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What one tool said of one quantity, a number a round.
#[derive(Debug, Clone, PartialEq)]
struct Reading {
    quantity: &'static str,
    tool: String,
    rounds: Vec<f64>,
}

impl Reading {
    fn lowest(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::INFINITY, f64::min)
    }

    fn highest(&self) -> f64 {
        self.rounds.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// Median, lowest and highest, and how many times the highest is the lowest.
    fn cells(&self, unit: &str) -> [String; 4] {
        let say = |value: f64| weft_lab::format::quantity(value, unit);
        let spread = weft_lab::format::number(self.highest() / self.lowest());
        [
            say(median(&self.rounds)),
            say(self.lowest()),
            say(self.highest()),
            spread,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_tells_its_spread() {
        let reading = Reading {
            quantity: "half a round trip",
            tool: "perf".to_owned(),
            rounds: vec![3_000.0, 2_000.0, 4_000.0],
        };
        assert_eq!(
            reading.cells("ns"),
            ["3.00 µs", "2.00 µs", "4.00 µs", "2.00"].map(str::to_owned)
        );
    }
}
