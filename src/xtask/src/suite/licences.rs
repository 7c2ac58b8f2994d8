//! Every dependency's licence against the list in `deny.toml`.
//!
//! `cargo deny check` does the same and looks into the advisories too, for which it needs the network; see CONTRIBUTING.md.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use spdx::{Expression, Licensee, ParseMode};

use crate::workspace::{self, cargo};

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
}

pub(super) fn check() -> Result<()> {
    let path = workspace::root().join("deny.toml");
    let text = fs::read_to_string(&path).context("cannot read deny.toml")?;
    let deny: Deny = toml::from_str(&text).context("deny.toml has no list licenses.allow")?;
    let metadata = workspace::output(cargo().args(["metadata", "--format-version=1", "--locked", "--all-features"]))?;
    let metadata: Metadata = serde_json::from_str(&metadata).context("cargo metadata is not understood")?;
    let objections = objections(&deny.licenses.allow, &metadata.packages)?;
    for objection in &objections {
        println!("{objection}");
    }
    match objections.len() {
        0 => {
            println!("{} packages, all allowed", metadata.packages.len());
            Ok(())
        }
        found => bail!("{found} objections"),
    }
}

/// What is wrong: a licence that is not on the list, or an entry of the list that nobody needs.
fn objections(allow: &[String], packages: &[Package]) -> Result<Vec<String>> {
    let parse =
        |name: &String| Licensee::parse(name).with_context(|| format!("{name} in deny.toml is no SPDX licence"));
    let allowed: Vec<Licensee> = allow.iter().map(parse).collect::<Result<_>>()?;
    let mut used = BTreeSet::new();
    let mut objections = Vec::new();
    for package in packages {
        let named = || format!("{} {}", package.name, package.version);
        let Some(license) = &package.license else {
            objections.push(format!("{} names no licence", named()));
            continue;
        };
        let expression = Expression::parse_mode(license, ParseMode::LAX)
            .with_context(|| format!("{}: {license} is no SPDX expression", named()))?;
        let is_allowed = expression.evaluate(|required| {
            let found = allowed.iter().position(|licensee| licensee.satisfies(required));
            used.extend(found);
            found.is_some()
        });
        if !is_allowed {
            objections.push(format!(
                "{} is under {license}, which deny.toml does not allow",
                named()
            ));
        }
    }
    for (index, name) in allow.iter().enumerate() {
        if !used.contains(&index) {
            objections.push(format!("deny.toml allows {name}, which no dependency has"));
        }
    }
    Ok(objections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(allow: &[&str], license: Option<&str>, expect: &[&str]) {
        let allow: Vec<String> = allow.iter().map(|&name| name.to_owned()).collect();
        let package = Package {
            name: "warp".to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
        };
        assert_eq!(objections(&allow, &[package]).unwrap(), expect);
    }

    #[test]
    fn one_side_of_an_or_is_enough() {
        check(&["MIT"], Some("MIT OR Apache-2.0"), &[]);
        check(&["MIT"], Some("MIT/Apache-2.0"), &[]);
    }

    #[test]
    fn both_sides_of_an_and_are_needed() {
        check(
            &["MIT"],
            Some("MIT AND GPL-3.0-only"),
            &["warp 1.0.0 is under MIT AND GPL-3.0-only, which deny.toml does not allow"],
        );
    }

    #[test]
    fn no_licence_and_an_idle_entry_are_said() {
        check(
            &["ISC"],
            None,
            &[
                "warp 1.0.0 names no licence",
                "deny.toml allows ISC, which no dependency has",
            ],
        );
    }
}
