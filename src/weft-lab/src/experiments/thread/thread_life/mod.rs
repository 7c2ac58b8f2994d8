//! How many threads does a process have, and whose are they?
//!
//! Section 2 of the notes: "a process has one or more threads". A trial starts N threads one by one and lets them end one
//! by one. After each step it counts the tasks that the kernel lists in `/proc/self/task`. Each thread says which process
//! it belongs to and which id it has, and the ids must be those in the list.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::{Axis, Curve, Curves, Figure, Plot};
use crate::judge;
use crate::measure::{Clock, Nanos};
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::stats::Interval;
use crate::sys;
use crate::text::Text;
use crate::verdict::{Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct ThreadLife;

static ABOUT: About = About {
    id: "thread-life",
    question: msg!("How many threads does a process have, and whose are they?"),
    section: Section::Thread,
    claims: &["thread-is-flow"],
    params: &[
        Param::integer("threads", msg!("Threads that a trial starts"), (1, 256), 8, 16),
        Param::integer("trials", msg!("Trials"), (1, 10_000), 100, 1_000),
    ],
    seconds: (1, 2),
    uses: &["task-list", "tasks"],
    source: include_str!("mod.rs"),
};

/// A thread that waits until it is told to end.
struct Flow {
    process: u32,
    id: i32,
    end: Sender<()>,
    handle: JoinHandle<()>,
}

impl Flow {
    fn start() -> io::Result<Flow> {
        let (end, told): (Sender<()>, Receiver<()>) = channel();
        let (say, said) = channel();
        let handle = std::thread::Builder::new().spawn(move || {
            let _heard = say.send((std::process::id(), sys::thread_id()));
            // The other end is dropped at the latest when the trial is given up.
            let _told = told.recv();
        })?;
        let (process, id) = said.recv().map_err(io::Error::other)?;
        Ok(Flow {
            process,
            id,
            end,
            handle,
        })
    }

    fn end(self) {
        let Flow { end, handle, .. } = self;
        drop(end);
        let _ended = handle.join();
    }
}

/// The ids of this process's tasks, as the kernel lists them.
fn tasks() -> io::Result<BTreeSet<i32>> {
    let mut ids = BTreeSet::new();
    for entry in std::fs::read_dir("/proc/self/task")? {
        ids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    Ok(ids)
}

/// What one trial found.
#[derive(Debug, Clone, PartialEq, Default)]
struct Life {
    /// Tasks in the list: at first, after each start, and after each end.
    tasks: Vec<f64>,
    /// Different process ids among the threads and the first one.
    processes: usize,
    /// Different thread ids, that of the first among them.
    ids: usize,
    /// Was the list with all threads exactly the ids that they said?
    is_listed: bool,
    /// Joins after which the kernel still listed the thread for a moment.
    lingering: usize,
}

impl Life {
    /// From 1 to N and back, one process, N + 1 ids, and those in the list.
    fn holds(&self, threads: usize) -> bool {
        let up = (0..=threads).map(|started| 1 + started);
        let down = (0..threads).rev().map(|left| 1 + left);
        let expected: Vec<f64> = up.chain(down).map(|count| count as f64).collect();
        self.tasks == expected && self.processes == 1 && self.ids == threads + 1 && self.is_listed
    }
}

/// How long a thread that has been joined may stay in the list. `pthread_join(3)` returns when the kernel has cleared the
/// thread's word, which is shortly before it takes the task out of the list.
const LINGER: Nanos = Nanos(1_000_000_000);

fn live(threads: usize, clock: &dyn Clock) -> io::Result<Life> {
    let mut life = Life::default();
    let mut flows: Vec<Flow> = Vec::new();
    life.tasks.push(tasks()?.len() as f64);
    for _ in 0..threads {
        flows.push(Flow::start()?);
        life.tasks.push(tasks()?.len() as f64);
    }
    let own = (std::process::id(), sys::thread_id());
    let processes: BTreeSet<u32> = flows.iter().map(|flow| flow.process).chain([own.0]).collect();
    let ids: BTreeSet<i32> = flows.iter().map(|flow| flow.id).chain([own.1]).collect();
    life.processes = processes.len();
    life.ids = ids.len();
    life.is_listed = tasks()? == ids;
    while let Some(flow) = flows.pop() {
        let id = flow.id;
        flow.end();
        let start = clock.now();
        let mut listed = tasks()?;
        life.lingering += usize::from(listed.contains(&id));
        while listed.contains(&id) && clock.now().since(start) < LINGER {
            sys::yield_now();
            listed = tasks()?;
        }
        life.tasks.push(listed.len() as f64);
    }
    Ok(life)
}

impl Experiment for ThreadLife {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.phase(text!("Starting and ending threads"), 0.0, 1.0);
        let (threads, trials) = (cx.params.count("threads"), cx.params.count("trials"));
        let budget = Nanos::from(cx.time(0.8));
        let start = cx.clock.now();
        let mut lives = Vec::new();
        let mut lost = 0;
        for trial in 0..trials {
            match live(threads, cx.clock) {
                Ok(life) => lives.push(life),
                Err(error) => {
                    lost += 1;
                    let no_task = error.kind() == io::ErrorKind::WouldBlock;
                    cx.miss(if no_task { "tasks" } else { "task-list" }, error);
                }
            }
            cx.progress((trial + 1) as f64 / trials as f64);
            if cx.clock.now().since(start) > budget {
                break;
            }
        }
        let mut put = |quantity: &str, value: &dyn Fn(&Life) -> f64| {
            cx.put(Condition::default(), quantity, "1", lives.iter().map(value).collect());
        };
        put("held", &|life| f64::from(u8::from(life.holds(threads))));
        put("processes", &|life| life.processes as f64);
        put("ids", &|life| life.ids as f64);
        put("lingering", &|life| life.lingering as f64);
        cx.put(Condition::default(), "lost", "1", vec![f64::from(lost)]);
        for step in 0..=2 * threads {
            let counts = lives.iter().filter_map(|life| life.tasks.get(step).copied()).collect();
            cx.put(Condition::of("step", step), "tasks", "1", counts);
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let held = record.blocks("held", &Condition::default());
        let threads = record.params.count("threads");
        let summary = if held.is_empty() {
            text!("Nothing could be measured.")
        } else {
            text!(
                "In {held} of {trials} trials the process went from 1 thread to {most} and back, with one process id and {most} thread ids.",
                most = threads + 1
            )
        };
        let count = held.iter().filter(|held| **held > 0.5).count();
        let mut verdict = judge::always(record, ABOUT.claims[0], count, held.len(), summary);
        judge::fewer_trials(&mut verdict, held.len(), lost(record), record.params.count("trials"));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        lingering(record).into_iter().collect()
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figure = tasks_figure(record);
        if figure.is_empty() { Vec::new() } else { vec![figure] }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of trials"
)]
fn lost(record: &Record) -> usize {
    record.blocks("lost", &Condition::default()).iter().sum::<f64>() as usize
}

fn lingering(record: &Record) -> Option<Finding> {
    let blocks = record.blocks("lingering", &Condition::default());
    let joins = blocks.len() * record.params.count("threads");
    let text = text!(
        "After {lingering} of {joins} joins the kernel still listed the thread for a moment.",
        lingering = crate::format::number(blocks.iter().sum()),
        joins = crate::format::count(joins as u64)
    );
    (joins > 0).then(|| Finding {
        id: "lingering".to_owned(),
        text,
        effect: None,
    })
}

/// Least, median and most of some counts.
fn range(blocks: &[f64]) -> Interval {
    Interval {
        estimate: crate::stats::median(blocks),
        low: crate::stats::quantile(blocks, 0.0),
        high: crate::stats::quantile(blocks, 1.0),
    }
}

fn tasks_figure(record: &Record) -> Figure {
    let mut points: Vec<(f64, Interval)> = record
        .select("tasks", Condition::default())
        .filter(|series| !series.blocks.is_empty())
        .filter_map(|series| Some((series.condition.get("step").parse().ok()?, range(&series.blocks))))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let processes = record.blocks("processes", &Condition::default());
    let one: Vec<(f64, Interval)> = points.iter().map(|point| (point.0, range(processes))).collect();
    let curve = |name: Text, points: Vec<(f64, Interval)>| Curve { name, points };
    let plot = Curves {
        x: Axis::linear(text!("Step: first all start, then all end"), "1"),
        y: Axis::linear(text!("Number"), "1"),
        curves: vec![
            curve(text!("Tasks in /proc/self/task"), points),
            curve(text!("Process ids"), one),
        ],
        region: None,
    };
    Figure::new(
        record,
        "tasks",
        text!("Threads of one process, from 1 up and back"),
        text!(
            "The number of tasks that the kernel lists for the process, after each start and each end of a thread, and the number of different process ids that the threads report. The whiskers reach from the least to the most of all trials."
        ),
        Plot::Curves(plot),
    )
}
