//! What a program does that shows its own address space: it makes objects of every kind, and prints where they lie.

use std::cell::Cell;
use std::hint::black_box;
use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde::{Deserialize, Serialize};

use crate::sys::{self, FilePage};

/// The arguments that make this program do it are this word and a number of threads.
pub(crate) const ERRAND: &str = "__weft-address-space";

/// An object whose address is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Object {
    Function,
    LibraryFunction,
    Constant,
    Data,
    /// Static data that is zero at first: bss.
    Zeroed,
    Boxed,
    /// As large as a whole mapping.
    LargeBoxed,
    /// That another thread than the first has allocated.
    ThreadBoxed,
    Local,
    ThreadLocal,
    /// A page of a file that the program mapped.
    File,
    Vdso,
}

impl Object {
    pub(super) const ALL: [Object; 12] = [
        Object::Function,
        Object::LibraryFunction,
        Object::Constant,
        Object::Data,
        Object::Zeroed,
        Object::Boxed,
        Object::LargeBoxed,
        Object::ThreadBoxed,
        Object::Local,
        Object::ThreadLocal,
        Object::File,
        Object::Vdso,
    ];

    pub(super) fn id(self) -> &'static str {
        match self {
            Object::Function => "function",
            Object::LibraryFunction => "library-function",
            Object::Constant => "constant",
            Object::Data => "data",
            Object::Zeroed => "zeroed",
            Object::Boxed => "boxed",
            Object::LargeBoxed => "large-boxed",
            Object::ThreadBoxed => "thread-boxed",
            Object::Local => "local",
            Object::ThreadLocal => "thread-local",
            Object::File => "file",
            Object::Vdso => "vdso",
        }
    }
}

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) object: Object,
    /// Whose it is, 0 for the first thread's and for what all share.
    pub(super) thread: usize,
    pub(super) address: u64,
}

/// What the program says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    /// `/proc/self/maps`.
    pub(super) maps: String,
    /// The program's file, as it stands there.
    pub(super) program: String,
    /// Where the kernel lets the heap begin; 0 where it does not say.
    pub(super) heap: u64,
    /// Did the program start with random addresses, as far as the process has a say?
    pub(super) random: Option<bool>,
    pub(super) marks: Vec<Mark>,
}

/// In the program's read-only data.
static CONSTANT: [u64; 4] = [0x5eed; 4];
/// In its data, since it has a value from the start.
static DATA: AtomicU64 = AtomicU64::new(0x5eed);
/// In its bss. It is larger than a page, so that its middle lies beyond the file's last page.
static ZEROED: [AtomicU64; 1 << 15] = [const { AtomicU64::new(0) }; 1 << 15];

thread_local! {
    static OWN: Cell<u64> = const { Cell::new(0) };
}

/// In its code.
#[inline(never)]
fn function(argument: u64) -> u64 {
    black_box(argument).rotate_left(7) ^ CONSTANT[0]
}

/// The size of an object that the allocator asks a mapping of its own for (`malloc(3)`, `MMAP_THRESHOLD`).
const LARGE: usize = 1 << 20;
/// The words of the small ones: 2 KiB, since a smaller one may get a place that another thread has given back.
const SMALL: usize = 1 << 8;

fn mark<T: ?Sized>(object: Object, thread: usize, value: &T) -> Mark {
    Mark {
        object,
        thread,
        address: std::ptr::from_ref(black_box(value)).addr() as u64,
    }
}

/// The marks of what every thread has.
fn own_marks(thread: usize, local: &[u64; 2], boxed: &[u64]) -> Vec<Mark> {
    let allocated = if thread == 0 {
        Object::Boxed
    } else {
        Object::ThreadBoxed
    };
    vec![
        mark(Object::Local, thread, local),
        mark(allocated, thread, boxed),
        OWN.with(|own| mark(Object::ThreadLocal, thread, own)),
    ]
}

/// The address that the kernel's auxiliary vector gives for the vdso (`getauxval(3)`, `AT_SYSINFO_EHDR`).
fn vdso() -> Option<u64> {
    const WORD: usize = size_of::<usize>();
    const VDSO: usize = 33;
    let vector = std::fs::read("/proc/self/auxv").ok()?;
    let (words, _) = vector.as_chunks::<WORD>();
    let mut pairs = words
        .chunks_exact(2)
        .map(|pair| [pair[0], pair[1]].map(usize::from_ne_bytes));
    pairs.find(|[key, _]| *key == VDSO).map(|[_, value]| value as u64)
}

/// Where the kernel lets the heap begin: word 47 of `/proc/self/stat` (`proc_pid_stat(5)`).
fn heap() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_, words) = stat.rsplit_once(") ")?;
    words.split_whitespace().nth(47 - 3)?.parse().ok()
}

fn show(threads: usize) -> io::Result<Shown> {
    let local = [0_u64; 2];
    let boxed = vec![0_u64; SMALL];
    let large = vec![1_u8; LARGE];
    let page = FilePage::new(c"a-mapped-file")?;
    let code: fn(u64) -> u64 = function;
    let library: unsafe extern "C" fn() -> libc::pid_t = libc::getpid;
    let at = |object, address: usize| Mark {
        object,
        thread: 0,
        address: address as u64,
    };
    black_box(code)(DATA.load(SeqCst));
    let mut marks = vec![
        at(Object::Function, code as usize),
        at(Object::LibraryFunction, library as usize),
        mark(Object::Constant, 0, &CONSTANT),
        mark(Object::Data, 0, &DATA),
        mark(Object::Zeroed, 0, &ZEROED[ZEROED.len() / 2]),
        mark(Object::LargeBoxed, 0, large.as_slice()),
        at(Object::File, page.address()),
    ];
    marks.extend(vdso().map(|address| Mark {
        object: Object::Vdso,
        thread: 0,
        address,
    }));
    marks.extend(own_marks(0, &local, &boxed));
    // The threads live until their channels close.
    let mut ends: Vec<Sender<()>> = Vec::new();
    let (say, said) = channel();
    for thread in 1..=threads {
        let (end, told): (Sender<()>, Receiver<()>) = channel();
        let say = say.clone();
        std::thread::Builder::new().spawn(move || {
            let local = [0_u64; 2];
            let boxed = vec![0_u64; SMALL];
            let _heard = say.send(own_marks(thread, &local, &boxed));
            let _told = told.recv();
        })?;
        ends.push(end);
    }
    marks.extend(said.iter().take(threads).flatten());
    Ok(Shown {
        maps: std::fs::read_to_string("/proc/self/maps")?,
        program: std::fs::read_link("/proc/self/exe")?.to_string_lossy().into_owned(),
        heap: heap().unwrap_or(0),
        random: sys::layout_is_random().ok(),
        marks,
    })
}

/// Prints what the program is like, with as many threads beside its first as `argument` says.
pub(crate) fn show_own(argument: &str) -> i32 {
    let _stays = sys::die_with_parent();
    let answer = argument
        .parse()
        .map_err(io::Error::other)
        .and_then(show)
        .and_then(|shown| Ok(serde_json::to_vec(&shown)?))
        .and_then(|json| io::stdout().write_all(&json));
    match answer {
        Ok(()) => 0,
        Err(error) => error.raw_os_error().unwrap_or(1),
    }
}

/// Starts this program anew, to show its address space.
pub(super) fn ask(threads: usize) -> io::Result<Shown> {
    let output = Command::new("/proc/self/exe")
        .arg(ERRAND)
        .arg(threads.to_string())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(match output.status.code() {
            Some(number) => io::Error::from_raw_os_error(number),
            None => io::Error::other(format!("the program ended with {}", output.status)),
        });
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
