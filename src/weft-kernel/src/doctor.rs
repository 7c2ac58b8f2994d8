//! `weft-kernel doctor`: what this machine has for the kernel, what is missing and how to get it.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{AccessFlags, access};
use serde_json::{Value, json};
use weft_kernel::{session, sys, template};

use crate::args::{Doctor, Place};
use crate::failure::Status;
use crate::kernelspec::{self, Installed};
use crate::output::print;
use crate::place;
use crate::sandbox;

/// The argument after which the doctor only tries to leave the network, in a process of its own.
const TRY_NETWORK: &str = "WEFT_KERNEL_TRY_NETWORK";
/// The same for the sandbox, from which there is no way back.
const TRY_SANDBOX: &str = "WEFT_KERNEL_TRY_SANDBOX";

/// Looks, and says what it found. What is missing is no failure.
pub(crate) fn run(args: &Doctor) -> anyhow::Result<Status> {
    if env::var_os(TRY_NETWORK).is_some() {
        return Ok(if sys::leave_network().is_ok() {
            Status::Done
        } else {
            Status::Failed
        });
    }
    if env::var_os(TRY_SANDBOX).is_some() {
        return sandbox::support();
    }
    let (findings, kernels) = (findings(), kernels());
    if args.json {
        let findings: Vec<Value> = findings.iter().map(Finding::json).collect();
        let kernels: Vec<Value> = kernels.iter().map(kernel_json).collect();
        print(&format!("{:#}\n", json!({"findings": findings, "kernels": kernels})))?;
    } else {
        print(&text(&findings, &kernels))?;
    }
    Ok(Status::Done)
}

/// Something that the kernel uses.
struct Finding {
    id: &'static str,
    /// Its version or place, or why it is not here.
    found: Result<String, String>,
    /// What does not work without it.
    lost: &'static str,
    /// How to get it.
    remedy: &'static str,
}

impl Finding {
    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "here": self.found.is_ok(),
            "detail": self.found.as_ref().unwrap_or_else(|why| why),
            "lost": self.lost,
            "remedy": self.remedy,
        })
    }
}

fn findings() -> Vec<Finding> {
    let std_source = if session::has_std_source() {
        Ok("found".to_owned())
    } else {
        Err("not found in the toolchain, and RUST_SRC_PATH names no folder with it".to_owned())
    };
    vec![
        Finding {
            id: "rustc",
            found: version_of("rustc"),
            lost: "no cell can be compiled",
            remedy: "install Rust: https://rustup.rs",
        },
        Finding {
            id: "cargo",
            found: version_of("cargo"),
            lost: "no cell can be compiled",
            remedy: "install Rust: https://rustup.rs",
        },
        Finding {
            id: "linker",
            found: find_program("cc")
                .map(|path| path.display().to_string())
                .ok_or_else(|| "no cc on the PATH".to_owned()),
            lost: "no cell can be linked",
            remedy: "install a C compiler (on Debian: apt-get install gcc libc6-dev)",
        },
        Finding {
            id: "std-source",
            found: std_source,
            lost: "a variable whose type is not written fails, and completion knows nothing of std",
            remedy: "rustup component add rust-src; or on Debian: apt-get install rust-web-src, and set RUST_SRC_PATH",
        },
        Finding {
            id: "prebuilt",
            found: prebuilt(),
            lost: "`use weft_lab::prelude::*;` needs a `:dep` line and a minute",
            remedy: "weft-kernel install",
        },
        Finding {
            id: "jupyter",
            found: find_program("jupyter")
                .map(|path| path.display().to_string())
                .ok_or_else(|| "no jupyter on the PATH".to_owned()),
            lost: "nothing here starts a kernel; VS Code does it by itself",
            remedy: "pip install jupyterlab",
        },
        Finding {
            id: "history",
            found: history(),
            lost: "the history of cells ends with each kernel",
            remedy: "set XDG_DATA_HOME to a folder that you may write to",
        },
        Finding {
            id: "no-network",
            found: network(),
            lost: "with --no-network no cell runs",
            remedy: "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1, or the container's profile",
        },
        Finding {
            id: "sandbox",
            found: held_in(),
            lost: "with --sandbox no kernel starts, so students' code can't be graded in one",
            remedy: "Linux 5.13 or newer with Landlock; as root also the right to mount, or be an ordinary user",
        },
    ]
}

