//! `weft show`.

use super::*;

/// A file with this text, in a folder that goes with it.
fn file(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a record.json");
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

#[track_caller]
fn refused(text: &str, words: &[&str]) {
    let (folder, path) = file(text);
    let show = weft(folder.path()).arg("show").arg(&path).assert().code(2);
    let said = stderr(&show);
    assert_eq!(stdout(&show), "");
    assert!(said.starts_with(&format!("weft: {}: ", path.display())), "{said}");
    assert!(said.lines().count() <= 2, "{said}");
    for word in words {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn a_stored_record_is_judged_the_same_again() {
    for text in [
        document().to_string(),
        document()["record"].to_string(),
        serde_json::json!({"records": [document()["record"]], "verdicts": []}).to_string(),
    ] {
        let (folder, path) = file(&text);
        let show = weft(folder.path())
            .arg("show")
            .arg(&path)
            .args(["--json", "-"])
            .assert()
            .success();
        assert_eq!(&json(&show), document());
        let lines = stdout(&weft(folder.path()).arg("show").arg(&path).assert().success());
        assert!(lines.contains("Making a process with fork takes"), "{lines}");
    }
}

#[test]
fn standard_input_is_read_and_figures_are_drawn() {
    let folder = tempfile::tempdir().unwrap();
    weft(folder.path())
        .args(["show", "-", "--svg"])
        .arg(folder.path())
        .write_stdin(document().to_string())
        .assert()
        .success();
    let drawn = names(folder.path());
    assert!(drawn.contains(&"creation-cost-methods.svg".to_owned()), "{drawn:?}");
    for name in drawn {
        let svg = std::fs::read_to_string(folder.path().join(&name)).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{name}");
    }
}

#[test]
fn a_newer_record_is_refused() {
    let mut record = document()["record"].clone();
    record["schema"] = 99.into();
    refused(&record.to_string(), &["schema 99", "update weft"]);
}

#[test]
fn a_truncated_record_is_refused() {
    let text = document().to_string();
    refused(&text[..text.len() / 2], &["not whole JSON", "line 1", "Copy it again"]);
    refused("", &["not whole JSON"]);
}

#[test]
fn what_is_no_record_is_refused() {
    refused("{\"a\": 1}", &["not a record of weft"]);
    refused("[]", &["not a record of weft"]);
    let mut record = document()["record"].clone();
    record["series"] = "none".into();
    refused(&record.to_string(), &["not a record of weft", "invalid type"]);
}

#[test]
fn a_record_of_an_unknown_experiment_is_refused() {
    let mut record = document()["record"].clone();
    record["experiment"] = "tomorrow".into();
    refused(&record.to_string(), &["\"tomorrow\"", "creation-cost", "Update weft"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let show = weft_without_records(&["show", "no/such.json"]).code(2);
    assert!(stderr(&show).starts_with("weft: cannot read no/such.json: No such file"));
}
