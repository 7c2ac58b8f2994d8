//! The workers of a trial, as threads or as processes, and the questions that they are asked.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::Kind;
use super::failure::{Failure, STACK};
use crate::sys::{self, Child, Ended, Mapping};

/// An order to leave. Orders below it are questions, those above it are failures.
pub(super) const LEAVE: u8 = 200;
/// What a worker answers that was told to fail and still lives.
const NOT_FAILED: u32 = u32::MAX;
/// How long a worker may take to answer or to fail. Who is silent for longer does not count as alive.
const PATIENCE: Duration = Duration::from_secs(2);

/// The small task: the sum of all numbers up to the one asked for.
fn sum_to(number: u8) -> u32 {
    (1..=u32::from(number)).sum()
}

/// A worker's life: it answers what it is asked, and fails when it is told to.
fn serve(mut line: UnixStream) {
    let mut order = [0];
    while line.read_exact(&mut order).is_ok() && order[0] != LEAVE {
        let failure = usize::from(order[0])
            .checked_sub(usize::from(LEAVE) + 1)
            .and_then(|which| Failure::ALL.get(which));
        let answer = match failure {
            None => sum_to(order[0]),
            Some(failure) => {
                let _why = failure.happen();
                NOT_FAILED
            }
        };
        if line.write_all(&answer.to_ne_bytes()).is_err() {
            return;
        }
    }
}

/// The workers of one trial. Dropped, those that still live are ended.
pub(super) struct Crew {
    /// To each worker.
    lines: Vec<UnixStream>,
    /// One a worker, or one that all of them live in.
    children: Vec<Child>,
    /// How many threads `join` gave an error for.
    failed_joins: Mapping,
}

impl Crew {
    pub(super) fn start(kind: Kind, workers: usize) -> io::Result<Crew> {
        let mut crew = Crew {
            lines: Vec::new(),
            children: Vec::new(),
            failed_joins: Mapping::shared(1)?,
        };
        let mut ends = Vec::new();
        for _ in 0..workers {
            let (ours, theirs) = UnixStream::pair()?;
            ours.set_read_timeout(Some(PATIENCE))?;
            crew.lines.push(ours);
            if kind == Kind::Processes {
                crew.children.push(Child::fork(move || {
                    fall_silent();
                    serve(theirs);
                    0
                })?);
            } else {
                ends.push(theirs);
            }
        }
        if kind == Kind::Threads {
            let failed_joins = &crew.failed_joins;
            let group = Child::fork(move || serve_in_threads(ends, failed_joins))?;
            crew.children.push(group);
        }
        Ok(crew)
    }

    /// Does this worker give the right answer?
    pub(super) fn answers(&mut self, worker: usize, number: u8) -> bool {
        self.order(worker, number).ok() == Some(sum_to(number))
    }

    fn order(&mut self, worker: usize, order: u8) -> io::Result<u32> {
        let line = &mut self.lines[worker];
        let mut answer = [0; 4];
        line.write_all(&[order])?;
        line.read_exact(&mut answer)?;
        Ok(u32::from_ne_bytes(answer))
    }

    /// Tells a worker to fail, and waits until the kernel has closed its line.
    pub(super) fn fail(&mut self, worker: usize, failure: Failure) -> Result<(), String> {
        let order = LEAVE + 1 + failure as u8;
        match self.order(worker, order) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err("the worker neither failed nor answered".to_owned())
            }
            // The end of the line, or a reset.
            Err(_) => Ok(()),
            Ok(_) => Err("the worker went on".to_owned()),
        }
    }

    /// Lets all leave that still live. Says how the process ended that the failing worker was in, as a shell says it (a
    /// status, or 128 and the signal), and for how many threads `join` gave an error.
    pub(super) fn end(mut self, failing: usize) -> (Option<f64>, f64) {
        for line in &mut self.lines {
            let _gone = line.write_all(&[LEAVE]);
        }
        let which = failing.min(self.children.len() - 1);
        let ended = match self.children[which].wait_at_most(PATIENCE) {
            Ok(Some(Ended::Exit(status))) => Some(f64::from(status)),
            Ok(Some(Ended::Signal(signal))) => Some(f64::from(128 + signal)),
            Ok(None) | Err(_) => None,
        };
        (ended, self.failed_joins.words()[0].load(SeqCst) as f64)
    }
}

/// The life of the process that all threads of a trial share.
fn serve_in_threads(lines: Vec<UnixStream>, failed_joins: &Mapping) -> i32 {
    fall_silent();
    let mut threads = Vec::new();
    for line in lines {
        match std::thread::Builder::new().stack_size(STACK).spawn(move || serve(line)) {
            Ok(thread) => threads.push(thread),
            Err(_) => return 1,
        }
    }
    for thread in threads {
        if thread.join().is_err() {
            failed_joins.words()[0].fetch_add(1, SeqCst);
        }
    }
    0
}

/// What a failure on purpose says is no news.
fn fall_silent() {
    std::panic::set_hook(Box::new(|_| {}));
    let _heard = sys::fail_silently();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crew of one worker, and the other end of its line, at which nobody works.
    fn unmanned() -> (Crew, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        ours.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let crew = Crew {
            lines: vec![ours],
            children: Vec::new(),
            failed_joins: Mapping::shared(1).unwrap(),
        };
        (crew, theirs)
    }

    #[test]
    fn who_is_silent_is_not_waited_for() {
        let (mut crew, _silent) = unmanned();
        assert!(!crew.answers(0, 7));
        let why = crew.fail(0, Failure::Abort).unwrap_err();
        assert_eq!(why, "the worker neither failed nor answered");
    }

    #[test]
    fn a_closed_line_is_an_end_and_no_answer() {
        let (mut crew, gone) = unmanned();
        drop(gone);
        assert!(!crew.answers(0, 7));
        assert_eq!(crew.fail(0, Failure::Abort), Ok(()));
    }

    #[test]
    fn a_worker_answers_until_it_leaves() {
        let (mut crew, line) = unmanned();
        crew.lines[0].set_read_timeout(Some(PATIENCE)).unwrap();
        let worker = std::thread::spawn(move || serve(line));
        assert!(crew.answers(0, 7) && crew.answers(0, LEAVE - 1));
        crew.lines[0].write_all(&[LEAVE]).unwrap();
        worker.join().unwrap();
        assert!(!crew.answers(0, 7));
    }

    #[test]
    fn each_failure_is_found_by_its_order() {
        for (place, failure) in Failure::ALL.into_iter().enumerate() {
            assert_eq!(failure as usize, place);
        }
    }
}
