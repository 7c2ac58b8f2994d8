//! The manifest that evcxr writes, and the lines by which what is preloaded is in it.

use std::fs;
use std::path::Path;

use toml::Table;

use super::Setting;
use crate::template;

/// The lines of a manifest that bring in what is preloaded.
pub(super) fn preloaded(template: &Path) -> String {
    template::dependencies(template)
        .into_iter()
        .map(|(name, value)| format!("{name} = {value}\n"))
        .collect()
}

/// What evcxr wrote, but for comments.
pub(super) fn read(setting: &Setting) -> String {
    let text = fs::read_to_string(setting.cells.join("Cargo.toml")).unwrap_or_default();
    // A comment there only makes rust-analyzer read all anew.
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default());
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// Puts what is preloaded into the manifest, until the guard goes: evcxr and rust-analyzer see none of it.
pub(super) fn complete<'a>(setting: &'a Setting, evcxrs: &'a str) -> Guard<'a> {
    let _refused_by_cargo = fs::write(setting.cells.join("Cargo.toml"), completed(evcxrs, &setting.preloaded));
    Guard { setting, evcxrs }
}

/// Gives the manifest back as evcxr wrote it.
pub(super) struct Guard<'a> {
    setting: &'a Setting,
    evcxrs: &'a str,
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let _rewritten_by_evcxr = fs::write(self.setting.cells.join("Cargo.toml"), self.evcxrs);
    }
}

/// A reader's own choice of a crate that is preloaded counts. The manifest ends within its dependencies.
fn completed(evcxrs: &str, preloaded: &str) -> String {
    let named = evcxrs
        .parse::<Table>()
        .ok()
        .and_then(|manifest| manifest.get("dependencies")?.as_table().cloned())
        .unwrap_or_default();
    let mut text = evcxrs.trim_end().to_owned();
    text.push('\n');
    for line in preloaded.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        if !named.contains_key(name) && !named.contains_key(&name.replace('-', "_")) {
            text += line;
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readers_own_choice_counts() {
        let preloaded = "weft-lab = { path = \"/t\" }\nplotters = { version = \"=0.3.7\" }\n";
        let text = completed(
            "[package]\nname = \"ctx\"\n[dependencies]\n    plotters = \"0.2\"\n\n",
            preloaded,
        );
        let table: Table = text.parse().unwrap();
        assert_eq!(table["dependencies"]["plotters"].as_str(), Some("0.2"));
        assert_eq!(table["dependencies"]["weft-lab"]["path"].as_str(), Some("/t"));
    }
}
