//! Making tasks, and waiting for their end.

use std::collections::HashMap;
use std::ffi::{CStr, c_int, c_void};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, getpid, getppid};

use super::memory::{Mapping, futex_wait};

/// A child process that runs a closure. Dropped, it is killed and waited for.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    ended: Option<Ended>,
}

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Exit(i32),
    /// By this signal.
    Signal(i32),
}

/// The status of a child whose closure panicked, as of a Rust program.
const PANICKED: i32 = 101;
/// The status of a child whose parent ended before it began.
const ORPHANED: i32 = 1;

impl Child {
    /// Forks; the child runs `work` and leaves by `_exit` with what it returns (101 after a panic).
    ///
    /// The worker of a run has one thread when it forks, so the child finds every lock free. Elsewhere (a test's
    /// process has more) `work` must keep to atomics and system calls.
    ///
    /// # Errors
    ///
    /// No memory, or a limit on processes.
    pub fn fork(work: impl FnOnce() -> i32) -> io::Result<Child> {
        let parent = getpid();
        // SAFETY: the child runs `work` alone, see above, and never returns from here.
        match unsafe { nix::unistd::fork() }? {
            ForkResult::Parent { child } => Ok(Child {
                pid: child,
                ended: None,
            }),
            ForkResult::Child => {
                let _stays = super::limits::die_with_parent();
                if getppid() != parent {
                    // It ended before it could take this child with it.
                    exit_now(ORPHANED);
                }
                let status = catch_unwind(AssertUnwindSafe(work)).unwrap_or(PANICKED);
                exit_now(status)
            }
        }
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Waits for its end.
    ///
    /// # Errors
    ///
    /// Someone else has waited for it.
    pub fn wait(&mut self) -> io::Result<Ended> {
        if let Some(ended) = self.ended {
            return Ok(ended);
        }
        let ended = wait_for(self.pid)?;
        self.ended = Some(ended);
        Ok(ended)
    }

    /// How it ended; `None` while it runs.
    ///
    /// # Errors
    ///
    /// Someone else has waited for it.
    pub fn poll(&mut self) -> io::Result<Option<Ended>> {
        if self.ended.is_none() {
            self.ended = ended_of(waitpid(self.pid, Some(WaitPidFlag::WNOHANG))?);
        }
        Ok(self.ended)
    }

    /// Waits for its end, but no longer than `limit`; `None` when it still runs then.
    ///
    /// # Errors
    ///
    /// Someone else has waited for it, or no descriptor is left.
    pub fn wait_at_most(&mut self, limit: Duration) -> io::Result<Option<Ended>> {
        if self.ended.is_none() {
            let pidfd = super::limits::open_pidfd(self.pid.as_raw())?;
            let mut fds = [PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)];
            let limit = PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX);
            poll(&mut fds, limit)?;
        }
        self.poll()
    }

    /// Lets it run on by itself. Whoever made it waits for it with [`reap_ended`] or [`wait_for_any`].
    pub fn leave(mut self) {
        // As if it had ended: what is dropped then is the handle alone.
        self.ended = Some(Ended::Exit(0));
    }

    /// Ends it at once, if it still runs.
    pub fn kill(&mut self) {
        if self.ended.is_none() {
            let _gone = kill(self.pid, Signal::SIGKILL);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.kill();
        let _ended = self.wait();
    }
}

fn ended_of(status: WaitStatus) -> Option<Ended> {
    match status {
        WaitStatus::Exited(_, status) => Some(Ended::Exit(status)),
        WaitStatus::Signaled(_, signal, _) => Some(Ended::Signal(signal as i32)),
        _ => None,
    }
}

