//! Some tabs of a browser crash, hang or eat memory. What happens to the others?
//!
//! Section 4 of the notes, "the tabs of a browser; if one dies, the others are not affected". A supervisor opens N tabs,
//! as processes or as threads of one process, and restarts what it has to. Each tab has a page with a number of its own,
//! so that a tab which was restarted can't pass for one that went on. Some tabs have an accident; then all others are
//! asked for their page, once before the supervisor acts and once after.

mod browser;
mod figures;
mod findings;
mod tab;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use self::browser::{Browser, Plan, Trouble};
use self::tab::{Accident, Order};
use super::kind::Kind;
use crate::claim::Section;
use crate::experiment::{About, Context, Error, Experiment};
use crate::figure::Figure;
use crate::format;
use crate::judge;
use crate::machine::occupied::{Occupied, Unreadable};
use crate::measure::{self, Clock, Nanos};
use crate::params::{Mode, Param};
use crate::record::{Condition, Record};
use crate::verdict::{Finding, Verdict};

/// See the module.
#[derive(Debug)]
pub(crate) struct BrowserTabs;

static ABOUT: About = About {
    id: "browser-tabs",
    question: msg!("Some tabs of a browser crash, hang or eat memory. What happens to the others?"),
    section: Section::MultiProcessMultiThread,
    claims: &["tabs-isolated"],
    params: &[
        Param::integer("tabs", msg!("Tabs of the browser"), (2, 64), 8, 8),
        Param::integer(
            "failing",
            msg!("Tabs that have the accident; one is left alone at least"),
            (1, 63),
            2,
            2,
        ),
        Param::integer(
            "page_kb",
            msg!("Memory that a page takes, in kB"),
            (4, 16_000),
            250,
            250,
        ),
        Param::integer(
            "patience_ms",
            msg!("How long a tab may be silent before the supervisor asks whether it hangs, in ms"),
            (20, 1_000),
            40,
            40,
        ),
        Param::integer(
            "limit_mb",
            msg!("Memory that a tab may take beyond what is used, in MB"),
            (2, 256),
            8,
            8,
        ),
    ],
    seconds: (3, 20),
    uses: &["pinning", "memory-limit", "tasks", "smaps-rollup", "kernel-memory"],
    source: concat!(
        include_str!("mod.rs"),
        "\n",
        include_str!("tab.rs"),
        "\n",
        include_str!("browser.rs")
    ),
};

/// The accidents of one round. A hang takes as long as the supervisor's patience, the others a few milliseconds.
const ROUND: [Accident; 7] = [
    Accident::Crash,
    Accident::Memory,
    Accident::Crash,
    Accident::Hang,
    Accident::Crash,
    Accident::Memory,
    Accident::Crash,
];

/// What one trial shows of the tabs that had no accident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shown {
    /// How many showed their page after the accident, before the supervisor acted.
    answered: usize,
    /// How many showed their first page after it had acted.
    kept: usize,
    /// How many processes or threads were restarted.
    restarted: usize,
    /// From the accident until each tab showed a page again, without the questions in between.
    recovery: Nanos,
    false_alarms: usize,
}

/// Why a trial shows nothing.
#[derive(Debug)]
enum Lost {
    /// The tabs could not be opened, or opened again.
    NoTabs(io::Error),
    /// The accident did not happen.
    NoAccident,
}

impl From<io::Error> for Lost {
    fn from(error: io::Error) -> Self {
        Lost::NoTabs(error)
    }
}

