//! What does each thread have for itself?
//!
//! Section 2 of the notes: a stack, a program counter, registers. A trial starts a process with N threads beside its
//! first. Each puts a value of its own into one register and then spins or sleeps. The parent stops them all (`ptrace`),
//! reads the registers of each from outside, and looks where they point: into which stack, and into which function.
//! Where `ptrace` is forbidden a signal stops each thread, and its handler writes down what the registers held.

mod crew;
mod figures;
mod findings;
mod names;
mod symbols;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io;

use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::judge;
use crate::maps::{self, Mapped};
use crate::measure::Nanos;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::sys::REGISTER_NAMES;
use crate::verdict::{Finding, Verdict};

use crew::{Crew, Job, Reader, Snapshot};
use names::Names;

/// See the module.
#[derive(Debug)]
pub(crate) struct ThreadOwns;

static ABOUT: About = About {
    id: "thread-owns",
    question: msg!("What does each thread have for itself?"),
    section: Section::Thread,
    claims: &["thread-owns"],
    params: &[
        Param::integer("threads", msg!("Threads beside the first"), (1, 32), 3, 3),
        Param::integer("trials", msg!("Trials"), (1, 10_000), 50, 500),
        Param::choice("reader", msg!("How the registers are read"), &["ptrace", "signal"]),
    ],
    seconds: (1, 5),
    uses: &["ptrace", "symbols", "tasks", "stopped-threads"],
    source: include_str!("mod.rs"),
};

/// What must hold of each thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Check {
    Stack,
    ThreadLocal,
    Counter,
    Register,
}

impl Check {
    const ALL: [Check; 4] = [Check::Stack, Check::ThreadLocal, Check::Counter, Check::Register];

    fn id(self) -> &'static str {
        match self {
            Check::Stack => "stack",
            Check::ThreadLocal => "thread-local",
            Check::Counter => "counter",
            Check::Register => "register",
        }
    }

    fn condition(self) -> Condition {
        Condition::of("check", self.id())
    }

    /// Does it hold of all threads of this process? `functions`: where each stands, as far as it has a name.
    fn holds(self, snapshot: &Snapshot, functions: &[Option<String>]) -> bool {
        let threads = &snapshot.threads;
        let region = |address: u64| maps::at(&snapshot.maps, address);
        let are_all_different = |numbers: Vec<u64>| numbers.iter().collect::<BTreeSet<_>>().len() == threads.len();
        match self {
            // Local variables and stack pointer in one region, which is no other thread's.
            Check::Stack => {
                let stacks = threads.iter().filter_map(|thread| {
                    let stack = region(thread.local)?;
                    let is_own = stack.holds(thread.registers.stack_pointer()) && !stack.is_code();
                    is_own.then_some(stack.start)
                });
                are_all_different(stacks.collect())
            }
            Check::ThreadLocal => are_all_different(threads.iter().map(|thread| thread.own).collect()),
            // In code, and in the function that this thread was sent to.
            Check::Counter => threads
                .iter()
                .zip(functions)
                .enumerate()
                .all(|(index, (thread, function))| {
                    let is_code = region(thread.registers.program_counter()).is_some_and(Mapped::is_code);
                    let named = function.as_ref().zip(Job::of(index).function());
                    is_code && named.is_none_or(|(found, sent)| names::last(found) == sent)
                }),
            Check::Register => threads
                .iter()
                .all(|thread| thread.value.is_none_or(|value| thread.registers.held() == value)),
        }
    }
}

/// A value for a register, which a number of a record holds to the last bit.
fn value(rng: &mut fastrand::Rng) -> u64 {
    (0x5eed_u64 << 32) | u64::from(rng.u32(..))
}

