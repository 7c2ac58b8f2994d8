//! Real runs of the experiments on switches, in real workers. This program is its own worker, so it has a `main` of its
//! own: a fork needs a process of one thread, which a usual test's process is not.

use weft_lab::record::Condition;
use weft_lab::{Outcome, Record, Request, Runner};

fn main() {
    weft_lab::worker::entry();
    tasks_that_spin_are_stopped();
    the_core_goes_to_the_task_that_it_should("4");
    the_core_goes_to_the_task_that_it_should("5");
    each_array_is_walked_by_two_and_by_one();
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

fn tasks_that_spin_are_stopped() {
    let record = run("timeline", &[("trials", "2"), ("tasks", "2")]);
    for kind in ["thread", "process"] {
        let blocks = |quantity: &str| {
            record
                .blocks(quantity, &Condition::of("part", "equal").and("kind", kind))
                .to_vec()
        };
        let switches = blocks("involuntary");
        assert_eq!(switches.len(), 2 * 2, "two tasks in two watches");
        if !record.lacks("pinning") {
            assert!(switches.iter().all(|&switches| switches >= 1.0), "{kind}: {switches:?}");
            assert!(blocks("gaps").iter().all(|&gaps| gaps >= 1.0));
        }
        for task in ["0", "1"] {
            let chart = Condition::of("part", "chart").and("kind", kind).and("task", task);
            let (from, to) = (record.blocks("from", &chart), record.blocks("to", &chart));
            assert!(!from.is_empty() && from.len() == to.len());
            assert!(from.iter().zip(to).all(|(from, to)| from < to), "runs have a length");
            assert!(
                to.iter().zip(&from[1..]).all(|(to, next)| to < next),
                "and are in order"
            );
        }
    }
    assert_eq!(record.figures().len(), 3);
}

fn the_core_goes_to_the_task_that_it_should(tasks: &str) {
    let record = run("switch-where", &[("trials", "3"), ("turns", "50"), ("tasks", tasks)]);
    let all = tasks.parse::<f64>().expect("a number");
    for (kind, processes) in [("thread", 1.0), ("process", all), ("mixed", 2.0)] {
        for way in ["yield", "wait"] {
            let blocks = |quantity: &str| record.blocks(quantity, &Condition::of("kind", kind).and("way", way));
            assert_eq!(blocks("processes"), [processes; 3], "{kind}, {way}");
            for trial in 0..3 {
                let [within, across, itself] = ["within", "across", "itself"].map(|quantity| blocks(quantity)[trial]);
                // The very first turn of a ring has nobody before it.
                assert!(
                    (within + across + itself - (50.0 * all - 1.0)).abs() < 0.5,
                    "{kind}, {way}"
                );
                assert!(kind != "thread" || across < 0.5, "threads of one process");
                assert!(kind != "process" || within < 0.5, "processes of one thread");
                assert!(way != "wait" || itself < 0.5, "the baton goes round");
            }
        }
    }
    assert_eq!(
        record.verdicts()[0].outcome,
        Outcome::Supported,
        "{:?}",
        record.verdicts()[0]
    );
}

fn each_array_is_walked_by_two_and_by_one() {
    let record = run("working-set", &[("kilobytes", "64"), ("region", "64")]);
    for walkers in ["two", "one"] {
        for (side, kilobytes) in [("a", 0), ("b", 64)] {
            let condition = Condition::of("part", "main")
                .and("side", side)
                .and("walkers", walkers)
                .and("kilobytes", kilobytes);
            assert!(record.blocks("time", &condition).len() >= 6, "{condition}");
            let switches = record.blocks("switches-per-turn", &condition);
            // One process has nobody to switch to but the machine's other programs.
            assert!(
                walkers == "one" || switches.iter().any(|&switches| switches > 0.5),
                "{switches:?}"
            );
        }
    }
    assert!(record.verdicts()[0].effect.is_some());
    let has_spaces = record.figures().iter().any(|figure| figure.id == "spaces");
    assert!(has_spaces || record.lacks("time"), "{:?}", record.missing);
}
