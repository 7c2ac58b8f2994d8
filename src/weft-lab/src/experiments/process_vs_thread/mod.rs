//! Section 3 of the notes: process vs thread.

mod creation_cost;
mod switch_cost;

pub(super) use creation_cost::CreationCost;
pub(super) use switch_cost::SwitchCost;
