//! How often the method finds a difference where there is none, and where there is one.
//!
//! In an A/A run both conditions are the same, so every verdict that says "different" is wrong. Real A/A runs hold the
//! whole way to a verdict; replayed ones hold the rule for stopping and the interval alone, on the same noise. Full A/A
//! runs whose one side is made a tenth larger are replayed too: the interval of such a run must not hold "equal".

mod replay;

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Result, bail};
use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};
use weft_lab::claim::{CLAIMS, Kind, Section};
use weft_lab::machine::Probe;
use weft_lab::{Mode, Outcome, Record, Request, Runner, sys};

use crate::workspace::{self, WrongUse};
use replay::Pool;

/// Count how often A/A runs say "different" (at most 5 of 100), and how often 10% put in are found (at least 95).
///
/// Each effect experiment is run with both conditions the same, in quick mode, each time with another seed. Then as
/// many runs are replayed from the pooled blocks of the real ones. Some runs in full mode are pooled likewise, with
/// the readings of one side made 10% larger, and replayed: each must have an interval that does not hold "equal". The
/// counts go into calibration.json, which the book shows; experiments that are not named keep theirs. The exit status
/// is 1 when an experiment does not keep to these bounds.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Replayed runs of each experiment, and real ones where --real says nothing else
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,
    /// Real runs of each experiment; a few seconds each. With 0, the counts of real and replayed runs stay as they are
    #[arg(long, value_name = "N")]
    real: Option<u32>,
    /// Real runs in full mode of each experiment, to put a difference in; up to a minute each
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    full: u32,
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
#[derive(Debug, Serialize, Deserialize)]
struct Calibration {
    machine: String,
    runs: u32,
    experiments: Vec<Count>,
}

/// How often runs of one kind said "different".
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Count {
    experiment: String,
    source: Source,
    runs: u32,
    different: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    /// A/A runs on this machine.
    Real,
    /// A/A runs drawn from the blocks of real ones.
    Replayed,
    /// The same from runs in full mode, with one side [`INJECTED`] times as large.
    Injected,
}

/// Five of a hundred may be wrong.
const ALLOWED: f64 = 0.05;
/// The difference that a full run must find.
const INJECTED: f64 = 1.1;

impl Count {
    fn is_kept(&self) -> bool {
        let wrong = match self.source {
            Source::Real | Source::Replayed => self.different,
            Source::Injected => self.runs - self.different,
        };
        f64::from(wrong) <= ALLOWED * f64::from(self.runs)
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
        let series = Series {
            runner: &runner,
            experiment,
            seed: options.seed,
        };
        let real = series.measure(Mode::Quick, options.real.unwrap_or(options.runs))?;
        if !real.is_empty() {
            counts.push(count(experiment, Source::Real, &real, is_different));
            let replayed = series.replay(&Pool::of(&real)?, options.runs);
            counts.push(count(experiment, Source::Replayed, &replayed, is_different));
        }
        let pool = Pool::of(&series.measure(Mode::Full, options.full)?)?;
        let injected = series.replay(&pool.with_difference(INJECTED), options.runs);
        // So large a difference shows which way this experiment's ratio goes.
        let is_up = replay::effect(&pool.with_difference(10.0).replay(options.seed))
            .is_some_and(|(_, effect)| effect.estimate > 1.0);
        counts.push(count(experiment, Source::Injected, &injected, |record| {
            is_found(record, is_up)
        }));
    }
    println!("{}", table(&counts));
    let all_kept = counts.iter().all(Count::is_kept);
    if !options.dry_run {
        store(counts, options.runs)?;
    }
    if !all_kept {
        bail!("an experiment does not keep to its bounds: see the table");
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes calibration.json; experiments that were not measured keep their rows.
fn store(mut counts: Vec<Count>, runs: u32) -> Result<()> {
    let path = workspace::recorded(Section::ProcessVsThread).join("calibration.json");
    let machine = Probe::default().machine(sys::allowed_cpus()).line().english();
    if let Ok(json) = std::fs::read_to_string(&path) {
        let earlier: Calibration = serde_json::from_str(&json)?;
        if earlier.machine == machine {
            let is_new = |row: &Count| {
                let same = |count: &Count| (&count.experiment, count.source) == (&row.experiment, row.source);
                counts.iter().any(same)
            };
            let kept: Vec<Count> = earlier.experiments.into_iter().filter(|row| !is_new(row)).collect();
            counts.extend(kept);
        }
    }
    let order = choose(&[])?;
    counts.sort_by_key(|count| (order.iter().position(|id| *id == count.experiment), count.source));
    let calibration = Calibration {
        machine,
        runs,
        experiments: counts,
    };
    let mut json = serde_json::to_string_pretty(&calibration)?;
    json.push('\n');
    workspace::write_whole(&path, &json)?;
    println!("wrote {}", path.display());
    Ok(())
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

/// The A/A runs of one experiment.
struct Series<'a> {
    runner: &'a Runner,
    experiment: &'static str,
    seed: u64,
}

impl Series<'_> {
    fn measure(&self, mode: Mode, runs: u32) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for run in 0..runs {
            let mut request = Request::quick(self.experiment);
            request.mode = mode;
            request.seed = Some(self.seed + u64::from(run));
            request.set.insert("aa".to_owned(), "true".to_owned());
            let record = self.runner.run(&request, |_| {})?;
            if is_different(&record) || (run + 1).is_multiple_of(10) {
                println!(
                    "{}: {} run {} of {runs}, seed {}: {}",
                    self.experiment,
                    mode.id(),
                    run + 1,
                    record.seed,
                    words(&record)
                );
            }
            records.push(record);
        }
        Ok(records)
    }

