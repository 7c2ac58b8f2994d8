//! The system calls of the kernel's processes. The only module with `unsafe`.
//!
//! A cell's code is the reader's own and may do anything; nothing here can make it sound. What is promised is that this
//! module's own steps around it are.

#![expect(
    unsafe_code,
    reason = "system calls and loaded code; each block says why it is sound"
)]

mod cells;
mod network;
mod process;

pub(crate) use cells::text_of;
pub use cells::{Cells, Hook, LoadError};
pub use network::{count_tasks_apart, leave_network};
pub use process::{Fork, die_with_parent, exit_now, fork, raise_oom_score, reset_signals, set_env, unread_bytes};
