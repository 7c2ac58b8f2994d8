//! The workers: how they get at the array, and how their results come back.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::ops::Range;
use std::os::unix::net::UnixStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::job::{BINS, Job, change, change_in_place, count, original, part, values};
use crate::experiment::{During, Error};
use crate::machine::occupied::{Occupied, Unreadable};
use crate::sys::{self, Child, Ended, Mapping, Pages};
use crate::text::Text;

/// What the workers are, and how they get at the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Threads, which share it.
    Threads,
    /// Processes that inherit it by fork; results come back through a socket.
    Fork,
    /// Processes with the array, and room for results, in memory that is mapped as shared.
    Shared,
    /// Processes that are sent their part through a socket, and send their result back.
    Sent,
}

impl Way {
    pub(super) const ALL: [Way; 4] = [Way::Threads, Way::Fork, Way::Shared, Way::Sent];

    pub(super) fn id(self) -> &'static str {
        match self {
            Way::Threads => "threads",
            Way::Fork => "fork",
            Way::Shared => "shared-mapping",
            Way::Sent => "sent",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Way::Threads => text!("Threads"),
            Way::Fork => text!("Fork"),
            Way::Shared => text!("Shared mapping"),
            Way::Sent => text!("Data sent"),
        }
    }
}

/// The bytes that go through a socket at a time.
const CHUNK: usize = 64 << 10;
const WORD: usize = size_of::<u64>();

/// An array of which we know what it must hold.
struct Array {
    memory: Mapping,
    /// Has each word been changed an odd number of times?
    changed: Cell<bool>,
}

/// Where the jobs are done: the array twice, once as private and once as shared memory.
pub(super) struct Hall {
    private: Array,
    shared: Array,
    results: Mapping,
    words: usize,
    workers: usize,
    cpus: Vec<usize>,
}

/// What a job found, and what all tasks together occupied at its end.
pub(super) struct Done {
    pub(super) bins: [u64; BINS],
    pub(super) occupied: Option<Result<Occupied, Unreadable>>,
}

impl Hall {
    pub(super) fn open(bytes: usize, workers: usize, cpus: &[usize]) -> io::Result<Hall> {
        let hall = Hall {
            private: Array {
                memory: Mapping::resident(bytes, Pages::Small)?,
                changed: Cell::new(false),
            },
            shared: Array {
                memory: Mapping::shared(bytes)?,
                changed: Cell::new(false),
            },
            results: Mapping::shared(workers * BINS * WORD)?,
            words: bytes / WORD,
            workers,
            cpus: cpus.to_vec(),
        };
        for array in [&hall.private, &hall.shared] {
            for (place, word) in array.memory.words()[..hall.words].iter().enumerate() {
                word.store(original(place), Relaxed);
            }
        }
        Ok(hall)
    }

    fn array(&self, way: Way) -> &Array {
        if way == Way::Shared {
            &self.shared
        } else {
            &self.private
        }
    }

    /// Does the job once: makes the workers, lets them work, collects, and waits for their end. `weigh`: reads what all
    /// of them occupy when the results are there and nobody has left.
    pub(super) fn work(&self, way: Way, job: Job, weigh: bool) -> Result<Done, Error> {
        let array = self.array(way);
        let done = if way == Way::Threads {
            self.threads(job, weigh)
        } else {
            self.processes(way, job, weigh)
        }?;
        array.changed.set(array.changed.get() ^ (job == Job::Change));
        Ok(done)
    }

    /// Is the result of a job right? Not part of what is timed.
    pub(super) fn check(&self, way: Way, job: Job, done: &Done) -> Result<(), Error> {
        let array = self.array(way);
        let is_changed = array.changed.get();
        let expected = |place| {
            let word = original(place);
            if is_changed { change(word) } else { word }
        };
        let mut bins = [0; BINS];
        if job == Job::Count {
            count((0..self.words).map(expected), &mut bins);
        }
        let words = &array.memory.words()[..self.words];
        let wrong = values(words)
            .enumerate()
            .filter(|&(place, word)| word != expected(place));
        let wrong = if job == Job::Change { wrong.count() } else { 0 };
        if wrong == 0 && bins == done.bins {
            return Ok(());
        }
        Err(Error::Check {
            what: "the result of a job",
            expected: "what one task alone finds".to_owned(),
            found: format!("{wrong} wrong words, {} bytes counted", done.bins.iter().sum::<u64>()),
        })
    }

