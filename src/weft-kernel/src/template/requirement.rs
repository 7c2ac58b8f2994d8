//! Which `:dep` lines ask for what is there already.

use std::path::Path;

use semver::{Version, VersionReq};
use toml::{Table, Value};

use super::{SOURCES, manifest};

/// Whether this line of a cell asks for a crate that is preloaded, in a version and with features that it has.
pub(crate) fn is_preloaded(line: &str) -> bool {
    let Some(wanted) = line.trim_start().strip_prefix(":dep ") else {
        return false;
    };
    let (name, value) = match wanted.split_once('=') {
        Some((name, value)) => (name.trim(), value.trim()),
        None => (wanted.trim(), "\"*\""),
    };
    let name = name.replace('_', "-");
    let Some((_, version)) = manifest::versions().into_iter().find(|(known, _)| *known == name) else {
        return false;
    };
    let Ok(Some(value)) = format!("wanted = {value}")
        .parse::<Table>()
        .map(|mut table| table.remove("wanted"))
    else {
        return false;
    };
    match &value {
        Value::String(requirement) => allows(requirement, &version),
        Value::Table(table) => table.iter().all(|(key, value)| match (key.as_str(), value) {
            ("version", Value::String(requirement)) => allows(requirement, &version),
            // Only what `default-features = false` leaves out would be missing, and no plot in a page needs that.
            ("default-features" | "default_features", Value::Boolean(_)) => true,
            ("features", Value::Array(features)) => features.iter().all(|feature| has(&name, feature)),
            ("path", Value::String(path)) => name == "weft-lab" && is_our_source(Path::new(path)),
            _ => false,
        }),
        _ => false,
    }
}

fn allows(requirement: &str, version: &str) -> bool {
    let (requirement, version) = (VersionReq::parse(requirement), Version::parse(version));
    requirement.is_ok_and(|requirement| version.is_ok_and(|version| requirement.matches(&version)))
}

fn has(name: &str, feature: &Value) -> bool {
    name == "plotters"
        && feature
            .as_str()
            .is_some_and(|feature| manifest::plotters_features().contains(&feature))
}

/// Whether the crate in this folder is, to the letter, the one that is preloaded.
fn is_our_source(folder: &Path) -> bool {
    SOURCES
        .iter()
        .all(|(name, text)| std::fs::read_to_string(folder.join(name)).is_ok_and(|found| found == *text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_recognised() {
        for line in [
            ":dep weft-lab",
            ":dep weft-lab = \"0.1\"",
            ":dep weft_lab = { version = \"0.1.0\" }",
            ":dep weft-lab = { path = \"../weft-lab\" }",
            ":dep plotters",
            ":dep plotters = { version = \"^0.3.7\", default-features = false, features = [\"evcxr\", \"all_series\"] }",
        ] {
            assert!(is_preloaded(line), "{line}");
        }
    }

    #[test]
    fn what_is_not_there_is_left_to_cargo() {
        for line in [
            ":dep weft-lab = \"9\"",
            ":dep weft-lab = { path = \"../weft-book\" }",
            ":dep weft-lab = { git = \"https://example.org/weft\" }",
            ":dep plotters = \"0.2\"",
            ":dep plotters = { version = \"0.3\", features = [\"bitmap_backend\"] }",
            ":dep plotters = nonsense",
            ":dep rand = \"0.9\"",
            "let dep = 1;",
        ] {
            assert!(!is_preloaded(line), "{line}");
        }
    }
}
