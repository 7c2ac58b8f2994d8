//! The `weft` command: the rim of the house, which alone prints, exits and reads the environment.

#![expect(
    clippy::format_push_string,
    reason = "text for people is built as it reads, and not where speed counts"
)]

mod args;
mod assign;
mod book;
mod class;
mod doctor;
mod document;
mod failure;
mod file;
mod grade;
mod interrupt;
mod list;
mod nbgrader;
mod output;
mod run;
mod schema;
mod session;
mod show;
mod store;
mod terminal;
mod verdicts;

use std::process::ExitCode;

use args::{Args, Command};
use failure::Status;

fn main() -> ExitCode {
    // In a process that a run started this never returns.
    weft_lab::worker::entry();
    let args = match Args::read() {
        Ok(args) => args,
        Err(status) => return status.into(),
    };
    let result = match args.command {
        Command::Serve(args) => book::serve(&args),
        Command::Run(args) => run::run(&args),
        Command::Verdicts(args) => verdicts::run(&args),
        Command::Show(args) => show::run(&args),
        Command::List(args) => list::run(&args),
        Command::Build(args) => book::build(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Class(args) => class::run(&args),
        Command::Assign(args) => assign::run(&args),
        Command::Grade(args) => grade::run(&args),
        Command::Schema => schema::run(),
        Command::Preprocess { .. } => return book::preprocess(),
    };
    result
        .and_then(|status| output::flush().map(|()| status))
        .unwrap_or_else(|error| failure::report(&error))
        .into()
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        ExitCode::from(status.code())
    }
}
