//! Is a write seen? One task writes a variable, another looks.

use std::sync::atomic::Ordering;

use crate::experiment::{During, Error};
use crate::record::Condition;
use crate::sys::{Child, Ended, Mapping};
use crate::text::Text;

/// Who writes, and to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// A thread of the same process.
    Thread,
    /// A forked process.
    Process,
    /// A forked process, to a page that was mapped as shared.
    ProcessShared,
}

impl Writer {
    pub(super) const ALL: [Writer; 3] = [Writer::Thread, Writer::Process, Writer::ProcessShared];

    pub(super) fn id(self) -> &'static str {
        match self {
            Writer::Thread => "thread",
            Writer::Process => "process",
            Writer::ProcessShared => "process-shared-mapping",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Writer::Thread => text!("Thread"),
            Writer::Process => text!("Process"),
            Writer::ProcessShared => text!("Process with a shared mapping"),
        }
    }

    pub(super) fn condition(self) -> Condition {
        Condition::of("writer", self.id())
    }
}

/// One trial: this task writes `before`, a second one writes `after` to the same address and ends, this one looks.
/// 1 if it sees the write, 0 if it sees its own value.
pub(super) fn trial(writer: Writer, before: u64, after: u64) -> Result<f64, Error> {
    let page = match writer {
        Writer::Thread | Writer::Process => Mapping::private(1),
        Writer::ProcessShared => Mapping::shared(1),
    }
    .during("map a page")?;
    let word = &page.words()[0];
    word.store(before, Ordering::SeqCst);
    let write = || word.store(after, Ordering::SeqCst);
    if writer == Writer::Thread {
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .spawn_scoped(scope, write)
                .during("start a thread")
                .map(drop)
        })?;
    } else {
        let mut child = Child::fork(|| {
            write();
            0
        })
        .during("fork")?;
        let ended = child.wait().during("wait for a process")?;
        check("the process that writes", Ended::Exit(0), ended)?;
    }
    let found = word.load(Ordering::SeqCst);
    if found == after {
        return Ok(1.0);
    }
    check("the value after a write", before, found).map(|()| 0.0)
}

fn check<T: Copy + PartialEq + std::fmt::Debug>(what: &'static str, expected: T, found: T) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Check {
        what,
        expected: format!("{expected:?}"),
        found: format!("{found:?}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_seen_where_memory_is_shared() {
        let seen = Writer::ALL.map(|writer| trial(writer, 1, 2).unwrap() > 0.0);
        assert_eq!(seen, [true, false, true]);
    }

    #[test]
    fn a_third_value_is_an_error() {
        assert!(check("value", 1, 3).unwrap_err().to_string().contains("found 3"));
    }
}
