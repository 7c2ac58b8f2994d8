//! Real runs of the experiments that count trials, in real workers. This program is its own worker, so it has a `main` of
//! its own: a fork needs a process of one thread, which a usual test's process is not.

use weft_lab::record::Condition;
use weft_lab::{Outcome, Record, Request, Runner};

fn main() {
    weft_lab::worker::entry();
    one_address_two_values();
    for workers in ["2", "5"] {
        every_failure_is_contained_by_a_process_alone(workers);
    }
    each_worker_that_waits_is_counted();
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

fn one_address_two_values() {
    let record = run("memory-independence", &[("trials", "20"), ("pages", "600")]);
    let seen =
        |writer: &str, mapping: &str| record.blocks("seen", &Condition::of("writer", writer).and("mapping", mapping));
    assert_eq!(seen("thread", "private"), [1.0; 20]);
    assert_eq!(seen("process", "private"), [0.0; 20]);
    assert_eq!(seen("process", "shared"), [1.0; 20]);
    for pages in [75, 150, 300, 600] {
        let faults = |write: &str| {
            let condition = Condition::of("size", "small").and("write", write).and("pages", pages);
            record.blocks("faults", &condition)
        };
        // The kernel may add a fault of its own; it never leaves one out in small pages.
        assert!(faults("first").iter().all(|&faults| faults >= f64::from(pages)));
        assert!(faults("second").iter().all(|&faults| faults < f64::from(pages) / 10.0));
        assert_eq!(faults("first").len(), 5);
    }
    if !record.lacks("pagemap") {
        let same = |moment: &str| record.blocks("same_frame", &Condition::of("moment", moment));
        assert_eq!(same("after"), [0.0; 20]);
        assert_eq!(same("before").len(), 20);
    }
    assert!(
        record
            .verdicts()
            .iter()
            .all(|verdict| verdict.outcome == Outcome::Supported)
    );
    assert_eq!(record.figures().len(), 2);
}

fn every_failure_is_contained_by_a_process_alone(workers: &str) {
    let record = run("crash-containment", &[("trials", "3"), ("workers", workers)]);
    let others = workers.parse::<f64>().expect("a number") - 1.0;
    let failures = [
        "forbidden-write",
        "abort",
        "stack-overflow",
        "exit",
        "memory-limit",
        "panic",
    ];
    for failure in failures.iter().filter(|failure| !record.lacks(failure)) {
        let blocks =
            |quantity: &str, kind: &str| record.blocks(quantity, &Condition::of("failure", failure).and("kind", kind));
        let threads = if *failure == "panic" { others } else { 0.0 };
        assert_eq!(blocks("survivors", "threads"), [threads; 3], "{failure}");
        assert_eq!(blocks("survivors", "processes"), [others; 3], "{failure}");
        let ends: &[f64] = match *failure {
            "exit" => &[3.0],
            "panic" => &[101.0],
            "forbidden-write" => &[128.0 + 11.0],
            // Rust's own handler turns the signal of a full stack into an abort where it knows the stack.
            _ => &[128.0 + 6.0, 128.0 + 11.0],
        };
        let ended = blocks("ended", "processes");
        assert!(ended.iter().all(|end| ends.contains(end)), "{failure}: {ended:?}");
    }
    let panics = Condition::of("failure", "panic").and("kind", "threads");
    assert_eq!(record.blocks("failed_joins", &panics), [1.0; 3]);
    let expected = if record.lacks("memory-limit") {
        Outcome::Inconclusive
    } else {
        Outcome::Supported
    };
    assert_eq!(record.verdicts()[0].outcome, expected);
    assert_eq!(record.figures().len(), 1);
}

fn each_worker_that_waits_is_counted() {
    let record = run("memory-cost", &[("workers", "4")]);
    for kind in ["thread", "fork"] {
        let counted: Vec<(f64, &[f64])> = record
            .select("tasks", Condition::of("kind", kind))
            .map(|series| {
                (
                    series.condition.get("workers").parse().expect("a number"),
                    series.blocks.as_slice(),
                )
            })
            .collect();
        let alone = counted
            .iter()
            .find(|(workers, _)| *workers == 0.0)
            .expect("a count without workers")
            .1[0];
        assert!(counted.len() > 2, "{kind}: {counted:?}");
        for (workers, tasks) in counted {
            assert!(tasks.iter().all(|&tasks| tasks == alone + workers), "{kind}: {tasks:?}");
        }
    }
}
