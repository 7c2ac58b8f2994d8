//! Real runs of the experiment on workers, in real workers of the runner. This program is its own worker, so it has a `main`
//! of its own.

use weft_lab::record::Condition;
use weft_lab::{Record, Request, Runner};

fn main() {
    weft_lab::worker::entry();
    every_size_meets_every_kind_of_work();
    an_aa_run_has_no_open_loop();
}

#[track_caller]
fn run(set: &[(&str, &str)]) -> Record {
    let mut request = Request::quick("worker-sizing");
    request.seed = Some(1);
    for (key, value) in set {
        request.set.insert((*key).to_owned(), (*value).to_owned());
    }
    let runner = Runner::find().expect("this program is a worker");
    runner.run(&request, |_| {}).expect("a record")
}

const SMALL: [(&str, &str); 3] = [("compute_us", "50"), ("wait_us", "150"), ("times", "4")];

fn every_size_meets_every_kind_of_work() {
    let record = run(&SMALL);
    let cores = record.machine.allowed_cpus.len();
    for work in ["computing", "mixed", "waiting"] {
        for workers in [1, 4 * cores] {
            let blocks = |quantity: &str| record.blocks(quantity, &Condition::of("work", work).and("workers", workers));
            assert!(
                blocks("throughput").len() >= 5 && blocks("throughput").iter().all(|rate| *rate > 0.0),
                "{work} with {workers}"
            );
            assert_eq!(
                blocks("counted").len(),
                blocks("time_in").len(),
                "{work} with {workers}"
            );
            assert!(blocks("p50")[0] <= blocks("p95")[0]);
        }
    }
    assert_eq!(record.figures().len(), 4);
    assert_eq!(record.lacks("second-cpu"), cores == 1);
}

fn an_aa_run_has_no_open_loop() {
    let mut set = SMALL.to_vec();
    set.push(("aa", "true"));
    let record = run(&set);
    assert!(record.is_aa() && record.select("counted", Condition::default()).next().is_none());
    assert_eq!(record.figures().len(), 2);
}
