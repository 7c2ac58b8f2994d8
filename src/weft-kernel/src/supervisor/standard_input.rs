//! The standard input of the cells: a pipe that is filled when something waits for it.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::OFlag;
use nix::unistd::{Pid, pipe2};

use super::tree;
use crate::sys;

/// The two ends that the supervisor holds.
#[derive(Debug)]
pub(super) struct StandardInput {
    /// Kept so that the pipe can be opened again, and to see what is left in it.
    reader: File,
    /// Closed: whoever reads finds the end.
    writer: Option<File>,
    /// What the pipe had no room for.
    queue: VecDeque<u8>,
    /// A line was asked for and has not come.
    pub(super) asked: bool,
    /// It was waited for at the last look: what was printed before has come by the next.
    seen: bool,
}

impl StandardInput {
    /// And the end for the runner.
    pub(super) fn new() -> io::Result<(StandardInput, OwnedFd)> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC)?;
        drop(writer);
        let for_runner = reader.try_clone()?;
        let mut input = StandardInput {
            reader: reader.into(),
            writer: None,
            queue: VecDeque::new(),
            asked: false,
            seen: false,
        };
        input.open()?;
        Ok((input, for_runner))
    }

    fn reopened(&self, options: &mut OpenOptions) -> io::Result<File> {
        let path = format!("/proc/self/fd/{}", self.reader.as_raw_fd());
        options.custom_flags(OFlag::O_NONBLOCK.bits()).open(path)
    }

    fn open(&mut self) -> io::Result<()> {
        self.writer = Some(self.reopened(OpenOptions::new().write(true))?);
        Ok(())
    }

    /// A run begins: what an earlier one left unread is not for it.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.asked = false;
        self.queue.clear();
        if sys::unread_bytes(&self.reader) > 0 {
            let mut rest = self.reopened(OpenOptions::new().read(true))?;
            let mut piece = [0; 4096];
            while rest.read(&mut piece).is_ok_and(|count| count > 0) {}
        }
        if self.writer.is_none() {
            self.open()?;
        }
        Ok(())
    }

    /// Hands over the line that was asked for; without one, whoever reads finds the end.
    pub(super) fn give(&mut self, line: Option<String>) {
        self.asked = false;
        match line {
            Some(line) => {
                self.queue.extend(line.as_bytes());
                self.queue.push_back(b'\n');
                self.write();
            }
            None => self.writer = None,
        }
    }

    fn write(&mut self) {
        let Some(writer) = &mut self.writer else { return };
        while !self.queue.is_empty() {
            let (front, _) = self.queue.as_slices();
            match writer.write(front) {
                Ok(count) if count > 0 => drop(self.queue.drain(..count)),
                _ => return,
            }
        }
    }

    /// Whether the runner, or something that it started, waits for a line that nobody was asked for yet.
    pub(super) fn is_waited_for(&mut self, runner: Pid) -> bool {
        self.write();
        let waited_for =
            !self.asked && self.writer.is_some() && sys::unread_bytes(&self.reader) == 0 && tree::reads_input(runner);
        std::mem::replace(&mut self.seen, waited_for) && waited_for
    }
}
