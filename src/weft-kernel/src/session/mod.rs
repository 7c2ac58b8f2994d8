//! A notebook's session: it evaluates cells, and says what they print and show while they run.
//!
//! [`Session::start`] returns at once and warms up behind. What a cell makes comes through the channel of events, in
//! the order in which the cell made it, and all of it before [`Session::execute`] gives the cell's outcome.

mod evaluator;
mod failure;
mod link;
pub(crate) mod place;
mod syntax;
mod types;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{mpsc as events, oneshot, watch};

use evaluator::Shared;
pub use failure::Failure;
pub use place::has_std_source;
pub use syntax::{Completeness, completeness};

use crate::supervisor::wire::Order;

/// How a session is to be.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// A cell that runs longer is ended; compiling does not count.
    pub cell_timeout: Option<Duration>,
    /// A cell whose processes use more memory than this together, in bytes, is ended.
    pub memory_limit: Option<u64>,
    /// Cells reach no other machine.
    pub no_network: bool,
    /// The folder of prebuilt templates; none: `weft-lab` is not preloaded.
    pub templates: Option<PathBuf>,
}

/// The session's first cell: see the file.
pub(crate) const HOOK: &str = include_str!("hook.rs");
/// How often the end of a session is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Representations of one value by their MIME type, such as `text/plain`.
pub type MimeMap = Map<String, Value>;

/// Whose output it is: a number that the caller gives each cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CellId(pub u64);

/// Something that a cell prints or shows while it runs, or that a thread of it does later.
#[derive(Debug)]
pub enum Event {
    /// Text on standard output. Not a line: whatever came together.
    Stdout(String),
    /// Text on standard error.
    Stderr(String),
    /// A figure, a table, a progress display.
    Display {
        /// What is shown.
        data: MimeMap,
        /// About it, by MIME type.
        metadata: MimeMap,
        /// A name by which it can be changed later.
        display_id: Option<String>,
        /// It takes the place of the display with this name.
        update: bool,
    },
    /// Everything that the cell has shown so far is to vanish.
    Clear {
        /// Not before the next output.
        wait: bool,
    },
    /// The cell waits for a line on standard input. A dropped `reply` means that there is none (end of file).
    Input {
        /// What the reader is asked.
        prompt: String,
        /// The answer must not be seen.
        password: bool,
        /// Takes the line, without its end.
        reply: oneshot::Sender<String>,
    },
}

/// How a cell ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It ran to its end.
    Done {
        /// What its last expression shows, where it has one.
        value: Option<MimeMap>,
    },
    /// It did not compile, panicked, gave an error with `?`, or its process died.
    Failed(Failure),
    /// It was interrupted.
    Interrupted(Failure),
}

/// One way to go on from the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What is put in.
    pub text: String,
    /// What is shown: with its type, where it has one.
    pub label: String,
    /// A Jupyter kind, such as `function` or `instance`.
    pub kind: &'static str,
}

/// All ways to go on from the cursor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Completions {
    /// The ways.
    pub matches: Vec<Completion>,
    /// What they replace begins at this byte of the code,
    pub start: usize,
    /// and ends before this one.
    pub end: usize,
}

/// What the evaluation thread is asked.
#[derive(Debug)]
enum Job {
    Execute {
        cell: CellId,
        code: String,
        reply: oneshot::Sender<Outcome>,
    },
    Complete {
        code: String,
        cursor: usize,
        reply: oneshot::Sender<Completions>,
    },
    Inspect {
        code: String,
        cursor: usize,
        reply: oneshot::Sender<Option<MimeMap>>,
    },
}

/// Whether the evaluator is there.
#[derive(Debug, Clone, PartialEq)]
enum State {
    Starting,
    Ready,
    Failed(Failure),
}

/// The sending end of a session's events.
pub type Events = events::Sender<(CellId, Event)>;

/// A session that goes on. Dropped, it ends with all that it started.
#[derive(Debug)]
pub struct Session {
    jobs: Option<mpsc::Sender<Job>>,
    state: watch::Receiver<State>,
    shared: Arc<Shared>,
    evaluator: Option<JoinHandle<()>>,
}

impl Session {
    /// Starts a session; returns at once. The program has called [`crate::entry`] first thing in `main`.
    ///
    /// A full channel of events holds the cells back, so whoever reads it must not wait for a cell meanwhile.
    #[must_use]
    pub fn start(options: Options, events: Events) -> Session {
        let (jobs, received) = mpsc::channel();
        let (tell, state) = watch::channel(State::Starting);
        let shared = Arc::new(Shared::default());
        let evaluator = evaluator::start(options, events, received, tell, Arc::clone(&shared));
        Session {
            jobs: Some(jobs),
            state,
            shared,
            evaluator,
        }
    }

    /// Waits until cells can be evaluated.
    ///
    /// # Errors
    ///
    /// They never will: what is missing.
    pub async fn ready(&self) -> Result<(), Failure> {
        let mut state = self.state.clone();
        match state.wait_for(|state| *state != State::Starting).await.as_deref() {
            Ok(State::Failed(failure)) => Err(failure.clone()),
            Ok(_) => Ok(()),
            Err(_) => Err(Failure::gone()),
        }
    }

    /// Evaluates a cell, after those that were given before.
    pub async fn execute(&self, cell: CellId, code: String) -> Outcome {
        self.ask(|reply| Job::Execute { cell, code, reply })
            .await
            .unwrap_or_else(|| Outcome::Failed(Failure::gone()))
    }

    /// The ways to go on at `cursor`, a byte of `code`; none while a cell runs.
    pub async fn complete(&self, code: String, cursor: usize) -> Completions {
        if self.is_running() {
            return Completions::default();
        }
        self.ask(|reply| Job::Complete { code, cursor, reply })
            .await
            .unwrap_or_default()
    }

    /// What stands at `cursor`, a byte of `code`; nothing while a cell runs.
    pub async fn inspect(&self, code: String, cursor: usize) -> Option<MimeMap> {
        if self.is_running() {
            return None;
        }
        self.ask(|reply| Job::Inspect { code, cursor, reply }).await.flatten()
    }

    /// Whether a cell is being evaluated.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.shared.running.load(Ordering::SeqCst)
    }

    /// Ends the cell that is being evaluated, if one is: its compilers at once, its process first by asking it
    /// (SIGINT), and two seconds later, or when asked again, by force.
    pub fn interrupt(&self) {
        if !self.is_running() {
            return;
        }
        self.shared.interrupted.store(true, Ordering::SeqCst);
        if let Some(link) = self.shared.link() {
            link.order(&Order::Interrupt);
        }
        self.shared.end_compilers();
    }

    /// Ends the session and all that it started, also while a cell runs. Waits until nothing of it is left.
    pub fn shutdown(self) {
        drop(self);
    }

    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<T>) -> Job) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.jobs.as_ref()?.send(job(reply)).ok()?;
        answer.await.ok()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::SeqCst);
        self.shared.interrupted.store(true, Ordering::SeqCst);
        if let Some(link) = self.shared.link() {
            link.close();
        }
        self.jobs = None;
        let Some(evaluator) = self.evaluator.take() else { return };
        // A compiler may be started between two looks.
        while !evaluator.is_finished() {
            self.shared.end_compilers();
            thread::park_timeout(LOOK_EVERY);
        }
        let _panicked = evaluator.join();
    }
}
