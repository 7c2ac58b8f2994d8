//! One process's life, from its fork until it is gone, driven and watched by its parent.

use std::fs::Metadata;
use std::io::{self, PipeReader, PipeWriter, Write};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::{Pid, SysconfVar, sysconf};

use super::stat::{Stat, pids};
use crate::measure::{Clock, Nanos};
use crate::sys::{self, Child, Ended, Mapping};

/// The program that the child becomes, and what it is told to do: wait for a line, then compute without end. It leaves
/// with status 42 when it is asked to end.
pub(super) const PROGRAM: &str = "/bin/sh";
const SCRIPT: &std::ffi::CStr = c"trap 'exit 42' TERM; read line || exit 0; while :; do :; done";
const ASKED: Ended = Ended::Exit(42);
const KILLED: Ended = Ended::Signal(libc::SIGKILL);

/// The status of a child that found no program to execute, as a shell has it.
const NO_PROGRAM: i32 = 127;

/// How long the child may take to get into a state, and to end.
const PATIENCE: Nanos = Nanos(1_000_000_000);

/// Which program a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// A copy of its parent's.
    Copied,
    /// The one that it executed.
    Executed,
    /// None any more, or another.
    None,
}

impl Program {
    pub(super) fn id(self) -> &'static str {
        match self {
            Program::Copied => "copied",
            Program::Executed => "executed",
            Program::None => "none",
        }
    }
}

/// A step of the life: the program and the state that the child must be found in.
pub(super) type Step = (Program, char);

/// All of them, in order.
pub(super) const STEPS: [Step; 8] = [
    (Program::Copied, 'R'),
    (Program::Copied, 'S'),
    (Program::Copied, 'D'),
    (Program::Executed, 'S'),
    (Program::Executed, 'R'),
    (Program::Executed, 'T'),
    (Program::Executed, 'R'),
    (Program::None, 'Z'),
];

/// The steps without which nothing can be said: it runs a copy, it runs the program, it has ended.
const DECIDING: [usize; 3] = [0, 3, 7];

/// What must be true of the new process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// A process id that no process had, and another one than a second run of the program.
    Id,
    /// Its parent is who forked it.
    Parent,
    /// It started when it was forked, and keeps that time.
    Start,
    /// After the exec the same process runs another program.
    Program,
    /// It has ended, and stays as a zombie until it is waited for.
    Zombie,
    /// Waited for, it is gone, and has told how it ended.
    Gone,
}

impl Check {
    pub(super) const ALL: [Check; 6] = [
        Check::Id,
        Check::Parent,
        Check::Start,
        Check::Program,
        Check::Zombie,
        Check::Gone,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Check::Id => "id",
            Check::Parent => "parent",
            Check::Start => "start",
            Check::Program => "program",
            Check::Zombie => "zombie",
            Check::Gone => "gone",
        }
    }
}

/// The child was in one state and ran one program, from one moment to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) step: Step,
    pub(super) from: Nanos,
    pub(super) to: Nanos,
}

/// What was seen of one life.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Life {
    checks: [bool; Check::ALL.len()],
    /// Which steps were seen.
    pub(super) steps: [bool; STEPS.len()],
    pub(super) spans: Vec<Span>,
}

impl Life {
    pub(super) fn holds(&self, check: Check) -> bool {
        self.checks[check as usize]
    }

    fn note(&mut self, check: Check, holds: bool) {
        self.checks[check as usize] = holds;
    }
}

/// What identifies a file.
fn identity(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

fn program_of(pid: &str) -> io::Result<(u64, u64)> {
    Ok(identity(&std::fs::metadata(format!("/proc/{pid}/exe"))?))
}

/// Now, in clock ticks since the machine started, as in `/proc/PID/stat`.
fn ticks() -> io::Result<u64> {
    let per_second = sysconf(SysconfVar::CLK_TCK)?.unwrap_or(100).unsigned_abs();
    let now = Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME)?);
    u64::try_from(now.as_nanos() * u128::from(per_second) / 1_000_000_000).map_err(io::Error::other)
}

/// How the child's life is ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It is asked to end (SIGTERM), and exits.
    Asked,
    /// It is killed (SIGKILL).
    Killed,
}

