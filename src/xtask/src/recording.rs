//! The records that the book shows, made anew.

mod held_back;
mod page;
mod tour;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use weft_lab::claim::Section;
use weft_lab::experiments::{self, EXPERIMENTS};
use weft_lab::machine::Probe;
use weft_lab::machine::profile::Profile;
use weft_lab::page_lab::{PAGE_LABS, PageLab};
use weft_lab::{Event, Mode, Record, Request, Runner, judge, sys};

use crate::workspace::{self, WrongUse, cargo};

/// Run every experiment in full and store the records that the book shows.
///
/// All records are made first and written last, each whole: after an error the old ones still stand. A lab in the page
/// runs in headless Chromium, and only where it is named; so are the README's pictures of a notebook, which
/// `tour` names.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Only these experiments, or labs in the page
    #[arg(value_name = "EXPERIMENT")]
    experiments: Vec<String>,
    /// What all random choices start from; drawn at random where absent
    #[arg(long)]
    seed: Option<u64>,
    /// Which machine: as-it-is, or one-core, which holds this one back: one core, no huge pages, no real-time scheduler, an
    /// ordinary user without capabilities
    #[arg(long, value_name = "PROFILE", default_value = Profile::AsItIs.id(), value_parser = profile)]
    profile: Profile,
    /// Quick runs, to try it out; they need --into
    #[arg(long, requires = "into")]
    quick: bool,
    /// Write below this folder instead of labs
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Be the process that is held back: print each record as a line
    #[arg(long, hide = true, value_name = "WEFT")]
    held_back_with: Option<PathBuf>,
}

fn profile(id: &str) -> Result<Profile, String> {
    let known: Vec<&str> = Profile::ALL.into_iter().map(Profile::id).collect();
    Profile::find(id).ok_or_else(|| format!("there is no profile {id:?}; there are: {}", known.join(", ")))
}

/// The experiment and the figure of it that the README shows.
const PICTURE: (&str, &str) = ("creation-cost", "parent-memory");

/// What a doubt about a noisy machine is called; the others are about what the machine can't do.
const NOISE: [&str; 4] = ["busy", "steal", "frequency", "drift"];

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let Chosen { ids, labs, tour } = choose(&options.experiments)?;
    if let Some(weft) = &options.held_back_with {
        return held_back::work(weft, |runner| {
            for record in measure(options, &ids, runner, &mut std::io::stderr())? {
                print!("{}", record.to_json());
            }
            Ok(())
        });
    }
    warn_of_load();
    if options.profile != Profile::AsItIs && !labs.is_empty() {
        return Err(
            WrongUse("a lab in the page is recorded on the machine as it is: leave --profile away".into()).into(),
        );
    }
    for lab in labs {
        page::record(lab, options)?;
    }
    if tour {
        tour::record()?;
    }
    if ids.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let records = match options.profile {
        Profile::AsItIs => measure(options, &ids, &workspace::runner()?, &mut std::io::stdout())?,
        Profile::OneCore => held_back::records(&options.arguments(&ids))?,
    };
    check(&records, options.profile)?;
    for record in &records {
        report(record);
    }
    write(&records, options)?;
    Ok(ExitCode::SUCCESS)
}

impl Options {
    /// What the process that is held back is asked for.
    fn arguments(&self, ids: &[&str]) -> Vec<String> {
        let mut arguments: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        arguments.extend(["--profile".to_owned(), self.profile.id().to_owned()]);
        arguments.extend(
            self.seed
                .iter()
                .flat_map(|seed| ["--seed".to_owned(), seed.to_string()]),
        );
        if let (true, Some(into)) = (self.quick, &self.into) {
            arguments.extend(["--quick".to_owned(), "--into".to_owned(), into.display().to_string()]);
        }
        arguments
    }
}

/// Runs the experiments one after the other, and says on `log` how far it is.
fn measure(options: &Options, ids: &[&str], runner: &Runner, log: &mut dyn Write) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for (place, id) in (1..).zip(ids) {
        let request = Request {
            experiment: (*id).to_owned(),
            mode: if options.quick { Mode::Quick } else { Mode::Full },
            seed: options.seed,
            ..Request::default()
        };
        writeln!(log, "{id} ({place} of {})", ids.len())?;
        records.push(runner.run(&request, print_phase(log))?);
    }
    Ok(records)
}

/// Does each record's machine say what it was kept from, and has each a verdict?
fn check(records: &[Record], profile: Profile) -> Result<()> {
    for record in records {
        if record.judge().is_empty() {
            bail!(
                "the record of {} gives no verdict, so nothing was written",
                record.experiment
            );
        }
        let found = &record.machine.constraints;
        if let Some(lost) = profile.constraints().iter().find(|wanted| !found.contains(wanted)) {
            bail!(
                "the record of {} was not kept from what the profile {} says ({}), so nothing was written",
                record.experiment,
                profile.id(),
                lost.label().english()
            );
        }
    }
    Ok(())
}

/// What is to be recorded.
#[derive(Debug)]
struct Chosen {
    ids: Vec<&'static str>,
    labs: Vec<&'static PageLab>,
    tour: bool,
}

