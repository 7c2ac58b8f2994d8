//! The labs as they are committed: what their sources give, solvable, unsolved, and in both languages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use toml::{Table, Value};

use crate::labs::{self, Lab};
use crate::workspace::{self, cargo, command, write_whole};

/// Runs all of it.
pub(super) fn check() -> Result<()> {
    let labs = labs::all()?;
    labs::check(&labs::committed(&labs)?)?;
    labs::check_translated(&labs, "ko")?;
    nothing_leaks(&labs)?;
    exercises(&labs)
}

/// No solution and no hidden test stands where a student reads.
fn nothing_leaks(labs: &[Lab]) -> Result<()> {
    let folder = tempfile::tempdir()?;
    for language in ["en", "ko"] {
        labs::write_notebooks(labs, language, true, &folder.path().join(language))?;
    }
    let mut public: Vec<PathBuf> = Vec::new();
    files(folder.path(), &mut public)?;
    for part in ["book", "labs"] {
        files(&workspace::root().join(part), &mut public)?;
    }
    // The sources, and the notebooks that nbgrader makes a release of, are the instructor's.
    let is_instructors = |path: &Path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        path.starts_with(workspace::root().join("labs"))
            && !path.components().any(|part| part.as_os_str() == "exercise")
            && (name.ends_with(".ipynb") || name.ends_with(".md") || name.ends_with(".py"))
    };
    for path in public.iter().filter(|path| !is_instructors(path)) {
        let Ok(text) = fs::read_to_string(path) else {
            continue;
        };
        for secret in ["BEGIN SOLUTION", "BEGIN HIDDEN TESTS"] {
            ensure!(!text.contains(secret), "{} has a line `{secret}`", path.display());
        }
        for lab in labs {
            if let Some(line) = lab.secrets().iter().find(|secret| text.contains(secret.as_str())) {
                bail!("{} holds a part of a solution or a hidden test: {line}", path.display());
            }
        }
    }
    Ok(())
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files(&path, found)?;
        } else {
            found.push(path);
        }
    }
    Ok(())
}

