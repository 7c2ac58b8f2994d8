//! A session, cell by cell: what it prints and shows and when, how it fails, and what is left after a crash.
//!
//! The test process is the kernel itself (supervisor, runner and worker are this program again), so it has no test
//! harness. `cargo test -p weft-kernel --test session NAME` runs the cases whose names hold NAME.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]
#![expect(clippy::print_stdout, reason = "it speaks as a test harness does")]
#![expect(
    clippy::unnecessary_debug_formatting,
    reason = "a path in a cell is a string literal of Rust"
)]

mod crashes;
mod output;
mod preloaded;
mod rig;
mod values;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

type Case = (&'static str, fn());

fn main() -> ExitCode {
    weft_kernel::entry();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let cases: Vec<&Case> = [values::CASES, output::CASES, crashes::CASES, preloaded::CASES]
        .into_iter()
        .flatten()
        .filter(|case| arguments.is_empty() || arguments.iter().any(|word| case.0.contains(word)))
        .collect();
    let mut failed = Vec::new();
    for (name, case) in &cases {
        let ended = catch_unwind(AssertUnwindSafe(case));
        println!("test {name} ... {}", if ended.is_ok() { "ok" } else { "FAILED" });
        if ended.is_err() {
            failed.push(name);
        }
    }
    println!(
        "{} passed, {} failed: {failed:?}",
        cases.len() - failed.len(),
        failed.len()
    );
    preloaded::clean_up();
    if failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
