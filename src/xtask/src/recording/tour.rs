//! The pictures of the tour notebook in `JupyterLab`, which the README shows.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};

use super::in_a_browser;
use crate::workspace::{self, command, run};
use crate::{labs, prerequisites};

pub(super) const NAME: &str = "tour";
const NOTEBOOK: &str = "00-tour/00-tour.ipynb";
/// The run of the browser's tests that takes the pictures.
const RUN: &str = "tour::the_tour_to_record_in_a_browser";

/// A process that ends with this.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // The server ends its kernels on this signal.
        let pid = nix::unistd::Pid::from_raw(self.0.id().cast_signed());
        let _gone = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM);
        let _ended = self.0.wait();
    }
}

/// Runs the tour in `JupyterLab` in headless Chromium, and takes its picture, light and dark.
pub(super) fn record() -> Result<()> {
    prerequisites::browser()?;
    let python = prerequisites::nbgrader()?;
    let folder = tempfile::tempdir()?;
    let [prefix, course, pictures] = ["prefix", "labs", "pictures"].map(|name| folder.path().join(name));
    fs::create_dir(&pictures)?;
    labs::write_notebooks(&labs::all()?, "en", false, &course)?;
    let surround = |command: &mut std::process::Command| -> Result<()> {
        command
            .env("XDG_CACHE_HOME", workspace::kernel_cache())
            .env("JUPYTER_PATH", prefix.join("share/jupyter"));
        for name in [
            "JUPYTER_CONFIG_DIR",
            "JUPYTER_DATA_DIR",
            "JUPYTER_RUNTIME_DIR",
            "XDG_DATA_HOME",
        ] {
            command.env(name, folder.path().join(name));
        }
        if let Some(source) = prerequisites::std_source()? {
            command.env("RUST_SRC_PATH", source);
        }
        Ok(())
    };
    // No question about news over the notebook.
    let settings = "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings";
    workspace::write_whole(
        &folder.path().join("JUPYTER_CONFIG_DIR").join(settings),
        "{\"fetchNews\": \"false\", \"checkForUpdates\": false, \"doNotDisturbMode\": true}\n",
    )?;
    let mut install = command(workspace::kernel()?);
    surround(&mut install)?;
    run(install.args(["install", "--prefix"]).arg(&prefix))?;
    // Free now, and nobody else on this machine is likely to take it in the next second.
    let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let token: String = std::iter::repeat_with(fastrand::alphanumeric).take(32).collect();
    let mut lab = command(&python);
    surround(&mut lab)?;
    lab.args(["-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root"])
        .arg(format!("--port={port}"))
        .args([
            "--ServerApp.port_retries=0",
            "--LabApp.expose_app_in_browser=True",
            "--log-level=INFO",
        ])
        .arg(format!("--ServerApp.root_dir={}", course.display()))
        .env("JUPYTER_TOKEN", &token);
    let mut lab = Server(lab.stderr(Stdio::piped()).spawn().context("cannot start JupyterLab")?);
    let mut said = BufReader::new(lab.0.stderr.take().context("it has a standard error")?).lines();
    let is_running = |line: &std::io::Result<String>| line.as_ref().is_ok_and(|line| line.contains("is running at"));
    ensure!(
        said.any(|line| is_running(&line)),
        "JupyterLab ended before it listened"
    );
    // Nobody reads it, and a full pipe would hold the server.
    std::thread::spawn(move || said.for_each(drop));
    run(in_a_browser(RUN)
        .env(
            "WEFT_TOUR_URL",
            format!("http://127.0.0.1:{port}/lab/tree/{NOTEBOOK}?reset&token={token}"),
        )
        .env("WEFT_TOUR_PICTURES", &pictures))?;
    for picture in fs::read_dir(&pictures)? {
        let picture = picture?;
        let to = workspace::root().join("labs/00-tour").join(picture.file_name());
        fs::copy(picture.path(), &to)?;
        println!("wrote {}", to.display());
    }
    Ok(())
}
