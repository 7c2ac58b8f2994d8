//! `weft run`: experiments, one after another, and what each found.

use std::collections::HashMap;
use std::path::Path;

use crate::args::Run;
use crate::document::{Judged, Target, write_file};
use crate::failure::{Failure, Status};
use crate::output::print;
use crate::session::Session;
use crate::terminal::Look;
use crate::terminal::result;

/// Runs them; one that fails does not stop the others.
pub(crate) fn run(args: &Run) -> anyhow::Result<Status> {
    let requests = args.requests();
    Target::check(args.json.as_ref())?;
    let mut session = Session::open(&requests)?;
    let mut drawings = args.svg.as_deref().map(Drawings::into_folder).transpose()?;
    let prints = !Target::is_standard(args.json.as_ref());
    let look = Look::of_standard_output();
    let mut all = Vec::new();
    for request in &requests {
        let Some(judged) = session.run(request) else {
            if session.is_interrupted() {
                return Ok(session.status());
            }
            continue;
        };
        if prints {
            session.note(print(&result::whole(&judged, look.as_ref())));
        }
        session.store(&judged);
        if let Some(drawings) = &mut drawings {
            session.note(drawings.draw(&judged));
        }
        all.push(judged);
    }
    if let Some(target) = &args.json {
        session.note(write(target, requests.len(), &all));
    }
    Ok(session.status())
}

/// One experiment asked for gives the document of one; where it failed there is none.
fn write(target: &Target, asked: usize, all: &[Judged]) -> anyhow::Result<()> {
    match (asked, all) {
        (1, [judged]) => target.write(&judged.one()),
        (1, _) => Ok(()),
        _ => target.write(&Judged::several(all)),
    }
}

/// A folder that figures are drawn into.
pub(crate) struct Drawings<'a> {
    folder: &'a Path,
    used: HashMap<String, usize>,
}

impl<'a> Drawings<'a> {
    /// Makes the folder if it is not there.
    pub(crate) fn into_folder(folder: &'a Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::wrong_use(
                format!("cannot make the folder {}: {error}", folder.display()),
                "Name a folder that is there, or one that you may make.",
            )
        })?;
        Ok(Drawings {
            folder,
            used: HashMap::new(),
        })
    }

    /// Draws the figures of a record, each file whole or not at all. A name that was used gets a number.
    pub(crate) fn draw(&mut self, judged: &Judged) -> anyhow::Result<()> {
        for figure in judged.record.figures() {
            let name = format!("{}-{}", judged.record.experiment, figure.id);
            let times = self.used.entry(name.clone()).or_default();
            *times += 1;
            let file = match *times {
                1 => format!("{name}.svg"),
                number => format!("{name}-{number}.svg"),
            };
            write_file(&self.folder.join(file), figure.svg_file(&|_| None).as_bytes())?;
        }
        Ok(())
    }
}
