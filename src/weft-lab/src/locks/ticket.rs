//! A lock that is a queue of numbers.

use std::marker::PhantomData;

use super::Lock;
use super::door::{AtomicUsize, Ordering, spin_loop};
use super::orders::{Fenced, Orders};

/// Draw a number, and wait until it is called: first come, first served (Mellor-Crummey and Scott 1991, section 2.2).
///
/// Fair, at a price: the lock can go to the next number only. If that thread has lost its core, all the others spin
/// until it gets one again, although they could run.
#[derive(Debug, Default)]
pub struct Ticket<O: Orders = Fenced> {
    next: AtomicUsize,
    serving: AtomicUsize,
    orders: PhantomData<O>,
}

impl<O: Orders> Ticket<O> {
    /// A free one.
    #[must_use]
    pub fn new() -> Self {
        Ticket::default()
    }
}

impl<O: Orders> Lock for Ticket<O> {
    #[inline]
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        // The number orders nothing by itself: the call does.
        let mine = self.next.fetch_add(1, Ordering::Relaxed);
        while self.serving.load(O::ACQUIRE) != mine {
            spin_loop();
        }
        let result = work();
        self.serving.store(mine.wrapping_add(1), O::RELEASE);
        result
    }
}
