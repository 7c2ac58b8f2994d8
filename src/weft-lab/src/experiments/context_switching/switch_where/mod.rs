//! Between which tasks does the kernel switch?
//!
//! Section 5 of the notes, "where it happens". A ring of tasks hands the core on, by yielding or by waiting. The tasks
//! are threads of one process, processes, or threads of two processes. Each task notes who had the core before it, and
//! the kernel's counters say how often it switched.

mod figures;
#[cfg(test)]
mod tests;
mod turns;

use std::io;

use self::turns::{Round, Way, round};
use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::measure::Plan;
use crate::measure::ring::Kind;
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::text::Text;
use crate::verdict::{Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct SwitchWhere;

static ABOUT: About = About {
    id: "switch-where",
    question: msg!("Between which tasks does the kernel switch?"),
    section: Section::ContextSwitching,
    claims: &["switch-where"],
    params: &[
        Param::integer("tasks", msg!("Tasks in a ring"), (2, 16), 4, 4),
        Param::integer("turns", msg!("Turns of each task in one trial"), (20, 5_000), 100, 200),
        Param::integer(
            "trials",
            msg!("Trials; each is a ring of every kind, handed on in both ways"),
            (1, 5_000),
            50,
            300,
        ),
    ],
    seconds: (1, 6),
    uses: &["pinning", "tasks", "task-status"],
    source: include_str!("mod.rs"),
};

/// What the tasks of a ring are.
const KINDS: [Kind; 3] = [Kind::Thread, Kind::Process, Kind::Mixed];

/// A ring: what its tasks are, and how they hand the core on.
type Arrangement = (Kind, Way);

fn arrangements() -> Vec<Arrangement> {
    KINDS
        .into_iter()
        .flat_map(|kind| Way::BOTH.map(|way| (kind, way)))
        .collect()
}

fn condition((kind, way): Arrangement) -> Condition {
    Condition::of("kind", kind.id()).and("way", way.id())
}

/// What is recorded of each ring.
const QUANTITIES: [&str; 8] = [
    "voluntary",
    "involuntary",
    "least",
    "within",
    "across",
    "itself",
    "processes",
    "agree",
];

/// The numbers of a round, in the order of [`QUANTITIES`].
fn numbers(round: &Round) -> [f64; QUANTITIES.len()] {
    [
        round.voluntary as f64,
        round.involuntary as f64,
        round.least as f64,
        round.within as f64,
        round.across as f64,
        round.itself as f64,
        round.processes as f64,
        round.agree as f64,
    ]
}

impl Experiment for SwitchWhere {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        cx.phase(text!("Handing the core on in rings of each kind"), 0.0, 1.0);
        let (tasks, turns) = (cx.params.count("tasks"), cx.params.count("turns") as u64);
        let plan = Plan {
            budget: cx.time(if cx.mode == Mode::Quick { 0.6 } else { 0.28 }),
            warm_up: 0,
            min_rounds: 1,
            max_rounds: cx.params.count("trials"),
        };
        let all = arrangements();
        let mut taken: Vec<Vec<Option<Round>>> = vec![Vec::new(); all.len()];
        let (mut refused, mut unread) = (None, false);
        let places: Vec<usize> = (0..all.len()).collect();
        cx.sweep(&places, plan, |&place| {
            let (kind, way) = all[place];
            match round(kind, way, tasks, turns) {
                Ok(round) => {
                    unread |= round.unread > 0;
                    taken[place].push(Some(round));
                    Ok(round.voluntary as f64)
                }
                Err(Error::System { source, .. }) if source.kind() == io::ErrorKind::WouldBlock => {
                    refused = Some(source);
                    taken[place].push(None);
                    Ok(-1.0)
                }
                Err(error) => Err(error),
            }
        })?;
        if let Some(error) = refused {
            cx.miss("tasks", error);
        }
        if unread {
            cx.miss("task-status", "/proc/thread-self/status can't be read");
        }
        // A trial that lacks a ring shows nothing.
        let made = taken[0].len();
        let kept: Vec<usize> = (0..made)
            .filter(|&trial| taken.iter().all(|rounds| rounds[trial].is_some()))
            .collect();
        for (&arrangement, rounds) in all.iter().zip(&taken) {
            let rows: Vec<_> = kept
                .iter()
                .filter_map(|&trial| rounds[trial])
                .map(|round| numbers(&round))
                .collect();
            for (which, quantity) in QUANTITIES.into_iter().enumerate() {
                let blocks = rows.iter().map(|row| row[which]).collect();
                cx.put(condition(arrangement), quantity, "1", blocks);
            }
        }
        cx.put(Condition::default(), "lost", "1", vec![(made - kept.len()) as f64]);
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let trials = trials(record);
        let held = (0..trials)
            .filter(|&trial| arrangements().into_iter().all(|which| holds(record, which, trial)))
            .count();
        let summary = text!(
            "In {held} of {trials} trials the kernel counted the switches of every task, between threads, between processes, and between threads of two processes."
        );
        let mut verdict = judge::always(record, "switch-where", held, trials, summary);
        let lost = whole(record.blocks("lost", &Condition::default()).iter().sum());
        judge::fewer_trials(&mut verdict, trials, lost, record.params.count("trials"));
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figures = [figures::who(record), figures::counters(record)];
        figures.into_iter().filter(|figure| !figure.is_empty()).collect()
    }
}

