//! The machine a record comes from, and what disturbed it during the run.
//!
//! All of it is read from files below a root folder, `/` on a real machine and a folder of fixtures in a test.

pub mod constraint;
pub mod occupied;
pub mod profile;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use self::constraint::Constraint;
use crate::text::Text;

/// How a record says that the machine is virtual, and that the run was in a container.
const GUEST: &str = "virtual machine";
const IN_CONTAINER: &str = ", in a container";

/// The machine, as it was when a run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// The instruction set, such as `x86_64`.
    pub architecture: String,
    /// How many logical processors are online.
    pub logical_cpus: usize,
    /// On which of them the run may run.
    pub allowed_cpus: Vec<usize>,
    /// What the run was kept from although the machine has it; absent in records of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// The caches of the first processor.
    pub caches: Vec<Cache>,
    /// The kernel's release, such as `6.1.0-18-amd64`.
    pub kernel: String,
    /// `none`, or who runs this virtual machine as far as it says so.
    pub virtualization: String,
    /// The state of each known processor fault's mitigation.
    pub mitigations: BTreeMap<String, String>,
    /// The frequency governor; absent where the kernel shows none, as in most virtual machines.
    pub governor: Option<String>,
    /// Memory, in bytes.
    pub memory_bytes: u64,
    /// Runnable tasks, averaged over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Share of the last 10 seconds in which some task waited, in percent; absent without pressure stall information.
    pub pressure: Option<Pressure>,
    /// Share of processor time since boot that the host took away, 0 to 1.
    pub steal: f64,
    /// What measured: `weft` and its version.
    pub versions: BTreeMap<String, String>,
}

/// One cache of a processor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cache {
    /// 1, 2 or 3.
    pub level: u32,
    /// `Data`, `Instruction` or `Unified`.
    pub kind: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// The size of a line in bytes.
    pub line_bytes: u64,
    /// Which logical processors share it, such as `0-1`.
    pub shared_cpus: String,
}

/// Pressure stall information: in how much of the last 10 seconds some task waited, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pressure {
    /// Waited for a processor.
    pub cpu: f64,
    /// Waited for memory.
    pub memory: f64,
    /// Waited for input or output.
    pub io: f64,
}

/// What disturbed the machine during a run.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Noise {
    /// How often the kernel took the core away from the worker. A task that yields is counted here too.
    pub involuntary_switches: u64,
    /// How often the worker gave the core up.
    pub voluntary_switches: u64,
    /// Processor time that the host took away, in nanoseconds, over all processors.
    pub steal_ns: u64,
    /// Processor time that other programs used, in nanoseconds, over all processors.
    pub other_cpu_ns: u64,
    /// Time in which some task on the machine waited for a processor, in nanoseconds; the run's own tasks count.
    pub cpu_pressure_ns: u64,
}

/// Where a machine is read from.
#[derive(Debug, Clone)]
pub struct Probe {
    root: PathBuf,
}

impl Default for Probe {
    fn default() -> Self {
        Probe {
            root: PathBuf::from("/"),
        }
    }
}

