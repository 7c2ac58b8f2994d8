//! Locks that are one flag.

use std::marker::PhantomData;

use super::Lock;
use super::door::{AtomicBool, Ordering, clear, spin_loop};
use super::orders::{Fenced, Orders};

/// **Wrong on purpose**: looks whether the lock is free, and takes it in a second step.
///
/// ```text
/// thread A: taken?  no                 taken = true   inside
/// thread B:             taken?  no                             taken = true   inside as well
/// ```
///
/// No order of memory mends this. The two steps have to be one: [`TestAndSet`].
#[derive(Debug, Default)]
pub struct CheckThenSet {
    taken: AtomicBool,
}

impl CheckThenSet {
    /// A free one.
    #[must_use]
    pub fn new() -> Self {
        CheckThenSet::default()
    }
}

impl Lock for CheckThenSet {
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        while self.taken.load(Ordering::Acquire) {
            spin_loop();
        }
        self.taken.store(true, Ordering::Release);
        let result = work();
        self.taken.store(false, Ordering::Release);
        result
    }
}

/// Writes "taken" and looks at what was there before, in one atomic step, until that was "free".
///
/// The swap is a write even when it fails. Each waiting core pulls the cache line to itself again and again, also away
/// from the holder, who needs it to give the lock back.
#[derive(Debug, Default)]
pub struct TestAndSet<O: Orders = Fenced> {
    taken: AtomicBool,
    orders: PhantomData<O>,
}

impl<O: Orders> TestAndSet<O> {
    /// A free one.
    #[must_use]
    pub fn new() -> Self {
        TestAndSet::default()
    }
}

impl<O: Orders> Lock for TestAndSet<O> {
    #[inline]
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        while self.taken.swap(true, O::ACQUIRE) {
            spin_loop();
        }
        let result = work();
        clear(&self.taken, O::RELEASE);
        result
    }
}

/// Looks first, and swaps only when the lock seems free: while it waits it reads, and a line that is only read can stay
/// in every cache (Rudolph and Segall 1984).
///
/// When the lock becomes free all who wait see it at once and swap at once. Who wins is chance: there is no order, and
/// a thread may wait for ever.
#[derive(Debug, Default)]
pub struct TestAndTestAndSet<O: Orders = Fenced> {
    taken: AtomicBool,
    orders: PhantomData<O>,
}

impl<O: Orders> TestAndTestAndSet<O> {
    /// A free one.
    #[must_use]
    pub fn new() -> Self {
        TestAndTestAndSet::default()
    }
}

impl<O: Orders> Lock for TestAndTestAndSet<O> {
    #[inline]
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        while self.taken.swap(true, O::ACQUIRE) {
            while self.taken.load(Ordering::Relaxed) {
                spin_loop();
            }
        }
        let result = work();
        clear(&self.taken, O::RELEASE);
        result
    }
}
