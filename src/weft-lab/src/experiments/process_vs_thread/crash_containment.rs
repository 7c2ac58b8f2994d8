//! One of N workers crashes. How many of the others still work afterwards?
//!
//! Section 3 of the notes, row "stability". N workers do a small task and answer when asked. One of them is told to fail,
//! then all the others are asked again. The workers are threads of one process, or processes; all else is equal. Every
//! failure happens in a child of this experiment, which itself goes on whatever happens.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::{Axis, Bar, Bars, Figure, Plot};
use crate::format;
use crate::judge;
use crate::measure::Plan;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::stats::{Interval, proportion};
use crate::sys::{self, Child, Ended, Mapping};
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct CrashContainment;

static ABOUT: About = About {
    id: "crash-containment",
    question: msg!("One of N workers crashes. How many of the others still work afterwards?"),
    section: Section::ProcessVsThread,
    claims: &["stability"],
    params: &[
        Param::integer("workers", msg!("Workers, of which one fails"), (2, 64), 4, 4),
        Param::integer(
            "trials",
            msg!("Trials of each failure with threads, and as many with processes"),
            (1, 1_000),
            30,
            300,
        ),
    ],
    seconds: (1, 10),
    uses: &["memory-limit", "tasks"],
    source: include_str!("crash_containment.rs"),
};

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Failure {
    ForbiddenWrite,
    Abort,
    StackOverflow,
    Exit,
    Memory,
    Panic,
}

impl Failure {
    const ALL: [Failure; 6] = [
        Failure::ForbiddenWrite,
        Failure::Abort,
        Failure::StackOverflow,
        Failure::Exit,
        Failure::Memory,
        Failure::Panic,
    ];

    fn id(self) -> &'static str {
        match self {
            Failure::ForbiddenWrite => "forbidden-write",
            Failure::Abort => "abort",
            Failure::StackOverflow => "stack-overflow",
            Failure::Exit => "exit",
            Failure::Memory => "memory-limit",
            Failure::Panic => "panic",
        }
    }

    fn label(self) -> Text {
        match self {
            Failure::ForbiddenWrite => text!("Write to a forbidden address"),
            Failure::Abort => text!("abort"),
            Failure::StackOverflow => text!("Stack overflow"),
            Failure::Exit => text!("exit"),
            Failure::Memory => text!("Allocation beyond the limit"),
            Failure::Panic => text!("Rust panic"),
        }
    }

    /// Does the operating system or the language's runtime end the process for it? A panic ends a thread.
    fn is_fatal(self) -> bool {
        self != Failure::Panic
    }

    /// Fails. Where this returns, it says why it did not.
    fn happen(self) -> io::Error {
        match self {
            Failure::ForbiddenWrite => sys::write_to_forbidden_page(),
            Failure::Abort => std::process::abort(),
            Failure::StackOverflow => match sys::limit_stack(STACK as u64) {
                Ok(()) => io::Error::other(format!("{} calls went well", deeper(1))),
                Err(error) => error,
            },
            #[expect(
                clippy::exit,
                reason = "this is the failure: one worker leaves, and means itself alone"
            )]
            Failure::Exit => std::process::exit(3),
            Failure::Memory => use_up_memory(),
            Failure::Panic => panic!("on purpose"),
        }
    }
}

/// The stack of a worker in bytes, as a thread or as a process.
const STACK: usize = 1 << 20;

/// Calls itself until the stack is full; each call takes more than a page of it.
fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 600]);
    if frame[0] == u64::MAX {
        return depth;
    }
    deeper(depth + 1) + black_box(&frame)[1]
}

/// Sets a limit a little above what this process uses, and allocates until it is met. Rust's answer is to abort.
fn use_up_memory() -> io::Error {
    const BLOCK: usize = 1 << 20;
    let used = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split_whitespace().next()?.parse::<u64>().ok());
    let used = used.unwrap_or(0) * sys::page_bytes() as u64;
    if let Err(error) = sys::limit_address_space(used + 8 * BLOCK as u64) {
        return error;
    }
    let mut blocks = Vec::with_capacity(1 << 10);
    while blocks.len() < blocks.capacity() {
        blocks.push(black_box(Vec::<u8>::with_capacity(BLOCK)));
    }
    io::Error::other("no allocation failed")
}

