//! Processes, their environment and their signals.

use std::ffi::{OsStr, c_int};
use std::io;
use std::os::fd::{AsFd, AsRawFd};

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// Which side of a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fork {
    /// The one that forked, and its child's id.
    Parent(i32),
    /// The copy.
    Child,
}

/// Copies this process (`fork(2)`).
///
/// The copy has the calling thread alone. Locks that other threads hold stay locked in it, so the caller sees to it
/// that none does that the copy needs; the C library frees its own.
///
/// # Errors
///
/// No memory, or a limit on processes.
pub fn fork() -> io::Result<Fork> {
    // SAFETY: both sides go on in safe code; see above for locks.
    match unsafe { nix::unistd::fork() }? {
        nix::unistd::ForkResult::Parent { child } => Ok(Fork::Parent(child.as_raw())),
        nix::unistd::ForkResult::Child => Ok(Fork::Child),
    }
}

/// Ends this process at once, without running anything of it.
pub fn exit_now(status: c_int) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// Sets a variable of the environment, or removes it.
///
/// Called while the process has one thread: first thing in `main`, or in a process just forked.
pub fn set_env(name: &str, value: Option<&OsStr>) {
    match value {
        // SAFETY: no other thread reads the environment, see above.
        Some(value) => unsafe { std::env::set_var(name, value) },
        // SAFETY: as before.
        None => unsafe { std::env::remove_var(name) },
    }
}

/// Lets the kernel kill this process when its parent ends (`PR_SET_PDEATHSIG`, `prctl(2)`).
pub fn die_with_parent() {
    let _never = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
}

/// Gives signals their usual meaning, and lets all of them through: for a runner, whose starter holds some back.
pub fn reset_signals() {
    let usual = SigAction::new(SigHandler::SigDfl, SaFlags::empty(), SigSet::empty());
    for signal in [
        Signal::SIGINT,
        Signal::SIGTERM,
        Signal::SIGQUIT,
        Signal::SIGHUP,
        Signal::SIGCHLD,
    ] {
        // SAFETY: the usual action runs no code of ours.
        let _never = unsafe { sigaction(signal, &usual) };
    }
    let _never = SigSet::empty().thread_set_mask();
}

/// Makes this process the first to go when memory runs out (`proc_pid_oom_score_adj(5)`).
pub fn raise_oom_score() {
    let _not_there = std::fs::write("/proc/self/oom_score_adj", "500");
}

/// How many bytes wait to be read from a pipe (`FIONREAD`, `ioctl_tty(2)`).
#[must_use]
pub fn unread_bytes(pipe: impl AsFd) -> usize {
    let mut count: c_int = 0;
    // SAFETY: the request writes one integer to `count`, and the descriptor is open while it is borrowed.
    let status = unsafe { libc::ioctl(pipe.as_fd().as_raw_fd(), libc::FIONREAD, &raw mut count) };
    if status < 0 {
        0
    } else {
        usize::try_from(count).unwrap_or(0)
    }
}
