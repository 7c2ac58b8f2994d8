//! Two tasks write to the same address. Do they write to the same memory?
//!
//! Section 3 of the notes, row "memory", and section 1, "independent memory". In each trial a first task writes a value
//! to a page, a second task writes another one to the same virtual address and ends, and the first reads. The second task
//! is a thread, a forked process, or a forked process whose page is mapped as shared: the exception. Beside it stand what
//! makes a fork cheap, copy on write, counted in page faults, and the physical frames where the machine shows them.

mod findings;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::atomic::Ordering::SeqCst;

use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::{Axis, Bar, Bars, Curve, Curves, Figure, Plot};
use crate::judge;
use crate::measure::{Nanos, Plan};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::stats::{Interval, proportion};
use crate::sys::{self, Child, Ended, Mapping, Pages};
use crate::text::Text;
use crate::verdict::{Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct MemoryIndependence;

static ABOUT: About = About {
    id: "memory-independence",
    question: msg!("Two tasks write to the same address. Do they write to the same memory?"),
    section: Section::ProcessVsThread,
    claims: &["memory-independent-shared", "process-memory-independent"],
    params: &[
        Param::integer(
            "trials",
            msg!("Trials with a thread, and as many with a process"),
            (1, 10_000),
            300,
            5_000,
        ),
        Param::integer(
            "pages",
            msg!("Most pages that the child writes while its faults are counted"),
            (1, 65_536),
            1_024,
            2_048,
        ),
    ],
    seconds: (1, 4),
    uses: &["pagemap", "huge-pages", "memory", "tasks"],
    source: include_str!("mod.rs"),
};

/// Who writes the second value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Writer {
    Thread,
    Process,
    SharingProcess,
}

impl Writer {
    const ALL: [Writer; 3] = [Writer::Thread, Writer::Process, Writer::SharingProcess];

    fn condition(self) -> Condition {
        let (writer, mapping) = match self {
            Writer::Thread => ("thread", "private"),
            Writer::Process => ("process", "private"),
            Writer::SharingProcess => ("process", "shared"),
        };
        Condition::of("writer", writer).and("mapping", mapping)
    }

    /// Writes `value` to `page` in a task of its own, and waits for that task's end. It reads its value back, so that a
    /// write that never happened is not taken for memory of one's own.
    fn write(self, page: &Mapping, value: u64) -> io::Result<bool> {
        let write = || {
            let word = &page.words()[0];
            word.store(value, SeqCst);
            word.load(SeqCst) == value
        };
        if self == Writer::Thread {
            return std::thread::scope(|scope| {
                let thread = std::thread::Builder::new().spawn_scoped(scope, write)?;
                Ok(thread.join().unwrap_or(false))
            });
        }
        let ended = Child::fork(|| i32::from(!write()))?.wait()?;
        Ok(ended == Ended::Exit(0))
    }
}

/// What the first task reads in the end, as it stands in the record.
const OWN: f64 = 0.0;
const OTHER: f64 = 1.0;
const NEITHER: f64 = 2.0;
/// The second task could not be made.
const LOST: f64 = -1.0;

fn trial(writer: Writer, page: &Mapping, [first, second]: [u64; 2]) -> Result<f64, Error> {
    let word = &page.words()[0];
    word.store(first, SeqCst);
    let wrote = writer.write(page, second).during("start the second task")?;
    if !wrote {
        return Err(Error::Check {
            what: "the second task's value",
            expected: "read back by that task".to_owned(),
            found: "something else".to_owned(),
        });
    }
    let read = word.load(SeqCst);
    Ok(if read == second {
        OTHER
    } else if read == first {
        OWN
    } else {
        NEITHER
    })
}

#[expect(clippy::float_cmp, reason = "a code, written by `trial` as it is")]
fn is(code: f64, expected: f64) -> bool {
    code == expected
}

impl Experiment for MemoryIndependence {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        compare_writers(cx)?;
        // The values are the verdict; without the rest something is left out of the findings.
        for side_question in [count_faults, read_frames] {
            match side_question(cx) {
                Err(Error::System { source, .. }) if source.kind() == io::ErrorKind::WouldBlock => {
                    cx.miss("tasks", source);
                }
                Err(Error::System { source, .. }) if source.kind() == io::ErrorKind::OutOfMemory => {
                    cx.miss("memory", source);
                }
                result => result?,
            }
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let thread = codes(record, Writer::Thread);
        let process = codes(record, Writer::Process);
        let keeps = |code: &&f64| is(**code, OWN);
        let both = thread.iter().zip(process).filter(|(t, p)| is(**t, OTHER) && keeps(p));
        let pair = verdict(
            record,
            "memory-independent-shared",
            (both.count(), thread.len().min(process.len())),
            text!("In {held} of {trials} trials the thread's value was seen and the process's was not."),
        );
        let alone = verdict(
            record,
            "process-memory-independent",
            (process.iter().filter(keeps).count(), process.len()),
            text!("In {held} of {trials} trials the first process kept its own value."),
        );
        vec![pair, alone]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figures = [seen_figure(record), faults_figure(record)];
        figures.into_iter().filter(|figure| !figure.is_empty()).collect()
    }
}

