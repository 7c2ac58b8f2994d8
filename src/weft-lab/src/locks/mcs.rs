//! A lock in which each thread waits at a place of its own.

use std::marker::PhantomData;

use super::Lock;
use super::door::{AtomicBool, AtomicUsize, Ordering, spin_loop};
use super::orders::{Fenced, Orders};

/// The queue lock of Mellor-Crummey and Scott (1991): who comes stands behind the last, and spins on a flag that only
/// its predecessor will write. Giving the lock back touches one other core's line, however many wait.
///
/// The usual text links nodes by raw pointers. Here they stand in a row, one for each thread, and are linked by their
/// number: the same algorithm without `unsafe`.
#[derive(Debug)]
pub struct Mcs<O: Orders = Fenced> {
    /// The last in the queue: its number plus one, or [`NOBODY`].
    last: AtomicUsize,
    nodes: Box<[Node]>,
    orders: PhantomData<O>,
}

const NOBODY: usize = 0;

/// A thread's place in the queue, in a cache line of its own.
#[derive(Debug)]
#[repr(align(128))]
struct Node {
    /// Who stands behind: its number plus one, or [`NOBODY`].
    next: AtomicUsize,
    is_waiting: AtomicBool,
}

impl<O: Orders> Mcs<O> {
    /// A free one, for `threads` threads.
    #[must_use]
    pub fn new(threads: usize) -> Self {
        let node = || Node {
            next: AtomicUsize::new(NOBODY),
            is_waiting: AtomicBool::new(false),
        };
        Mcs {
            last: AtomicUsize::new(NOBODY),
            nodes: (0..threads).map(|_| node()).collect(),
            orders: PhantomData,
        }
    }

    fn lock(&self, who: usize) {
        let mine = &self.nodes[who];
        mine.next.store(NOBODY, Ordering::Relaxed);
        mine.is_waiting.store(true, Ordering::Relaxed);
        let before = self.last.swap(who + 1, O::BOTH);
        if before == NOBODY {
            return;
        }
        self.nodes[before - 1].next.store(who + 1, O::RELEASE);
        while mine.is_waiting.load(O::ACQUIRE) {
            spin_loop();
        }
    }

    fn unlock(&self, who: usize) {
        let mine = &self.nodes[who];
        let mut next = mine.next.load(O::ACQUIRE);
        if next == NOBODY {
            let nobody_came = self
                .last
                .compare_exchange(who + 1, NOBODY, O::RELEASE, Ordering::Relaxed);
            if nobody_came.is_ok() {
                return;
            }
            // Someone has swapped itself in and is about to say so.
            while next == NOBODY {
                spin_loop();
                next = mine.next.load(O::ACQUIRE);
            }
        }
        self.nodes[next - 1].is_waiting.store(false, O::RELEASE);
    }
}

impl<O: Orders> Lock for Mcs<O> {
    #[inline]
    fn hold<R>(&self, who: usize, work: impl FnOnce() -> R) -> R {
        self.lock(who);
        let result = work();
        self.unlock(who);
        result
    }
}