    fn part(&self, which: usize) -> Range<usize> {
        part(self.words, which, self.workers)
    }

    fn threads(&self, job: Job, weigh: bool) -> Result<Done, Error> {
        let words = self.private.memory.words();
        let finished = Barrier::new(self.workers + 1);
        let leave = Barrier::new(self.workers + 1);
        let (all, workers, cpus) = (self.words, self.workers, &self.cpus);
        let work = |which: usize| {
            pin(cpus, which);
            let part = &words[part(all, which, workers)];
            let mut bins = [0; BINS];
            match job {
                Job::Count => count(values(part), &mut bins),
                Job::Change => change_in_place(part),
            }
            if weigh {
                finished.wait();
                leave.wait();
            }
            bins
        };
        let work = &work;
        std::thread::scope(|scope| {
            let started: Vec<_> = (0..self.workers)
                .map(|which| scope.spawn(move || work(which)))
                .collect();
            let occupied = weigh.then(|| {
                finished.wait();
                let occupied = Occupied::by(&[own_id()]);
                leave.wait();
                occupied
            });
            let mut done = Done {
                bins: [0; BINS],
                occupied,
            };
            for thread in started {
                let bins = thread.join().map_err(|_| broken("a panic"))?;
                add(&mut done.bins, &bins);
            }
            Ok(done)
        })
    }

    fn processes(&self, way: Way, job: Job, weigh: bool) -> Result<Done, Error> {
        let memory = &self.array(way).memory;
        // Only who inherits the private array pays for it.
        let chosen = self.private.memory.wipe_in_children(way != Way::Fork);
        chosen.during("choose what children inherit")?;
        let mut children = Vec::new();
        let mut lines = Vec::new();
        for which in 0..self.workers {
            let (ours, theirs) = UnixStream::pair().during("make a socket")?;
            let child = Child::fork(|| i32::from(self.serve(way, job, which, &theirs, weigh).is_err()));
            children.push(child.during("fork")?);
            lines.push(ours);
        }
        let mut done = Done {
            bins: [0; BINS],
            occupied: None,
        };
        if way == Way::Sent {
            for (which, line) in lines.iter_mut().enumerate() {
                let words = &memory.words()[self.part(which)];
                send(line, words).during("send a part of the data")?;
            }
        }
        for (which, line) in lines.iter_mut().enumerate() {
            match (way, job) {
                (Way::Shared, _) => line.read_exact(&mut [0]).during("wait for a worker")?,
                (_, Job::Count) => add(&mut done.bins, &receive_bins(line).during("take a result in")?),
                (_, Job::Change) => {
                    let words = &memory.words()[self.part(which)];
                    receive(line, words).during("take a result in")?;
                }
            }
        }
        if way == Way::Shared && job == Job::Count {
            for worker in self.results.words()[..self.workers * BINS].chunks(BINS) {
                for (sum, word) in done.bins.iter_mut().zip(worker) {
                    *sum += word.load(Relaxed);
                }
            }
        }
        if weigh {
            let mut pids = vec![own_id()];
            pids.extend(children.iter().map(Child::id));
            done.occupied = Some(Occupied::by(&pids));
        }
        for line in &lines {
            // Closing would not do: workers that were forked later have inherited this end.
            line.shutdown(Shutdown::Both).during("let a worker leave")?;
        }
        for child in &mut children {
            match child.wait().during("wait for a process")? {
                Ended::Exit(0) => {}
                ended => return Err(broken(&format!("{ended:?}"))),
            }
        }
        Ok(done)
    }

