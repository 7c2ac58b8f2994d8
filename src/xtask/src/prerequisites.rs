//! What a step needs beyond Rust: found, or installed where that is safe, or named in one line.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::workspace::{self, MDBOOK, cargo, command, find_program};

/// Stock mdBook, in the target folder, so that nothing outside the workspace changes.
pub(crate) fn mdbook() -> Result<PathBuf> {
    let tools = workspace::target().join("tools");
    let program = tools.join("bin/mdbook");
    let version = || workspace::output(command(&program).arg("--version"));
    if !version().is_ok_and(|found| found.trim() == format!("mdbook v{MDBOOK}")) {
        workspace::run(
            cargo()
                .args([
                    "install",
                    "mdbook",
                    "--version",
                    MDBOOK,
                    "--locked",
                    "--quiet",
                    "--root",
                ])
                .arg(&tools)
                .args(["--no-default-features", "--features", "search", "--force"]),
        )
        .with_context(|| {
            format!(
                "mdbook {MDBOOK} is missing and could not be installed into {}",
                tools.display()
            )
        })?;
    }
    Ok(program)
}

/// Chromium and its driver.
pub(crate) fn browser() -> Result<()> {
    install("chromium", &["chromium", "chromium-browser", "google-chrome"])?;
    install("chromium-driver", &["chromedriver"])
}

/// What runs the page's scripts outside a page.
pub(crate) fn node() -> Result<()> {
    install("nodejs", &["node"])
}

/// Sees to it that one of `programs` is on the `PATH`: by Debian's `package` as root, otherwise by saying what to do.
pub(crate) fn install(package: &str, programs: &[&str]) -> Result<()> {
    let is_there = || programs.iter().any(|program| find_program(program).is_some());
    if is_there() {
        return Ok(());
    }
    let is_debian = Path::new("/etc/debian_version").exists() && find_program("apt-get").is_some();
    if !is_debian || !nix::unistd::geteuid().is_root() {
        bail!(
            "{} is missing: install it (on Debian: apt-get install {package})",
            programs[0]
        );
    }
    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").args(arguments);
        workspace::output(&mut apt)
    };
    println!("installing {package}");
    apt(&["update"])
        .and_then(|_| apt(&["install", "--yes", "--no-install-recommends", package]))
        .with_context(|| format!("{} is missing, and could not be installed", programs[0]))?;
    if !is_there() {
        bail!("{package} is installed, but {} is not on the PATH", programs[0]);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed() {
        install("no-such-package", &["no-such-program", "sh"]).unwrap();
    }
}
