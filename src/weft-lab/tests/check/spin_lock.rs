//! Lab 6: the lock.

use weft_lab::check::sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence};
use weft_lab::check::sync::thread::{spin_loop, yield_now};
use weft_lab::check::sync::{Condvar, Mutex};
use weft_lab::check::{Lock, judge};

use crate::{is_caught, passes};

/// A lock with a flag, from its two functions.
macro_rules! flag_lock {
    ($name:ident, |$taken:ident| $lock:expr, $unlock:expr) => {
        struct $name(AtomicBool);
        impl Lock for $name {
            fn new() -> Self {
                $name(AtomicBool::new(false))
            }
            fn lock(&self) {
                let $taken = &self.0;
                $lock
            }
            fn unlock(&self) {
                let $taken = &self.0;
                $unlock
            }
        }
    };
}

flag_lock!(
    Swap,
    |taken| {
        while taken.swap(true, Ordering::Acquire) {
            spin_loop();
        }
    },
    taken.store(false, Ordering::Release)
);
flag_lock!(
    Exchange,
    |taken| {
        while taken
            .compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_err()
        {
            while taken.load(Ordering::Relaxed) {
                yield_now();
            }
        }
    },
    taken.store(false, Ordering::Release)
);
flag_lock!(
    Hot,
    |taken| while taken.swap(true, Ordering::SeqCst) {},
    taken.store(false, Ordering::SeqCst)
);
flag_lock!(
    Fenced,
    |taken| {
        while taken.swap(true, Ordering::Relaxed) {
            spin_loop();
        }
        fence(Ordering::Acquire);
    },
    {
        fence(Ordering::Release);
        taken.store(false, Ordering::Relaxed);
    }
);

pub(crate) struct Ticket {
    next: AtomicUsize,
    now: AtomicUsize,
}

impl Lock for Ticket {
    fn new() -> Self {
        Ticket {
            next: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
        }
    }
    fn lock(&self) {
        let mine = self.next.fetch_add(1, Ordering::Relaxed);
        while self.now.load(Ordering::Acquire) != mine {
            spin_loop();
        }
    }
    fn unlock(&self) {
        self.now.fetch_add(1, Ordering::Release);
    }
}

pub(crate) struct Sleeping {
    taken: Mutex<bool>,
    free: Condvar,
}

impl Lock for Sleeping {
    fn new() -> Self {
        Sleeping {
            taken: Mutex::new(false),
            free: Condvar::new(),
        }
    }
    fn lock(&self) {
        let taken = self.taken.lock().unwrap();
        *self.free.wait_while(taken, |taken| *taken).unwrap() = true;
    }
    fn unlock(&self) {
        *self.taken.lock().unwrap() = false;
        self.free.notify_one();
    }
}

#[test]
fn right_answers_pass() {
    passes(judge::spin_lock::<Swap>);
    passes(judge::spin_lock::<Exchange>);
    passes(judge::spin_lock::<Hot>);
    passes(judge::spin_lock::<Fenced>);
    passes(judge::spin_lock::<Ticket>);
    passes(judge::spin_lock::<Sleeping>);
}

flag_lock!(
    LooksThenSets,
    |taken| {
        while taken.load(Ordering::SeqCst) {
            spin_loop();
        }
        taken.store(true, Ordering::SeqCst);
    },
    taken.store(false, Ordering::SeqCst)
);
flag_lock!(
    TriesOnce,
    |taken| {
        let _ = taken.swap(true, Ordering::SeqCst);
    },
    taken.store(false, Ordering::SeqCst)
);
flag_lock!(
    WeakOnce,
    |taken| {
        while taken.load(Ordering::Acquire) {
            spin_loop();
        }
        let _ = taken.compare_exchange_weak(false, true, Ordering::SeqCst, Ordering::SeqCst);
    },
    taken.store(false, Ordering::SeqCst)
);
flag_lock!(
    RelaxedUnlock,
    |taken| {
        while taken.swap(true, Ordering::Acquire) {
            spin_loop();
        }
    },
    taken.store(false, Ordering::Relaxed)
);
flag_lock!(
    RelaxedLock,
    |taken| {
        while taken.swap(true, Ordering::Relaxed) {
            spin_loop();
        }
    },
    taken.store(false, Ordering::Release)
);
flag_lock!(
    NeverFree,
    |taken| {
        while taken.swap(true, Ordering::Acquire) {
            spin_loop();
        }
    },
    {
        let _ = taken;
    }
);

#[test]
fn looking_and_setting_must_be_one_step() {
    is_caught(&["mutual exclusion"], judge::spin_lock::<LooksThenSets>);
    is_caught(&["mutual exclusion"], judge::spin_lock::<TriesOnce>);
    is_caught(&["mutual exclusion"], judge::spin_lock::<WeakOnce>);
}

#[test]
fn orderings_count() {
    is_caught(&["memory ordering"], judge::spin_lock::<RelaxedUnlock>);
    is_caught(&["memory ordering"], judge::spin_lock::<RelaxedLock>);
}

#[test]
fn a_lock_becomes_free_again() {
    is_caught(&["progress"], judge::spin_lock::<NeverFree>);
}

struct LosesWakeUps {
    taken: AtomicBool,
    bed: Mutex<()>,
    free: Condvar,
}

impl Lock for LosesWakeUps {
    fn new() -> Self {
        LosesWakeUps {
            taken: AtomicBool::new(false),
            bed: Mutex::new(()),
            free: Condvar::new(),
        }
    }
    fn lock(&self) {
        while self.taken.swap(true, Ordering::SeqCst) {
            let bed = self.bed.lock().unwrap();
            drop(self.free.wait(bed).unwrap());
        }
    }
    fn unlock(&self) {
        self.taken.store(false, Ordering::SeqCst);
        self.free.notify_one();
    }
}

#[test]
fn a_lost_wake_up_is_a_deadlock() {
    is_caught(&["nobody is left who could wake one"], judge::spin_lock::<LosesWakeUps>);
}
