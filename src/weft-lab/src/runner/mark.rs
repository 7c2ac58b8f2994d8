//! The mark that every process of a run bears in its environment, for the one case in which no warden is left to end them.
//!
//! A child inherits its parent's environment, whatever else it changes of itself. Only a program started with another
//! environment loses the mark; the warden, while it lives, ends that one too.

use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::measure::{Clock, MonotonicClock, Nanos};

/// The variable's name.
pub(super) const VARIABLE: &str = "WEFT_RUN";

/// A process that does not end within this time can't be ended: the kernel holds it.
const PATIENCE: Nanos = Nanos(2_000_000_000);

/// A mark that no other run on this machine bears.
pub(super) fn new() -> String {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    format!("{}-{run}-{:016x}", std::process::id(), fastrand::u64(..))
}

/// Ends every process that bears the mark, and returns when there is none.
pub(super) fn end_all(mark: &str) {
    let start = MonotonicClock.now();
    loop {
        let marked = bearers(mark);
        if marked.is_empty() || MonotonicClock.now().since(start) > PATIENCE {
            return;
        }
        for pid in marked {
            let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        std::thread::yield_now();
    }
}

/// The processes that bear the mark; one that has ended bears nothing.
fn bearers(mark: &str) -> Vec<i32> {
    let entry = format!("{VARIABLE}={mark}");
    let bears = |pid: &i32| {
        let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|&byte| byte == 0).any(|one| one == entry.as_bytes())
    };
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|process| std::str::from_utf8(process.file_name().as_bytes()).ok()?.parse().ok())
        .filter(bears)
        .collect()
}
