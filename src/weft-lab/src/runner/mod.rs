//! Runs experiments, each in a clean worker process.
//!
//! ```text
//! this process ──► warden ──► worker ──► what the experiment makes
//!      ▲             │           │
//!      └── events ◄──┴───────────┘
//! ```
//!
//! The *warden* starts the worker, watches the time and the memory, and inherits every process that loses its parent.
//! When the worker ends, or when the pipe from this process closes (it cancelled, or died, by whatever means), the warden
//! kills all that is left and says how it ended. Should the warden itself be killed, this process does that in its place.
//! So nothing outlives a run.

mod error;
mod mark;
mod request;
mod warden;
mod wire;
pub mod worker;

use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub use error::RunError;
pub use request::{Request, RequestError};
use wire::{End, Job, Message};

use crate::experiment::Progress;
use crate::machine::Probe;
use crate::params::Mode;
use crate::record::Record;
use crate::sys;

/// How much of a worker's output is kept for an error message.
const LOG_BYTES: usize = 16 << 10;

/// Something that a run says while it goes on.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// How far it is.
    Progress(Progress),
    /// What the experiment, or a child that it made to crash, printed.
    Printed(String),
}

/// Starts runs. All front ends use this; none measures by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runner {
    program: PathBuf,
    time_limit: Option<Duration>,
    memory_limit: Option<u64>,
}

impl Runner {
    /// A runner whose workers are this very program, if it calls [`worker::entry`] first thing in `main`; else the
    /// program that `WEFT_PROGRAM` names, else `weft` on the `PATH`.
    ///
    /// # Errors
    ///
    /// None of them is there.
    pub fn find() -> Result<Runner, RunError> {
        worker::program()
            .map(Runner::with_program)
            .map_err(|detail| RunError::NoProgram { detail })
    }

    /// A runner whose workers are `program`, which must call [`worker::entry`] first thing in `main`.
    pub fn with_program(program: impl Into<PathBuf>) -> Runner {
        Runner {
            program: program.into(),
            time_limit: None,
            memory_limit: None,
        }
    }

    /// A run is ended after this time; by default 20 s in quick and 120 s in full mode.
    #[must_use]
    pub fn time_limit(self, limit: Duration) -> Runner {
        Runner {
            time_limit: Some(limit),
            ..self
        }
    }

    /// A run is ended when its processes use more memory than this together; by default three quarters of what is available.
    #[must_use]
    pub fn memory_limit(self, bytes: u64) -> Runner {
        Runner {
            memory_limit: Some(bytes),
            ..self
        }
    }

    /// Starts a run.
    ///
    /// # Errors
    ///
    /// A wrong request, or a worker that can't be started.
    pub fn start(&self, request: &Request) -> Result<Run, RunError> {
        let (experiment, params) = request.resolve()?;
        let default_limit = Duration::from_secs(if request.mode == Mode::Quick { 20 } else { 120 });
        let job = Job {
            experiment: experiment.about().id.to_owned(),
            mode: request.mode,
            seed: request.seed.unwrap_or_else(|| fastrand::u64(..1 << 53)),
            params,
            time_limit: self.time_limit.unwrap_or(default_limit),
            memory_limit: self
                .memory_limit
                .unwrap_or_else(|| Probe::default().available_bytes().unwrap_or(4 << 30) / 4 * 3),
        };
        Run::start(&self.program, job)
    }

    /// Runs to the end. `tell` is told how far it is.
    ///
    /// # Errors
    ///
    /// A wrong request, or no record: see [`RunError`].
    pub fn run(&self, request: &Request, mut tell: impl FnMut(Event)) -> Result<Record, RunError> {
        let mut run = self.start(request)?;
        while let Some(event) = run.next_event() {
            tell(event);
        }
        run.finish()
    }
}

/// Ends a run from another thread.
#[derive(Debug, Clone)]
pub struct Canceller(Arc<Mutex<Option<ChildStdin>>>);

impl Canceller {
    /// Ends the run, if it still goes on. Its events then end, and [`Run::finish`] says that it was cancelled.
    pub fn cancel(&self) {
        // The warden takes the end of this pipe as the order to end all.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A run that goes on. Dropped, it is cancelled, and the drop waits until nothing of it is left.
#[derive(Debug)]
pub struct Run {
    job: Job,
    /// Absent once it was needed, see [`Run::end_orphans`].
    mark: Option<String>,
    warden: Child,
    /// Readable when the warden has ended; absent on an old kernel.
    warden_ended: Option<OwnedFd>,
    control: Canceller,
    events: ChildStdout,
    log: Option<ChildStderr>,
    unread: Vec<u8>,
    printed: Vec<u8>,
    outcome: Option<Outcome>,
    end: Option<End>,
    events_open: bool,
}

#[derive(Debug)]
enum Outcome {
    Record(Box<Record>),
    Failed(String),
}

impl Run {
    fn start(program: &std::path::Path, job: Job) -> Result<Run, RunError> {
        use std::os::unix::process::CommandExt;
        let failed = |source| RunError::Start {
            program: program.to_owned(),
            source,
        };
        let mark = mark::new();
        let mut warden = Command::new(program)
            .env(mark::VARIABLE, &mark)
            .args(worker::arguments(worker::Role::Warden, &job))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A terminal's Ctrl-C is for this program, which then ends the run; the warden must not die of it.
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let (Some(control), Some(events), log) = (warden.stdin.take(), warden.stdout.take(), warden.stderr.take())
        else {
            return Err(failed(std::io::ErrorKind::BrokenPipe.into()));
        };
        let warden_ended = i32::try_from(warden.id())
            .ok()
            .and_then(|pid| sys::open_pidfd(pid).ok());
        Ok(Run {
            job,
            mark: Some(mark),
            warden,
            warden_ended,
            control: Canceller(Arc::new(Mutex::new(Some(control)))),
            events,
            log,
            unread: Vec::new(),
            printed: Vec::new(),
            outcome: None,
            end: None,
            events_open: true,
        })
    }

    /// What can end this run from elsewhere.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        self.control.clone()
    }

    /// The seed of this run, given or drawn.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.job.seed
    }

