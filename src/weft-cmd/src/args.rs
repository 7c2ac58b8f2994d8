//! What may stand on the command line.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args as Group, Parser, Subcommand};
use weft_book::catalogue::LANGUAGES;
use weft_lab::{Mode, Request};

use crate::document::Target;
use crate::failure::Status;
use crate::output::{complain, tell};

const ENDING: &str = "\
Exit status: 0: it ran, whatever the verdicts say; 1: an experiment failed, or a result could not be stored; 2: wrong use; \
130: a run was stopped by Ctrl-C.
Each record is stored as $XDG_DATA_HOME/weft/records/STARTED-EXPERIMENT-SEED.json, by default below ~/.local/share, whole \
or not at all. Where that fails, the result is still printed, and the exit status is 1.
Environment: NO_COLOR turns colours off; WEFT_ROOT names the book's folder.";

/// A lab book on processes and threads: every claim an experiment, every experiment a verdict on your own machine.
#[derive(Debug, Parser)]
#[command(name = "weft", version, after_help = ENDING, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Build the book, serve it on this machine alone, and run labs live from the page
    Serve(Serve),
    /// Run experiments, and say what each found
    Run(Run),
    /// Judge every claim of the notes on this machine, as a table and a page
    Verdicts(Verdicts),
    /// Judge and draw stored records again
    Show(Show),
    /// List the experiments: what they ask, their claims, parameters, and the time each takes
    List(List),
    /// Build the static site with the recorded results, which needs no server
    Build(Build),
    /// Say what this machine can measure, what is noisy, what is missing and how to get it
    Doctor(Doctor),
    /// Lay the machines of a class side by side, from the records that its students handed in
    Class(Class),
    /// Make what students get of a lab: its notebook without solutions and hidden tests
    Assign(Assign),
    /// Grade what students handed in, through nbgrader, each submission in a sandbox
    Grade(Grade),
    /// Print the JSON Schema of records and verdicts
    Schema,
    /// Be the book's preprocessor, started by mdBook
    #[command(hide = true)]
    Preprocess {
        /// What mdBook adds.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARG")]
        _arguments: Vec<String>,
    },
}

/// How long a run may take.
#[derive(Debug, Clone, Copy, Group)]
pub(crate) struct Length {
    /// At most 5 seconds an experiment; the default
    #[arg(long, conflicts_with = "full")]
    quick: bool,
    /// At most 60 seconds an experiment, for narrower intervals
    #[arg(long)]
    full: bool,
}

impl Length {
    /// The mode of a run.
    pub(crate) fn mode(self) -> Mode {
        if self.full { Mode::Full } else { Mode::Quick }
    }
}

/// `weft run`.
#[derive(Debug, Group)]
pub(crate) struct Run {
    /// Which experiments; `weft list` shows them
    #[arg(required = true, value_name = "EXPERIMENT")]
    experiments: Vec<String>,
    #[command(flatten)]
    length: Length,
    /// Set a parameter within its bounds; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Start all random choices from this number; drawn and recorded where not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1 << 53))]
    seed: Option<u64>,
    /// Write {"record", "verdicts"} as JSON to a file, or with - alone to standard output; with several experiments
    /// {"records", "verdicts"}
    #[arg(long, value_name = "FILE|-")]
    pub(crate) json: Option<Target>,
    /// Draw each figure into this folder, as EXPERIMENT-FIGURE.svg
    #[arg(long, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,
}

impl Run {
    /// What is asked for, one request an experiment.
    pub(crate) fn requests(&self) -> Vec<Request> {
        let request = |experiment: &String| Request {
            experiment: experiment.clone(),
            mode: self.length.mode(),
            seed: self.seed,
            set: self.set.iter().cloned().collect(),
        };
        self.experiments.iter().map(request).collect()
    }
}

fn setting(word: &str) -> Result<(String, String), String> {
    match word.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err("it must be KEY=VALUE, such as batch=20".to_owned()),
    }
}

/// `weft verdicts`.
#[derive(Debug, Group)]
pub(crate) struct Verdicts {
    #[command(flatten)]
    pub(crate) length: Length,
    /// Write {"records", "verdicts"} as JSON to a file, or with - alone to standard output
    #[arg(long, value_name = "FILE|-")]
    pub(crate) json: Option<Target>,
    /// Write one page with all verdicts and figures, which needs no other file
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) language: Language,
}

/// `weft show`.
#[derive(Debug, Group)]
pub(crate) struct Show {
    /// Files with a record, or what --json wrote; - reads standard input
    #[arg(required = true, value_name = "RECORD")]
    pub(crate) files: Vec<PathBuf>,
    /// Draw each figure into this folder, as EXPERIMENT-FIGURE.svg
    #[arg(long, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,
    /// Write records and verdicts as JSON to a file, or with - alone to standard output
    #[arg(long, value_name = "FILE|-")]
    pub(crate) json: Option<Target>,
}

