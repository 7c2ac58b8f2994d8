//! What CI runs: named steps, none of which stops the others.

mod grading;
mod hub;
mod kernel;
mod labs;
mod licences;
mod notebooks;
mod sources;
mod steps;

use std::fmt;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use weft_lab::measure::{Clock, MonotonicClock};

use crate::workspace::{self, WrongUse};
use steps::STEPS;

/// Run what CI runs.
///
/// All steps run, also after one has failed. The exit status is 1 if any failed. A step whose prerequisite is
/// missing, and can't be installed here, is skipped by name.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Say what each step runs, and run nothing
    #[arg(long)]
    list: bool,
    /// Only these steps
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// One step of the tests.
struct Step {
    name: &'static str,
    what: &'static str,
    /// It mostly waits, for kernels and their compilers: two such steps run side by side.
    waits: bool,
    run: fn(&Surroundings) -> Ending,
}

/// How a step ended.
#[derive(Debug)]
enum Ending {
    Passed,
    Failed(anyhow::Error),
    /// With what is missing and how to get it.
    Skipped(String),
}

impl From<Result<()>> for Ending {
    fn from(result: Result<()>) -> Self {
        result.map_or_else(Ending::Failed, |()| Ending::Passed)
    }
}

/// What a step finds around it: folders in the place of the reader's own, so that a test leaves no trace there.
/// Each step has its own: what one keeps, as a notebook's history, another doesn't read.
struct Surroundings {
    home: tempfile::TempDir,
}

/// How many steps ended in which way.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
    skipped: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally {
            passed,
            failed,
            skipped,
        } = self;
        write!(f, "steps: {passed} passed, {failed} failed, {skipped} skipped")
    }
}

/// Runs the steps and says how each ended.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let chosen = choose(STEPS, &options.names)?;
    if options.list {
        let width = chosen.iter().map(|step| step.name.len()).max().unwrap_or(0);
        for step in chosen {
            println!("{:width$}  {}", step.name, step.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let (alone, waiting): (Vec<&Step>, Vec<&Step>) = chosen.into_iter().partition(|step| !step.waits);
    let mut endings = Vec::new();
    for step in alone {
        println!("\n── {}: {}", step.name, step.what);
        let (took, ending) = timed(step);
        println!("{}", last_line(step, took, &ending));
        endings.push((step.name, took, ending));
    }
    endings.extend(side_by_side(&waiting));
    println!();
    for (name, took, ending) in &endings {
        println!("{name:12} {:7.1} s  {}", took.as_secs_f64(), words(ending));
    }
    let tally = tally(endings.iter().map(|(_, _, ending)| ending));
    println!("\n{tally}");
    Ok(if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn timed(step: &Step) -> (Duration, Ending) {
    let start = MonotonicClock.now();
    let ending = match tempfile::tempdir() {
        Ok(home) => (step.run)(&Surroundings { home }),
        Err(error) => Ending::Failed(error.into()),
    };
    (Duration::from_nanos(MonotonicClock.now().since(start).0), ending)
}

fn last_line(step: &Step, took: Duration, ending: &Ending) -> String {
    format!("── {} {} ({:.1} s)", step.name, words(ending), took.as_secs_f64())
}

/// Runs two at a time. What each prints comes in one piece, when it has ended.
fn side_by_side(steps: &[&'static Step]) -> Vec<(&'static str, Duration, Ending)> {
    let queue = Mutex::new(steps.iter());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let endings = Mutex::new(Vec::new());
    let lane = || {
        while let Some(step) = next() {
            let start = MonotonicClock.now();
            println!("── {} begins", step.name);
            let (took, ending, log) = match workspace::logged(|| timed(step)) {
                Ok(((took, ending), log)) => (took, ending, log),
                Err(error) => {
                    let took = Duration::from_nanos(MonotonicClock.now().since(start).0);
                    (took, Ending::Failed(error), String::new())
                }
            };
            let last = last_line(step, took, &ending);
            println!("\n── {}: {}\n{log}{last}", step.name, step.what);
            let mut endings = endings.lock().unwrap_or_else(PoisonError::into_inner);
            endings.push((step.name, took, ending));
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(lane);
        scope.spawn(lane);
    });
    endings.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn choose(steps: &'static [Step], names: &[String]) -> Result<Vec<&'static Step>, WrongUse> {
    if let Some(unknown) = names.iter().find(|name| !steps.iter().any(|step| step.name == **name)) {
        let known: Vec<_> = steps.iter().map(|step| step.name).collect();
        return Err(WrongUse(format!(
            "there is no step {unknown:?}; there are: {}",
            known.join(", ")
        )));
    }
    Ok(steps
        .iter()
        .filter(|step| names.is_empty() || names.iter().any(|name| name == step.name))
        .collect())
}

fn words(ending: &Ending) -> String {
    match ending {
        Ending::Passed => "passed".to_owned(),
        Ending::Failed(error) => format!("FAILED: {error:#}"),
        Ending::Skipped(missing) => format!("skipped: {missing}"),
    }
}

fn tally<'a>(endings: impl Iterator<Item = &'a Ending>) -> Tally {
    endings.fold(Tally::default(), |mut tally, ending| {
        match ending {
            Ending::Passed => tally.passed += 1,
            Ending::Failed(_) => tally.failed += 1,
            Ending::Skipped(_) => tally.skipped += 1,
        }
        tally
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn names_choose_steps_in_the_order_of_the_list() {
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            choose(STEPS, &names).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap().len(), STEPS.len());
        assert_eq!(names(&["clippy", "format"]).unwrap(), ["format", "clippy"]);
        let error = names(&["clipy"]).unwrap_err().to_string();
        assert!(
            error.starts_with("there is no step \"clipy\"; there are: format, sources, licences, clippy"),
            "{error}"
        );
    }

    #[test]
    fn steps_that_wait_run_side_by_side_in_folders_of_their_own_and_none_is_lost() {
        static MET: std::sync::Barrier = std::sync::Barrier::new(2);
        static HOMES: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
        fn meet(around: &Surroundings) -> Ending {
            HOMES.lock().unwrap().insert(around.home.path().to_owned());
            MET.wait();
            Ending::Passed
        }
        const fn step(name: &'static str) -> Step {
            Step {
                name,
                what: "meets another",
                waits: true,
                run: meet,
            }
        }
        static FOUR: [Step; 4] = [step("one"), step("two"), step("three"), step("four")];
        let steps: Vec<_> = FOUR.iter().collect();
        let mut ended: Vec<_> = side_by_side(&steps).into_iter().map(|(name, _, _)| name).collect();
        ended.sort_unstable();
        assert_eq!(ended, ["four", "one", "three", "two"]);
        assert_eq!(HOMES.lock().unwrap().len(), 4, "each has its own folders");
    }

    #[test]
    fn the_last_line_counts_the_endings() {
        let endings = [
            Ending::Passed,
            Ending::Failed(anyhow::anyhow!("no")),
            Ending::Passed,
            Ending::Skipped("no browser".to_owned()),
        ];
        let tally = tally(endings.iter());
        assert_eq!(tally.to_string(), "steps: 2 passed, 1 failed, 1 skipped");
    }
}
