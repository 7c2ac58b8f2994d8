//! The other side of a run: what a re-executed program does as a warden or as a worker.

use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::warden;
use super::wire::{Job, Message, WireProgress};
use crate::experiment::{Context, Progress};
use crate::experiments;
use crate::machine::{CpuTotals, Noise, Probe};
use crate::measure::{Clock, MonotonicClock, Nanos};
use crate::record::{Record, SCHEMA};
use crate::sys;

/// The first argument of a re-executed program.
const MARK: &str = "__weft-worker";

/// Set by [`entry`]: this program can be its own worker.
static CAN_BE_WORKER: AtomicBool = AtomicBool::new(false);

/// What a re-executed program is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Warden,
    Worker { events: RawFd },
}

/// Call this first thing in `main`, before any thread is started.
///
/// In a process that a [`Runner`](super::Runner) started it does that process's work and never returns. In any other
/// it notes that this program can be its own worker, and returns at once.
///
/// ```no_run
/// weft_lab::worker::entry();
/// let record = weft_lab::run("switch-cost")?;
/// println!("{:?}", record.verdicts());
/// # Ok::<(), weft_lab::RunError>(())
/// ```
pub fn entry() {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(status) = experiments::run_errand(&arguments) {
        leave(status);
    }
    if arguments.first().is_none_or(|first| first != MARK) {
        CAN_BE_WORKER.store(true, Ordering::Relaxed);
        return;
    }
    let status = match parse(&arguments[1..]) {
        Some((Role::Warden, job)) => warden::watch(&job),
        Some((Role::Worker { events }, job)) => work(&job, events),
        None => 2,
    };
    leave(status);
}

#[expect(clippy::exit, reason = "a worker's end is its answer; `main` must not go on")]
fn leave(status: i32) -> ! {
    std::process::exit(status)
}

/// The arguments that make a program a warden or a worker.
pub(super) fn arguments(role: Role, job: &Job) -> [OsString; 3] {
    let role = match role {
        Role::Warden => "warden".to_owned(),
        Role::Worker { events } => events.to_string(),
    };
    let job = serde_json::to_string(job).unwrap_or_default();
    [MARK.into(), role.into(), job.into()]
}

fn parse(arguments: &[OsString]) -> Option<(Role, Job)> {
    let [role, job] = arguments else { return None };
    let role = match role.to_str()? {
        "warden" => Role::Warden,
        events => Role::Worker {
            events: events.parse().ok()?,
        },
    };
    Some((role, serde_json::from_str(job.to_str()?).ok()?))
}

/// The program that workers are made of; what was tried, where there is none.
pub(super) fn program() -> Result<PathBuf, String> {
    if CAN_BE_WORKER.load(Ordering::Relaxed) {
        return std::env::current_exe().map_err(|error| format!("this program's own file is unknown ({error})"));
    }
    if let Some(named) = std::env::var_os("WEFT_PROGRAM") {
        return Ok(PathBuf::from(named));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("weft"))
        .find(|file| file.is_file());
    found.ok_or_else(|| {
        "this program does not call weft_lab::worker::entry() first thing in main, WEFT_PROGRAM is not set, and there is no `weft` on the PATH".to_owned()
    })
}

fn work(job: &Job, events: RawFd) -> i32 {
    let Ok(events) = sys::inherit_descriptor(events) else {
        return 2;
    };
    let mut events = File::from(events);
    // The warden, and perhaps who asked for the run, blocked signals, and a program inherits that.
    if nix::sys::signal::SigSet::empty().thread_set_mask().is_err() {
        return 2;
    }
    // Should the warden be killed, its worker must not stay behind.
    if sys::die_with_parent().and_then(|()| sys::limit_cores()).is_err() {
        return 2;
    }
    let message = match measure(job, &mut events) {
        Ok(record) => Message::Record(Box::new(record)),
        Err(message) => Message::Failed { message },
    };
    let failed = matches!(message, Message::Failed { .. });
    i32::from(say(&mut events, &message).is_err() || failed)
}

pub(super) fn say(events: &mut File, message: &Message) -> std::io::Result<()> {
    let mut line = serde_json::to_string(message)?;
    line.push('\n');
    events.write_all(line.as_bytes())
}

fn measure(job: &Job, events: &mut File) -> Result<Record, String> {
    let experiment = experiments::find(&job.experiment).ok_or_else(|| format!("no experiment {:?}", job.experiment))?;
    let probe = Probe::default();
    let machine = probe.machine(sys::allowed_cpus());
    let clock = MonotonicClock;
    let mut last_told = None;
    let mut tell = |progress: Progress| {
        let now = clock.now();
        if is_due(last_told.as_ref(), now, &progress) {
            last_told = Some((now, progress.phase.clone()));
            // Nobody may be listening any more; the warden will end this worker then.
            let _unheard = say(events, &Message::Progress(WireProgress::from(&progress)));
        }
    };
    let started = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    let before = Snapshot::take(&probe);
    let mut cx = Context::new((&job.params, job.mode, job.seed), &clock, &machine, &mut tell);
    experiment.run(&mut cx).map_err(|error| with_causes(&error))?;
    let (series, missing, stopping) = cx.finish();
    let after = Snapshot::take(&probe);
    Ok(Record {
        schema: SCHEMA,
        experiment: job.experiment.clone(),
        mode: job.mode,
        seed: job.seed,
        params: job.params.clone(),
        started,
        elapsed_ns: after.time.since(before.time).0,
        noise: after.noise_since(&before),
        machine,
        stopping,
        missing,
        series,
    })
}

/// A message ten times a second is enough; a new phase is told at once.
fn is_due(last: Option<&(Nanos, crate::text::Text)>, now: Nanos, progress: &Progress) -> bool {
    last.is_none_or(|(time, phase)| *phase != progress.phase || now.since(*time) >= Nanos(100_000_000))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The counters of the machine and of this worker at one moment.
struct Snapshot {
    time: Nanos,
    usage: sys::Usage,
    totals: CpuTotals,
    pressure_ns: u64,
}

impl Snapshot {
    fn take(probe: &Probe) -> Self {
        Snapshot {
            time: MonotonicClock.now(),
            usage: sys::usage_of_process(),
            totals: probe.totals(),
            pressure_ns: probe.cpu_pressure_ns(),
        }
    }

    fn noise_since(&self, before: &Snapshot) -> Noise {
        let own = self.usage.since(&before.usage);
        let busy = self.totals.busy_ns.saturating_sub(before.totals.busy_ns);
        Noise {
            involuntary_switches: own.involuntary_switches,
            voluntary_switches: own.voluntary_switches,
            steal_ns: self.totals.steal_ns.saturating_sub(before.totals.steal_ns),
            other_cpu_ns: busy.saturating_sub(own.cpu_ns),
            cpu_pressure_ns: self.pressure_ns.saturating_sub(before.pressure_ns),
        }
    }
}
