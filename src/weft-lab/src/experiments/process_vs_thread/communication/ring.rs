//! A pipe made of memory alone: a ring of words that one task fills and another empties.
//!
//! Two counters say how many words were filled and emptied so far, each written by one side. Who has to wait, waits on
//! the other side's counter, in one of three ways.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::sys::{self, Mapping};

/// How a task waits for the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    /// Asleep on a futex that only this process's threads use (`FUTEX_PRIVATE_FLAG`, `futex(2)`).
    PrivateFutex,
    /// Asleep on a futex that processes may share.
    SharedFutex,
    /// Looking again and again.
    Spin,
}

const WORD: usize = size_of::<u64>();
/// How many words fit: 64 KiB, as in a pipe (`pipe(7)`).
const WORDS: u32 = 8192;
/// The data begin here; before them the counters have cache lines of their own.
const DATA: usize = 64;
/// Half words, from the start.
const FILLED: usize = 0;
const EMPTIED: usize = 32;

/// The bits of a counter that count; the number of words divides what they can hold.
const COUNT: u32 = (1 << 30) - 1;
/// Someone sleeps on this counter.
const SLEEPER: u32 = 1 << 30;
/// Whose counter this is has left.
const CLOSED: u32 = 1 << 31;

/// See the module.
#[derive(Debug)]
pub(super) struct Ring {
    memory: Mapping,
    waiting: Waiting,
}

impl Ring {
    /// An empty ring. With a private futex its memory is what threads share without asking; else it is mapped as
    /// shared, so that a process can reach it as well.
    pub(super) fn new(waiting: Waiting) -> io::Result<Ring> {
        let bytes = (DATA + WORDS as usize) * WORD;
        let memory = match waiting {
            Waiting::PrivateFutex => Mapping::private(bytes),
            Waiting::SharedFutex | Waiting::Spin => Mapping::shared(bytes),
        }?;
        memory.touch();
        memory.words()[0].store(0, Ordering::Relaxed);
        Ok(Ring { memory, waiting })
    }

    fn filled(&self) -> &AtomicU32 {
        &self.memory.half_words()[FILLED]
    }

    fn emptied(&self) -> &AtomicU32 {
        &self.memory.half_words()[EMPTIED]
    }

    /// Fills in a message, in pieces where it is larger than what is free. A message begins on a word.
    ///
    /// # Errors
    ///
    /// `BrokenPipe` when the reader has left.
    pub(super) fn write(&self, message: &[u8]) -> io::Result<()> {
        let mut filled = self.filled().load(Ordering::Relaxed) & COUNT;
        let mut rest = message;
        while !rest.is_empty() {
            let full = filled.wrapping_sub(WORDS) & COUNT;
            let emptied = self.wait_while(self.emptied(), full).ok_or(io::ErrorKind::BrokenPipe)?;
            let free = WORDS - (filled.wrapping_sub(emptied) & COUNT);
            let (slots, count) = self.slots(filled, free, rest.len());
            let (piece, later) = rest.split_at(rest.len().min(slots.len() * WORD));
            store(slots, piece);
            filled = (filled + count) & COUNT;
            self.tell(self.filled(), filled);
            rest = later;
        }
        Ok(())
    }

    /// Empties a message of this size.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` when the writer has left.
    pub(super) fn read(&self, message: &mut [u8]) -> io::Result<()> {
        let mut emptied = self.emptied().load(Ordering::Relaxed) & COUNT;
        let mut rest = message;
        while !rest.is_empty() {
            let filled = self
                .wait_while(self.filled(), emptied)
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            let ready = filled.wrapping_sub(emptied) & COUNT;
            let (slots, count) = self.slots(emptied, ready, rest.len());
            let (piece, later) = rest.split_at_mut(rest.len().min(slots.len() * WORD));
            load(slots, piece);
            emptied = (emptied + count) & COUNT;
            self.tell(self.emptied(), emptied);
            rest = later;
        }
        Ok(())
    }

    /// As many words from `place` on as `available`, the message's length and the end of the ring allow.
    fn slots(&self, place: u32, available: u32, bytes: usize) -> (&[AtomicU64], u32) {
        let start = place % WORDS;
        let needed = u32::try_from(bytes.div_ceil(WORD)).unwrap_or(u32::MAX);
        let count = available.min(needed).min(WORDS - start);
        let first = DATA + start as usize;
        (&self.memory.words()[first..first + count as usize], count)
    }

