//! A pool of workers with one queue, and the two ways to give it work: all at once, or as it comes.

use std::collections::VecDeque;
use std::hint::black_box;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::ppoll;
use nix::sys::time::TimeSpec;

use crate::measure::{Clock, MonotonicClock, Nanos};

/// What serving one request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Service {
    /// Turns of [`toil`].
    pub(super) turns: u64,
    /// A wait after it, without a core.
    pub(super) wait: Duration,
}

impl Service {
    fn serve(self) {
        black_box(toil(self.turns));
        if !self.wait.is_zero() {
            sleep(self.wait);
        }
    }
}

/// Computing that touches no memory; each turn needs the one before.
pub(super) fn toil(turns: u64) -> u64 {
    (0..turns).fold(turns, |sum, turn| black_box(sum.rotate_left(5) ^ turn))
}

/// Waits for a timer as for an answer: in the kernel, without a core (`ppoll(2)`).
fn sleep(time: Duration) {
    // A signal may end it early; nothing here is signalled.
    while ppoll(&mut [], Some(TimeSpec::from_duration(time)), None) == Err(Errno::EINTR) {}
}

fn sleep_until(moment: Nanos) {
    let left = moment.since(MonotonicClock.now());
    if left.0 > 0 {
        sleep(Duration::from_nanos(left.0));
    }
}

/// When a request came, when a worker took it, and when it was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) came: Nanos,
    pub(super) taken: Nanos,
    pub(super) answered: Nanos,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    /// Requests that a worker has begun with, and that are answered.
    taken: AtomicUsize,
    answered: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// When each of the waiting requests came.
    waiting: VecDeque<Nanos>,
    closed: bool,
}

impl Queue {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn put(&self, came: Nanos) {
        self.change(|state| state.waiting.push_back(came));
        self.ready.notify_one();
    }

    fn close(&self) {
        self.change(|state| state.closed = true);
        self.ready.notify_all();
    }

    /// The oldest request; none once the queue is closed and empty.
    fn take(&self) -> Option<Nanos> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(came) = state.waiting.pop_front() {
                self.taken.fetch_add(1, Ordering::AcqRel);
                return Some(came);
            }
            if state.closed {
                return None;
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self, service: Service) -> Vec<Done> {
        let mut done = Vec::new();
        while let Some(came) = self.take() {
            let taken = MonotonicClock.now();
            service.serve();
            let answered = MonotonicClock.now();
            self.answered.fetch_add(1, Ordering::AcqRel);
            done.push(Done { came, taken, answered });
        }
        done
    }
}

/// Closes the queue also when starting a worker failed, so that those that did start end.
struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Starts `workers` for a queue, lets `give` give them work, and returns what they did when all is done.
fn with_workers<T>(
    workers: usize,
    service: Service,
    queue: &Queue,
    give: impl FnOnce() -> T,
) -> io::Result<(T, Vec<Done>)> {
    std::thread::scope(|scope| {
        let closing = Closing(queue);
        let mut crew = Vec::with_capacity(workers);
        for _ in 0..workers {
            crew.push(std::thread::Builder::new().spawn_scoped(scope, || queue.work(service))?);
        }
        let given = give();
        drop(closing);
        let mut done = Vec::new();
        for worker in crew {
            done.extend(worker.join().map_err(|_| io::Error::other("a worker panicked"))?);
        }
        Ok((given, done))
    })
}

/// Requests a second that `workers` answer while the queue is never empty: closed, with so many under way as workers.
///
/// The first answers and the last, one a worker each, don't count: there not all workers are at work.
pub(super) fn saturate(workers: usize, service: Service, requests: usize) -> io::Result<f64> {
    let queue = Queue::default();
    let came = MonotonicClock.now();
    queue.change(|state| state.waiting.extend(std::iter::repeat_n(came, requests + 2 * workers)));
    let ((), mut done) = with_workers(workers, service, &queue, || ())?;
    done.sort_by_key(|done| done.answered);
    let took = done[workers - 1 + requests].answered.since(done[workers - 1].answered);
    Ok(requests as f64 * 1e9 / took.as_f64().max(1.0))
}

/// What an open loop did, in a system that was empty before and after.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Visit {
    pub(super) done: Vec<Done>,
    /// From the first moment to the last answer.
    pub(super) window: Nanos,
    /// How many requests were in the system at each moment of the observer's, and how many of them with a worker.
    pub(super) counted: Vec<(f64, f64)>,
}

/// Lets requests come at these moments, whoever is ready or not, and counts at other moments how many are there.
///
/// A request is in the system from the moment for which it was planned: a client that is late can't hide that it waited.
/// The observer's moments are drawn independently of the requests', so that their mean is the mean over time; they go on
/// until the last answer.
pub(super) fn follow(
    workers: usize,
    service: Service,
    moments: &[Nanos],
    mut gap: impl FnMut() -> Nanos,
) -> io::Result<Visit> {
    let queue = Queue::default();
    let (started, done) = with_workers(workers, service, &queue, || {
        let start = MonotonicClock.now();
        let at = |moment: Nanos| Nanos(start.0 + moment.0);
        let mut counted = Vec::new();
        let mut put = 0;
        let mut look = gap();
        while put < moments.len() || queue.answered.load(Ordering::Acquire) < moments.len() {
            if let Some(&moment) = moments.get(put).filter(|&&moment| moment <= look) {
                sleep_until(at(moment));
                queue.put(at(moment));
                put += 1;
                continue;
            }
            sleep_until(at(look));
            let now = MonotonicClock.now();
            counted.push((now, count(&queue, moments, now.since(start))));
            look.0 += gap().0;
        }
        (start, counted)
    })?;
    let (start, counted) = started;
    let end = done.iter().map(|done| done.answered).max().unwrap_or(start);
    let within = counted.into_iter().filter(|(now, _)| *now <= end);
    Ok(Visit {
        window: end.since(start),
        counted: within.map(|(_, counted)| counted).collect(),
        done,
    })
}

/// How many are in the system, and how many of them with a worker, when `now` has passed.
fn count(queue: &Queue, moments: &[Nanos], now: Nanos) -> (f64, f64) {
    // In the order in which a request goes backwards through the system, so that none is counted as answered and not come.
    let answered = queue.answered.load(Ordering::Acquire);
    let taken = queue.taken.load(Ordering::Acquire);
    let come = moments.partition_point(|&moment| moment <= now).max(taken);
    ((come - answered) as f64, (taken - answered) as f64)
}

/// Moments of a Poisson process: `rate` a second, in `length`; at least one.
pub(super) fn moments(rate: f64, length: Duration, rng: &mut fastrand::Rng) -> Vec<Nanos> {
    let mut moments = Vec::new();
    let mut now = 0;
    loop {
        now += pause(rate, rng).0;
        if !moments.is_empty() && u128::from(now) > length.as_nanos() {
            return moments;
        }
        moments.push(Nanos(now));
    }
}

/// The time to the next moment of a Poisson process of `rate` a second.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "far below 2^63")]
pub(super) fn pause(rate: f64, rng: &mut fastrand::Rng) -> Nanos {
    Nanos((-(1.0 - rng.f64()).ln() * 1e9 / rate) as u64)
}
