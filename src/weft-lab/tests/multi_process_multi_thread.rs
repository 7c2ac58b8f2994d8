//! Real runs of section 4's experiments that count, in real workers. This program is its own worker, so it has a `main`
//! of its own: a fork needs a process of one thread, which a usual test's process is not.

use weft_lab::record::Condition;
use weft_lab::{Outcome, Record, Request, Runner};

fn main() {
    weft_lab::worker::entry();
    tabs_that_are_processes_keep_their_pages();
    every_way_to_split_a_job_finds_the_same();
    every_server_answers_and_processes_contain_a_crash();
    every_structure_plays_the_same_game();
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

fn tabs_that_are_processes_keep_their_pages() {
    let record = run(
        "browser-tabs",
        &[("tabs", "4"), ("failing", "2"), ("page_kb", "16"), ("limit_mb", "2")],
    );
    let blocks = |quantity: &str, accident: &str, tabs: &str| {
        let condition = Condition::of("accident", accident).and("tabs", tabs);
        record.blocks(quantity, &condition).to_vec()
    };
    for accident in ["crash", "hang", "memory"] {
        if accident == "memory" && record.lacks("memory-limit") {
            continue;
        }
        for (tabs, kept, restarted) in [("processes", 2.0, 2.0), ("threads", 0.0, 4.0)] {
            let count = blocks("kept", accident, tabs).len();
            assert!(count > 0, "{accident} {tabs}");
            assert_eq!(blocks("kept", accident, tabs), vec![kept; count], "{accident} {tabs}");
            assert_eq!(
                blocks("restarted", accident, tabs),
                vec![restarted; count],
                "{accident} {tabs}"
            );
        }
    }
    for (accident, answered) in [("crash", 0.0), ("hang", 2.0)] {
        let found = blocks("answered", accident, "threads");
        assert_eq!(found, vec![answered; found.len()], "{accident}");
    }
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
}

fn every_way_to_split_a_job_finds_the_same() {
    // A wrong result would be an error and no record.
    for workers in ["1", "3"] {
        let record = run("shared-job", &[("kb", "100"), ("sweep_kb", "60"), ("workers", workers)]);
        for way in ["threads", "fork", "shared-mapping", "sent"] {
            for job in ["count", "change"] {
                let condition = Condition::of("way", way).and("job", job).and("kb", 60);
                assert!(!record.blocks("time", &condition).is_empty(), "{way} {job}");
            }
        }
        assert_eq!(record.figures().len(), if record.lacks("smaps-rollup") { 3 } else { 4 });
    }
}

fn every_server_answers_and_processes_contain_a_crash() {
    let record = run("web-server", &[("rate", "200")]);
    if record.lacks("loopback") {
        return;
    }
    for server in ["fork", "thread", "prefork", "pool", "rayon", "events"] {
        for connection in ["short", "kept"] {
            let condition = Condition::of("server", server).and("connection", connection);
            assert!(record.blocks("throughput", &condition).iter().all(|&rate| rate > 0.0));
            assert!(!record.blocks("p50", &condition).is_empty(), "{server} {connection}");
        }
        let crashed = |quantity: &str| record.blocks(quantity, &Condition::of("server", server)).to_vec();
        let is_processes = ["fork", "prefork"].contains(&server);
        let (survivors, accepts) = if is_processes { (8.0, 1.0) } else { (0.0, 0.0) };
        let count = crashed("survivors").len();
        assert!(count > 0);
        assert_eq!(crashed("survivors"), vec![survivors; count], "{server}");
        assert_eq!(crashed("accepts"), vec![accepts; count], "{server}");
    }
}

fn every_structure_plays_the_same_game() {
    // Worlds that differ would be an error and no record.
    let record = run("game-loop", &[("entities", "500"), ("hz", "500")]);
    for structure in ["single", "pipelined", "parallel"] {
        let condition = Condition::of("structure", structure).and("entities", 500);
        let frames = record.blocks("frame_time", &condition);
        assert!(!frames.is_empty());
        assert_eq!(record.blocks("missed", &condition).len(), frames.len());
    }
}
