//! Section 3 of the notes: process vs thread.

mod crash_containment;
mod creation_cost;
mod memory_independence;

pub(super) use crash_containment::CrashContainment;
pub(super) use creation_cost::CreationCost;
pub(super) use memory_independence::MemoryIndependence;