/// What the workers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Threads,
    Processes,
}

impl Kind {
    const ALL: [Kind; 2] = [Kind::Threads, Kind::Processes];

    fn id(self) -> &'static str {
        match self {
            Kind::Threads => "threads",
            Kind::Processes => "processes",
        }
    }
}

/// An order to leave. Orders below it are questions, those above it are failures.
const LEAVE: u8 = 200;
/// What a worker answers that was told to fail and still lives.
const NOT_FAILED: u32 = u32::MAX;
/// How long a worker may take to answer or to fail. Who is silent for longer does not count as alive.
const PATIENCE: Duration = Duration::from_secs(2);

/// The small task: the sum of all numbers up to the one asked for.
fn sum_to(number: u8) -> u32 {
    (1..=u32::from(number)).sum()
}

/// A worker's life: it answers what it is asked, and fails when it is told to.
fn serve(mut line: UnixStream) {
    let mut order = [0];
    while line.read_exact(&mut order).is_ok() && order[0] != LEAVE {
        let failure = usize::from(order[0])
            .checked_sub(usize::from(LEAVE) + 1)
            .and_then(|which| Failure::ALL.get(which));
        let answer = match failure {
            None => sum_to(order[0]),
            Some(failure) => {
                let _why = failure.happen();
                NOT_FAILED
            }
        };
        if line.write_all(&answer.to_ne_bytes()).is_err() {
            return;
        }
    }
}

/// The workers of one trial. Dropped, those that still live are ended.
struct Crew {
    /// To each worker.
    lines: Vec<UnixStream>,
    /// One a worker, or one that all of them live in.
    children: Vec<Child>,
    /// How many threads `join` gave an error for.
    failed_joins: Mapping,
}

impl Crew {
    fn start(kind: Kind, workers: usize) -> io::Result<Crew> {
        let mut crew = Crew {
            lines: Vec::new(),
            children: Vec::new(),
            failed_joins: Mapping::shared(1)?,
        };
        let mut ends = Vec::new();
        for _ in 0..workers {
            let (ours, theirs) = UnixStream::pair()?;
            ours.set_read_timeout(Some(PATIENCE))?;
            crew.lines.push(ours);
            if kind == Kind::Processes {
                crew.children.push(Child::fork(move || {
                    fall_silent();
                    serve(theirs);
                    0
                })?);
            } else {
                ends.push(theirs);
            }
        }
        if kind == Kind::Threads {
            let failed_joins = &crew.failed_joins;
            let group = Child::fork(move || serve_in_threads(ends, failed_joins))?;
            crew.children.push(group);
        }
        Ok(crew)
    }

    /// Does this worker give the right answer?
    fn answers(&mut self, worker: usize, number: u8) -> bool {
        self.order(worker, number).ok() == Some(sum_to(number))
    }

    fn order(&mut self, worker: usize, order: u8) -> io::Result<u32> {
        let line = &mut self.lines[worker];
        let mut answer = [0; 4];
        line.write_all(&[order])?;
        line.read_exact(&mut answer)?;
        Ok(u32::from_ne_bytes(answer))
    }

    /// Tells a worker to fail, and waits until the kernel has closed its line.
    fn fail(&mut self, worker: usize, failure: Failure) -> Result<(), String> {
        let order = LEAVE + 1 + failure as u8;
        match self.order(worker, order) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err("the worker neither failed nor answered".to_owned())
            }
            // The end of the line, or a reset.
            Err(_) => Ok(()),
            Ok(_) => Err("the worker went on".to_owned()),
        }
    }

    /// Lets all leave that still live. Says how the process ended that the failing worker was in, as a shell says it (a
    /// status, or 128 and the signal), and for how many threads `join` gave an error.
    fn end(mut self, failing: usize) -> (Option<f64>, f64) {
        for line in &mut self.lines {
            let _gone = line.write_all(&[LEAVE]);
        }
        let which = failing.min(self.children.len() - 1);
        let ended = match self.children[which].wait_at_most(PATIENCE) {
            Ok(Some(Ended::Exit(status))) => Some(f64::from(status)),
            Ok(Some(Ended::Signal(signal))) => Some(f64::from(128 + signal)),
            Ok(None) | Err(_) => None,
        };
        (ended, self.failed_joins.words()[0].load(SeqCst) as f64)
    }
}

