//! Memory that an experiment maps for itself, and the system call that locks sleep on.

use std::ffi::CStr;
use std::io;
use std::num::NonZeroUsize;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::mman::{MapFlags, MmapAdvise, ProtFlags, madvise, mmap, mmap_anonymous, munmap};

/// The size of a page in bytes.
#[must_use]
pub fn page_bytes() -> usize {
    nix::unistd::sysconf(nix::unistd::SysconfVar::PAGE_SIZE)
        .ok()
        .flatten()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(4096)
}

/// In which pages a mapping should lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// The system's small pages, never merged into huge ones.
    Small,
    /// Huge pages where the kernel grants them (`MADV_HUGEPAGE`, `madvise(2)`).
    Huge,
}

/// Anonymous memory, zero at first, given back when dropped. It is reached as words, which are atomic, so that two
/// tasks may write the same one.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<libc::c_void>,
    bytes: usize,
}

// SAFETY: a mapping belongs to the process and not to a thread.
unsafe impl Send for Mapping {}
// SAFETY: its memory is reached through atomics alone.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// `bytes` that a fork copies (`MAP_PRIVATE`).
    ///
    /// # Errors
    ///
    /// No memory, or a limit.
    pub fn private(bytes: usize) -> io::Result<Self> {
        Mapping::map(bytes, MapFlags::MAP_PRIVATE)
    }

    /// `bytes` that stay shared after a fork (`MAP_SHARED`).
    ///
    /// # Errors
    ///
    /// No memory, or a limit.
    pub fn shared(bytes: usize) -> io::Result<Self> {
        Mapping::map(bytes, MapFlags::MAP_SHARED)
    }

    /// Private memory of which each page has been written, in pages of the given size where the kernel grants it.
    ///
    /// # Errors
    ///
    /// No memory, or a limit. That huge pages are refused is no error: see [`Mapping::huge_bytes`].
    pub fn resident(bytes: usize, pages: Pages) -> io::Result<Self> {
        let mapping = Mapping::private(bytes)?;
        let advice = if pages == Pages::Huge {
            MmapAdvise::MADV_HUGEPAGE
        } else {
            MmapAdvise::MADV_NOHUGEPAGE
        };
        // SAFETY: the range is this mapping's own, and the advice changes no contents. A kernel without huge pages refuses.
        let _refused = unsafe { madvise(mapping.start, mapping.bytes, advice) };
        mapping.touch();
        Ok(mapping)
    }

    fn map(bytes: usize, flags: MapFlags) -> io::Result<Self> {
        let bytes = bytes.max(1).next_multiple_of(page_bytes());
        let length = NonZeroUsize::new(bytes).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: a new anonymous mapping at an address that the kernel chooses overlaps nothing.
        let start = unsafe { mmap_anonymous(None, length, ProtFlags::PROT_READ | ProtFlags::PROT_WRITE, flags) }?;
        Ok(Mapping { start, bytes })
    }

    /// Lets children that are forked from now on find zeros here, so that the fork has nothing to copy for them
    /// (`MADV_WIPEONFORK`, Linux 4.14), or what their parent has, as is usual (`MADV_KEEPONFORK`, `madvise(2)`).
    ///
    /// # Errors
    ///
    /// A shared mapping, or an older kernel.
    pub fn wipe_in_children(&self, wipe: bool) -> io::Result<()> {
        let advice = if wipe {
            MmapAdvise::MADV_WIPEONFORK
        } else {
            MmapAdvise::MADV_KEEPONFORK
        };
        // SAFETY: the range is this mapping's own, and the advice changes nothing in this process.
        Ok(unsafe { madvise(self.start, self.bytes, advice) }?)
    }

    /// The memory as words.
    #[must_use]
    pub fn words(&self) -> &[AtomicU64] {
        // SAFETY: the mapping is readable, writable, aligned to a page, zeroed, and lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.bytes / size_of::<AtomicU64>()) }
    }

    /// The memory as half words, which a futex needs.
    #[must_use]
    pub fn half_words(&self) -> &[AtomicU32] {
        // SAFETY: as in `words`. A caller who mixes both sizes sees mixed values, but no undefined ones.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.bytes / size_of::<AtomicU32>()) }
    }

    /// Writes the first word of each page.
    pub fn touch(&self) {
        for word in self.words().iter().step_by(page_bytes() / size_of::<AtomicU64>()) {
            word.store(1, Ordering::Relaxed);
        }
    }

    /// Its first address.
    #[must_use]
    pub fn address(&self) -> usize {
        self.start.as_ptr() as usize
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How much of it lies in huge pages, in bytes, from `/proc/self/smaps`; `None` where that can't be read.
    #[must_use]
    pub fn huge_bytes(&self) -> Option<u64> {
        let smaps = std::fs::read_to_string("/proc/self/smaps").ok()?;
        let (from, to) = (self.address(), self.address() + self.bytes);
        let mut inside = false;
        let mut total = 0;
        for line in smaps.lines() {
            let range = line.split_whitespace().next().and_then(|word| word.split_once('-'));
            if let Some((Ok(start), Ok(end))) =
                range.map(|(a, b)| (usize::from_str_radix(a, 16), usize::from_str_radix(b, 16)))
            {
                inside = start < to && end > from;
            } else if inside && line.starts_with("AnonHugePages:") {
                total += line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024;
            }
        }
        Some(total)
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by this value, and no reference into it outlives `self`.
        let _ignored = unsafe { munmap(self.start, self.bytes) };
    }
}

