//! The one door to atomics, locks and threads. Behind it loom takes the standard library's place when it checks a model.

#[cfg(loom)]
pub(super) use loom::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    sync::{Condvar, Mutex, MutexGuard},
};
#[cfg(not(loom))]
pub(super) use std::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    sync::{Condvar, Mutex, MutexGuard},
};

/// The guard of a mutex, even of one whose holder panicked: what these mutexes protect is a number, whole at all times.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Gives the mutex back, sleeps until someone notifies, and takes it again.
pub(super) fn sleep<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Writes `false` into a flag that others swap: a plain store.
///
/// Loom 0.7 doesn't know that a store comes after every swap that was made before it, and would let a swap read a value
/// from before that store for ever. Under loom it is a swap too, in the same order of memory.
#[inline]
pub(super) fn clear(flag: &AtomicBool, order: Ordering) {
    #[cfg(loom)]
    flag.swap(false, order);
    #[cfg(not(loom))]
    flag.store(false, order);
}
