//! Does a process need the kernel's help to pass a message, while a thread writes to memory? And what does each way
//! cost?
//!
//! Section 3 of the notes, row "communication". Two kinds of evidence: trials that ask whether a write is seen, and the
//! time of a message that two tasks pass to and fro, each pinned, on one core and across two. The verdict needs both.

mod figures;
mod findings;
mod link;
mod partner;
mod ring;
mod seen;

use self::link::Way;
use self::partner::{Cores, Path, Tasks, drain, echo, ping, pour, with_partner};
use self::seen::Writer;
use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment, time_each};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::measure::{Clock, ClockCost, Plan, decided};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::verdict::{Doubt, Finding, Outcome, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct Communication;

static ABOUT: About = About {
    id: "communication",
    question: msg!("Does a process need the kernel to pass a message, and what does each way cost?"),
    section: Section::ProcessVsThread,
    claims: &["communication"],
    params: &[
        Param::integer("bytes", msg!("Size of a message, in bytes"), (1, 1 << 20), 1, 1),
        Param::aa(),
    ],
    seconds: (3, 30),
    uses: &["pinning", "second-cpu", "loopback"],
    source: include_str!("mod.rs"),
};

/// The two sides of the verdict: memory that threads share, and a pipe between processes.
const MEMORY: Path = Path {
    way: Way::PrivateFutex,
    tasks: Tasks::Threads,
    cores: Cores::One,
};
const PIPE: Path = Path {
    way: Way::Pipe,
    tasks: Tasks::Processes,
    cores: Cores::One,
};

/// Message sizes of the bandwidth's sweep.
const SIZES: [usize; 8] = [64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20];
const SIZES_QUICK: [usize; 5] = [64, 1 << 10, 16 << 10, 128 << 10, 1 << 20];
/// The ways of the bandwidth's sweep, all between processes.
const CARRIERS: [Way; 4] = [Way::SharedFutex, Way::Pipe, Way::Unix, Way::Tcp];

/// Where and how messages are timed in this run.
struct Court<'a> {
    clock: &'a dyn Clock,
    cost: ClockCost,
    here: usize,
    there: Option<usize>,
    bytes: usize,
    rounds: u64,
}

impl Experiment for Communication {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        if cx.params.flag("aa") {
            let court = Court::open(cx)?;
            return compare(cx, &court);
        }
        look(cx)?;
        let court = Court::open(cx)?;
        compare(cx, &court)?;
        let has_tcp = Way::Tcp.connect().map_err(|error| cx.miss("loopback", error)).is_ok();
        let usable = |way: Way| has_tcp || way != Way::Tcp;
        for (cores, from) in [(Cores::One, 0.4), (Cores::Two, 0.6)] {
            if cores == Cores::Two && court.there.is_none() {
                cx.miss("second-cpu", format!("allowed: CPU {}", court.here));
                continue;
            }
            let paths: Vec<Path> = Path::all(cores).into_iter().filter(|path| usable(path.way)).collect();
            cx.phase(text!("Passing messages in every way"), from, from + 0.2);
            time_ways(cx, &court, &paths)?;
        }
        let carriers: Vec<Way> = CARRIERS.into_iter().filter(|&way| usable(way)).collect();
        time_sizes(cx, &court, &carriers)
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let [first, second] = main_conditions(record.is_aa());
        let (first, second) = (record.blocks("time", &first), record.blocks("time", &second));
        let (ratio, drift) = judge::paired_ratio(record, first, second);
        let sight = Sight::of(record);
        let summary = if record.is_aa() {
            text!("A/A: the same way twice differs by a factor of {effect}.")
        } else {
            text!(
                "Of {trials} writes of each kind, {thread} of a thread and {process} of a process were seen; on one core a message of {bytes} B takes {effect} times as long through a pipe between processes as through memory that threads share."
            )
        };
        let summary = summary
            .with("trials", format::count(sight.least_trials()))
            .with("thread", format::count(sight.thread.0))
            .with("process", format::count(sight.process.0))
            .with("bytes", format::count(record.params.count("bytes") as u64));
        let mut verdict = judge::ratio(record, "communication", ratio, summary);
        if !record.is_aa() {
            verdict.outcome = sight.combine(verdict.outcome);
            verdict.doubts.extend(sight.doubt());
        }
        verdict.doubts.extend(drift);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record, &Sight::of(record))
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

