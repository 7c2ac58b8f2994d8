//! Which resources does a process have for itself?
//!
//! Section 1 of the notes: the operating system gives resources to processes, independently. In each trial a first task
//! makes a second, which changes every resource that it has: the working directory, descriptors, signals, limits, and
//! more. When the second has ended the first looks at its own. The second is a forked process; as the contrast, a thread.
//! Beside the claim stands what a fork shares: the open file behind an inherited descriptor.

mod resource;
#[cfg(test)]
mod tests;
mod trial;

use std::io;

use crate::claim::Section;
use crate::experiment::{About, Context, During, Error, Experiment};
use crate::figure::{Axis, Bar, Bars, Figure, Plot};
use crate::format;
use crate::judge;
use crate::measure::Plan;
use crate::params::Param;
use crate::record::{Condition, Record};
use crate::stats::proportion;
use crate::text::Text;
use crate::verdict::{Doubt, Effect, EffectKind, Finding, Outcome, Verdict};

use resource::Resource;
use trial::{LOST, Maker, OWN, Readings, SHARED, Stage};

/// See the module.
#[derive(Debug)]
pub(crate) struct OwnResources;

static ABOUT: About = About {
    id: "own-resources",
    question: msg!("Which resources does a process have for itself?"),
    section: Section::Process,
    claims: &["process-owns-resources"],
    params: &[Param::integer(
        "trials",
        msg!("Trials with a process, and as many with a thread"),
        (1, 10_000),
        300,
        1_000,
    )],
    seconds: (1, 2),
    uses: &["resources", "slow-process", "tasks"],
    source: include_str!("mod.rs"),
};

fn condition(maker: Maker, resource: Resource) -> Condition {
    Condition::of("second", maker.id()).and("resource", resource.id())
}

/// The resources that the claim is about.
fn claimed() -> impl Iterator<Item = Resource> {
    Resource::ALL.into_iter().filter(|resource| resource.is_claimed())
}

impl Experiment for OwnResources {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        cx.phase(text!("Changing resources in one task, looking in another"), 0.0, 1.0);
        let stage = Stage::set().during("map a shared page")?;
        let mut values = fastrand::Rng::with_seed(cx.rng.u64(..));
        let mut all: [Vec<io::Result<Readings>>; 2] = [Vec::new(), Vec::new()];
        let plan = Plan {
            budget: cx.time(0.8),
            warm_up: 0,
            min_rounds: 1,
            max_rounds: cx.params.count("trials"),
        };
        cx.sweep(&[0, 1], plan, |&which| {
            all[which].push(stage.run(Maker::BOTH[which], values.u32(..1 << 20)));
            Ok(0.0)
        })?;
        for (maker, trials) in Maker::BOTH.into_iter().zip(all) {
            keep(cx, maker, trials);
        }
        Ok(())
    }

    fn judge(&self, record: &Record) -> Vec<Verdict> {
        let found: Vec<&[f64]> = claimed()
            .map(|resource| record.blocks("found", &condition(Maker::Process, resource)))
            .collect();
        let all = found.iter().map(|blocks| blocks.len()).min().unwrap_or(0);
        let (mut held, mut made) = (0, 0);
        for trial in 0..all {
            let is = |value: f64| move |blocks: &&[f64]| (blocks[trial] - value).abs() < 0.5;
            let is_broken = found.iter().any(|blocks| !is(OWN)(blocks) && !is(LOST)(blocks));
            let is_whole = !found.iter().any(is(LOST));
            // An exception counts even where another resource could not be looked at.
            made += usize::from(is_whole || is_broken);
            held += usize::from(is_whole && !is_broken);
        }
        let summary = if all == 0 {
            text!("Nothing could be measured.")
        } else if made == 0 {
            text!("In no trial could every resource be changed and read.")
        } else {
            text!(
                "In {held} of {trials} trials a forked process changed all {resources} resources of its own, and each of its parent's stayed as it was. What hangs on an inherited open file is the exception, see below.",
                resources = claimed().count()
            )
        };
        let mut verdict = judge::always(record, ABOUT.claims[0], held, made, summary);
        let planned = record.params.count("trials");
        judge::fewer_trials(&mut verdict, made, all - made, planned);
        check_contrast(record, &mut verdict);
        vec![verdict]
    }

    fn findings(&self, record: &Record, _: &str) -> Vec<Finding> {
        findings(record)
    }

    fn figures(&self, record: &Record) -> Vec<Figure> {
        let figure = figure(record);
        if figure.is_empty() { Vec::new() } else { vec![figure] }
    }
}

/// Puts what was found of each resource in each trial, and says what was missing.
fn keep(cx: &mut Context<'_>, maker: Maker, trials: Vec<io::Result<Readings>>) {
    let mut found = vec![Vec::new(); Resource::ALL.len()];
    let mut inherited = vec![Vec::new(); Resource::ALL.len()];
    for trial in trials {
        let readings = trial.unwrap_or_else(|error| {
            let facility = match error.kind() {
                io::ErrorKind::WouldBlock => "tasks",
                io::ErrorKind::TimedOut => "slow-process",
                _ => "resources",
            };
            cx.miss(facility, &error);
            Vec::new()
        });
        let mut readings = readings.into_iter();
        for resource in Resource::ALL {
            let place = resource as usize;
            match readings.next() {
                Some(Ok(reading)) => {
                    found[place].push(reading.found());
                    inherited[place].push(f64::from(u8::from(reading.inherited == reading.before)));
                }
                Some(Err(error)) => {
                    cx.miss("resources", format!("{}: {error}", resource.id()));
                    found[place].push(LOST);
                }
                None => found[place].push(LOST),
            }
        }
    }
    for (resource, (found, inherited)) in Resource::ALL.into_iter().zip(found.into_iter().zip(inherited)) {
        cx.put(condition(maker, resource), "found", "1", found);
        // Only what a process begins with says something about it.
        if maker == Maker::Process && resource.is_claimed() {
            cx.put(condition(maker, resource), "inherited", "1", inherited);
        }
    }
}

