//! Where and how a task is scheduled.

use std::io;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// The logical processors that this task may run on (`sched_getaffinity(2)`).
#[must_use]
pub fn allowed_cpus() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else {
        return Vec::new();
    };
    (0..CpuSet::count())
        .filter(|&cpu| set.is_set(cpu).unwrap_or(false))
        .collect()
}

/// Lets the calling task run on `cpu` alone (`sched_setaffinity(2)`). Tasks that it creates inherit this.
///
/// # Errors
///
/// The processor isn't there, or a control group forbids it.
pub fn pin(cpu: usize) -> io::Result<()> {
    pin_to(&[cpu])
}

/// Lets the calling task run on these processors alone.
///
/// # Errors
///
/// As [`pin`].
pub fn pin_to(cpus: &[usize]) -> io::Result<()> {
    let mut set = CpuSet::new();
    for &cpu in cpus {
        set.set(cpu)?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// A class of the scheduler (`sched(7)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheduler {
    /// The usual one.
    Fair,
    /// Real time, first in first out, at the lowest priority. Needs a right that ordinary users don't have.
    Fifo,
}

/// Puts the calling task into a class (`sched_setscheduler(2)`). Tasks that it creates inherit this.
///
/// # Errors
///
/// `EPERM` for [`Scheduler::Fifo`] without the right.
pub fn set_scheduler(scheduler: Scheduler) -> io::Result<()> {
    let (policy, priority) = match scheduler {
        Scheduler::Fair => (libc::SCHED_OTHER, 0),
        Scheduler::Fifo => (libc::SCHED_FIFO, 1),
    };
    let param = libc::sched_param {
        sched_priority: priority,
    };
    // SAFETY: `param` lives for the whole call, and 0 means the calling task.
    let result = unsafe { libc::sched_setscheduler(0, policy, &raw const param) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Lets another task of this core run (`sched_yield(2)`).
#[inline]
pub fn yield_now() {
    // SAFETY: takes nothing, and always succeeds on Linux.
    unsafe { libc::sched_yield() };
}

/// How nice the calling task is: 0 is usual, from -20 to 19 (`getpriority(2)`).
#[must_use]
pub fn niceness() -> i32 {
    // SAFETY: takes numbers alone; 0 means the calling task, which there is.
    unsafe { libc::getpriority(libc::PRIO_PROCESS, 0) }
}

/// Makes the calling task nicer to others: 0 is usual, 19 is the nicest (`setpriority(2)`; on Linux one task, not the
/// whole process). Who lacks the right can't take it back.
///
/// # Errors
///
/// `EACCES` for a value below the present one, without the right.
pub fn set_nice(nice: u8) -> io::Result<()> {
    // SAFETY: takes numbers alone; 0 means the calling task.
    let result = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice.into()) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}