    /// Waits while `counter` is `value`; what it counts then. `None` when its owner has left.
    fn wait_while(&self, counter: &AtomicU32, value: u32) -> Option<u32> {
        loop {
            let now = counter.load(Ordering::Acquire);
            if now & COUNT != value {
                return Some(now & COUNT);
            }
            if now & CLOSED != 0 {
                return None;
            }
            if self.waiting == Waiting::Spin {
                std::hint::spin_loop();
                continue;
            }
            // The mark and the count are one word: a counter that moved meanwhile lets the kernel refuse the sleep.
            let marked = now | SLEEPER;
            if now == marked
                || counter
                    .compare_exchange(now, marked, Ordering::Relaxed, Ordering::Relaxed)
                    .is_ok()
            {
                sys::futex_wait(counter, marked, self.is_private());
            }
        }
    }

    /// Moves a counter on, and wakes who sleeps on it.
    fn tell(&self, counter: &AtomicU32, count: u32) {
        if self.waiting == Waiting::Spin {
            counter.store(count, Ordering::Release);
        } else if counter.swap(count, Ordering::AcqRel) & SLEEPER != 0 {
            sys::futex_wake(counter, 1, self.is_private());
        }
    }

    fn is_private(&self) -> bool {
        self.waiting == Waiting::PrivateFutex
    }

    /// The writer leaves: what is in the ring can still be read.
    pub(super) fn close_writer(&self) {
        self.close(self.filled());
    }

    /// The reader leaves.
    pub(super) fn close_reader(&self) {
        self.close(self.emptied());
    }

    fn close(&self, counter: &AtomicU32) {
        counter.fetch_or(CLOSED, Ordering::AcqRel);
        if self.waiting != Waiting::Spin {
            sys::futex_wake(counter, 1, self.is_private());
        }
    }
}

/// Words are atomic, since two tasks reach them; the counters order what they hold.
fn store(slots: &[AtomicU64], piece: &[u8]) {
    let (whole, rest) = piece.as_chunks();
    for (slot, chunk) in slots.iter().zip(whole) {
        slot.store(u64::from_ne_bytes(*chunk), Ordering::Relaxed);
    }
    if let Some(slot) = slots.get(whole.len()) {
        let mut word = [0; WORD];
        word[..rest.len()].copy_from_slice(rest);
        slot.store(u64::from_ne_bytes(word), Ordering::Relaxed);
    }
}

fn load(slots: &[AtomicU64], piece: &mut [u8]) {
    let (whole, rest) = piece.as_chunks_mut();
    for (slot, chunk) in slots.iter().zip(whole.iter_mut()) {
        *chunk = slot.load(Ordering::Relaxed).to_ne_bytes();
    }
    if let Some(slot) = slots.get(whole.len()) {
        let word = slot.load(Ordering::Relaxed).to_ne_bytes();
        rest.copy_from_slice(&word[..rest.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Waiting; 3] = [Waiting::PrivateFutex, Waiting::SharedFutex, Waiting::Spin];

    #[test]
    fn messages_of_every_size_arrive_whole_and_in_order() {
        for waiting in ALL {
            let ring = Ring::new(waiting).unwrap();
            let sizes = [1, 7, 8, 9, 4096, 65_535, 65_536, 200_001, 3, 64];
            let message = |size: usize| -> Vec<u8> { (0..=u8::MAX).cycle().step_by(31).take(size).collect() };
            std::thread::scope(|scope| {
                scope.spawn(|| sizes.iter().for_each(|&size| ring.write(&message(size)).unwrap()));
                for size in sizes {
                    let mut found = vec![0; size];
                    ring.read(&mut found).unwrap();
                    assert_eq!(found, message(size), "{waiting:?}");
                }
            });
        }
    }

    #[test]
    fn counters_may_wrap() {
        let ring = Ring::new(Waiting::PrivateFutex).unwrap();
        ring.filled().store(COUNT - 1, Ordering::Relaxed);
        ring.emptied().store(COUNT - 1, Ordering::Relaxed);
        let mut found = [0; 40];
        ring.write(&[7; 40]).unwrap();
        ring.read(&mut found).unwrap();
        assert_eq!(found, [7; 40]);
        assert_eq!(ring.filled().load(Ordering::Relaxed), 3);
    }

    #[test]
    fn who_waits_learns_that_the_other_has_left() {
        for waiting in ALL {
            let ring = Ring::new(waiting).unwrap();
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| ring.read(&mut [0; 1]));
                ring.close_writer();
                assert_eq!(reader.join().unwrap().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
                let writer = scope.spawn(|| ring.write(&vec![0; 100_000]));
                ring.close_reader();
                assert_eq!(writer.join().unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
            });
        }
    }
}
