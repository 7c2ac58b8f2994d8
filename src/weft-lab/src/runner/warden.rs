//! The warden: starts the worker, watches it, and leaves nothing behind.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::SignalFd;

use super::wire::{End, Job, Message};
use super::worker::{self, Role};
use crate::measure::{Clock, MonotonicClock, Nanos};
use crate::sys;

/// How often the memory is looked at; on another core than the worker's, where there is one.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Watches one worker to its end. Standard input is the pipe from who asked for the run, standard output takes events.
pub(super) fn watch(job: &Job) -> i32 {
    match start(job) {
        Ok((worker, mut events, signals)) => {
            let end = wait(job, worker, &signals);
            sys::kill_all_children();
            i32::from(worker::say(&mut events, &Message::Ended(end)).is_err())
        }
        Err(_) => 2,
    }
}

fn start(job: &Job) -> io::Result<(Child, File, SignalFd)> {
    sys::become_subreaper()?;
    let signals = take_signals()?;
    // A descriptor without close-on-exec, so that the worker inherits it under this number.
    let for_worker: OwnedFd = nix::unistd::dup(io::stdout())?;
    let role = Role::Worker {
        events: for_worker.as_raw_fd(),
    };
    let program = std::env::current_exe()?;
    let log = io::stderr().as_fd().try_clone_to_owned()?;
    let worker = Command::new(program)
        .args(worker::arguments(role, job))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    drop(for_worker);
    let events = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    step_aside();
    Ok((worker, events, signals))
}

/// A warden that dies of a signal leaves its worker's children alone, so it takes each as the order to end all. SIGHUP
/// comes from the kernel itself, when the one who asked for the run is gone and a process of the run is stopped
/// (`setpgid(2)`, orphaned process groups).
fn take_signals() -> io::Result<SignalFd> {
    let mut signals = SigSet::empty();
    for signal in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTERM] {
        signals.add(signal);
    }
    signals.thread_block()?;
    Ok(SignalFd::new(&signals)?)
}

/// Experiments measure on the last core that is allowed; the warden keeps to the others.
fn step_aside() {
    let mut cpus = sys::allowed_cpus();
    if cpus.len() > 1 {
        cpus.pop();
        let _stays = sys::pin_to(&cpus);
    }
}

fn wait(job: &Job, mut worker: Child, signals: &SignalFd) -> End {
    let deadline = MonotonicClock.now().0.saturating_add(Nanos::from(job.time_limit).0);
    let pidfd = i32::try_from(worker.id())
        .ok()
        .and_then(|pid| sys::open_pidfd(pid).ok());
    let stdin = io::stdin();
    loop {
        match worker.try_wait() {
            Ok(Some(status)) => return end_of(status),
            Ok(None) => {}
            Err(_) => return End::Exit { status: 2 },
        }
        let left = deadline.saturating_sub(MonotonicClock.now().0);
        if left == 0 {
            return End::TimedOut;
        }
        if memory_of_descendants(job.memory_limit) > job.memory_limit {
            return End::OutOfMemory;
        }
        let mut fds = vec![
            PollFd::new(stdin.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        if let Some(pidfd) = &pidfd {
            fds.push(PollFd::new(pidfd.as_fd(), PollFlags::POLLIN));
        }
        // Without a descriptor for the process its end is noticed by asking.
        let ask_every = if pidfd.is_some() {
            LOOK_EVERY
        } else {
            Duration::from_millis(10)
        };
        let timeout = ask_every.min(Duration::from_nanos(left));
        let timeout = PollTimeout::try_from(timeout.as_millis().max(1)).unwrap_or(PollTimeout::MAX);
        let _interrupted = poll(&mut fds, timeout);
        if fds[..2].iter().any(|fd| fd.any().unwrap_or(false)) {
            return End::Cancelled;
        }
    }
}

fn end_of(status: std::process::ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => End::Signal { signal },
        None => End::Exit {
            status: status.code().unwrap_or(2),
        },
    }
}

/// What all descendants use together, in bytes. Resident sizes are quick to read but count shared pages again and
/// again, so only a sum over the limit is counted with care, by proportional set size (`proc_pid_smaps(5)`).
fn memory_of_descendants(limit: u64) -> u64 {
    let pids = sys::descendants(nix::unistd::getpid().as_raw());
    let page = sys::page_bytes() as u64;
    let resident = |pid: &i32| {
        let statm = std::fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
        Some(statm.split_whitespace().nth(1)?.parse::<u64>().ok()? * page)
    };
    let sum: u64 = pids.iter().filter_map(resident).sum();
    if sum <= limit {
        return sum;
    }
    let proportional = |pid: &i32| {
        let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find(|line| line.starts_with("Pss:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    };
    pids.iter().map(|pid| proportional(pid).unwrap_or(0)).sum()
}
