//! What a task that is to fail on purpose needs.

use std::fs::OpenOptions;
use std::io;
use std::num::NonZeroUsize;

use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous};

use super::memory::page_bytes;

/// Writes to a page that may not be written (`PROT_NONE`, `mmap(2)`). The kernel answers with SIGSEGV, whose default
/// action ends the process (`signal(7)`); where this returns, it says why nothing happened.
#[must_use]
pub fn write_to_forbidden_page() -> io::Error {
    let Some(length) = NonZeroUsize::new(page_bytes()) else {
        return io::ErrorKind::InvalidInput.into();
    };
    // SAFETY: a new anonymous mapping at an address that the kernel chooses overlaps nothing.
    let page = match unsafe { mmap_anonymous(None, length, ProtFlags::PROT_NONE, MapFlags::MAP_PRIVATE) } {
        Ok(page) => page,
        Err(error) => return error.into(),
    };
    // SAFETY: the page belongs to this function alone and holds no object; the write is aligned, and traps.
    unsafe { page.cast::<u64>().write_volatile(1) };
    io::Error::other("the write to a forbidden page went through")
}

/// Limits how far the stack of the first thread may grow (`RLIMIT_STACK`, `getrlimit(2)`).
///
/// # Errors
///
/// More than the hard limit.
pub fn limit_stack(bytes: u64) -> io::Result<()> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_STACK)?;
    Ok(setrlimit(Resource::RLIMIT_STACK, bytes, hard)?)
}

/// Lets this process fail without a trace: its standard error goes to nowhere, and it leaves no core dump
/// (`PR_SET_DUMPABLE`, `prctl(2)`). A limit of 0 on core files is not enough for the latter, since the kernel ignores it
/// where dumps are piped to a program (`core(5)`), and writing one takes longer than the failure.
///
/// # Errors
///
/// There is no `/dev/null`.
pub fn fail_silently() -> io::Result<()> {
    nix::sys::prctl::set_dumpable(false)?;
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    Ok(nix::unistd::dup2_stderr(nowhere)?)
}

/// The name of a signal, such as `SIGSEGV`; its number where it has none.
#[must_use]
pub fn signal_word(signal: i32) -> String {
    nix::sys::signal::Signal::try_from(signal).map_or_else(|_| signal.to_string(), |name| name.to_string())
}
