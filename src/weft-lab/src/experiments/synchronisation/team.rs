//! Threads that start together, each on a core of its own as far as there are enough.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::experiment::{During, Error};
use crate::measure::{Clock, MonotonicClock, Nanos, pause};
use crate::sys;

/// So many threads, and the cores that they take in turn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Team<'a> {
    pub(super) threads: usize,
    pub(super) cpus: &'a [usize],
}

/// What a team did.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shift {
    /// How often each thread did its work.
    pub(super) counts: Vec<u64>,
    /// When each thread began and ended.
    pub(super) spans: Vec<(Nanos, Nanos)>,
}

impl Shift {
    /// How often all together did their work.
    pub(super) fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// From the first beginning to the last end, in nanoseconds.
    pub(super) fn wall_ns(&self) -> f64 {
        let first = self.spans.iter().map(|span| span.0).min().unwrap_or_default();
        let last = self.spans.iter().map(|span| span.1).max().unwrap_or_default();
        last.since(first).as_f64().max(1.0)
    }

    /// The time that one thread needed for one piece of work, in nanoseconds.
    pub(super) fn each_ns(&self) -> f64 {
        let spent: f64 = self.spans.iter().map(|span| span.1.since(span.0).as_f64()).sum();
        spent / self.total().max(1) as f64
    }

    /// For which share of the shortest thread's time all threads were under way.
    pub(super) fn overlap(&self) -> f64 {
        let last_begin = self.spans.iter().map(|span| span.0).max().unwrap_or_default();
        let first_end = self.spans.iter().map(|span| span.1).min().unwrap_or_default();
        let shortest = self.spans.iter().map(|span| span.1.since(span.0).as_f64());
        let shortest = shortest.fold(f64::INFINITY, f64::min).max(1.0);
        (first_end.since(last_begin).as_f64() / shortest).min(1.0)
    }

    /// Jain's index of fairness: 1 if all did as much, 1/n if one did all (Jain, Chiu, Hawe 1984).
    pub(super) fn fairness(&self) -> f64 {
        let sum = self.total() as f64;
        let squares: f64 = self.counts.iter().map(|&count| (count as f64).powi(2)).sum();
        if squares == 0.0 {
            return 1.0;
        }
        sum * sum / (self.counts.len() as f64 * squares)
    }
}

impl Team<'_> {
    /// All threads wait for each other, and then do `work` once each; it says how often it did what it does.
    pub(super) fn together(&self, work: impl Fn(usize) -> u64 + Sync) -> Result<Shift, Error> {
        self.start(true, &|who| work(who), || {})
    }

    /// Each thread begins as soon as it is made, as in most programs.
    pub(super) fn as_made(&self, work: impl Fn(usize) -> u64 + Sync) -> Result<Shift, Error> {
        self.start(false, &|who| work(who), || {})
    }

    /// All threads begin together and do `work` until the time is up. `work` is given the flag that says so; it does
    /// at least one piece.
    pub(super) fn until(
        &self,
        time: Duration,
        work: impl Fn(usize, &AtomicBool) -> u64 + Sync,
    ) -> Result<Shift, Error> {
        let stop = AtomicBool::new(false);
        let end = || {
            pause(time);
            stop.store(true, Ordering::Relaxed);
        };
        self.start(true, &|who| work(who, &stop), end)
    }

    fn start(
        &self,
        together: bool,
        work: &(dyn Fn(usize) -> u64 + Sync),
        meanwhile: impl FnOnce(),
    ) -> Result<Shift, Error> {
        let here = AtomicUsize::new(0);
        let open = AtomicBool::new(!together);
        std::thread::scope(|scope| {
            let one = |who: usize| {
                let (here, open) = (&here, &open);
                move || {
                    if let Some(&cpu) = self.cpus.get(who % self.cpus.len().max(1)) {
                        // Where that is forbidden the run has said so already.
                        let _forbidden = sys::pin(cpu);
                    }
                    here.fetch_add(1, Ordering::AcqRel);
                    while !open.load(Ordering::Acquire) {
                        sys::yield_now();
                    }
                    let begin = MonotonicClock.now();
                    let count = work(who);
                    (count, (begin, MonotonicClock.now()))
                }
            };
            let mut made = Vec::new();
            let mut failed = None;
            for who in 0..self.threads {
                match std::thread::Builder::new().spawn_scoped(scope, one(who)) {
                    Ok(thread) => made.push(thread),
                    Err(error) => {
                        failed = Some(error);
                        break;
                    }
                }
            }
            while together && here.load(Ordering::Acquire) < made.len() {
                sys::yield_now();
            }
            open.store(true, Ordering::Release);
            meanwhile();
            let (mut counts, mut spans) = (Vec::new(), Vec::new());
            for thread in made {
                let (count, span) = thread.join().map_err(|_| Error::Check {
                    what: "a thread",
                    expected: "an end".to_owned(),
                    found: "a panic".to_owned(),
                })?;
                counts.push(count);
                spans.push(span);
            }
            match failed {
                Some(error) => Err(error).during("start a thread"),
                None => Ok(Shift { counts, spans }),
            }
        })
    }
}

/// Does nothing for about so many steps of the processor; no memory is touched that others see.
#[inline]
pub(super) fn dawdle(steps: u64) {
    for step in 0..steps {
        std::hint::black_box(step);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_works_and_is_counted() {
        let cpus = sys::allowed_cpus();
        let team = Team {
            threads: 3,
            cpus: &cpus,
        };
        let shift = team.together(|who| who as u64 + 1).unwrap();
        assert_eq!(shift.counts, [1, 2, 3]);
        assert_eq!(team.as_made(|_| 2).unwrap().total(), 6);
        let shift = team.until(Duration::from_millis(1), |_, stop| {
            let mut count = 1;
            while !stop.load(Ordering::Relaxed) {
                count += 1;
            }
            count
        });
        assert!(shift.unwrap().counts.iter().all(|&count| count > 0));
    }

    #[test]
    fn fairness_overlap_and_time_of_a_shift() {
        let shift = |counts: &[u64], spans: &[(u64, u64)]| Shift {
            counts: counts.to_vec(),
            spans: spans.iter().map(|&(a, b)| (Nanos(a), Nanos(b))).collect(),
        };
        let fair = shift(&[5, 5], &[(0, 100), (50, 150)]);
        assert!((fair.fairness() - 1.0).abs() < 1e-9 && (fair.overlap() - 0.5).abs() < 1e-9);
        assert!((fair.wall_ns() - 150.0).abs() < 1e-9 && (fair.each_ns() - 20.0).abs() < 1e-9);
        let unfair = shift(&[10, 0], &[(0, 100), (200, 300)]);
        assert!((unfair.fairness() - 0.5).abs() < 1e-9 && unfair.overlap().abs() < 1e-9);
    }
}