/// One page of a file that lies in memory alone (`memfd_create(2)`), mapped to be read.
#[derive(Debug)]
pub struct FilePage {
    start: NonNull<libc::c_void>,
}

impl FilePage {
    /// Makes a file of one page with this name, and maps it.
    ///
    /// # Errors
    ///
    /// No memory, or no descriptor is left.
    pub fn new(name: &CStr) -> io::Result<Self> {
        let file = memfd_create(name, MFdFlags::MFD_CLOEXEC)?;
        let bytes = page_bytes();
        nix::unistd::ftruncate(&file, bytes.try_into().map_err(io::Error::other)?)?;
        let length = NonZeroUsize::new(bytes).ok_or(io::ErrorKind::InvalidInput)?;
        // SAFETY: a new mapping at an address that the kernel chooses overlaps nothing; nobody else has the file.
        let start = unsafe { mmap(None, length, ProtFlags::PROT_READ, MapFlags::MAP_SHARED, &file, 0) }?;
        Ok(FilePage { start })
    }

    /// Its first address.
    #[must_use]
    pub fn address(&self) -> usize {
        self.start.as_ptr() as usize
    }
}

impl Drop for FilePage {
    fn drop(&mut self) {
        // SAFETY: the range was mapped by this value, which hands out no reference into it.
        let _ignored = unsafe { munmap(self.start, page_bytes()) };
    }
}

/// Sleeps while `word` is `expected` (`futex(2)`). `private`: the word is not shared with another process.
pub fn futex_wait(word: &AtomicU32, expected: u32, private: bool) {
    let operation = libc::FUTEX_WAIT | if private { libc::FUTEX_PRIVATE_FLAG } else { 0 };
    let address = word.as_ptr();
    // SAFETY: the word outlives the call; a spurious return is allowed, since every caller looks at the word again.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            address,
            operation,
            expected,
            std::ptr::null::<libc::timespec>(),
        )
    };
}

/// Sleeps while `word` is `expected`, but no longer than `limit` (`futex(2)`).
pub fn futex_wait_at_most(word: &AtomicU32, expected: u32, private: bool, limit: Duration) {
    let operation = libc::FUTEX_WAIT | if private { libc::FUTEX_PRIVATE_FLAG } else { 0 };
    let address = word.as_ptr();
    let limit = libc::timespec {
        tv_sec: libc::time_t::try_from(limit.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: limit.subsec_nanos().into(),
    };
    // SAFETY: the word and the limit outlive the call; an early return is allowed, as in `futex_wait`.
    unsafe { libc::syscall(libc::SYS_futex, address, operation, expected, &raw const limit) };
}

/// Wakes at most `count` tasks that sleep on `word` (`futex(2)`).
pub fn futex_wake(word: &AtomicU32, count: i32, private: bool) {
    let operation = libc::FUTEX_WAKE | if private { libc::FUTEX_PRIVATE_FLAG } else { 0 };
    let address = word.as_ptr();
    // SAFETY: the kernel uses the address as a key alone.
    unsafe { libc::syscall(libc::SYS_futex, address, operation, count) };
}

/// The physical frame that the page at `address` of this process lies in, from `/proc/self/pagemap`
/// (`proc_pid_pagemap(5)`); `None` where the page is absent, or the kernel hides the number from who lacks the right.
///
/// # Errors
///
/// The file can't be read.
pub fn frame_of(address: usize) -> io::Result<Option<u64>> {
    use std::os::unix::fs::FileExt;
    let mut entry = [0; 8];
    let offset = (address / page_bytes() * entry.len()) as u64;
    std::fs::File::open("/proc/self/pagemap")?.read_exact_at(&mut entry, offset)?;
    let entry = u64::from_le_bytes(entry);
    let frame = entry & ((1 << 55) - 1);
    let is_present = entry >> 63 == 1;
    Ok((is_present && frame != 0).then_some(frame))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_zero_whole_pages_and_writable() {
        let mapping = Mapping::private(1).unwrap();
        assert_eq!(mapping.bytes(), page_bytes());
        assert!(mapping.words().iter().all(|word| word.load(Ordering::Relaxed) == 0));
        mapping.touch();
        assert_eq!(mapping.words()[0].load(Ordering::Relaxed), 1);
    }

    #[test]
    fn a_futex_sleeps_no_longer_than_its_limit() {
        // Returns although nobody wakes it.
        futex_wait_at_most(&AtomicU32::new(0), 0, true, Duration::from_millis(1));
    }

    #[test]
    fn a_wiped_mapping_is_zero_in_a_child_alone() {
        let mapping = Mapping::private(1).unwrap();
        let word = &mapping.words()[0];
        word.store(7, Ordering::Relaxed);
        for (wipe, seen) in [(true, 0), (false, 7)] {
            mapping.wipe_in_children(wipe).unwrap();
            let look = || i32::try_from(word.load(Ordering::Relaxed)).unwrap_or(-1);
            let mut child = crate::sys::Child::fork(look).unwrap();
            assert_eq!(child.wait().unwrap(), crate::sys::Ended::Exit(seen));
            assert_eq!(word.load(Ordering::Relaxed), 7);
        }
    }

    #[test]
    fn a_futex_wakes_its_sleeper() {
        let word = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while word.load(Ordering::Acquire) == 0 {
                    futex_wait(&word, 0, true);
                }
            });
            word.store(1, Ordering::Release);
            futex_wake(&word, 1, true);
        });
    }
}
