//! nbgrader in a Python environment of our own, and the script `labs/weft_grade.py` that drives it.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;
use crate::file::write_whole;
use crate::output::tell;

/// The scripts, and what they need, below `labs`.
const SCRIPT: &str = "weft_grade.py";
const REQUIREMENTS: &str = "requirements.txt";

/// Where the labs are, and the Python that has nbgrader.
#[derive(Debug)]
pub(crate) struct Nbgrader {
    labs: PathBuf,
    python: PathBuf,
}

impl Nbgrader {
    /// Finds the environment, or makes it: `WEFT_PYTHON` names another Python that has nbgrader.
    pub(crate) fn prepare(root: &Path) -> Result<Nbgrader, Failure> {
        let labs = std::path::absolute(root.join("labs")).unwrap_or_else(|_| root.join("labs"));
        if !labs.join(SCRIPT).is_file() {
            return Err(Failure::wrong_use(
                format!("there is no {SCRIPT} in {}", labs.display()),
                "Name the folder of the clone with --root.",
            ));
        }
        let python = match std::env::var_os("WEFT_PYTHON") {
            Some(named) => PathBuf::from(named),
            None => environment(&labs)?,
        };
        Ok(Nbgrader { labs, python })
    }

    /// The folder `labs`.
    pub(crate) fn labs(&self) -> &Path {
        &self.labs
    }

    /// Runs the script, hands on what it says, and fails with what it calls trouble.
    pub(crate) fn run(
        &self,
        arguments: &[&OsStr],
        environment: &[(&str, &OsStr)],
        mut heard: impl FnMut(&Value),
    ) -> Result<(), Failure> {
        let mut command = Command::new(&self.python);
        command
            .arg(self.labs.join(SCRIPT))
            .args(arguments)
            .arg("--course")
            .arg(&self.labs)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let cannot = |error: std::io::Error| {
            Failure::outside(
                format!("cannot run {}: {error}", self.python.display()),
                "WEFT_PYTHON names a Python that has nbgrader; without it, weft makes an environment.",
            )
        };
        let mut script = command.spawn().map_err(cannot)?;
        // What it says on standard error is read beside, so that it never waits for us.
        let errors = script
            .stderr
            .take()
            .map(|errors| std::thread::spawn(|| last_line(errors)));
        let mut trouble = None;
        for line in script
            .stdout
            .take()
            .into_iter()
            .flat_map(|lines| BufReader::new(lines).lines())
        {
            let Ok(said) = serde_json::from_str::<Value>(&line.map_err(cannot)?) else {
                continue;
            };
            if said["event"] == "trouble" {
                trouble = said["text"].as_str().map(str::to_owned);
            }
            heard(&said);
        }
        let status = script.wait().map_err(cannot)?;
        let last = errors.and_then(|errors| errors.join().ok()).unwrap_or_default();
        if status.success() {
            return Ok(());
        }
        Err(Failure::outside(
            trouble.unwrap_or_else(|| format!("nbgrader ended with {status}: {last}")),
            "",
        ))
    }
}

fn last_line(lines: impl std::io::Read) -> String {
    let mut last = String::new();
    for line in BufReader::new(lines).lines().map_while(Result::ok) {
        if !line.trim().is_empty() {
            last = line;
        }
    }
    last
}

/// The environment in the user's cache, with exactly what the requirements name.
fn environment(labs: &Path) -> Result<PathBuf, Failure> {
    let requirements = labs.join(REQUIREMENTS);
    let wanted = fs::read_to_string(&requirements).map_err(|error| {
        Failure::outside(
            format!("cannot read {}: {error}", requirements.display()),
            "The clone is not whole; fetch it again.",
        )
    })?;
    let folder = cache()?.join("weft/python");
    let python = folder.join("bin/python");
    // Written last, so that it stands for all that comes before.
    let installed = folder.join(REQUIREMENTS);
    if fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    tell(&format!("Installing nbgrader into {}, once.", folder.display()));
    output(
        Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder),
        "Install Python 3.10 or newer with venv (on Debian: apt-get install python3-venv).",
    )?;
    let install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ];
    output(
        Command::new(&python).args(install).arg(&requirements),
        "It needs the network once; or let WEFT_PYTHON name a Python that has nbgrader.",
    )?;
    write_whole(&installed, wanted.as_bytes())
        .map_err(|error| Failure::outside(format!("cannot write {}: {error}", installed.display()), ""))?;
    Ok(python)
}

fn cache() -> Result<PathBuf, Failure> {
    let named = |variable: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = named("XDG_CACHE_HOME").or_else(|| named("HOME").map(|home| home.join(".cache")));
    cache.ok_or_else(|| {
        Failure::outside(
            "there is no folder for nbgrader: neither XDG_CACHE_HOME nor HOME is set to a whole path",
            "Set HOME, or let WEFT_PYTHON name a Python that has nbgrader.",
        )
    })
}

/// What a program says on standard output, or its last words as a failure.
pub(crate) fn output(command: &mut Command, hint: &str) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Failure::outside(format!("cannot run {name}: {error}"), hint))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let last = last_line(output.stderr.as_slice());
    Err(Failure::outside(
        format!("{name} failed ({}): {last}", output.status),
        hint,
    ))
}

/// The labs that have a notebook in this folder.
pub(crate) fn labs_in(source: &Path) -> Vec<String> {
    let entries = fs::read_dir(source).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| source.join(name).join(format!("{name}.ipynb")).is_file())
        .collect();
    names.sort();
    names
}

/// The lab that a number or a name means.
pub(crate) fn find_lab(labs: &[String], asked: &str) -> Result<String, Failure> {
    let number = asked.parse::<u32>().ok();
    let is_meant = |lab: &&String| {
        let of_lab = lab.split('-').next().and_then(|digits| digits.parse::<u32>().ok());
        *lab == asked || (number.is_some() && of_lab == number)
    };
    labs.iter().find(is_meant).cloned().ok_or_else(|| {
        let what = format!("there is no lab {asked:?}");
        if labs.is_empty() {
            Failure::wrong_use(what, "No lab has its notebook: `cargo xtask labs` makes them.")
        } else {
            Failure::wrong_use(what, format!("There are: {}.", labs.join(", ")))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lab_is_meant_by_its_number_or_its_name() {
        let labs = ["01-process", "05-context-switching"].map(str::to_owned);
        for asked in ["5", "05", "05-context-switching"] {
            assert_eq!(find_lab(&labs, asked).unwrap(), "05-context-switching");
        }
        let failure = find_lab(&labs, "9").unwrap_err();
        assert_eq!(failure.hint, "There are: 01-process, 05-context-switching.");
        assert!(find_lab(&[], "1").unwrap_err().hint.contains("cargo xtask labs"));
    }
}
