//! Experiments on processes and threads: measuring, judging, drawing.
//!
//! A run of an experiment gives a [`Record`], in a clean worker process. A record gives [`Verdict`]s and [`Figure`]s, the
//! same everywhere.
//!
//! ```no_run
//! weft_lab::worker::entry();
//! let record = weft_lab::run("creation-cost")?;
//! for verdict in record.verdicts() {
//!     println!("{}: {}", verdict.claim, verdict.summary.english());
//! }
//! for figure in record.figures() {
//!     std::fs::write(format!("{}.svg", figure.id), figure.svg_file(&|_| None))?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[macro_use]
pub mod text;

pub mod board;
#[cfg(feature = "check")]
pub mod check;
pub mod claim;
pub mod experiment;
pub mod experiments;
pub mod facility;
pub mod figure;
pub mod format;
pub mod html;
pub mod interleavings;
pub mod judge;
pub mod locks;
pub mod machine;
pub mod maps;
pub mod measure;
pub mod notebook;
pub mod page_lab;
pub mod params;
pub mod prelude;
pub mod record;
pub mod runner;
pub mod stats;
pub mod sys;
pub mod verdict;

pub use experiment::Experiment;
pub use figure::Figure;
pub use params::Mode;
pub use record::Record;
pub use runner::{Event, Request, RunError, Runner, worker};
pub use verdict::{Outcome, Verdict};

/// Runs an experiment in quick mode with its defaults, in a clean worker process.
///
/// The program calls [`worker::entry`] first thing in `main`, or has `weft` on its `PATH`.
///
/// # Errors
///
/// An unknown experiment, or no record: see [`RunError`].
pub fn run(experiment: &str) -> Result<Record, RunError> {
    Runner::find()?.run(&Request::quick(experiment), |_| {})
}
