//! What tasks have used: `getrusage(2)`.

use nix::sys::resource::{Usage as Raw, UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// What a task, or a process and the children it has waited for, has used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// How often it gave the core up.
    pub voluntary_switches: u64,
    /// How often the core was taken away, or it yielded.
    pub involuntary_switches: u64,
    /// Page faults that needed no disk.
    pub minor_faults: u64,
    /// Processor time, in nanoseconds.
    pub cpu_ns: u64,
}

impl Usage {
    fn from_raw(raw: &Raw) -> Self {
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let nanos = count(raw.user_time().num_nanoseconds()) + count(raw.system_time().num_nanoseconds());
        Usage {
            voluntary_switches: count(raw.voluntary_context_switches()),
            involuntary_switches: count(raw.involuntary_context_switches()),
            minor_faults: count(raw.minor_page_faults()),
            cpu_ns: nanos,
        }
    }

    /// All switches.
    #[must_use]
    pub fn switches(&self) -> u64 {
        self.voluntary_switches + self.involuntary_switches
    }

    /// What was used since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Usage) -> Usage {
        Usage {
            voluntary_switches: self.voluntary_switches - earlier.voluntary_switches,
            involuntary_switches: self.involuntary_switches - earlier.involuntary_switches,
            minor_faults: self.minor_faults - earlier.minor_faults,
            cpu_ns: self.cpu_ns - earlier.cpu_ns,
        }
    }

    fn plus(self, other: Usage) -> Usage {
        Usage {
            voluntary_switches: self.voluntary_switches + other.voluntary_switches,
            involuntary_switches: self.involuntary_switches + other.involuntary_switches,
            minor_faults: self.minor_faults + other.minor_faults,
            cpu_ns: self.cpu_ns + other.cpu_ns,
        }
    }
}

fn usage(who: UsageWho) -> Usage {
    getrusage(who).map(|raw| Usage::from_raw(&raw)).unwrap_or_default()
}

/// What the calling thread has used.
#[must_use]
pub fn usage_of_thread() -> Usage {
    usage(UsageWho::RUSAGE_THREAD)
}

/// What this process and the children that it has waited for have used.
#[must_use]
pub fn usage_of_process() -> Usage {
    usage(UsageWho::RUSAGE_SELF).plus(usage(UsageWho::RUSAGE_CHILDREN))
}
