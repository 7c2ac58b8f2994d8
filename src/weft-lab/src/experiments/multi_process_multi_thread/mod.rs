//! Section 4 of the notes: multi-process and multi-thread.

mod game_loop;
mod kind;
mod shared_job;

pub(super) use game_loop::GameLoop;
pub(super) use shared_job::SharedJob;