/// One trial: opens the tabs, lets some of them have an accident, supervises until all show a page.
fn trial(
    plan: Plan,
    (accident, failing, limit): (Accident, &[usize], u64),
    clock: &dyn Clock,
    rng: &mut fastrand::Rng,
) -> Result<Shown, Lost> {
    let mut browser = Browser::open(plan)?;
    let pages: Vec<u64> = (0..plan.tabs).map(|_| rng.u64(1..)).collect();
    for (tab, &page) in pages.iter().enumerate() {
        browser.load(tab, page)?;
    }
    let others: Vec<usize> = (0..plan.tabs).filter(|tab| !failing.contains(tab)).collect();
    let showing = |browser: &mut Browser| {
        let shows = |tab: &&usize| browser.ask(**tab, Order::Show) == Some(pages[**tab]);
        others.iter().filter(shows).count()
    };
    let start = clock.now();
    for &tab in failing {
        // Where one took all with it, the next can't be told any more.
        let _gone = browser.tell(tab, Order::Fail(accident, limit));
    }
    let mut restarted = BTreeSet::new();
    let mut troubles = browser.watch(&restarted)?;
    let noticed = clock.now();
    match troubles.first() {
        None => return Err(Lost::NoAccident),
        Some(&Trouble::Dead(tab)) if browser.ask(tab, Order::Show).is_some() => return Err(Lost::NoAccident),
        Some(_) => {}
    }
    let answered = showing(&mut browser);
    let resumed = clock.now();
    loop {
        for trouble in troubles {
            if !restarted.contains(&trouble.tab()) {
                // A page of another number: a tab that was restarted is not one that went on.
                restarted.extend(browser.restart(trouble.tab(), rng.u64(1..))?);
            }
        }
        if failing.iter().all(|tab| restarted.contains(tab)) {
            break;
        }
        troubles = browser.watch(&restarted)?;
        if troubles.is_empty() {
            return Err(Lost::NoAccident);
        }
    }
    let recovery = Nanos(noticed.since(start).0 + clock.now().since(resumed).0);
    Ok(Shown {
        answered,
        kept: showing(&mut browser),
        restarted: restarted.len(),
        recovery,
        false_alarms: browser.false_alarms,
    })
}

impl Experiment for BrowserTabs {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.pin();
        let tabs = cx.params.count("tabs");
        let failing = failing(tabs, cx.params.count("failing"));
        let plan = |kind| Plan {
            kind,
            tabs,
            page_bytes: cx.params.count("page_kb") * 1_000,
            patience: Duration::from_millis(cx.params.count("patience_ms") as u64),
            has_accident: true,
        };
        let plans = Kind::ALL.map(plan);
        weigh(cx, &plans);
        cx.phase(text!("Letting tabs crash, hang and eat memory"), 0.1, 1.0);
        let limit = (cx.params.count("limit_mb") as u64) << 20;
        let cells: Vec<(Accident, usize)> = ROUND
            .into_iter()
            .flat_map(|accident| [(accident, 0), (accident, 1)])
            .collect();
        let mut rng = cx.rng.fork();
        let clock = cx.clock;
        let mut trials: BTreeMap<(Accident, Kind), Vec<Shown>> = BTreeMap::new();
        let mut refused = Vec::new();
        let mut no_accident = BTreeSet::new();
        let share = if cx.mode == Mode::Quick { 0.7 } else { 0.4 };
        let rounds = measure::Plan {
            budget: cx.time(share),
            warm_up: 0,
            min_rounds: 1,
            max_rounds: 1 << 20,
        };
        cx.sweep(&cells, rounds, |&(accident, kind)| {
            // An accident that could not be produced once is not waited for again.
            if !no_accident.contains(&accident) {
                let mut order: Vec<usize> = (0..tabs).collect();
                rng.shuffle(&mut order);
                let plan = plans[kind];
                match trial(plan, (accident, &order[..failing], limit), clock, &mut rng) {
                    Ok(shown) => trials.entry((accident, plan.kind)).or_default().push(shown),
                    Err(Lost::NoTabs(error)) => refused.push(error),
                    Err(Lost::NoAccident) => {
                        no_accident.insert(accident);
                    }
                }
            }
            Ok(0.0)
        })?;
        if let Some(error) = refused.first() {
            cx.miss("tasks", error);
        }
        if no_accident.contains(&Accident::Memory) {
            cx.miss("memory-limit", "the tab went on");
        }
        cx.put(Condition::default(), "lost", "1", vec![refused.len() as f64]);
        for ((accident, kind), trials) in trials {
            put(cx, &condition(accident, kind), &trials);
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let others = others(record);
        let kept: Vec<f64> = Accident::ALL
            .into_iter()
            .flat_map(|accident| record.blocks("kept", &condition(accident, Kind::Processes)))
            .copied()
            .collect();
        let held = kept.iter().filter(|&&kept| kept >= others as f64).count();
        let summary = if kept.is_empty() {
            text!("Nothing could be measured.")
        } else {
            text!(
                "In {held} of {trials} trials in which {failing} of {tabs} tabs crashed, hung or ate memory, all other tabs kept their page where tabs were processes."
            )
        };
        let tabs = record.params.count("tabs");
        let summary = summary
            .with("failing", format::count((tabs - others.min(tabs)) as u64))
            .with("tabs", format::count(tabs as u64));
        let mut verdict = judge::always(record, "tabs-isolated", held, kept.len(), summary);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of trials"
        )]
        let lost = record.blocks("lost", &Condition::default()).iter().sum::<f64>() as usize;
        judge::fewer_trials(&mut verdict, kept.len(), lost, kept.len() + lost);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings::all(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        figures::all(record)
    }
}