/// Rounds of one trial a writer, all on the same two pages, in random order.
fn compare_writers(cx: &mut Context<'_>) -> Result<(), Error> {
    let private = Mapping::private(1).during("map a page")?;
    let shared = Mapping::shared(1).during("map a shared page")?;
    let mut values = fastrand::Rng::with_seed(cx.rng.u64(..));
    let mut refused = None;
    cx.phase(text!("Writing to one address from two tasks"), 0.0, 0.6);
    let plan = Plan {
        budget: cx.time(0.7),
        warm_up: 0,
        min_rounds: 1,
        max_rounds: cx.params.count("trials"),
    };
    let rounds = cx.sweep(&Writer::ALL, plan, |&writer| {
        let page = if writer == Writer::SharingProcess {
            &shared
        } else {
            &private
        };
        let first = values.u64(..);
        match trial(writer, page, [first, !first]) {
            Err(Error::System { source, .. }) => {
                refused = Some(source);
                Ok(LOST)
            }
            result => result,
        }
    })?;
    if let Some(error) = refused {
        cx.miss("tasks", error);
    }
    // A round that lacks a trial compares nothing.
    let whole = |round: &usize| rounds.iter().all(|codes| !is(codes[*round], LOST));
    let made = rounds[0].len();
    let kept: Vec<usize> = (0..made).filter(whole).collect();
    for (writer, codes) in Writer::ALL.into_iter().zip(&rounds) {
        let codes = kept.iter().map(|&round| codes[round]).collect();
        cx.put(writer.condition(), "seen", "1", codes);
    }
    let lost = (made - kept.len()) as f64;
    cx.put(Condition::default(), "lost", "1", vec![lost]);
    Ok(())
}

/// The page faults of a child that writes each page of `memory` once, and then once more.
fn faults_of_child(memory: &Mapping, report: &Mapping) -> Result<[f64; 2], Error> {
    let told = report.words();
    let mut child = Child::fork(|| {
        let faults = || sys::usage_of_thread().minor_faults;
        // The child's stack, and its view of the report, cost faults of their own; have them before counting.
        report.touch();
        faults();
        let before = faults();
        memory.touch();
        let between = faults();
        memory.touch();
        let after = faults();
        told[0].store(between - before, SeqCst);
        told[1].store(after - between, SeqCst);
        0
    })
    .during("start a process")?;
    match child.wait().during("wait for a process")? {
        Ended::Exit(0) => Ok([0, 1].map(|which| told[which].load(SeqCst) as f64)),
        ended => Err(Error::Check {
            what: "the child that writes",
            expected: "status 0".to_owned(),
            found: format!("{ended:?}"),
        }),
    }
}

/// The pages of one huge page on a machine with small pages of 4 kB.
const HUGE: usize = 512;

fn count_faults(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Counting the faults of copy-on-write"), 0.6, 0.9);
    let most = cx.params.count("pages");
    let bytes = |pages: usize| pages * sys::page_bytes();
    // Parent and child each hold all pages in the end.
    let free = crate::machine::Probe::default().available_bytes();
    if free.is_some_and(|free| 3 * bytes(most) as u64 > free) {
        cx.miss("memory", format!("{most} pages are not free twice"));
        return Ok(());
    }
    let report = Mapping::shared(1).during("map a shared page")?;
    let mut runs: Vec<(usize, Pages)> = [8, 4, 2, 1].map(|part| ((most / part).max(1), Pages::Small)).to_vec();
    runs.dedup();
    if most >= HUGE {
        runs.push((most, Pages::Huge));
    }
    let repeats = if cx.mode == Mode::Quick { 5 } else { 20 };
    let all = runs.len();
    let budget = Nanos::from(cx.time(0.2 / all as f64));
    for (index, (pages, size)) in runs.into_iter().enumerate() {
        let memory = Mapping::resident(bytes(pages), size).during("map the child's memory")?;
        if size == Pages::Huge && memory.huge_bytes().is_none_or(|huge| huge < bytes(pages) as u64 / 2) {
            cx.miss("huge-pages", "the mapping stayed in small pages");
            continue;
        }
        let mut counted = [Vec::new(), Vec::new()];
        let start = cx.clock.now();
        while counted[0].len() < repeats && (counted[0].len() < 2 || cx.clock.now().since(start) < budget) {
            for (blocks, faults) in counted.iter_mut().zip(faults_of_child(&memory, &report)?) {
                blocks.push(faults);
            }
        }
        let size = if size == Pages::Huge { "huge" } else { "small" };
        for (write, blocks) in ["first", "second"].into_iter().zip(counted) {
            cx.put(fault_condition(size, write).and("pages", pages), "faults", "1", blocks);
        }
        cx.progress((index + 1) as f64 / all as f64);
    }
    Ok(())
}

fn fault_condition(size: &str, write: &str) -> Condition {
    Condition::of("size", size).and("write", write)
}

