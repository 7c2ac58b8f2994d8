//! Lab 3: the supervisor.

use std::collections::VecDeque;

use weft_lab::check::{Exit, Report, Yard, judge};

use crate::{is_caught, passes};

fn one_by_one(yard: &mut Yard) -> Report {
    let mut report = Report {
        results: vec![None; yard.jobs()],
        crashes: 0,
    };
    for job in 0..yard.jobs() {
        for _ in 0..yard.tries() {
            match yard.start(job).wait() {
                Exit::Done(result) => {
                    report.results[job] = Some(result);
                    break;
                }
                Exit::Crashed(_) => report.crashes += 1,
            }
        }
    }
    report
}

/// All run at once; what crashes goes to the end of the line.
fn side_by_side(yard: &mut Yard) -> Report {
    let mut report = Report {
        results: vec![None; yard.jobs()],
        crashes: 0,
    };
    let mut running: VecDeque<_> = (0..yard.jobs()).map(|job| (job, 1, yard.start(job))).collect();
    while let Some((job, tries, worker)) = running.pop_front() {
        match worker.wait() {
            Exit::Done(result) => report.results[job] = Some(result),
            Exit::Crashed(_) => {
                report.crashes += 1;
                if tries < yard.tries() {
                    running.push_back((job, tries + 1, yard.start(job)));
                }
            }
        }
    }
    report
}

/// One round through all jobs.
fn round(yard: &mut Yard, report: &mut Report) {
    for job in 0..yard.jobs() {
        match yard.start(job).wait() {
            Exit::Done(result) => report.results[job] = Some(result),
            Exit::Crashed(_) => report.crashes += 1,
        }
    }
}

fn empty(yard: &Yard) -> Report {
    Report {
        results: vec![None; yard.jobs()],
        crashes: 0,
    }
}

#[test]
fn right_answers_pass() {
    passes(|| judge::supervise(one_by_one));
    passes(|| judge::supervise(side_by_side));
}

#[test]
fn a_crash_is_not_the_end() {
    is_caught(&["starting again"], || {
        judge::supervise(|yard| {
            let mut report = empty(yard);
            round(yard, &mut report);
            report
        })
    });
    is_caught(&["it panicked", "starting again"], || {
        judge::supervise(|yard| {
            let result = |exit| match exit {
                Exit::Done(result) => Some(result),
                Exit::Crashed(signal) => panic!("signal {signal}"),
            };
            let results = (0..yard.jobs()).map(|job| result(yard.start(job).wait())).collect();
            Report { results, crashes: 0 }
        })
    });
}

#[test]
fn trying_again_ends_in_the_end() {
    is_caught(&["giving up in the end"], || {
        judge::supervise(|yard| {
            let mut report = empty(yard);
            for job in 0..yard.jobs() {
                report.results[job] = loop {
                    match yard.start(job).wait() {
                        Exit::Done(result) => break Some(result),
                        Exit::Crashed(_) => report.crashes += 1,
                    }
                };
            }
            report
        })
    });
}

#[test]
fn what_is_done_is_left_alone() {
    is_caught(&["only what crashed"], || {
        judge::supervise(|yard| {
            let mut report = empty(yard);
            for _ in 0..yard.tries() {
                round(yard, &mut report);
                if report.results.iter().all(Option::is_some) {
                    break;
                }
            }
            report
        })
    });
}

#[test]
fn every_worker_is_waited_for() {
    is_caught(&["no zombie"], || {
        judge::supervise(|yard| {
            let mut report = one_by_one(yard);
            // One more that nobody asks after, where a try is left.
            if let Some(job) = report.results.iter().position(Option::is_none) {
                report.results[job] = None;
            }
            report
        })?;
        judge::supervise(|yard| {
            let mut report = empty(yard);
            for job in 0..yard.jobs() {
                for left in (0..yard.tries()).rev() {
                    let worker = yard.start(job);
                    if left == 0 {
                        // The last try is not looked at.
                        report.crashes += 1;
                        break;
                    }
                    match worker.wait() {
                        Exit::Done(result) => {
                            report.results[job] = Some(result);
                            break;
                        }
                        Exit::Crashed(_) => report.crashes += 1,
                    }
                }
            }
            report
        })
    });
}

#[test]
fn the_report_is_of_all_jobs() {
    is_caught(&["the results"], || {
        judge::supervise(|yard| {
            let report = one_by_one(yard);
            let results = report.results.into_iter().filter(Option::is_some).collect();
            Report { results, ..report }
        })
    });
    is_caught(&["the report of crashes"], || {
        judge::supervise(|yard| {
            let report = one_by_one(yard);
            let crashes = report.results.iter().filter(|result| result.is_none()).count();
            Report { crashes, ..report }
        })
    });
}
