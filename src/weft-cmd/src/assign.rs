//! `weft assign`: a lab as students get it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::args::Assign;
use crate::book::find_root;
use crate::failure::{Failure, Status};
use crate::nbgrader::{Nbgrader, find_lab, labs_in, output};
use crate::output::print;

/// Has nbgrader make the release, and says where it is.
pub(crate) fn run(args: &Assign) -> anyhow::Result<Status> {
    let root = find_root(&args.root)?;
    let nbgrader = Nbgrader::prepare(&root)?;
    let lab = find_lab(&labs_in(nbgrader.labs()), &args.lab)?;
    let translated = if args.lang == "en" {
        None
    } else {
        Some(translate(&root, &args.lang)?)
    };
    let source = translated.as_ref().map_or(nbgrader.labs(), Folder::path);
    let out = args.out.clone().unwrap_or_else(|| nbgrader.labs().join("release"));
    let out = std::path::absolute(out)?;
    let mut path = String::new();
    let arguments = [
        "assign".as_ref(),
        "--lab".as_ref(),
        lab.as_ref(),
        "--source".as_ref(),
        source.as_os_str(),
        "--out".as_ref(),
        out.as_os_str(),
    ];
    nbgrader.run(&arguments, &[], |said| {
        if said["event"] == "released" {
            said["path"].as_str().unwrap_or_default().clone_into(&mut path);
        }
    })?;
    print(&format!("{path}\n"))?;
    Ok(Status::Ran)
}

/// A folder that goes when nobody needs it any more.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A new one that only this user may look into.
    pub(crate) fn new(purpose: &str) -> Result<Folder, Failure> {
        use std::os::unix::fs::DirBuilderExt;
        let name = format!("weft-{purpose}-{}-{:08x}", std::process::id(), fastrand::u32(..));
        let path = std::env::temp_dir().join(name);
        let made = std::fs::DirBuilder::new().mode(0o755).create(&path);
        made.map_err(|error| {
            Failure::outside(
                format!("cannot make {}: {error}", path.display()),
                "Set TMPDIR to a folder with room that you may write to.",
            )
        })?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _best = std::fs::remove_dir_all(&self.0);
    }
}

/// The labs' notebooks in another language, made from the same sources.
fn translate(root: &Path, lang: &str) -> Result<Folder, Failure> {
    let folder = Folder::new("labs")?;
    let labs = ["xtask", "labs", "--lang", lang, "--out"];
    output(
        Command::new("cargo").args(labs).arg(folder.path()).current_dir(root),
        "Notebooks in another language are made in the clone, with Rust.",
    )?;
    Ok(folder)
}
