//! How often the method finds a difference where there is none.
//!
//! In an A/A run both conditions are the same, so every verdict that says "different" is wrong. Real A/A runs hold the
//! whole way to a verdict; replayed ones hold the rule for stopping and the interval alone, on the same noise.

mod replay;

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;
use weft_lab::claim::{CLAIMS, Kind, Section};
use weft_lab::machine::Probe;
use weft_lab::{Outcome, Record, Request, Runner, sys};

use crate::workspace::{self, WrongUse};
use replay::Pool;

/// Count how often A/A runs say "different": at most 5 of 100 are allowed.
///
/// Each effect experiment is run with both conditions the same, in quick mode, each time with another seed. Then as
/// many runs are replayed from the pooled blocks of the real ones. The counts go into calibration.json, which the
/// book shows. The exit status is 1 when an experiment says "different" more than 5 times in 100.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Replayed runs of each experiment, and real ones where --real says nothing else
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Real runs of each experiment; a few seconds each
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    real: Option<u32>,
    /// What all random choices start from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print the counts, and leave calibration.json as it is
    #[arg(long)]
    dry_run: bool,
    /// Only these experiments
    #[arg(value_name = "EXPERIMENT")]
    experiments: Vec<String>,
}

/// What stands in calibration.json.
#[derive(Debug, Serialize)]
struct Calibration {
    machine: String,
    runs: u32,
    experiments: Vec<Count>,
}

/// How often runs of one kind said "different".
#[derive(Debug, PartialEq, Serialize)]
struct Count {
    experiment: &'static str,
    source: Source,
    runs: u32,
    different: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Real,
    Replayed,
}

/// Five of a hundred.
const ALLOWED: f64 = 0.05;

impl Count {
    fn is_too_high(&self) -> bool {
        f64::from(self.different) > ALLOWED * f64::from(self.runs)
    }
}

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    if cfg!(debug_assertions) {
        // Thousands of bootstraps: this very program, optimised, is a hundred times faster at them.
        let arguments = std::env::args_os().skip(1);
        let mut optimised = workspace::cargo();
        optimised.args(["run", "--quiet", "--release", "--locked", "--package", "xtask", "--"]);
        let status = optimised.args(arguments).status()?;
        return Ok(if status.success() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let experiments = choose(&options.experiments)?;
    let runner = workspace::runner()?;
    let mut counts = Vec::new();
    for experiment in experiments {
        let real = options.real.unwrap_or(options.runs);
        let records = measure(&runner, experiment, real, options.seed)?;
        counts.push(count(experiment, Source::Real, &records));
        let pool = Pool::of(&records)?;
        let replayed: Vec<Record> = (0..options.runs)
            .map(|run| pool.replay(options.seed ^ (u64::from(run) << 32)))
            .collect();
        counts.push(count(experiment, Source::Replayed, &replayed));
    }
    println!("{}", table(&counts));
    let too_high = counts.iter().any(Count::is_too_high);
    let calibration = Calibration {
        machine: Probe::default().machine(sys::allowed_cpus()).line().english(),
        runs: options.runs,
        experiments: counts,
    };
    if !options.dry_run {
        let path = workspace::recorded(Section::ProcessVsThread).join("calibration.json");
        let mut json = serde_json::to_string_pretty(&calibration)?;
        json.push('\n');
        workspace::write_whole(&path, &json)?;
        println!("wrote {}", path.display());
    }
    if too_high {
        bail!("an experiment says \"different\" of equal conditions more than 5 times in 100");
    }
    Ok(ExitCode::SUCCESS)
}

/// The experiments that judge an effect.
fn choose(wanted: &[String]) -> Result<Vec<&'static str>, WrongUse> {
    let mut known = Vec::new();
    for claim in CLAIMS {
        if let (Kind::Effect(_), Some(experiment)) = (claim.kind, claim.experiment)
            && !known.contains(&experiment)
        {
            known.push(experiment);
        }
    }
    if let Some(unknown) = wanted.iter().find(|id| !known.contains(&id.as_str())) {
        let message = format!("{unknown:?} is no effect experiment; there are: {}", known.join(", "));
        return Err(WrongUse(message));
    }
    known.retain(|id| wanted.is_empty() || wanted.iter().any(|name| name == id));
    Ok(known)
}

