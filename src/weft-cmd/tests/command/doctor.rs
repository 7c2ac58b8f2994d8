//! `weft doctor`, and a machine with one CPU.

use std::process::Output;

use weft_lab::experiment::About;

use super::*;

/// Runs the program with one CPU allowed: a child inherits that from the thread that starts it.
fn on_one_cpu(arguments: &[&str]) -> Output {
    let data = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        let run = || {
            let first = weft_lab::sys::allowed_cpus()[0];
            weft_lab::sys::pin_to(&[first]).unwrap();
            weft(data.path()).args(arguments).output().unwrap()
        };
        scope.spawn(run).join().unwrap()
    })
}

fn parsed(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_doctor_names_machine_facilities_and_experiments() {
    let report = json(&weft_without_records(&["doctor", "--json"]).success());
    assert!(report["machine"]["logical_cpus"].as_u64().unwrap() >= 1);
    let facilities = report["facilities"].as_array().unwrap();
    assert_eq!(facilities.len(), weft_lab::facility::FACILITIES.len());
    for facility in facilities {
        assert_eq!(
            facility["here"].as_bool().unwrap(),
            facility["detail"].is_null(),
            "{facility}"
        );
        assert!(!facility["remedy"].as_str().unwrap().is_empty());
    }
    let missing: Vec<&Value> = facilities
        .iter()
        .filter(|one| one["here"] == false)
        .map(|one| &one["id"])
        .collect();
    for experiment in report["experiments"].as_array().unwrap() {
        let lacks = experiment["missing"].as_array().unwrap();
        assert_eq!(experiment["runs_fully"], lacks.is_empty());
        assert!(lacks.iter().all(|one| missing.contains(&one)), "{experiment}");
    }
    let text = stdout(&weft_without_records(&["doctor"]).success());
    for words in [
        "Machine",
        "processor",
        "mitigations",
        "Noise",
        "Facilities",
        "Experiments",
        "creation-cost",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn with_one_cpu_the_doctor_says_what_is_lost() {
    let report = parsed(&on_one_cpu(&["doctor", "--json"]));
    assert_eq!(report["machine"]["allowed_cpus"].as_array().unwrap().len(), 1);
    let second = report["facilities"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["id"] == "second-cpu")
        .unwrap();
    assert_eq!(second["here"], false);
    assert!(second["lost"].as_str().unwrap().contains("one core only"));
}

#[test]
fn with_one_cpu_what_needs_two_bears_a_doubt() {
    let needs_two = |about: &About| about.uses.contains(&"second-cpu");
    let abouts = weft_lab::experiments::EXPERIMENTS.iter().map(|one| one.about());
    let chosen: Vec<&About> = abouts
        .filter(|about| needs_two(about) || about.id == "creation-cost")
        .collect();
    let mut arguments = vec!["run"];
    arguments.extend(chosen.iter().map(|about| about.id));
    // An experiment of its own, so that the document is of several.
    arguments.extend(["drill-orphans", "--json", "-"]);
    let document = parsed(&on_one_cpu(&arguments));
    let records = document["records"].as_array().unwrap();
    assert_eq!(records.len(), chosen.len() + 1);
    for (record, about) in records.iter().zip(chosen) {
        assert_eq!(record["experiment"], about.id);
        assert_eq!(record["machine"]["allowed_cpus"].as_array().unwrap().len(), 1);
        let verdicts = document["verdicts"].as_array().unwrap();
        let of_this = verdicts
            .iter()
            .filter(|verdict| about.claims.iter().any(|claim| verdict["claim"] == *claim));
        let doubts = of_this.flat_map(|verdict| verdict["doubts"].as_array().unwrap());
        let says_so = doubts.filter(|doubt| doubt["kind"] == "missing-second-cpu").count() > 0;
        assert_eq!(says_so, needs_two(about), "{}", about.id);
    }
}
