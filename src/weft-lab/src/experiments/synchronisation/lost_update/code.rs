//! What the compiler made of an addition: read from this program's own instructions.
//!
//! No disassembler: only the few patterns that a compiler makes of `counter += 1` on `x86_64` are looked for, and "not
//! found" is an answer too.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicU64;

use crate::text::Text;

/// What load, addition and store have become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One instruction that reads, adds and writes, and that another core can come between.
    One,
    /// The same with the `lock` prefix: nobody comes between.
    Locked,
    /// A load, and a store by another instruction.
    Several,
    /// None of the patterns was found.
    Unknown,
    /// Another architecture than `x86_64`: not looked for.
    Elsewhere,
}

impl Shape {
    const ALL: [Shape; 5] = [
        Shape::One,
        Shape::Locked,
        Shape::Several,
        Shape::Unknown,
        Shape::Elsewhere,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Shape::One => "one",
            Shape::Locked => "locked",
            Shape::Several => "several",
            Shape::Unknown => "unknown",
            Shape::Elsewhere => "elsewhere",
        }
    }

    pub(super) fn find(id: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.id() == id)
    }

    pub(super) fn label(self) -> Text {
        match self {
            Shape::One => text!("one instruction that is not atomic."),
            Shape::Locked => text!("one instruction with the lock prefix."),
            Shape::Several => text!("a load and a store, two instructions."),
            Shape::Unknown => text!("none of the known patterns was found in its machine code."),
            Shape::Elsewhere => text!("its machine code was not looked at, as this is no x86_64 processor."),
        }
    }
}

/// How much of a function is looked at: all of those that are asked about.
const LOOKED_AT: usize = 128;

/// The shape of a function that adds one to a counter, and the bytes of the instruction that shows it.
///
/// # Errors
///
/// `/proc/self/mem` can't be read (`proc_pid_mem(5)`).
pub(super) fn read(function: fn(&AtomicU64, u64)) -> io::Result<(Shape, Vec<u8>)> {
    if !cfg!(target_arch = "x86_64") {
        return Ok((Shape::Elsewhere, Vec::new()));
    }
    let mut code = [0; LOOKED_AT];
    let read = File::open("/proc/self/mem")?.read_at(&mut code, function as usize as u64)?;
    Ok(shape(&code[..read]))
}

/// An instruction as a pattern: each byte with the bits that count.
type Pattern = &'static [(u8, u8)];

const REX_W: (u8, u8) = (0x48, 0xf8);
/// A byte that names a memory operand behind a register, without displacement: mod 00.
const MEMORY: (u8, u8) = (0x00, 0xc0);
/// The same, and the operation is number 0 of its group.
const MEMORY_0: (u8, u8) = (0x00, 0xf8);

/// Instructions that add one to memory: `inc`, `add` with a byte, `xadd`, `add` of a register.
const ADDITIONS: [Pattern; 4] = [
    &[REX_W, (0xff, 0xff), MEMORY_0],
    &[REX_W, (0x83, 0xff), MEMORY_0, (0x01, 0xff)],
    &[REX_W, (0x0f, 0xff), (0xc1, 0xff), MEMORY],
    &[REX_W, (0x01, 0xff), MEMORY],
];
const LOAD: Pattern = &[REX_W, (0x8b, 0xff), MEMORY];
const STORE: Pattern = &[REX_W, (0x89, 0xff), MEMORY];
const LOCK: u8 = 0xf0;

/// The end of the function, as far as one can see without decoding: the first `ret`.
fn body(code: &[u8]) -> &[u8] {
    let end = code.iter().position(|&byte| byte == 0xc3).unwrap_or(code.len());
    &code[..end]
}

fn find(code: &[u8], pattern: Pattern) -> Option<usize> {
    code.windows(pattern.len()).position(|window| {
        window
            .iter()
            .zip(pattern)
            .all(|(byte, (value, mask))| byte & mask == value & mask)
    })
}

pub(super) fn shape(code: &[u8]) -> (Shape, Vec<u8>) {
    let code = body(code);
    let addition = ADDITIONS
        .iter()
        .filter_map(|pattern| find(code, pattern).map(|at| (at, pattern.len())))
        .min();
    let apart = find(code, LOAD).and_then(|load| {
        let after = load + LOAD.len();
        find(&code[after..], STORE).map(|store| (load, after + store))
    });
    if let Some((at, length)) = addition {
        let is_locked = at > 0 && code[at - 1] == LOCK;
        let from = if is_locked { at - 1 } else { at };
        let shape = if is_locked { Shape::Locked } else { Shape::One };
        return (shape, code[from..at + length].to_vec());
    }
    match apart {
        Some((load, store)) => {
            let bytes = [&code[load..load + LOAD.len()], &code[store..store + STORE.len()]].concat();
            (Shape::Several, bytes)
        }
        None => (Shape::Unknown, Vec::new()),
    }
}
