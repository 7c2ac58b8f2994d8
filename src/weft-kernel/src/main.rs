//! The `weft-kernel` command: installs the kernel, and is it.

mod args;
mod boundary;
mod doctor;
mod failure;
mod history;
mod install;
mod kernelspec;
mod output;
mod place;
mod protocol;
mod sandbox;

use std::process::ExitCode;

use args::{Args, Command};
use failure::Status;
use weft_kernel::session::Options;

fn main() -> ExitCode {
    // In a process that evcxr, the session or a run started this never returns.
    weft_kernel::entry();
    let args = match Args::read() {
        Ok(args) => args,
        Err(status) => return status.into(),
    };
    let ended = match args.command {
        Command::Install(args) => install::install(&args),
        Command::Uninstall(args) => install::uninstall(&args),
        Command::Run(args) if args.sandbox.is_some() => {
            sandbox::run(&args, args.sandbox.as_deref().unwrap_or(".".as_ref()))
        }
        Command::Run(args) => {
            let options = Options {
                cell_timeout: args.limits.cell_timeout,
                memory_limit: args.limits.memory_limit,
                no_network: args.limits.no_network,
                templates: weft_kernel::template::default_folder(),
            };
            protocol::run(&args.file, options, args.limits.output_limit).map(|()| Status::Done)
        }
        Command::Doctor(args) => doctor::run(&args),
    };
    ended.unwrap_or_else(|error| failure::report(&error)).into()
}
