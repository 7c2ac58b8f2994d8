//! What the three processes of a run say to each other, one JSON document a line.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::experiment::Progress;
use crate::params::{Mode, Params};
use crate::record::Record;
use crate::text::{Parts, Text};

/// What a worker is to do, and within which limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) experiment: String,
    pub(super) mode: Mode,
    pub(super) seed: u64,
    pub(super) params: Params,
    pub(super) time_limit: Duration,
    pub(super) memory_limit: u64,
}

/// What worker and warden say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Message {
    Progress(WireProgress),
    Record(Box<Record>),
    Failed {
        message: String,
    },
    /// The warden's last word, when nothing of the run is left.
    Ended(End),
}

/// A progress whose text can still be translated at the other end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct WireProgress {
    fraction: f64,
    phase: Parts,
}

impl From<&Progress> for WireProgress {
    fn from(progress: &Progress) -> Self {
        WireProgress {
            fraction: progress.fraction,
            phase: progress.phase.clone().into(),
        }
    }
}

impl From<WireProgress> for Progress {
    fn from(wire: WireProgress) -> Self {
        Progress {
            fraction: wire.fraction,
            phase: Text::from(wire.phase),
        }
    }
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum End {
    Exit { status: i32 },
    Signal { signal: i32 },
    TimedOut,
    OutOfMemory,
    Cancelled,
}
