//! One trial: someone writes, the others read.

use std::hint::black_box;
use std::io::{self, Write};
use std::os::fd::{IntoRawFd, RawFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Condvar, Mutex, PoisonError};

use super::Thing;
use crate::sys::{self, Child, Ended, Mapping};

/// Static data: it has a value from the start, so it lies in the program's data area.
static DATA: AtomicU64 = AtomicU64::new(0x5eed);

/// The folders between which the working directory changes; every Linux system has both.
const FOLDERS: [&str; 2] = ["/", "/proc"];

/// The code that everyone calls.
#[inline(never)]
fn answer(question: u64) -> u64 {
    black_box(question).rotate_left(17) ^ 0x9e37_79b9_7f4a_7c15
}

/// What a reader found: for each thing, whether it is what the writer left there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Seen(u8);

impl Seen {
    pub(super) fn sees(self, thing: Thing) -> bool {
        self.0 >> (thing as u8) & 1 == 1
    }

    fn with(self, thing: Thing, seen: bool) -> Seen {
        Seen(self.0 | u8::from(seen) << (thing as u8))
    }

    fn and(self, other: Seen) -> Seen {
        Seen(self.0 & other.0)
    }
}

/// What the writer says of its work beyond what it changed: where its code lies, what that answered, and the number of
/// its descriptor. It stays shared after a fork, or the control could not be read.
struct Told<'a>(&'a [AtomicU64]);

impl Told<'_> {
    fn tell(&self, address: usize, answered: u64, descriptor: RawFd) {
        let number = u64::from(descriptor.cast_unsigned());
        for (word, value) in self.0.iter().zip([address as u64, answered, number]) {
            word.store(value, SeqCst);
        }
    }

    fn word(&self, place: usize) -> u64 {
        self.0[place].load(SeqCst)
    }

    fn descriptor(&self) -> RawFd {
        u32::try_from(self.word(2)).map_or(-1, u32::cast_signed)
    }
}

/// What all trials use.
pub(super) struct Stage {
    told: Mapping,
    folder: PathBuf,
    at: usize,
}

impl Stage {
    pub(super) fn set() -> io::Result<Stage> {
        let told = Mapping::shared(1)?;
        Told(told.words()).tell(0, 0, -1);
        Ok(Stage {
            told,
            folder: std::env::current_dir()?,
            at: 0,
        })
    }

    /// The folder to change to, which is not the one where we are.
    fn next_folder(&mut self) -> io::Result<&'static Path> {
        std::env::set_current_dir(FOLDERS[self.at])?;
        self.at = 1 - self.at;
        Ok(Path::new(FOLDERS[self.at]))
    }

    /// One of `threads` threads writes; the others and this one read. What all of them saw.
    pub(super) fn write_in_thread(&mut self, threads: usize, writer: usize, value: u64) -> io::Result<Seen> {
        let folder = self.next_folder()?;
        let told = Told(self.told.words());
        let heap = Box::new(AtomicU64::new(0));
        let lent = AtomicU64::new(0);
        DATA.store(0, SeqCst);
        let place = Place {
            heap: &heap,
            lent: &lent,
            told: &told,
            folder,
        };
        let seen = run_all((threads, writer), &|| place.write(value, threads + 1), &|| {
            place.read(value)
        });
        sys::close_number(told.descriptor());
        told.tell(0, 0, -1);
        seen
    }

    /// A forked process writes, and this one reads.
    pub(super) fn write_in_process(&mut self, value: u64) -> io::Result<Seen> {
        let folder = self.next_folder()?;
        let told = Told(self.told.words());
        let heap = Box::new(AtomicU64::new(0));
        let lent = AtomicU64::new(0);
        DATA.store(0, SeqCst);
        let place = Place {
            heap: &heap,
            lent: &lent,
            told: &told,
            folder,
        };
        let ended = Child::fork(|| i32::from(place.write(value, 1).is_err()))?.wait()?;
        if ended != Ended::Exit(0) {
            return Err(io::Error::other(format!(
                "the process that writes ended with {ended:?}"
            )));
        }
        let seen = place.read(value);
        told.tell(0, 0, -1);
        Ok(seen)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _gone = std::env::set_current_dir(&self.folder);
    }
}

