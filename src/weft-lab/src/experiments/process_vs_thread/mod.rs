//! Section 3 of the notes: process vs thread.

mod creation_cost;

pub(super) use creation_cost::CreationCost;