fn version_of(program: &str) -> Result<String, String> {
    let output = Command::new(program)
        .arg("--version")
        .output()
        .map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

fn prebuilt() -> Result<String, String> {
    let folder = template::default_folder().ok_or("neither XDG_CACHE_HOME nor HOME is set to a whole path")?;
    match template::find(&folder) {
        Ok(Some(_)) => Ok(format!("weft-lab and plotters, in {}", folder.display())),
        Ok(None) => Err(format!("nothing for this compiler in {}", folder.display())),
        Err(error) => Err(error.to_string()),
    }
}

fn history() -> Result<String, String> {
    let folder = place::data_folder().ok_or("neither XDG_DATA_HOME nor HOME is set to a whole path")?;
    let nearest = folder.ancestors().find(|folder| folder.exists());
    if nearest.is_some_and(|folder| access(folder, AccessFlags::W_OK).is_ok()) {
        Ok(folder.join("weft").display().to_string())
    } else {
        Err(format!("{} can't be written to", folder.display()))
    }
}

/// Who has left the network doesn't come back, so another process tries it.
fn network() -> Result<String, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let tried = Command::new(program).arg("doctor").env(TRY_NETWORK, "1").output();
    match tried {
        Ok(output) if output.status.success() => Ok("cells can be cut off from the network".to_owned()),
        _ => Err("the system allows this user no network namespace".to_owned()),
    }
}

/// Nor does who is in a sandbox.
fn held_in() -> Result<String, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let tried = Command::new(program).arg("doctor").env(TRY_SANDBOX, "1").output();
    let tried = tried.map_err(|error| error.to_string())?;
    let (said, wrong) = (
        String::from_utf8_lossy(&tried.stdout),
        String::from_utf8_lossy(&tried.stderr),
    );
    if tried.status.success() {
        Ok(said.trim().to_owned())
    } else {
        Err(wrong.lines().next().unwrap_or("it could not be tried").to_owned())
    }
}

fn find_program(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let files = env::split_paths(&path).map(|folder| folder.join(name.as_ref()));
    files.into_iter().find(|file| file.is_file())
}

/// The kernels that Jupyter knows of here, for the user and for the active Python environment.
fn kernels() -> Vec<Installed> {
    let places = [false, true].map(|sys_prefix| Place {
        user: !sys_prefix,
        sys_prefix,
        prefix: None,
    });
    let mut folders: Vec<PathBuf> = places
        .iter()
        .filter_map(|place| kernelspec::kernels_folder(place).ok())
        .collect();
    folders.dedup();
    folders
        .iter()
        .flat_map(|folder| kernelspec::installed(folder))
        .collect()
}

fn kernel_json(kernel: &Installed) -> Value {
    json!({
        "name": kernel.name,
        "folder": kernel.folder.display().to_string(),
        "program": kernel.program.display().to_string(),
        "here": kernel.program.is_file(),
    })
}

fn text(findings: &[Finding], kernels: &[Installed]) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        match &finding.found {
            Ok(detail) => lines.push(format!("{:12} {detail}", finding.id)),
            Err(why) => {
                lines.push(format!("{:12} MISSING: {why}", finding.id));
                lines.push(format!("{:12} without it: {}", "", finding.lost));
                lines.push(format!("{:12} to get it: {}", "", finding.remedy));
            }
        }
    }
    lines.push(String::new());
    if kernels.is_empty() {
        lines.push("No kernel is installed. To get one: weft-kernel install".to_owned());
    }
    for kernel in kernels {
        let state = |program: &Path| {
            if program.is_file() {
                ""
            } else {
                ", which is gone: install it again"
            }
        };
        let (name, folder, program) = (&kernel.name, kernel.folder.display(), kernel.program.display());
        lines.push(format!(
            "kernel {name} in {folder} starts {program}{}",
            state(&kernel.program)
        ));
    }
    lines.join("\n") + "\n"
}
