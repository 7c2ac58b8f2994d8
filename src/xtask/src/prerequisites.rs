//! What a step needs beyond Rust: found, or installed where that is safe, or named in one line.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

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
                .args(["--no-default-features", "--features", "search", "--force"])
                // It runs for seconds, so that it is built soon counts for more.
                .args(["--profile", "dev"])
                .env("CARGO_PROFILE_DEV_DEBUG", "false"),
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

/// The Python of the kernel's tests.
pub(crate) fn python() -> Result<PathBuf> {
    environment("kernel-python", "src/weft-kernel/tests/requirements.txt")
}

/// The Python that grades.
pub(crate) fn nbgrader() -> Result<PathBuf> {
    environment("grading-python", "labs/requirements.txt")
}

/// The Python of the hub and of its test.
pub(crate) fn hub_python() -> Result<PathBuf> {
    environment("hub-python", "deploy/jupyterhub/requirements.txt")
}

/// A Python with the packages, of exactly the versions that `requirements` names; a folder `name` among the target
/// folder's tools.
fn environment(name: &str, requirements: &str) -> Result<PathBuf> {
    let listed = workspace::root().join(requirements);
    let wanted = std::fs::read_to_string(&listed).with_context(|| format!("cannot read {requirements}"))?;
    let folder = workspace::target().join("tools").join(name);
    let program = folder.join("bin/python");
    // Written last, so that it stands for all that comes before.
    let installed = folder.join("requirements.txt");
    if std::fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(program);
    }
    println!("installing the Python packages of {requirements}");
    workspace::output(command("python3").args(["-m", "venv", "--clear"]).arg(&folder))
        .context("a Python with venv is missing: install it (on Debian: apt-get install python3-venv)")?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    workspace::output(command(&program).args(install).arg(&listed))
        .context("the Python packages are missing and could not be installed")?;
    workspace::write_whole(&installed, &wanted)?;
    Ok(program)
}

/// The proxy of `JupyterHub`, which runs in Node.js; in the target folder.
pub(crate) fn hub_proxy() -> Result<PathBuf> {
    const PACKAGE: &str = "deploy/jupyterhub/package.json";
    node()?;
    install("npm", &["npm"])?;
    let wanted =
        std::fs::read_to_string(workspace::root().join(PACKAGE)).with_context(|| format!("cannot read {PACKAGE}"))?;
    let folder = workspace::target().join("tools/hub-proxy");
    let program = folder.join("node_modules/.bin/configurable-http-proxy");
    let named = folder.join("package.json");
    if program.exists() && std::fs::read_to_string(&named).is_ok_and(|found| found == wanted) {
        return Ok(program);
    }
    println!("installing the package of {PACKAGE}");
    workspace::write_whole(&named, &wanted)?;
    let quiet = [
        "install",
        "--no-fund",
        "--no-audit",
        "--no-package-lock",
        "--loglevel=error",
    ];
    workspace::output(command("npm").args(quiet).arg("--prefix").arg(&folder))
        .context("configurable-http-proxy is missing and could not be installed through npm")?;
    Ok(program)
}

/// The source of the standard library, from which the kernel's cells infer types. Where it is not the toolchain's own,
/// gives what `RUST_SRC_PATH` must name.
pub(crate) fn std_source() -> Result<Option<PathBuf>> {
    let sysroot = workspace::output(command("rustc").args(["--print", "sysroot"]))?;
    let own = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library/core");
    if own.is_dir() || std::env::var_os("RUST_SRC_PATH").is_some() {
        return Ok(None);
    }
    if find_program("rustup").is_some()
        && workspace::output(command("rustup").args(["component", "add", "rust-src"])).is_ok()
        && own.is_dir()
    {
        return Ok(None);
    }
    install_package("rust-web-src")
        .context("the standard library's source is missing: rustup component add rust-src")?;
    let debian = std::fs::read_dir("/usr/src")?
        .flatten()
        .map(|entry| entry.path().join("library"));
    let found = debian.into_iter().find(|library| library.join("core").is_dir());
    found
        .map(Some)
        .context("rust-web-src is installed, but its library folder is not in /usr/src")
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
    install_package(package).with_context(|| {
        format!(
            "{} is missing: install it (on Debian: apt-get install {package})",
            programs[0]
        )
    })?;
    if !is_there() {
        bail!("{package} is installed, but {} is not on the PATH", programs[0]);
    }
    Ok(())
}

/// Installs Debian's package as root.
fn install_package(package: &str) -> Result<()> {
    // Two steps may want one at the same time, and apt serves one only.
    static APT: Mutex<()> = Mutex::new(());
    let _one_at_a_time = APT.lock().unwrap_or_else(PoisonError::into_inner);
    let is_debian = Path::new("/etc/debian_version").exists() && find_program("apt-get").is_some();
    if !is_debian || !nix::unistd::geteuid().is_root() {
        bail!("{package} is installed by itself only for root on Debian");
    }
    let apt = |arguments: &[&str]| {
        let mut apt = command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").args(arguments);
        workspace::output(&mut apt)
    };
    println!("installing {package}");
    apt(&["update"])
        .and_then(|_| apt(&["install", "--yes", "--no-install-recommends", package]))
        .with_context(|| format!("{package} could not be installed"))?;
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
