//! `weft grade`: submissions through nbgrader, each in a sandbox, and what an instructor should look at.

mod flags;
mod kernel;
mod report;

use std::ffi::OsStr;

use serde_json::Value;

use crate::args::Grade;
use crate::assign::Folder;
use crate::book::find_root;
use crate::document::write_file;
use crate::failure::{Failure, Status};
use crate::nbgrader::{Nbgrader, labs_in};
use crate::output::{print, tell};
use report::{Graded, PassedOver, Progress};

/// Grades all that was handed in.
pub(crate) fn run(args: &Grade) -> anyhow::Result<Status> {
    if !args.submissions.is_dir() {
        return Err(Failure::wrong_use(
            format!("there is no folder {}", args.submissions.display()),
            "Name the folder that holds the students' folders, or the zips of a learning platform.",
        )
        .into());
    }
    let root = find_root(&args.root)?;
    let nbgrader = Nbgrader::prepare(&root)?;
    let source = std::path::absolute(args.source.as_deref().unwrap_or(nbgrader.labs()))?;
    let labs = labs_in(&source);
    let place = Folder::new("grade")?;
    let kernels = kernel::install(args, &root, &place)?;
    let (graded, passed_over) = grade(args, &nbgrader, &source, &labs, &kernels)?;
    let flags = flags::of(&args.out.join("submitted"));
    let file = args.out.join("flags.csv");
    write_file(&file, &flags::csv(&flags)?)?;
    print(&report::summary(&graded, &passed_over, &flags))?;
    tell(&format!(
        "Wrote {}, {} and {}",
        args.out.join("grades.csv").display(),
        file.display(),
        args.out.join("feedback").display()
    ));
    let failed = graded.iter().any(|one| one.error.is_some());
    Ok(if failed { Status::Failed } else { Status::Ran })
}

fn grade(
    args: &Grade,
    nbgrader: &Nbgrader,
    source: &std::path::Path,
    labs: &[String],
    kernels: &std::path::Path,
) -> anyhow::Result<(Vec<Graded>, Vec<PassedOver>)> {
    let absolute = |path| std::path::absolute(path);
    let (given, out) = (absolute(&args.submissions)?, absolute(&args.out)?);
    let (limit, jobs) = (args.timeout.to_string(), args.jobs.map(|jobs| jobs.to_string()));
    let mut words: Vec<&OsStr> = vec!["grade".as_ref(), "--source".as_ref(), source.as_os_str()];
    words.extend::<[&OsStr; 4]>([
        "--submissions".as_ref(),
        given.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ]);
    words.extend::<[&OsStr; 2]>(["--limit".as_ref(), limit.as_ref()]);
    if let Some(jobs) = &jobs {
        words.extend::<[&OsStr; 2]>(["--jobs".as_ref(), jobs.as_ref()]);
    }
    if let Some(pattern) = &args.pattern {
        words.extend::<[&OsStr; 2]>(["--pattern".as_ref(), pattern.as_ref()]);
    }
    words.push("--labs".as_ref());
    words.extend(labs.iter().map(AsRef::<OsStr>::as_ref));
    // Compiling a cell counts for nbgrader, not for the kernel.
    let patience = args.cell_timeout.saturating_add(90).to_string();
    let environment: [(&str, &OsStr); 2] = [
        ("JUPYTER_PATH", kernels.as_os_str()),
        ("WEFT_EXECUTE_TIMEOUT", patience.as_ref()),
    ];
    let progress = Progress::default();
    let (mut graded, mut passed_over) = (Vec::new(), Vec::new());
    let heard = |said: &Value| {
        progress.hear(said);
        match said["event"].as_str() {
            Some("graded") => graded.push(Graded::read(said)),
            Some("passed over") => passed_over.push(PassedOver::read(said)),
            _ => {}
        }
    };
    let ended = nbgrader.run(&words, &environment, heard);
    progress.end();
    ended?;
    Ok((graded, passed_over))
}