impl Probe {
    /// Reads below `root` instead of `/`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Probe { root: root.into() }
    }

    /// The text of a file; `None` where it can't be read.
    #[must_use]
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path))
            .ok()
            .map(|text| text.trim_end().to_owned())
    }

    fn list(&self, path: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.root.join(path)) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort();
        names
    }

    /// The machine now. `allowed_cpus` is what the caller may run on.
    #[must_use]
    pub fn machine(&self, allowed_cpus: Vec<usize>) -> Machine {
        let cpuinfo = self.read("proc/cpuinfo").unwrap_or_default();
        let totals = self.totals();
        let release = self
            .read("proc/sys/kernel/osrelease")
            .unwrap_or_else(|| "unknown".to_owned());
        let logical_cpus = self
            .read("sys/devices/system/cpu/online")
            .map_or(allowed_cpus.len(), |list| cpu_list(&list).len());
        Machine {
            cpu: cpu_name(&cpuinfo),
            architecture: std::env::consts::ARCH.to_owned(),
            logical_cpus,
            constraints: Constraint::found(self, allowed_cpus.len(), logical_cpus),
            allowed_cpus,
            caches: self.caches(),
            kernel: release,
            virtualization: self.virtualization(&cpuinfo),
            mitigations: self.mitigations(),
            governor: self.read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            memory_bytes: self
                .read("proc/meminfo")
                .and_then(|text| meminfo(&text, "MemTotal"))
                .unwrap_or(0),
            load: self.read("proc/loadavg").map(|text| loadavg(&text)).unwrap_or_default(),
            pressure: self.pressure(),
            steal: if totals.all_ns == 0 {
                0.0
            } else {
                totals.steal_ns as f64 / totals.all_ns as f64
            },
            versions: BTreeMap::from([("weft".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
        }
    }

    /// Processor time since boot, over all processors.
    #[must_use]
    pub fn totals(&self) -> CpuTotals {
        self.read("proc/stat")
            .and_then(|text| CpuTotals::parse(&text))
            .unwrap_or_default()
    }

    /// Since boot, the time in which some task waited for a processor, in nanoseconds.
    #[must_use]
    pub fn cpu_pressure_ns(&self) -> u64 {
        let text = self.read("proc/pressure/cpu").unwrap_or_default();
        let total = text
            .lines()
            .find(|line| line.starts_with("some"))
            .and_then(|line| line.split("total=").nth(1));
        total.and_then(|micros| micros.trim().parse::<u64>().ok()).unwrap_or(0) * 1_000
    }

    /// Available memory in bytes: what can be used without swapping.
    #[must_use]
    pub fn available_bytes(&self) -> Option<u64> {
        self.read("proc/meminfo")
            .and_then(|text| meminfo(&text, "MemAvailable"))
    }

    fn pressure(&self) -> Option<Pressure> {
        let read = |name: &str| {
            let text = self.read(&format!("proc/pressure/{name}"))?;
            let average = text
                .lines()
                .find(|line| line.starts_with("some"))?
                .split("avg10=")
                .nth(1)?;
            average.split_whitespace().next()?.parse::<f64>().ok()
        };
        Some(Pressure {
            cpu: read("cpu")?,
            memory: read("memory")?,
            io: read("io")?,
        })
    }

    fn caches(&self) -> Vec<Cache> {
        let base = "sys/devices/system/cpu/cpu0/cache";
        let read_cache = |index: String| {
            let read = |name: &str| self.read(&format!("{base}/{index}/{name}"));
            Some(Cache {
                level: read("level")?.parse().ok()?,
                kind: read("type")?,
                size_bytes: size_bytes(&read("size")?)?,
                line_bytes: read("coherency_line_size")
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(0),
                shared_cpus: read("shared_cpu_list").unwrap_or_default(),
            })
        };
        self.list(base)
            .into_iter()
            .filter(|name| name.starts_with("index"))
            .filter_map(read_cache)
            .collect()
    }

    fn mitigations(&self) -> BTreeMap<String, String> {
        let base = "sys/devices/system/cpu/vulnerabilities";
        let read = |name: String| Some((name.clone(), self.read(&format!("{base}/{name}"))?));
        self.list(base).into_iter().filter_map(read).collect()
    }

    fn virtualization(&self, cpuinfo: &str) -> String {
        let vendor = self
            .read("sys/class/dmi/id/sys_vendor")
            .or_else(|| self.read("sys/hypervisor/type"));
        let is_guest = cpu_flags(cpuinfo).any(|flag| flag == "hypervisor");
        let container = Path::new(&self.root).join(".dockerenv").exists() || self.read("run/.containerenv").is_some();
        let mut words = match (is_guest, vendor) {
            (true, Some(vendor)) => format!("{GUEST} ({vendor})"),
            (true, None) => GUEST.to_owned(),
            (false, _) => "none".to_owned(),
        };
        if container {
            words.push_str(IN_CONTAINER);
        }
        words
    }

    /// Does the processor name this feature (`flags` on x86, `Features` on Arm)?
    #[must_use]
    pub fn has_cpu_flag(&self, flag: &str) -> bool {
        self.read("proc/cpuinfo")
            .is_some_and(|text| cpu_flags(&text).any(|found| found == flag))
    }
}

impl Machine {
    /// The machine in one line, as it stands under a figure.
    #[must_use]
    pub fn line(&self) -> Text {
        let allowed = self.allowed_cpus.len();
        let cpus = if allowed == self.logical_cpus {
            text!("{allowed} logical CPUs", allowed = allowed)
        } else {
            text!(
                "{allowed} of {all} logical CPUs",
                allowed = allowed,
                all = self.logical_cpus
            )
        };
        let line = Text::new("{cpu} · {cpus} · {memory} GiB · Linux {kernel}{where}{held}")
            .with("cpu", &self.cpu)
            .with_text("cpus", cpus)
            .with(
                "memory",
                format!("{:.0}", self.memory_bytes as f64 / f64::from(1 << 30)),
            )
            .with("kernel", &self.kernel);
        let place = self
            .surroundings()
            .map_or_else(Text::default, |place| Text::new(" · {place}").with_text("place", place));
        line.with_text("where", place).with_text("held", self.held_back())
    }

    /// The virtual machine and the container that it is; none of both on hardware of its own.
    #[must_use]
    pub fn surroundings(&self) -> Option<Text> {
        let (guest, container) = match self.virtualization.strip_suffix(IN_CONTAINER) {
            Some(guest) => (guest, true),
            None => (self.virtualization.as_str(), false),
        };
        match (guest, container) {
            ("none", false) => None,
            ("none", true) => Some(text!("in a container")),
            (guest, container) => {
                let place = if container {
                    text!("virtual machine{vendor}, in a container")
                } else {
                    text!("virtual machine{vendor}")
                };
                Some(place.with("vendor", guest.strip_prefix(GUEST).unwrap_or(guest)))
            }
        }
    }

    /// What the line of a machine says of its constraints. How many processors are allowed it says anyway, and an
    /// ordinary user's rights are the usual case, so only what was taken away on purpose stands there.
    fn held_back(&self) -> Text {
        if self.constraints.contains(&Constraint::NoHugePages) {
            text!(" · {constraint}", constraint: Constraint::NoHugePages.label())
        } else {
            Text::default()
        }
    }

    /// One of the processors that the run may use, away from the first, which serves more interrupts.
    #[must_use]
    pub fn quiet_cpu(&self) -> usize {
        self.allowed_cpus.last().copied().unwrap_or(0)
    }

    /// Another processor than [`Machine::quiet_cpu`]; `None` where one alone is allowed.
    #[must_use]
    pub fn other_cpu(&self) -> Option<usize> {
        let quiet = self.quiet_cpu();
        self.allowed_cpus.iter().rev().copied().find(|&cpu| cpu != quiet)
    }
}

/// Processor time since boot, summed over processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTotals {
    /// In which something ran.
    pub busy_ns: u64,
    /// In which the host ran something else.
    pub steal_ns: u64,
    /// In all.
    pub all_ns: u64,
}

impl CpuTotals {
    /// Reads the first line of `/proc/stat` (`proc_stat(5)`), in hundredths of a second.
    fn parse(text: &str) -> Option<Self> {
        let line = text.lines().find(|line| line.starts_with("cpu "))?;
        let ticks: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .map(|word| word.parse().unwrap_or(0))
            .collect();
        let get = |index: usize| ticks.get(index).copied().unwrap_or(0) * 10_000_000;
        let busy_ns = get(0) + get(1) + get(2) + get(5) + get(6);
        let steal_ns = get(7);
        Some(CpuTotals {
            busy_ns,
            steal_ns,
            all_ns: busy_ns + steal_ns + get(3) + get(4),
        })
    }
}

fn cpu_name(cpuinfo: &str) -> String {
    let value = |key: &str| {
        let line = cpuinfo
            .lines()
            .find(|line| line.split(':').next().is_some_and(|name| name.trim() == key))?;
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    let arm = || {
        Some(format!(
            "Arm implementer {} part {}",
            value("CPU implementer")?,
            value("CPU part")?
        ))
    };
    value("model name")
        .or_else(|| value("Model"))
        .or_else(arm)
        .unwrap_or_else(|| "unknown processor".to_owned())
}

fn cpu_flags(cpuinfo: &str) -> impl Iterator<Item = &str> {
    let line = cpuinfo
        .lines()
        .find(|line| line.starts_with("flags") || line.starts_with("Features"));
    line.and_then(|line| line.split_once(':'))
        .map_or("", |(_, flags)| flags)
        .split_whitespace()
}

/// The processors of a list such as `0-3,8`.
#[must_use]
pub fn cpu_list(list: &str) -> Vec<usize> {
    let range = |part: &str| -> Option<Vec<usize>> {
        let (low, high) = part.trim().split_once('-').unwrap_or((part.trim(), part.trim()));
        let (low, high): (usize, usize) = (low.parse().ok()?, high.parse().ok()?);
        (high < 1 << 16).then(|| (low..=high).collect())
    };
    list.split(',').filter_map(range).flatten().collect()
}

/// A size such as `32K` or `8M`, in bytes.
fn size_bytes(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'K' => (&text[..text.len() - 1], 1 << 10),
        b'M' => (&text[..text.len() - 1], 1 << 20),
        b'G' => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn meminfo(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.split(':').next() == Some(key))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1024)
}

fn loadavg(text: &str) -> [f64; 3] {
    let mut load = [0.0; 3];
    for (place, word) in load.iter_mut().zip(text.split_whitespace()) {
        *place = word.parse().unwrap_or(0.0);
    }
    load
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_a_machine_from_its_files() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let file = root.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        write(
            "proc/cpuinfo",
            "processor\t: 0\nmodel name\t: Example CPU\nflags\t\t: fpu pcid hypervisor\n",
        );
        write("proc/sys/kernel/osrelease", "6.1.0\n");
        write("proc/meminfo", "MemTotal:       1024 kB\nMemAvailable:    512 kB\n");
        write("proc/loadavg", "0.50 0.25 0.10 1/100 1234\n");
        write("proc/stat", "cpu  10 0 10 70 0 0 0 10 0 0\n");
        write("proc/pressure/cpu", "some avg10=1.50 avg60=0 avg300=0 total=7\n");
        write("proc/pressure/memory", "some avg10=0.00 avg60=0 avg300=0 total=0\n");
        write("proc/pressure/io", "some avg10=0.25 avg60=0 avg300=0 total=0\n");
        write("sys/devices/system/cpu/online", "0-3\n");
        write("sys/devices/system/cpu/cpu0/cache/index0/level", "1");
        write("sys/devices/system/cpu/cpu0/cache/index0/type", "Data");
        write("sys/devices/system/cpu/cpu0/cache/index0/size", "32K");
        write("sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected\n");
        let probe = Probe::at(root.path());
        let machine = probe.machine(vec![1, 2]);
        assert_eq!(
            machine.line().english(),
            "Example CPU · 2 of 4 logical CPUs · 0 GiB · Linux 6.1.0 · virtual machine"
        );
        assert_eq!(machine.caches[0].size_bytes, 32 << 10);
        assert_eq!(machine.mitigations["meltdown"], "Not affected");
        assert_eq!(
            machine.pressure,
            Some(Pressure {
                cpu: 1.5,
                memory: 0.0,
                io: 0.25
            })
        );
        assert!((machine.steal - 0.1).abs() < 1e-12);
        assert!(
            machine
                .load
                .iter()
                .zip([0.5, 0.25, 0.1])
                .all(|(load, expect)| (load - expect).abs() < 1e-12)
        );
        assert_eq!(machine.governor, None);
        assert_eq!((machine.quiet_cpu(), machine.other_cpu()), (2, Some(1)));
        assert_eq!(probe.cpu_pressure_ns(), 7_000);
        assert_eq!(probe.available_bytes(), Some(512 << 10));
        assert!(probe.has_cpu_flag("pcid"));
    }

    #[test]
    fn an_empty_root_is_an_unknown_machine() {
        let root = tempfile::tempdir().unwrap();
        let machine = Probe::at(root.path()).machine(vec![0]);
        assert_eq!(machine.cpu, "unknown processor");
        assert_eq!((machine.logical_cpus, machine.other_cpu()), (1, None));
    }

    proptest! {
        #[test]
        fn parsers_never_panic(text in "(?s).{0,200}") {
            let _parsed = (cpu_list(&text), size_bytes(&text), meminfo(&text, "MemTotal"), loadavg(&text));
            let _parsed = (CpuTotals::parse(&text), cpu_name(&text));
        }
    }
}