/// How far a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    Write,
    Read,
    GiveUp,
}

/// Where the threads of a trial wait for each other.
struct Gate {
    step: Mutex<Step>,
    moved: Condvar,
}

impl Gate {
    fn new() -> Self {
        Gate {
            step: Mutex::new(Step::Start),
            moved: Condvar::new(),
        }
    }

    fn open(&self, step: Step) {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = step;
        self.moved.notify_all();
    }

    /// Waits while it is one of these steps, and says which came then.
    fn wait_while(&self, steps: &[Step]) -> Step {
        let step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        let step = self.moved.wait_while(step, |step| steps.contains(step));
        *step.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has one of `threads` threads write and all of them read, with this one as the last reader.
fn run_all(
    (threads, writer): (usize, usize),
    write: &(impl Fn() -> io::Result<()> + Sync),
    read: &(impl Fn() -> Seen + Sync),
) -> io::Result<Seen> {
    let gate = Gate::new();
    let failed = Mutex::new(None);
    let wait_and_read = || match gate.wait_while(&[Step::Start, Step::Write]) {
        Step::Read => read(),
        _ => Seen::default(),
    };
    let work = |index: usize| {
        if index == writer && gate.wait_while(&[Step::Start]) == Step::Write {
            let result = write();
            gate.open(if result.is_ok() { Step::Read } else { Step::GiveUp });
            *failed.lock().unwrap_or_else(PoisonError::into_inner) = result.err();
        }
        wait_and_read()
    };
    let (wait_and_read, work) = (&wait_and_read, &work);
    let seen = std::thread::scope(|scope| {
        let start = |index| std::thread::Builder::new().spawn_scoped(scope, move || work(index));
        let started: io::Result<Vec<_>> = (0..threads).map(start).collect();
        gate.open(if started.is_ok() { Step::Write } else { Step::GiveUp });
        let own = wait_and_read();
        let all = started?.into_iter().map(|handle| handle.join().unwrap_or_default());
        Ok::<_, io::Error>(all.fold(own, Seen::and))
    })?;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        None => Ok(seen),
        Some(error) => Err(error),
    }
}

/// Everything that is written and read.
struct Place<'a> {
    heap: &'a AtomicU64,
    /// On the stack of the thread that runs the trial.
    lent: &'a AtomicU64,
    told: &'a Told<'a>,
    folder: &'static Path,
}

impl Place<'_> {
    /// Changes everything; `readers` will each read one word from the descriptor.
    fn write(&self, value: u64, readers: usize) -> io::Result<()> {
        DATA.store(value, SeqCst);
        self.heap.store(value, SeqCst);
        self.lent.store(value, SeqCst);
        std::env::set_current_dir(self.folder)?;
        let (reader, mut writer) = io::pipe()?;
        writer.write_all(&value.to_ne_bytes().repeat(readers))?;
        let code: fn(u64) -> u64 = answer;
        self.told.tell(code as usize, code(value), reader.into_raw_fd());
        Ok(())
    }

    fn read(&self, value: u64) -> Seen {
        let code: fn(u64) -> u64 = answer;
        let same_code = self.told.word(0) == code as usize as u64 && self.told.word(1) == code(value);
        let descriptor = sys::read_word(self.told.descriptor()).is_ok_and(|word| word == value);
        let folder = std::env::current_dir().is_ok_and(|folder| folder == self.folder);
        Seen::default()
            .with(Thing::Code, same_code)
            .with(Thing::Data, DATA.load(SeqCst) == value)
            .with(Thing::Heap, self.heap.load(SeqCst) == value)
            .with(Thing::Descriptor, descriptor)
            .with(Thing::Folder, folder)
            .with(Thing::Stack, self.lent.load(SeqCst) == value)
    }
}