/// What all trials use.
pub(super) struct Stage<'a> {
    clock: &'a dyn Clock,
    /// A word that the child spins on.
    go: Mapping,
    /// For the vforked grandchild.
    stack: Mapping,
    own: (u64, u64),
    program: (u64, u64),
}

impl<'a> Stage<'a> {
    pub(super) fn set(clock: &'a dyn Clock) -> io::Result<Self> {
        Ok(Stage {
            clock,
            go: Mapping::shared(1)?,
            stack: Mapping::private(64 << 10)?,
            own: program_of("self")?,
            program: identity(&std::fs::metadata(PROGRAM)?),
        })
    }

    fn go(&self) -> &AtomicU32 {
        &self.go.half_words()[0]
    }

    /// One child's life. In each state it is watched for `hold` longer than it takes to see it.
    pub(super) fn live(&self, hold: Nanos, end: End) -> io::Result<Life> {
        let mut life = Life::default();
        self.go().store(0, SeqCst);
        let before = pids()?;
        let earliest = ticks()?;
        let (reader, mut writer) = io::pipe()?;
        let mut child = Child::fork(|| self.be_born(&reader, &writer))?;
        let latest = ticks()?;
        let twin = Twin::start()?;
        life.note(
            Check::Id,
            !before.contains(&child.id()) && child.id() != twin.child.id(),
        );
        let own = i32::try_from(std::process::id()).map_err(io::Error::other)?;
        let mut watch = Watch::begin(self, child.id(), hold);
        let mut step = |watch: &mut Watch<'_>, number: usize| watch.alive(&mut life, number);
        let first = step(&mut watch, 0)?;
        self.go().store(1, SeqCst);
        step(&mut watch, 1)?;
        writer.write_all(b"1")?;
        step(&mut watch, 2)?;
        writer.write_all(b"2")?;
        let executed = step(&mut watch, 3)?;
        if executed.state == 'Z' {
            return Err(early(child.wait()?));
        }
        writer.write_all(b"\n")?;
        step(&mut watch, 4)?;
        send(&child, Signal::SIGSTOP)?;
        step(&mut watch, 5)?;
        send(&child, Signal::SIGCONT)?;
        step(&mut watch, 6)?;
        let (signal, told) = match end {
            End::Asked => (Signal::SIGTERM, ASKED),
            End::Killed => (Signal::SIGKILL, KILLED),
        };
        send(&child, signal)?;
        let Some(zombie) = watch.until(&mut life, 7)? else {
            // It was never a zombie: nothing is left to be waited for.
            return Ok(life);
        };
        life.note(Check::Parent, first.parent == own);
        life.spans = watch.spans;
        // One tick of tolerance: two clocks are rounded.
        let started = earliest.saturating_sub(1)..=latest + 1;
        life.note(
            Check::Start,
            started.contains(&first.start) && first.start == executed.start && executed.start == zombie.start,
        );
        life.note(Check::Program, life.steps[0] && life.steps[3]);
        life.note(Check::Zombie, zombie.state == 'Z');
        let Some(ended) = child.wait_at_most(Duration::from_nanos(PATIENCE.0))? else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        // Another process may have got its number meanwhile, but not its start.
        let is_gone = Stat::of(child.id())?.is_none_or(|other| other.start != first.start);
        life.note(Check::Gone, is_gone && ended == told);
        twin.end()?;
        Ok(life)
    }

    /// What the child does until it executes the program.
    fn be_born(&self, reader: &PipeReader, writer: &PipeWriter) -> i32 {
        // Without it the child would never see the pipe's end; it leaves this function by its exit alone.
        sys::close_number(writer.as_raw_fd());
        while self.go().load(SeqCst) == 0 {
            std::hint::spin_loop();
        }
        if io::Read::read_exact(&mut &*reader, &mut [0]).is_err() {
            return 1;
        }
        // Its maker stands still until the grandchild has read a byte and ended.
        if sys::vfork_until_read(&self.stack, reader.as_fd()).is_err() {
            return 1;
        }
        execute(reader)
    }
}

/// Why a child may have ended before it ran the program.
fn early(ended: Ended) -> io::Error {
    match ended {
        Ended::Exit(NO_PROGRAM) => io::Error::new(io::ErrorKind::NotFound, "the program could not be executed"),
        ended => io::Error::other(format!("the child ended too early: {ended:?}")),
    }
}

