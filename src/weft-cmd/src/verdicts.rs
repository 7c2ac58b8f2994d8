//! `weft verdicts`: every claim of the notes on this machine.

use weft_lab::Request;
use weft_lab::claim::{CLAIMS, Claim};
use weft_lab::experiments::EXPERIMENTS;

use crate::args::Verdicts;
use crate::document::{Judged, Target, check_file, write_file};
use crate::failure::Status;
use crate::output::print;
use crate::page;
use crate::session::Session;
use crate::terminal::{Look, board};

/// Runs every experiment; one that fails does not stop the others.
pub(crate) fn run(args: &Verdicts) -> anyhow::Result<Status> {
    Target::check(args.json.as_ref())?;
    if let Some(file) = &args.html {
        check_file(file)?;
    }
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
    if !Target::is_standard(args.json.as_ref()) {
        session.note(print(&board::table(
            &all,
            &elsewhere(),
            Look::of_standard_output().as_ref(),
        )));
    }
    if let Some(target) = &args.json {
        session.note(target.write(&Judged::several(&all)));
    }
    if let Some(file) = &args.html {
        session.note(write_file(file, page::of(&all).as_bytes()).map_err(Into::into));
    }
    Ok(session.status())
}

/// The claims that no experiment of this build judges.
fn elsewhere() -> board::Elsewhere {
    let is_judged = |claim: &str| EXPERIMENTS.iter().any(|one| one.about().claims.contains(&claim));
    let (in_page, untested) = CLAIMS
        .iter()
        .filter(|claim| !is_judged(claim.id))
        .partition::<Vec<_>, _>(|claim| claim.page_lab().is_some());
    let ids = |claims: Vec<&Claim>| claims.iter().map(|claim| claim.id).collect();
    board::Elsewhere {
        in_page: ids(in_page),
        untested: ids(untested),
    }
}