impl<'a> Court<'a> {
    /// Counts how many rounds of a pipe take long enough; every way is timed over as many.
    fn open(cx: &Context<'a>) -> Result<Self, Error> {
        let mut court = Court {
            clock: cx.clock,
            cost: cx.clock_cost,
            here: cx.machine.quiet_cpu(),
            there: cx.machine.other_cpu(),
            bytes: cx.params.count("bytes"),
            rounds: 64,
        };
        let message_ns = court.latency(PIPE)?;
        let block_ns: f64 = if cx.mode == Mode::Quick { 2e6 } else { 6e6 };
        let shortest = cx.clock_cost.shortest_timing().as_f64();
        let rounds = block_ns.max(shortest) / (2.0 * message_ns).max(1.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 16 to 100,000"
        )]
        let rounds = rounds.clamp(16.0, 100_000.0) as u64;
        court.rounds = rounds;
        Ok(court)
    }

    fn cpu(&self, cores: Cores) -> usize {
        match cores {
            Cores::One => self.here,
            Cores::Two => self.there.unwrap_or(self.here),
        }
    }

    /// The time of one message, half a round, in nanoseconds. The partner lives for a block and not for a message.
    fn latency(&self, path: Path) -> Result<f64, Error> {
        let (bytes, rounds) = (self.bytes, self.rounds);
        let warm_up = rounds / 8 + 1;
        with_partner(
            path,
            self.cpu(path.cores),
            move |end| echo(end, bytes, warm_up + rounds),
            |end| {
                let mut message = vec![0; bytes];
                ping(end, &mut message, warm_up).during("pass a message")?;
                time_each(self.clock, self.cost, 2 * rounds, || {
                    ping(end, &mut message, rounds).during("pass a message")
                })
            },
        )
    }

    /// Megabytes a second of messages of this size, from one process to another on the same core.
    fn bandwidth(&self, way: Way, bytes: usize) -> Result<f64, Error> {
        let path = Path {
            way,
            tasks: Tasks::Processes,
            cores: Cores::One,
        };
        let volume = (bytes * 4096).clamp(256 << 10, 8 << 20);
        let count = volume.div_ceil(bytes) as u64;
        with_partner(
            path,
            self.here,
            move |end| pour(end, bytes, count),
            |end| {
                let mut message = vec![0; bytes];
                end.receive(&mut message).during("take a message in")?;
                let message_ns = time_each(self.clock, self.cost, count, || {
                    end.send(&[1]).during("ask for messages")?;
                    drain(end, &mut message, count).during("take a message in")
                })?;
                Ok(bytes as f64 * 1e3 / message_ns)
            },
        )
    }
}

/// The two conditions of the verdict. In an A/A run both are the memory that threads share.
fn main_conditions(aa: bool) -> [Condition; 2] {
    let second = if aa { MEMORY } else { PIPE };
    [MEMORY.condition().and("side", "a"), second.condition().and("side", "b")]
}

fn look(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Looking whether a write is seen"), 0.0, 0.05);
    let trials = if cx.mode == Mode::Quick { 200 } else { 1_000 };
    let plan = Plan {
        budget: cx.time(0.05),
        warm_up: 0,
        min_rounds: 100,
        max_rounds: trials,
    };
    let mut values = cx.rng.fork();
    let blocks = cx.sweep(&Writer::ALL, plan, |&writer| {
        let before = values.u64(..);
        seen::trial(writer, before, before.wrapping_add(values.u64(1..)))
    })?;
    for (writer, blocks) in Writer::ALL.into_iter().zip(blocks) {
        cx.put(writer.condition(), "seen", "1", blocks);
    }
    Ok(())
}