fn send(child: &Child, signal: Signal) -> io::Result<()> {
    Ok(kill(Pid::from_raw(child.id()), signal)?)
}

/// Becomes the program, whose input comes from `reader`.
fn execute(reader: &PipeReader) -> i32 {
    if nix::unistd::dup2_stdin(reader).is_ok() {
        let _never = nix::unistd::execv(c"/bin/sh", &[c"sh", c"-c", SCRIPT]);
    }
    NO_PROGRAM
}

/// The same program a second time, which waits at its first line.
struct Twin {
    child: Child,
    writer: PipeWriter,
}

impl Twin {
    fn start() -> io::Result<Twin> {
        let (reader, writer) = io::pipe()?;
        let child = Child::fork(|| {
            sys::close_number(writer.as_raw_fd());
            execute(&reader)
        })?;
        Ok(Twin { child, writer })
    }

    /// It ends at the end of its input.
    fn end(self) -> io::Result<()> {
        let Twin { mut child, writer } = self;
        drop(writer);
        match child.wait_at_most(Duration::from_nanos(PATIENCE.0))? {
            Some(Ended::Exit(0)) => Ok(()),
            ended => Err(io::Error::other(format!("the second run ended with {ended:?}"))),
        }
    }
}

/// Looks at a process again and again.
struct Watch<'a> {
    stage: &'a Stage<'a>,
    pid: i32,
    hold: Nanos,
    start: Nanos,
    spans: Vec<Span>,
}

impl<'a> Watch<'a> {
    fn begin(stage: &'a Stage<'a>, pid: i32, hold: Nanos) -> Self {
        Watch {
            stage,
            pid,
            hold,
            start: stage.clock.now(),
            spans: Vec::new(),
        }
    }

    fn now(&self) -> Nanos {
        self.stage.clock.now().since(self.start)
    }

    /// What the process is like; `None` when it is gone.
    fn look(&mut self) -> io::Result<Option<(Step, Stat)>> {
        // Before the state: a program that is seen stays, so a state that is seen then is one of this program. The other way
        // round, the copy's last sleep was now and then taken for the program's first.
        let program = match program_of(&self.pid.to_string()) {
            Ok(file) if file == self.stage.program => Program::Executed,
            Ok(file) if file == self.stage.own => Program::Copied,
            Ok(_) => Program::None,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Program::None,
            Err(error) => return Err(error),
        };
        let Some(stat) = Stat::of(self.pid)? else {
            return Ok(None);
        };
        // Who has ended runs no program.
        let program = if stat.state == 'Z' { Program::None } else { program };
        let (step, now) = ((program, stat.state), self.now());
        if let Some(last) = self.spans.last_mut() {
            last.to = now;
        }
        if self.spans.last().is_none_or(|last| last.step != step) {
            self.spans.push(Span {
                step,
                from: now,
                to: now,
            });
        }
        Ok(Some((step, stat)))
    }

    /// As [`Watch::until`], of a process that can't be gone yet.
    fn alive(&mut self, life: &mut Life, number: usize) -> io::Result<Stat> {
        let gone = || io::Error::other("the child was gone before it was told to end");
        self.until(life, number)?.ok_or_else(gone)
    }

    /// Looks until this step is seen, and then for as long as it is to be held. Notes whether it was seen; says what was
    /// seen last, or that nothing is left to be seen.
    fn until(&mut self, life: &mut Life, number: usize) -> io::Result<Option<Stat>> {
        let begun = self.now();
        let mut seen = None;
        loop {
            let Some((step, stat)) = self.look()? else {
                return Ok(None);
            };
            if step == STEPS[number] {
                life.steps[number] = true;
                seen.get_or_insert_with(|| self.now());
            }
            let now = self.now();
            let has_ended = stat.state == 'Z' && number < STEPS.len() - 1;
            if seen.is_some_and(|seen| now.since(seen) >= self.hold) || has_ended {
                return Ok(Some(stat));
            }
            if now.since(begun) > PATIENCE {
                // A state that a kernel has no letter for is no exception; a step that decides and is late is no answer.
                return if DECIDING.contains(&number) {
                    Err(io::ErrorKind::TimedOut.into())
                } else {
                    Ok(Some(stat))
                };
            }
            sys::yield_now();
        }
    }
}