fn wait_for(pid: Pid) -> io::Result<Ended> {
    loop {
        match waitpid(pid, None) {
            Ok(status) => {
                if let Some(ended) = ended_of(status) {
                    return Ok(ended);
                }
            }
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for all children that have ended by now. For children that nobody holds a handle of.
pub fn reap_ended() {
    while let Ok(status) = waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}

/// Waits until some child ends. For children that nobody holds a handle of.
///
/// # Errors
///
/// There is no child.
pub fn wait_for_any() -> io::Result<()> {
    loop {
        match waitpid(None::<Pid>, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn exit_now(status: c_int) -> ! {
    // SAFETY: ends the process without running anything of it.
    unsafe { libc::_exit(status) }
}

/// The calling thread's id in the kernel (`gettid(2)`).
#[must_use]
pub fn thread_id() -> i32 {
    nix::unistd::gettid().as_raw()
}

/// Gives the calling thread a descriptor table of its own (`unshare(2)`, `CLONE_FILES`).
///
/// # Errors
///
/// No memory.
pub fn unshare_files() -> io::Result<()> {
    Ok(nix::sched::unshare(nix::sched::CloneFlags::CLONE_FILES)?)
}

/// Forks a child that leaves at once, and waits for it: the bare cost of a process.
///
/// # Errors
///
/// No memory, or a limit on processes.
#[inline]
pub fn fork_and_wait() -> io::Result<()> {
    // SAFETY: the child calls `_exit` alone.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => wait_for(child).map(drop),
        ForkResult::Child => exit_now(0),
    }
}

/// Forks a child that executes `program`, and waits for its end.
///
/// # Errors
///
/// No memory, a limit on processes, or a program that could not be executed (it then ends with 127).
pub fn fork_exec_and_wait(program: &CStr) -> io::Result<()> {
    let argv = [program.as_ptr(), std::ptr::null()];
    // SAFETY: the child calls `execv` and `_exit` alone, on memory made ready before.
    match unsafe { nix::unistd::fork() }? {
        ForkResult::Parent { child } => expect_success(wait_for(child)?),
        ForkResult::Child => {
            // SAFETY: `argv` is a null-terminated list of C strings.
            unsafe { libc::execv(program.as_ptr(), argv.as_ptr()) };
            exit_now(127)
        }
    }
}

/// Spawns `program` with `posix_spawn(3)`, which borrows the parent's memory until the exec, and waits for its end.
///
/// # Errors
///
/// No memory, a limit on processes, or a program that can't be executed.
pub fn spawn_and_wait(program: &CStr) -> io::Result<()> {
    let argv = [program.as_ptr().cast_mut(), std::ptr::null_mut()];
    let envp = [std::ptr::null_mut()];
    let mut pid = 0;
    // SAFETY: both lists end with null; no attributes and no file actions are given.
    let error = unsafe {
        libc::posix_spawn(
            &raw mut pid,
            program.as_ptr(),
            std::ptr::null(),
            std::ptr::null(),
            argv.as_ptr(),
            envp.as_ptr(),
        )
    };
    if error != 0 {
        return Err(io::Error::from_raw_os_error(error));
    }
    expect_success(wait_for(Pid::from_raw(pid))?)
}

fn expect_success(ended: Ended) -> io::Result<()> {
    match ended {
        Ended::Exit(0) => Ok(()),
        ended => Err(io::Error::other(format!("the tiny program ended with {ended:?}"))),
    }
}

/// What a raw task runs: nothing. It uses neither its stack beyond the return address nor thread-local storage, since
/// it shares both the memory and the thread pointer of its maker.
extern "C" fn do_nothing(_: *mut c_void) -> c_int {
    0
}

/// Makes a task with `clone(2)` on `stack`, with these flags.
fn clone_on(stack: &Mapping, flags: c_int, child_id: *mut libc::pid_t) -> io::Result<Pid> {
    let top = (stack.address() + stack.bytes()) as *mut c_void;
    // SAFETY: the stack is mapped, grows down from a page's end, is used by no other task, and outlives the task, for
    // which every caller waits. `do_nothing` keeps to what a task without thread-local storage may do.
    let pid = unsafe {
        libc::clone(
            do_nothing,
            top,
            flags,
            std::ptr::null_mut(),
            std::ptr::null_mut::<c_void>(),
            std::ptr::null_mut::<c_void>(),
            child_id,
        )
    };
    if pid < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(Pid::from_raw(pid))
    }
}

/// Makes a thread with the flags that `pthread_create(3)` uses, without what a library adds, and waits for its end.
///
/// # Errors
///
/// No memory, or a limit on tasks.
pub fn clone_thread(stack: &Mapping) -> io::Result<()> {
    let flags = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SYSVSEM
        | libc::CLONE_PARENT_SETTID
        | libc::CLONE_CHILD_CLEARTID;
    // The kernel clears this word when the thread has ended, and wakes who waits on it.
    let alive = AtomicU32::new(1);
    let word = alive.as_ptr();
    let top = (stack.address() + stack.bytes()) as *mut c_void;
    // SAFETY: as in `clone_on`; `alive` outlives the thread, since we wait below until the kernel has cleared it.
    let pid = unsafe {
        libc::clone(
            do_nothing,
            top,
            flags,
            std::ptr::null_mut(),
            word,
            std::ptr::null_mut::<c_void>(),
            word,
        )
    };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    loop {
        match alive.load(Ordering::Acquire) {
            0 => return Ok(()),
            // The kernel wakes this word as a shared futex.
            value => futex_wait(&alive, value, false),
        }
    }
}

/// Makes a process that shares its maker's memory (`CLONE_VM` alone), and waits for its end.
///
/// # Errors
///
/// No memory, or a limit on processes.
pub fn clone_vm(stack: &Mapping) -> io::Result<()> {
    let pid = clone_on(stack, libc::CLONE_VM | libc::SIGCHLD, std::ptr::null_mut())?;
    wait_for(pid).map(drop)
}

/// What the child of [`vfork_until_read`] runs: it waits for one byte, with its maker's memory and thread pointer.
extern "C" fn read_one(fd: *mut c_void) -> c_int {
    let mut byte = 0_u8;
    let fd = c_int::try_from(fd.addr()).unwrap_or(-1);
    // SAFETY: the buffer is as long as stated; a number that is not open is refused.
    let read = unsafe { libc::read(fd, (&raw mut byte).cast(), 1) };
    c_int::from(read != 1)
}

/// Makes a child that uses this process's memory and holds this process up until it has read one byte from `fd`, or that
/// is closed (`vfork(2)`; `clone(2)` with `CLONE_VM` and `CLONE_VFORK`); and waits for its end.
///
/// # Errors
///
/// No memory, a limit on processes, or no byte.
pub fn vfork_until_read(stack: &Mapping, fd: BorrowedFd<'_>) -> io::Result<()> {
    let top = (stack.address() + stack.bytes()) as *mut c_void;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let number = usize::try_from(fd.as_raw_fd()).map_err(io::Error::other)?;
    // SAFETY: as in `clone_on`; the child uses its maker's thread-local storage, whose owner is held up meanwhile.
    let pid = unsafe { libc::clone(read_one, top, flags, std::ptr::without_provenance_mut::<c_void>(number)) };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    match wait_for(Pid::from_raw(pid))? {
        Ended::Exit(0) => Ok(()),
        ended => Err(io::Error::other(format!("the child that reads ended with {ended:?}"))),
    }
}

/// Ends every descendant of this process and waits for them; for a subreaper, which inherits those whose parent ends.
pub fn kill_all_children() {
    loop {
        for pid in descendants(getpid().as_raw()).into_iter().chain(children()) {
            let _gone = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        // One that ended may have left children to us, so the list is made anew once all that have ended are taken.
        match waitpid(None::<Pid>, None) {
            Ok(_) | Err(Errno::EINTR) => while has_reaped_another() {},
            Err(_) => return,
        }
    }
}

/// The children of this process, from its own threads' files (`proc_pid_task_tid_children(5)`): there they stand even
/// where `/proc` hides them, as it does those that can't be traced (`hidepid`, `proc(5)`).
fn children() -> Vec<i32> {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|pid| pid.parse().ok())
                .collect::<Vec<i32>>()
        })
        .collect()
}

fn has_reaped_another() -> bool {
    waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)).is_ok_and(|status| status != WaitStatus::StillAlive)
}

