//! The thread that owns evcxr's context.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use evcxr::{CommandContext, EvalContext, EvalOutputs};
use serde_json::Value;
use tokio::sync::watch;

use super::link::{Link, Told};
use super::place::Place;
use super::types::{self, Variables};
use super::{
    CellId, Completion, Completions, Events, Failure, HOOK, Job, MimeMap, Options, Outcome, State, failure, syntax,
};
use crate::supervisor::wire::{self, Cause};
use crate::tools;

/// How long nobody must want anything before rust-analyzer learns more.
const IDLE: Duration = Duration::from_millis(150);
/// The level of optimisation as evcxr writes it into its manifest once rust-analyzer is to read the crates: a manifest
/// that has changed is what makes it read all anew.
const READ_ANEW: &str = "0 # with std";
/// What rust-analyzer is asked so that it infers and completes as quickly for the reader's first `let` as for the next.
const WARMING: &str = "let w = vec![1]; w.";
/// Parsers go deep.
const STACK: usize = 64 << 20;

/// What rust-analyzer knows. A step takes it seconds, and a cell that comes meanwhile waits for the end of that step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    /// The cells alone.
    Cells,
    /// What there is in the standard library and in the crates.
    Crates,
    /// Also which type can do what, as far as most code needs it.
    Types,
}

/// What evcxr gives for a cell, or that it panicked.
type Result = thread::Result<std::result::Result<EvalOutputs, evcxr::Error>>;

/// What the session's handle shares with the thread.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) running: AtomicBool,
    pub(super) interrupted: AtomicBool,
    pub(super) closing: AtomicBool,
    pub(super) link: Mutex<Option<Link>>,
    /// The supervisor's process.
    supervisor: Mutex<Option<Arc<Mutex<std::process::Child>>>>,
}

impl Shared {
    pub(super) fn link(&self) -> Option<Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends compilers: all that this process has started, but the supervisor and what is below it.
    pub(super) fn end_compilers(&self) {
        let handle = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let supervisor = handle.and_then(|child| child.try_lock().ok().map(|child| child.id().cast_signed()));
        let spared: Vec<i32> = supervisor
            .into_iter()
            .flat_map(|pid| std::iter::once(pid).chain(weft_lab::sys::descendants(pid)))
            .collect();
        for pid in weft_lab::sys::descendants(std::process::id().cast_signed()) {
            if !spared.contains(&pid) {
                let _gone = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
            }
        }
    }
}

/// Starts the thread; it ends when nobody can ask it any more.
pub(super) fn start(
    options: Options,
    events: Events,
    jobs: mpsc::Receiver<Job>,
    state: watch::Sender<State>,
    shared: Arc<Shared>,
) -> Option<JoinHandle<()>> {
    let thread = thread::Builder::new()
        .name("weft-evaluator".to_owned())
        .stack_size(STACK);
    let work = move || match Evaluator::new(&options, events, shared) {
        Ok(mut evaluator) => {
            state.send_replace(State::Ready);
            evaluator.serve(&jobs);
        }
        Err(failure) => {
            state.send_replace(State::Failed(failure));
        }
    };
    thread.spawn(work).ok()
}

struct Evaluator {
    context: CommandContext,
    link: Link,
    shared: Arc<Shared>,
    /// The supervisor's process, whichever it is now, and the one that was met last.
    supervisor: Arc<Mutex<std::process::Child>>,
    pid: u32,
    generation: u64,
    /// A cell has used `.await`, so evcxr keeps a runtime of threads.
    uses_async: bool,
    known: Known,
    // Last, so that it is removed when all else has ended.
    place: Place,
}

