//! Folders that the environment names.

use std::env;
use std::path::PathBuf;
use std::process::Command;

/// `$XDG_DATA_HOME`, by default `~/.local/share`.
pub(crate) fn data_folder() -> Option<PathBuf> {
    named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")))
}

/// The folder of what Jupyter keeps for this user, as `jupyter --data-dir` says it.
pub(crate) fn jupyter_data_folder() -> Option<PathBuf> {
    let default = || {
        if cfg!(target_os = "macos") {
            named("HOME").map(|home| home.join("Library/Jupyter"))
        } else {
            data_folder().map(|data| data.join("jupyter"))
        }
    };
    named("JUPYTER_DATA_DIR").or_else(default)
}

/// The Python environment that is active, or else the one that `python3` belongs to.
pub(crate) fn python_prefix() -> Option<PathBuf> {
    let asked = || {
        let mut python = Command::new("python3");
        let output = python.args(["-c", "import sys; print(sys.prefix)"]).output().ok()?;
        let said = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !said.trim().is_empty()).then(|| PathBuf::from(said.trim()))
    };
    named("VIRTUAL_ENV").or_else(|| named("CONDA_PREFIX")).or_else(asked)
}

/// The XDG specification says to ignore a relative path.
fn named(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
}
