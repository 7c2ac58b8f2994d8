//! What rust-analyzer is told of the crates: of none but the cells' own, until it is to read all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::answers::{self, Answer};
use super::{Setting, complain, manifest, real};

/// What is preloaded, and what of it a cell's code can reach. The crates below it are built, and never read.
const READ: [&str; 4] = ["weft-lab", "plotters", "plotters-backend", "plotters-svg"];

/// Answers `cargo metadata`: with what is preloaded and without what is below that, once all is to be read.
pub(super) fn run(setting: &Setting, words: &[&str]) -> i32 {
    let evcxrs = manifest::read(setting);
    let key = answers::key(setting, &("metadata", asked(setting, words), &evcxrs));
    let file = setting.kept("answers", &key);
    let mut answer = answers::load(setting, &file);
    if answer.is_none() {
        // Without dependencies nothing of them is asked for, and rust-analyzer may ask for both at once.
        let _guard = (!words.contains(&"--no-deps")).then(|| manifest::complete(setting, &evcxrs));
        let Some(mut said) = Answer::of(&mut real(setting, "cargo", words)) else {
            complain("cannot start cargo");
            return 127;
        };
        said.map_stdout(|text| pruned(text, true));
        if setting.records && said.is_good() {
            answers::store(setting, &file, &said);
        }
        answer = Some(said);
    }
    if let Some(answer) = answer.as_mut().filter(|_| !setting.shows_crates()) {
        answer.map_stdout(|text| pruned(text, false));
    }
    answer.map_or(127, |answer| answer.give())
}

/// What is asked, the same in each session and each time.
fn asked(setting: &Setting, words: &[&str]) -> String {
    let mut asked = String::new();
    let mut before = "";
    for word in words {
        // A folder that is made for the question.
        if before != "--lockfile-path" {
            asked += word;
            asked.push('\0');
        }
        before = word;
    }
    asked.replace(&*setting.cells.to_string_lossy(), "")
}

/// The same without the packages that are only below what is preloaded, or without any but the workspace's.
fn pruned(text: &str, with_dependencies: bool) -> Option<String> {
    let mut metadata: Value = serde_json::from_str(text).ok()?;
    let packages = metadata.get("packages")?.as_array()?;
    let names: BTreeMap<String, String> = packages
        .iter()
        .filter_map(|package| Some((text_of(package, "id")?, text_of(package, "name")?)))
        .collect();
    let is_read = |id: &str| names.get(id).is_some_and(|name| READ.contains(&name.as_str()));
    let nodes = metadata.get("resolve")?.get("nodes")?.as_array()?;
    let below: BTreeMap<String, Vec<String>> = nodes
        .iter()
        .filter_map(|node| Some((text_of(node, "id")?, texts_of(node, "dependencies"))))
        .collect();
    let mut open: Vec<String> = texts_of(&metadata, "workspace_members");
    let mut kept = BTreeSet::new();
    while let Some(id) = open.pop() {
        if !kept.insert(id.clone()) {
            continue;
        }
        for next in below.get(&id).into_iter().flatten() {
            if with_dependencies && (!is_read(&id) || is_read(next)) {
                open.push(next.clone());
            }
        }
    }
    let is_kept = |value: &Value, name: &str| text_of(value, name).is_some_and(|id| kept.contains(&id));
    metadata
        .get_mut("packages")?
        .as_array_mut()?
        .retain(|package| is_kept(package, "id"));
    let nodes = metadata.get_mut("resolve")?.get_mut("nodes")?.as_array_mut()?;
    nodes.retain(|node| is_kept(node, "id"));
    for node in nodes {
        if let Some(ids) = node.get_mut("dependencies").and_then(Value::as_array_mut) {
            ids.retain(|id| id.as_str().is_some_and(|id| kept.contains(id)));
        }
        if let Some(edges) = node.get_mut("deps").and_then(Value::as_array_mut) {
            edges.retain(|edge| is_kept(edge, "pkg"));
        }
    }
    Some(metadata.to_string())
}

fn text_of(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn texts_of(value: &Value, name: &str) -> Vec<String> {
    let list = value.get(name).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_only_below_the_preloaded_goes() {
        let package = |id: &str, name: &str| json!({"id": id, "name": name});
        let node = |id: &str, below: &[&str]| {
            let edges: Vec<Value> = below.iter().map(|id| json!({"pkg": id})).collect();
            json!({"id": id, "dependencies": below, "deps": edges})
        };
        let metadata = json!({
            "workspace_members": ["c"],
            "packages": [
                package("c", "ctx"), package("w", "weft-lab"), package("p", "plotters"), package("l", "libc"),
                package("r", "rand"), package("n", "nix"),
            ],
            "resolve": {"nodes": [
                node("c", &["w", "p", "r"]), node("w", &["p", "l", "n"]), node("p", &[]), node("l", &[]),
                node("r", &["l"]), node("n", &["l"]),
            ]},
        });
        let text = metadata.to_string();
        let pruned =
            |with_dependencies| -> Value { serde_json::from_str(&pruned(&text, with_dependencies).unwrap()).unwrap() };
        let names = |pruned: &Value| -> Vec<String> {
            let packages = pruned["packages"].as_array().unwrap();
            packages.iter().filter_map(|package| text_of(package, "name")).collect()
        };
        let alone = pruned(false);
        assert_eq!(names(&alone), ["ctx"]);
        assert_eq!(alone["resolve"]["nodes"], json!([node("c", &[])]));
        let pruned = pruned(true);
        assert_eq!(
            names(&pruned),
            ["ctx", "weft-lab", "plotters", "libc", "rand"],
            "rand needs libc too"
        );
        let weft = &pruned["resolve"]["nodes"][1];
        assert_eq!(weft["dependencies"], json!(["p", "l"]));
        assert_eq!(weft["deps"], json!([{"pkg": "p"}, {"pkg": "l"}]));
    }
}
