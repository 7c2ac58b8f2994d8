//! The runner: the process that cells run in, and its standby.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{Pid, getpid, getppid, setpgid};

use super::wire::{FromRunner, Lines, Panic, ToRunner, runner_socket, say};
use crate::sys::{self, Cells, Fork, Hook};

/// How often what `print!` holds back is written out while a cell runs.
const FLUSH_EVERY: Duration = Duration::from_millis(30);

/// The name of the thread that does it.
pub(super) const FLUSHER: &str = "weft-flush";

/// Where a panic is reported: the runner's own connection and process id.
static VOICE: Mutex<Option<(UnixStream, i32)>> = Mutex::new(None);

/// Runs cells until the supervisor goes. `main` of a process that it has forked.
pub(super) fn run(folder: PathBuf, supervisor: Pid) -> ! {
    let _leader = setpgid(Pid::from_raw(0), Pid::from_raw(0));
    sys::reset_signals();
    sys::raise_oom_score();
    live_for(supervisor);
    let Ok(connection) = greet(&folder, false) else {
        sys::exit_now(97)
    };
    let mut runner = Runner {
        folder,
        supervisor,
        connection,
        lines: Lines::default(),
        cells: Cells::new(),
        hooked: false,
        ticker: None,
    };
    loop {
        runner.step();
    }
}

/// Ends this process with its parent, or at once where that has gone: the socket may be the next supervisor's by now.
fn live_for(parent: Pid) {
    sys::die_with_parent();
    if getppid() != parent {
        sys::exit_now(0);
    }
}

fn greet(folder: &Path, standby: bool) -> io::Result<UnixStream> {
    let mut connection = UnixStream::connect(runner_socket(folder))?;
    let pid = getpid().as_raw();
    say(&mut connection, &FromRunner::Hello { pid, standby })?;
    Ok(connection)
}

struct Runner {
    folder: PathBuf,
    supervisor: Pid,
    connection: UnixStream,
    lines: Lines,
    cells: Cells,
    hooked: bool,
    ticker: Option<&'static Ticker>,
}

impl Runner {
    fn step(&mut self) {
        match self.next_order() {
            ToRunner::Run { library, function } => self.run_cell(&library, &function),
            ToRunner::Checkpoint => self.checkpoint(),
            ToRunner::Go => {}
        }
    }

    /// The next order; without a supervisor there is nothing left to do.
    fn next_order(&mut self) -> ToRunner {
        loop {
            if let Some(order) = self.lines.next() {
                return order;
            }
            if !matches!(self.lines.read(&mut self.connection), Ok(true)) {
                sys::exit_now(0);
            }
        }
    }

    fn tell(&mut self, what: &FromRunner) {
        if say(&mut self.connection, what).is_err() {
            sys::exit_now(98);
        }
    }

    fn run_cell(&mut self, library: &str, function: &str) {
        let me = getpid();
        if let Some(ticker) = self.ticker {
            ticker.set(true);
        }
        let result = self.cells.run(library, function);
        if getpid() != me {
            // The cell forked, and this is the copy, which has come to the cell's end: nothing is left for it to do.
            if let Some(hook) = self.cells.hook() {
                hook.flush();
            }
            sys::exit_now(0);
        }
        if let Some(ticker) = self.ticker {
            ticker.set(false);
        }
        if let Some(hook) = self.cells.hook() {
            hook.flush();
            self.use_hook(hook);
        }
        let answer = match result {
            Ok(()) => FromRunner::Finished {
                threads: self.threads(),
            },
            Err(error) => FromRunner::NotRun {
                error: error.to_string(),
            },
        };
        self.tell(&answer);
    }

    /// Has panics reported and output made live, once.
    fn use_hook(&mut self, hook: Hook) {
        if !self.hooked {
            self.hooked = true;
            self.speak();
            hook.report_panics(report);
        }
        if self.ticker.is_none() {
            self.ticker = Ticker::start(hook);
        }
    }

    fn speak(&self) {
        let voice = self
            .connection
            .try_clone()
            .ok()
            .map(|stream| (stream, getpid().as_raw()));
        *VOICE.lock().unwrap_or_else(PoisonError::into_inner) = voice;
    }

    /// Names of this process's threads but the main one and the ticker.
    fn threads(&self) -> Vec<String> {
        let main = getpid().as_raw();
        let ticker = self.ticker.map_or(0, Ticker::thread_id);
        let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        tasks
            .filter_map(|task| task.file_name().to_str()?.parse::<i32>().ok())
            .filter(|id| *id != main && *id != ticker)
            .map(|id| {
                let name = std::fs::read_to_string(format!("/proc/self/task/{id}/comm")).unwrap_or_default();
                name.trim_end().to_owned()
            })
            .collect()
    }

