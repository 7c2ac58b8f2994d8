//! How the command ends, and what it says when it could not do what it was asked.

use std::fmt;
use std::io;

use nix::sys::signal::Signal;
use weft_lab::RunError;

use crate::output::complain;

/// How the command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It did what it was asked.
    Ran,
    /// An experiment failed, or a result could not be stored.
    Failed,
    /// It was asked for something that it can't do.
    WrongUse,
    /// A signal ended it.
    Interrupted(Signal),
}

impl Status {
    /// The exit status, as `weft --help` states it.
    pub(crate) fn code(self) -> u8 {
        match self {
            Status::Ran => 0,
            Status::Failed => 1,
            Status::WrongUse => 2,
            Status::Interrupted(signal) => 128 + u8::try_from(signal as i32).unwrap_or(0),
        }
    }
}

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What and why, in one line.
    pub(crate) what: String,
    /// What to do, in one line.
    pub(crate) hint: String,
    /// How the command ends for it.
    pub(crate) status: Status,
}

impl Failure {
    /// The command was used wrongly.
    pub(crate) fn wrong_use(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure {
            what: what.into(),
            hint: hint.into(),
            status: Status::WrongUse,
        }
    }

    /// Something outside the command failed.
    pub(crate) fn outside(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Failure {
            what: what.into(),
            hint: hint.into(),
            status: Status::Failed,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Failure {}

/// Says what went wrong on standard error, and how the command ends for it.
pub(crate) fn report(error: &anyhow::Error) -> Status {
    if is_closed_pipe(error) {
        // Who reads has read enough, as `head` does.
        return Status::Ran;
    }
    let (hint, status) = if let Some(failure) = error.downcast_ref::<Failure>() {
        (failure.hint.as_str(), failure.status)
    } else if let Some(run) = error.downcast_ref::<RunError>() {
        (run.hint(), status_of(run))
    } else {
        ("", Status::Failed)
    };
    complain(&format!("{error:#}"), hint);
    status
}

/// A wrong request is a wrong use; all else is a failure of the experiment.
pub(crate) fn status_of(error: &RunError) -> Status {
    match error {
        RunError::Request(_) => Status::WrongUse,
        _ => Status::Failed,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}
