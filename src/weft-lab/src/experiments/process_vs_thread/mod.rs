//! Section 3 of the notes: process vs thread.

mod communication;
mod crash_containment;
mod creation_cost;
mod memory_cost;
mod memory_independence;
mod switch_cost;

pub(super) use communication::Communication;
pub(super) use crash_containment::CrashContainment;
pub(super) use creation_cost::CreationCost;
pub(super) use memory_cost::MemoryCost;
pub(super) use memory_independence::MemoryIndependence;
pub(super) use switch_cost::SwitchCost;
