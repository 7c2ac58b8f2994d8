//! `weft build`, `weft serve` and the preprocessor for mdBook: the crate `weft-book`, with where the book is.

use std::env;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use weft_book::catalogue::{Catalogue, LANGUAGES};
use weft_book::serve::{Notice, ServeError};
use weft_lab::{Record, Runner};

use crate::args::{Build, Language, Root, Serve};
use crate::failure::{Failure, Status};
use crate::output::{complain, flush, print, tell};
use crate::store;

/// Builds the static site.
pub(crate) fn build(args: &Build) -> anyhow::Result<Status> {
    let root = find_root(&args.root)?;
    let dest = args.dest_dir.clone().unwrap_or_else(|| root.join("build/book"));
    let build = weft_book::build::Build {
        root,
        dest: dest.clone(),
        live: false,
    };
    build.run()?;
    print(&format!("{}\n", dest.join("index.html").display()))?;
    Ok(Status::Ran)
}

/// Serves the book until a signal ends it. Records of runs from the page are stored as those of `weft run` are.
pub(crate) fn serve(args: &Serve) -> anyhow::Result<Status> {
    let mut server = weft_book::serve::Serve::new(find_root(&args.root)?)
        .earlier(store::newest())
        .on_record(store_quietly);
    if let Some(port) = args.port {
        server = server.port(port);
    }
    let opens = !args.no_open;
    match server.run(Runner::find()?, move |notice| say(notice, opens)) {
        Err(ServeError::Listen { port, source }) => Err(Failure::outside(
            format!("cannot listen on 127.0.0.1:{port}: {source}"),
            "Name another port with --port, or leave it out: a free one is then found.",
        )
        .into()),
        result => Ok(result.map(|()| Status::Ran)?),
    }
}

fn store_quietly(record: &Record) {
    if let Err(failure) = store::put(record) {
        complain(&failure.what, &failure.hint);
    }
}

fn say(notice: Notice, opens: bool) {
    match notice {
        Notice::Ready { url } => {
            // Who started it reads the URL from a pipe, perhaps, and must have it at once.
            if let Err(error) = print(&format!("{url}\n")).and_then(|()| flush()) {
                complain(&format!("{error:#}"), "");
            }
            if opens {
                open_browser(&url);
            }
            tell("Ctrl-C ends it.");
        }
        Notice::PortTaken { wanted, port } => tell(&format!("Port {wanted} is taken; this is port {port}.")),
        Notice::Rebuilt => tell("Built again; open pages load again."),
        Notice::BuildFailed { message } => complain(
            &format!("the change can't be built: {message}"),
            "The pages stay as they were.",
        ),
        Notice::NotWatching { message } => complain(
            &format!("changes of the chapters are not noticed: {message}"),
            "Start it again after a change.",
        ),
        Notice::Ending => tell("Ending."),
        other => tell(&format!("{other:?}")),
    }
}

/// Opens the browser beside this program. A machine without one is no failure: the URL is there to be opened by hand.
fn open_browser(url: &str) {
    let opener = Command::new("xdg-open")
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C is for the server, not for the browser.
        .process_group(0)
        .spawn();
    match opener {
        Ok(mut opener) => {
            // Waited for elsewhere, so that it does not stay as a zombie.
            let _detached = std::thread::Builder::new().spawn(move || opener.wait());
        }
        Err(error) => tell(&format!(
            "The browser could not be opened ({error}); open the URL above."
        )),
    }
}

/// Answers mdBook, which started this program.
pub(crate) fn preprocess() -> ExitCode {
    weft_book::preprocessor::run_as_command()
}

/// Looks an English message up.
type Lookup = dyn Fn(&str) -> Option<String>;

/// What puts sentences into the language of a page.
pub(crate) fn translator(args: &Language) -> anyhow::Result<Box<Lookup>> {
    if args.lang == LANGUAGES[0] {
        return Ok(Box::new(|_| None));
    }
    let catalogue = Catalogue::load(&find_root(&args.root)?)?;
    Ok(Box::new(catalogue.translator(&args.lang)))
}

const BOOK: &str = "book.toml";

/// The folder with `book.toml`: the one that was named, or the nearest one upward from the current folder.
pub(crate) fn find_root(args: &Root) -> Result<PathBuf, Failure> {
    root_if_any(args)?.map_or_else(nowhere, Ok)
}

/// The same; none where none was named and none is near.
pub(crate) fn root_if_any(args: &Root) -> Result<Option<PathBuf>, Failure> {
    let named = args
        .root
        .clone()
        .or_else(|| env::var_os("WEFT_ROOT").map(PathBuf::from));
    if let Some(named) = named {
        return if named.join(BOOK).is_file() {
            Ok(Some(named))
        } else {
            Err(Failure::wrong_use(
                format!("there is no {BOOK} in {}", named.display()),
                "Name the folder of the clone, in which book.toml stands.",
            ))
        };
    }
    Ok(nearest_root())
}

/// The folder with `book.toml` that is the current one or the nearest above it.
fn nearest_root() -> Option<PathBuf> {
    upward(&env::current_dir().ok()?)
}

/// Says why there is no such folder.
fn nowhere() -> Result<PathBuf, Failure> {
    let here = env::current_dir().map_err(|error| {
        Failure::outside(
            format!("the current folder can't be found: {error}"),
            "Name the folder of the clone with --root.",
        )
    })?;
    Err(Failure::wrong_use(
        format!("there is no {BOOK} in {} or above it", here.display()),
        "Go to the clone of the repository, or name its folder: --root DIR, or WEFT_ROOT.",
    ))
}

fn upward(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|folder| folder.join(BOOK).is_file())
        .map(Path::to_owned)
}
