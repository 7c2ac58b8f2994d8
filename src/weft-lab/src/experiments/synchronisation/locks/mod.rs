//! Does a mutex, a semaphore or a lock ever lose an update, and what does each let through?
//!
//! Section 6 of the notes, "해결". Threads add to one counter by a load and a store, the program that loses updates, now
//! under each kind of lock, until a time is up. Each block is a trial: what was counted must be there. The same block
//! gives the throughput and the fairness. A semaphore with several permits is tried for its own promise.

mod figures;
mod findings;
mod kind;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use self::kind::{Family, Kind, pound};
use super::team::{Team, dawdle};
use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::judge;
use crate::locks::{Permits, Semaphore};
use crate::measure::Plan;
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::verdict::{Doubt, Finding, Outcome, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct Locks;

static ABOUT: About = About {
    id: "locks",
    question: msg!("Does a mutex, a semaphore or a lock ever lose an update, and what does each let through?"),
    section: Section::Synchronisation,
    claims: &["mutex", "semaphore", "lock"],
    params: &[
        Param::integer("threads", msg!("Most threads that want the lock"), (1, 32), 4, 8),
        Param::integer(
            "inside",
            msg!("Length of the critical section, in steps of an empty loop"),
            (0, 100_000),
            0,
            0,
        ),
        Param::integer("permits", msg!("Permits of the semaphore"), (1, 16), 2, 2),
        Param::integer("window_ms", msg!("Length of a block, in ms"), (1, 500), 4, 30),
    ],
    seconds: (3, 16),
    uses: &["pinning", "second-cpu"],
    source: include_str!("mod.rs"),
};

/// Lengths of the critical section in the sweep, in steps of an empty loop.
const LENGTHS: [u64; 4] = [0, 30, 300, 3_000];
/// The kinds of that sweep.
const BY_LENGTH: [Kind; 5] = [
    Kind::StdMutex,
    Kind::ParkingLot,
    Kind::Semaphore,
    Kind::TestAndTestAndSet,
    Kind::Ticket,
];

impl Experiment for Locks {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        if cx.machine.other_cpu().is_none() {
            cx.miss("second-cpu", format!("allowed: CPU {}", cx.machine.quiet_cpu()));
        }
        try_all(cx)?;
        try_permits(cx)?;
        sweep_threads(cx)?;
        sweep_lengths(cx)
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let tally = |family| Tally::of(record, family);
        let mutex = judge::always(
            record,
            "mutex",
            tally(Family::Mutex).held,
            tally(Family::Mutex).trials,
            text!("In {held} of {trials} trials with a mutex every update was there at the end."),
        );
        let (locks, permits) = (tally(Family::Semaphore), Tally::of_permits(record));
        let semaphore = judge::always(
            record,
            "semaphore",
            locks.held + permits.held,
            locks.trials + permits.trials,
            text!(
                "In {held} of {trials} trials the semaphore let in no more threads than it had permits, and with one permit lost no update."
            ),
        );
        let lock = judge::always(
            record,
            "lock",
            tally(Family::Lock).held,
            tally(Family::Lock).trials,
            text!("In {held} of {trials} trials with a lock of another kind every update was there at the end."),
        );
        let mut verdicts = vec![mutex, semaphore, lock];
        let control = Control::of(record);
        for verdict in &mut verdicts {
            if control.is_blind() && verdict.outcome == Outcome::Supported {
                verdict.outcome = Outcome::Inconclusive;
                verdict.doubts.push(control.doubt());
            }
        }
        verdicts
    }

    fn findings(&self, record: &Record, claim: &str) -> Vec<Finding> {
        let family = match claim {
            "mutex" => Family::Mutex,
            "semaphore" => Family::Semaphore,
            _ => Family::Lock,
        };
        findings::of(record, family)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

/// Puts throughput, fairness and losses of a sweep's blocks into the record.
fn pound_all(
    cx: &mut Context<'_>,
    cells: &[(Kind, usize, u64)],
    plan: Plan,
    condition: impl Fn(&(Kind, usize, u64)) -> Condition,
) -> Result<(), Error> {
    let cpus = cx.machine.allowed_cpus.clone();
    let window = Duration::from_millis(cx.params.count("window_ms") as u64);
    let mut fairness = vec![Vec::new(); cells.len()];
    let mut lost = vec![Vec::new(); cells.len()];
    let indices: Vec<usize> = (0..cells.len()).collect();
    let blocks = cx.sweep(&indices, plan, |&index| {
        let (kind, threads, inside) = cells[index];
        let outcome = pound(kind, Team { threads, cpus: &cpus }, window, inside)?;
        fairness[index].push(outcome.shift.fairness());
        lost[index].push(outcome.lost as f64);
        Ok(outcome.shift.total() as f64 * 1e3 / outcome.shift.wall_ns())
    })?;
    for (index, cell) in cells.iter().enumerate() {
        let condition = condition(cell);
        cx.put(condition.clone(), "throughput", "1", blocks[index].clone());
        cx.put(condition.clone(), "fairness", "1", std::mem::take(&mut fairness[index]));
        cx.put(condition, "lost", "1", std::mem::take(&mut lost[index]));
    }
    Ok(())
}

/// Many short trials of each kind, and of no lock at all, with two threads: the number counts here, not the speed.
fn try_all(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Looking for a lost update"), 0.0, 0.25);
    let cpus = cx.machine.allowed_cpus.clone();
    let kinds: Vec<Kind> = std::iter::once(Kind::Nothing).chain(Kind::SAFE).collect();
    let plan = Plan {
        budget: cx.time(0.2),
        warm_up: 0,
        min_rounds: 10,
        max_rounds: if cx.mode == Mode::Quick { 40 } else { 300 },
    };
    let blocks = cx.sweep(&kinds, plan, |&kind| {
        let outcome = pound(
            kind,
            Team {
                threads: 2,
                cpus: &cpus,
            },
            Duration::from_millis(1),
            0,
        )?;
        Ok(outcome.lost as f64)
    })?;
    for (kind, blocks) in kinds.into_iter().zip(blocks) {
        cx.put(kind.condition().and("part", "trial"), "lost", "1", blocks);
    }
    Ok(())
}

/// Threads go through a semaphore; the most that were inside at once.
fn try_permits(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Going through the semaphore"), 0.25, 0.3);
    let permits = cx.params.count("permits");
    let cpus = cx.machine.allowed_cpus.clone();
    let plan = Plan {
        budget: cx.time(0.05),
        warm_up: 0,
        min_rounds: 10,
        max_rounds: if cx.mode == Mode::Quick { 40 } else { 300 },
    };
    let blocks = cx.sweep(&[()], plan, |()| {
        let semaphore = Semaphore::new(permits);
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let team = Team {
            threads: permits + 2,
            cpus: &cpus,
        };
        team.together(|_| {
            for _ in 0..20 {
                semaphore.acquire();
                most.fetch_max(inside.fetch_add(1, Ordering::AcqRel) + 1, Ordering::AcqRel);
                // Others get a chance to come in, on one core too.
                crate::sys::yield_now();
                dawdle(100);
                inside.fetch_sub(1, Ordering::AcqRel);
                semaphore.release();
            }
            20
        })?;
        Ok(most.into_inner() as f64)
    })?;
    let condition = Condition::of("permits", permits);
    cx.put(
        condition,
        "most-inside",
        "1",
        blocks.into_iter().next().unwrap_or_default(),
    );
    Ok(())
}

/// 1, 2, 4, ... up to the most that were asked for.
fn thread_counts(most: usize) -> Vec<usize> {
    let mut counts: Vec<usize> = std::iter::successors(Some(1), |&count| Some(count * 2))
        .take_while(|&count| count < most)
        .collect();
    counts.push(most.max(1));
    counts
}

fn sweep_threads(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Taking the lock with more and more threads"), 0.3, 0.75);
    let inside = cx.params.count("inside") as u64;
    let cells: Vec<(Kind, usize, u64)> = thread_counts(cx.params.count("threads"))
        .into_iter()
        .flat_map(|threads| Kind::SAFE.map(|kind| (kind, threads, inside)))
        .collect();
    let plan = Plan {
        budget: cx.time(if cx.mode == Mode::Quick { 0.35 } else { 0.15 }),
        warm_up: 0,
        min_rounds: 3,
        max_rounds: 60,
    };
    pound_all(cx, &cells, plan, |&(kind, threads, _)| {
        kind.condition().and("threads", threads)
    })
}

fn sweep_lengths(cx: &mut Context<'_>) -> Result<(), Error> {
    cx.phase(text!("Staying longer and longer inside"), 0.75, 1.0);
    let cells: Vec<(Kind, usize, u64)> = LENGTHS
        .into_iter()
        .flat_map(|inside| BY_LENGTH.map(|kind| (kind, 2, inside)))
        .collect();
    let plan = Plan {
        budget: cx.time(if cx.mode == Mode::Quick { 0.2 } else { 0.06 }),
        warm_up: 0,
        min_rounds: 3,
        max_rounds: 60,
    };
    pound_all(cx, &cells, plan, |&(kind, _, inside)| {
        kind.condition().and("inside", inside)
    })
}

/// Trials in which nothing was lost, of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    held: usize,
    trials: usize,
}

impl Tally {
    /// Over every block of the kinds of this family, trials and sweeps alike.
    fn of(record: &Record, family: Family) -> Tally {
        let mut tally = Tally::default();
        for kind in Kind::SAFE.into_iter().filter(|kind| kind.family() == family) {
            tally = tally.plus(Tally::of_kind(record, kind));
        }
        tally
    }

    fn of_kind(record: &Record, kind: Kind) -> Tally {
        let mut tally = Tally::default();
        for series in record.select("lost", kind.condition()) {
            tally.trials += series.blocks.len();
            tally.held += series.blocks.iter().filter(|&&lost| lost < 0.5).count();
        }
        tally
    }

    /// Trials in which no more threads were inside than there were permits.
    fn of_permits(record: &Record) -> Tally {
        let permits = record.params.count("permits");
        let most = record.blocks("most-inside", &Condition::of("permits", permits));
        Tally {
            held: most.iter().filter(|&&most| most <= permits as f64).count(),
            trials: most.len(),
        }
    }

    fn plus(self, other: Tally) -> Tally {
        Tally {
            held: self.held + other.held,
            trials: self.trials + other.trials,
        }
    }
}

/// What the same trials without a lock lost: they must lose, or the trials show nothing.
struct Control {
    clean: Tally,
}

impl Control {
    fn of(record: &Record) -> Self {
        Control {
            clean: Tally::of_kind(record, Kind::Nothing),
        }
    }

    fn lossy(&self) -> usize {
        self.clean.trials - self.clean.held
    }

    fn is_blind(&self) -> bool {
        self.lossy() == 0
    }

    fn doubt(&self) -> Doubt {
        Doubt::new(
            "control",
            text!(
                "In {trials} trials without any lock nothing was lost either, so the trials show nothing.",
                trials = self.clean.trials
            ),
            text!("Allow a second core, or pass --full."),
        )
    }
}

#[cfg(test)]
mod tests;
