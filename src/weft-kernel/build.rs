//! Takes the source of `weft-lab` into the program, which builds it for notebooks wherever it is installed.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() -> std::io::Result<()> {
    let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let lab = here.join("../weft-lab").canonicalize()?;
    let root = here.join("../..").canonicalize()?;
    let mut files = Vec::new();
    collect(&lab.join("src"), &mut files)?;
    files.sort();
    println!("cargo:rerun-if-changed={}", lab.display());
    let mut list = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(&lab).unwrap_or(&file);
        let (name, file) = (name.display().to_string(), file.display().to_string());
        let _never = writeln!(list, "    ({name:?}, include_str!({file:?})),");
    }
    list.push_str("]\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    std::fs::write(out.join("sources.rs"), list)?;
    for (name, file) in [
        ("LAB_MANIFEST", lab.join("Cargo.toml")),
        ("ROOT_MANIFEST", root.join("Cargo.toml")),
        ("LOCK", root.join("Cargo.lock")),
    ] {
        println!("cargo:rerun-if-changed={}", file.display());
        std::fs::write(out.join(name), std::fs::read(&file)?)?;
    }
    Ok(())
}

/// Rust files; tests' snapshots and the like are not built.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}
