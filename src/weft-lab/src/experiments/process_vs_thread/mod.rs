//! Section 3 of the notes: process vs thread.

mod communication;
mod creation_cost;
mod memory_cost;
mod switch_cost;

pub(super) use communication::Communication;
pub(super) use creation_cost::CreationCost;
pub(super) use memory_cost::MemoryCost;
pub(super) use switch_cost::SwitchCost;