    /// A worker's life, as a process.
    fn serve(&self, way: Way, job: Job, which: usize, mut line: &UnixStream, stay: bool) -> io::Result<()> {
        pin(&self.cpus, which);
        let part = self.part(which);
        let own: Vec<AtomicU64>;
        let words = if way == Way::Sent {
            own = part.map(|_| AtomicU64::new(0)).collect();
            receive(&mut line, &own)?;
            &own
        } else {
            &self.array(way).memory.words()[part]
        };
        let mut bins = [0; BINS];
        match job {
            Job::Count => count(values(words), &mut bins),
            Job::Change => change_in_place(words),
        }
        match (way, job) {
            (Way::Shared, _) => {
                for (word, bin) in self.results.words()[which * BINS..].iter().zip(bins) {
                    word.store(bin, Relaxed);
                }
                line.write_all(&[1])?;
            }
            (_, Job::Count) => {
                let bytes: Vec<u8> = bins.iter().flat_map(|bin| bin.to_ne_bytes()).collect();
                line.write_all(&bytes)?;
            }
            (_, Job::Change) => send(&mut line, words)?,
        }
        if stay {
            // Until the other end is closed.
            let _end = line.read(&mut [0])?;
        }
        Ok(())
    }
}

/// Pins a worker to its core.
fn pin(cpus: &[usize], which: usize) {
    // Where pinning is forbidden, the record says so already.
    let _stays = cpus.get(which % cpus.len().max(1)).map(|&cpu| sys::pin(cpu));
}

fn own_id() -> i32 {
    nix::unistd::getpid().as_raw()
}

fn add(sum: &mut [u64; BINS], bins: &[u64; BINS]) {
    for (sum, bin) in sum.iter_mut().zip(bins) {
        *sum += bin;
    }
}

fn send(line: &mut impl Write, words: &[AtomicU64]) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(CHUNK);
    for chunk in words.chunks(CHUNK / WORD) {
        bytes.clear();
        bytes.extend(values(chunk).flat_map(u64::to_ne_bytes));
        line.write_all(&bytes)?;
    }
    Ok(())
}

fn receive(line: &mut impl Read, words: &[AtomicU64]) -> io::Result<()> {
    let mut bytes = vec![0; CHUNK];
    for chunk in words.chunks(CHUNK / WORD) {
        let bytes = &mut bytes[..chunk.len() * WORD];
        line.read_exact(bytes)?;
        for (word, bytes) in chunk.iter().zip(bytes.as_chunks().0) {
            word.store(u64::from_ne_bytes(*bytes), Relaxed);
        }
    }
    Ok(())
}

fn receive_bins(line: &mut impl Read) -> io::Result<[u64; BINS]> {
    let mut bytes = [0; BINS * WORD];
    line.read_exact(&mut bytes)?;
    let mut bins = [0; BINS];
    for (bin, bytes) in bins.iter_mut().zip(bytes.as_chunks().0) {
        *bin = u64::from_ne_bytes(*bytes);
    }
    Ok(bins)
}

fn broken(found: &str) -> Error {
    Error::Check {
        what: "a worker of a job",
        expected: "an end without an error".to_owned(),
        found: found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_through_a_socket_unchanged() {
        let words = |number: fn(usize) -> u64| -> Vec<AtomicU64> {
            (0..CHUNK / WORD + 3)
                .map(|place| AtomicU64::new(number(place)))
                .collect()
        };
        let mut bytes = Vec::new();
        send(&mut bytes, &words(original)).unwrap();
        let arrived = words(|_| 0);
        receive(&mut bytes.as_slice(), &arrived).unwrap();
        assert!(values(&arrived).eq(values(&words(original))));
    }

    #[test]
    fn threads_find_what_one_task_finds() {
        for workers in [1, 3] {
            let hall = Hall::open(100_000, workers, &sys::allowed_cpus()).unwrap();
            for job in [Job::Count, Job::Change, Job::Count] {
                let done = hall.work(Way::Threads, job, job == Job::Change).unwrap();
                hall.check(Way::Threads, job, &done).unwrap();
                assert_eq!(
                    done.bins.iter().sum::<u64>(),
                    if job == Job::Count { 100_000 } else { 0 }
                );
            }
        }
    }

    #[test]
    fn a_wrong_result_is_found() {
        let hall = Hall::open(4_096, 2, &[]).unwrap();
        let mut done = hall.work(Way::Threads, Job::Count, false).unwrap();
        done.bins[7] += 1;
        assert!(hall.check(Way::Threads, Job::Count, &done).is_err());
        let done = hall.work(Way::Threads, Job::Change, false).unwrap();
        hall.private.memory.words()[5].store(1, Relaxed);
        assert!(hall.check(Way::Threads, Job::Change, &done).is_err());
    }
}