fn choose(wanted: &[String]) -> Result<Chosen, WrongUse> {
    let experiments: Vec<&str> = EXPERIMENTS.iter().map(|experiment| experiment.about().id).collect();
    let known = || {
        let labs = PAGE_LABS.iter().map(|lab| lab.id).chain([tour::NAME]);
        experiments.iter().copied().chain(labs)
    };
    if let Some(unknown) = wanted.iter().find(|id| !known().any(|known| known == id.as_str())) {
        let known: Vec<&str> = known().collect();
        let message = format!("there is no experiment {unknown:?}; there are: {}", known.join(", "));
        return Err(WrongUse(message));
    }
    let is_named = |id: &str| wanted.iter().any(|name| name == id);
    Ok(Chosen {
        tour: is_named(tour::NAME),
        labs: PAGE_LABS.iter().filter(|lab| is_named(lab.id)).collect(),
        ids: experiments
            .into_iter()
            .filter(|id| wanted.is_empty() || is_named(id))
            .collect(),
    })
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
fn print_phase(log: &mut dyn Write) -> impl FnMut(Event) {
    let mut last = String::new();
    move |event| {
        if let Event::Progress(progress) = event {
            let phase = progress.phase.english();
            if phase != last {
                let _unread = writeln!(log, "  {phase}");
                last = phase;
            }
        }
    }
}

fn report(record: &Record) {
    println!("{}", record.experiment);
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

fn write(records: &[Record], options: &Options) -> Result<()> {
    for record in records {
        let path = folder(record, options)?.join(format!("{}.json", record.experiment));
        workspace::write_whole(&path, &record.to_json())?;
        println!("wrote {}", path.display());
    }
    let (experiment, id) = PICTURE;
    let picture = records.iter().find(|record| record.experiment == experiment);
    if let Some(record) = picture.filter(|_| options.profile == Profile::AsItIs) {
        let figures = record.figures();
        let figure = figures
            .iter()
            .find(|figure| figure.id == id)
            .with_context(|| format!("{experiment} has no figure {id} for the README"))?;
        let path = folder(record, options)?.join(format!("{experiment}.svg"));
        workspace::write_whole(&path, &figure.svg_file(&|_| None))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

/// Where the records of this experiment's section stand.
fn folder(record: &Record, options: &Options) -> Result<PathBuf> {
    let experiment = experiments::find(&record.experiment).context("the record is of no known experiment")?;
    folder_of(experiment.about().section, options)
}

fn folder_of(section: Section, options: &Options) -> Result<PathBuf> {
    let recorded = workspace::recorded(section);
    let recorded = match &options.into {
        Some(into) => into.join(recorded.strip_prefix(workspace::root().join("labs"))?),
        None => recorded,
    };
    Ok(recorded.join(options.profile.folder().unwrap_or_default()))
}

/// The command for one of the browser's tests that are none, but record something.
fn in_a_browser(run: &str) -> Command {
    let mut browser = cargo();
    browser
        .args([
            "test",
            "--quiet",
            "--locked",
            "--package",
            "weft-cmd",
            "--test",
            "browser",
        ])
        .args(["--", "--ignored", "--exact", run]);
    browser
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn options(words: &[&str]) -> Result<Options, clap::Error> {
        let line = Line::try_parse_from(std::iter::once("record").chain(words.iter().copied()))?;
        Ok(line.options)
    }

    #[test]
    fn a_profile_s_records_stand_in_a_folder_of_their_own() {
        let example = include_str!("../../weft-book/tests/creation-cost.json");
        let record = Record::from_json(example).unwrap();
        let place = |words: &[&str]| folder(&record, &options(words).unwrap()).unwrap();
        assert!(place(&[]).ends_with("labs/03-process-vs-thread/recorded"));
        assert!(place(&["--profile", "one-core"]).ends_with("labs/03-process-vs-thread/recorded/one-core"));
        let scratch = ["--profile", "one-core", "--quick", "--into", "scratch"];
        assert_eq!(
            place(&scratch),
            PathBuf::from("scratch/03-process-vs-thread/recorded/one-core")
        );
        let again = options(&scratch).unwrap().arguments(&["creation-cost"]);
        assert_eq!(
            again,
            ["creation-cost", "--profile", "one-core", "--quick", "--into", "scratch"]
        );
    }

    #[test]
    fn a_quick_run_is_not_what_the_book_shows() {
        assert!(options(&["--quick"]).is_err());
        let unknown = options(&["--profile", "two-cores"]).unwrap_err().to_string();
        assert!(unknown.contains("there are: as-it-is, one-core"), "{unknown}");
    }

    #[test]
    fn a_record_that_was_not_held_back_is_not_written() {
        let example = include_str!("../../weft-book/tests/creation-cost.json");
        let mut record = Record::from_json(example).unwrap();
        assert!(check(std::slice::from_ref(&record), Profile::AsItIs).is_ok());
        let error = check(std::slice::from_ref(&record), Profile::OneCore).unwrap_err();
        assert!(error.to_string().contains("one core"), "{error}");
        record.machine.constraints = Profile::OneCore.constraints().to_vec();
        assert!(check(&[record], Profile::OneCore).is_ok());
    }

    #[test]
    fn experiments_are_chosen_by_name() {
        let all = choose(&[]).unwrap();
        assert_eq!((all.ids.len(), all.labs.len()), (EXPERIMENTS.len(), 0));
        assert_eq!(choose(&["creation-cost".to_owned()]).unwrap().ids, ["creation-cost"]);
        let page = choose(&["browser-manages".to_owned()]).unwrap();
        assert!(page.ids.is_empty() && page.labs.len() == 1);
        let tour = choose(&["tour".to_owned()]).unwrap();
        assert!(tour.tour && tour.ids.is_empty() && !all.tour);
        let error = choose(&["creation".to_owned()]).unwrap_err().to_string();
        assert!(error.starts_with("there is no experiment \"creation\"; there are: "));
    }
}
