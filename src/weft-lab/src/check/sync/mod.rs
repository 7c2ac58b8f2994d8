//! Stand-ins for `std::sync` and `std::thread`, whose operations a check can put in any order.
//!
//! They have the same names and methods. An answer that is done works with the real ones: replace
//! `weft_lab::check::sync` by `std::sync`. Outside a check they panic.

pub mod atomic;

pub use std::sync::Arc;

pub use shuttle::sync::{Barrier, Condvar, Mutex, MutexGuard, RwLock, mpsc};

/// Threads that the check schedules; `std::hint::spin_loop` is here too.
pub mod thread {
    pub use shuttle::hint::spin_loop;
    pub use shuttle::thread::{Builder, JoinHandle, Scope, ScopedJoinHandle, current, park, scope, spawn, yield_now};
}
