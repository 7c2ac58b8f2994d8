//! What developers run: `cargo xtask test`, `record`, `calibrate`, `labs`, `compare`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command prints")]

mod calibration;
mod comparison;
mod labs;
mod prerequisites;
mod recording;
mod suite;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What developers run on Weft. The book's readers need none of it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run what CI runs: format, clippy, docs, tests, browser, licences, sources
    Test(suite::Options),
    /// Run every experiment in full and store the records that the book shows
    Record(recording::Options),
    /// Count how often A/A runs say "different": at most 5 of 100 are allowed
    Calibrate(calibration::Options),
    /// Write the labs' notebooks and exercise crates from their Markdown
    Labs(labs::Options),
    /// Put our numbers beside those of other tools, or our build beside mdBook's
    Compare(comparison::Options),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().task {
        Task::Test(options) => suite::run(&options),
        Task::Record(options) => recording::run(&options),
        Task::Calibrate(options) => calibration::run(&options),
        Task::Labs(options) => labs::run(&options),
        Task::Compare(options) => comparison::run(&options),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        if error.is::<workspace::WrongUse>() {
            ExitCode::from(2)
        } else {
            ExitCode::FAILURE
        }
    })
}
