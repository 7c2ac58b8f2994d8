//! Section 6 of the notes: the problem of threads, synchronisation.

mod locks;
mod lost_update;
mod sync_cost;
mod team;

pub(super) use locks::Locks;
pub(super) use lost_update::LostUpdate;
pub(super) use sync_cost::SyncCost;
