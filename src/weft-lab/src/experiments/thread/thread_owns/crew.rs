//! A process with some threads that stand still while their registers are read.

use std::cell::Cell;
use std::hint::black_box;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::maps::{self, Mapped};
use crate::measure::{Clock, Nanos};
use crate::sys::{self, Child, Ended, Mapping, Registers, SLOT_WORDS, Tracee};

/// What a thread does while it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// It waits in a system call, as the thread that started the others does.
    Wait,
    /// It computes without end.
    Spin,
    /// It sleeps in the kernel.
    Sleep,
}

impl Job {
    /// Thread 0 is the process's first; the others take turns.
    pub(super) fn of(thread: usize) -> Job {
        match thread {
            0 => Job::Wait,
            thread if thread % 2 == 1 => Job::Spin,
            _ => Job::Sleep,
        }
    }

    /// The function that a thread with this job must be found in; the first may be anywhere in the C library.
    pub(super) fn function(self) -> Option<&'static str> {
        match self {
            Job::Wait => None,
            Job::Spin => Some("spin_with"),
            Job::Sleep => Some("sleep_with"),
        }
    }
}

/// How the registers are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// A tracing parent stops each thread and reads them.
    Ptrace,
    /// A signal stops each thread, and its handler writes them down.
    Signal,
}

/// One thread as it stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) registers: Registers,
    /// The address of a local variable.
    pub(super) local: u64,
    /// The address of a thread-local variable.
    pub(super) own: u64,
    /// What it put into a register; the first thread has put nothing.
    pub(super) value: Option<u64>,
}

/// All threads of the process as they stood still, and its regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) threads: Vec<Standing>,
    pub(super) maps: Vec<Mapped>,
    /// The address of static data, and of an object on the heap.
    pub(super) data: u64,
    pub(super) heap: u64,
}

/// Static data with a value from the start.
static DATA: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static OWN: Cell<u64> = const { Cell::new(0) };
}

/// Words of a thread's notes: the addresses of its local and its thread-local variable, and its id.
const NOTES: usize = 3;

/// Memory in which the crew tells its parent what it must know.
struct Desk {
    notes: Mapping,
    /// A half word a thread, 1 when it stands where it is to be found; and one that stays 0, to sleep on.
    ready: Mapping,
    report: Arc<Mapping>,
    heap: Box<AtomicU64>,
    values: Vec<u64>,
}

impl Desk {
    /// Notes where things of the calling thread lie; `local` is in a frame that stays for as long as the thread is looked
    /// at.
    fn note(&self, thread: usize, local: &u64) {
        let local = std::ptr::from_ref(black_box(local)) as u64;
        let own = OWN.with(|own| std::ptr::from_ref(own) as u64);
        let id = u64::from(sys::thread_id().unsigned_abs());
        for (word, value) in self.notes.words()[thread * NOTES..].iter().zip([local, own, id]) {
            word.store(value, SeqCst);
        }
        sys::claim_slot(&self.report, thread);
    }

    fn work(&self, thread: usize) -> ! {
        let local = 0;
        self.note(thread, &local);
        let words = self.ready.half_words();
        let (ready, value) = (&words[thread], self.values[thread - 1]);
        match Job::of(thread) {
            Job::Spin => sys::spin_with(value, ready),
            _ => sys::sleep_with(value, ready, &words[self.values.len() + 1]),
        }
    }

    /// What the process does: starts the threads, and waits until it is killed.
    fn serve(self: &Arc<Self>, end: &OwnedFd) -> i32 {
        if sys::write_registers_on_signal(Arc::clone(&self.report)).is_err() {
            return 1;
        }
        for thread in 1..=self.values.len() {
            let desk = Arc::clone(self);
            if std::thread::Builder::new().spawn(move || desk.work(thread)).is_err() {
                return NO_THREAD;
            }
        }
        let local = 0;
        self.note(0, &local);
        self.ready.half_words()[0].store(1, SeqCst);
        while nix::unistd::read(end, &mut [0]).is_err() {}
        0
    }
}

/// The status of a process that could not start its threads.
const NO_THREAD: i32 = 2;

/// How long the threads may take to stand where they are to be found, and to stop.
const PATIENCE: Nanos = Nanos(3_000_000_000);

