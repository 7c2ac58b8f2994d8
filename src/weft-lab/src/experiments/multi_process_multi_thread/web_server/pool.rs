//! A pool of threads, as a backend might write its own: a queue, a lock around it, and a bell.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Threads that wait for work. They last as long as their process.
pub(super) struct Pool<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    queue: Mutex<VecDeque<T>>,
    /// Rings when there is something in the queue.
    ready: Condvar,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts the threads; each does `work` with whatever it takes from the queue.
    ///
    /// # Errors
    ///
    /// No thread could be made.
    pub(super) fn start(threads: usize, work: impl Fn(T) + Send + Sync + 'static) -> io::Result<Pool<T>> {
        let shared = Arc::new(Shared {
            queue: Mutex::new(VecDeque::new()),
            ready: Condvar::new(),
        });
        let work = Arc::new(work);
        for _ in 0..threads {
            let (shared, work) = (Arc::clone(&shared), Arc::clone(&work));
            std::thread::Builder::new().spawn(move || shared.serve(&*work))?;
        }
        Ok(Pool { shared })
    }

    /// Puts something into the queue.
    pub(super) fn put(&self, item: T) {
        self.shared.lock().push_back(item);
        self.shared.ready.notify_one();
    }
}

impl<T> Shared<T> {
    /// No work is done under the lock, so a panic leaves the queue whole.
    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, work: &impl Fn(T)) -> ! {
        loop {
            work(self.take());
        }
    }

    fn take(&self) -> T {
        let mut queue = self.lock();
        loop {
            if let Some(item) = queue.pop_front() {
                return item;
            }
            // Gives the lock back while it sleeps, and takes it again before it looks.
            queue = self.ready.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn everything_that_is_put_in_is_worked_on_once() {
        let (done, worked_on) = channel();
        let pool = Pool::start(3, move |item: u32| done.send(item).unwrap()).unwrap();
        (0..1_000).for_each(|item| pool.put(item));
        let mut items: Vec<u32> = worked_on.iter().take(1_000).collect();
        items.sort_unstable();
        assert_eq!(items, (0..1_000).collect::<Vec<_>>());
    }
}
