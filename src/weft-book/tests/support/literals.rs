//! Finds the literals of `text!` and `msg!` in Rust sources.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file of the crates but their tests and examples.
pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !["tests", "examples", "benches"].contains(&name) {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found
}

/// The literals of a source, without its tests and comments.
pub(crate) fn of(source: &str) -> Vec<String> {
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for name in ["text!(", "msg!("] {
        for (at, _) in code.match_indices(name) {
            let longer_name = code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !longer_name {
                found.extend(literal(code[at + name.len()..].trim_start()));
            }
        }
    }
    found
}

/// The value of the string literal that the code begins with.
fn literal(code: &str) -> Option<String> {
    let mut rest = code.strip_prefix('"')?.chars().peekable();
    let mut value = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(value),
            '\\' => match rest.next()? {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                '\n' => while rest.next_if(|c| c.is_whitespace()).is_some() {},
                'u' => {
                    let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                    value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                }
                escaped => value.push(escaped),
            },
            character => value.push(character),
        }
    }
}

/// The `{places}` of a message.
pub(crate) fn places(message: &str) -> BTreeSet<&str> {
    let inner = message
        .split('{')
        .skip(1)
        .filter_map(|part| Some(part.split_once('}')?.0));
    inner
        .filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'))
        .collect()
}

#[test]
fn literals_over_several_lines_with_escapes() {
    let source = "text!(\n    \"one \\\n     two \\\"{n}\\\"\",\n    n = 1\n) + msg!(\"three\"); context!(\"no\") // \n// text!(\"no\")\n#[cfg(test)]\nmod tests {\n text!(\"no\")";
    assert_eq!(of(source), ["one two \"{n}\"", "three"]);
}

#[test]
fn places_are_names() {
    assert_eq!(places("{a} of {b_2}, { c } {"), BTreeSet::from(["a", "b_2"]));
}
