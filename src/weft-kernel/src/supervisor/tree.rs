//! What the processes of a run do, as `/proc` shows it.

use std::fs;

use nix::unistd::Pid;

use super::runner::FLUSHER;

/// Numbers of `read` and `readv` (`syscalls(2)`).
#[cfg(target_arch = "x86_64")]
const READS: [&str; 2] = ["0", "19"];
/// Numbers of `read` and `readv` (`syscalls(2)`).
#[cfg(not(target_arch = "x86_64"))]
const READS: [&str; 2] = ["63", "65"];

/// The processes below this one.
pub(super) fn below(pid: Pid) -> Vec<i32> {
    let mut found = Vec::new();
    let mut open = vec![pid.as_raw()];
    while let Some(pid) = open.pop() {
        let children = children(pid);
        found.extend(&children);
        open.extend(children);
    }
    found
}

/// A process's children that are no zombies (`proc_pid_task_tid_children(5)`).
fn children(pid: i32) -> Vec<i32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    let mut found = Vec::new();
    for task in tasks {
        let Ok(children) = fs::read_to_string(task.path().join("children")) else {
            continue;
        };
        let alive = |pid: &i32| weft_lab::sys::state(*pid).is_some_and(|state| state != 'Z');
        found.extend(
            children
                .split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .filter(alive),
        );
    }
    found
}

/// Names of a process's threads but the main one and the one that flushes.
pub(super) fn threads(pid: Pid) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    tasks
        .filter(|task| task.file_name().to_str() != Some(pid.to_string().as_str()))
        .filter_map(|task| fs::read_to_string(task.path().join("comm")).ok())
        .map(|name| name.trim_end().to_owned())
        .filter(|name| name != FLUSHER)
        .collect()
}

/// What the processes from this one down have resident together, in bytes; pages that they share count again and again,
/// so a sum over a limit is to be counted with care.
pub(super) fn memory(pid: Pid) -> u64 {
    let pids = || std::iter::once(pid.as_raw()).chain(below(pid));
    let anonymous = |pid: i32| {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
        let line = rollup.lines().find(|line| line.starts_with("Anonymous:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    };
    pids().filter_map(anonymous).sum()
}

/// Whether a thread of a process from this one down waits in a `read` of descriptor 0, and that is this one's.
pub(super) fn reads_input(pid: Pid) -> bool {
    let input = |pid: i32| fs::read_link(format!("/proc/{pid}/fd/0")).ok();
    let ours = input(pid.as_raw());
    std::iter::once(pid.as_raw())
        .chain(below(pid))
        .filter(|pid| input(*pid) == ours)
        .any(waits_in_read)
}

fn waits_in_read(pid: i32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"))
        .into_iter()
        .flatten()
        .flatten();
    tasks.into_iter().any(|task| {
        // The call's number and its first argument; `running` where there is none.
        let call = fs::read_to_string(task.path().join("syscall")).unwrap_or_default();
        let mut words = call.split_whitespace();
        let number = words.next().unwrap_or_default();
        READS.contains(&number) && words.next() == Some("0x0")
    })
}
