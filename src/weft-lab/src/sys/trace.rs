//! Stopping a thread of another process and reading its registers (`ptrace(2)`).

use std::io;

use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::registers::Registers;

/// A thread of a child that this process traces. Dropped, it runs on; if it can't be let go, its process is killed.
#[derive(Debug)]
pub struct Tracee {
    process: Pid,
    thread: Pid,
    is_stopped: bool,
}

impl Tracee {
    /// Begins to trace a thread, and asks it to stop (`PTRACE_SEIZE`, `PTRACE_INTERRUPT`).
    ///
    /// # Errors
    ///
    /// `EPERM` where a container or the Yama module forbids it.
    pub fn interrupt(process: i32, thread: i32) -> io::Result<Self> {
        let (process, thread) = (Pid::from_raw(process), Pid::from_raw(thread));
        ptrace::seize(thread, Options::empty())?;
        let tracee = Tracee {
            process,
            thread,
            is_stopped: false,
        };
        ptrace::interrupt(thread)?;
        Ok(tracee)
    }

    /// Does it stand still by now?
    ///
    /// # Errors
    ///
    /// It has ended.
    pub fn is_stopped(&mut self) -> io::Result<bool> {
        if !self.is_stopped {
            match waitpid(self.thread, Some(WaitPidFlag::WNOHANG | WaitPidFlag::__WALL))? {
                WaitStatus::PtraceEvent(..) | WaitStatus::Stopped(..) => self.is_stopped = true,
                WaitStatus::StillAlive => {}
                other => return Err(io::Error::other(format!("instead of a stop: {other:?}"))),
            }
        }
        Ok(self.is_stopped)
    }

    /// Its registers (`PTRACE_GETREGSET`).
    ///
    /// # Errors
    ///
    /// It does not stand still.
    pub fn registers(&self) -> io::Result<Registers> {
        let regs = ptrace::getregset::<ptrace::regset::NT_PRSTATUS>(self.thread)?;
        Ok(Registers::of(&regs))
    }

    fn wait_for_end(&self) {
        loop {
            match waitpid(self.thread, Some(WaitPidFlag::__WALL)) {
                Ok(WaitStatus::Exited(..) | WaitStatus::Signaled(..)) | Err(_) => return,
                Ok(_) => {}
            }
        }
    }
}

impl Drop for Tracee {
    fn drop(&mut self) {
        if self.is_stopped && ptrace::detach(self.thread, None::<Signal>).is_ok() {
            return;
        }
        let _gone = kill(self.process, Signal::SIGKILL);
        // A traced thread stays a zombie until its tracer has waited for it. The first thread's end is told last of
        // all, and whoever made the process waits for that.
        if self.thread != self.process {
            self.wait_for_end();
        }
    }
}
