//! Lab 4: the thread pool.

use std::collections::VecDeque;

use weft_lab::check::sync::{Arc, Condvar, Mutex, mpsc, thread};
use weft_lab::check::{Job, Pool, judge};

use crate::{is_caught, passes};

#[derive(Default)]
struct Shared {
    queue: Mutex<(VecDeque<Job>, bool)>,
    changed: Condvar,
}

/// A pool of a queue and a condition, from what a worker, `submit` and `finish` do.
macro_rules! queue_pool {
    ($name:ident, $work:expr, $submit:expr, $finish:expr) => {
        struct $name(Arc<Shared>, Vec<thread::JoinHandle<()>>);
        impl Pool for $name {
            fn new(workers: usize) -> Self {
                let shared = Arc::new(Shared::default());
                let start = |_| {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || ($work as fn(&Shared))(&shared))
                };
                let threads = (0..workers).map(start).collect();
                $name(shared, threads)
            }
            fn submit(&self, job: Job) {
                ($submit as fn(&Shared, Job))(&self.0, job)
            }
            fn finish(self) {
                ($finish as fn(&Shared))(&self.0);
                for thread in self.1 {
                    thread.join().unwrap();
                }
            }
        }
    };
}

fn next(shared: &Shared) -> Option<Job> {
    let queue = shared.queue.lock().unwrap();
    let is_idle = |(jobs, is_closed): &mut (VecDeque<Job>, bool)| jobs.is_empty() && !*is_closed;
    shared.changed.wait_while(queue, is_idle).unwrap().0.pop_front()
}

fn work(shared: &Shared) {
    while let Some(job) = next(shared) {
        job();
    }
}

fn submit(shared: &Shared, job: Job) {
    shared.queue.lock().unwrap().0.push_back(job);
    shared.changed.notify_one();
}

fn close(shared: &Shared) {
    shared.queue.lock().unwrap().1 = true;
    shared.changed.notify_all();
}

queue_pool!(Plain, work, submit, close);

/// A pool of a channel whose receiver all workers share, from how one receives and works.
macro_rules! channel_pool {
    ($name:ident, |$jobs:ident| $work:block) => {
        struct $name(mpsc::Sender<Job>, Vec<thread::JoinHandle<()>>);
        impl Pool for $name {
            fn new(workers: usize) -> Self {
                let (send, jobs) = mpsc::channel::<Job>();
                let jobs = Arc::new(Mutex::new(jobs));
                let start = |_| {
                    let $jobs = Arc::clone(&jobs);
                    thread::spawn(move || $work)
                };
                $name(send, (0..workers).map(start).collect())
            }
            fn submit(&self, job: Job) {
                self.0.send(job).unwrap();
            }
            fn finish(self) {
                drop(self.0);
                for thread in self.1 {
                    thread.join().unwrap();
                }
            }
        }
    };
}

channel_pool!(Channel, |jobs| {
    loop {
        let job = jobs.lock().unwrap().recv();
        match job {
            Ok(job) => job(),
            Err(_) => return,
        }
    }
});

#[test]
fn right_answers_pass() {
    passes(judge::pool::<Plain>);
    passes(judge::pool::<Channel>);
}

queue_pool!(WakesOne, work, submit, |shared| {
    shared.queue.lock().unwrap().1 = true;
    shared.changed.notify_one();
});
queue_pool!(
    WakesNobody,
    work,
    |shared, job| shared.queue.lock().unwrap().0.push_back(job),
    |shared| shared.queue.lock().unwrap().1 = true
);
queue_pool!(
    LeavesEarly,
    |shared| {
        while let Some(job) = shared.queue.lock().unwrap().0.pop_front() {
            job();
        }
    },
    submit,
    close
);
queue_pool!(DropsTheRest, work, submit, |shared| {
    shared.queue.lock().unwrap().0.clear();
    close(shared);
});
queue_pool!(
    ForgetsToLook,
    |shared| {
        loop {
            let mut queue = shared.queue.lock().unwrap();
            if queue.0.is_empty() && queue.1 {
                return;
            }
            drop(queue);
            queue = shared.changed.wait(shared.queue.lock().unwrap()).unwrap();
            let job = queue.0.pop_front();
            drop(queue);
            if let Some(job) = job {
                job();
            }
        }
    },
    submit,
    close
);
queue_pool!(
    LastFirst,
    |shared| {
        loop {
            let mut queue = shared.queue.lock().unwrap();
            while queue.0.is_empty() && !queue.1 {
                queue = shared.changed.wait(queue).unwrap();
            }
            let Some(job) = queue.0.pop_back() else {
                return;
            };
            drop(queue);
            job();
        }
    },
    submit,
    close
);
channel_pool!(HoldsTheLock, |jobs| {
    while let Ok(job) = jobs.lock().unwrap().recv() {
        job();
    }
});

/// A thread a job.
struct NoPool(Mutex<Vec<thread::JoinHandle<()>>>);

impl Pool for NoPool {
    fn new(_: usize) -> Self {
        NoPool(Mutex::new(Vec::new()))
    }
    fn submit(&self, job: Job) {
        self.0.lock().unwrap().push(thread::spawn(job));
    }
    fn finish(self) {
        for thread in self.0.into_inner().unwrap() {
            thread.join().unwrap();
        }
    }
}

/// No thread at all.
struct AtOnce;

impl Pool for AtOnce {
    fn new(_: usize) -> Self {
        AtOnce
    }
    fn submit(&self, job: Job) {
        job();
    }
    fn finish(self) {}
}

#[test]
fn no_wake_up_is_lost() {
    is_caught(&["no lost wake-up"], judge::pool::<WakesOne>);
    is_caught(&["no lost wake-up"], judge::pool::<WakesNobody>);
    is_caught(&["no lost wake-up", "every job"], judge::pool::<ForgetsToLook>);
}

#[test]
fn every_job_is_done() {
    is_caught(&["every job"], judge::pool::<LeavesEarly>);
    is_caught(&["every job"], judge::pool::<DropsTheRest>);
}

#[test]
fn jobs_begin_in_their_order() {
    is_caught(&["first in, first out"], judge::pool::<LastFirst>);
}

#[test]
fn workers_work_side_by_side() {
    is_caught(&["work side by side"], judge::pool::<HoldsTheLock>);
}

#[test]
fn the_pool_s_threads_do_the_work() {
    is_caught(&["workers"], judge::pool::<NoPool>);
    is_caught(&["workers"], judge::pool::<AtOnce>);
}