/// The life of the process that all threads of a trial share.
fn serve_in_threads(lines: Vec<UnixStream>, failed_joins: &Mapping) -> i32 {
    fall_silent();
    let mut threads = Vec::new();
    for line in lines {
        match std::thread::Builder::new().stack_size(STACK).spawn(move || serve(line)) {
            Ok(thread) => threads.push(thread),
            Err(_) => return 1,
        }
    }
    for thread in threads {
        if thread.join().is_err() {
            failed_joins.words()[0].fetch_add(1, SeqCst);
        }
    }
    0
}

/// What a failure on purpose says is no news.
fn fall_silent() {
    std::panic::set_hook(Box::new(|_| {}));
    let _heard = sys::silence_errors();
}

/// What one trial shows.
struct Shown {
    /// How many of the others still answered.
    survivors: usize,
    /// See [`Crew::end`].
    ended: Option<f64>,
    /// See [`Crew::end`].
    failed_joins: f64,
}

/// Why a trial shows nothing.
enum Lost {
    /// The workers could not be made.
    NoCrew(String),
    /// The failure could not be produced.
    NoFailure(String),
}

/// Starts the workers, asks all, makes one fail, and asks the others.
fn trial(kind: Kind, failure: Failure, workers: usize, rng: &mut fastrand::Rng) -> Result<Shown, Lost> {
    let mut crew = Crew::start(kind, workers).map_err(|error| Lost::NoCrew(error.to_string()))?;
    let number = rng.u8(1..LEAVE);
    if !(0..workers).all(|worker| crew.answers(worker, number)) {
        return Err(Lost::NoCrew("a worker did not start".to_owned()));
    }
    let failing = rng.usize(..workers);
    crew.fail(failing, failure).map_err(Lost::NoFailure)?;
    let others = (0..workers).filter(|&worker| worker != failing);
    let survivors = others.filter(|&worker| crew.answers(worker, number - 1)).count();
    let (ended, failed_joins) = crew.end(failing);
    Ok(Shown {
        survivors,
        ended,
        failed_joins,
    })
}

