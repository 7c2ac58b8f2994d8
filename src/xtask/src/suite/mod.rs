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
use std::time::Duration;

use anyhow::Result;
use weft_lab::measure::{Clock, MonotonicClock};

use crate::workspace::WrongUse;
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
    let surroundings = Surroundings {
        home: tempfile::tempdir()?,
    };
    let mut endings = Vec::new();
    for step in chosen {
        println!("\n── {}: {}", step.name, step.what);
        let start = MonotonicClock.now();
        let ending = (step.run)(&surroundings);
        let took = Duration::from_nanos(MonotonicClock.now().since(start).0);
        println!("── {} {} ({:.1} s)", step.name, words(&ending), took.as_secs_f64());
        endings.push((step.name, took, ending));
    }
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

/// Steps that run only where they are named: with them CI would take longer than the 45 minutes that it may.
const BY_NAME_ONLY: &[&str] = &["client"];

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
        .filter(|step| {
            let is_named = names.iter().any(|name| name == step.name);
            is_named || (names.is_empty() && !BY_NAME_ONLY.contains(&step.name))
        })
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
    use super::*;

    #[test]
    fn names_choose_steps_in_the_order_of_the_list() {
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            choose(STEPS, &names).map(|steps| steps.iter().map(|step| step.name).collect::<Vec<_>>())
        };
        assert_eq!(names(&[]).unwrap().len(), STEPS.len() - BY_NAME_ONLY.len());
        assert_eq!(names(&["client"]).unwrap(), ["client"]);
        assert_eq!(names(&["clippy", "format"]).unwrap(), ["format", "clippy"]);
        let error = names(&["clipy"]).unwrap_err().to_string();
        assert!(
            error.starts_with("there is no step \"clipy\"; there are: format, sources, licences, clippy"),
            "{error}"
        );
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
