//! One trial: a first task makes a second, which changes everything; then the first looks again.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use super::resource::{Place, Resource, Task};
use crate::sys::{Child, Ended, Mapping};

/// What the second task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Maker {
    /// A process that the first has forked.
    Process,
    /// A thread of the first's process.
    Thread,
}

impl Maker {
    pub(super) const BOTH: [Maker; 2] = [Maker::Process, Maker::Thread];

    pub(super) fn id(self) -> &'static str {
        match self {
            Maker::Process => "process",
            Maker::Thread => "thread",
        }
    }
}

/// What was read of one resource: by the first task before, by the second at first and after its change, and by the
/// first at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) before: u64,
    pub(super) inherited: u64,
    pub(super) changed: u64,
    pub(super) after: u64,
}

/// What the first task found at the end, as it stands in the record.
pub(super) const OWN: f64 = 0.0;
pub(super) const SHARED: f64 = 1.0;
pub(super) const NEITHER: f64 = 2.0;
/// The resource could not be changed or read.
pub(super) const LOST: f64 = -1.0;

impl Reading {
    /// Is it as it was, or as the second task left it?
    pub(super) fn found(self) -> f64 {
        if self.changed == self.before {
            LOST
        } else if self.after == self.before {
            OWN
        } else if self.after == self.changed {
            SHARED
        } else {
            NEITHER
        }
    }
}

/// Words of the report on one resource: the four readings, and the number of the error, 0 without one.
const WORDS: usize = 5;
const ERROR: usize = 4;
/// What stands there for an error without a number.
const UNKNOWN: u64 = u64::MAX;

/// How long a trial may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// What all trials use.
pub(super) struct Stage {
    report: Mapping,
}

/// A trial's readings, in the order of [`Resource::ALL`]; or why there is none.
pub(super) type Readings = Vec<io::Result<Reading>>;

impl Stage {
    pub(super) fn set() -> io::Result<Stage> {
        let words = Resource::ALL.len() * WORDS;
        Ok(Stage {
            report: Mapping::shared(words * size_of::<u64>())?,
        })
    }

    /// Runs a trial in a process of its own, whose resources nobody else has.
    pub(super) fn run(&self, maker: Maker, value: u32) -> io::Result<Readings> {
        for word in self.report.words() {
            word.store(0, SeqCst);
        }
        let mut first = Child::fork(|| i32::from(self.act(maker, value).is_err()))?;
        match first.wait_at_most(PATIENCE)? {
            Some(Ended::Exit(0)) => Ok(Resource::ALL
                .into_iter()
                .map(|resource| self.reading(resource))
                .collect()),
            Some(ended) => Err(io::Error::other(format!("the first task ended with {ended:?}"))),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn words(&self, resource: Resource) -> &[AtomicU64] {
        &self.report.words()[resource as usize * WORDS..][..WORDS]
    }

    /// Writes what was read into a word, or the error.
    fn write(&self, resource: Resource, place: usize, read: io::Result<u64>) {
        match read {
            Ok(value) => self.words(resource)[place].store(value, SeqCst),
            Err(error) => {
                let number = error.raw_os_error().and_then(|number| u64::try_from(number).ok());
                self.words(resource)[ERROR].store(number.unwrap_or(UNKNOWN), SeqCst);
            }
        }
    }

    fn reading(&self, resource: Resource) -> io::Result<Reading> {
        let word = |place: usize| self.words(resource)[place].load(SeqCst);
        match word(ERROR) {
            0 => Ok(Reading {
                before: word(0),
                inherited: word(1),
                changed: word(2),
                after: word(3),
            }),
            UNKNOWN => Err(io::Error::other("it is at its bound already")),
            number => Err(io::Error::from_raw_os_error(i32::try_from(number).unwrap_or(0))),
        }
    }

    /// The life of the first task.
    fn act(&self, maker: Maker, value: u32) -> io::Result<()> {
        let place = Place::prepare()?;
        let first = Task::at(&place);
        for resource in Resource::ALL {
            self.write(resource, 0, first.read(resource));
        }
        match maker {
            Maker::Process => {
                let second = || {
                    self.change_all(&place, value);
                    0
                };
                Child::fork(second)?.wait().map(drop)?;
            }
            Maker::Thread => std::thread::scope(|scope| {
                let second = || self.change_all(&place, value);
                std::thread::Builder::new().spawn_scoped(scope, second).map(drop)
            })?,
        }
        for resource in Resource::ALL {
            self.write(resource, 3, first.read(resource));
        }
        Ok(())
    }

    /// The life of the second task.
    fn change_all(&self, place: &Place, value: u32) {
        let mut second = Task::at(place);
        for resource in Resource::ALL {
            self.write(resource, 1, second.read(resource));
        }
        for resource in Resource::ALL {
            let changed = second.change(resource, value).and_then(|()| second.read(resource));
            self.write(resource, 2, changed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check([before, changed, after]: [u64; 3], expect: f64) {
        let reading = Reading {
            before,
            inherited: before,
            changed,
            after,
        };
        assert!((reading.found() - expect).abs() < f64::EPSILON, "{reading:?}");
    }

    #[test]
    fn a_reading_is_as_before_or_as_changed() {
        check([1, 2, 1], OWN);
        check([1, 2, 2], SHARED);
        check([1, 2, 3], NEITHER);
        // A change that changed nothing shows nothing.
        check([1, 1, 1], LOST);
    }
}