fn measure(runner: &Runner, experiment: &str, runs: u32, seed: u64) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for run in 0..runs {
        let mut request = Request::quick(experiment);
        request.seed = Some(seed + u64::from(run));
        request.set.insert("aa".to_owned(), "true".to_owned());
        let record = runner.run(&request, |_| {})?;
        if is_different(&record) || (run + 1).is_multiple_of(10) {
            println!(
                "{experiment}: run {} of {runs}, seed {}: {}",
                run + 1,
                seed + u64::from(run),
                words(&record)
            );
        }
        records.push(record);
    }
    Ok(records)
}

fn count(experiment: &'static str, source: Source, records: &[Record]) -> Count {
    let different = records.iter().filter(|record| is_different(record)).count();
    Count {
        experiment,
        source,
        runs: u32::try_from(records.len()).unwrap_or(u32::MAX),
        different: u32::try_from(different).unwrap_or(u32::MAX),
    }
}

/// Does a verdict of this A/A record say that the same differs from itself?
fn is_different(record: &Record) -> bool {
    let says_so = |outcome| matches!(outcome, Outcome::Supported | Outcome::Refuted);
    let is_effect = |claim: &str| weft_lab::claim::find(claim).is_some_and(|claim| claim.region().is_some());
    record
        .verdicts()
        .iter()
        .any(|verdict| is_effect(&verdict.claim) && says_so(verdict.outcome))
}

fn words(record: &Record) -> String {
    let mut words = format!("{} rounds", record.stopping.rounds);
    for verdict in record.verdicts() {
        let _infallible = write!(words, ", {}: {}", verdict.outcome.id(), verdict.summary.english());
    }
    words
}

fn table(counts: &[Count]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["experiment", "runs", "of them", "said \"different\"", "allowed"]);
    for count in counts {
        let kind = if count.source == Source::Real {
            "real"
        } else {
            "replayed"
        };
        let allowed = (ALLOWED * f64::from(count.runs)).floor();
        table.add_row([
            count.experiment.to_owned(),
            kind.to_owned(),
            count.runs.to_string(),
            count.different.to_string(),
            allowed.to_string(),
        ]);
    }
    for column in [2, 3, 4] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(runs: u32, different: u32) -> Count {
        Count {
            experiment: "creation-cost",
            source: Source::Real,
            runs,
            different,
        }
    }

    #[test]
    fn five_of_a_hundred_are_allowed() {
        assert!(!counted(100, 5).is_too_high());
        assert!(counted(100, 6).is_too_high());
        assert!(counted(20, 2).is_too_high());
        assert!(!counted(20, 1).is_too_high());
    }

    #[test]
    fn effect_experiments_are_found_by_their_claims() {
        let all = choose(&[]).unwrap();
        assert!(all.starts_with(&["creation-cost", "switch-cost", "communication", "memory-cost"]));
        for id in all {
            let about = weft_lab::experiments::find(id).unwrap().about();
            assert!(
                about.params.iter().any(|param| param.name == "aa"),
                "{id} has no A/A run"
            );
        }
        assert!(choose(&["crash-containment".to_owned()]).is_err());
    }

    #[test]
    fn the_file_names_what_the_book_reads() {
        let calibration = Calibration {
            machine: "a machine".to_owned(),
            runs: 100,
            experiments: vec![counted(100, 2)],
        };
        assert_eq!(
            serde_json::to_value(&calibration).unwrap(),
            serde_json::json!({
                "machine": "a machine",
                "runs": 100,
                "experiments": [{"experiment": "creation-cost", "source": "real", "runs": 100, "different": 2}]
            })
        );
    }
}