impl Evaluator {
    fn new(options: &Options, events: Events, shared: Arc<Shared>) -> std::result::Result<Evaluator, Failure> {
        let place = Place::prepare(options)?;
        let link = Link::listen(place.sockets(), events).map_err(|error| Failure::new("Start", error.to_string()))?;
        *shared.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(link.clone());
        let mut context = match EvalContext::with_subprocess_command(supervisor_command(options, &place)?) {
            Ok((context, _)) => context,
            Err(error) => {
                let noted = link.end().notes.into_iter().next();
                let reason = link.refused().or(noted).unwrap_or_else(|| error.to_string());
                return Err(Failure::new("Start", reason));
            }
        };
        let supervisor = context.process_handle();
        *shared.supervisor.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&supervisor));
        let failed = |error: evcxr::Error| Failure::new("Start", format!("the first cell failed: {error}"));
        context.eval(HOOK).map_err(failed)?;
        let mut evaluator = Evaluator {
            context: CommandContext::with_eval_context(context),
            link,
            shared,
            supervisor,
            pid: 0,
            generation: 0,
            uses_async: false,
            known: Known::Cells,
            place,
        };
        evaluator.meet_supervisor();
        let _nothing_of_a_cell = evaluator.link.end();
        evaluator.take_note_of_supervisor();
        Ok(evaluator)
    }

    /// Waits for the connection of a supervisor that evcxr has started. Evcxr itself doesn't wait for it.
    fn meet_supervisor(&self) {
        let child = || self.supervisor.lock().unwrap_or_else(PoisonError::into_inner);
        let pid = child().id();
        if pid != self.pid {
            let is_alive = || child().try_wait().is_ok_and(|status| status.is_none());
            self.link.await_after(self.generation, is_alive);
        }
    }

    /// Gives whether it is another than before.
    fn take_note_of_supervisor(&mut self) -> bool {
        let pid = self.supervisor.lock().unwrap_or_else(PoisonError::into_inner).id();
        self.generation = self.link.generation();
        std::mem::replace(&mut self.pid, pid) != pid
    }

    /// Sees to it that types can be inferred and completed.
    fn learn_crates(&mut self) {
        if self.known == Known::Cells {
            self.learn_more();
        }
    }

    fn learn_more(&mut self) {
        if self.known == Known::Cells {
            if let Err(error) = self.place.show_crates() {
                self.link
                    .note(&format!("rust-analyzer cannot be shown the standard library: {error}"));
            }
            let _never_empty = self.context.set_opt_level(READ_ANEW);
            self.execute_unheard("{}");
            self.known = Known::Crates;
        } else {
            let _nothing = complete(&mut self.context, WARMING, WARMING.len());
            self.known = Known::Types;
        }
    }

    fn serve(&mut self, jobs: &mpsc::Receiver<Job>) {
        loop {
            let job = if self.known == Known::Types {
                jobs.recv().ok()
            } else {
                match jobs.recv_timeout(IDLE) {
                    Ok(job) => Some(job),
                    Err(mpsc::RecvTimeoutError::Timeout) => {
                        self.learn_more();
                        continue;
                    }
                    Err(mpsc::RecvTimeoutError::Disconnected) => None,
                }
            };
            let Some(job) = job else { return };
            if self.shared.closing.load(Ordering::SeqCst) {
                return;
            }
            match job {
                Job::Execute { cell, code, reply } => {
                    let outcome = self.execute(cell, &code);
                    let _gone = reply.send(outcome);
                }
                Job::Complete { code, cursor, reply } => {
                    self.learn_crates();
                    let _gone = reply.send(complete(&mut self.context, &code, cursor));
                }
                Job::Inspect { code, cursor, reply } => {
                    self.learn_crates();
                    let _gone = reply.send(inspect(&mut self.context, &code, cursor));
                }
            }
        }
    }

    fn execute(&mut self, cell: CellId, code: &str) -> Outcome {
        self.place.heed(code);
        let code = self.place.without_preloaded(code);
        self.shared.interrupted.store(false, Ordering::SeqCst);
        self.shared.running.store(true, Ordering::SeqCst);
        let ended = self.evaluate(cell, &code);
        self.shared.running.store(false, Ordering::SeqCst);
        let Some((result, told)) = ended else {
            return Outcome::Interrupted(Failure::interrupted());
        };
        self.uses_async |= code.contains(".await");
        let restored = told.restored || told.death.is_some();
        let outcome = self.outcome(&code, result, told);
        self.mend(restored);
        outcome
    }

    /// Has evcxr evaluate a cell; `None` where it was interrupted before it began. Until types are inferred
    /// quickly, those that the text tells are written into it.
    fn evaluate(&mut self, cell: CellId, code: &str) -> Option<(Result, Told)> {
        if self.known < Known::Types {
            if let Variables::Told(written) = types::written(code) {
                let (result, told) = self.attempt(cell, &written)?;
                // An error is to show the code as it was written, and may be one of our own making.
                let is_ours = written != code && matches!(result, Ok(Err(evcxr::Error::CompilationErrors(_))));
                if !is_ours {
                    return Some((result, told));
                }
            }
            self.learn_crates();
        }
        self.attempt(cell, code)
    }

    fn attempt(&mut self, cell: CellId, code: &str) -> Option<(Result, Told)> {
        self.link.begin(cell, syntax::has_value(code));
        // The supervisor hears of an interrupt from here on after the cell's beginning, which would undo one before it.
        if self.shared.interrupted.load(Ordering::SeqCst) {
            let _nothing_of_a_cell = self.link.end();
            return None;
        }
        if let Some(note) = self.place.note.take() {
            self.link.note(&note);
        }
        let result = catch_unwind(AssertUnwindSafe(|| self.context.execute(code)));
        self.meet_supervisor();
        Some((result, self.link.end()))
    }

    fn outcome(&self, code: &str, result: Result, told: Told) -> Outcome {
        let interrupted = self.shared.interrupted.load(Ordering::SeqCst);
        if let Some(death) = &told.death {
            let failure = failure::died(death);
            return if death.cause == Cause::Interrupt {
                Outcome::Interrupted(failure)
            } else {
                Outcome::Failed(failure)
            };
        }
        if told.not_begun {
            return Outcome::Interrupted(Failure::interrupted());
        }
        if let Some(panic) = &told.panic {
            let source = self.context.last_source().unwrap_or_default();
            return Outcome::Failed(failure::panicked(panic, code, &source, told.restored));
        }
        if let Some(text) = told.erred {
            return Outcome::Failed(Failure::new("Error", text));
        }
        match result {
            Ok(Ok(outputs)) => Outcome::Done {
                value: value_of(told.value, outputs),
            },
            Ok(Err(_)) if interrupted => Outcome::Interrupted(Failure::interrupted()),
            Ok(Err(evcxr::Error::Message(message))) => {
                let note = told.notes.into_iter().next();
                Outcome::Failed(self.place.explained(Failure::new("Error", note.unwrap_or(message))))
            }
            Ok(Err(error)) => Outcome::Failed(error.into()),
            Err(_) => Outcome::Failed(Failure::new(
                "Internal",
                "evcxr or rust-analyzer panicked over this cell; the kernel's log says where",
            )),
        }
    }

    /// Makes good what a restart or a step back has undone.
    fn mend(&mut self, restored: bool) {
        if self.take_note_of_supervisor() {
            self.execute_unheard(HOOK);
        } else if restored && self.uses_async {
            // Its threads are not in the copy, and whoever waits for one hangs. It is made anew when it is used.
            let runtime = "std::sync::Arc<std::sync::Mutex<tokio::runtime::Runtime>>";
            let take = format!("evcxr_variable_store.take_variable::<{runtime}>(\"evcxr_tokio_runtime\")");
            self.execute_unheard(&format!("std::mem::forget({take});"));
        }
    }

    fn execute_unheard(&mut self, code: &str) {
        self.link.mute();
        let _best = self.context.execute(code);
        self.meet_supervisor();
        let _nothing_of_a_cell = self.link.end();
    }
}