    /// Waits for the next event; `None` when the run has ended and nothing of it is left.
    pub fn next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.next_whole_line() {
                return Some(event);
            }
            if !self.events_open {
                self.end_orphans();
                self.read_rest_of_log();
                return None;
            }
            let [events_ready, log_ready, warden_ended] = self.wait_for_output();
            if warden_ended && !events_ready {
                self.warden_ended = None;
                self.end_orphans();
            }
            if events_ready {
                self.events_open = read_some(&mut self.events, &mut self.unread);
            }
            if log_ready && let Some(event) = self.read_log() {
                return Some(event);
            }
        }
    }

    /// A warden that was killed has left no last word, but perhaps what it watched, which may hold the pipes open.
    fn end_orphans(&mut self) {
        if self.end.is_none()
            && let Some(mark) = self.mark.take()
        {
            mark::end_all(&mark);
        }
    }

    /// What there is to read: events, the log, the end of the warden.
    fn wait_for_output(&self) -> [bool; 3] {
        let sources = [
            Some(self.events.as_fd()),
            self.log.as_ref().map(AsFd::as_fd),
            self.warden_ended.as_ref().map(AsFd::as_fd),
        ];
        let mut fds: Vec<PollFd> = sources
            .iter()
            .flatten()
            .map(|&fd| PollFd::new(fd, PollFlags::POLLIN))
            .collect();
        match poll(&mut fds, PollTimeout::NONE) {
            Err(Errno::EINTR) => [false; 3],
            Err(_) => [true, true, false],
            Ok(_) => {
                let mut answers = fds.iter();
                sources.map(|source| source.is_some() && answers.next().and_then(PollFd::any).unwrap_or(false))
            }
        }
    }

    fn next_whole_line(&mut self) -> Option<Event> {
        while let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            match serde_json::from_slice::<Message>(&line) {
                Ok(Message::Progress(progress)) => return Some(Event::Progress(progress.into())),
                Ok(Message::Record(record)) => self.outcome = Some(Outcome::Record(record)),
                Ok(Message::Failed { message }) => self.outcome = Some(Outcome::Failed(message)),
                Ok(Message::Ended(end)) => self.end = Some(end),
                // The last line of a worker that was killed while it wrote.
                Err(_) => {}
            }
        }
        None
    }

    fn read_log(&mut self) -> Option<Event> {
        let mut text = Vec::new();
        if !self.log.as_mut().is_some_and(|log| read_some(log, &mut text)) {
            self.log = None;
        }
        self.printed.extend_from_slice(&text);
        let excess = self.printed.len().saturating_sub(LOG_BYTES);
        self.printed.drain(..excess);
        (!text.is_empty()).then(|| Event::Printed(String::from_utf8_lossy(&text).into_owned()))
    }

    /// After the warden has ended, nobody writes any more, so this ends too.
    fn read_rest_of_log(&mut self) {
        while self.log.is_some() {
            self.read_log();
        }
    }

    /// The record of a run whose events have ended.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub fn finish(mut self) -> Result<Record, RunError> {
        while self.next_event().is_some() {}
        let experiment = self.job.experiment.clone();
        let log = String::from_utf8_lossy(&self.printed).into_owned();
        let status = self.warden.wait();
        let (limit, memory) = (self.job.time_limit, self.job.memory_limit);
        match (self.outcome.take(), self.end.take()) {
            (Some(Outcome::Record(record)), Some(End::Exit { status: 0 })) => Ok(*record),
            (_, Some(End::Cancelled)) => Err(RunError::Cancelled { experiment }),
            (_, Some(End::TimedOut)) => Err(RunError::TimedOut { experiment, limit }),
            (_, Some(End::OutOfMemory)) => Err(RunError::OutOfMemory {
                experiment,
                limit: memory,
            }),
            (Some(Outcome::Failed(message)), _) => Err(RunError::Failed { experiment, message }),
            (_, Some(End::Signal { signal })) => Err(RunError::Ended {
                experiment,
                how: text!("was killed by {signal}", signal = signal_name(signal)),
                log,
            }),
            (_, Some(End::Exit { status })) => Err(RunError::Ended {
                experiment,
                how: text!("ended with status {status} and no record", status = status),
                log,
            }),
            (_, None) => {
                let how = match status {
                    Ok(status) => text!("and its warden ended early ({status})", status = status),
                    Err(error) => text!("and its warden were lost ({error})", error = error),
                };
                Err(RunError::Ended { experiment, how, log })
            }
        }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        self.control.cancel();
        // Draining lets a warden that waits for a full pipe go on.
        while self.next_event().is_some() {}
        let _ended = self.warden.wait();
    }
}

/// Reads what is there; `false` at the end.
fn read_some(from: &mut impl Read, into: &mut Vec<u8>) -> bool {
    let mut buffer = [0; 1 << 13];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return false,
            Ok(count) => {
                into.extend_from_slice(&buffer[..count]);
                return true;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return false,
        }
    }
}

/// `signal 11 (SIGSEGV)`.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    match nix::sys::signal::Signal::try_from(signal) {
        Ok(name) => format!("signal {signal} ({name})"),
        Err(_) => format!("signal {signal}"),
    }
}