/// A process with its threads, killed when dropped.
pub(super) struct Crew {
    child: Child,
    desk: Arc<Desk>,
    _end: OwnedFd,
}

impl Crew {
    /// Starts a process with a thread for each value, and waits until each stands where it is to be found.
    pub(super) fn start(values: &[u64], clock: &dyn Clock) -> io::Result<Crew> {
        let threads = values.len() + 1;
        let desk = Arc::new(Desk {
            notes: Mapping::shared(threads * NOTES * size_of::<u64>())?,
            ready: Mapping::shared((threads + 1) * size_of::<u32>())?,
            report: Arc::new(Mapping::shared(threads * SLOT_WORDS * size_of::<u64>())?),
            heap: Box::new(AtomicU64::new(1)),
            values: values.to_vec(),
        });
        let (end, held) = nix::unistd::pipe()?;
        let child = Child::fork(|| desk.serve(&end))?;
        let mut crew = Crew {
            child,
            desk,
            _end: held,
        };
        let start = clock.now();
        let is_ready = |crew: &Crew| {
            let ready = &crew.desk.ready.half_words()[..threads];
            ready.iter().all(|word| word.load(SeqCst) == 1)
        };
        while !is_ready(&crew) {
            match crew.child.poll()? {
                Some(Ended::Exit(NO_THREAD)) => return Err(io::ErrorKind::WouldBlock.into()),
                Some(ended) => return Err(io::Error::other(format!("the process with threads ended: {ended:?}"))),
                None if clock.now().since(start) > PATIENCE => return Err(io::ErrorKind::TimedOut.into()),
                None => sys::yield_now(),
            }
        }
        Ok(crew)
    }

    fn note(&self, thread: usize, place: usize) -> u64 {
        self.desk.notes.words()[thread * NOTES + place].load(SeqCst)
    }

    fn thread_id(&self, thread: usize) -> i32 {
        i32::try_from(self.note(thread, 2)).unwrap_or(0)
    }

    /// Stops all threads and reads their registers, and the regions of their process while they stand still.
    pub(super) fn look(&self, reader: Reader, clock: &dyn Clock) -> io::Result<Snapshot> {
        let (registers, maps) = match reader {
            Reader::Ptrace => self.trace(clock)?,
            Reader::Signal => self.signal(clock)?,
        };
        let standing = |(thread, registers)| Standing {
            registers,
            local: self.note(thread, 0),
            own: self.note(thread, 1),
            value: thread.checked_sub(1).map(|index| self.desk.values[index]),
        };
        Ok(Snapshot {
            threads: registers.into_iter().enumerate().map(standing).collect(),
            maps,
            data: std::ptr::from_ref(&DATA) as u64,
            heap: std::ptr::from_ref(&*self.desk.heap) as u64,
        })
    }

    fn threads(&self) -> std::ops::Range<usize> {
        0..self.desk.values.len() + 1
    }

    fn maps(&self) -> io::Result<Vec<Mapped>> {
        maps::of(&self.child.id().to_string())
    }

    fn trace(&self, clock: &dyn Clock) -> io::Result<(Vec<Registers>, Vec<Mapped>)> {
        let stop = |thread| Tracee::interrupt(self.child.id(), self.thread_id(thread));
        let mut tracees = self.threads().map(stop).collect::<io::Result<Vec<_>>>()?;
        let start = clock.now();
        for tracee in &mut tracees {
            while !tracee.is_stopped()? {
                if clock.now().since(start) > PATIENCE {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                sys::yield_now();
            }
        }
        let registers = tracees.iter().map(Tracee::registers).collect::<io::Result<Vec<_>>>()?;
        Ok((registers, self.maps()?))
    }

    fn signal(&self, clock: &dyn Clock) -> io::Result<(Vec<Registers>, Vec<Mapped>)> {
        let mut all = Vec::new();
        for thread in self.threads() {
            sys::signal_thread(self.child.id(), self.thread_id(thread))?;
            let start = clock.now();
            all.push(loop {
                if let Some(registers) = sys::written_registers(&self.desk.report, thread) {
                    break registers;
                }
                if clock.now().since(start) > PATIENCE {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                sys::yield_now();
            });
        }
        Ok((all, self.maps()?))
    }
}
