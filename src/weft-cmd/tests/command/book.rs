//! `weft build`, and the preprocessor that mdBook starts.

use super::*;

/// The folder with book.toml.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[test]
fn both_editions_are_built() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    let build = weft(folder.path())
        .args(["build", "--root", ROOT, "--dest-dir"])
        .arg(&site)
        .assert()
        .success();
    assert_eq!(stdout(&build), format!("{}\n", site.join("index.html").display()));
    for page in ["index.html", "ko/index.html"] {
        let html = std::fs::read_to_string(site.join(page)).unwrap();
        assert!(html.contains("<main>") && html.contains("</html>"), "{page}");
    }
}

#[test]
fn the_book_is_found_upward() {
    let folder = tempfile::tempdir().unwrap();
    let site = folder.path().join("site");
    weft(folder.path())
        .current_dir(Path::new(ROOT).join("src/weft-cmd/src"))
        .args(["build", "--dest-dir"])
        .arg(&site)
        .assert()
        .success();
    assert!(site.join("index.html").is_file());
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.txt"), "years of work").unwrap();
    let build = weft(folder.path())
        .args(["build", "--root", ROOT, "--dest-dir"])
        .arg(folder.path())
        .assert()
        .code(1);
    assert!(stderr(&build).contains("name another folder"), "{}", stderr(&build));
    assert_eq!(names(folder.path()), ["thesis.txt"]);
}

#[test]
fn mdbook_may_ask_for_any_renderer() {
    let said = weft_without_records(&["preprocess", "supports", "html"]).success();
    assert_eq!(stdout(&said), "");
}

#[test]
fn what_is_no_book_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let refused = weft(data.path())
        .arg("preprocess")
        .write_stdin("no book")
        .assert()
        .failure();
    assert_eq!(stdout(&refused), "");
    assert!(
        stderr(&refused).starts_with("weft preprocess: "),
        "{}",
        stderr(&refused)
    );
}
