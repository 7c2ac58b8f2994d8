//! The records that the book shows, made anew.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use weft_lab::experiments::{self, EXPERIMENTS};
use weft_lab::machine::Probe;
use weft_lab::{Event, Mode, Record, Request, judge, sys};

use crate::workspace::{self, WrongUse};

/// Run every experiment in full and store the records that the book shows.
///
/// All records are made first and written last, each whole: after an error the old ones still stand.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these experiments
    #[arg(value_name = "EXPERIMENT")]
    experiments: Vec<String>,
    /// What all random choices start from; drawn at random where absent
    #[arg(long)]
    seed: Option<u64>,
}

/// The experiment and the figure of it that the README shows.
const PICTURE: (&str, &str) = ("creation-cost", "parent-memory");

/// What a doubt about a noisy machine is called; the others are about what the machine can't do.
const NOISE: [&str; 4] = ["busy", "steal", "frequency", "drift"];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let ids = choose(&options.experiments)?;
    let runner = workspace::runner()?;
    warn_of_load();
    let mut records = Vec::new();
    for (place, id) in (1..).zip(&ids) {
        let request = Request {
            experiment: (*id).to_owned(),
            mode: Mode::Full,
            seed: options.seed,
            ..Request::default()
        };
        println!("{id} ({place} of {})", ids.len());
        let record = runner.run(&request, print_phase())?;
        report(&record);
        records.push(record);
    }
    write(&records)?;
    Ok(ExitCode::SUCCESS)
}

fn choose(wanted: &[String]) -> Result<Vec<&'static str>, WrongUse> {
    let known: Vec<&str> = EXPERIMENTS.iter().map(|experiment| experiment.about().id).collect();
    if let Some(unknown) = wanted.iter().find(|id| !known.contains(&id.as_str())) {
        let message = format!("there is no experiment {unknown:?}; there are: {}", known.join(", "));
        return Err(WrongUse(message));
    }
    let is_wanted = |id: &&str| wanted.is_empty() || wanted.iter().any(|name| name == id);
    Ok(known.into_iter().filter(is_wanted).collect())
}

fn warn_of_load() {
    let machine = Probe::default().machine(sys::allowed_cpus());
    // The load average also holds what the build before has left.
    if machine.load.first().is_some_and(|load| *load > 0.5) {
        println!(
            "warning: the load average is {:?}; a quiet machine gives better records",
            machine.load
        );
    }
}

/// Prints each new phase of a run, in a line of its own.
fn print_phase() -> impl FnMut(Event) {
    let mut last = String::new();
    move |event| {
        if let Event::Progress(progress) = event {
            let phase = progress.phase.english();
            if phase != last {
                println!("  {phase}");
                last = phase;
            }
        }
    }
}

fn report(record: &Record) {
    for verdict in record.verdicts() {
        println!(
            "  {}: {} ({})",
            verdict.claim,
            verdict.outcome.id(),
            verdict.summary.english()
        );
        for doubt in verdict
            .doubts
            .iter()
            .filter(|doubt| NOISE.contains(&doubt.kind.as_str()))
        {
            println!("  warning: {} {}", doubt.message.english(), doubt.remedy.english());
        }
    }
    for doubt in judge::doubts(record) {
        if doubt.kind.starts_with("missing-") {
            println!("  note: {}", doubt.message.english());
        }
    }
}

fn write(records: &[Record]) -> Result<()> {
    if let Some(empty) = records.iter().find(|record| record.verdicts().is_empty()) {
        bail!(
            "the record of {} gives no verdict, so nothing was written",
            empty.experiment
        );
    }
    for record in records {
        let path = folder(record)?.join(format!("{}.json", record.experiment));
        workspace::write_whole(&path, &record.to_json())?;
        println!("wrote {}", path.display());
    }
    let (experiment, id) = PICTURE;
    if let Some(record) = records.iter().find(|record| record.experiment == experiment) {
        let figures = record.figures();
        let figure = figures
            .iter()
            .find(|figure| figure.id == id)
            .with_context(|| format!("{experiment} has no figure {id} for the README"))?;
        let path = folder(record)?.join(format!("{experiment}.svg"));
        workspace::write_whole(&path, &figure.svg_file(&|_| None))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Where the records of this experiment's section stand.
fn folder(record: &Record) -> Result<PathBuf> {
    let experiment = experiments::find(&record.experiment).context("the record is of no known experiment")?;
    Ok(workspace::recorded(experiment.about().section))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn experiments_are_chosen_by_name() {
        assert_eq!(choose(&[]).unwrap().len(), EXPERIMENTS.len());
        assert_eq!(choose(&["creation-cost".to_owned()]).unwrap(), ["creation-cost"]);
        let error = choose(&["creation".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("there is no experiment \"creation\"; there are: "));
    }
}
