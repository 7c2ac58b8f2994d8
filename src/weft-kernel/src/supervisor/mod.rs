//! The supervisor: evcxr's direct child. It runs no cell itself; it keeps the one that does, and its standby.
//!
//! ```text
//! kernel ──evcxr's pipe──► supervisor ──► runner ──► what cells start
//!    ▲                        │  ▲           │
//!    └─ output, what happened ┘  └─ output ──┤
//!                                         standby (a copy, as of after the last cell)
//! ```

mod checkpoint;
mod output;
mod runner;
mod standard_input;
mod stream;
mod tree;
pub(crate) mod wire;

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, dup2_stderr, dup2_stdin, dup2_stdout};
use weft_lab::measure::{Clock, MonotonicClock, Nanos};

use crate::sys::{self, Fork};
use output::Output;
use standard_input::StandardInput;
use wire::{Cause, Frame, Job, Lines, Order, Panic, Said, ToRunner, say};

/// How often a run is looked at: its time, its memory, whether it waits for a line.
const TICK: Duration = Duration::from_millis(50);
/// Ends the cell that runs; the sandbox's guard sends it. Of the kernel's children the supervisor alone blocks it.
pub const END_CELL: Signal = Signal::SIGUSR1;
/// How long a cell that was asked to stop may take.
const GRACE: Nanos = Nanos(2_000_000_000);

/// Does the supervisor's work where this process is one; it then never returns. First thing in `main`, after
/// `weft_lab::worker::entry`.
pub fn entry() {
    if std::env::var_os("EVCXR_IS_RUNTIME").is_none() {
        return;
    }
    let Some(job) = std::env::var(wire::JOB)
        .ok()
        .and_then(|job| serde_json::from_str::<Job>(&job).ok())
    else {
        return;
    };
    // Programs that a cell starts are no runtimes, and a run from a cell has its worker in this program.
    sys::set_env("EVCXR_IS_RUNTIME", None);
    sys::set_env(wire::JOB, None);
    if let Ok(program) = std::env::current_exe() {
        sys::set_env("WEFT_PROGRAM", Some(program.as_os_str()));
    }
    sys::set_env("WEFT_KERNEL", Some("1".as_ref()));
    let status = match Supervisor::start(job) {
        Ok(mut supervisor) => supervisor.work(),
        Err(_) => 96,
    };
    sys::exit_now(status);
}

/// A runner or a standby.
#[derive(Debug)]
struct Member {
    pid: Pid,
    connection: UnixStream,
    lines: Lines,
}

/// What generated code and the hook have said of a run.
#[derive(Debug, Default)]
struct Marks {
    panics: usize,
    /// Panics of copies that the cell forked.
    strays: usize,
    reports: Vec<Panic>,
    erred: Option<String>,
    changed: Vec<String>,
}

#[derive(Debug)]
struct Run {
    since: Nanos,
    marks: Marks,
    /// Why it is being ended, and since when.
    ending: Option<(Cause, Nanos)>,
}

#[derive(Debug)]
enum Doing {
    Nothing,
    Running(Run),
    /// The cell is over; this is what evcxr hears once there is a checkpoint.
    Checkpointing(String),
}

struct Supervisor {
    job: Job,
    listener: UnixListener,
    kernel: UnixStream,
    orders: Lines,
    commands: Lines,
    signals: SignalFd,
    output: Output,
    input: StandardInput,
    runner: Option<Member>,
    standby: Option<Member>,
    strangers: Vec<Member>,
    /// A checkpoint was ordered and has not been answered.
    awaiting: bool,
    /// The copy that is to answer it, and who has ended meanwhile: it may not live to say hello.
    candidate: Candidate,
    /// A command that waits for runner and standby.
    waiting: Option<(String, String)>,
    doing: Doing,
    /// The cell was interrupted before it ran.
    refusing: bool,
    /// Threads that went on at the last checkpoint.
    threads: Vec<String>,
    /// No standby could be forked; said once.
    unguarded: bool,
}

