//! Lab 6, further: a lock for which nobody waits for ever.

use std::collections::VecDeque;

use weft_lab::check::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use weft_lab::check::sync::thread::{spin_loop, yield_now};
use weft_lab::check::sync::{Condvar, Mutex};
use weft_lab::check::{Lock, judge};

use crate::spin_lock::{Sleeping, Ticket};
use crate::{is_caught, passes};

/// Anderson's: each waits at a place of its own.
#[derive(Default)]
struct Places {
    free: [AtomicBool; 4],
    next: AtomicUsize,
    holder: AtomicUsize,
}

impl Lock for Places {
    fn new() -> Self {
        let places = Places::default();
        places.free[0].store(true, Ordering::SeqCst);
        places
    }
    fn lock(&self) {
        let mine = self.next.fetch_add(1, Ordering::AcqRel) % 4;
        while !self.free[mine].swap(false, Ordering::AcqRel) {
            yield_now();
        }
        self.holder.store(mine, Ordering::Relaxed);
    }
    fn unlock(&self) {
        let next = (self.holder.load(Ordering::Relaxed) + 1) % 4;
        self.free[next].store(true, Ordering::Release);
    }
}

/// Numbers as at a counter, and sleep.
#[derive(Default)]
struct Counter {
    numbers: Mutex<(usize, usize)>,
    called: Condvar,
}

impl Lock for Counter {
    fn new() -> Self {
        Counter::default()
    }
    fn lock(&self) {
        let mut numbers = self.numbers.lock().unwrap();
        let mine = numbers.0;
        numbers.0 += 1;
        drop(self.called.wait_while(numbers, |numbers| numbers.1 != mine).unwrap());
    }
    fn unlock(&self) {
        self.numbers.lock().unwrap().1 += 1;
        self.called.notify_all();
    }
}

#[test]
fn right_answers_pass() {
    passes(judge::bounded_waiting::<Ticket>);
    passes(judge::bounded_waiting::<Places>);
    passes(judge::bounded_waiting::<Counter>);
}

#[derive(Default)]
struct Quickest(AtomicBool);

impl Lock for Quickest {
    fn new() -> Self {
        Quickest::default()
    }
    fn lock(&self) {
        while self.0.swap(true, Ordering::Acquire) {
            spin_loop();
        }
    }
    fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A queue, but the last comes first.
#[derive(Default)]
struct Stack {
    waiting: Mutex<(bool, VecDeque<usize>, usize)>,
    called: Condvar,
}

impl Lock for Stack {
    fn new() -> Self {
        Stack::default()
    }
    fn lock(&self) {
        let mut waiting = self.waiting.lock().unwrap();
        let mine = waiting.2;
        waiting.2 += 1;
        waiting.1.push_back(mine);
        let is_not_called = |waiting: &mut (bool, VecDeque<usize>, usize)| waiting.0 || waiting.1.back() != Some(&mine);
        let mut waiting = self.called.wait_while(waiting, is_not_called).unwrap();
        waiting.0 = true;
        waiting.1.pop_back();
        drop(waiting);
        self.called.notify_all();
    }
    fn unlock(&self) {
        self.waiting.lock().unwrap().0 = false;
        self.called.notify_all();
    }
}

/// A ticket lock whose `unlock` calls nobody.
struct CallsNobody(Ticket);

impl Lock for CallsNobody {
    fn new() -> Self {
        CallsNobody(Ticket::new())
    }
    fn lock(&self) {
        self.0.lock();
    }
    fn unlock(&self) {}
}

#[test]
fn the_quickest_are_not_served_first() {
    is_caught(&["bounded waiting"], judge::bounded_waiting::<Quickest>);
    // It sleeps, but whoever comes by takes the lock from the one that was woken.
    is_caught(&["bounded waiting"], judge::bounded_waiting::<Sleeping>);
}

#[test]
fn nor_are_the_last() {
    is_caught(&["bounded waiting"], judge::bounded_waiting::<Stack>);
}

#[test]
fn the_next_one_is_called() {
    is_caught(&["progress"], judge::bounded_waiting::<CallsNobody>);
}