/// Every exercise twice in one workspace, built by one call of Cargo: as it is committed, where each test must fail by
/// a `todo!()`, and with the answers in, where each must pass.
fn exercises(labs: &[Lab]) -> Result<()> {
    let labs: Vec<&Lab> = labs.iter().filter(|lab| !lab.exercise().is_empty()).collect();
    let folder = workspace::target().join("tools/exercises");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    write_whole(&folder.join("Cargo.toml"), &manifest()?)?;
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    for lab in &labs {
        let committed = workspace::root().join("labs").join(&lab.slug).join("exercise");
        for (state, answers) in [(UNSOLVED, None), (SOLVED, Some(lab.solved()))] {
            let copy = folder.join(state).join(&lab.slug);
            for file in ["Cargo.toml", "src/lib.rs", "tests/check.rs"] {
                let text = fs::read_to_string(committed.join(file))?;
                write_whole(&copy.join(file), &renamed(&text, lab, state))?;
            }
            for (file, text) in answers.into_iter().flatten() {
                write_whole(&copy.join(file), &text)?;
            }
        }
    }
    let programs = build(&folder)?;
    let mut wrong = Vec::new();
    for lab in &labs {
        for state in [UNSOLVED, SOLVED] {
            let place = folder.join(state).join(&lab.slug);
            let program = programs.get(&place).context("each crate has its tests")?;
            let output = command(program).env("RUST_BACKTRACE", "0").output()?;
            let told = String::from_utf8_lossy(&output.stdout);
            let faults = faults(&told, &lab.tests(), state == SOLVED);
            wrong.extend(faults.iter().map(|fault| format!("{} ({state}): {fault}", lab.slug)));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!(
        "{} exercises: unsolved as they are, solved by their answers",
        labs.len()
    );
    Ok(())
}

const UNSOLVED: &str = "unsolved";
const SOLVED: &str = "solved";

/// Builds the tests of the workspace, and gives each crate's program.
fn build(folder: &Path) -> Result<BTreeMap<PathBuf, PathBuf>> {
    let mut test = cargo();
    test.current_dir(folder)
        .args([
            "test",
            "--workspace",
            "--no-run",
            "--quiet",
            "--message-format",
            "json-render-diagnostics",
        ])
        .env("CARGO_TARGET_DIR", workspace::target());
    let told = test.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(told.status.success(), "the exercises can't be built");
    let text = |message: &serde_json::Value, key: &str| message[key].as_str().map(PathBuf::from);
    let messages = String::from_utf8_lossy(&told.stdout);
    let messages = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let built = messages.filter(|message| message["reason"] == "compiler-artifact");
    Ok(built
        .filter_map(|message| {
            let manifest = text(&message, "manifest_path")?;
            Some((manifest.parent()?.to_path_buf(), text(&message, "executable")?))
        })
        .collect())
}

/// The root's manifest with other members: the same versions and profiles, so that what is built is used again.
fn manifest() -> Result<String> {
    let mut root: Table = fs::read_to_string(workspace::root().join("Cargo.toml"))?.parse()?;
    let space = root
        .get_mut("workspace")
        .and_then(Value::as_table_mut)
        .context("a workspace")?;
    space.remove("default-members");
    space.insert("members".to_owned(), vec!["solved/*", "unsolved/*"].into());
    let lab = workspace::root().join("src/weft-lab");
    let ours = space
        .get_mut("dependencies")
        .and_then(|table| table.get_mut("weft-lab"));
    let ours = ours.and_then(Value::as_table_mut).context("weft-lab is a dependency")?;
    ours.insert("path".to_owned(), lab.to_string_lossy().into_owned().into());
    Ok(root.to_string())
}

/// Two packages of a workspace can't have one name; what they are called in code stays.
fn renamed(manifest_or_code: &str, lab: &Lab, state: &str) -> String {
    let name = labs::package(&lab.slug);
    let library = format!("[lib]\nname = \"{}\"\n", name.replace('-', "_"));
    manifest_or_code
        .replace(
            &format!("name = \"{name}\""),
            &format!("name = \"{state}-{}\"", lab.slug),
        )
        .replace("[lib]\n", &library)
}

/// What the output of a crate's tests says that it should not. Each of `tests` must pass, or fail by a `todo!()`.
fn faults(told: &str, tests: &[&str], must_pass: bool) -> Vec<String> {
    let fault = |test: &&str| {
        let ending = told
            .lines()
            .find_map(|line| line.strip_prefix(&format!("test {test} ... ")));
        let section = format!("---- {test} stdout ----\n");
        let said = told
            .split_once(&section)
            .map(|(_, rest)| rest.split("\n---- ").next().unwrap_or(rest));
        match (ending, must_pass) {
            (Some("ok"), true) => None,
            (Some("FAILED"), false) if said.is_some_and(|said| said.contains("not yet implemented")) => None,
            (ending, _) => Some(format!(
                "the test {test} ended with {:?}: {}",
                ending.unwrap_or("nothing"),
                said.unwrap_or_default().trim_end()
            )),
        }
    };
    tests.iter().filter_map(fault).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\nrunning 2 tests\ntest one ... ok\ntest two ... FAILED\n\nfailures:\n\n---- two stdout \
        ----\nthread 'two' panicked at src/lib.rs:9:5:\nnot yet implemented\n\nfailures:\n    two\n";

    #[test]
    fn a_stub_must_fail_by_its_todo_and_an_answer_pass() {
        assert!(faults(OUTPUT, &["two"], false).is_empty());
        assert!(faults(OUTPUT, &["one"], true).is_empty());
        assert!(faults(OUTPUT, &["one"], false)[0].starts_with("the test one ended with \"ok\""));
        assert!(faults(OUTPUT, &["two"], true)[0].contains("not yet implemented"));
        assert!(faults(OUTPUT, &["three"], true)[0].starts_with("the test three ended with \"nothing\""));
        let other = OUTPUT.replace("not yet implemented", "assertion failed");
        assert!(faults(&other, &["two"], false)[0].contains("assertion failed"));
    }

    #[test]
    fn the_copies_have_names_of_their_own() {
        let manifest: Table = manifest().unwrap().parse().unwrap();
        assert_eq!(manifest["workspace"]["members"][0].as_str(), Some("solved/*"));
        assert!(manifest.contains_key("profile"));
    }
}
