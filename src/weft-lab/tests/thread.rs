//! Real runs of the experiments on threads, in real workers. This program is its own worker, so it has a `main` of its own:
//! a fork needs a process of one thread, which a usual test's process is not.

use weft_lab::record::Condition;
use weft_lab::{Outcome, Record, Request, Runner};

fn main() {
    weft_lab::worker::entry();
    from_one_thread_up_and_back();
    threads_see_changes_and_processes_do_not();
    for reader in ["ptrace", "signal"] {
        each_thread_has_its_own(reader);
    }
    work_is_timed_with_every_number_of_threads();
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

fn from_one_thread_up_and_back() {
    let record = run("thread-life", &[("trials", "10"), ("threads", "5")]);
    assert_eq!(record.blocks("held", &Condition::default()), [1.0; 10]);
    let tasks = |step: usize| record.blocks("tasks", &Condition::of("step", step));
    assert_eq!(
        (tasks(0), tasks(5), tasks(10)),
        (&[1.0; 10][..], &[6.0; 10][..], &[1.0; 10][..])
    );
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
}

fn threads_see_changes_and_processes_do_not() {
    let record = run("thread-shares", &[("trials", "20"), ("threads", "3")]);
    let seen = |writer: &str, thing: &str| record.blocks("seen", &Condition::of("writer", writer).and("thing", thing));
    for thing in ["data", "heap", "descriptor", "folder", "stack"] {
        assert_eq!(seen("thread", thing), [1.0; 20], "{thing}");
        assert_eq!(seen("process", thing), [0.0; 20], "{thing}");
    }
    assert_eq!(
        (seen("thread", "code"), seen("process", "code")),
        (&[1.0; 20][..], &[1.0; 20][..])
    );
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
}

fn each_thread_has_its_own(reader: &str) {
    let record = run("thread-owns", &[("trials", "5"), ("threads", "3"), ("reader", reader)]);
    assert!(!record.lacks("stopped-threads"), "{:?}", record.missing);
    for check in ["stack", "thread-local", "counter", "register"] {
        assert_eq!(
            record.blocks("held", &Condition::of("check", check)),
            [1.0; 5],
            "{check}"
        );
    }
    let function = |thread: usize| {
        let mark = Condition::of("thread", thread).and("mark", "counter");
        let series = record.select("mark", mark).next().expect("a mark");
        series.condition.get("function").to_owned()
    };
    assert!(function(1).ends_with("::spin_with"), "{}", function(1));
    assert!(function(2).ends_with("::sleep_with"), "{}", function(2));
    assert_eq!(record.verdicts()[0].outcome, Outcome::Supported);
    assert_eq!(record.figures().len(), 1);
}

fn work_is_timed_with_every_number_of_threads() {
    let record = run(
        "parallel-speedup",
        &[("pieces", "8"), ("iterations", "2000"), ("wait_us", "100")],
    );
    let cores = record.machine.allowed_cpus.len();
    for work in ["computing", "computing-rayon", "waiting"] {
        for threads in [1, 2 * cores] {
            let blocks = record.blocks("time", &Condition::of("work", work).and("threads", threads));
            assert!(
                blocks.len() >= 5 && blocks.iter().all(|time| *time > 0.0),
                "{work} with {threads}"
            );
        }
    }
    assert_eq!(record.figures().len(), 2);
    assert_eq!(record.lacks("second-cpu"), cores == 1);
    assert!(run("parallel-speedup", &[("aa", "true"), ("iterations", "2000")]).is_aa());
}