impl Experiment for CrashContainment {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let workers = cx.params.count("workers");
        let mut rng = fastrand::Rng::with_seed(cx.rng.u64(..));
        let mut shown: BTreeMap<(Failure, Kind), Vec<Option<Shown>>> = BTreeMap::new();
        let mut refused = None;
        // A failure that could not be produced once is not waited for again.
        let mut unproducible: BTreeMap<Failure, String> = BTreeMap::new();
        cx.phase(text!("Making one of the workers fail"), 0.0, 1.0);
        let plan = Plan {
            budget: cx.time(1.0),
            warm_up: 0,
            min_rounds: 1,
            max_rounds: cx.params.count("trials"),
        };
        let conditions: Vec<(Failure, Kind)> = Failure::ALL
            .into_iter()
            .flat_map(|failure| Kind::ALL.map(|kind| (failure, kind)))
            .collect();
        cx.sweep(&conditions, plan, |&(failure, kind)| {
            let shows = if unproducible.contains_key(&failure) {
                None
            } else {
                match trial(kind, failure, workers, &mut rng) {
                    Ok(shows) => Some(shows),
                    Err(Lost::NoCrew(why)) => {
                        refused.get_or_insert(why);
                        None
                    }
                    Err(Lost::NoFailure(why)) => {
                        unproducible.insert(failure, why);
                        None
                    }
                }
            };
            let survivors = shows.as_ref().map_or(0, |shows| shows.survivors);
            shown.entry((failure, kind)).or_default().push(shows);
            Ok(survivors as f64)
        })?;
        if let Some(why) = refused {
            cx.miss("tasks", why);
        }
        if let Some(why) = unproducible.get(&Failure::Memory) {
            cx.miss("memory-limit", why);
        }
        for failure in Failure::ALL {
            put(
                cx,
                failure,
                Kind::ALL.map(|kind| shown.remove(&(failure, kind)).unwrap_or_default()),
            );
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let fatal = || Failure::ALL.into_iter().filter(|failure| failure.is_fatal());
        let others = others(record);
        let trials: Vec<(f64, f64)> = fatal()
            .flat_map(|failure| {
                let [threads, processes] = Kind::ALL.map(|kind| survivors(record, failure, kind));
                threads.iter().copied().zip(processes.iter().copied())
            })
            .collect();
        let held = trials
            .iter()
            .filter(|&&(threads, processes)| is(threads, 0.0) && is(processes, others));
        let (held, made) = (held.count(), trials.len());
        let summary = if made == 0 {
            text!("Nothing could be measured.")
        } else {
            text!("In {held} of {trials} trials of a fatal failure all other processes lived and no other thread did.")
        };
        let mut verdict = judge::always(record, "stability", held, made, summary);
        let lost = fatal().map(|failure| lost(record, failure)).sum();
        let planned = fatal().count() * record.params.count("trials");
        judge::fewer_trials(&mut verdict, made, lost, planned);
        verdict
            .doubts
            .extend(fatal().filter_map(|failure| not_produced(record, failure)));
        verdict.findings.extend(panic_finding(record));
        let ends = fatal().filter_map(|failure| end_finding(record, failure));
        verdict.findings.extend(ends);
        vec![verdict]
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figure = survivors_figure(record);
        if figure.is_empty() { Vec::new() } else { vec![figure] }
    }
}

fn condition(failure: Failure, kind: Kind) -> Condition {
    Condition::of("failure", failure.id()).and("kind", kind.id())
}

/// Puts the trials of one failure down. A round that lacks one of its two trials compares nothing.
fn put(cx: &mut Context<'_>, failure: Failure, shown: [Vec<Option<Shown>>; 2]) {
    let rounds = shown[0].len();
    let is_whole = |round: usize| shown.iter().all(|trials| trials[round].is_some());
    let kept: Vec<usize> = (0..rounds).filter(|&round| is_whole(round)).collect();
    for (kind, trials) in Kind::ALL.into_iter().zip(&shown) {
        let trials = || kept.iter().filter_map(|&round| trials[round].as_ref());
        let condition = || condition(failure, kind);
        let survivors = trials().map(|shows| shows.survivors as f64).collect();
        cx.put(condition(), "survivors", "1", survivors);
        cx.put(
            condition(),
            "ended",
            "1",
            trials().filter_map(|shows| shows.ended).collect(),
        );
        if kind == Kind::Threads && failure == Failure::Panic {
            let failed_joins = trials().map(|shows| shows.failed_joins).collect();
            cx.put(condition(), "failed_joins", "1", failed_joins);
        }
    }
    let lost = (rounds - kept.len()) as f64;
    cx.put(Condition::of("failure", failure.id()), "lost", "1", vec![lost]);
}

#[expect(clippy::float_cmp, reason = "both are counts")]
fn is(count: f64, expected: f64) -> bool {
    count == expected
}

/// How many workers are asked after one of them has failed.
fn others(record: &Record) -> f64 {
    record.params.count("workers").saturating_sub(1) as f64
}

fn survivors(record: &Record, failure: Failure, kind: Kind) -> &[f64] {
    record.blocks("survivors", &condition(failure, kind))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of trials"
)]
fn lost(record: &Record, failure: Failure) -> usize {
    let lost = record.blocks("lost", &Condition::of("failure", failure.id()));
    lost.iter().sum::<f64>() as usize
}

fn not_produced(record: &Record, failure: Failure) -> Option<Doubt> {
    // The facility's own doubt says it better.
    if lost(record, failure) == 0
        || record.lacks("tasks")
        || (failure == Failure::Memory && record.lacks("memory-limit"))
    {
        return None;
    }
    Some(Doubt::new(
        "not-produced",
        text!("A failure could not be produced here: {failure}.", failure: failure.label()),
        text!("A sanitizer, a debugger or a container's profile may have caught it; run without."),
    ))
}

