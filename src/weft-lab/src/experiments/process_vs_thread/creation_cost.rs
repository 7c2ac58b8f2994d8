//! How much dearer is a process than a thread to create?
//!
//! Section 3 of the notes, row "creation cost". Each trial makes one task that does nothing and waits for its end, on one
//! core. "Process" is ambiguous, so each way to make one is a condition of its own. The verdict compares `fork` with
//! `std::thread`; the sweep over the parent's resident memory shows what a fork copies.

use std::process::Command;

use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment, time_each};
use crate::figure::{Axis, Curve, Curves, Figure, Mark, Marks, Plot};
use crate::format;
use crate::judge;
use crate::measure::{Plan, batch_size, decided};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::stats::Interval;
use crate::sys::{self, Mapping, Pages, TinyProgram};
use crate::text::Text;
use crate::verdict::{Effect, EffectKind, Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct CreationCost;

static ABOUT: About = About {
    id: "creation-cost",
    question: msg!("How much dearer is a process than a thread to create?"),
    section: Section::ProcessVsThread,
    claims: &["creation-cost"],
    params: &[
        Param::integer(
            "parent_mb",
            msg!("Resident memory that the parent has beside its own, in MB"),
            (0, 4096),
            0,
            0,
        ),
        Param::integer("batch", msg!("Tasks made for one timing"), (1, 1000), 10, 20),
        Param::integer(
            "sweep_mb",
            msg!("Largest resident memory of the sweep, in MB"),
            (16, 4096),
            128,
            1024,
        ),
        Param::aa(),
    ],
    seconds: (3, 23),
    uses: &["pinning", "huge-pages", "memory"],
    source: include_str!("creation_cost.rs"),
};

/// A way to make a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Thread,
    CloneThread,
    CloneVm,
    Fork,
    ForkExec,
    Spawn,
    Command,
}

impl Method {
    const ALL: [Method; 7] = [
        Method::Thread,
        Method::CloneThread,
        Method::CloneVm,
        Method::Fork,
        Method::ForkExec,
        Method::Spawn,
        Method::Command,
    ];

    fn id(self) -> &'static str {
        match self {
            Method::Thread => "thread",
            Method::CloneThread => "clone-thread",
            Method::CloneVm => "clone-vm",
            Method::Fork => "fork",
            Method::ForkExec => "fork-exec",
            Method::Spawn => "posix-spawn",
            Method::Command => "command",
        }
    }

    fn label(self) -> Text {
        match self {
            Method::Thread => text!("Thread: std::thread"),
            Method::CloneThread => text!("Thread: raw clone"),
            Method::CloneVm => text!("Process that shares memory: clone"),
            Method::Fork => text!("Process: fork"),
            Method::ForkExec => text!("New program: fork + exec"),
            Method::Spawn => text!("New program: posix_spawn"),
            Method::Command => text!("New program: Command, with loader"),
        }
    }

    fn is_thread(self) -> bool {
        matches!(self, Method::Thread | Method::CloneThread)
    }
}

/// What the methods need, made ready before anything is timed.
struct Workshop {
    stack: Mapping,
    tiny: TinyProgram,
    dynamic: &'static str,
}

impl Workshop {
    fn open() -> Result<Self, Error> {
        Ok(Workshop {
            stack: Mapping::private(64 << 10).during("map a stack")?,
            tiny: TinyProgram::new().during("write the tiny program")?,
            dynamic: "/bin/true",
        })
    }

    /// Makes one task that does nothing, and waits until it has ended.
    fn make(&self, method: Method) -> Result<(), Error> {
        match method {
            Method::Thread => {
                let thread = std::thread::Builder::new().spawn(|| {}).during("start a thread")?;
                thread.join().map_err(|_| Error::Check {
                    what: "thread",
                    expected: "an end".to_owned(),
                    found: "a panic".to_owned(),
                })
            }
            Method::CloneThread => sys::clone_thread(&self.stack).during("make a thread with clone"),
            Method::CloneVm => sys::clone_vm(&self.stack).during("make a process with clone"),
            Method::Fork => sys::fork_and_wait().during("fork"),
            Method::ForkExec => sys::fork_exec_and_wait(self.tiny.path()).during("fork and exec"),
            Method::Spawn => sys::spawn_and_wait(self.tiny.path()).during("spawn"),
            Method::Command => Command::new(self.dynamic).status().during("run /bin/true").map(drop),
        }
    }
}

