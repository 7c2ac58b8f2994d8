//! The work that threads share.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::ppoll;
use nix::sys::time::TimeSpec;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::params::Params;
use crate::text::Text;

/// A kind of work, and what its threads come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Computing, on threads of the standard library that are started for it.
    Threads,
    /// The same on a pool of rayon's, which steals pieces.
    Rayon,
    /// Waiting for a timer, on threads of the standard library.
    Waiting,
}

impl Work {
    pub(super) const ALL: [Work; 3] = [Work::Threads, Work::Rayon, Work::Waiting];

    pub(super) fn id(self) -> &'static str {
        match self {
            Work::Threads => "computing",
            Work::Rayon => "computing-rayon",
            Work::Waiting => "waiting",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Work::Threads => text!("Computing: std threads"),
            Work::Rayon => text!("Computing: rayon"),
            Work::Waiting => text!("Waiting: std threads"),
        }
    }
}

/// What to do, and the pools for it.
pub(super) struct Crews {
    pieces: usize,
    /// Of the pieces, those that one thread does alone before the others start.
    alone: usize,
    iterations: u64,
    wait: Duration,
    pools: BTreeMap<usize, ThreadPool>,
}

impl Crews {
    /// A pool of rayon's for each of these numbers of threads, made before anything is timed.
    pub(super) fn ready(params: &Params, numbers: &[usize]) -> io::Result<Crews> {
        let pool = |&threads: &usize| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            Ok((threads, pool.map_err(io::Error::other)?))
        };
        // Enough pieces for every thread to have some.
        let pieces = params.count("pieces").max(numbers.iter().copied().max().unwrap_or(1));
        Ok(Crews {
            pieces,
            alone: pieces * params.count("serial") / 100,
            iterations: params.count("iterations") as u64,
            wait: Duration::from_micros(params.count("wait_us") as u64),
            pools: numbers.iter().map(pool).collect::<io::Result<_>>()?,
        })
    }

    fn compute(&self, piece: usize) {
        black_box(steps(piece as u64, self.iterations));
    }

    fn piece(&self, work: Work, piece: usize) {
        if work == Work::Waiting {
            sleep(self.wait);
        } else {
            self.compute(piece);
        }
    }

    /// Does all pieces with `threads` threads, and returns when the last is done.
    pub(super) fn run(&self, work: Work, threads: usize) -> io::Result<()> {
        (0..self.alone).for_each(|piece| self.piece(work, piece));
        if let (Work::Rayon, Some(pool)) = (work, self.pools.get(&threads)) {
            let pieces = self.alone..self.pieces;
            pool.install(|| {
                pieces
                    .into_par_iter()
                    .with_max_len(1)
                    .for_each(|piece| self.compute(piece));
            });
            return Ok(());
        }
        std::thread::scope(|scope| {
            // The calling thread is one of them.
            for share in 1..threads {
                std::thread::Builder::new().spawn_scoped(scope, move || self.share(work, share, threads))?;
            }
            self.share(work, 0, threads);
            Ok(())
        })
    }

    /// Every piece whose turn falls on this thread.
    fn share(&self, work: Work, share: usize, threads: usize) {
        (self.alone + share..self.pieces)
            .step_by(threads)
            .for_each(|piece| self.piece(work, piece));
    }
}

/// Steps of a random-number generator, each of which needs the one before (Marsaglia 2003, xorshift): work that nothing
/// but a core can make shorter.
pub(super) fn steps(seed: u64, count: u64) -> u64 {
    let mut state = seed | 1;
    for _ in 0..count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    state
}

/// Waits for a timer as for an answer: in the kernel, without a core (`ppoll(2)`).
fn sleep(time: Duration) {
    // A signal may end it early; nothing here is signalled.
    while ppoll(&mut [], Some(TimeSpec::from_duration(time)), None) == Err(Errno::EINTR) {}
}
