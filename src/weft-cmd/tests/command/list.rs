//! `weft list`, help and version.

use super::*;

#[test]
fn each_experiment_and_parameter_has_a_line() {
    let text = stdout(&weft_without_records(&["list"]).success());
    let fields: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let creation = fields.iter().find(|line| line[0] == "creation-cost").unwrap();
    assert_eq!(creation[1], "process-vs-thread");
    let batch = fields
        .iter()
        .find(|line| line[1] == "--set" && line[2].starts_with("batch:"))
        .unwrap();
    assert_eq!(batch[2], "batch: 1 to 1000 (10; full: 20)");
}

#[test]
fn the_list_as_json_has_bounds_and_claims() {
    let list = json(&weft_without_records(&["list", "--json"]).success());
    let experiments = list["experiments"].as_array().unwrap();
    let ids: Vec<&str> = experiments.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let known: Vec<&str> = weft_lab::experiments::EXPERIMENTS
        .iter()
        .map(|one| one.about().id)
        .collect();
    assert_eq!(ids, known);
    let creation = experiments.iter().find(|one| one["id"] == "creation-cost").unwrap();
    assert_eq!(creation["claims"][0]["id"], "creation-cost");
    assert_eq!(creation["claims"][0]["equivalence"], serde_json::json!([0.9, 1.1]));
    let batch = creation["params"]
        .as_array()
        .unwrap()
        .iter()
        .find(|param| param["name"] == "batch")
        .unwrap();
    assert_eq!((&batch["min"], &batch["max"]), (&1.into(), &1000.into()));
}

#[test]
fn a_lab_in_the_page_is_listed_as_such() {
    let text = stdout(&weft_without_records(&["list"]).success());
    let line = text.lines().find(|line| line.starts_with("browser-manages\t")).unwrap();
    assert!(
        line.contains("\tbackend-and-frontend\t") && line.ends_with("runs in the page: weft serve"),
        "{line}"
    );
    let list = json(&weft_without_records(&["list", "--json"]).success());
    assert_eq!(list["page_labs"][0]["claims"][0]["id"], "browser-manages");
}

#[test]
fn drills_are_in_no_list() {
    for arguments in [&["list"][..], &["list", "--json"], &["--help"]] {
        assert!(!stdout(&weft_without_records(arguments).success()).contains("drill"));
    }
}

#[test]
fn help_states_the_exit_status_and_where_records_go() {
    let help = stdout(&weft_without_records(&["--help"]).success());
    for words in ["Exit status", "XDG_DATA_HOME", "NO_COLOR", "verdicts", "doctor"] {
        assert!(help.contains(words), "{words}");
    }
    assert!(!help.contains("preprocess"));
    let version = stdout(&weft_without_records(&["--version"]).success());
    assert_eq!(version, concat!("weft ", env!("CARGO_PKG_VERSION"), "\n"));
}
