//! Real runs of the experiments on processes, in real workers. This program is its own worker, so it has a `main` of its
//! own: a fork needs a process of one thread, which a usual test's process is not.

use weft_lab::record::Condition;
use weft_lab::{Outcome, Record, Request, Runner};

fn main() {
    weft_lab::worker::entry();
    for end in ["asked", "killed"] {
        a_program_is_born_and_gone(end);
    }
    a_process_changes_its_own_alone();
    for addresses in ["random", "fixed"] {
        objects_lie_in_their_regions(addresses);
    }
}

#[track_caller]
fn run(experiment: &str, set: &[(&str, &str)]) -> Record {
    let mut request = Request::quick(experiment);
    request.seed = Some(1);
    for (key, value) in set {
        request.set.insert((*key).to_owned(), (*value).to_owned());
    }
    let runner = Runner::find().expect("this program is a worker");
    runner.run(&request, |_| {}).expect("a record")
}

fn a_program_is_born_and_gone(end: &str) {
    let record = run("process-life", &[("trials", "5"), ("hold_ms", "2"), ("end", end)]);
    assert_eq!(record.missing, [], "{end}");
    for check in ["id", "parent", "start", "program", "zombie", "gone"] {
        let held = record.blocks("held", &Condition::of("check", check));
        assert_eq!(held, [1.0; 5], "{check}, {end}");
    }
    let seen: Vec<f64> = record
        .select("seen", Condition::default())
        .flat_map(|series| series.blocks.clone())
        .collect();
    assert_eq!(seen, [1.0; 8 * 5], "{end}");
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
    assert_eq!(record.figures().len(), 2);
}

fn a_process_changes_its_own_alone() {
    let record = run("own-resources", &[("trials", "20")]);
    assert_eq!(record.missing, []);
    let found = |second: &str, resource: &str| {
        let condition = Condition::of("second", second).and("resource", resource);
        record.blocks("found", &condition).to_vec()
    };
    for resource in [
        "folder",
        "descriptor",
        "opened-offset",
        "signal-mask",
        "signal-action",
        "limit",
        "environment",
        "umask",
        "nice",
    ] {
        assert_eq!(found("process", resource), [0.0; 20], "{resource}");
    }
    for resource in ["folder", "descriptor", "signal-action", "limit", "environment", "umask"] {
        assert_eq!(found("thread", resource), [1.0; 20], "{resource}");
    }
    for resource in ["inherited-offset", "inherited-flags"] {
        assert_eq!(found("process", resource), [1.0; 20], "{resource}");
        assert_eq!(found("thread", resource), [1.0; 20], "{resource}");
    }
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
}

fn objects_lie_in_their_regions(addresses: &str) {
    let set = [("trials", "6"), ("threads", "2"), ("addresses", addresses)];
    let record = run("address-space", &set);
    assert!(!record.lacks("own-map"), "{:?}", record.missing);
    for check in ["code", "data", "zeroed", "heap", "stack", "thread-stacks"] {
        let held = record.blocks("held", &Condition::of("check", check));
        assert_eq!(held, [1.0; 6], "{check}, {addresses}");
    }
    let functions = record.blocks("address", &Condition::of("object", "function"));
    if addresses == "fixed" && !record.lacks("personality") {
        assert!(
            functions.windows(2).all(|pair| pair[0].total_cmp(&pair[1]).is_eq()),
            "{functions:?}"
        );
        assert_eq!(record.blocks("random", &Condition::default()), [0.0]);
    }
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
    assert_eq!(record.figures().len(), 2);
}
