//! Lab 6: the semaphore.

use weft_lab::check::sync::atomic::{AtomicUsize, Ordering};
use weft_lab::check::sync::{Condvar, Mutex};
use weft_lab::check::{Semaphore, judge};

use crate::{is_caught, passes};

/// A semaphore of a count and a condition, from its two functions.
macro_rules! counted {
    ($name:ident, |$count:ident, $raised:ident| $acquire:block, $release:block) => {
        struct $name(Mutex<usize>, Condvar);
        impl Semaphore for $name {
            fn new(permits: usize) -> Self {
                $name(Mutex::new(permits), Condvar::new())
            }
            fn acquire(&self) {
                let ($count, $raised) = (&self.0, &self.1);
                $acquire
            }
            fn release(&self) {
                let ($count, $raised) = (&self.0, &self.1);
                $release
            }
        }
    };
}

counted!(
    Plain,
    |count, raised| {
        let mut count = count.lock().unwrap();
        while *count == 0 {
            count = raised.wait(count).unwrap();
        }
        *count -= 1;
    },
    {
        *count.lock().unwrap() += 1;
        raised.notify_one();
    }
);
counted!(
    ToAll,
    |count, raised| {
        let count = count.lock().unwrap();
        *raised.wait_while(count, |count| *count == 0).unwrap() -= 1;
    },
    {
        let mut count = count.lock().unwrap();
        *count += 1;
        raised.notify_all();
    }
);

#[test]
fn right_answers_pass() {
    passes(judge::semaphore::<Plain>);
    passes(judge::semaphore::<ToAll>);
}

counted!(
    IfNotWhile,
    |count, raised| {
        let mut count = count.lock().unwrap();
        if *count == 0 {
            count = raised.wait(count).unwrap();
        }
        *count = count.saturating_sub(1);
    },
    {
        *count.lock().unwrap() += 1;
        raised.notify_one();
    }
);
counted!(
    NeverWakes,
    |count, raised| {
        let mut count = count.lock().unwrap();
        while *count == 0 {
            count = raised.wait(count).unwrap();
        }
        *count -= 1;
    },
    {
        let _ = raised;
        *count.lock().unwrap() += 1;
    }
);
counted!(
    WakesFromZeroOnly,
    |count, raised| {
        let mut count = count.lock().unwrap();
        while *count == 0 {
            count = raised.wait(count).unwrap();
        }
        *count -= 1;
    },
    {
        let mut count = count.lock().unwrap();
        *count += 1;
        if *count == 1 {
            raised.notify_one();
        }
    }
);
counted!(
    AtMostOne,
    |count, raised| {
        let mut count = count.lock().unwrap();
        while *count == 0 {
            count = raised.wait(count).unwrap();
        }
        *count -= 1;
    },
    {
        *count.lock().unwrap() = 1;
        raised.notify_one();
    }
);
counted!(
    LooksTwice,
    |count, raised| {
        while *count.lock().unwrap() == 0 {
            let held = count.lock().unwrap();
            drop(raised.wait(held).unwrap());
        }
        let mut count = count.lock().unwrap();
        *count = count.saturating_sub(1);
    },
    {
        *count.lock().unwrap() += 1;
        raised.notify_one();
    }
);
counted!(
    TakesNothing,
    |count, raised| {
        let count = count.lock().unwrap();
        drop(raised.wait_while(count, |count| *count == 0).unwrap());
    },
    {
        *count.lock().unwrap() += 1;
        raised.notify_all();
    }
);
counted!(
    Spins,
    |count, raised| {
        let _ = raised;
        loop {
            let mut count = count.lock().unwrap();
            if *count > 0 {
                *count -= 1;
                return;
            }
        }
    },
    {
        *count.lock().unwrap() += 1;
    }
);

#[test]
fn a_wait_ends_in_another_look() {
    is_caught(&["semaphore count"], judge::semaphore::<IfNotWhile>);
    is_caught(&["semaphore count"], judge::semaphore::<TakesNothing>);
}

#[test]
fn no_wake_up_is_lost() {
    is_caught(&["no lost wake-up"], judge::semaphore::<NeverWakes>);
    is_caught(&["no lost wake-up"], judge::semaphore::<WakesFromZeroOnly>);
    is_caught(&["no lost wake-up", "semaphore count"], judge::semaphore::<LooksTwice>);
}

#[test]
fn each_release_counts() {
    is_caught(&["no lost wake-up", "semaphore count"], judge::semaphore::<AtMostOne>);
}

#[test]
fn a_waiting_thread_sleeps() {
    is_caught(&["no busy waiting"], judge::semaphore::<Spins>);
}

/// Looks at the count without the lock under which it sleeps.
struct Forgetful {
    permits: AtomicUsize,
    bed: Mutex<()>,
    raised: Condvar,
}

impl Semaphore for Forgetful {
    fn new(permits: usize) -> Self {
        Forgetful {
            permits: AtomicUsize::new(permits),
            bed: Mutex::new(()),
            raised: Condvar::new(),
        }
    }
    fn acquire(&self) {
        let take = |permits: usize| permits.checked_sub(1);
        while self
            .permits
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take)
            .is_err()
        {
            let bed = self.bed.lock().unwrap();
            drop(self.raised.wait(bed).unwrap());
        }
    }
    fn release(&self) {
        self.permits.fetch_add(1, Ordering::SeqCst);
        self.raised.notify_one();
    }
}

#[test]
fn looking_and_going_to_sleep_are_one_step() {
    is_caught(&["no lost wake-up"], judge::semaphore::<Forgetful>);
}

/// A lock: only one is ever inside.
struct OneInside(Mutex<Vec<()>>, Condvar);

impl Semaphore for OneInside {
    fn new(permits: usize) -> Self {
        OneInside(Mutex::new(vec![(); permits.min(1)]), Condvar::new())
    }
    fn acquire(&self) {
        let permits = self.0.lock().unwrap();
        self.1.wait_while(permits, |permits| permits.is_empty()).unwrap().pop();
    }
    fn release(&self) {
        self.0.lock().unwrap().push(());
        self.1.notify_one();
    }
}

#[test]
fn all_permits_are_used() {
    is_caught(&["semaphore count"], judge::semaphore::<OneInside>);
}