impl Experiment for CreationCost {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        let workshop = Workshop::open()?;
        let ballast =
            Mapping::resident(cx.params.count("parent_mb") << 20, Pages::Small).during("map the parent's memory")?;
        compare_methods(cx, &workshop)?;
        drop(ballast);
        if !cx.params.flag("aa") {
            sweep_memory(cx, &workshop)?;
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let (first, second) = (main_blocks(record, 0), main_blocks(record, 1));
        let (ratio, drift) = judge::paired_ratio(record, first, second);
        let summary = if record.is_aa() {
            text!("A/A: the same method twice differs by a factor of {effect}.")
        } else {
            text!("Making a process with fork takes {effect} times as long as a thread with std::thread.")
        };
        let mut verdict = judge::ratio(record, "creation-cost", ratio, summary);
        verdict.doubts.extend(drift);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figures = [methods_figure(record), ratio_figure(record), memory_figure(record)];
        figures.into_iter().filter(|figure| !figure.is_empty()).collect()
    }
}

/// The two conditions of the verdict. In an A/A run both are threads.
fn main_conditions(aa: bool) -> [Condition; 2] {
    let side = |name: &str, method: Method| Condition::of("side", name).and("method", method.id());
    if aa {
        [side("a", Method::Thread), side("b", Method::Thread)]
    } else {
        [side("a", Method::Thread), side("b", Method::Fork)]
    }
}

fn main_blocks(record: &Record, which: usize) -> &[f64] {
    record.blocks("time", &main_conditions(record.is_aa())[which])
}

fn compare_methods(cx: &mut Context<'_>, workshop: &Workshop) -> Result<(), Error> {
    let aa = cx.params.flag("aa");
    let (clock, cost) = (cx.clock, cx.clock_cost);
    // The quickest method decides how many tasks one timing needs at least.
    let least = batch_size(clock, cost.shortest_timing(), |count| {
        (0..count).try_for_each(|_| workshop.make(Method::CloneThread))
    })?;
    let batch = least.max(cx.params.count("batch") as u64);
    let time = |method: Method| {
        time_each(clock, cost, batch, || {
            (0..batch).try_for_each(|_| workshop.make(method))
        })
    };
    let sides: [Method; 2] = if aa {
        [Method::Thread; 2]
    } else {
        [Method::Thread, Method::Fork]
    };
    let region = crate::claim::EQUIVALENCE;
    cx.phase(text!("Creating threads and processes"), 0.0, 0.35);
    let indices = [0, 1];
    let plan = Plan::lasting(cx.time(0.35));
    let blocks = cx.compare(
        &indices,
        plan,
        &|blocks, seed, confidence| decided(&blocks[0], &blocks[1], region, seed, confidence),
        |&which| time(sides[which]),
    )?;
    for (condition, blocks) in main_conditions(aa).into_iter().zip(blocks) {
        cx.put(condition, "time", "ns", blocks);
    }
    if aa {
        return Ok(());
    }
    cx.phase(text!("Creating tasks in every way"), 0.35, 0.6);
    let plan = Plan::lasting(cx.time(0.25));
    let blocks = cx.sweep(&Method::ALL, plan, |&method| time(method))?;
    for (method, blocks) in Method::ALL.into_iter().zip(blocks) {
        cx.put(Condition::of("method", method.id()), "time", "ns", blocks);
    }
    Ok(())
}

/// The methods of the sweep over the parent's memory.
const SWEPT: [Method; 3] = [Method::Thread, Method::Fork, Method::Spawn];