    /// Forks a standby: a copy of this process that waits to take its place. The one between the two, which leaves at
    /// once, makes the supervisor its parent, so that a cell that waits for any child of its own never meets it.
    fn checkpoint(&mut self) {
        let mut side = Ok(Fork::Parent(0));
        let mut fork = || side = sys::fork();
        match self.cells.hook() {
            Some(hook) => hook.quietly(fork),
            None => fork(),
        }
        match side {
            Ok(Fork::Parent(between)) => {
                let ended = waitpid(Pid::from_raw(between), None);
                if let Ok(WaitStatus::Signaled(_, signal, _)) = ended {
                    self.tell(&FromRunner::NoStandby {
                        error: format!("the copy was ended by {signal}"),
                    });
                }
            }
            Ok(Fork::Child) => {
                let between = getpid();
                match sys::fork() {
                    Ok(Fork::Child) => self.stand_by(between),
                    Ok(Fork::Parent(standby)) => {
                        self.tell(&FromRunner::Forked { standby });
                        sys::exit_now(0)
                    }
                    Err(error) => {
                        self.tell(&FromRunner::NoStandby {
                            error: error.to_string(),
                        });
                        sys::exit_now(0);
                    }
                }
            }
            Err(error) => self.tell(&FromRunner::NoStandby {
                error: error.to_string(),
            }),
        }
    }

    /// Waits to become the runner. Returns when it is.
    fn stand_by(&mut self, between: Pid) {
        while getppid() == between {
            // It is about to leave.
            thread::yield_now();
        }
        // It has the new parent before the old one's end is told. This waits for the lock under which both are done;
        // otherwise the end could be taken for that of the new parent, and the signal come at once.
        let _leader = setpgid(Pid::from_raw(0), Pid::from_raw(0));
        live_for(self.supervisor);
        match greet(&self.folder, true) {
            Ok(connection) => self.connection = connection,
            Err(_) => sys::exit_now(0),
        }
        self.lines = Lines::default();
        while !matches!(self.next_order(), ToRunner::Go) {}
        // The ticker, like every thread, is not in the copy.
        self.ticker = self.cells.hook().and_then(Ticker::start);
        if self.hooked {
            self.speak();
        }
    }
}

/// Called by the hook when the main thread panics.
extern "C" fn report(start: *const u8, length: usize) {
    let text = sys::text_of(start, length);
    let Some(panic) = parse(&text) else { return };
    let mut voice = VOICE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some((connection, pid)) = voice.as_mut() else {
        return;
    };
    let stray = *pid != getpid().as_raw();
    if stray {
        // A copy that the cell forked: its panic is not the cell's.
        let line = format!("a forked process panicked: {}\n", panic.message);
        let _closed = io::Write::write_all(&mut io::stderr(), line.as_bytes());
    }
    let _gone = say(connection, &FromRunner::Panicked { panic, stray });
}

/// Takes a report apart, as `session/hook.rs` writes it.
fn parse(text: &str) -> Option<Panic> {
    let mut parts = text.splitn(5, '\n');
    let file = parts.next()?.to_owned();
    let line = parts.next()?.parse().ok()?;
    let column = parts.next()?.parse().ok()?;
    let length: usize = parts.next()?.parse().ok()?;
    let rest = parts.next()?;
    Some(Panic {
        file,
        line,
        column,
        message: rest.get(..length)?.to_owned(),
        frames: rest.get(length + 1..).unwrap_or_default().to_owned(),
    })
}

/// A thread that writes out what `print!` holds back, while a cell runs.
struct Ticker {
    state: Mutex<TickerState>,
    changed: Condvar,
}

#[derive(Default)]
struct TickerState {
    running: bool,
    thread_id: i32,
}

impl Ticker {
    /// Lives as long as the process.
    fn start(hook: Hook) -> Option<&'static Ticker> {
        let ticker: &'static Ticker = Box::leak(Box::new(Ticker {
            state: Mutex::default(),
            changed: Condvar::new(),
        }));
        thread::Builder::new()
            .name(FLUSHER.to_owned())
            .stack_size(64 << 10)
            .spawn(move || ticker.tick(hook))
            .ok()?;
        let state = ticker.lock();
        let state = ticker.changed.wait_while(state, |state| state.thread_id == 0);
        drop(state);
        Some(ticker)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, TickerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn thread_id(&self) -> i32 {
        self.lock().thread_id
    }

    fn set(&self, running: bool) {
        self.lock().running = running;
        self.changed.notify_all();
    }

    #[expect(clippy::infinite_loop, reason = "it lives as long as the process")]
    fn tick(&self, hook: Hook) {
        // Signals are for the main thread, which the cell runs on.
        let _never = nix::sys::signal::SigSet::all().thread_block();
        self.lock().thread_id = nix::unistd::gettid().as_raw();
        self.changed.notify_all();
        loop {
            let idle = |state: &mut TickerState| !state.running;
            drop(self.changed.wait_while(self.lock(), idle));
            let busy = |state: &mut TickerState| state.running;
            let waited = self.changed.wait_timeout_while(self.lock(), FLUSH_EVERY, busy);
            if waited.is_ok_and(|(_, waited)| waited.timed_out()) {
                hook.flush();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_taken_apart() {
        let panic = parse("src/lib.rs\n3\n5\n4\na\nb!\0   0: main\n").unwrap();
        assert_eq!((panic.line, panic.column, panic.message.as_str()), (3, 5, "a\nb!"));
        assert_eq!(panic.frames, "   0: main\n");
        assert_eq!(parse("src/lib.rs\n3\n5\n400\nshort\0"), None);
    }
}
