//! The system calls that the experiments are about. The only module with `unsafe`.
//!
//! Everything that leaves this module is safe to call: a child that a closure runs in leaves by `_exit`, memory that
//! tasks share is reached through atomics, and descriptors are owned.

#![expect(unsafe_code, reason = "system calls; each block says why it is sound")]

mod cpu;
mod descriptor;
mod fault;
mod limits;
mod memory;
mod registers;
mod resources;
mod task;
mod tiny;
mod trace;
mod usage;

pub use cpu::{Scheduler, allowed_cpus, niceness, pin, pin_to, set_nice, set_scheduler, yield_now};
pub use descriptor::{close_number, is_open_number, read_word};
pub use fault::{fail_silently, limit_stack, signal_word, write_to_forbidden_page};
pub use limits::{
    address_space_limit, become_subreaper, die_with_parent, forbid_huge_pages, forbid_real_time, inherit_descriptor,
    limit_address_space, limit_cores, open_pidfd,
};
pub use memory::{FilePage, Mapping, Pages, frame_of, futex_wait, futex_wait_at_most, futex_wake, page_bytes};
pub use registers::{
    REGISTER_NAMES, Registers, SLOT_WORDS, claim_slot, signal_thread, sleep_with, spin_with, write_registers_on_signal,
    written_registers,
};
pub use resources::{forbid_random_layout, ignore_signal, ignores_signal, layout_is_random, set_variable};
pub use task::{
    Child, Ended, clone_thread, clone_vm, descendants, fork_and_wait, fork_exec_and_wait, is_stopped,
    kill_all_children, reap_ended, spawn_and_wait, state, thread_id, unshare_files, vfork_until_read, wait_for_any,
};
pub use tiny::TinyProgram;
pub use trace::Tracee;
pub use usage::{Usage, usage_of_process, usage_of_thread};