/// `weft list`.
#[derive(Debug, Group)]
pub(crate) struct List {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `weft class`.
#[derive(Debug, Group)]
pub(crate) struct Class {
    /// Folders with a folder a student, such as nbgrader's `submitted`; every *.json file below is read
    #[arg(required = true, value_name = "DIR")]
    pub(crate) folders: Vec<PathBuf>,
    /// Write the report, one page that needs no other file, here
    #[arg(long, value_name = "FILE", default_value = "class.html")]
    pub(crate) out: PathBuf,
    /// Write a row a verdict as CSV
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Write a row a verdict as Parquet
    #[arg(long, value_name = "FILE")]
    pub(crate) parquet: Option<PathBuf>,
    /// Call students by the names of their folders, and not by hashes of them
    #[arg(long)]
    pub(crate) names: bool,
    /// Hash names with this, so that they stay the same from report to report; drawn anew where not given
    #[arg(long, value_name = "TEXT", conflicts_with = "names")]
    pub(crate) salt: Option<String>,
    #[command(flatten)]
    pub(crate) language: Language,
}

/// `weft assign`.
#[derive(Debug, Group)]
pub(crate) struct Assign {
    /// The lab: its number, such as 05, or the name of its folder
    #[arg(value_name = "NN")]
    pub(crate) lab: String,
    /// Put the folder with the notebook here; by default labs/release
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// The language of the notebook
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = LANGUAGES)]
    pub(crate) lang: String,
    #[command(flatten)]
    pub(crate) root: Root,
}

/// `weft grade`.
#[derive(Debug, Group)]
pub(crate) struct Grade {
    /// What was handed in: a folder a student, STUDENT/LAB.ipynb or STUDENT/LAB/LAB.ipynb, a zip a student, or the zips of Moodle
    /// or Canvas, also with zips in them
    #[arg(value_name = "DIR")]
    pub(crate) submissions: PathBuf,
    /// The course folder with gradebook, graded notebooks, feedback and grades.csv; kept and added to where it is there
    #[arg(long, value_name = "DIR", default_value = "graded")]
    pub(crate) out: PathBuf,
    /// So many submissions at a time; by default one less than there are cores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) jobs: Option<u16>,
    /// End a cell after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) cell_timeout: u32,
    /// End a submission after so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: u32,
    /// Memory that a submission may use
    #[arg(long, value_name = "SIZE", default_value = "2G")]
    pub(crate) memory_limit: String,
    /// How a notebook's path tells the student and the lab: a regular expression of Python with the groups `student_id` and
    /// `file_id`; zips in the path stand without `.zip`, and what is not matched is passed over
    #[arg(long, value_name = "REGEX")]
    pub(crate) pattern: Option<String>,
    /// Run students' code with all that you may do; only for code that you know
    #[arg(long)]
    pub(crate) no_sandbox: bool,
    /// The folder with the labs' notebooks; by default labs in the book's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) source: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) root: Root,
}

/// `weft doctor`.
#[derive(Debug, Group)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Where the book's source is.
#[derive(Debug, Group)]
pub(crate) struct Root {
    /// The folder with book.toml; by default what `WEFT_ROOT` names, else the nearest one upward from here
    #[arg(long, value_name = "DIR")]
    pub(crate) root: Option<PathBuf>,
}

/// The language of a page that is written, and where its sentences are.
#[derive(Debug, Group)]
pub(crate) struct Language {
    /// The language of the page; any but English is found in the book's folder
    #[arg(long, value_name = "LANG", default_value = "en", value_parser = LANGUAGES)]
    pub(crate) lang: String,
    #[command(flatten)]
    pub(crate) root: Root,
}

/// `weft build`.
#[derive(Debug, Group)]
pub(crate) struct Build {
    #[command(flatten)]
    pub(crate) root: Root,
    /// Where the site goes; by default build/book in the book's folder
    #[arg(long, value_name = "DIR")]
    pub(crate) dest_dir: Option<PathBuf>,
}

/// `weft serve`.
#[derive(Debug, Group)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) root: Root,
    /// This port and no other, 0 for any that is free; by default 3210 or the next free one
    #[arg(long, value_name = "N")]
    pub(crate) port: Option<u16>,
    /// Do not open the browser
    #[arg(long)]
    pub(crate) no_open: bool,
}

impl Args {
    /// Reads the command line; where it is wrong, or asks for help, says so and gives how the command ends.
    pub(crate) fn read() -> Result<Args, Status> {
        Args::try_parse().map_err(|error| {
            if !error.use_stderr() {
                let _closed = error.print();
                return Status::Ran;
            }
            if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
                tell(error.render().to_string().trim_end());
            } else {
                let (what, hint) = in_two_lines(&error.render().to_string());
                complain(&what, &hint);
            }
            Status::WrongUse
        })
    }
}

/// What clap says in several paragraphs, as what is wrong and what to do.
fn in_two_lines(message: &str) -> (String, String) {
    let mut paragraphs = message.split("\n\n");
    let join = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let what = join(paragraphs.next().unwrap_or_default());
    let what = what.strip_prefix("error: ").unwrap_or(&what).to_owned();
    let tip = paragraphs
        .map(join)
        .find_map(|text| text.strip_prefix("tip: ").map(str::to_owned));
    let hint = match tip {
        Some(tip) => format!("Perhaps: {tip}. `weft --help` shows all."),
        None => "`weft --help` shows the commands, `weft COMMAND --help` what each takes.".to_owned(),
    };
    (what, hint)
}