fn supervisor_command(options: &Options, place: &Place) -> std::result::Result<Command, Failure> {
    let program: PathBuf = std::env::current_exe()
        .map_err(|error| Failure::new("Start", format!("this program's own file is unknown: {error}")))?;
    let job = wire::Job {
        folder: place.sockets().to_owned(),
        cell_timeout_ms: options
            .cell_timeout
            .map(|limit| u64::try_from(limit.as_millis()).unwrap_or(u64::MAX)),
        memory_limit: options.memory_limit,
        no_network: options.no_network,
    };
    let mut command = Command::new(program);
    // Evcxr's tools are not the cells'.
    tools::change(&mut command, tools::own_environment());
    command.env("LD_LIBRARY_PATH", place.toolchain.library_path());
    command.env(wire::JOB, serde_json::to_string(&job).unwrap_or_default());
    Ok(command)
}

/// What the last expression showed, and what evcxr's own commands say.
fn value_of(mut value: MimeMap, outputs: EvalOutputs) -> Option<MimeMap> {
    for (mime, content) in outputs.content_by_mime_type {
        value.entry(mime).or_insert(Value::String(content));
    }
    (!value.is_empty()).then_some(value)
}

fn complete(context: &mut CommandContext, code: &str, cursor: usize) -> Completions {
    let nothing = Completions {
        start: cursor,
        end: cursor,
        ..Completions::default()
    };
    if !code.is_char_boundary(cursor) {
        return nothing;
    }
    let found = catch_unwind(AssertUnwindSafe(|| context.completions(code, cursor)));
    let Ok(Ok(found)) = found else { return nothing };
    let matches = found.completions.into_iter().map(|completion| Completion {
        text: completion.code,
        label: completion.label,
        kind: completion.kind,
    });
    Completions {
        matches: matches.collect(),
        start: found.start_offset,
        end: found.end_offset,
    }
}

fn inspect(context: &mut CommandContext, code: &str, cursor: usize) -> Option<MimeMap> {
    if !code.is_char_boundary(cursor) {
        return None;
    }
    let found = catch_unwind(AssertUnwindSafe(|| context.hover_at(code, cursor)));
    let (plain, html) = found.ok()?.ok()?;
    if plain == "No documentation found" {
        return None;
    }
    let mut map = MimeMap::new();
    map.insert("text/plain".to_owned(), plain.into());
    map.insert("text/html".to_owned(), html.into());
    Some(map)
}
