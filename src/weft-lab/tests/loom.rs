//! The teaching locks, the semaphore and the lost update, checked by loom: it runs every order in which the threads'
//! steps can follow each other, and every old value that a weak order of memory lets a thread read.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" CARGO_TARGET_DIR=target/loom cargo test -p weft-lab --test loom --release
//! ```
//!
//! Limits: two threads with one or two turns each. Three threads where each waits for a step of its own (MCS, the
//! semaphore), with at most two preemptions (`preemption_bound`); two that spin on one word can look for ever in turn,
//! which loom takes for a model without end. Loom doesn't model sequentially consistent loads and stores more strongly
//! than acquire and release, only fences.
//! Without `--cfg loom` this file is empty.

#![cfg(loom)]

use std::collections::BTreeSet;
// Not what is checked, and a failing model must not fail again while it drops them: the standard ones.
use std::sync::{Arc, Mutex as Log};

use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;
use weft_lab::locks::{
    CheckThenSet, Fenced, ForgetfulSemaphore, Lock, Mcs, Permits, Semaphore, TestAndSet, TestAndTestAndSet, Ticket,
    Unfenced,
};

/// The promise of a lock: threads that add one by a load and a store under it lose nothing.
fn check_lock<L: Lock + Send + 'static>(threads: usize, turns: u64, lock: impl Fn() -> L + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = (threads > 2).then_some(2);
    model.check(move || {
        let shared = Arc::new((lock(), AtomicU64::new(0)));
        let work = |who: usize| {
            let shared = shared.clone();
            move || {
                for _ in 0..turns {
                    shared.0.hold(who, || {
                        let seen = shared.1.load(Ordering::Relaxed);
                        shared.1.store(seen + 1, Ordering::Relaxed);
                    });
                }
            }
        };
        let others: Vec<_> = (1..threads).map(|who| thread::spawn(work(who))).collect();
        work(0)();
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(
            shared.1.load(Ordering::Relaxed),
            threads as u64 * turns,
            "an update was lost"
        );
    });
}

/// The promise of a semaphore: who waits for a permit gets it, and what was written before the release is seen.
fn check_semaphore<S: Permits + Send + 'static>(semaphore: impl Fn(usize) -> S + Sync + Send + 'static) {
    loom::model(move || {
        let shared = Arc::new((semaphore(0), AtomicU64::new(0)));
        let other = {
            let shared = shared.clone();
            thread::spawn(move || {
                shared.1.store(1, Ordering::Relaxed);
                shared.0.release();
            })
        };
        shared.0.acquire();
        assert_eq!(shared.1.load(Ordering::Relaxed), 1);
        other.join().unwrap();
    });
}

#[test]
fn test_and_set_loses_nothing() {
    check_lock(2, 2, TestAndSet::<Fenced>::new);
}

#[test]
fn test_and_test_and_set_loses_nothing() {
    check_lock(2, 1, TestAndTestAndSet::<Fenced>::new);
}

#[test]
fn ticket_loses_nothing() {
    check_lock(2, 2, Ticket::<Fenced>::new);
}

#[test]
fn mcs_loses_nothing() {
    check_lock(2, 2, || Mcs::<Fenced>::new(2));
    check_lock(3, 1, || Mcs::<Fenced>::new(3));
}

#[test]
fn a_semaphore_with_one_permit_loses_nothing() {
    check_lock(2, 2, || Semaphore::new(1));
    check_lock(3, 1, || Semaphore::new(1));
}

#[test]
fn a_semaphore_wakes_who_waits() {
    check_semaphore(Semaphore::new);
}

#[test]
#[should_panic(expected = "an update was lost")]
fn looking_and_taking_in_two_steps_is_caught() {
    check_lock(2, 1, CheckThenSet::new);
}

#[test]
#[should_panic(expected = "an update was lost")]
fn test_and_set_without_its_fence_is_caught() {
    check_lock(2, 1, TestAndSet::<Unfenced>::new);
}

#[test]
#[should_panic(expected = "an update was lost")]
fn test_and_test_and_set_without_its_fence_is_caught() {
    check_lock(2, 1, TestAndTestAndSet::<Unfenced>::new);
}

#[test]
#[should_panic(expected = "an update was lost")]
fn ticket_without_its_fence_is_caught() {
    check_lock(2, 1, Ticket::<Unfenced>::new);
}

#[test]
#[should_panic(expected = "an update was lost")]
fn mcs_without_its_fence_is_caught() {
    check_lock(2, 1, || Mcs::<Unfenced>::new(2));
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_lost_wake_up_is_caught() {
    check_semaphore(ForgetfulSemaphore::new);
}

/// Two increments by a load and a store: each order that loom runs stands in the book's list with the result that loom
/// finds, and of each group of orders that differ only in which load comes first loom runs at least one.
#[test]
fn the_book_s_list_of_interleavings_is_loom_s() {
    use weft_lab::interleavings::{Interleaving, Step, Thread};

    static SEEN: Log<BTreeSet<(Vec<Step>, u64)>> = Log::new(BTreeSet::new());
    loom::model(|| {
        let counter = Arc::new(AtomicU64::new(0));
        let steps = Arc::new(Log::new(Vec::new()));
        let work = |thread: Thread| {
            let (counter, steps) = (counter.clone(), steps.clone());
            move || {
                // To add nothing reads the newest value; a plain load of loom's may also read an older one.
                let seen = counter.fetch_add(0, Ordering::SeqCst);
                steps.lock().unwrap().push(Step::Read(thread));
                counter.store(seen + 1, Ordering::SeqCst);
                steps.lock().unwrap().push(Step::Write(thread));
            }
        };
        let other = thread::spawn(work(Thread::B));
        work(Thread::A)();
        other.join().unwrap();
        let order = steps.lock().unwrap().clone();
        SEEN.lock().unwrap().insert((order, counter.load(Ordering::SeqCst)));
    });
    let listed = Interleaving::all();
    let seen = SEEN.lock().unwrap();
    for (order, result) in seen.iter() {
        let found = listed.iter().find(|interleaving| interleaving.steps == *order);
        assert_eq!(
            found.map(|interleaving| interleaving.result(0)),
            Some(*result),
            "{order:?}"
        );
    }
    for interleaving in &listed {
        assert!(
            seen.iter().any(|(order, _)| interleaving.is_alike(order)),
            "loom did not run {interleaving:?} or one alike"
        );
    }
}
