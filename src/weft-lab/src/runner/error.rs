//! Why a run gave no record, in words that a reader understands.

use std::path::PathBuf;
use std::time::Duration;

use super::request::RequestError;
use crate::text::Text;

/// Why there is no record.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The request was wrong.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// No program that can be a worker is known.
    #[error("{}", self.text().english())]
    NoProgram {
        /// What was tried.
        detail: String,
    },
    /// The program could not be started.
    #[error("{}", self.text().english())]
    Start {
        /// Which.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The experiment says why it can't measure.
    #[error("{}", self.text().english())]
    Failed {
        /// Which experiment.
        experiment: String,
        /// What it said, with its cause.
        message: String,
    },
    /// The worker ended without a record.
    #[error("{}", self.text().english())]
    Ended {
        /// Which experiment.
        experiment: String,
        /// Such as `was killed by signal 11 (SIGSEGV)`.
        how: Text,
        /// The end of what it printed.
        log: String,
    },
    /// It took too long.
    #[error("{}", self.text().english())]
    TimedOut {
        /// Which experiment.
        experiment: String,
        /// The limit.
        limit: Duration,
    },
    /// It used too much memory.
    #[error("{}", self.text().english())]
    OutOfMemory {
        /// Which experiment.
        experiment: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Someone asked for the end.
    #[error("{}", self.text().english())]
    Cancelled {
        /// Which experiment.
        experiment: String,
    },
}

fn printed(log: &str) -> Text {
    let last = log.trim_end().lines().last().unwrap_or_default();
    if last.is_empty() {
        Text::default()
    } else {
        text!("; the last line that it printed: {last}", last = last)
    }
}

impl RunError {
    /// What went wrong, for a reader; without its cause, as [`Display`](std::fmt::Display) has it.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            RunError::Request(error) => error.text(),
            RunError::NoProgram { detail } => text!("no program to measure in: {detail}", detail = detail),
            RunError::Start { program, .. } => {
                text!("cannot start {program} as a worker", program = program.display())
            }
            RunError::Failed { experiment, message } => {
                text!("{experiment}: {message}", experiment = experiment, message = message)
            }
            RunError::Ended { experiment, how, log } => text!(
                "{experiment}: the worker {how}{printed}",
                experiment = experiment,
                how: how.clone(),
                printed: printed(log)
            ),
            RunError::TimedOut { experiment, limit } => text!(
                "{experiment}: stopped after {seconds} s, the limit for a run",
                experiment = experiment,
                seconds = limit.as_secs()
            ),
            RunError::OutOfMemory { experiment, limit } => text!(
                "{experiment}: stopped when its processes used more than {limit} MiB of memory, the limit for a run",
                experiment = experiment,
                limit = limit >> 20
            ),
            RunError::Cancelled { experiment } => text!("{experiment}: cancelled", experiment = experiment),
        }
    }

    /// What the reader can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            RunError::Request(error) => error.hint(),
            RunError::NoProgram { .. } => {
                msg!("Install weft so that it is on the PATH, or name it in WEFT_PROGRAM.")
            }
            RunError::Start { .. } => msg!("Check that the program exists and may be executed."),
            RunError::Failed { .. } => {
                msg!("Run `weft doctor` to see what this machine can measure.")
            }
            RunError::Ended { .. } => {
                msg!("Run it again; if it ends the same way, report it with the output of `weft doctor`.")
            }
            RunError::TimedOut { .. } => {
                msg!("The machine may be busy; close what runs, or use smaller parameters.")
            }
            RunError::OutOfMemory { .. } => msg!("Use smaller parameters."),
            RunError::Cancelled { .. } => msg!("Run it again when you like."),
        }
    }
}
