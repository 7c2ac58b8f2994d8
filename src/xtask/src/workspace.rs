//! The workspace: where it stands, and the programs that are built from it.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use weft_lab::Runner;
use weft_lab::claim::Section;

/// The version of mdBook that the book is built with, as a library and as the stock command.
pub(crate) const MDBOOK: &str = "0.5.4";

/// The arguments name something that there isn't; the exit status is 2 then.
#[derive(Debug)]
pub(crate) struct WrongUse(pub(crate) String);

impl std::fmt::Display for WrongUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for WrongUse {}

/// The folder of the workspace.
pub(crate) fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

/// The one folder that everything is built into.
pub(crate) fn target() -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    root().join(named.unwrap_or_else(|| "target".into()))
}

/// The folder of a section's recorded results.
pub(crate) fn recorded(section: Section) -> PathBuf {
    root().join("labs").join(section.slug()).join("recorded")
}

/// A program, started in the workspace's folder with nothing to read.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// Cargo, as it started this program.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The command as a person would type it.
pub(crate) fn words(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_stem().unwrap_or(program.as_os_str());
    let words = std::iter::once(program).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}

thread_local! {
    /// Where the programs that this thread runs write, if not where this one does.
    static LOG: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// What the programs that `work` runs have printed is kept, and given with its result.
pub(crate) fn logged<R>(work: impl FnOnce() -> R) -> Result<(R, String)> {
    let mut log = tempfile::tempfile()?;
    LOG.set(Some(log.try_clone()?));
    let result = work();
    LOG.take();
    log.rewind()?;
    let mut text = Vec::new();
    log.read_to_end(&mut text)?;
    Ok((result, String::from_utf8_lossy(&text).into_owned()))
}

/// Runs it, with its output where ours goes.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    if let Some(log) = LOG.with_borrow(|log| log.as_ref().map(File::try_clone)) {
        let log = log?;
        command.stderr(log.try_clone()?).stdout(log);
    }
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !status.success() {
        bail!("`{}` failed ({status})", words(command));
    }
    Ok(())
}

/// Runs it and gives what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::piped())
        .output()
        .with_context(|| format!("cannot start {}", words(command)))?;
    if !output.status.success() {
        let log = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", words(command), output.status, log.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Builds the `weft` command as a reader does.
pub(crate) fn weft() -> Result<PathBuf> {
    run(cargo().args(["build", "--release", "--locked", "--package", "weft-cmd"]))?;
    Ok(target().join("release/weft"))
}

/// Builds the notebook kernel in its own profile.
pub(crate) fn kernel() -> Result<PathBuf> {
    let arguments = ["build", "--profile", "kernel", "--locked", "--package", "weft-kernel"];
    run(cargo().args(arguments))?;
    Ok(target().join("kernel/weft-kernel"))
}

/// Where the notebook kernel keeps what its first cell uses, in the place of the reader's own cache.
pub(crate) fn kernel_cache() -> PathBuf {
    target().join("tools/kernel-cache")
}

/// A runner whose workers are the optimised `weft`, since what is measured must be what a reader measures.
pub(crate) fn runner() -> Result<Runner> {
    weft().map(Runner::with_program)
}

/// The program of this name on the `PATH`.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Writes a file whole or not at all.
pub(crate) fn write_whole(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a file has a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new()
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_workspace() {
        assert!(root().join("Cargo.lock").is_file());
        assert!(root().join("src/weft-lab/Cargo.toml").is_file());
    }

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/record.json");
        write_whole(&path, "one\n").unwrap();
        write_whole(&path, "two\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        let names: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(names.len(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_command_reads_as_it_is_typed() {
        let mut command = Command::new("some/folder/cargo");
        command.args(["fmt", "--check"]);
        assert_eq!(words(&command), "cargo fmt --check");
    }

    #[test]
    fn what_is_logged_is_not_printed() {
        let failing = || run(command("sh").args(["-c", "echo one; echo two >&2; exit 1"])).is_err();
        assert_eq!(logged(failing).unwrap(), (true, "one\ntwo\n".to_owned()));
        assert!(LOG.with_borrow(Option::is_none));
    }

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let error = output(command("sh").args(["-c", "echo no >&2; exit 3"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`sh -c echo no >&2; exit 3` failed (exit status: 3): no"
        );
    }
}
