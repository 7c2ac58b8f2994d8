//! The manifest of the `weft-lab` that notebooks depend on.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use toml::{Table, Value};

/// The workspace's lock file: a notebook has the versions that the tests had.
pub(super) const LOCK: &str = include_str!(concat!(env!("OUT_DIR"), "/LOCK"));
const LAB: &str = include_str!(concat!(env!("OUT_DIR"), "/LAB_MANIFEST"));
const ROOT: &str = include_str!(concat!(env!("OUT_DIR"), "/ROOT_MANIFEST"));

/// What a notebook's plots may need of plotters, beyond what `weft-lab` does.
const PLOTTERS: &[&str] = &[
    "all_elements",
    "all_series",
    "colormaps",
    "evcxr",
    "full_palette",
    "svg_backend",
];

/// The features of `weft-lab` that a notebook has: an exercise's test cells call its checks.
const FEATURES: &[&str] = &["check"];

/// The crates that are preloaded, and their versions.
pub(super) fn versions() -> [(&'static str, String); 2] {
    [
        ("weft-lab", env!("CARGO_PKG_VERSION").to_owned()),
        ("plotters", locked("plotters").unwrap_or_default()),
    ]
}

/// The features of plotters that are there.
pub(super) fn plotters_features() -> &'static [&'static str] {
    PLOTTERS
}

/// What a cell's crate depends on: a name and the text behind it.
pub(crate) fn dependencies(folder: &Path) -> [(&'static str, String); 2] {
    let path = Value::String(folder.join("weft-lab").to_string_lossy().into_owned());
    [
        ("weft-lab", format!("{{ path = {path} }}")),
        ("plotters", plotters().to_string()),
    ]
}

fn plotters() -> Value {
    let mut table = Table::new();
    table.insert(
        "version".to_owned(),
        format!("={}", locked("plotters").unwrap_or_default()).into(),
    );
    table.insert("default-features".to_owned(), false.into());
    table.insert("features".to_owned(), PLOTTERS.to_vec().into());
    Value::Table(table)
}

/// The manifest: a dynamic library, which keeps its statics from cell to cell and is linked in no time.
pub(super) fn text() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| manifest().unwrap_or_default().to_string());
    &TEXT
}

fn manifest() -> Option<Table> {
    let lab: Table = LAB.parse().ok()?;
    let root: Table = ROOT.parse().ok()?;
    let workspace = root.get("workspace")?.as_table()?;
    let shared = workspace.get("dependencies")?.as_table()?;
    let mut dependencies = Table::new();
    for (name, value) in lab.get("dependencies")?.as_table()? {
        if !is_used(&lab, name) {
            continue;
        }
        let inherits = value.get("workspace").is_some();
        let value = if inherits {
            shared.get(name)?.clone()
        } else {
            value.clone()
        };
        dependencies.insert(name.clone(), exactly(value, &locked(name)?));
    }
    dependencies.insert("plotters".to_owned(), plotters());
    let package = workspace.get("package")?;
    let mut about = Table::new();
    about.insert("name".to_owned(), "weft-lab".into());
    about.insert("version".to_owned(), package.get("version")?.clone());
    about.insert("edition".to_owned(), package.get("edition")?.clone());
    let mut library = Table::new();
    library.insert("crate-type".to_owned(), vec!["dylib"].into());
    let mut features = Table::new();
    features.insert("default".to_owned(), FEATURES.to_vec().into());
    for feature in FEATURES {
        // What it depends on is no longer optional.
        features.insert((*feature).to_owned(), Value::Array(Vec::new()));
    }
    // A warning of the crate would be taken for an error of the cell by which it comes to be checked.
    let mut lints = Table::new();
    lints.insert(
        "rust".to_owned(),
        Table::from_iter([("warnings".to_owned(), "allow".into())]).into(),
    );
    let mut manifest = Table::new();
    manifest.insert("lints".to_owned(), lints.into());
    manifest.insert("features".to_owned(), features.into());
    manifest.insert("package".to_owned(), about.into());
    manifest.insert("lib".to_owned(), library.into());
    manifest.insert("dependencies".to_owned(), dependencies.into());
    // A reader's `:dep` has evcxr resolve all versions anew, which must not make newer ones of what is built.
    // Without a build script these are never compiled: they hold the versions, and no more.
    manifest.insert("build-dependencies".to_owned(), pins()?.into());
    Some(manifest)
}

