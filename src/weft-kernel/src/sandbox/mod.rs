//! A kernel that may do nothing but be one: for graders, who run what others wrote.
//!
//! ```text
//!  Jupyter ── front ──pipe── guard ── kernel, held in ── compilers, supervisor, runner
//! ```
//!
//! The *front* is what Jupyter starts and ends. The *guard* makes the kernel's home, watches what is used, and when the front
//! is gone ends all that is left, in whatever session or group it may be. The *kernel* first gives up all that it does not
//! need (`inside.rs`), then becomes what `weft-kernel run` is elsewhere.

mod covers;
mod inside;
mod usage;

use std::collections::HashSet;
use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, Uid, chown, geteuid, setsid};
use std::os::fd::AsFd;
use weft_kernel::supervisor::END_CELL;
use weft_lab::measure::{Clock, MonotonicClock, Nanos};

use crate::args::{Role, Run};
use crate::failure::{Failure, Status};
pub(crate) use inside::{become_kernel, support};

/// Disk space that cells may use for files of their own, and as much again that a session may for what it compiles. It
/// is counted apart: what a cell that ran out of time has left must not fail the next one.
const DISK: u64 = 1 << 30;
/// Where cells keep files of their own.
const OF_CELLS: [&str; 2] = ["work", "tmp"];
/// Processes and threads.
const TASKS: usize = 384;
/// What the system refuses beyond that, so that the guard, the kernel and a compiler still have room.
const SPARE_TASKS: usize = 128;
/// With so few, no cell is multiplying.
const CALM: usize = 96;
/// The supervisor has so long to end a cell that uses too much. Then all cells' processes are killed, and what the
/// notebook has in memory with them.
const PATIENCE: Nanos = Nanos(4_000_000_000);
/// How often running cells are looked for before they are killed as they are.
const LOOKS: usize = 100;
/// The same while the one that starts them goes on.
const HASTY_LOOKS: usize = 3;
/// Memory of the kernel and compilers beside the cells' own.
const KERNEL_MEMORY: u64 = 3 << 30;
/// Users that nobody is, by the convention of systemd's dynamic ones; each kernel that root starts is another one.
const FIRST_USER: u32 = 61_184;
const USERS: u32 = 4_000;

/// Plays the part that this process was started for.
pub(crate) fn run(args: &Run, homes: &Path) -> anyhow::Result<Status> {
    match &args.role {
        None => front(args),
        Some(Role::Guard) => guard(args, homes),
        Some(Role::Inside) => become_kernel(args, homes),
    }
}

/// The command of the next part.
fn next(args: &Run, role: Role, folder: &Path, file: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("cannot find out where this program stands")?);
    command
        .arg("run")
        .args(args.limits.words())
        .arg("--sandbox")
        .arg(folder)
        .args(["--role", role.word()])
        .arg(file);
    Ok(command)
}

/// Starts the guard, and ends as it ends. Its end, however it comes, closes the pipe.
fn front(args: &Run) -> anyhow::Result<Status> {
    let homes = args.sandbox.as_deref().unwrap_or(Path::new("."));
    let mut guard = next(args, Role::Guard, homes, &args.file)?
        .stdin(Stdio::piped())
        .spawn()
        .context("cannot start the sandbox")?;
    let pipe = guard.stdin.take();
    let status = guard.wait()?;
    drop(pipe);
    Ok(if status.success() { Status::Done } else { Status::Failed })
}

/// A kernel's own folder, which goes with it.
struct Home(PathBuf);

