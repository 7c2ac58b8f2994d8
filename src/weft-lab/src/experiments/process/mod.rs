//! Section 1 of the notes: process.

mod address_space;
mod own_resources;
mod process_life;

pub(super) use address_space::{AddressSpace, ERRAND, show_own};
pub(super) use own_resources::OwnResources;
pub(super) use process_life::ProcessLife;
