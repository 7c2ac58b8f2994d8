//! What a group of processes occupies: what the kernel says of its memory: files of `/proc`, and the numbers in them.

use std::fs;

/// The number behind `key:` in a text of lines such as `Pss:    123 kB`, as `smaps_rollup`, `status` and `meminfo` have
/// them (`proc_pid_smaps(5)`, `proc_pid_status(5)`, `proc_meminfo(5)`).
#[must_use]
pub fn number(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| {
        let value = line.strip_prefix(key)?.strip_prefix(':')?;
        let number: u64 = value.split_whitespace().next()?.parse().ok()?;
        Some(number as f64)
    })
}

/// What a group of processes occupies, in kB, and how many tasks it has.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Occupied {
    /// The proportional set size: a page that k processes map counts 1/k to each.
    pub pss_kb: f64,
    /// The resident set size, in which such a page counts k times.
    pub rss_kb: f64,
    /// What the kernel needs to describe the address spaces.
    pub page_tables_kb: f64,
    /// Tasks, which have a kernel stack each.
    pub tasks: f64,
}

/// Which file can't be read, and why.
#[derive(Debug)]
pub struct Unreadable {
    /// The facility that is missing, as in [`crate::facility`].
    pub facility: &'static str,
    /// What the system said.
    pub detail: String,
}

impl Occupied {
    /// The sum over these processes.
    ///
    /// # Errors
    ///
    /// The first file that can't be read, and the facility that it stands for.
    pub fn by(pids: &[i32]) -> Result<Occupied, Unreadable> {
        let mut sum = Occupied::default();
        for pid in pids {
            let one = Occupied::by_one(*pid)?;
            sum.pss_kb += one.pss_kb;
            sum.rss_kb += one.rss_kb;
            sum.page_tables_kb += one.page_tables_kb;
            sum.tasks += one.tasks;
        }
        Ok(sum)
    }

    /// All that counts, with kernel stacks of this size.
    #[must_use]
    pub fn total_kb(&self, stack_kb: f64) -> f64 {
        self.pss_kb + self.page_tables_kb + self.tasks * stack_kb
    }

    fn by_one(pid: i32) -> Result<Occupied, Unreadable> {
        let rollup = read("smaps-rollup", &format!("/proc/{pid}/smaps_rollup"))?;
        let status = read("kernel-memory", &format!("/proc/{pid}/status"))?;
        let find = |facility, text: &str, key| {
            number(text, key).ok_or_else(|| Unreadable {
                facility,
                detail: format!("process {pid} has no number {key}"),
            })
        };
        Ok(Occupied {
            pss_kb: find("smaps-rollup", &rollup, "Pss")?,
            rss_kb: find("smaps-rollup", &rollup, "Rss")?,
            page_tables_kb: find("kernel-memory", &status, "VmPTE")?,
            tasks: find("kernel-memory", &status, "Threads")?,
        })
    }
}

fn read(facility: &'static str, path: &str) -> Result<String, Unreadable> {
    fs::read_to_string(path).map_err(|error| Unreadable {
        facility,
        detail: format!("{path}: {error}"),
    })
}

/// All kernel stacks of the machine, in kB.
///
/// # Errors
///
/// `/proc/meminfo` can't be read, or lacks the number.
pub fn kernel_stacks() -> Result<f64, Unreadable> {
    let meminfo = read("kernel-memory", "/proc/meminfo")?;
    number(&meminfo, "KernelStack").ok_or_else(|| Unreadable {
        facility: "kernel-memory",
        detail: "/proc/meminfo has no number KernelStack".to_owned(),
    })
}

/// The size of one kernel stack, from what some tasks added to the machine's sum. A stack is a power of two in size, and
/// the sum is counted in batches, so the nearest power is taken; `None` where tasks added nothing.
#[must_use]
pub fn stack_size(added_kb: f64, tasks: f64) -> Option<f64> {
    let size = added_kb / tasks;
    (size.is_finite() && size >= 1.0).then(|| size.log2().round().exp2())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ROLLUP: &str = "00400000-7ffc0000 ---p 00000000 00:00 0    [rollup]\nRss:                1932 kB\nPss:                 187 kB\nPss_Dirty:            96 kB\n";
    const STATUS: &str = "Name:\tcat\nVmRSS:\t    1932 kB\nVmPTE:\t      48 kB\nThreads:\t3\n";

    #[test]
    fn numbers_are_found_by_their_whole_key() {
        assert_eq!(number(ROLLUP, "Pss"), Some(187.0));
        assert_eq!(number(ROLLUP, "Rss"), Some(1932.0));
        assert_eq!(number(STATUS, "VmPTE"), Some(48.0));
        assert_eq!(number(STATUS, "Threads"), Some(3.0));
        assert_eq!(number(STATUS, "Pss"), None);
        assert_eq!(number("Pss: many kB", "Pss"), None);
    }

    #[test]
    fn the_size_of_a_stack_is_a_power_of_two() {
        assert_eq!(stack_size(1024.0, 64.0), Some(16.0));
        assert_eq!(stack_size(930.0, 64.0), Some(16.0));
        assert_eq!(stack_size(0.0, 64.0), None);
        assert_eq!(stack_size(-32.0, 64.0), None);
        assert_eq!(stack_size(100.0, 0.0), None);
    }

    #[test]
    fn this_process_occupies_something() {
        let own = Occupied::by(&[nix::unistd::getpid().as_raw()]).unwrap();
        assert!(own.pss_kb > 0.0 && own.rss_kb >= own.pss_kb && own.page_tables_kb > 0.0 && own.tasks >= 1.0);
    }

    #[test]
    fn a_process_that_is_not_there_is_named() {
        let unreadable = Occupied::by(&[-1]).unwrap_err();
        assert_eq!(unreadable.facility, "smaps-rollup");
        assert!(unreadable.detail.contains("/proc/-1/smaps_rollup"));
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "(?s).{0,200}", key in ".{0,10}") {
            let _found = number(&text, &key);
            let _found = number(&format!("{key}:{text}"), &key);
        }
    }
}
