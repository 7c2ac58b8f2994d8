//! Lab 3: who starts workers and lives on when they crash.

use std::sync::Arc;

use fastrand::Rng;
use parking_lot::Mutex;

use super::explore::{call, stop};
use super::fault::Fault;
use super::seed;

/// Where workers are started; each would be a process.
#[derive(Debug)]
pub struct Yard {
    jobs: Vec<Task>,
    tries: usize,
    workers: Arc<Mutex<Workers>>,
}

/// A worker that runs. It stays a zombie until somebody has waited for it.
#[derive(Debug)]
pub struct Worker {
    exit: Exit,
    workers: Arc<Mutex<Workers>>,
}

/// How a worker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did its job, and this is the result.
    Done(u64),
    /// A signal ended it: 11 for a forbidden address.
    Crashed(i32),
}

/// What [`check::supervise`](super::supervise) wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The result of each job; `None` for one that crashed at each try.
    pub results: Vec<Option<u64>>,
    /// All crashes.
    pub crashes: usize,
}

#[derive(Debug)]
struct Task {
    result: u64,
    /// So often it crashes before it is done.
    crashes: usize,
    started: usize,
}

#[derive(Debug, Default)]
struct Workers {
    started: usize,
    waited: usize,
}

const CASES: u32 = 60;
const SIGNALS: [i32; 4] = [4, 6, 9, 11];

impl Yard {
    fn draw(rng: &mut Rng) -> Self {
        let tries = rng.usize(1..5);
        let task = |_| {
            // Half of the jobs never crash, some always do.
            let crashes = if rng.bool() { 0 } else { rng.usize(0..=tries + 1) };
            Task {
                result: rng.u64(..1000),
                crashes,
                started: 0,
            }
        };
        Yard {
            jobs: (0..6).map(task).collect(),
            tries,
            workers: Arc::default(),
        }
    }

    /// How many jobs there are. They are numbered from 0.
    #[must_use]
    pub fn jobs(&self) -> usize {
        self.jobs.len()
    }

    /// How often a job may be started.
    #[must_use]
    pub fn tries(&self) -> usize {
        self.tries
    }

    /// Starts a worker for a job.
    ///
    /// # Panics
    ///
    /// There is no such job.
    pub fn start(&mut self, job: usize) -> Worker {
        let count = self.jobs.len();
        assert!(job < count, "there is no job {job}: they are 0 to {}", count - 1);
        let task = &mut self.jobs[job];
        task.started += 1;
        if task.started > self.tries {
            let expected = format!("a job is started at most {} times", self.tries);
            let fault = Fault::new(
                "giving up in the end",
                expected,
                format!("job {job} was started once more"),
            );
            stop(fault.hint("count the tries of each job"));
        }
        if task.started > task.crashes + 1 {
            let expected = "a job that is done is not started again";
            let fault = Fault::new("only what crashed", expected, format!("job {job} was started again"));
            stop(fault.hint("the other workers have nothing to do with a crash: start only the job that crashed"));
        }
        self.workers.lock().started += 1;
        let exit = if task.started > task.crashes {
            Exit::Done(task.result)
        } else {
            Exit::Crashed(SIGNALS[(job + task.started) % SIGNALS.len()])
        };
        Worker {
            exit,
            workers: Arc::clone(&self.workers),
        }
    }
}

impl Worker {
    /// Waits for its end.
    #[must_use]
    pub fn wait(self) -> Exit {
        self.workers.lock().waited += 1;
        self.exit
    }
}

pub(super) fn judge(supervise: &mut dyn FnMut(&mut Yard) -> Report) -> Result<(), Fault> {
    let seed = seed::take();
    let mut rng = Rng::with_seed(seed.into());
    for case in 1..=CASES {
        let mut yard = Yard::draw(&mut rng);
        let report = call(|| supervise(&mut yard)).map_err(|fault| fault.found(seed, case))?;
        verdict(&yard, &report).map_err(|fault| fault.found(seed, case))?;
    }
    Ok(())
}

fn verdict(yard: &Yard, report: &Report) -> Result<(), Fault> {
    for (job, task) in yard.jobs.iter().enumerate() {
        let right = yard.tries.min(task.crashes + 1);
        if task.started < right {
            let expected = format!(
                "job {job} crashes {} times, so it is started {right} times",
                task.crashes
            );
            let fault = Fault::new("starting again", expected, format!("{} times", task.started));
            return Err(
                fault.hint("after a crash start the job again while it has tries left, and go on with the others")
            );
        }
    }
    let zombies = {
        let workers = yard.workers.lock();
        workers.started - workers.waited
    };
    if zombies > 0 {
        let fault = Fault::new(
            "no zombie",
            "each worker that was started is waited for",
            format!("{zombies} were not"),
        );
        return Err(fault.hint("`wait` says how a worker ended, and lets the kernel forget it"));
    }
    let done = |task: &Task| (task.crashes < yard.tries).then_some(task.result);
    let results: Vec<_> = yard.jobs.iter().map(done).collect();
    if report.results != results {
        let fault = Fault::new("the results", format!("{results:?}"), format!("{:?}", report.results));
        return Err(fault.hint("one entry a job, in the jobs' order; `None` for a job that crashed at each try"));
    }
    let crashes: usize = yard.jobs.iter().map(|task| task.crashes.min(yard.tries)).sum();
    if report.crashes != crashes {
        let fault = Fault::new(
            "the report of crashes",
            format!("{crashes} crashes"),
            report.crashes.to_string(),
        );
        return Err(fault.hint("count each `Exit::Crashed`, also those of a job that was done in the end"));
    }
    Ok(())
}