impl Home {
    fn make(homes: &Path, user: Option<Uid>) -> anyhow::Result<Home> {
        use std::os::unix::fs::DirBuilderExt;
        let homes = fs::canonicalize(homes).with_context(|| format!("there is no folder {}", homes.display()))?;
        let path = homes.join(format!("{:08x}{:08x}", fastrand::u32(..), std::process::id()));
        let home = Home(path);
        for name in ["", "tmp", "work", "sessions", "data"] {
            let folder = home.0.join(name);
            let made = fs::DirBuilder::new().mode(0o700).create(&folder);
            made.and_then(|()| Ok(chown(&folder, user, None)?))
                .with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(home)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _best = fs::remove_dir_all(&self.0);
    }
}

/// Watches over a kernel until it or the front ends.
fn guard(args: &Run, homes: &Path) -> anyhow::Result<Status> {
    // Whoever ends the front's group must not end this.
    let _leader_already = setsid();
    nix::sys::prctl::set_child_subreaper(true).context("cannot inherit processes")?;
    let user = geteuid()
        .is_root()
        .then(|| Uid::from_raw(FIRST_USER + std::process::id() % USERS));
    let home = Home::make(homes, user)?;
    let file = home.0.join("connection.json");
    fs::copy(&args.file, &file).with_context(|| format!("cannot read {}", args.file.display()))?;
    chown(&file, user, None)?;
    let mut kernel = next(args, Role::Inside, &home.0, &file)?;
    inside::environment(&mut kernel, &home.0);
    let mut kernel = kernel
        .stdin(Stdio::null())
        .current_dir(home.0.join("work"))
        .process_group(0)
        .spawn()
        .context("cannot start the kernel")?;
    let limit = args
        .limits
        .memory_limit
        .unwrap_or(u64::MAX / 2)
        .saturating_add(KERNEL_MEMORY);
    let ended = watch(&mut kernel, &home.0, limit);
    end_all();
    Ok(if ended { Status::Done } else { Status::Failed })
}

/// Until the kernel has ended (and then whether it did well) or the front is gone.
fn watch(kernel: &mut Child, home: &Path, memory_limit: u64) -> bool {
    let input = std::io::stdin();
    let own_files = || {
        OF_CELLS
            .map(|folder| usage::disk(&home.join(folder)))
            .iter()
            .sum::<u64>()
    };
    let start = usage::disk(home);
    let pid = kernel.id().cast_signed();
    // The processes that were there when all was calm: the cell that runs, and the copy to which it steps back.
    let mut calm = HashSet::new();
    let mut beyond = None;
    loop {
        let mut ready = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        let polled = poll(&mut ready, PollTimeout::from(100_u8));
        if polled.is_ok_and(|count| count > 0) {
            // The front never writes: it is gone.
            return true;
        }
        if let Ok(Some(status)) = kernel.try_wait() {
            return status.success() || status.signal() == Some(Signal::SIGTERM as i32);
        }
        reap_orphans(pid);
        let tasks = usage::tasks(pid);
        let own = own_files();
        let full = own > DISK || usage::disk(home).saturating_sub(own) > start + DISK;
        if tasks <= CALM {
            calm = weft_lab::sys::descendants(pid).into_iter().collect();
        }
        if !full && tasks <= TASKS && usage::memory(pid) <= memory_limit {
            beyond = None;
            continue;
        }
        let now = MonotonicClock.now();
        if now.since(*beyond.get_or_insert(now)) < PATIENCE {
            order_end(pid);
            if tasks > TASKS {
                end_cells(pid, &calm, HASTY_LOOKS);
            }
        } else {
            end_cells(pid, &HashSet::new(), LOOKS);
        }
        if full {
            for folder in OF_CELLS {
                empty(&home.join(folder));
            }
        }
    }
}

/// Has the supervisor end the cell, which is then the only one to fail, and ends what compiles.
fn order_end(kernel: i32) {
    for child in usage::children(kernel) {
        if usage::blocks(child, END_CELL) {
            let _gone = kill(Pid::from_raw(child), END_CELL);
        } else {
            for pid in weft_lab::sys::descendants(child) {
                let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }
}

/// Ends what the kernel's children have started: the cells and compilers, not the kernel and its supervisor.
fn end_cells(kernel: i32, calm: &HashSet<i32>, looks: usize) {
    let spared = usage::children(kernel);
    let cells = || {
        let all = weft_lab::sys::descendants(kernel);
        all.into_iter()
            .filter(|pid| !spared.contains(pid) && !calm.contains(pid))
            .collect::<Vec<i32>>()
    };
    let signal_all = |pids: Vec<i32>, signal| {
        for pid in pids {
            let _gone = kill(Pid::from_raw(pid), signal);
        }
    };
    // One that is stopped starts no other. All of them are when a look finds none that runs.
    for _ in 0..looks {
        let running: Vec<i32> = cells()
            .into_iter()
            .filter(|pid| !weft_lab::sys::is_stopped(*pid))
            .collect();
        if running.is_empty() {
            break;
        }
        signal_all(running, Signal::SIGSTOP);
    }
    signal_all(cells(), Signal::SIGKILL);
}

fn empty(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let _best = if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
    }
}

/// What lost its parent is ours now.
fn reap_orphans(kernel: i32) {
    for pid in usage::children(std::process::id().cast_signed()) {
        if pid != kernel {
            let _still_there = waitpid(Pid::from_raw(pid), Some(WaitPidFlag::WNOHANG));
        }
    }
}

/// Ends all that is below this process; who forks faster than it is ended is stopped first.
fn end_all() {
    let own = std::process::id().cast_signed();
    for signal in [Signal::SIGSTOP, Signal::SIGKILL] {
        for _again in 0..50 {
            let mut found = weft_lab::sys::descendants(own);
            found.retain(|pid| kill(Pid::from_raw(*pid), signal).is_ok());
            if signal == Signal::SIGSTOP && found.iter().all(|pid| weft_lab::sys::is_stopped(*pid)) {
                break;
            }
            while matches!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Ok(status) if status != WaitStatus::StillAlive) {}
            if found.is_empty() {
                break;
            }
            let _wait = poll(&mut [], PollTimeout::from(10_u8));
        }
    }
}

/// Refuses what cannot be held in.
fn refuse(what: impl Into<String>) -> anyhow::Error {
    Failure::outside(what, "`weft-kernel doctor` says what this system allows.").into()
}