/// Whether a notebook's `weft-lab` has this dependency: always, or for one of its features.
fn is_used(lab: &Table, dependency: &str) -> bool {
    let about = lab.get("dependencies").and_then(|table| table.get(dependency));
    let is_optional = about.is_some_and(|about| about.get("optional").is_some());
    let features = lab.get("features");
    let asks = |feature: &&str| {
        let list = features.and_then(|table| table.get(feature)).and_then(Value::as_array);
        let entry = format!("dep:{dependency}");
        list.is_some_and(|list| list.iter().any(|asked| asked.as_str() == Some(&entry)))
    };
    about.is_some() && (!is_optional || FEATURES.iter().any(asks))
}

/// The same, in no other version, and not optional.
fn exactly(dependency: Value, version: &str) -> Value {
    let mut table = match dependency {
        Value::Table(table) => table,
        _ => Table::new(),
    };
    table.insert("version".to_owned(), format!("={version}").into());
    table.remove("optional");
    Value::Table(table)
}

/// The lock file's packages.
fn packages() -> &'static [Value] {
    static PACKAGES: LazyLock<Vec<Value>> = LazyLock::new(|| {
        let lock: Table = LOCK.parse().unwrap_or_default();
        lock.get("package")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    });
    &PACKAGES
}

/// The package of an entry in the lock file: `name`, or `name version` where there are several.
fn package(entry: &str) -> Option<&'static Value> {
    let mut words = entry.split(' ');
    let (name, version) = (words.next()?, words.next());
    packages().iter().find(|package| {
        text_of(package, "name") == name && version.is_none_or(|version| text_of(package, "version") == version)
    })
}

fn entries_of(package: &Value) -> Vec<String> {
    let list = package.get("dependencies").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The version that `weft-lab` has of a crate that it names.
fn locked(name: &str) -> Option<String> {
    let entry = entries_of(package("weft-lab")?)
        .into_iter()
        .find(|entry| entry.split(' ').next() == Some(name))?;
    Some(text_of(package(&entry)?, "version").to_owned())
}

fn text_of<'a>(package: &'a Value, key: &str) -> &'a str {
    package.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// All that `weft-lab` needs and does not name itself, however far down, at exactly the lock file's versions.
fn pins() -> Option<Table> {
    let lab: Table = LAB.parse().ok()?;
    let named: Vec<String> = entries_of(package("weft-lab")?)
        .into_iter()
        .filter(|entry| is_used(&lab, entry.split(' ').next().unwrap_or_default()))
        .collect();
    let mut open: Vec<String> = named
        .iter()
        .filter_map(|entry| package(entry))
        .flat_map(entries_of)
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(entry) = open.pop() {
        if !is_for_linux(&entry) || !seen.insert(entry.clone()) {
            continue;
        }
        open.extend(entries_of(package(&entry)?));
    }
    let mut pins = Table::new();
    for entry in seen.iter().filter(|entry| !named.contains(entry)) {
        let package = package(entry)?;
        let (name, version) = (text_of(package, "name"), text_of(package, "version"));
        let mut pin = Table::new();
        pin.insert("package".to_owned(), name.into());
        pin.insert("version".to_owned(), format!("={version}").into());
        pin.insert("default-features".to_owned(), false.into());
        let key = format!("pin-{name}-{version}").replace(['.', '+'], "-");
        pins.insert(key, pin.into());
    }
    Some(pins)
}

/// What other systems need is not even downloaded.
fn is_for_linux(name: &str) -> bool {
    !["windows", "winapi", "wasm-bindgen", "js-sys", "web-sys"]
        .iter()
        .any(|other| name.starts_with(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_whole() {
        let manifest: Table = text().parse().unwrap();
        assert_eq!(manifest["lib"]["crate-type"][0].as_str(), Some("dylib"));
        let dependencies = manifest["dependencies"].as_table().unwrap();
        assert!(dependencies.contains_key("rayon") && !dependencies.contains_key("schemars"));
        assert!(dependencies.contains_key("shuttle"), "the checks of exercises need it");
        assert_eq!(manifest["features"]["default"][0].as_str(), Some("check"));
        assert!(dependencies.values().all(|value| value.get("workspace").is_none()));
        let pins = manifest["build-dependencies"].as_table().unwrap();
        assert!(
            pins.values().any(|pin| pin["package"].as_str() == Some("serde_core")),
            "{pins:?}"
        );
        assert!(!pins.values().any(|pin| pin["package"].as_str() == Some("evcxr")));
        assert!(versions().iter().all(|(_, version)| !version.is_empty()));
    }
}
