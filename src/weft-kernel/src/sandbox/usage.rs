//! What the processes and the home of a kernel use.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::signal::Signal;

/// Bytes on the disk below this folder; a link is followed nowhere.
pub(super) fn disk(folder: &Path) -> u64 {
    let mut sum = 0;
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(about) = entry.metadata() else { continue };
            sum += about.blocks() * 512;
            if about.is_dir() {
                open.push(entry.path());
            }
        }
    }
    sum
}

/// A process's children.
pub(super) fn children(pid: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<i32>>()
        })
        .collect()
}

/// Processes and threads from this one down.
pub(super) fn tasks(pid: i32) -> usize {
    let threads = |pid: &i32| fs::read_dir(format!("/proc/{pid}/task")).map_or(0, Iterator::count);
    tree(pid).iter().map(threads).sum()
}

/// Bytes that the processes from this one down have resident of their own.
pub(super) fn memory(pid: i32) -> u64 {
    let resident = |pid: &i32| {
        let statm = fs::read_to_string(format!("/proc/{pid}/statm")).ok()?;
        let mut pages = statm
            .split_whitespace()
            .skip(1)
            .filter_map(|word| word.parse::<u64>().ok());
        let (all, shared) = (pages.next()?, pages.next()?);
        Some(all.saturating_sub(shared) * 4096)
    };
    tree(pid).iter().filter_map(resident).sum()
}

fn tree(pid: i32) -> Vec<i32> {
    let mut all = weft_lab::sys::descendants(pid);
    all.push(pid);
    all
}

/// Whether a process has this signal blocked (`proc_pid_status(5)`).
pub(super) fn blocks(pid: i32, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let blocked = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
    let mask = blocked.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask & (1 << (signal as i32 - 1)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_out_of_the_home_counts_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), vec![1; 1 << 20]).unwrap();
        std::os::unix::fs::symlink("/usr", folder.path().join("b")).unwrap();
        let found = disk(folder.path());
        assert!((1 << 20..2 << 20).contains(&found), "{found}");
    }

    #[test]
    fn a_blocked_signal_is_seen() {
        let mut set = nix::sys::signal::SigSet::empty();
        set.add(Signal::SIGUSR1);
        // Of this thread alone, whose file is asked for.
        let blocked = std::thread::spawn(move || {
            set.thread_block().unwrap();
            let own = nix::unistd::gettid().as_raw();
            (blocks(own, Signal::SIGUSR1), blocks(own, Signal::SIGUSR2))
        });
        assert_eq!(blocked.join().unwrap(), (true, false));
    }

    #[test]
    fn this_process_has_tasks_and_memory() {
        let own = std::process::id().cast_signed();
        assert!(tasks(own) >= 1 && memory(own) > 0);
        assert!(!weft_lab::sys::is_stopped(own) && weft_lab::sys::is_stopped(i32::MAX));
    }
}
