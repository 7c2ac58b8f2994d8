//! What a process may use, and what becomes of it when its parent ends.

use std::io;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};

/// Makes this process the parent of its descendants whose own parent ends (`PR_SET_CHILD_SUBREAPER`, `prctl(2)`).
///
/// # Errors
///
/// None on Linux since 3.4.
pub fn become_subreaper() -> io::Result<()> {
    Ok(nix::sys::prctl::set_child_subreaper(true)?)
}

/// Lets the kernel kill this process when the thread that made it ends (`PR_SET_PDEATHSIG`, `prctl(2)`). A parent that is
/// gone already kills nobody: who can know its parent, asks for it afterwards, as [`super::Child::fork`] does.
///
/// # Errors
///
/// None on Linux.
pub fn die_with_parent() -> io::Result<()> {
    Ok(nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?)
}

/// Keeps this process, and what it makes, from huge pages (`PR_SET_THP_DISABLE`, `prctl(2)`): a first touch then makes
/// one small page real and not 512.
///
/// # Errors
///
/// A kernel without huge pages.
pub fn forbid_huge_pages() -> io::Result<()> {
    Ok(nix::sys::prctl::set_thp_disable(true)?)
}

/// Keeps this process, and what it makes, from real-time scheduling by a limit (`RLIMIT_RTPRIO`, `getrlimit(2)`). The right
/// to ask for it is another matter.
///
/// # Errors
///
/// None: a limit may always be lowered.
pub fn forbid_real_time() -> io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    Ok(setrlimit(Resource::RLIMIT_RTPRIO, 0, 0)?)
}

/// Limits this process's address space to `bytes` (`RLIMIT_AS`, `getrlimit(2)`): an allocation beyond it fails.
///
/// # Errors
///
/// More than the hard limit.
pub fn limit_address_space(bytes: u64) -> io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    Ok(setrlimit(Resource::RLIMIT_AS, bytes, bytes)?)
}

/// The limit of this process's address space in bytes; `None` where there is none.
#[must_use]
pub fn address_space_limit() -> Option<u64> {
    use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
    let (limit, _) = getrlimit(Resource::RLIMIT_AS).ok()?;
    (limit != RLIM_INFINITY).then_some(limit)
}

/// Lets no crash of this process or its children leave a core file.
///
/// # Errors
///
/// None: a limit may always be lowered.
pub fn limit_cores() -> io::Result<()> {
    use nix::sys::resource::{Resource, setrlimit};
    Ok(setrlimit(Resource::RLIMIT_CORE, 0, 0)?)
}

/// A descriptor that becomes readable when the process `pid` ends (`pidfd_open(2)`, Linux 5.3).
///
/// # Errors
///
/// No such process, or an older kernel.
pub fn open_pidfd(pid: i32) -> io::Result<OwnedFd> {
    // SAFETY: takes two numbers, and gives a new descriptor.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    let fd = RawFd::try_from(fd).map_err(io::Error::other)?;
    // SAFETY: the kernel gave this descriptor to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Takes a descriptor that this program was started with, and keeps it from the programs that it starts.
///
/// # Errors
///
/// It is not open.
pub fn inherit_descriptor(fd: RawFd) -> io::Result<OwnedFd> {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    // SAFETY: the caller names a descriptor that its starter left open for it; `fcntl` says if there is none.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    fcntl(borrowed, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    // SAFETY: it is open, see above, and nothing else in this program knows its number.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
