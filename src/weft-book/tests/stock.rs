//! Stock mdBook, with our preprocessor as its command, makes the same pages as our build.
//!
//! mdBook 0.5.4 is looked for at `WEFT_MDBOOK`, then on the `PATH`; without it this test says that it was left out. The
//! test has no harness, since it is the preprocessor's command itself: `stock preprocess`.

#![expect(clippy::print_stdout, reason = "a test without a harness says itself how it went")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

use weft_book::build::Build;
use weft_book::catalogue::Catalogue;

const VERSION: &str = "mdbook v0.5.4";

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("preprocess") {
        return weft_book::preprocessor::run_as_command();
    }
    if let Some(mdbook) = mdbook() {
        the_pages_are_the_same(&mdbook);
        println!("test stock_mdbook_makes_the_same_pages ... ok");
    } else {
        println!("test stock_mdbook_makes_the_same_pages ... left out: no {VERSION} at WEFT_MDBOOK or on the PATH");
    }
    ExitCode::SUCCESS
}

fn mdbook() -> Option<PathBuf> {
    let program = env::var_os("WEFT_MDBOOK").map_or_else(|| "mdbook".into(), PathBuf::from);
    let output = Command::new(&program).arg("--version").output().ok()?;
    (String::from_utf8_lossy(&output.stdout).trim() == VERSION).then_some(program)
}

fn the_pages_are_the_same(mdbook: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().expect("a folder");
    let ours = folder.path().join("ours");
    let build = Build {
        root: root.clone(),
        dest: ours.clone(),
        live: false,
    };
    build.run().expect("our build");
    let translate = Catalogue::load(&root).expect("the catalogue").translator("ko");
    let book = mdbook_driver::MDBook::load(&root).expect("the book").config.book;
    let word = |text: Option<String>| text.map(|text| translate(&text).unwrap_or(text)).unwrap_or_default();
    // The preprocessor can't change the book's own table.
    let korean = [
        ("MDBOOK_BOOK__LANGUAGE", "ko".to_owned()),
        ("MDBOOK_BOOK__TITLE", word(book.title)),
        ("MDBOOK_BOOK__DESCRIPTION", word(book.description)),
        ("MDBOOK_OUTPUT__HTML__SITE_URL", "/ko/".to_owned()),
    ];
    for (language, variables) in [("en", &[][..]), ("ko", &korean[..])] {
        let theirs = folder.path().join(language);
        let command = format!("'{}' preprocess", env::current_exe().expect("this test").display());
        let output = Command::new(mdbook)
            .arg("build")
            .arg("--dest-dir")
            .arg(&theirs)
            .arg(&root)
            .env("MDBOOK_PREPROCESSOR__WEFT__COMMAND", command)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .output()
            .expect("mdbook");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let ours = if language == "en" {
            ours.clone()
        } else {
            ours.join(language)
        };
        check_same(&files(&theirs), &files(&ours));
    }
}

/// All files below a folder but another edition's.
///
/// The index for searching is compared as data: its name has a hash of its text, and the text depends on whether the
/// builder's JSON library keeps the order of members.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut index = None;
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).expect("a folder") {
            let path = entry.expect("an entry").path();
            let place = path.strip_prefix(folder).expect("below it").to_owned();
            let name = place.to_string_lossy().into_owned();
            if path.is_dir() {
                if name != "ko" {
                    folders.push(path);
                }
            } else if name.starts_with("searchindex-") {
                found.insert("searchindex.js".into(), search_index(&path));
                index = Some(name);
            } else {
                found.insert(place, fs::read(path).expect("a file"));
            }
        }
    }
    let index = index.expect("an index for searching");
    for (path, bytes) in &mut found {
        if path
            .extension()
            .is_some_and(|extension| extension == "html" || extension == "js")
        {
            let text = String::from_utf8(std::mem::take(bytes)).expect("text");
            *bytes = text.replace(&index, "searchindex.js").into_bytes();
        }
    }
    found
}

/// The index as JSON with sorted members.
fn search_index(path: &Path) -> Vec<u8> {
    let text = fs::read_to_string(path).expect("an index");
    let start = text.find("JSON.parse('").expect("JSON in a script") + "JSON.parse('".len();
    let end = text.rfind("')").expect("its end");
    let json = text[start..end].replace("\\'", "'").replace("\\\\", "\\");
    let mut value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    value.sort_all_objects();
    value.to_string().into_bytes()
}

fn check_same(theirs: &BTreeMap<PathBuf, Vec<u8>>, ours: &BTreeMap<PathBuf, Vec<u8>>) {
    assert!(theirs.len() > 50, "{} files", theirs.len());
    assert_eq!(theirs.keys().collect::<Vec<_>>(), ours.keys().collect::<Vec<_>>());
    for (path, bytes) in theirs {
        assert!(*bytes == ours[path], "{} differs", path.display());
    }
}
