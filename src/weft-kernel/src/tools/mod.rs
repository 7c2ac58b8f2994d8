//! What stands in for `cargo`, `rustc` and `rustup` while a session evaluates and analyses cells.
//!
//! Evcxr and rust-analyzer ask these programs some forty questions before the first cell runs, and start cargo anew for
//! each cell. Nearly all the answers are known when the template is built. So a session's `PATH` begins with a folder in
//! which all three names are links to this program, which knows by its name what it is:
//!
//! - a question that the template's build has asked too is answered from the template (`answers`);
//! - a cell is compiled by the very `rustc` command that cargo once gave, without cargo (`build`), and the cells that
//!   evcxr itself begins with are not even compiled, but copied;
//! - what evcxr adds to a cell is made lighter (`lighter`), and its value is shown at the first attempt (`value`);
//! - what is preloaded is put into the manifest here (`manifest`), so evcxr need not know of it, and rust-analyzer reads
//!   the sources of the crates that a cell can name, and of no others (`metadata`).
//!
//! All else goes to the real program, with the environment that the reader has.

mod answers;
mod build;
mod lighter;
mod manifest;
mod metadata;
#[cfg(test)]
#[expect(unreachable_pub, reason = "elsewhere it is a crate of its own")]
mod store;
mod toolchain;
mod value;

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::sys;
pub(crate) use lighter::{STORE, build_store};
pub(crate) use toolchain::Toolchain;

/// Names the folder of the stand-ins; that it is set makes a program of such a name one.
const FOLDER: &str = "WEFT_TOOLS";
/// The reader's own values of what a session changes.
const OWN: [(&str, &str); 3] = [
    ("PATH", "WEFT_OWN_PATH"),
    ("CARGO_HOME", "WEFT_OWN_CARGO_HOME"),
    ("RUST_SRC_PATH", "WEFT_OWN_RUST_SRC_PATH"),
];
const NAMES: [&str; 3] = ["cargo", "rustc", "rustup"];
const SETTING: &str = "setting.json";
const ROOT: &str = "root";
/// Where rust-analyzer looks for the standard library. Until the folder is there, it is to read the cells alone.
const SHOWN: &str = "library";
/// What rust-analyzer reads of the standard library.
const LIBRARY: [&str; 8] = [
    "alloc",
    "core",
    "panic_abort",
    "panic_unwind",
    "proc_macro",
    "std",
    "test",
    "unwind",
];

/// What the stand-ins of one session know.
#[derive(Debug, Serialize, Deserialize)]
struct Setting {
    toolchain: Toolchain,
    /// The template's folder.
    template: PathBuf,
    /// Where evcxr works.
    cells: PathBuf,
    /// It is the template's build: answers are kept.
    records: bool,
    /// The lines of a manifest by which what is preloaded is there.
    preloaded: String,
}