/// How many trials were made of all arrangements.
fn trials(record: &Record) -> usize {
    let made = |which| record.blocks("least", &condition(which)).len();
    arrangements().into_iter().map(made).min().unwrap_or(0)
}

/// Did the kernel count, in this trial's ring, a switch of each task and as many as the tasks saw, between tasks that
/// belong where they should?
fn holds(record: &Record, which: Arrangement, trial: usize) -> bool {
    let number = |quantity: &str| {
        let blocks = record.blocks(quantity, &condition(which));
        blocks.get(trial).copied().unwrap_or(f64::NAN)
    };
    let (within, across) = (number("within"), number("across"));
    let handed_on = match which.0 {
        Kind::Thread => within,
        Kind::Process => across,
        Kind::Mixed => within + across,
    };
    let tasks = record.params.count("tasks");
    // Before its first turn a task has not begun to count.
    let counted = number("voluntary") + number("involuntary");
    let is_counted = number("least") >= 1.0 && counted >= within + across - tasks as f64;
    handed_on >= 1.0 && is_counted && (number("processes") - which.0.processes(tasks) as f64).abs() < 0.5
}

/// The sum of a quantity over all trials of a ring, for each of its turns.
fn per_turn(record: &Record, which: Arrangement, quantity: &str) -> Option<f64> {
    let blocks = record.blocks(quantity, &condition(which));
    let turns = blocks.len() * record.params.count("tasks") * record.params.count("turns");
    (turns > 0).then(|| blocks.iter().sum::<f64>() / turns as f64)
}

fn findings(record: &Record) -> Vec<Finding> {
    let ways = Way::BOTH.map(|way| counted(record, way));
    let findings = [mixed(record), agreement(record)];
    ways.into_iter().chain(findings).flatten().collect()
}

fn finding(id: &str, text: Text) -> Finding {
    Finding {
        id: id.to_owned(),
        text,
        effect: None,
    }
}

/// Which of its two counters does the kernel use for a yield, and which for a wait?
fn counted(record: &Record, way: Way) -> Option<Finding> {
    let share = |quantity: &str| {
        let all: Option<Vec<f64>> = KINDS
            .into_iter()
            .map(|kind| per_turn(record, (kind, way), quantity))
            .collect();
        let mean = all.map(|all| all.iter().sum::<f64>() / all.len() as f64)?;
        // A stray switch in a million turns is not worth its digits.
        Some(format::number((mean * 1_000.0).round() / 1_000.0))
    };
    let (voluntary, involuntary) = (share("voluntary")?, share("involuntary")?);
    let (id, text) = match way {
        Way::Yield => (
            "yield",
            text!(
                "For each yield the kernel counted {involuntary} involuntary and {voluntary} voluntary switches: who yields could have gone on."
            ),
        ),
        Way::Wait => (
            "wait",
            text!("For each wait it counted {voluntary} voluntary and {involuntary} involuntary switches."),
        ),
    };
    Some(finding(
        id,
        text.with("voluntary", voluntary).with("involuntary", involuntary),
    ))
}

/// Where the threads of two processes handed the core on.
fn mixed(record: &Record) -> Option<Finding> {
    let percent = |quantity: &str| {
        let share = per_turn(record, (Kind::Mixed, Way::Yield), quantity)?;
        Some(format::quantity(share * 100.0, "%"))
    };
    Some(finding(
        "mixed",
        text!(
            "Among the yielding threads of two processes {across} of the turns followed one of the other process, and {within} one of another thread of the same: the kernel chooses tasks, not processes.",
            across = percent("across")?,
            within = percent("within")?
        ),
    ))
}

fn agreement(record: &Record) -> Option<Finding> {
    let sum = |which| record.blocks("agree", &condition(which)).iter().sum::<f64>();
    let agree: f64 = arrangements().into_iter().map(sum).sum();
    let all = trials(record) * arrangements().len() * record.params.count("tasks");
    (agree > 0.0).then(|| {
        finding(
            "agreement",
            text!(
                "For {agree} of {all} tasks the file status in /proc shows the counts that getrusage gives.",
                agree = format::count(whole(agree) as u64),
                all = format::count(all as u64)
            ),
        )
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count, written as it is"
)]
fn whole(count: f64) -> usize {
    count.max(0.0) as usize
}
