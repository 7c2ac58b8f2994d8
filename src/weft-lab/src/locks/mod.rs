//! Small locks and a semaphore to learn from, each written so that a model checker can take it apart.
//!
//! The wrong version stands first, because a lock is understood by what it fails to do without each of its parts:
//!
//! - [`CheckThenSet`] looks whether the lock is free and takes it in a second step. Two threads can look before either
//!   takes: the lost update again, with a flag in place of a number.
//! - A lock whose orders are [`Unfenced`] takes and gives back atomically, and still loses: nothing makes the next
//!   holder see what the last one wrote.
//! - [`ForgetfulSemaphore`] looks, and then goes to sleep. A permit that comes in between wakes nobody.
//!
//! `tests/loom.rs` runs one test over all of them. The right ones pass, and each wrong one is caught.
//!
//! No data lives inside these locks, so that they need no `unsafe`: what they protect are atomics, read and written in
//! [relaxed](std::sync::atomic::Ordering::Relaxed) order. Such accesses are as weak as plain ones without being
//! undefined, so a lock that fails shows a wrong number and nothing worse.
//!
//! Use `std::sync::Mutex` in a program. These locks spin, and a thread that spins keeps the core from the one it waits
//! for: `weft run locks` shows the price.

mod door;
mod mcs;
mod orders;
mod semaphore;
mod spin;
mod ticket;

pub use mcs::Mcs;
pub use orders::{Fenced, Orders, Unfenced};
pub use semaphore::{ForgetfulSemaphore, Permits, Semaphore};
pub use spin::{CheckThenSet, TestAndSet, TestAndTestAndSet};
pub use ticket::Ticket;

/// Something that one thread at a time can hold.
pub trait Lock: Sync {
    /// Waits until nobody else holds the lock, does `work`, and gives the lock back.
    ///
    /// `who` is the number of the calling thread among those that use this lock, from 0; no two of them have the same.
    /// If `work` panics the lock stays taken for ever, as a lesson is no place for a guard.
    fn hold<R>(&self, who: usize, work: impl FnOnce() -> R) -> R;
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    /// Threads that add one by a load and a store under the lock; how many additions are left.
    fn count_under(lock: &impl Lock, threads: usize, times: u64) -> u64 {
        let counter = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for who in 0..threads {
                let counter = &counter;
                scope.spawn(move || {
                    for _ in 0..times {
                        lock.hold(who, || {
                            let seen = counter.load(Ordering::Relaxed);
                            counter.store(seen + 1, Ordering::Relaxed);
                        });
                    }
                });
            }
        });
        counter.into_inner()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn no_addition_is_lost(threads in 1_usize..3, times in 1_u64..20) {
            let expected = threads as u64 * times;
            prop_assert_eq!(count_under(&TestAndSet::<Fenced>::new(), threads, times), expected);
            prop_assert_eq!(count_under(&TestAndTestAndSet::<Fenced>::new(), threads, times), expected);
            prop_assert_eq!(count_under(&Ticket::<Fenced>::new(), threads, times), expected);
            prop_assert_eq!(count_under(&Mcs::<Fenced>::new(threads), threads, times), expected);
            prop_assert_eq!(count_under(&Semaphore::new(1), threads, times), expected);
        }

        #[test]
        fn no_more_are_inside_than_there_are_permits(permits in 1_usize..4, threads in 1_usize..6, times in 1_usize..50) {
            let semaphore = Semaphore::new(permits);
            let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| for _ in 0..times {
                        semaphore.acquire();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                        semaphore.release();
                    });
                }
            });
            prop_assert!(most.into_inner() <= permits);
        }
    }

    #[test]
    fn permits_may_be_raised_by_who_never_took_one() {
        let semaphore = Semaphore::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| semaphore.acquire());
            semaphore.release();
        });
        semaphore.release();
        semaphore.acquire();
    }
}
