//! A lab's exercise as a crate, for who answers without a notebook: stubs to fill in, and the tests.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::source::{Cell, Kind, with_solution, without_solution};
use crate::workspace;

/// The crate's files, by their paths in its folder.
pub(crate) fn files(slug: &str, title: &str, cells: &[Cell]) -> Result<Vec<(PathBuf, String)>> {
    Ok(vec![
        ("Cargo.toml".into(), manifest(slug, title)),
        (
            "src/lib.rs".into(),
            format(&library(slug, title, cells, without_solution))?,
        ),
        ("tests/check.rs".into(), format(&tests(slug, cells, without_solution))?),
    ])
}

/// The same with the answers in, and all tests: never stored.
pub(crate) fn solved(slug: &str, title: &str, cells: &[Cell]) -> [(PathBuf, String); 2] {
    [
        ("src/lib.rs".into(), library(slug, title, cells, with_solution)),
        ("tests/check.rs".into(), tests(slug, cells, with_solution)),
    ]
}

/// The package's name.
pub(crate) fn package(slug: &str) -> String {
    format!("exercise-{slug}")
}

fn manifest(slug: &str, title: &str) -> String {
    let (name, title) = (package(slug), title.replace('"', "'"));
    format!(
        r#"# Written by `cargo xtask labs`, as all of this folder is.
[package]
name = "{name}"
description = "{title}: the exercise"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lib]
doctest = false
test = false

[dependencies]
weft-lab = {{ workspace = true, features = ["check"] }}
"#
    )
}

fn library(slug: &str, title: &str, cells: &[Cell], code: fn(&Cell) -> String) -> String {
    let mut text = format!(
        "//! {title}: the exercise.\n\
         //!\n\
         //! Write your answer in place of each `todo!()`, then:\n\
         //!\n\
         //! ```sh\n\
         //! cargo test --package {}\n\
         //! ```\n\
         //!\n\
         //! The notebook of this lab has the same exercise.\n\n\
         #![allow(unused, clippy::all)]\n",
        package(slug)
    );
    for cell in cells {
        match cell.kind {
            Kind::Text => {
                text.push('\n');
                for line in wrapped(&cell.text) {
                    let _infallible = writeln!(text, "{}", format!("// {line}").trim_end());
                }
            }
            Kind::Answer => {
                let _infallible = writeln!(text, "\n{}", code(cell));
            }
            Kind::Run | Kind::Fails | Kind::Test { .. } | Kind::Manual { .. } => {}
        }
    }
    text
}

fn tests(slug: &str, cells: &[Cell], code: fn(&Cell) -> String) -> String {
    let library = package(slug).replace('-', "_");
    let mut text = format!(
        "//! What the answers must satisfy.\n\n#![allow(unused, clippy::all)]\n\nuse {library}::*;\nuse weft_lab::check;\n"
    );
    for cell in cells.iter().filter(|cell| matches!(cell.kind, Kind::Test { .. })) {
        let _infallible = writeln!(text, "\n#[test]\nfn {}() {{\n{}\n}}", cell.id, code(cell));
    }
    text
}

/// Prose in lines of a readable width; blocks of code, tables and lists stay as they are.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 96;
    let mut lines = Vec::new();
    let mut is_code = false;
    for line in text.lines() {
        is_code ^= line.starts_with("```");
        if is_code || line.len() <= WIDTH || line.starts_with('|') {
            lines.push(line.to_owned());
            continue;
        }
        let hanging = if line.starts_with("- ") { "  " } else { "" };
        let mut current = String::new();
        for word in line.split(' ') {
            if !current.is_empty() && current.len() + 1 + word.len() > WIDTH {
                lines.push(std::mem::replace(&mut current, format!("{hanging}{word}")));
                continue;
            }
            if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines
}

/// As `cargo fmt` would leave it.
fn format(code: &str) -> Result<String> {
    let mut rustfmt = workspace::command("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(Path::new(workspace::root()).join("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("rustfmt is missing: rustup component add rustfmt")?;
    let mut input = rustfmt.stdin.take().context("its input is a pipe")?;
    input.write_all(code.as_bytes())?;
    drop(input);
    let output = rustfmt.wait_with_output()?;
    if !output.status.success() {
        bail!(
            "the code of the exercise is no Rust: {}",
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}
