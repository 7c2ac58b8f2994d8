//! Lab 6: a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize as Plain, Ordering};

use shuttle::sync::atomic::AtomicUsize;

use super::clocks::{self, Guarded};
use super::explore::{Court, Plan, explore, me, spawn};
use super::fault::Fault;

/// A lock, as an answer has it.
pub trait Lock: Send + Sync + 'static {
    /// A lock that nobody holds.
    fn new() -> Self
    where
        Self: Sized;
    /// Waits until nobody holds it, and takes it.
    fn lock(&self);
    /// Gives it back.
    fn unlock(&self);
}

/// How a check makes a lock.
pub(super) type Make = fn() -> Arc<dyn Lock>;

const PLAN: Plan = Plan {
    schedules: 150,
    steps: 6000,
    asleep: [
        "no deadlock",
        "whoever waits for the lock gets it after `unlock`",
        "does `unlock` wake one that sleeps?",
    ],
    endless: [
        "progress",
        "`lock` returns once the lock is free",
        "does `unlock` put the flag back, and does `lock` look again after each failure?",
    ],
};

const ROUNDS: usize = 2;

pub(super) fn judge(make: Make) -> Result<(), Fault> {
    for threads in [2, 3] {
        explore(PLAN, move |court| round(court, &make(), threads))?;
    }
    Ok(())
}

#[derive(Default)]
struct Room {
    inside: AtomicUsize,
    who: Plain,
    data: Guarded,
}

fn round(court: &Court, lock: &Arc<dyn Lock>, threads: usize) {
    let room = Arc::new(Room::default());
    let started: Vec<_> = (0..threads)
        .map(|_| {
            let (court, lock, room) = (court.clone(), Arc::clone(lock), Arc::clone(&room));
            spawn(move || {
                for _ in 0..ROUNDS {
                    court.event(format!("thread {} calls lock", me()));
                    lock.lock();
                    court.event(format!("thread {} is inside", me()));
                    visit(&court, &room);
                    court.event(format!("thread {} calls unlock", me()));
                    lock.unlock();
                }
            })
        })
        .collect();
    for thread in started {
        let _ = thread.join();
    }
}

/// What only the holder may do.
fn visit(court: &Court, room: &Room) {
    if room.inside.fetch_add(1, Ordering::SeqCst) > 0 {
        let seen = format!(
            "thread {} came in while thread {} was inside",
            me(),
            room.who.load(Ordering::Relaxed)
        );
        let hint = "looking at the flag and setting it must be one step, such as `swap` or `compare_exchange`";
        court.fail(
            Fault::new(
                "mutual exclusion",
                "one thread at most between `lock` and `unlock`",
                seen,
            )
            .hint(hint),
        );
    }
    room.who.store(me(), Ordering::Relaxed);
    // A lock without atomics rests on a mutex, which orders all by itself.
    if let Err(other) = room.data.touch()
        && clocks::operations() > 0
    {
        let expected = "what one holder wrote before `unlock` is there for the next one after `lock`";
        let seen = format!(
            "nothing orders the data of thread {other} before thread {}: a data race",
            me()
        );
        let hint = "`unlock` must write the flag with `Ordering::Release`, and `lock` read it with `Ordering::Acquire`";
        court.remember(Fault::new("memory ordering", expected, seen).hint(hint));
    }
    let _ = room.inside.load(Ordering::SeqCst);
    room.inside.fetch_sub(1, Ordering::SeqCst);
}