fn sweep_memory(cx: &mut Context<'_>, workshop: &Workshop) -> Result<(), Error> {
    let batch = if cx.mode == Mode::Quick { 2 } else { 4 };
    let largest = cx.params.count("sweep_mb");
    let sizes = std::iter::successors(Some(largest), |&size| (size >= 32).then_some(size / 4));
    let mut sizes: Vec<usize> = sizes.collect();
    sizes.push(0);
    sizes.reverse();
    let share = 0.32 / (2 * sizes.len()) as f64;
    let mut reached = 0.6;
    for size_mb in &sizes {
        for (name, pages) in [("small", Pages::Small), ("huge", Pages::Huge)] {
            let bytes = size_mb << 20;
            cx.phase(text!("Creating tasks while the parent grows"), reached, reached + share);
            reached += 0.4 / (2 * sizes.len()) as f64;
            let probe = crate::machine::Probe::default();
            if probe.available_bytes().is_some_and(|free| (bytes as u64) > free / 2) {
                cx.miss("memory", format!("{size_mb} MB are not free"));
                continue;
            }
            let ballast = Mapping::resident(bytes, pages).during("map the parent's memory")?;
            if pages == Pages::Huge && bytes > 0 && ballast.huge_bytes().is_none_or(|huge| huge < bytes as u64 / 2) {
                cx.miss("huge-pages", "the mapping stayed in small pages");
                continue;
            }
            let (clock, cost) = (cx.clock, cx.clock_cost);
            let plan = Plan {
                budget: cx.time(share),
                warm_up: 1,
                min_rounds: 5,
                max_rounds: 100,
            };
            let blocks = cx.sweep(&SWEPT, plan, |&method| {
                time_each(clock, cost, batch, || {
                    (0..batch).try_for_each(|_| workshop.make(method))
                })
            })?;
            for (method, blocks) in SWEPT.into_iter().zip(blocks) {
                let condition = Condition::of("method", method.id())
                    .and("pages", name)
                    .and("parent_mb", size_mb);
                cx.put(condition, "time", "ns", blocks);
            }
        }
    }
    Ok(())
}

/// The blocks of a method in the comparison of all.
fn method_blocks(record: &Record, method: Method) -> &[f64] {
    record.blocks("time", &Condition::of("method", method.id()))
}

