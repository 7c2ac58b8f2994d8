//! The two sides of this section.

use crate::text::Text;

/// What the workers of a program are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Threads of one process.
    Threads,
    /// Processes with one thread each.
    Processes,
}

impl Kind {
    pub(super) const ALL: [Kind; 2] = [Kind::Threads, Kind::Processes];

    pub(super) fn id(self) -> &'static str {
        match self {
            Kind::Threads => "threads",
            Kind::Processes => "processes",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Kind::Threads => text!("Threads"),
            Kind::Processes => text!("Processes"),
        }
    }

    /// Their names as groups of a figure, in the order of [`Kind::ALL`].
    pub(super) fn groups() -> Vec<Text> {
        Kind::ALL.map(Kind::label).to_vec()
    }
}