/// A standby that has not said hello.
#[derive(Debug, Default)]
struct Candidate {
    pid: Option<Pid>,
    ended: Vec<Pid>,
    /// One has ended before it; a third is not tried.
    is_second: bool,
}

/// The work is over: the kernel has gone, or has ordered it.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Over {
        Over
    }
}

impl Supervisor {
    fn start(job: Job) -> io::Result<Supervisor> {
        let _leader = nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0));
        weft_lab::sys::become_subreaper()?;
        let _never = weft_lab::sys::limit_cores();
        let mut kernel = UnixStream::connect(wire::kernel_socket(&job.folder))?;
        if job.no_network
            && let Err(error) = sys::leave_network()
        {
            let reason = format!("this system does not let cells be cut off from the network: {error}");
            Frame::Said(Said::Refused(reason)).write(&mut kernel)?;
            return Err(error);
        }
        let socket = wire::runner_socket(&job.folder);
        let _none_left = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(socket)?;
        let (output, writers) = Output::new()?;
        let (input, reader) = StandardInput::new()?;
        let own = Pid::this();
        if let Fork::Child = sys::fork()? {
            drop((listener, kernel, output, input));
            let became = dup2_stdin(&reader)
                .and_then(|()| dup2_stdout(&writers.0))
                .and_then(|()| dup2_stderr(&writers.1));
            drop((reader, writers));
            if became.is_err() {
                sys::exit_now(95);
            }
            if let Some(limit) = job.memory_limit {
                let _never = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_DATA, limit, limit);
            }
            runner::run(job.folder, own);
        }
        let mut taken = SigSet::empty();
        taken.add(Signal::SIGCHLD);
        taken.add(END_CELL);
        // What is meant for the reader's cell must not end its keeper.
        for signal in [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP] {
            taken.add(signal);
        }
        taken.thread_block()?;
        let signals = SignalFd::with_flags(&taken, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Supervisor {
            job,
            listener,
            kernel,
            orders: Lines::default(),
            commands: Lines::default(),
            signals,
            output: output.keeping(writers),
            input,
            runner: None,
            standby: None,
            strangers: Vec::new(),
            awaiting: false,
            candidate: Candidate::default(),
            waiting: None,
            doing: Doing::Nothing,
            refusing: false,
            threads: Vec::new(),
            unguarded: false,
        })
    }

    /// Works until it is over, and leaves nothing behind.
    fn work(&mut self) -> i32 {
        while self.step().is_ok() {}
        weft_lab::sys::kill_all_children();
        0
    }

    fn step(&mut self) -> Result<(), Over> {
        let ready = self.wait();
        if ready.kernel {
            self.take_orders()?;
        }
        self.forward(false)?;
        if ready.members {
            self.hear_members()?;
        }
        if ready.signals {
            self.take_signals()?;
        }
        if ready.listener
            && let Ok((connection, _)) = self.listener.accept()
        {
            self.strangers.push(Member {
                pid: Pid::from_raw(0),
                connection,
                lines: Lines::default(),
            });
        }
        if ready.commands {
            self.take_commands()?;
        }
        self.begin_waiting()?;
        self.look_at_run()
    }

    /// Waits until something has come, or until it is time to look at the run.
    fn wait(&self) -> Ready {
        let watch = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let stdin = io::stdin();
        let fixed = [
            self.kernel.as_fd(),
            self.signals.as_fd(),
            self.listener.as_fd(),
            stdin.as_fd(),
            self.output.fds().0,
            self.output.fds().1,
        ];
        let members = self.runner.iter().chain(&self.standby).chain(&self.strangers);
        let members = members.map(|member| member.connection.as_fd());
        let mut fds: Vec<PollFd> = fixed.into_iter().chain(members).map(watch).collect();
        let timeout = match self.doing {
            Doing::Running(_) => PollTimeout::try_from(TICK).unwrap_or(PollTimeout::MAX),
            _ => PollTimeout::NONE,
        };
        let _interrupted = poll(&mut fds, timeout);
        let any = |fd: &PollFd| fd.any().unwrap_or(false);
        Ready {
            kernel: any(&fds[0]),
            signals: any(&fds[1]),
            listener: any(&fds[2]),
            commands: any(&fds[3]),
            members: fds[6..].iter().any(any),
        }
    }

    fn tell(&mut self, said: Said) -> Result<(), Over> {
        Ok(Frame::Said(said).write(&mut self.kernel)?)
    }

    /// What evcxr hears: lines of its protocol.
    fn answer(&mut self, lines: &[u8]) -> Result<(), Over> {
        self.doing = Doing::Nothing;
        let mut stdout = io::stdout().lock();
        stdout.write_all(lines)?;
        Ok(stdout.flush()?)
    }

    /// Evcxr's reader takes a line that is no text as an ordinary error, and leaves its variables as they were.
    fn answer_that_nothing_happened(&mut self) -> Result<(), Over> {
        self.answer(b"\xff\n")
    }

    fn take_orders(&mut self) -> Result<(), Over> {
        if !self.orders.read(&mut self.kernel)? {
            return Err(Over);
        }
        while let Some(order) = self.orders.next() {
            match order {
                Order::Begin => self.refusing = false,
                Order::Interrupt => self.interrupt(),
                Order::Line(line) => {
                    self.output.close_line();
                    self.input.give(line);
                }
                Order::Reach(number) => {
                    self.forward(true)?;
                    self.tell(Said::Reached(number))?;
                }
                Order::Quit => return Err(Over),
            }
        }
        Ok(())
    }

    fn interrupt(&mut self) {
        self.refusing = true;
        let Doing::Running(run) = &mut self.doing else { return };
        let Some(runner) = &self.runner else { return };
        if run.ending.is_some() {
            // Asked again: by force.
            let _gone = kill(runner.pid, Signal::SIGKILL);
            return;
        }
        run.ending = Some((Cause::Interrupt, MonotonicClock.now()));
        if killpg(runner.pid, Signal::SIGINT).is_err() {
            let _gone = kill(runner.pid, Signal::SIGINT);
        }
    }

    /// Hands on what the cells have written: all of it, or what has come.
    fn forward(&mut self, all: bool) -> Result<(), Over> {
        // A thread that never stops writing must not keep us here; a pipe holds less than this.
        let most = if all { 64 } else { 1 };
        for _ in 0..most {
            let (pieces, more) = self.output.read(&mut self.kernel)?;
            for piece in pieces {
                self.take_piece(piece)?;
            }
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn take_piece(&mut self, piece: stream::Piece) -> Result<(), Over> {
        use stream::Piece;
        match piece {
            Piece::Text(text) => {
                self.output.note_text(&text);
                Frame::Stdout(text).write(&mut self.kernel)?;
            }
            Piece::Block { mime, content } => Frame::Block { mime, content }.write(&mut self.kernel)?,
            Piece::Input { prompt, password } => {
                self.input.asked = true;
                self.tell(Said::Asks { prompt, password })?;
            }
            mark => {
                let erred = self.output.last_error_line();
                let Doing::Running(run) = &mut self.doing else {
                    return Ok(());
                };
                match mark {
                    Piece::Panic => run.marks.panics += 1,
                    Piece::Error => run.marks.erred = Some(erred),
                    Piece::TypeChanged(name) => run.marks.changed.push(name),
                    Piece::Text(_) | Piece::Block { .. } | Piece::Input { .. } => {}
                }
            }
        }
        Ok(())
    }

    fn take_commands(&mut self) -> Result<(), Over> {
        if !self.commands.read(&mut io::stdin().lock())? {
            return Err(Over);
        }
        while let Some(line) = self.commands.next_line() {
            let words: Vec<&str> = line.split(' ').collect();
            if let ["LOAD_AND_RUN", path @ .., function] = words.as_slice() {
                self.waiting = Some((path.join(" "), (*function).to_owned()));
            }
        }
        Ok(())
    }

    /// Begins the run that waits, once runner and standby are there.
    fn begin_waiting(&mut self) -> Result<(), Over> {
        if self.refusing && self.waiting.take().is_some() {
            self.tell(Said::NotBegun)?;
            return self.answer_that_nothing_happened();
        }
        if self.awaiting || !matches!(self.doing, Doing::Nothing) {
            return Ok(());
        }
        let Some(runner) = &mut self.runner else { return Ok(()) };
        let Some((library, function)) = self.waiting.take() else {
            return Ok(());
        };
        self.threads = tree::threads(runner.pid);
        self.input.begin()?;
        self.output.begin();
        self.doing = Doing::Running(Run {
            since: MonotonicClock.now(),
            marks: Marks::default(),
            ending: None,
        });
        // Should it be dead, its end is about to be told.
        let _gone = say(&mut runner.connection, &ToRunner::Run { library, function });
        Ok(())
    }

    fn look_at_run(&mut self) -> Result<(), Over> {
        let (Doing::Running(run), Some(runner)) = (&mut self.doing, &self.runner) else {
            return Ok(());
        };
        let now = MonotonicClock.now();
        let elapsed = now.since(run.since);
        let force = if let Some((_, since)) = run.ending {
            now.since(since) >= GRACE
        } else {
            let timeout = self.job.cell_timeout_ms.filter(|limit| elapsed.0 / 1_000_000 >= *limit);
            let memory = self.job.memory_limit.filter(|limit| tree::memory(runner.pid) > *limit);
            let cause = timeout.map(Cause::Timeout).or(memory.map(Cause::Memory));
            run.ending = cause.map(|cause| (cause, now));
            cause.is_some()
        };
        if force {
            let _gone = kill(runner.pid, Signal::SIGKILL);
            return Ok(());
        }
        if self.input.is_waited_for(runner.pid) {
            self.input.asked = true;
            let prompt = self.output.open_line();
            self.tell(Said::Asks {
                prompt,
                password: false,
            })?;
        }
        Ok(())
    }

    /// Ends the cell that runs, and otherwise what earlier ones have left running.
    fn end_cell(&mut self) {
        match (&mut self.doing, &self.runner) {
            (Doing::Running(run), Some(runner)) if run.ending.is_none() => {
                run.ending = Some((Cause::Beyond, MonotonicClock.now()));
                let _gone = kill(runner.pid, Signal::SIGKILL);
            }
            // It is being ended, or a copy is being made.
            (Doing::Running(_), _) => {}
            _ if self.awaiting => {}
            _ => self.kill_leftovers(),
        }
    }

    /// Takes the ends of children, and what the sandbox's guard orders.
    fn take_signals(&mut self) -> Result<(), Over> {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            if signal.ssi_signo == END_CELL as u32 {
                self.end_cell();
            }
        }
        while let Ok(status) = waitpid(None::<Pid>, Some(WaitPidFlag::WNOHANG)) {
            let (pid, cause) = match status {
                WaitStatus::Exited(pid, status) => (pid, Cause::Exit(status)),
                WaitStatus::Signaled(pid, signal, _) => (pid, Cause::Signal(signal as i32)),
                WaitStatus::StillAlive => break,
                _ => continue,
            };
            if self.runner.as_ref().is_some_and(|runner| runner.pid == pid) {
                self.runner = None;
                self.runner_died(cause)?;
            } else if self.standby.as_ref().is_some_and(|standby| standby.pid == pid) {
                self.standby = None;
            } else if self.awaiting {
                self.candidate.ended.push(pid);
                self.look_at_candidate()?;
            }
        }
        Ok(())
    }
}

fn set_nonblocking(stream: &UnixStream) -> io::Result<()> {
    stream.set_nonblocking(true)
}

/// What has come.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "one for each place to look at")]
struct Ready {
    kernel: bool,
    signals: bool,
    listener: bool,
    commands: bool,
    members: bool,
}

/// Nothing else of a descriptor is of use here.
type Fds<'a> = (BorrowedFd<'a>, BorrowedFd<'a>);
