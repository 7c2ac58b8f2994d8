//! What a fault says, and how it is found again.

use std::panic;
use std::sync::mpsc::{Receiver, channel};

use weft_lab::check::sync::Mutex;
use weft_lab::check::sync::atomic::{AtomicBool, Ordering};
use weft_lab::check::{self, Lock, judge};

/// Looks at the flag, and sets it in a second step.
struct LooksThenSets(AtomicBool);

impl Lock for LooksThenSets {
    fn new() -> Self {
        LooksThenSets(AtomicBool::new(false))
    }
    fn lock(&self) {
        while self.0.load(Ordering::Acquire) {}
        self.0.store(true, Ordering::Release);
    }
    fn unlock(&self) {
        self.0.store(false, Ordering::Release);
    }
}

#[test]
fn a_seed_finds_the_same_fault_again() {
    let fault = judge::spin_lock::<LooksThenSets>().unwrap_err();
    let again = check::replay(fault.seed.unwrap(), judge::spin_lock::<LooksThenSets>).unwrap_err();
    assert_eq!(fault, again);
}

#[test]
fn a_fault_says_what_how_and_where_to_look() {
    let text = check::replay(3, judge::spin_lock::<LooksThenSets>)
        .unwrap_err()
        .to_string();
    let starts = [
        "mutual exclusion",
        "  expected: one thread at most between `lock` and `unlock`",
        "  seen:     thread ",
        "  before:   thread ",
        "  hint:     looking at the flag and setting it must be one step",
        "  again:    check::replay(3, || ...), case ",
    ];
    for start in starts {
        assert!(
            text.lines().any(|line| line.starts_with(start)),
            "no line {start:?} in:\n{text}"
        );
    }
}

#[test]
fn a_check_panics_with_its_fault() {
    let payload = panic::catch_unwind(|| check::replay(3, check::spin_lock::<LooksThenSets>)).unwrap_err();
    let fault = check::replay(3, judge::spin_lock::<LooksThenSets>).unwrap_err();
    assert_eq!(payload.downcast_ref::<String>(), Some(&fault.to_string()));
}

struct Unwritten;

impl Lock for Unwritten {
    fn new() -> Self {
        Unwritten
    }
    fn lock(&self) {
        panic!("not yet implemented");
    }
    fn unlock(&self) {}
}

#[test]
fn a_panic_is_told_with_its_place() {
    let fault = judge::spin_lock::<Unwritten>().unwrap_err();
    assert_eq!(fault.rule, "no panic");
    assert!(
        fault.seen.starts_with("it panicked: not yet implemented (") && fault.seen.contains("telling.rs:"),
        "{fault}"
    );
}

/// Locks twice.
struct LocksItself(Mutex<()>);

impl Lock for LocksItself {
    fn new() -> Self {
        LocksItself(Mutex::new(()))
    }
    fn lock(&self) {
        let _first = self.0.lock().unwrap();
        let _second = self.0.lock().unwrap();
    }
    fn unlock(&self) {}
}

#[test]
fn who_waits_for_itself_is_told_so() {
    let fault = judge::spin_lock::<LocksItself>().unwrap_err();
    assert_eq!(fault.rule, "no deadlock");
    assert!(fault.seen.contains("waits for itself"), "{fault}");
}

/// Sleeps where the check sees nothing: in the real library.
struct SleepsOutside(std::sync::Mutex<Receiver<()>>);

impl Lock for SleepsOutside {
    fn new() -> Self {
        let (send, receive) = channel();
        // Nobody ever sends, and nobody hangs up.
        Box::leak(Box::new(send));
        SleepsOutside(std::sync::Mutex::new(receive))
    }
    fn lock(&self) {
        self.0.lock().unwrap().recv().unwrap();
    }
    fn unlock(&self) {}
}

#[test]
fn who_stands_still_is_stopped_by_the_watchdog() {
    let fault = judge::spin_lock::<SleepsOutside>().unwrap_err();
    assert_eq!(fault.rule, "progress");
    assert!(fault.hint.contains("weft_lab::check::sync"), "{fault}");
}