fn compare(cx: &mut Context<'_>, court: &Court<'_>) -> Result<(), Error> {
    let aa = cx.params.flag("aa");
    cx.phase(text!("Passing messages through memory and through a pipe"), 0.05, 0.4);
    let sides = [MEMORY, if aa { MEMORY } else { PIPE }];
    let region = crate::claim::EQUIVALENCE;
    let plan = Plan::lasting(cx.time(0.3));
    let blocks = cx.compare(
        &[0, 1],
        plan,
        &|blocks, seed, confidence| decided(&blocks[0], &blocks[1], region, seed, confidence),
        |&side: &usize| court.latency(sides[side]),
    )?;
    for (condition, blocks) in main_conditions(aa).into_iter().zip(blocks) {
        cx.put(condition, "time", "ns", blocks);
    }
    cx.put(Condition::default(), "rounds", "1", vec![court.rounds as f64]);
    Ok(())
}

fn time_ways(cx: &mut Context<'_>, court: &Court<'_>, paths: &[Path]) -> Result<(), Error> {
    let plan = Plan {
        warm_up: 0,
        min_rounds: 5,
        ..Plan::lasting(cx.time(0.2))
    };
    let blocks = cx.sweep(paths, plan, |&path| court.latency(path))?;
    for (path, blocks) in paths.iter().zip(blocks) {
        cx.put(path.condition(), "time", "ns", blocks);
    }
    Ok(())
}

fn time_sizes(cx: &mut Context<'_>, court: &Court<'_>, carriers: &[Way]) -> Result<(), Error> {
    cx.phase(text!("Sending messages of every size"), 0.8, 1.0);
    let sizes: &[usize] = if cx.mode == Mode::Quick { &SIZES_QUICK } else { &SIZES };
    let cells: Vec<(Way, usize)> = carriers
        .iter()
        .flat_map(|&way| sizes.iter().map(move |&bytes| (way, bytes)))
        .collect();
    let plan = Plan {
        warm_up: 0,
        min_rounds: 5,
        ..Plan::lasting(cx.time(0.2))
    };
    let blocks = cx.sweep(&cells, plan, |&(way, bytes)| court.bandwidth(way, bytes))?;
    for ((way, bytes), blocks) in cells.into_iter().zip(blocks) {
        let condition = Condition::of("way", way.id()).and("message_bytes", bytes);
        cx.put(condition, "bandwidth", "MB/s", blocks);
    }
    Ok(())
}

/// How many writes were seen, of how many trials.
struct Sight {
    thread: (u64, u64),
    process: (u64, u64),
    shared: (u64, u64),
}

impl Sight {
    fn of(record: &Record) -> Self {
        let count = |writer: Writer| {
            let trials = record.blocks("seen", &writer.condition());
            let seen = trials.iter().filter(|&&trial| trial > 0.5).count();
            (seen as u64, trials.len() as u64)
        };
        Sight {
            thread: count(Writer::Thread),
            process: count(Writer::Process),
            shared: count(Writer::ProcessShared),
        }
    }

    fn least_trials(&self) -> u64 {
        self.thread.1.min(self.process.1).min(self.shared.1)
    }

    /// Did a private write get through, or one of a thread get lost?
    fn is_refuted(&self) -> bool {
        self.process.0 > 0 || self.thread.0 < self.thread.1
    }

    /// The shared mapping shows that a process's write can be seen by this very method.
    fn is_control_broken(&self) -> bool {
        self.shared.0 < self.shared.1
    }

    /// The claim holds only if both of its parts do.
    fn combine(&self, ratio: Outcome) -> Outcome {
        if self.is_refuted() {
            Outcome::Refuted
        } else if self.least_trials() == 0 || self.is_control_broken() {
            Outcome::Inconclusive
        } else {
            ratio
        }
    }

    fn doubt(&self) -> Option<Doubt> {
        self.is_control_broken().then(|| {
            Doubt::new(
                "shared-mapping",
                text!(
                    "Only {seen} of {trials} writes to a shared mapping were seen, so the trials show nothing.",
                    seen = format::count(self.shared.0),
                    trials = format::count(self.shared.1)
                ),
                text!("Report it with the output of `weft doctor`: memory that is mapped as shared must be shared."),
            )
        })
    }
}

#[cfg(test)]
mod tests;