fn condition(accident: Accident, kind: Kind) -> Condition {
    Condition::of("accident", accident.id()).and("tabs", kind.id())
}

/// How many tabs fail: what was asked for, but one is left.
fn failing(tabs: usize, asked: usize) -> usize {
    asked.clamp(1, tabs.saturating_sub(1).max(1))
}

/// How many tabs have no accident.
fn others(record: &Record) -> usize {
    let tabs = record.params.count("tabs");
    tabs.saturating_sub(failing(tabs, record.params.count("failing")))
}

fn put(cx: &mut Context<'_>, condition: &Condition, trials: &[Shown]) {
    let mut put = |quantity: &str, unit: &str, of: fn(&Shown) -> f64| {
        cx.put(condition.clone(), quantity, unit, trials.iter().map(of).collect());
    };
    put("answered", "1", |shown| shown.answered as f64);
    put("kept", "1", |shown| shown.kept as f64);
    put("restarted", "1", |shown| shown.restarted as f64);
    put("recovery", "ns", |shown| shown.recovery.as_f64());
    put("false_alarms", "1", |shown| shown.false_alarms as f64);
}

/// What the browser, supervisor included, occupies when all pages are loaded.
fn weigh(cx: &mut Context<'_>, plans: &[Plan; 2]) {
    cx.phase(text!("Reading the memory of the browser"), 0.0, 0.1);
    let readings = if cx.mode == Mode::Quick { 3 } else { 10 };
    for plan in plans {
        let mut sizes: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
        for _ in 0..readings {
            match weigh_once(*plan) {
                Ok(Ok(occupied)) => {
                    sizes[0].push(occupied.pss_kb);
                    sizes[1].push(occupied.page_tables_kb);
                }
                Ok(Err(Unreadable { facility, detail })) => cx.miss(facility, detail),
                Err(error) => cx.miss("tasks", error),
            }
        }
        let [pss, tables] = sizes;
        let condition = || Condition::of("tabs", plan.kind.id());
        cx.put(condition(), "pss", "kB", pss);
        cx.put(condition(), "page_tables", "kB", tables);
    }
}

fn weigh_once(plan: Plan) -> io::Result<Result<Occupied, Unreadable>> {
    let mut browser = Browser::open(Plan {
        has_accident: false,
        ..plan
    })?;
    for tab in 0..plan.tabs {
        browser.load(tab, 1)?;
    }
    let mut pids = browser.pids();
    pids.push(nix::unistd::getpid().as_raw());
    Ok(Occupied::by(&pids))
}