/// In how many trials the first task found the resource changed, and how many there were.
fn count(record: &Record, maker: Maker, resource: Resource) -> (usize, usize) {
    let blocks = record.blocks("found", &condition(maker, resource));
    let made = blocks.iter().filter(|found| **found > -0.5);
    let shared = made.clone().filter(|found| (**found - SHARED).abs() < 0.5);
    (shared.count(), made.count())
}

/// A thread's change to the working directory must be seen; else the method could not tell sharing from owning.
fn check_contrast(record: &Record, verdict: &mut Verdict) {
    let (seen, trials) = count(record, Maker::Thread, Resource::Folder);
    if trials == 0 || seen == trials {
        return;
    }
    if verdict.outcome == Outcome::Supported {
        verdict.outcome = Outcome::Inconclusive;
    }
    verdict.doubts.push(Doubt::new(
        "contrast",
        text!(
            "The first thread saw another's change of the working directory in {seen} of {trials} trials only, so not seeing does not show owning here.",
            seen = format::count(seen as u64),
            trials = format::count(trials as u64)
        ),
        text!("Look for what gives a new thread a working directory of its own on this machine."),
    ));
}

fn findings(record: &Record) -> Vec<Finding> {
    [
        shared(
            record,
            Resource::InheritedOffset,
            text!(
                "The exception: in {seen} of {trials} trials the child moved the offset of an inherited descriptor, and its parent's had moved with it."
            ),
        ),
        shared(
            record,
            Resource::InheritedFlags,
            text!(
                "Likewise the flags: in {seen} of {trials} trials the child made an inherited descriptor non-blocking, and its parent's was too."
            ),
        ),
        inherited(record),
        contrast(record),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// How often a process's change of this resource was seen by its parent.
fn shared(record: &Record, resource: Resource, text: Text) -> Option<Finding> {
    let (seen, trials) = count(record, Maker::Process, resource);
    let text = text
        .with("seen", format::count(seen as u64))
        .with("trials", format::count(trials as u64));
    (trials > 0).then(|| Finding {
        id: resource.id().to_owned(),
        text,
        effect: Some(Effect::new(EffectKind::Proportion, proportion(seen, trials), "1")),
    })
}

/// How often the child began with what its parent had.
fn inherited(record: &Record) -> Option<Finding> {
    let blocks = || claimed().flat_map(|resource| record.blocks("inherited", &condition(Maker::Process, resource)));
    let (same, all) = (blocks().filter(|same| **same > 0.5).count(), blocks().count());
    (all > 0).then(|| Finding {
        id: "inherited".to_owned(),
        text: text!(
            "The child began with its parent's value in {same} of {all} readings: a fork copies what it does not share.",
            same = format::count(same as u64),
            all = format::count(all as u64)
        ),
        effect: Some(Effect::new(EffectKind::Proportion, proportion(same, all), "1")),
    })
}

/// Which resources a thread shares with the others of its process.
fn contrast(record: &Record) -> Option<Finding> {
    let count = |resource: &Resource| count(record, Maker::Thread, *resource);
    // A file that was opened anew has an offset of its own, whoever opened it.
    let is_task_s = |resource: &Resource| *resource != Resource::OpenedOffset && count(resource).1 > 0;
    let measured: Vec<Resource> = claimed().filter(is_task_s).collect();
    let is_shared = |resource: &&Resource| count(resource).0 == count(resource).1;
    let shared = measured.iter().filter(is_shared).count();
    (!measured.is_empty()).then(|| Finding {
        id: "thread".to_owned(),
        text: text!(
            "The contrast: of {all} resources that a task has {shared} are the whole process's, since the first thread saw another's change in every trial. Each thread has the rest for itself: on Linux the signal mask and the nice value.",
            all = measured.len(),
            shared = shared
        ),
        effect: None,
    })
}

fn figure(record: &Record) -> Figure {
    let row = |resource: Resource, maker: Maker| {
        let (seen, trials) = count(record, maker, resource);
        let share = proportion(seen, trials).map(|share| share * 100.0);
        let label = match maker {
            Maker::Process => text!("Process: {resource}", resource: resource.name()),
            Maker::Thread => text!("Thread: {resource}", resource: resource.name()),
        };
        (trials > 0).then(|| Bar {
            label,
            parts: vec![(maker as usize, share.estimate)],
            interval: Some(share),
        })
    };
    let plot = Bars {
        axis: Axis::linear(text!("Share of the trials"), "%").at(vec![0.0, 25.0, 50.0, 75.0, 100.0]),
        groups: vec![text!("Changed by a process"), text!("Changed by a thread")],
        rows: Resource::ALL
            .into_iter()
            .flat_map(|resource| Maker::BOTH.map(|maker| row(resource, maker)))
            .flatten()
            .collect(),
    };
    Figure::new(
        record,
        "changed",
        text!("Whose resources a change reaches"),
        text!(
            "Two bars for each resource: the share of trials in which the first task found it changed by a forked process, and changed by a thread, with 95% intervals. A process reaches its own alone, but for the two rows of an inherited descriptor."
        ),
        Plot::Bars(plot),
    )
}