/// The share of the others that still answered, with its interval over trials. Workers of one trial share their fate, so
/// a trial counts once, however many workers it has.
fn share(record: &Record, failure: Failure, kind: Kind) -> Option<Interval> {
    let others = others(record);
    let blocks = survivors(record, failure, kind);
    let all = blocks.iter().filter(|&&count| is(count, others)).count();
    let none = blocks.iter().filter(|&&count| is(count, 0.0)).count();
    if blocks.is_empty() || others < 1.0 {
        None
    } else if all + none == blocks.len() {
        Some(proportion(all, blocks.len()))
    } else {
        let mean =
            |drawn: &[usize]| drawn.iter().map(|&block| blocks[block] / others).sum::<f64>() / drawn.len() as f64;
        Some(judge::bootstrap_of_sweep(record).interval(blocks.len(), mean))
    }
}

fn panic_finding(record: &Record) -> Option<Finding> {
    let [threads, processes] = Kind::ALL.map(|kind| share(record, Failure::Panic, kind));
    let percent = |share: Interval| format::quantity(share.estimate * 100.0, "%");
    let joins = record.blocks("failed_joins", &condition(Failure::Panic, Kind::Threads));
    let text = text!(
        "After a Rust panic {threads} of the other threads and {processes} of the other processes still answered; join returned an error in {joins} of {trials} trials. A panic is no part of the verdict.",
        threads = percent(threads?),
        processes = percent(processes?),
        joins = joins.iter().filter(|&&count| is(count, 1.0)).count(),
        trials = joins.len()
    );
    Some(Finding {
        id: "panic".to_owned(),
        text,
        effect: threads.map(|share| Effect::new(EffectKind::Proportion, share, "1")),
    })
}

/// How the process of the failing worker ended, where that was the same in every trial of a kind.
fn end_finding(record: &Record, failure: Failure) -> Option<Finding> {
    let end = |kind: Kind| {
        let ends = record.blocks("ended", &condition(failure, kind));
        let first = *ends.first()?;
        ends.iter().all(|&end| is(end, first)).then(|| end_text(first))
    };
    let [threads, processes] = Kind::ALL.map(end);
    let text = text!(
        "{failure}: the process of the failing thread ended with {threads}, the failing process with {processes}.",
        failure: failure.label(),
        threads: threads?,
        processes: processes?
    );
    Some(Finding {
        id: format!("ended-{}", failure.id()),
        text,
        effect: None,
    })
}

#[expect(clippy::cast_possible_truncation, reason = "a status or a signal")]
fn end_text(ended: f64) -> Text {
    match ended as i32 {
        status @ ..=128 => text!("status {status}", status = status),
        signal => text!("the signal {signal}", signal = sys::signal_word(signal - 128)),
    }
}

fn survivors_figure(record: &Record) -> Figure {
    let row = |failure: Failure, kind: Kind| {
        let share = share(record, failure, kind)?.map(|share| share * 100.0);
        let label = match kind {
            Kind::Threads => text!("{failure}, threads", failure: failure.label()),
            Kind::Processes => text!("{failure}, processes", failure: failure.label()),
        };
        Some(Bar {
            label,
            parts: vec![(kind as usize, share.estimate)],
            interval: Some(share),
        })
    };
    let rows = Failure::ALL
        .into_iter()
        .flat_map(|failure| Kind::ALL.map(|kind| (failure, kind)))
        .filter_map(|(failure, kind)| row(failure, kind));
    let plot = Bars {
        axis: Axis::linear(text!("Share of the other workers that still answered"), "%")
            .at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        groups: vec![text!("Threads"), text!("Processes")],
        rows: rows.collect(),
    };
    Figure::new(
        record,
        "survivors",
        text!("Who still answers after one worker failed"),
        text!(
            "Two bars for each kind of failure, one for threads and one for processes: the share of the other workers that still answered, with 95% intervals over trials."
        ),
        Plot::Bars(plot),
    )
}
