//! Workers that wait, and the parent that starts them.
//!
//! Each parent is a fresh fork of the run's own process. A library keeps the stacks of threads that have ended for the
//! next ones, with pages that were touched; a new parent has none of these.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use crate::sys::{self, Child};
use crate::text::Text;

/// What workers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Thread,
    Fork,
    /// `cat`, a program of every system that is linked with the C library.
    Program,
}

impl Kind {
    pub(super) const ALL: [Kind; 3] = [Kind::Thread, Kind::Fork, Kind::Program];

    pub(super) fn id(self) -> &'static str {
        match self {
            Kind::Thread => "thread",
            Kind::Fork => "fork",
            Kind::Program => "exec",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Kind::Thread => text!("Thread"),
            Kind::Fork => text!("Process: fork"),
            Kind::Program => text!("New program: cat"),
        }
    }
}

/// A worker, with the end of the socket on which it waits. Dropped, it ends: a thread when its socket is closed, a
/// process because it is killed.
struct Worker {
    life: Life,
    _socket: UnixStream,
}

enum Life {
    Thread,
    Forked(Child),
    Program(Reaped),
}

/// A program that is ended and waited for when it is dropped.
struct Reaped(std::process::Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Copies its input to its output, and so answers as the other workers do.
const PROGRAM: &str = "cat";

/// What a worker writes once, so that each has a page of its own.
const OWN_PAGE: usize = 4096;

/// Touches a page, answers each byte with the same byte, and waits for the next one until its socket is closed.
fn wait_for_work(mut socket: UnixStream) -> io::Result<()> {
    let mut own = [0_u8; OWN_PAGE];
    std::hint::black_box(&mut own).fill(1);
    let mut byte = [0];
    while socket.read(&mut byte)? > 0 {
        socket.write_all(&byte)?;
    }
    std::hint::black_box(&own);
    Ok(())
}

impl Worker {
    /// Starts a worker and waits until it waits.
    fn start(kind: Kind) -> io::Result<Worker> {
        let (mut ours, theirs) = UnixStream::pair()?;
        let life = match kind {
            Kind::Thread => {
                std::thread::Builder::new().spawn(move || wait_for_work(theirs))?;
                Life::Thread
            }
            Kind::Fork => {
                let mut theirs = Some(theirs);
                Life::Forked(Child::fork(|| match theirs.take().map(wait_for_work) {
                    Some(Ok(())) => 0,
                    _ => 1,
                })?)
            }
            Kind::Program => {
                let program = Command::new(PROGRAM)
                    .stdin(Stdio::from(OwnedFd::from(theirs.try_clone()?)))
                    .stdout(Stdio::from(OwnedFd::from(theirs)))
                    .stderr(Stdio::null())
                    .env("LC_ALL", "C")
                    .spawn()?;
                Life::Program(Reaped(program))
            }
        };
        ours.write_all(&[1])?;
        ours.read_exact(&mut [0])?;
        Ok(Worker { life, _socket: ours })
    }

    /// Its process, where it is not a thread of the parent.
    fn process(&self) -> Option<i32> {
        match &self.life {
            Life::Thread => None,
            Life::Forked(child) => Some(child.id()),
            Life::Program(program) => i32::try_from(program.0.id()).ok(),
        }
    }
}

/// A parent with its workers, in a process of its own. Dropped, all of them are ended and waited for.
#[derive(Debug)]
pub(super) struct Group {
    parent: Child,
    control: UnixStream,
    processes: Vec<i32>,
}

/// How the parent's answer begins.
const GREW: u8 = 0;
const REFUSED: u8 = 1;

impl Group {
    /// A parent without workers.
    ///
    /// # Errors
    ///
    /// No memory, or a limit on processes.
    pub(super) fn open(kind: Kind) -> io::Result<Group> {
        let (control, theirs) = UnixStream::pair()?;
        let mut ends = (Some(control), Some(theirs));
        let parent = Child::fork(|| {
            ends.0 = None;
            let _kernel_without = sys::forbid_huge_pages();
            match ends.1.take().map(|control| lead(kind, control)) {
                Some(Ok(())) => 0,
                _ => 1,
            }
        })?;
        ends.1 = None;
        let control = ends.0.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Group {
            parent,
            control,
            processes: Vec::new(),
        })
    }

    /// Starts more workers until there are `count`, and waits until they wait.
    ///
    /// # Errors
    ///
    /// What the system said to the parent; the workers that it has then stay.
    pub(super) fn grow_to(&mut self, count: usize) -> io::Result<()> {
        let count = u32::try_from(count).map_err(io::Error::other)?;
        self.control.write_all(&count.to_le_bytes())?;
        let mut answer = [0; 5];
        self.control.read_exact(&mut answer)?;
        let [state, number @ ..] = answer;
        let number = i32::from_le_bytes(number);
        if state != GREW {
            return Err(io::Error::from_raw_os_error(number));
        }
        for _ in 0..number {
            let mut id = [0; 4];
            self.control.read_exact(&mut id)?;
            self.processes.push(i32::from_le_bytes(id));
        }
        Ok(())
    }

    /// All processes of the group: this one, which the parent was forked from and shares pages with, the parent, and
    /// the workers that are processes.
    pub(super) fn processes(&self) -> Vec<i32> {
        let mut all = vec![nix::unistd::getpid().as_raw(), self.parent.id()];
        all.extend(&self.processes);
        all
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The parent then ends its workers first, so that none is left to share pages with the next group.
        let _told = self.control.shutdown(std::net::Shutdown::Both);
        let _ended = self.parent.wait();
    }
}

