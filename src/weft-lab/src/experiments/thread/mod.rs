//! Section 2 of the notes: thread.

mod parallel_speedup;
mod thread_life;
mod thread_owns;
mod thread_shares;

pub(super) use parallel_speedup::ParallelSpeedup;
pub(super) use thread_life::ThreadLife;
pub(super) use thread_owns::ThreadOwns;
pub(super) use thread_shares::ThreadShares;