/// The sweep of one method in one kind of pages: memory in MB, and the blocks there.
fn swept<'a>(record: &'a Record, method: Method, pages: &str) -> Vec<(f64, &'a [f64])> {
    let part = Condition::of("method", method.id()).and("pages", pages);
    let mut points: Vec<(f64, &[f64])> = record
        .select("time", part)
        .filter_map(|series| {
            Some((
                series.condition.get("parent_mb").parse().ok()?,
                series.blocks.as_slice(),
            ))
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points
}

fn findings(record: &Record) -> Vec<Finding> {
    let mut findings = Vec::new();
    let bootstrap = judge::bootstrap_of_sweep(record);
    for (pages, id, template) in [
        (
            "small",
            "fork-grows-small-pages",
            text!("fork grows by {slope} of the parent's resident memory in small pages."),
        ),
        (
            "huge",
            "fork-grows-huge-pages",
            text!("fork grows by {slope} of the parent's resident memory in huge pages."),
        ),
    ] {
        let slope = bootstrap.slope(&swept(record, Method::Fork, pages));
        if slope.low.is_finite() {
            let text = template.with("slope", format::interval(&slope, "ns/MB"));
            findings.push(Finding {
                id: id.to_owned(),
                text,
                effect: Some(Effect::new(EffectKind::Slope, slope, "ns/MB")),
            });
        }
    }
    let (thread, spawn) = (
        method_blocks(record, Method::Thread),
        method_blocks(record, Method::Spawn),
    );
    let ratio = bootstrap.ratio(thread, spawn);
    if ratio.low.is_finite() {
        let text = text!(
            "posix_spawn of a tiny program takes {ratio} times as long as a thread.",
            ratio = format::interval(&ratio, "1")
        );
        findings.push(Finding {
            id: "posix-spawn".to_owned(),
            text,
            effect: Some(Effect::new(EffectKind::Ratio, ratio, "1")),
        });
    }
    findings
}

fn groups() -> Vec<Text> {
    vec![text!("Threads"), text!("Processes")]
}

fn methods_figure(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let rows = Method::ALL
        .into_iter()
        .filter(|&method| !method_blocks(record, method).is_empty())
        .map(|method| Mark {
            label: method.label(),
            group: usize::from(!method.is_thread()),
            value: bootstrap.median(method_blocks(record, method)),
        });
    let plot = Marks {
        axis: Axis::log(text!("Time to create one task and wait for its end"), "ns"),
        groups: groups(),
        rows: rows.collect(),
        region: None,
        takes_prediction: false,
    };
    Figure::new(
        record,
        "methods",
        text!("Time to create and join, by method"),
        text!(
            "A dot a method on a log axis, with its 95% interval. Threads stand at the top, ways to make a process below."
        ),
        Plot::Marks(plot),
    )
}

fn ratio_figure(record: &Record) -> Figure {
    let main: Interval = judge::paired_ratio(record, main_blocks(record, 0), main_blocks(record, 1)).0;
    let label = if record.is_aa() {
        text!("The same, A/A")
    } else {
        Method::Fork.label()
    };
    let mut rows = vec![Mark {
        label,
        group: 1,
        value: main,
    }];
    let bootstrap = judge::bootstrap_of_sweep(record);
    let thread = method_blocks(record, Method::Thread);
    for method in [
        Method::CloneThread,
        Method::CloneVm,
        Method::ForkExec,
        Method::Spawn,
        Method::Command,
    ] {
        let value = bootstrap.ratio(thread, method_blocks(record, method));
        rows.push(Mark {
            label: method.label(),
            group: usize::from(!method.is_thread()),
            value,
        });
    }
    rows.retain(|row| row.value.low.is_finite());
    let plot = Marks {
        axis: Axis::log(text!("Times as long as std::thread"), "1"),
        groups: groups(),
        rows,
        region: Some(crate::claim::EQUIVALENCE),
        takes_prediction: true,
    };
    Figure::new(
        record,
        "ratio",
        text!("How many times dearer than a thread"),
        text!(
            "The ratio of each method's time to that of std::thread, with its 95% interval, on a log axis. The band is the region in which two things count as equal."
        ),
        Plot::Marks(plot),
    )
}

fn memory_figure(record: &Record) -> Figure {
    let bootstrap = judge::bootstrap_of_sweep(record);
    let curve = |method: Method, pages: &str, name: Text| Curve {
        name,
        // A log axis has no zero; the parent's own few megabytes stand for it.
        points: swept(record, method, pages)
            .into_iter()
            .map(|(size, blocks)| (size.max(1.0), bootstrap.median(blocks)))
            .collect(),
    };
    let curves = [
        curve(Method::Thread, "small", text!("Thread")),
        curve(Method::Fork, "small", text!("fork, small pages")),
        curve(Method::Fork, "huge", text!("fork, huge pages")),
        curve(Method::Spawn, "small", text!("posix_spawn")),
    ];
    let ticks = curves[0].points.iter().map(|point| point.0).collect();
    let plot = Curves {
        x: Axis::log(
            text!("Resident memory that the parent has beside its own, MB; 1 stands for none"),
            "1",
        )
        .at(ticks),
        y: Axis::log(text!("Time to create one task and wait for its end"), "ns"),
        curves: curves.into_iter().filter(|curve| !curve.points.is_empty()).collect(),
        region: None,
    };
    Figure::new(
        record,
        "parent-memory",
        text!("What a fork copies: time against the parent's memory"),
        text!(
            "Time to create one task against the parent's resident memory, both on log axes, with 95% intervals: a thread, a fork with small pages, a fork with huge pages, and posix_spawn."
        ),
        Plot::Curves(plot),
    )
}