    fn replay(&self, pool: &Pool, runs: u32) -> Vec<Record> {
        (0..runs)
            .map(|run| pool.replay(self.seed ^ (u64::from(run) << 32)))
            .collect()
    }
}

fn count(experiment: &str, source: Source, records: &[Record], says_so: impl Fn(&Record) -> bool) -> Count {
    let different = records.iter().filter(|record| says_so(record)).count();
    Count {
        experiment: experiment.to_owned(),
        source,
        runs: u32::try_from(records.len()).unwrap_or(u32::MAX),
        different: u32::try_from(different).unwrap_or(u32::MAX),
    }
}

/// Does the interval of this record lie wholly on the side to which a difference was put in?
fn is_found(record: &Record, is_up: bool) -> bool {
    replay::effect(record).is_some_and(|(_, effect)| if is_up { effect.low > 1.0 } else { effect.high < 1.0 })
}

/// Does a verdict of this A/A record say that the same differs from itself?
fn is_different(record: &Record) -> bool {
    let says_so = |outcome| matches!(outcome, Outcome::Supported | Outcome::Refuted);
    let is_effect = |claim: &str| weft_lab::claim::find(claim).is_some_and(|claim| claim.region().is_some());
    record
        .judge()
        .iter()
        .any(|verdict| is_effect(&verdict.claim) && says_so(verdict.outcome))
}

fn words(record: &Record) -> String {
    let mut words = format!("{} rounds", record.stopping.rounds);
    for verdict in record.judge() {
        let _infallible = write!(words, ", {}: {}", verdict.outcome.id(), verdict.summary.english());
    }
    words
}

fn table(counts: &[Count]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["experiment", "runs", "of them", "said \"different\"", "bound"]);
    for count in counts {
        let allowed = (ALLOWED * f64::from(count.runs)).floor();
        let (kind, bound) = match count.source {
            Source::Real => ("real", format!("at most {allowed}")),
            Source::Replayed => ("replayed", format!("at most {allowed}")),
            Source::Injected => (
                "full, 10% put in",
                format!("at least {}", f64::from(count.runs) - allowed),
            ),
        };
        table.add_row([
            count.experiment.clone(),
            kind.to_owned(),
            count.runs.to_string(),
            count.different.to_string(),
            bound,
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
            experiment: "creation-cost".to_owned(),
            source: Source::Real,
            runs,
            different,
        }
    }

    #[test]
    fn five_of_a_hundred_are_allowed() {
        assert!(counted(100, 5).is_kept());
        assert!(!counted(100, 6).is_kept());
        assert!(!counted(20, 2).is_kept());
        assert!(counted(20, 1).is_kept());
        let found = |different: u32| Count {
            source: Source::Injected,
            ..counted(100, different)
        };
        assert!(found(95).is_kept());
        assert!(!found(94).is_kept());
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