/// What the parent does: grow when asked, and say which processes came to be.
fn lead(kind: Kind, mut control: UnixStream) -> io::Result<()> {
    let mut workers = Vec::new();
    let mut wanted = [0; 4];
    loop {
        match control.read_exact(&mut wanted) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        }
        let wanted = u32::from_le_bytes(wanted) as usize;
        let mut answer = Vec::new();
        let mut state = (GREW, 0);
        let before = workers.len();
        while workers.len() < wanted {
            match Worker::start(kind) {
                Ok(worker) => workers.push(worker),
                Err(error) => {
                    state = (REFUSED, error.raw_os_error().unwrap_or(0));
                    break;
                }
            }
        }
        if state.0 == GREW {
            let new: Vec<i32> = workers[before..].iter().filter_map(Worker::process).collect();
            state.1 = i32::try_from(new.len()).unwrap_or(0);
            answer.extend(new.iter().flat_map(|id| id.to_le_bytes()));
        }
        control.write_all(&[state.0])?;
        control.write_all(&state.1.to_le_bytes())?;
        control.write_all(&answer)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::occupied::Occupied;

    #[track_caller]
    fn check(kind: Kind, more_processes: usize, more_tasks: f64) {
        let mut group = Group::open(kind).unwrap();
        group.grow_to(0).unwrap();
        let before = (group.processes().len(), Occupied::by(&group.processes()[1..]).unwrap());
        group.grow_to(1).unwrap();
        group.grow_to(5).unwrap();
        let after = (group.processes().len(), Occupied::by(&group.processes()[1..]).unwrap());
        assert_eq!(after.0 - before.0, more_processes, "{kind:?}");
        assert!((after.1.tasks - before.1.tasks - more_tasks).abs() < 0.5, "{kind:?}");
        assert!(after.1.rss_kb > before.1.rss_kb, "{kind:?}");
        let all = group.processes();
        assert_eq!(sys::descendants(all[1]).len(), more_processes, "{kind:?}");
        drop(group);
        for id in &all[1..] {
            let is_there = std::path::Path::new(&format!("/proc/{id}")).exists();
            assert!(!is_there, "{kind:?}: {id} is left");
        }
    }

    #[test]
    fn five_threads_are_five_tasks_of_one_process() {
        check(Kind::Thread, 0, 5.0);
    }

    #[test]
    fn a_worker_that_cannot_be_started_is_told() {
        let mut group = Group::open(Kind::Thread).unwrap();
        assert!(group.grow_to(usize::MAX).is_err());
    }

    #[test]
    fn five_processes_are_five_processes() {
        check(Kind::Fork, 5, 5.0);
        check(Kind::Program, 5, 5.0);
    }
}
