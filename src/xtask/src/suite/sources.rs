//! What a source file may not be or hold: too long, a path of one machine, another registry.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::workspace::{self, command};

/// No source file is longer; at about half of it, it is time to think of two rooms.
const MOST_LINES: usize = 600;

/// Files of code, which have a length to keep.
const CODE: [&str; 6] = ["rs", "js", "css", "hbs", "sh", "py"];

/// Folders at the root of some machine, whose names would tie the repository to it.
const FOLDERS: [&str; 5] = ["root", "work", "home", "Users", "tmp"];

/// The only registry that a lock file may name.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check() -> Result<()> {
    let list =
        workspace::output(command("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let mut objections = Vec::new();
    let mut count = 0;
    for name in list.split('\0').filter(|name| !name.is_empty()) {
        // A file that was deleted and is not yet committed as such; or no text.
        let Ok(text) = fs::read_to_string(workspace::root().join(name)) else {
            continue;
        };
        count += 1;
        objections.extend(object(Path::new(name), &text));
    }
    for objection in &objections {
        println!("{objection}");
    }
    match objections.len() {
        0 => {
            println!("{count} files, nothing to object");
            Ok(())
        }
        found => bail!("{found} objections"),
    }
}

fn object(path: &Path, text: &str) -> Vec<String> {
    let mut objections = Vec::new();
    let is_code = path
        .extension()
        .is_some_and(|extension| CODE.iter().any(|code| extension == *code));
    let length = text.lines().count();
    if is_code && length > MOST_LINES {
        objections.push(format!("{}: {length} lines, more than {MOST_LINES}", path.display()));
    }
    let is_lock = path.ends_with("Cargo.lock");
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(folder) = machine_folder(line) {
            objections.push(format!("{}:{number}: a path of one machine ({folder})", path.display()));
        }
        let source = line.strip_prefix("source = \"").and_then(|rest| rest.strip_suffix('"'));
        if is_lock
            && let Some(source) = source
            && source != REGISTRY
        {
            objections.push(format!(
                "{}:{number}: another registry than crates.io ({source})",
                path.display()
            ));
        }
    }
    objections
}

/// A folder of one machine that the line names as the start of a path.
fn machine_folder(line: &str) -> Option<String> {
    FOLDERS.iter().map(|name| format!("/{name}/")).find(|folder| {
        line.match_indices(folder.as_str()).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            let after = line[at + folder.len()..].chars().next();
            let starts_a_path = before.is_none_or(|letter| !letter.is_alphanumeric() && !"./-_}~".contains(letter));
            starts_a_path && after.is_some_and(char::is_alphanumeric)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, text: &str, expect: &[&str]) {
        assert_eq!(object(Path::new(name), text), expect);
    }

    #[test]
    fn a_path_of_one_machine_is_found() {
        let line = format!("see {}home/ada/notes", '/');
        check("a.md", &line, &["a.md:1: a path of one machine (/home/)"]);
        check("a.md", "see /usr/bin and ../work/notes and labs/tmp/x", &[]);
    }

    #[test]
    fn long_code_is_found_and_long_text_is_not() {
        let text = "a\n".repeat(601);
        check("a.rs", &text, &["a.rs: 601 lines, more than 600"]);
        check("a.po", &text, &[]);
        check("b.rs", &"a\n".repeat(600), &[]);
    }

    #[test]
    fn another_registry_is_found() {
        let line = "source = \"registry+https://example.org/index\"";
        check(
            "Cargo.lock",
            line,
            &["Cargo.lock:1: another registry than crates.io (registry+https://example.org/index)"],
        );
        check("Cargo.lock", &format!("source = \"{REGISTRY}\""), &[]);
    }
}
