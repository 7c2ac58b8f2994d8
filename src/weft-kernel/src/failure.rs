//! How a command ends, and what it says when it could not do what it was asked.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::output::complain;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It did what it was asked.
    Done,
    /// Something outside the command failed.
    Failed,
    /// It was asked for something that it can't do.
    WrongUse,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => ExitCode::SUCCESS,
            Status::Failed => ExitCode::FAILURE,
            Status::WrongUse => ExitCode::from(2),
        }
    }
}

/// What went wrong, and what to do about it.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What and why, in one line.
    what: String,
    /// What to do, in one line.
    hint: String,
    status: Status,
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
    let is_closed_pipe = error.chain().any(|cause| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    });
    if is_closed_pipe {
        // Who reads has read enough, as `head` does.
        return Status::Done;
    }
    let (hint, status) = match error.downcast_ref::<Failure>() {
        Some(failure) => (failure.hint.as_str(), failure.status),
        None => ("", Status::Failed),
    };
    complain(&format!("{error:#}"), hint);
    status
}
