//! What the kernel says of a process in `/proc/PID/stat` (`proc_pid_stat(5)`).

use std::io;

/// A few of its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// `R` runs or wants to, `S` sleeps, `D` waits and can't be disturbed, `T` is stopped, `Z` has ended.
    pub(super) state: char,
    pub(super) parent: i32,
    /// It is a thread of the kernel.
    pub(super) is_kernel: bool,
    /// When it was made, in clock ticks since the machine started.
    pub(super) start: u64,
}

/// The flag of the kernel's own threads, `PF_KTHREAD` in the kernel's `include/linux/sched.h`.
const KERNEL_THREAD: u64 = 0x0020_0000;

impl Stat {
    /// Of the process `pid`; `None` where there is none.
    pub(super) fn of(pid: i32) -> io::Result<Option<Stat>> {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(line) => parse(&line)
                .map(Some)
                .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "/proc/PID/stat has another form")),
            // The file was opened, and then the process was gone.
            Err(error) if error.raw_os_error() == Some(libc::ESRCH) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The name stands in parentheses and may hold anything; the words follow it, the state being the third of all.
pub(super) fn parse(line: &str) -> Option<Stat> {
    let words: Vec<&str> = line.rsplit_once(") ")?.1.split_whitespace().collect();
    let word = |number: usize| words.get(number - 3).copied();
    Some(Stat {
        state: word(3)?.chars().next()?,
        parent: word(4)?.parse().ok()?,
        is_kernel: word(9)?.parse::<u64>().ok()? & KERNEL_THREAD != 0,
        start: word(22)?.parse().ok()?,
    })
}

/// The ids of all processes that `/proc` lists.
pub(super) fn pids() -> io::Result<Vec<i32>> {
    let mut pids = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        pids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    Ok(pids)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_name_may_hold_anything() {
        let line = "7 (a) S (b c) Z 3 7 7 0 -1 4194560 1 0 0 0 5 6 0 0 20 0 1 0 4711 0 0";
        let expect = Stat {
            state: 'Z',
            parent: 3,
            is_kernel: false,
            start: 4711,
        };
        assert_eq!(parse(line), Some(expect));
        let kernel = line.replace("4194560", "2129984");
        assert!(parse(&kernel).unwrap().is_kernel);
        assert_eq!(parse("7 (a"), None);
        assert_eq!(parse("7 (a) S 3 7"), None);
    }

    #[test]
    fn this_process_is_there_and_an_impossible_one_is_not() {
        let own = i32::try_from(std::process::id()).unwrap();
        let stat = Stat::of(own).unwrap().unwrap();
        assert!(stat.start > 0 && !stat.is_kernel && pids().unwrap().contains(&own));
        assert_eq!(Stat::of(-1).unwrap(), None);
    }

    proptest! {
        #[test]
        fn parsing_never_panics(line in "(?s)[0-9]{0,3} ?(\\(.{0,8}\\) )?([RSDZ0-9 -]{0,60})") {
            let _found = parse(&line);
        }
    }
}
