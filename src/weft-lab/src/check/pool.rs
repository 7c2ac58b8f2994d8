//! Lab 4: a pool of threads that work off a queue.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool as Fact, Ordering};

use parking_lot::Mutex;
use shuttle::sync::atomic::AtomicUsize;

use super::explore::{Court, Plan, explore, is_inside, me, pause};
use super::fault::Fault;

/// Work for a pool.
pub type Job = Box<dyn FnOnce() + Send + 'static>;

/// A pool of threads, as an answer has it.
pub trait Pool: Send + Sync + 'static {
    /// Starts this many threads, which wait for work.
    fn new(workers: usize) -> Self
    where
        Self: Sized;
    /// Puts a job into the queue, and goes on.
    fn submit(&self, job: Job);
    /// Returns when all jobs are done and all threads have ended.
    fn finish(self)
    where
        Self: Sized;
}

/// A pool without its type.
pub(super) trait Erased {
    fn submit(&self, job: Job);
    fn finish(self: Box<Self>);
}

impl<P: Pool> Erased for P {
    fn submit(&self, job: Job) {
        Pool::submit(self, job);
    }

    fn finish(self: Box<Self>) {
        Pool::finish(*self);
    }
}

/// How a check makes a pool.
pub(super) type Make = fn(usize) -> Box<dyn Erased>;

const PLAN: Plan = Plan {
    schedules: 120,
    steps: 20_000,
    asleep: [
        "no lost wake-up",
        "a job in the queue is done, and `finish` returns",
        "look at the queue and at its end under the lock under which you wait; `finish` must wake all workers, not one",
    ],
    endless: [
        "progress",
        "all jobs are done, and `finish` returns",
        "a worker that finds the queue empty sleeps; one that finds it empty and closed ends",
    ],
};

pub(super) fn judge(make: Make) -> Result<(), Fault> {
    for (workers, jobs) in [(1, 3), (2, 4), (3, 0), (3, 3)] {
        let is_full = Arc::new(Fact::new(jobs < workers));
        let seen = Arc::clone(&is_full);
        explore(PLAN, move |court| shift(court, make, workers, jobs, &seen))?;
        if !is_full.load(Ordering::Relaxed) {
            let expected = format!("{workers} workers do {workers} jobs at the same time");
            let fault = Fault::new("work side by side", expected, "never, under all schedules");
            let hint = "no worker may hold the queue's lock while it does a job; a guard in the head of a `while let` \
                        lives until the end of its body";
            return Err(fault.hint(hint));
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Floor {
    court: Court,
    workers: usize,
    busy: AtomicUsize,
    started: Mutex<Vec<usize>>,
    done: AtomicUsize,
    threads: Mutex<BTreeSet<usize>>,
    is_full: Arc<Fact>,
}

fn shift(court: &Court, make: Make, workers: usize, jobs: usize, is_full: &Arc<Fact>) {
    let floor = Arc::new(Floor {
        court: court.clone(),
        workers,
        busy: AtomicUsize::new(0),
        started: Mutex::default(),
        done: AtomicUsize::new(0),
        threads: Mutex::default(),
        is_full: Arc::clone(is_full),
    });
    let pool = make(workers);
    for job in 0..jobs {
        court.event(format!("job {job} goes into the queue"));
        let floor = Arc::clone(&floor);
        pool.submit(Box::new(move || floor.job(job)));
    }
    court.event("the main thread calls finish");
    pool.finish();
    let done = floor.done.load(Ordering::SeqCst);
    if done != jobs {
        let fault = Fault::new(
            "every job",
            format!("{jobs} jobs done when `finish` returns"),
            done.to_string(),
        );
        court.fail(fault.hint("a worker ends when the queue is closed and empty, and `finish` joins all of them"));
    }
    let started = floor.started.lock().clone();
    if workers == 1 && !started.is_sorted() {
        let fault = Fault::new(
            "first in, first out",
            "one worker does the jobs in their order",
            format!("{started:?}"),
        );
        court.fail(fault.hint("take jobs from the front of the queue, and add them at its end"));
    }
}

impl Floor {
    fn job(&self, job: usize) {
        let court = &self.court;
        if !is_inside() {
            let fault = Fault::new(
                "workers",
                "threads from `weft_lab::check::sync::thread`",
                "a real `std::thread`",
            );
            court.fail(fault.hint("`use weft_lab::check::sync::thread;`: it has the same names"));
        }
        court.event(format!("thread {} begins job {job}", me()));
        let fault = |seen: String| {
            let expected = format!("{} workers, each a thread of the pool, do all the jobs", self.workers);
            Fault::new("workers", expected, seen).hint("start the threads in `new`; each takes job after job in a loop")
        };
        if me() == 0 {
            court.fail(fault("the thread that submits does a job itself".to_owned()));
        }
        self.threads.lock().insert(me());
        let threads = self.threads.lock().len();
        if threads > self.workers {
            court.fail(fault(format!("{threads} threads did jobs")));
        }
        if self.started.lock().contains(&job) {
            court.fail(fault(format!("job {job} was done twice")));
        }
        self.started.lock().push(job);
        if self.busy.fetch_add(1, Ordering::SeqCst) + 1 == self.workers {
            self.is_full.store(true, Ordering::Relaxed);
        }
        pause();
        self.busy.fetch_sub(1, Ordering::SeqCst);
        self.done.fetch_add(1, Ordering::SeqCst);
        court.event(format!("thread {} has done job {job}", me()));
    }
}
