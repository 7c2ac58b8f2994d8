//! Lab 6, further: a lock for which nobody waits for ever.

use std::sync::Arc;

use parking_lot::Mutex;

use super::explore::{Court, Plan, explore, me, pause, spawn};
use super::fault::Fault;
use super::spin_lock::{Lock, Make};

const THREADS: usize = 3;
const ROUNDS: usize = 6;
/// Whoever has had so many turns in `lock` has said by then that it waits, if the lock has a way to say it.
const DOORWAY: u32 = 6;
/// So often the others may go in before one that waits: each once who came before it, and one that was on its way.
const PASSES: u32 = 3;

const PLAN: Plan = Plan {
    schedules: 150,
    steps: 12_000,
    asleep: [
        "no deadlock",
        "whoever waits for the lock gets it after `unlock`",
        "does `unlock` wake the one whose turn it is?",
    ],
    endless: [
        "progress",
        "`lock` returns once it is this thread's turn",
        "does `unlock` call the next one, also when nobody waits yet?",
    ],
};

pub(super) fn judge(make: Make) -> Result<(), Fault> {
    explore(PLAN, move |court| round(court, &make()))
}

/// A thread that has called `lock`.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    /// The turns that it had had before.
    turns: u32,
    /// How often another has gone in while this one had its place in the queue.
    passed: u32,
}

type Queue = Arc<Mutex<[Option<Waiting>; THREADS + 1]>>;

fn round(court: &Court, lock: &Arc<dyn Lock>) {
    let queue = Queue::default();
    let started: Vec<_> = (0..THREADS)
        .map(|_| {
            let (court, lock, queue) = (court.clone(), Arc::clone(lock), Arc::clone(&queue));
            spawn(move || {
                for _ in 0..ROUNDS {
                    court.event(format!("thread {} calls lock", me()));
                    let turns = court.turns(me());
                    queue.lock()[me()] = Some(Waiting { turns, passed: 0 });
                    lock.lock();
                    go_in(&court, &queue);
                    pause();
                    lock.unlock();
                }
            })
        })
        .collect();
    for thread in started {
        let _ = thread.join();
    }
}

/// This thread has the lock: whoever waits is passed by it.
fn go_in(court: &Court, queue: &Queue) {
    court.event(format!("thread {} is inside", me()));
    let starving = {
        let mut queue = queue.lock();
        queue[me()] = None;
        let mut waiting = queue.iter_mut().enumerate();
        waiting.find_map(|(thread, waiting)| {
            let waiting = waiting.as_mut()?;
            let has_a_place = court.turns(thread) >= waiting.turns + DOORWAY;
            waiting.passed += u32::from(has_a_place);
            (waiting.passed > PASSES).then_some((thread, waiting.passed))
        })
    };
    if let Some((thread, passed)) = starving {
        let expected = format!("among {THREADS} threads, at most {PASSES} go in before one that waits");
        let seen = format!("thread {thread} waits, and the others went in {passed} times");
        let hint = "whoever comes draws a number, or joins a queue, in one step; `unlock` calls the next number, and not \
                    whoever is quickest";
        court.fail(Fault::new("bounded waiting", expected, seen).hint(hint));
    }
}
