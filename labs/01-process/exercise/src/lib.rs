//! Lab 1: Process: the exercise.
//!
//! Write your answer in place of each `todo!()`, then:
//!
//! ```sh
//! cargo test --package exercise-01-process
//! ```
//!
//! The notebook of this lab has the same exercise.

#![allow(unused, clippy::all)]

// ## Exercise: what lies at an address?
//
// The kernel lists the regions of a process in `/proc/PID/maps`, a line each:
//
// ```text
// 55d0c0a3e000-55d0c0a40000 r-xp 00002000 fe:01 1311     /usr/bin/weft
// 55d0c1b10000-55d0c1b31000 rw-p 00000000 00:00 0        [heap]
// 7f3a20000000-7f3a20021000 rw-p 00000000 00:00 0
// ```
//
// The words are: the first address and the first one behind the region, the rights, the offset in
// the file, the device, the inode, and perhaps a name. The name is all that follows, and may hold
// spaces.
//
// Write `classify`. It gets such a list and an address, and says what lies there. Look in this
// order:
//
// 1. no line has the address: `Place::Nowhere`
// 2. the name is `[heap]` or `[stack]`: `Place::Heap`, `Place::Stack`; it begins with `[v`:
// `Place::Kernel`
// 3. no rights at all (`---`): `Place::Guard`
// 4. `x` among the rights: `Place::Code`
// 5. no name: `Place::Anonymous`
// 6. a file that may be written (`w`): `Place::Data`; one that may not: `Place::Constants`

use weft_lab::check::Place;

pub fn classify(maps: &str, address: u64) -> Place {
    // YOUR CODE HERE
    todo!()
}

// Try it on this process. A function is code, a local variable is on the stack:

// Then on lists that are made up, with every kind of line and the edges of each region:
