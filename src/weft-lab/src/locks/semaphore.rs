//! A counter of permits (Dijkstra 1965).

use super::Lock;
use super::door::{AtomicUsize, Condvar, Mutex, Ordering, lock, sleep};

/// **Wrong on purpose**: looks at the count, and goes to sleep in a second step.
///
/// ```text
/// acquire: count?  0                                  sleep, for ever
/// release:             count = 1   wake whoever sleeps: nobody yet
/// ```
///
/// The wake-up is lost. Looking and going to sleep have to be one step for the other side: [`Semaphore`].
#[derive(Debug)]
pub struct ForgetfulSemaphore {
    permits: AtomicUsize,
    bed: Mutex<()>,
    raised: Condvar,
}

impl ForgetfulSemaphore {
    /// A semaphore with this many permits.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        ForgetfulSemaphore {
            permits: AtomicUsize::new(permits),
            bed: Mutex::new(()),
            raised: Condvar::new(),
        }
    }

    fn try_acquire(&self) -> bool {
        let take = |permits: usize| permits.checked_sub(1);
        self.permits
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, take)
            .is_ok()
    }
}

/// Waits for a permit and gives it back, so that one test can hold both semaphores to the same promise.
pub trait Permits: Sync {
    /// Waits until there is a permit, and takes it.
    fn acquire(&self);
    /// Adds a permit; any thread may.
    fn release(&self);
}

impl Permits for ForgetfulSemaphore {
    fn acquire(&self) {
        while !self.try_acquire() {
            let bed = lock(&self.bed);
            drop(sleep(&self.raised, bed));
        }
    }

    fn release(&self) {
        self.permits.fetch_add(1, Ordering::AcqRel);
        self.raised.notify_one();
    }
}

/// The count stands under a mutex, and the condition variable gives the mutex back and falls asleep in one step. So
/// nobody can raise the count between the look and the sleep.
#[derive(Debug)]
pub struct Semaphore {
    count: Mutex<Count>,
    raised: Condvar,
}

#[derive(Debug)]
struct Count {
    permits: usize,
    /// Who sleeps or is about to: a release that can wake nobody needs no system call.
    waiting: usize,
}

impl Semaphore {
    /// A semaphore with this many permits.
    #[must_use]
    pub fn new(permits: usize) -> Self {
        Semaphore {
            count: Mutex::new(Count { permits, waiting: 0 }),
            raised: Condvar::new(),
        }
    }
}

impl Permits for Semaphore {
    fn acquire(&self) {
        let mut count = lock(&self.count);
        // `while` and not `if`: another thread may have taken the permit before this one woke up.
        while count.permits == 0 {
            count.waiting += 1;
            count = sleep(&self.raised, count);
            count.waiting -= 1;
        }
        count.permits -= 1;
    }

    fn release(&self) {
        let mut count = lock(&self.count);
        count.permits += 1;
        let is_awaited = count.waiting > 0;
        drop(count);
        if is_awaited {
            self.raised.notify_one();
        }
    }
}

/// A semaphore with one permit is a lock, except that it doesn't know who holds it.
impl Lock for Semaphore {
    fn hold<R>(&self, _who: usize, work: impl FnOnce() -> R) -> R {
        self.acquire();
        let result = work();
        self.release();
        result
    }
}
