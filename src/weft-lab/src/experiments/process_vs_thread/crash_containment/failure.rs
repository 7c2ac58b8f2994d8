//! The ways in which a worker is made to fail.

use std::hint::black_box;
use std::io;

use crate::sys;
use crate::text::Text;

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failure {
    ForbiddenWrite,
    Abort,
    StackOverflow,
    Exit,
    Memory,
    Panic,
}

impl Failure {
    pub(super) const ALL: [Failure; 6] = [
        Failure::ForbiddenWrite,
        Failure::Abort,
        Failure::StackOverflow,
        Failure::Exit,
        Failure::Memory,
        Failure::Panic,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Failure::ForbiddenWrite => "forbidden-write",
            Failure::Abort => "abort",
            Failure::StackOverflow => "stack-overflow",
            Failure::Exit => "exit",
            Failure::Memory => "memory-limit",
            Failure::Panic => "panic",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Failure::ForbiddenWrite => text!("Write to a forbidden address"),
            Failure::Abort => text!("abort"),
            Failure::StackOverflow => text!("Stack overflow"),
            Failure::Exit => text!("exit"),
            Failure::Memory => text!("Allocation beyond the limit"),
            Failure::Panic => text!("Rust panic"),
        }
    }

    /// Does the operating system or the language's runtime end the process for it? A panic ends a thread.
    pub(super) fn is_fatal(self) -> bool {
        self != Failure::Panic
    }

    /// Fails. Where this returns, it says why it did not.
    pub(super) fn happen(self) -> io::Error {
        match self {
            Failure::ForbiddenWrite => sys::write_to_forbidden_page(),
            Failure::Abort => std::process::abort(),
            Failure::StackOverflow => match sys::limit_stack(STACK as u64) {
                Ok(()) => io::Error::other(format!("{} calls went well", deeper(1))),
                Err(error) => error,
            },
            // One worker leaves, and means itself alone.
            Failure::Exit => std::process::exit(3),
            Failure::Memory => use_up_memory(),
            Failure::Panic => panic!("on purpose"),
        }
    }
}

/// The stack of a worker in bytes, as a thread or as a process.
pub(super) const STACK: usize = 1 << 20;

/// Calls itself until the stack is full; each call takes more than a page of it.
fn deeper(depth: u64) -> u64 {
    let frame = black_box([depth; 600]);
    if frame[0] == u64::MAX {
        return depth;
    }
    deeper(depth + 1) + black_box(&frame)[1]
}

/// Sets a limit a little above what this process uses, and allocates until it is met. Rust's answer is to abort.
fn use_up_memory() -> io::Error {
    const BLOCK: usize = 1 << 20;
    let used = std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|statm| statm.split_whitespace().next()?.parse::<u64>().ok());
    let used = used.unwrap_or(0) * sys::page_bytes() as u64;
    if let Err(error) = sys::limit_address_space(used + 8 * BLOCK as u64) {
        return error;
    }
    let mut blocks = Vec::with_capacity(1 << 10);
    while blocks.len() < blocks.capacity() {
        blocks.push(black_box(Vec::<u8>::with_capacity(BLOCK)));
    }
    io::Error::other("no allocation failed")
}
