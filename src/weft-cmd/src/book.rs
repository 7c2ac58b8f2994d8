//! `weft build`, `weft serve` and the preprocessor for mdBook: the crate `weft-book`, with where the book is.

use std::env;
use std::path::{Path, PathBuf};

use crate::args::{Build, Root, Serve};
use crate::failure::{Failure, Status};

/// Builds the static site.
pub(crate) fn build(args: &Build) -> anyhow::Result<Status> {
    let _root = find_root(&args.root)?;
    Err(missing().into())
}

/// Serves the book until a signal ends it.
pub(crate) fn serve(args: &Serve) -> anyhow::Result<Status> {
    let _root = find_root(&args.root)?;
    Err(missing().into())
}

/// Answers mdBook, which started this program.
pub(crate) fn preprocess() -> anyhow::Result<Status> {
    Err(missing().into())
}

fn missing() -> Failure {
    Failure::outside("the book can't be built yet", "It comes with the crate weft-book.")
}

const BOOK: &str = "book.toml";

/// The folder with `book.toml`: the one that was named, or the nearest one upward from the current folder.
fn find_root(args: &Root) -> Result<PathBuf, Failure> {
    let named = args
        .root
        .clone()
        .or_else(|| env::var_os("WEFT_ROOT").map(PathBuf::from));
    if let Some(named) = named {
        return if named.join(BOOK).is_file() {
            Ok(named)
        } else {
            Err(Failure::wrong_use(
                format!("there is no {BOOK} in {}", named.display()),
                "Name the folder of the clone, in which book.toml stands.",
            ))
        };
    }
    let here = env::current_dir().map_err(|error| {
        Failure::outside(
            format!("the current folder can't be found: {error}"),
            "Name the folder of the clone with --root.",
        )
    })?;
    upward(&here).ok_or_else(|| {
        Failure::wrong_use(
            format!("there is no {BOOK} in {} or above it", here.display()),
            "Go to the clone of the repository, or name its folder: --root DIR, or WEFT_ROOT.",
        )
    })
}

fn upward(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|folder| folder.join(BOOK).is_file())
        .map(Path::to_owned)
}
