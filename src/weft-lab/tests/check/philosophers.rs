//! Lab 6: philosophers.

use weft_lab::check::sync::thread::yield_now;
use weft_lab::check::sync::{Condvar, Mutex};
use weft_lab::check::{Table, judge};

use crate::{is_caught, passes};

/// A table of forks, from how one eats with forks `a` and `b`.
macro_rules! forks {
    ($name:ident, |$forks:ident, $seat:ident, $meal:ident| $eat:block) => {
        struct $name(Vec<Mutex<()>>);
        impl Table for $name {
            fn new(seats: usize) -> Self {
                $name((0..seats).map(|_| Mutex::new(())).collect())
            }
            fn eat(&self, $seat: usize, $meal: &mut dyn FnMut()) {
                let $forks = &self.0;
                $eat
            }
        }
    };
}

forks!(LowFirst, |forks, seat, meal| {
    let next = (seat + 1) % forks.len();
    let _first = forks[seat.min(next)].lock().unwrap();
    let _second = forks[seat.max(next)].lock().unwrap();
    meal();
});
forks!(OddOnesDiffer, |forks, seat, meal| {
    let next = (seat + 1) % forks.len();
    let (first, second) = if seat % 2 == 0 { (seat, next) } else { (next, seat) };
    let _first = forks[first].lock().unwrap();
    let _second = forks[second].lock().unwrap();
    meal();
});

/// A waiter hands out both forks at once.
struct Waiter(Mutex<Vec<bool>>, Condvar);

impl Table for Waiter {
    fn new(seats: usize) -> Self {
        Waiter(Mutex::new(vec![false; seats]), Condvar::new())
    }
    fn eat(&self, seat: usize, meal: &mut dyn FnMut()) {
        let forks = self.0.lock().unwrap();
        let next = (seat + 1) % forks.len();
        let mut forks = self.1.wait_while(forks, |forks| forks[seat] || forks[next]).unwrap();
        (forks[seat], forks[next]) = (true, true);
        drop(forks);
        meal();
        let mut forks = self.0.lock().unwrap();
        (forks[seat], forks[next]) = (false, false);
        self.1.notify_all();
    }
}

#[test]
fn right_answers_pass() {
    passes(judge::philosophers::<LowFirst>);
    passes(judge::philosophers::<OddOnesDiffer>);
    passes(judge::philosophers::<Waiter>);
}

forks!(LeftFirst, |forks, seat, meal| {
    let _left = forks[seat].lock().unwrap();
    let _right = forks[(seat + 1) % forks.len()].lock().unwrap();
    meal();
});
forks!(OneAtATime, |forks, _seat, meal| {
    let _table = forks[0].lock().unwrap();
    meal();
});
forks!(DropsAtOnce, |forks, seat, meal| {
    let next = (seat + 1) % forks.len();
    drop(forks[seat.min(next)].lock().unwrap());
    drop(forks[seat.max(next)].lock().unwrap());
    meal();
});
forks!(OneFork, |forks, seat, meal| {
    let _left = forks[seat].lock().unwrap();
    meal();
});
forks!(TriesForEver, |forks, seat, meal| {
    let left = forks[seat].lock().unwrap();
    loop {
        if let Ok(_right) = forks[(seat + 1) % forks.len()].try_lock() {
            meal();
            drop(left);
            return;
        }
        yield_now();
    }
});
forks!(Fasts, |forks, seat, _meal| {
    drop(forks[seat].lock().unwrap());
});

#[test]
fn nobody_waits_in_a_circle() {
    is_caught(&["no deadlock"], judge::philosophers::<LeftFirst>);
    is_caught(&["bounded waiting"], judge::philosophers::<TriesForEver>);
}

#[test]
fn a_fork_is_in_one_hand() {
    is_caught(&["mutual exclusion"], judge::philosophers::<DropsAtOnce>);
    is_caught(&["mutual exclusion"], judge::philosophers::<OneFork>);
}

#[test]
fn one_lock_for_the_table_is_too_much() {
    is_caught(&["one fork, one lock"], judge::philosophers::<OneAtATime>);
}

#[test]
fn everybody_eats() {
    is_caught(&["a meal"], judge::philosophers::<Fasts>);
}
