//! The orders that a lock asks of memory, and what it is without them.

use std::fmt::Debug;

use super::door::Ordering;

/// Which orders a lock uses: a type, so that right and wrong share one text and differ in nothing else.
pub trait Orders: Debug + Default + Send + Sync {
    /// To take a lock: what comes after in the program stays after.
    const ACQUIRE: Ordering;
    /// To give it back: what comes before in the program stays before.
    const RELEASE: Ordering;
    /// To take and give in one step.
    const BOTH: Ordering;
}

/// Acquire and release: who takes the lock sees all that its last holder wrote.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fenced;

impl Orders for Fenced {
    const ACQUIRE: Ordering = Ordering::Acquire;
    const RELEASE: Ordering = Ordering::Release;
    const BOTH: Ordering = Ordering::AcqRel;
}

/// **Wrong on purpose**: relaxed everywhere. One thread at a time holds the lock, and may read what was there before
/// the last holder wrote.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unfenced;

impl Orders for Unfenced {
    const ACQUIRE: Ordering = Ordering::Relaxed;
    const RELEASE: Ordering = Ordering::Relaxed;
    const BOTH: Ordering = Ordering::Relaxed;
}
