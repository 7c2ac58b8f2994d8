//! `weft verdicts`: every claim of the notes on this machine.

use std::path::Path;

use weft_book::catalogue::LANGUAGES;
use weft_lab::board::{Column, THIS_MACHINE};
use weft_lab::experiments::EXPERIMENTS;
use weft_lab::{Record, Request};

use crate::args::Verdicts;
use crate::book;
use crate::document::{Several, Target, check_file, write_file};
use crate::failure::{Failure, Status};
use crate::output::{complain, print};
use crate::session::Session;
use crate::terminal::{Look, board};

/// Runs every experiment; one that fails does not stop the others.
pub(crate) fn run(args: &Verdicts) -> anyhow::Result<Status> {
    Target::check(args.json.as_ref())?;
    if let Some(file) = &args.html {
        check_file(file)?;
    }
    if args.html.is_none() && args.language.lang != LANGUAGES[0] {
        let what = "--lang is the language of the page, and none is asked for";
        return Err(Failure::wrong_use(what, "Name a file for the page too: --html FILE.").into());
    }
    let root = book::root_if_any(&args.language.root)?;
    let translate = book::translator(&args.language)?;
    let request = |id: &str| Request {
        mode: args.length.mode(),
        ..Request::quick(id)
    };
    let requests: Vec<Request> = EXPERIMENTS
        .iter()
        .map(|experiment| request(experiment.about().id))
        .collect();
    let mut session = Session::open(&requests)?;
    let mut all = Vec::new();
    for request in &requests {
        if let Some(judged) = session.run(request) {
            session.store(&judged);
            all.push(judged);
        }
        if session.is_interrupted() {
            return Ok(session.status());
        }
    }
    let records: Vec<&Record> = all.iter().map(|judged| &judged.record).collect();
    let column = Column::of(THIS_MACHINE, records.iter().copied());
    if !Target::is_standard(args.json.as_ref()) {
        let look = Look::of_standard_output();
        session.note(print(&board::table(&column, look.as_ref())));
    }
    if let Some(target) = &args.json {
        session.note(target.write(&Several::of_column(&records, &column)));
    }
    if let Some(file) = &args.html {
        let board = weft_book::board::beside_recorded(column, recorded(root.as_deref()));
        let page = weft_book::board::page(&board, &records, &args.language.lang, &*translate);
        session.note(write_file(file, page.as_bytes()).map_err(Into::into));
    }
    Ok(session.status())
}

/// The recorded machines of the clone that was named, or that the command was started in. Anywhere else there are none,
/// and the page shows this machine alone.
fn recorded(root: Option<&Path>) -> Vec<Column> {
    let recorded = root.map(weft_book::board::recorded);
    match recorded {
        Some(Ok(columns)) => columns,
        Some(Err(error)) => {
            let why = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            complain(
                &format!("{error}{why}"),
                "The page shows this machine alone. Restore the folder labs, for example with git.",
            );
            Vec::new()
        }
        None => Vec::new(),
    }
}
