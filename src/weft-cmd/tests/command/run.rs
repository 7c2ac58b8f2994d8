//! `weft run` and `weft verdicts`.

use super::*;

#[test]
fn a_document_stands_alone_on_standard_output() {
    let document = document();
    let members: Vec<&String> = document.as_object().unwrap().keys().collect();
    assert_eq!(members, ["record", "verdicts"]);
    let record = &document["record"];
    assert_eq!(record["experiment"], "creation-cost");
    assert_eq!(record["mode"], "quick");
    assert_eq!(record["params"]["sweep_mb"], 16);
    for member in ["schema", "started", "elapsed_ns", "machine", "noise", "series"] {
        assert!(!record[member].is_null(), "{member}");
    }
    let verdict = &document["verdicts"][0];
    assert_eq!(verdict["claim"], "creation-cost");
    assert_eq!(verdict["effect"]["kind"], "ratio");
}

#[test]
fn a_seed_and_parameters_give_the_same_plan() {
    let data = tempfile::tempdir().unwrap();
    let again = json(
        &weft(data.path())
            .args(SHORT)
            .args(["--json", "-", "--seed", "7"])
            .assert()
            .success(),
    );
    let (first, second) = (&document()["record"], &again["record"]);
    assert_eq!(first["seed"], 7);
    for member in ["seed", "params", "mode"] {
        assert_eq!(first[member], second[member], "{member}");
    }
    let series = |record: &Value| -> Vec<(Value, Value)> {
        let all = record["series"].as_array().unwrap();
        all.iter()
            .map(|one| (one["condition"].clone(), one["quantity"].clone()))
            .collect()
    };
    assert_eq!(series(first), series(second));
}

#[test]
fn a_pipe_gets_lines_and_the_record_is_stored() {
    let data = tempfile::tempdir().unwrap();
    let run = weft(data.path()).args(SHORT).args(["--seed", "11"]).assert().success();
    let text = stdout(&run);
    assert!(text.lines().all(|line| line.starts_with("creation-cost: ")), "{text}");
    assert!(text.contains("Making a process with fork takes"), "{text}");
    assert!(text.is_ascii() || !text.contains('│'), "{text}");
    let folder = data.path().join("weft/records");
    let files = names(&folder);
    assert_eq!(files.len(), 1);
    assert!(files[0].ends_with("Z-creation-cost-11.json"), "{files:?}");
    assert!(stderr(&run).contains(&files[0]));
    let stored = std::fs::read_to_string(folder.join(&files[0])).unwrap();
    assert_eq!(weft_lab::Record::from_json(&stored).unwrap().seed, 11);
}

#[test]
fn several_experiments_share_a_document() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("svg");
    let file = data.path().join("both.json");
    let arguments = ["run", "creation-cost", "creation-cost", "--set", "aa=true", "--json"];
    weft(data.path())
        .args(arguments)
        .arg(&file)
        .arg("--svg")
        .arg(&folder)
        .assert()
        .success();
    let both: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(both["records"].as_array().unwrap().len(), 2);
    assert_eq!(both["verdicts"].as_array().unwrap().len(), 2);
    assert_eq!(names(&folder), ["creation-cost-ratio-2.svg", "creation-cost-ratio.svg"]);
    assert_eq!(names(data.path()), ["both.json", "svg", "weft"]);
}

#[test]
fn one_that_fails_does_not_stop_the_others() {
    let data = tempfile::tempdir().unwrap();
    let run = weft(data.path())
        .args(["run", "drill-fail", "drill-crash", "drill-orphans", "--json", "-"])
        .assert()
        .code(1);
    let document = json(&run);
    assert_eq!(document["records"].as_array().unwrap().len(), 1);
    assert_eq!(document["records"][0]["experiment"], "drill-orphans");
    let words = stderr(&run);
    assert!(words.contains("weft: drill-fail: a drill: expected"), "{words}");
    assert!(
        words.contains("weft: drill-crash: the worker was killed by signal 11 (SIGSEGV)"),
        "{words}"
    );
}

#[test]
fn one_that_fails_alone_gives_no_document() {
    let data = tempfile::tempdir().unwrap();
    let run = weft(data.path())
        .args(["run", "drill-exit", "--json", "-"])
        .assert()
        .code(1);
    assert_eq!(stdout(&run), "");
    assert!(stderr(&run).contains("ended with status 0 and no record"));
}

#[test]
fn what_an_experiment_prints_breaks_no_document() {
    let data = tempfile::tempdir().unwrap();
    let run = weft(data.path())
        .args(["run", "drill-print", "--json", "-"])
        .assert()
        .success();
    assert_eq!(json(&run)["record"]["experiment"], "drill-print");
}

#[test]
fn every_claim_with_an_experiment_gets_a_verdict_and_a_page() {
    let data = tempfile::tempdir().unwrap();
    let page = data.path().join("page.html");
    let run = weft(data.path())
        .args(["verdicts", "--quick", "--json", "-", "--html"])
        .arg(&page)
        .args(["--lang", "ko", "--root", concat!(env!("CARGO_MANIFEST_DIR"), "/../..")])
        .assert()
        .success();
    let document = json(&run);
    let count = weft_lab::experiments::EXPERIMENTS.len();
    assert_eq!(document["records"].as_array().unwrap().len(), count);
    let judged: Vec<&str> = document["verdicts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| verdict["claim"].as_str().unwrap())
        .collect();
    let html = std::fs::read_to_string(&page).unwrap();
    for claim in weft_lab::experiments::EXPERIMENTS
        .iter()
        .flat_map(|one| one.about().claims)
    {
        assert!(judged.contains(claim), "{claim} is not judged");
        assert!(html.contains(&format!("id=\"{claim}\"")), "{claim} is not on the page");
    }
    // What sums others up is drawn from their verdicts, and stands in the table.
    for basis in weft_lab::claim::BASES {
        assert!(judged.contains(&basis.claim), "{} is not drawn", basis.claim);
        assert!(html.contains(&format!("id=\"board-{}\"", basis.claim)));
    }
    assert!(html.starts_with("<!DOCTYPE html>\n<html lang=\"ko\">") && html.ends_with("</html>\n"));
    assert!(html.contains("<h1>판정표</h1>") && !html.contains("Supported"));
    assert!(!html.contains("<script") && !html.contains("src=") && !html.contains("@import"));
    let mut ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id stands twice");
    assert_eq!(names(&data.path().join("weft/records")).len(), count);
}
