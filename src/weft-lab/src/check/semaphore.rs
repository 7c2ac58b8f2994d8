//! Lab 6: a counter of permits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool as Fact, Ordering};

use shuttle::sync::atomic::AtomicUsize;

use super::explore::{Court, Plan, explore, me, pause, spawn};
use super::fault::Fault;

/// A semaphore, as an answer has it.
pub trait Semaphore: Send + Sync + 'static {
    /// With this many permits.
    fn new(permits: usize) -> Self
    where
        Self: Sized;
    /// Sleeps until there is a permit, and takes it.
    fn acquire(&self);
    /// Adds a permit; any thread may.
    fn release(&self);
}

/// How a check makes a semaphore.
pub(super) type Make = fn(usize) -> Arc<dyn Semaphore>;

const PLAN: Plan = Plan {
    schedules: 120,
    steps: 6000,
    asleep: [
        "no lost wake-up",
        "whoever sleeps in `acquire` wakes once there is a permit",
        "count and wait under one mutex, so that no `release` falls between the look and the sleep; and each `release` \
         wakes one, not only the one that finds the count at 0",
    ],
    endless: [
        "progress",
        "`acquire` returns once there is a permit",
        "does `release` raise the count, and does `acquire` look at it again?",
    ],
};

pub(super) fn judge(make: Make) -> Result<(), Fault> {
    for permits in [1, 2] {
        let is_shared = Arc::new(Fact::new(permits == 1));
        let seen = Arc::clone(&is_shared);
        explore(PLAN, move |court| guarded(court, &make(permits), permits, &seen))?;
        if !is_shared.load(Ordering::Relaxed) {
            let expected = "two permits let two threads in at the same time";
            let fault = Fault::new("semaphore count", expected, "never more than one, under all schedules");
            return Err(fault.hint("give the mutex back before `acquire` returns; the count says who may be inside"));
        }
    }
    explore(PLAN, move |court| remembered(court, &make(0)))?;
    explore(PLAN, move |court| signalled(court, &make(0)))?;
    explore(PLAN, move |court| asleep(court, &make(0)))
}

/// Three threads want in; as many as there are permits may be inside.
fn guarded(court: &Court, semaphore: &Arc<dyn Semaphore>, permits: usize, is_shared: &Arc<Fact>) {
    let inside = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (court, semaphore) = (court.clone(), Arc::clone(semaphore));
            let (inside, is_shared) = (Arc::clone(&inside), Arc::clone(is_shared));
            spawn(move || {
                for _ in 0..2 {
                    semaphore.acquire();
                    let others = inside.fetch_add(1, Ordering::SeqCst);
                    court.event(format!("thread {} has a permit, as {others} others do", me()));
                    if others >= permits {
                        let expected = format!("at most {permits} inside, with {permits} permits");
                        let seen = format!("thread {} came in as number {}", me(), others + 1);
                        let hint =
                            "look at the count again after each wait: `while`, not `if`; and look and take in one step";
                        court.fail(Fault::new("semaphore count", expected, seen).hint(hint));
                    }
                    if others > 0 {
                        is_shared.store(true, Ordering::Relaxed);
                    }
                    pause();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    court.event(format!("thread {} calls release", me()));
                    semaphore.release();
                }
            })
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}

/// Permits that are there before anyone asks.
fn remembered(court: &Court, semaphore: &Arc<dyn Semaphore>) {
    for _ in 0..3 {
        semaphore.release();
    }
    court.event("three times release, and nobody waits; now three times acquire");
    for taken in 1..=3 {
        semaphore.acquire();
        court.event(format!("permit {taken} taken"));
    }
}

/// Two wait, and a third thread raises the count twice.
fn signalled(court: &Court, semaphore: &Arc<dyn Semaphore>) {
    let given = Arc::new(AtomicUsize::new(0));
    let taken = Arc::new(AtomicUsize::new(0));
    let waiters: Vec<_> = (0..2)
        .map(|_| {
            let (court, semaphore) = (court.clone(), Arc::clone(semaphore));
            let (given, taken) = (Arc::clone(&given), Arc::clone(&taken));
            spawn(move || {
                court.event(format!("thread {} calls acquire", me()));
                semaphore.acquire();
                let taken = taken.fetch_add(1, Ordering::SeqCst) + 1;
                let given = given.load(Ordering::SeqCst);
                court.event(format!("thread {} has a permit", me()));
                if taken > given {
                    let expected = "each permit is taken once";
                    let seen = format!("{taken} taken after {given} were given");
                    let hint = "`acquire` takes the permit off the count, and only when there is one";
                    court.fail(Fault::new("semaphore count", expected, seen).hint(hint));
                }
            })
        })
        .collect();
    for _ in 0..2 {
        given.fetch_add(1, Ordering::SeqCst);
        court.event("the main thread calls release");
        semaphore.release();
    }
    for waiter in waiters {
        let _ = waiter.join();
    }
}

/// Who waits takes no turns.
fn asleep(court: &Court, semaphore: &Arc<dyn Semaphore>) {
    let waiter = {
        let semaphore = Arc::clone(semaphore);
        spawn(move || semaphore.acquire())
    };
    for _ in 0..100 {
        pause();
    }
    let before = court.switches();
    for _ in 0..100 {
        pause();
    }
    let turns = court.switches() - before;
    if turns > 8 {
        let expected = "a thread without a permit sleeps, and takes no time";
        let seen = format!("it ran again and again while it waited ({turns} switches in 100 steps of another thread)");
        let hint = "wait on the condition variable; it gives the mutex back and sleeps in one step";
        court.fail(Fault::new("no busy waiting", expected, seen).hint(hint));
    }
    semaphore.release();
    let _ = waiter.join();
}