impl Experiment for ThreadOwns {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.phase(text!("Stopping threads and reading their registers"), 0.0, 1.0);
        let (threads, trials) = (cx.params.count("threads"), cx.params.count("trials"));
        let mut reader = match cx.params.word("reader") {
            "signal" => Reader::Signal,
            _ => Reader::Ptrace,
        };
        let mut names = Names::default();
        let mut held: [Vec<f64>; 4] = Default::default();
        let mut lost = 0_u32;
        let mut first = None;
        let budget = Nanos::from(cx.time(0.8));
        let start = cx.clock.now();
        for trial in 0..trials {
            let values: Vec<u64> = (0..threads).map(|_| value(&mut cx.rng)).collect();
            match look(cx, &values, &mut reader) {
                Ok(snapshot) => {
                    let functions = names.of_threads(&snapshot);
                    for (check, held) in Check::ALL.into_iter().zip(&mut held) {
                        held.push(f64::from(u8::from(check.holds(&snapshot, &functions))));
                    }
                    first.get_or_insert((snapshot, functions));
                }
                Err(error) => {
                    lost += 1;
                    let no_task = error.kind() == io::ErrorKind::WouldBlock;
                    cx.miss(if no_task { "tasks" } else { "stopped-threads" }, error);
                }
            }
            cx.progress((trial + 1) as f64 / trials as f64);
            if cx.clock.now().since(start) > budget {
                break;
            }
        }
        for (check, held) in Check::ALL.into_iter().zip(held) {
            cx.put(check.condition(), "held", "1", held);
        }
        cx.put(Condition::default(), "lost", "1", vec![f64::from(lost)]);
        if let Some((snapshot, functions)) = first {
            if functions[1..].iter().any(Option::is_none) {
                cx.miss("symbols", "no name for a function of this program");
            }
            keep(cx, &snapshot, &functions);
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let checks = Check::ALL.map(|check| record.blocks("held", &check.condition()));
        let made = checks.iter().map(|held| held.len()).min().unwrap_or(0);
        let held = (0..made)
            .filter(|&trial| checks.iter().all(|held| held[trial] > 0.5))
            .count();
        let summary = if made == 0 {
            text!("Nothing could be measured.")
        } else {
            text!(
                "In {held} of {trials} trials each of {threads} threads had a stack, thread-local data, a program counter and a register value of its own.",
                threads = record.params.count("threads") + 1
            )
        };
        let mut verdict = judge::always(record, ABOUT.claims[0], held, made, summary);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of trials"
        )]
        let lost = record.blocks("lost", &Condition::default()).iter().sum::<f64>() as usize;
        judge::fewer_trials(&mut verdict, made, lost, record.params.count("trials"));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// One trial. Where tracing is forbidden, this and all later trials go by signals.
fn look(cx: &mut Context<'_>, values: &[u64], reader: &mut Reader) -> io::Result<Snapshot> {
    let crew = Crew::start(values, cx.clock)?;
    match crew.look(*reader, cx.clock) {
        Err(error) if *reader == Reader::Ptrace && is_forbidden(&error) => {
            cx.miss("ptrace", error);
            *reader = Reader::Signal;
            // A thread that was traced for a moment is let go by killing its process.
            drop(crew);
            Crew::start(values, cx.clock)?.look(*reader, cx.clock)
        }
        result => result,
    }
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
    ) || matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EIO))
}

/// The condition of a thread of the snapshot, 0 for the first.
fn thread(index: usize) -> Condition {
    Condition::of("thread", index)
}

/// Keeps one snapshot for the picture: where everything lies, and all registers.
fn keep(cx: &mut Context<'_>, snapshot: &Snapshot, functions: &[Option<String>]) {
    let address = |address: u64| vec![address as f64];
    for (index, standing) in snapshot.threads.iter().enumerate() {
        let counter = standing.registers.program_counter();
        let place = functions[index]
            .clone()
            .unwrap_or_else(|| names::beside(&snapshot.maps, counter));
        let at = |quantity: &str| thread(index).and("mark", quantity);
        cx.put(
            at("counter").and("function", place),
            "mark",
            "address",
            address(counter),
        );
        let stack_pointer = standing.registers.stack_pointer();
        cx.put(at("stack-pointer"), "mark", "address", address(stack_pointer));
        cx.put(at("local"), "mark", "address", address(standing.local));
        cx.put(at("thread-local"), "mark", "address", address(standing.own));
        for (name, value) in REGISTER_NAMES.iter().zip(standing.registers.values) {
            // A number of a record holds 53 bits.
            let halves = vec![(value >> 32) as f64, (value & 0xffff_ffff) as f64];
            cx.put(thread(index).and("register", name), "register", "1", halves);
        }
    }
    cx.put(Condition::of("mark", "data"), "mark", "address", address(snapshot.data));
    cx.put(Condition::of("mark", "heap"), "mark", "address", address(snapshot.heap));
    let mut kept = BTreeSet::new();
    let mut keep_region = |cx: &mut Context<'_>, address: u64, condition: Condition| {
        if let Some(region) = maps::at(&snapshot.maps, address)
            && kept.insert(region.start)
        {
            let condition = condition.and("name", region.short_name());
            cx.put(
                condition,
                "region",
                "address",
                vec![region.start as f64, region.end as f64],
            );
        }
    };
    for (index, standing) in snapshot.threads.iter().enumerate() {
        let counter = standing.registers.program_counter();
        keep_region(cx, counter, Condition::of("role", "code"));
        keep_region(cx, standing.local, thread(index).and("role", "stack"));
        // Most threads have it at the upper end of their stack; the first has it elsewhere.
        keep_region(cx, standing.own, thread(index).and("role", "thread-local"));
    }
    keep_region(cx, snapshot.data, Condition::of("role", "data"));
    keep_region(cx, snapshot.heap, Condition::of("role", "heap"));
}