/// Fewer trials than of the values: each opens `/proc/self/pagemap` four times.
const FRAME_TRIALS: usize = 100;

/// Where the page of parent and child lies, before and after the child's write.
fn read_frames(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Reading physical frames"), 0.9, 1.0);
    let page = Mapping::resident(1, Pages::Small).during("map a page")?;
    let report = Mapping::shared(1).during("map a shared page")?;
    let told = report.words();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    let frame = || sys::frame_of(page.address()).map(|frame| frame.unwrap_or(0));
    for _ in 0..cx.params.count("trials").min(FRAME_TRIALS) {
        let parent = match frame() {
            Ok(0) => {
                cx.miss("pagemap", "frame numbers are hidden");
                return Ok(());
            }
            Ok(frame) => frame,
            Err(error) => {
                cx.miss("pagemap", error);
                return Ok(());
            }
        };
        let mut child = Child::fork(|| {
            told[0].store(frame().unwrap_or(0), SeqCst);
            page.touch();
            told[1].store(frame().unwrap_or(0), SeqCst);
            0
        })
        .during("start a process")?;
        child.wait().during("wait for a process")?;
        let now = frame().during("read a frame number")?;
        let is_same = |parent: u64, which: usize| f64::from(u8::from(parent == told[which].load(SeqCst)));
        before.push(is_same(parent, 0));
        after.push(is_same(now, 1));
    }
    cx.put(Condition::of("moment", "before"), "same_frame", "1", before);
    cx.put(Condition::of("moment", "after"), "same_frame", "1", after);
    Ok(())
}

fn codes(record: &Record, writer: Writer) -> &[f64] {
    record.blocks("seen", &writer.condition())
}

fn verdict(record: &Record, claim: &str, (held, made): (usize, usize), summary: Text) -> Verdict {
    let summary = if made == 0 {
        text!("Nothing could be measured.")
    } else {
        summary
    };
    let mut verdict = judge::always(record, claim, held, made, summary);
    let lost = record.blocks("lost", &Condition::default()).iter().sum::<f64>();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of trials"
    )]
    judge::fewer_trials(&mut verdict, made, lost as usize, record.params.count("trials"));
    verdict
}

/// The faults at one kind of write, for each number of pages.
fn faults<'a>(record: &'a Record, size: &str, write: &str) -> Vec<(f64, &'a [f64])> {
    let mut points: Vec<(f64, &[f64])> = record
        .select("faults", fault_condition(size, write))
        .filter_map(|series| Some((series.condition.get("pages").parse().ok()?, series.blocks.as_slice())))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn seen_figure(record: &Record) -> Figure {
    let row = |writer: Writer, label: Text, code: f64| {
        let codes = codes(record, writer);
        let share = proportion(codes.iter().filter(|found| is(**found, code)).count(), codes.len());
        let share = share.map(|share| share * 100.0);
        (!codes.is_empty()).then(|| Bar {
            label,
            parts: vec![(writer as usize, share.estimate)],
            interval: Some(share),
        })
    };
    let rows = [
        row(Writer::Thread, text!("Thread: its own value"), OWN),
        row(Writer::Thread, text!("Thread: the other's value"), OTHER),
        row(Writer::Process, text!("Process: its own value"), OWN),
        row(Writer::Process, text!("Process: the other's value"), OTHER),
        row(Writer::SharingProcess, text!("Shared mapping: its own value"), OWN),
        row(
            Writer::SharingProcess,
            text!("Shared mapping: the other's value"),
            OTHER,
        ),
    ];
    let plot = Bars {
        axis: percent(text!("Share of the trials")),
        groups: vec![
            text!("Threads"),
            text!("Processes"),
            text!("Processes with a shared mapping"),
        ],
        rows: rows.into_iter().flatten().collect(),
    };
    Figure::new(
        record,
        "seen",
        text!("Which value the first task reads"),
        text!(
            "Two bars for each kind of second task: the share of trials in which the first task read its own value, and the share in which it read the other's, with 95% intervals."
        ),
        Plot::Bars(plot),
    )
}

fn percent(label: Text) -> Axis {
    Axis::linear(label, "%").at(vec![0.0, 25.0, 50.0, 75.0, 100.0])
}

fn faults_figure(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |write: &str, name: Text| Curve {
        name,
        points: faults(record, "small", write)
            .into_iter()
            .map(|(pages, blocks)| (pages, bootstrap.median(blocks)))
            .collect::<Vec<(f64, Interval)>>(),
    };
    let plot = Curves {
        x: Axis::linear(text!("Pages that the child writes"), "1"),
        y: Axis::linear(text!("Page faults of the child"), "1"),
        curves: vec![
            curve("first", text!("First write to each page")),
            curve("second", text!("Second write to each page")),
        ],
        region: None,
    };
    Figure::new(
        record,
        "copy-on-write",
        text!("What a write costs after a fork: faults against pages"),
        text!(
            "Page faults of a forked child against the number of pages that it writes, once for the first write to each page and once for the second, with 95% intervals."
        ),
        Plot::Curves(plot),
    )
}