/// All processes below `root`, from `/proc` (`proc_pid_stat(5)`).
#[must_use]
pub fn descendants(root: i32) -> Vec<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else {
            continue;
        };
        if let Some(parent) = parent_in(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut open = vec![root];
    while let Some(pid) = open.pop() {
        let below = children.remove(&pid).unwrap_or_default();
        found.extend(&below);
        open.extend(below);
    }
    found
}

/// What a process does, as the letter of `proc_pid_stat(5)`; `None` where it is gone.
#[must_use]
pub fn state(pid: i32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// Whether a process runs no more: it is stopped, dead or gone.
#[must_use]
pub fn is_stopped(pid: i32) -> bool {
    state(pid).is_none_or(|state| "TtZX".contains(state))
}

/// The parent's id: the second word after the name, which stands in parentheses and may hold anything.
fn parent_in(stat: &str) -> Option<i32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn futex_wait_for_ever() -> i32 {
        let word = AtomicU32::new(0);
        while word.load(Ordering::Relaxed) == 0 {
            futex_wait(&word, 0, true);
        }
        0
    }

    #[test]
    fn a_child_s_end_is_told() {
        assert_eq!(Child::fork(|| 7).unwrap().wait().unwrap(), Ended::Exit(7));
        let mut child = Child::fork(futex_wait_for_ever).unwrap();
        assert_eq!(child.poll().unwrap(), None);
        assert_eq!(child.wait_at_most(Duration::ZERO).unwrap(), None);
        child.kill();
        assert_eq!(child.wait_at_most(Duration::MAX).unwrap(), Some(Ended::Signal(9)));
        assert_eq!(child.wait().unwrap(), Ended::Signal(9));
    }

    #[test]
    fn a_child_whose_parent_is_killed_while_it_forks_ends_too() {
        // In a process of its own, which inherits the children's children.
        let mut heir = Child::fork(|| {
            super::super::become_subreaper().unwrap();
            for trial in 0..60 {
                let mut parent = Child::fork(|| {
                    while let Ok(child) = Child::fork(futex_wait_for_ever) {
                        child.leave();
                    }
                    1
                })
                .unwrap();
                crate::measure::pause(Duration::from_micros(2_000 + trial * 37));
                parent.kill();
                parent.wait().unwrap();
                let ended = (0..2_000).any(|_| {
                    while has_reaped_another() {}
                    crate::measure::pause(Duration::from_millis(1));
                    children().is_empty()
                });
                if !ended {
                    kill_all_children();
                    return 1;
                }
            }
            0
        })
        .unwrap();
        assert_eq!(heir.wait().unwrap(), Ended::Exit(0), "a child outlived its parent");
    }

    #[test]
    fn children_stand_in_the_threads_own_files() {
        let child = Child::fork(futex_wait_for_ever).unwrap();
        assert!(children().contains(&child.id()));
    }

    #[test]
    fn every_way_to_make_a_task_works() {
        let stack = Mapping::private(64 << 10).unwrap();
        let program = super::super::TinyProgram::new().unwrap();
        for _ in 0..20 {
            clone_thread(&stack).unwrap();
            clone_vm(&stack).unwrap();
            fork_and_wait().unwrap();
            fork_exec_and_wait(program.path()).unwrap();
            spawn_and_wait(program.path()).unwrap();
        }
    }

    #[test]
    fn a_vforked_child_ends_when_it_has_read() {
        let stack = Mapping::private(64 << 10).unwrap();
        let (reader, mut writer) = io::pipe().unwrap();
        io::Write::write_all(&mut writer, &[1]).unwrap();
        vfork_until_read(&stack, reader.as_fd()).unwrap();
        drop(writer);
        assert!(vfork_until_read(&stack, reader.as_fd()).is_err());
    }

    #[test]
    fn a_name_with_parentheses_hides_no_parent() {
        assert_eq!(parent_in("12 (a) b) S 3 12 12"), Some(3));
        assert_eq!(parent_in("12 (a"), None);
    }
}
