//! What a process may not use although the machine has it: one core of several, no huge pages, an ordinary user's rights.

use serde::{Deserialize, Serialize};

use super::Probe;
use crate::text::Text;

/// The right to raise a task's priority and to choose its scheduler (`capabilities(7)`).
const CAP_SYS_NICE: u32 = 23;

/// Something that the run was kept from, as the kernel says it in `/proc/self` (`proc_pid_status(5)`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Constraint {
    /// It may run on one processor of several.
    OneCpu,
    /// It gets no huge pages (`PR_SET_THP_DISABLE`).
    NoHugePages,
    /// It may not ask for a real-time scheduler: neither the right nor a limit allows it.
    NoRealTime,
    /// It has none of root's rights.
    NoCapabilities,
}

impl Constraint {
    /// All of them.
    pub const ALL: [Constraint; 4] = [
        Constraint::OneCpu,
        Constraint::NoHugePages,
        Constraint::NoRealTime,
        Constraint::NoCapabilities,
    ];

    /// What it is, for a reader.
    #[must_use]
    pub fn label(self) -> Text {
        match self {
            Constraint::OneCpu => text!("one core"),
            Constraint::NoHugePages => text!("no huge pages"),
            Constraint::NoRealTime => text!("SCHED_FIFO not permitted"),
            Constraint::NoCapabilities => text!("an ordinary user without capabilities"),
        }
    }

    /// Those that hold for the process that `probe` reads as `self`. What the kernel does not say does not count.
    #[must_use]
    pub fn found(probe: &Probe, allowed_cpus: usize, logical_cpus: usize) -> Vec<Constraint> {
        let status = probe.read("proc/self/status").unwrap_or_default();
        let limits = probe.read("proc/self/limits").unwrap_or_default();
        let rights = field(&status, "CapEff").and_then(|digits| u64::from_str_radix(digits, 16).ok());
        let may_be_real_time =
            rights.is_none_or(|rights| rights >> CAP_SYS_NICE & 1 == 1) || priority_limit(&limits) != Some(0);
        let holds = |constraint: &Constraint| match constraint {
            Constraint::OneCpu => allowed_cpus == 1 && logical_cpus > 1,
            Constraint::NoHugePages => field(&status, "THP_enabled") == Some("0"),
            Constraint::NoRealTime => !may_be_real_time,
            Constraint::NoCapabilities => rights == Some(0),
        };
        Constraint::ALL.into_iter().filter(holds).collect()
    }
}

/// The value of a line such as `CapEff: 000001ffffffffff`.
fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let value = |line: &'a str| line.strip_prefix(name)?.strip_prefix(':');
    status.lines().find_map(value).map(str::trim)
}

/// The soft limit on real-time priority, of `/proc/self/limits`; none where there is no limit.
fn priority_limit(limits: &str) -> Option<u64> {
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max realtime priority"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FREE: &str = "Name:\tweft\nCapEff:\t000001ffffffffff\nTHP_enabled:\t1\n";
    const HELD: &str = "Name:\tweft\nCapEff:\t0000000000000000\nTHP_enabled:\t0\n";
    const LIMITS: &str = "Limit                     Soft Limit           Hard Limit           Units     \n\
                          Max realtime priority     0                    0                    \n";

    #[track_caller]
    fn check(status: &str, limits: &str, cpus: (usize, usize), expect: &[Constraint]) {
        let root = tempfile::tempdir().unwrap();
        let own = root.path().join("proc/self");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("status"), status).unwrap();
        std::fs::write(own.join("limits"), limits).unwrap();
        assert_eq!(Constraint::found(&Probe::at(root.path()), cpus.0, cpus.1), expect);
    }

    #[test]
    fn the_kernel_says_what_a_process_is_kept_from() {
        use Constraint::{NoCapabilities, NoHugePages, NoRealTime, OneCpu};
        check(FREE, LIMITS, (2, 2), &[]);
        check(HELD, LIMITS, (1, 2), &[OneCpu, NoHugePages, NoRealTime, NoCapabilities]);
        // One processor is no constraint where there are no more.
        check(FREE, LIMITS, (1, 1), &[]);
        // A limit of 1 lets an ordinary user ask for it.
        check(
            HELD,
            &LIMITS.replace("0  ", "1  "),
            (2, 2),
            &[NoHugePages, NoCapabilities],
        );
        check(
            HELD,
            &LIMITS.replace("0  ", "unlimited  "),
            (2, 2),
            &[NoHugePages, NoCapabilities],
        );
        // A kernel that says nothing.
        check("", "", (2, 2), &[]);
    }

    proptest! {
        #[test]
        fn parsers_never_panic(text in "(?s).{0,200}") {
            let _parsed = (field(&text, "CapEff"), priority_limit(&text));
        }
    }
}