/// Changes of the environment by which a process finds the stand-ins in `folder`.
pub(crate) fn environment(folder: &Path) -> Vec<(&'static str, Option<OsString>)> {
    let tools = folder.join("tools");
    let mut changes: Vec<(&'static str, Option<OsString>)> =
        OWN.iter().map(|(name, own)| (*own, own_value(name, own))).collect();
    let path = own_value("PATH", OWN[0].1).unwrap_or_default();
    let paths = std::iter::once(tools.join("bin")).chain(std::env::split_paths(&path));
    changes.push(("PATH", std::env::join_paths(paths).ok().or(Some(path))));
    // Rust-analyzer looks for cargo here first.
    changes.push(("CARGO_HOME", Some(tools.clone().into())));
    changes.push(("RUST_SRC_PATH", Some(tools.join(SHOWN).into())));
    changes.push((FOLDER, Some(tools.into())));
    changes
}

/// Changes of the environment that take those of [`environment`] back.
pub(crate) fn own_environment() -> Vec<(&'static str, Option<OsString>)> {
    let mut changes: Vec<(&'static str, Option<OsString>)> = Vec::new();
    if std::env::var_os(FOLDER).is_some() {
        for (name, own) in OWN {
            changes.push((name, std::env::var_os(own)));
            changes.push((own, None));
        }
        changes.push((FOLDER, None));
    }
    changes
}

fn own_value(name: &str, own: &str) -> Option<OsString> {
    if std::env::var_os(FOLDER).is_some() {
        std::env::var_os(own)
    } else {
        std::env::var_os(name)
    }
}

/// A command with the reader's own environment.
pub(crate) fn own(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    change(&mut command, own_environment());
    command
}

/// Makes changes in a command's environment.
pub(crate) fn change(command: &mut Command, changes: Vec<(&'static str, Option<OsString>)>) {
    for (name, value) in changes {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

/// Makes the stand-ins in `folder`, whose `cells` is evcxr's.
pub(crate) fn furnish(folder: &Path, template: Option<&Path>, toolchain: &Toolchain, records: bool) -> io::Result<()> {
    let tools = folder.join("tools");
    let bin = tools.join("bin");
    fs::create_dir_all(&bin)?;
    let program = std::env::current_exe()?;
    for name in NAMES {
        let link = bin.join(name);
        let _old = fs::remove_file(&link);
        symlink(&program, link)?;
    }
    // Rust-analyzer's root of the toolchain, in which the standard library's source is not to be found.
    fs::create_dir_all(tools.join(ROOT))?;
    let link = tools.join(ROOT).join("bin");
    let _old = fs::remove_file(&link);
    symlink(toolchain.sysroot.join("bin"), link)?;
    let setting = Setting {
        toolchain: toolchain.clone(),
        template: template.unwrap_or(&tools).to_owned(),
        cells: folder.join("cells"),
        records,
        preloaded: template.map(manifest::preloaded).unwrap_or_default(),
    };
    fs::write(tools.join(SETTING), serde_json::to_vec(&setting)?)
}

/// Lets rust-analyzer find the crates of the cells, and the standard library's source, when it reads the manifest next.
/// Before, it has nothing to do for a cell whose types are written.
pub(crate) fn show_crates(folder: &Path, toolchain: &Toolchain) -> io::Result<()> {
    let library = folder.join("tools").join(SHOWN);
    fs::create_dir_all(&library)?;
    let Some(source) = std_source(toolchain) else {
        return Ok(());
    };
    // Only these, and no manifest: rust-analyzer then needs no cargo to read them.
    for name in LIBRARY {
        symlink(source.join(name), library.join(name))?;
    }
    Ok(())
}

/// From now on evcxr alone says how values are shown.
pub(crate) fn values_in_a_chosen_form(folder: &Path) {
    let _shown_as_usual = fs::write(folder.join("tools").join(value::CHOSEN), "");
}

/// Where the standard library's source is.
pub(crate) fn std_source(toolchain: &Toolchain) -> Option<PathBuf> {
    let (name, own) = OWN[2];
    own_value(name, own)
        .map(PathBuf::from)
        .into_iter()
        .chain([toolchain.sysroot.join("lib/rustlib/src/rust/library")])
        .find(|library| library.join("core").is_dir())
}

/// Does what this program stands in for, if it was started by such a name; it then never returns.
pub(crate) fn entry() {
    let Some(tools) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let mut arguments = std::env::args_os();
    let called = arguments.next().unwrap_or_default();
    let name = Path::new(&called).file_name().and_then(OsStr::to_str);
    let Some(name) = name.filter(|name| NAMES.contains(name)) else {
        return;
    };
    let arguments: Vec<OsString> = arguments.collect();
    let setting = fs::read(tools.join(SETTING))
        .ok()
        .and_then(|text| serde_json::from_slice::<Setting>(&text).ok());
    let status = match &setting {
        Some(setting) => stand_in(setting, name, &arguments),
        None => become_real(name, &arguments),
    };
    sys::exit_now(status);
}

fn stand_in(setting: &Setting, name: &str, arguments: &[OsString]) -> i32 {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    if words.len() != arguments.len() {
        return become_real(setting.program(name), arguments);
    }
    match (name, words.as_slice()) {
        ("rustup", ["which", tool @ ("cargo" | "rustc")]) => {
            let tools = std::env::var_os(FOLDER).map(PathBuf::from).unwrap_or_default();
            // Cargo's place is evcxr's and rust-analyzer's alone; what compiles is the real one, wherever it is named.
            let found = if *tool == "cargo" {
                tools.join("bin/cargo")
            } else {
                setting.program("rustc").into()
            };
            say(format!("{}\n", found.display()).as_bytes());
            0
        }
        ("rustc", ["--print", "sysroot"]) => {
            let root = std::env::var_os(FOLDER)
                .map(PathBuf::from)
                .unwrap_or_default()
                .join(ROOT);
            say(format!("{}\n", root.display()).as_bytes());
            0
        }
        // Rust-analyzer would have the standard library's source installed.
        ("rustup", ["component", ..]) => 1,
        ("cargo", words) if is_build(words) => build::run(setting, words),
        ("cargo", words) if words.contains(&"metadata") => metadata::run(setting, words),
        ("cargo" | "rustc", words) if is_question(words) => answers::answer(setting, name, words, ""),
        _ => become_real(setting.program(name), arguments),
    }
}

fn is_build(words: &[&str]) -> bool {
    let first = words.iter().find(|word| !word.starts_with('-'));
    matches!(first, Some(&("build" | "check")))
}

/// What is asked for again and again, and has the same answer for one toolchain.
fn is_question(words: &[&str]) -> bool {
    const ASKED: [&str; 7] = ["--print", "-vV", "-Vv", "--version", "-V", "locate-project", "config"];
    words.iter().any(|word| ASKED.contains(word))
}

impl Setting {
    /// Whether [`show_crates`] was called.
    fn shows_crates(&self) -> bool {
        self.cells.with_file_name("tools").join(SHOWN).exists()
    }

    fn program(&self, name: &str) -> String {
        let path = match name {
            "cargo" => self.toolchain.cargo.as_path(),
            "rustc" => self.toolchain.rustc.as_path(),
            _ => Path::new(name),
        };
        path.to_string_lossy().into_owned()
    }
}

/// Turns this process into the real program.
fn become_real(program: impl AsRef<OsStr>, arguments: &[OsString]) -> i32 {
    let error = own(program.as_ref()).args(arguments).exec();
    complain(&format!("{}: {error}", program.as_ref().to_string_lossy()));
    127
}

/// The real program, with what it prints caught.
fn real(setting: &Setting, name: &str, words: &[&str]) -> Command {
    let mut command = own(setting.program(name));
    command.args(words).stdin(Stdio::null());
    if name == "cargo" {
        // Evcxr names what it was told, and it was told of the real one; all that cargo starts is to be real.
        command.env("RUSTC", &setting.toolchain.rustc);
    }
    command
}

fn say(bytes: &[u8]) {
    use io::Write as _;
    let _closed = io::stdout().lock().write_all(bytes);
}

fn complain(text: &str) {
    use io::Write as _;
    let _closed = writeln!(io::stderr().lock(), "{text}");
}
