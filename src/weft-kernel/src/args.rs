//! What may stand on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args as Group, Parser, Subcommand};

use crate::failure::Status;
use crate::output::{complain, tell};

/// A Jupyter kernel for Rust, with the Weft lab book's crate ready in the first cell.
#[derive(Debug, Parser)]
#[command(name = "weft-kernel", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit status: 0: done; 1: something outside the command failed; 2: wrong use.")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell Jupyter of this kernel, and build what its first cell uses
    Install(Install),
    /// Take the kernel away from Jupyter again
    Uninstall(Uninstall),
    /// Be a kernel: Jupyter runs this with the file that names the sockets
    Run(Run),
    /// Say what this machine has for the kernel, what is missing and how to get it
    Doctor(Doctor),
}

/// Where Jupyter looks for kernels.
#[derive(Debug, Clone, Group)]
#[group(multiple = false)]
pub(crate) struct Place {
    /// For your user alone; the default
    #[arg(long)]
    pub(crate) user: bool,
    /// For the Python environment that is active here
    #[arg(long)]
    pub(crate) sys_prefix: bool,
    /// Below this folder, in share/jupyter/kernels
    #[arg(long, value_name = "DIR")]
    pub(crate) prefix: Option<PathBuf>,
}

/// What a cell may take, for graders and shared machines.
#[derive(Debug, Clone, Default, PartialEq, Group)]
pub(crate) struct Limits {
    /// End a cell after this many seconds; its variables are then those of before the cell
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true, value_parser = seconds)]
    pub(crate) cell_timeout: Option<Duration>,
    /// Memory that the cells' process may use, such as 512M or 2G
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    pub(crate) memory_limit: Option<u64>,
    /// Cut the cells off from the network, where the system allows it
    #[arg(long)]
    pub(crate) no_network: bool,
    /// Text that one cell may show, such as 64M; what is between this much and the last lines is left out
    #[arg(long, value_name = "SIZE", value_parser = bytes, default_value = "16M")]
    pub(crate) output_limit: u64,
}

/// `weft-kernel install`.
#[derive(Debug, Group)]
pub(crate) struct Install {
    #[command(flatten)]
    pub(crate) place: Place,
    /// What Jupyter calls it in commands: letters, digits, and - . _
    #[arg(long, value_name = "N", default_value = "weft", value_parser = kernel_name)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// Hold the kernel, its compilers and its cells in a sandbox, each kernel with a home of its own in this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) sandbox: Option<PathBuf>,
}

/// `weft-kernel uninstall`.
#[derive(Debug, Group)]
pub(crate) struct Uninstall {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The name that it was installed with
    #[arg(long, value_name = "N", default_value = "weft", value_parser = kernel_name)]
    pub(crate) name: String,
}

/// `weft-kernel run`.
#[derive(Debug, Group)]
pub(crate) struct Run {
    /// The connection file that Jupyter wrote
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// Run in a sandbox, with a home of its own in this folder: no other files, no network, limits on all it uses
    #[arg(long, value_name = "DIR")]
    pub(crate) sandbox: Option<PathBuf>,
    /// Which process of a sandbox this is
    #[arg(long, hide = true, requires = "sandbox")]
    pub(crate) role: Option<Role>,
}

/// A process of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    /// It watches.
    Guard,
    /// It is watched.
    Inside,
}

impl Role {
    /// What it is called on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Role::Guard => "guard",
            Role::Inside => "inside",
        }
    }
}

/// `weft-kernel doctor`.
#[derive(Debug, Group)]
pub(crate) struct Doctor {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl Limits {
    /// The same limits as arguments of another call; what is at its default is left out.
    pub(crate) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if let Some(timeout) = self.cell_timeout {
            words.extend(["--cell-timeout".to_owned(), timeout.as_secs_f64().to_string()]);
        }
        if let Some(limit) = self.memory_limit {
            words.extend(["--memory-limit".to_owned(), limit.to_string()]);
        }
        if self.no_network {
            words.push("--no-network".to_owned());
        }
        if bytes("16M") != Ok(self.output_limit) {
            words.extend(["--output-limit".to_owned(), self.output_limit.to_string()]);
        }
        words
    }
}

fn seconds(word: &str) -> Result<Duration, String> {
    let number: Option<f64> = word.parse().ok().filter(|&number: &f64| number > 0.0);
    number
        .and_then(|number| Duration::try_from_secs_f64(number).ok())
        .ok_or_else(|| "it must be a number of seconds above 0, such as 30 or 0.5".to_owned())
}

fn bytes(word: &str) -> Result<u64, String> {
    let (digits, shift) = match word.char_indices().next_back() {
        Some((end, 'K' | 'k')) => (&word[..end], 10),
        Some((end, 'M' | 'm')) => (&word[..end], 20),
        Some((end, 'G' | 'g')) => (&word[..end], 30),
        _ => (word, 0),
    };
    let number: Option<u64> = digits.parse().ok().filter(|&number| number > 0);
    number
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "it must be a number of bytes above 0, with K, M or G for 1024 of them and so on".to_owned())
}

fn kernel_name(word: &str) -> Result<String, String> {
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-._".contains(letter);
    if word.is_empty() || word.starts_with('.') || !word.chars().all(is_allowed) {
        return Err("Jupyter allows letters, digits, and - . _ in it, and no dot at its start".to_owned());
    }
    // Jupyter compares the names of kernels without case.
    Ok(word.to_ascii_lowercase())
}

impl Args {
    /// Reads the command line; where it is wrong, or asks for help, says so and gives how the command ends.
    pub(crate) fn read() -> Result<Args, Status> {
        Args::try_parse().map_err(|error| {
            if !error.use_stderr() {
                let _closed = error.print();
                return Status::Done;
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
        Some(tip) => format!("Perhaps: {tip}. `weft-kernel --help` shows all."),
        None => "`weft-kernel --help` shows the commands, `weft-kernel COMMAND --help` what each takes.".to_owned(),
    };
    (what, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(words: &[&str]) -> Limits {
        let words = ["weft-kernel", "run", "file.json"].iter().chain(words);
        match Args::try_parse_from(words).unwrap().command {
            Command::Run(run) => run.limits,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(bytes("512"), Ok(512));
        assert_eq!(bytes("2G"), Ok(2 << 30));
        assert!(bytes("0").is_err() && bytes("-1").is_err() && bytes("99999999999G").is_err() && bytes("").is_err());
    }

    #[test]
    fn limits_survive_being_written_down() {
        let given = limits(&["--cell-timeout", "1.5", "--memory-limit", "1G", "--no-network"]);
        let words = given.words();
        assert_eq!(limits(&words.iter().map(String::as_str).collect::<Vec<_>>()), given);
        assert_eq!(limits(&[]).words(), Vec::<String>::new());
    }

    #[test]
    fn a_kernel_has_a_name_that_jupyter_allows() {
        assert_eq!(kernel_name("Weft-2"), Ok("weft-2".to_owned()));
        for word in ["", "a b", "../x", ".hidden", "ä"] {
            assert!(kernel_name(word).is_err(), "{word}");
        }
    }

    #[test]
    fn only_one_place_is_named() {
        assert!(Args::try_parse_from(["weft-kernel", "install", "--user", "--sys-prefix"]).is_err());
    }
}
