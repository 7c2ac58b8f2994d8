//! Lab 6: a buffer of a fixed size between producers and consumers.

use std::collections::HashSet;
use std::sync::Arc;

use super::explore::{Court, Plan, explore, me, spawn};
use super::fault::Fault;
use super::history::{Call, History, What, is_linearizable};

/// A bounded buffer, as an answer has it: first in, first out.
pub trait Buffer: Send + Sync + 'static {
    /// With room for this many.
    fn new(capacity: usize) -> Self
    where
        Self: Sized;
    /// Sleeps until there is room, and adds an item at the end.
    fn put(&self, item: u64);
    /// Sleeps until there is an item, and takes the first.
    fn take(&self) -> u64;
}

/// How a check makes a buffer.
pub(super) type Make = fn(usize) -> Arc<dyn Buffer>;

const PLAN: Plan = Plan {
    schedules: 120,
    steps: 6000,
    asleep: [
        "no lost wake-up",
        "a `put` ends once there is room, and a `take` once there is an item",
        "with one condition variable for both sides, `notify_one` may wake one of the wrong side: use two, or \
         `notify_all`; and don't forget to wake whom you made room for",
    ],
    endless: [
        "progress",
        "a `put` ends once there is room, and a `take` once there is an item",
        "wait on a condition variable, and look again after each wake-up",
    ],
};

/// Room, producers, consumers, items of each producer.
const CASES: [(usize, usize, usize, usize); 5] = [(1, 1, 1, 3), (1, 2, 2, 2), (2, 2, 2, 2), (2, 2, 1, 2), (1, 1, 2, 4)];

pub(super) fn judge(make: Make) -> Result<(), Fault> {
    explore(PLAN, move |court| alone(court, &make(3)))?;
    for (room, producers, consumers, each) in CASES {
        explore(PLAN, move |court| {
            let history = Arc::new(History::default());
            exchange(court, &make(room), [producers, consumers, each], &history);
            look(court, &history.calls(), room);
        })?;
    }
    Ok(())
}

/// One thread fills it and empties it.
fn alone(court: &Court, buffer: &Arc<dyn Buffer>) {
    for item in 1..=3 {
        buffer.put(item);
    }
    court.event("one thread has put 1, 2, 3 into a buffer with room for three");
    let taken: Vec<u64> = (0..3).map(|_| buffer.take()).collect();
    if taken != [1, 2, 3] {
        let hint = "`VecDeque` has `push_back` and `pop_front`";
        let fault = Fault::new("first in, first out", "1, 2, 3 come out", format!("{taken:?}"));
        court.fail(fault.hint(hint));
    }
}

fn exchange(court: &Court, buffer: &Arc<dyn Buffer>, [producers, consumers, each]: [usize; 3], history: &Arc<History>) {
    let mut threads = Vec::new();
    for producer in 0..producers {
        let (court, buffer, history) = (court.clone(), Arc::clone(buffer), Arc::clone(history));
        threads.push(spawn(move || {
            for index in 0..each {
                let item = (producer * 10 + index + 1) as u64;
                court.event(format!("thread {} calls put({item})", me()));
                history.note(|| {
                    buffer.put(item);
                    What::Put(item)
                });
                court.event(format!("thread {} has put {item}", me()));
            }
        }));
    }
    for _ in 0..consumers {
        let (court, buffer, history) = (court.clone(), Arc::clone(buffer), Arc::clone(history));
        threads.push(spawn(move || {
            for _ in 0..producers * each / consumers {
                court.event(format!("thread {} calls take", me()));
                let taken = history.note(|| What::Took(buffer.take()));
                court.event(format!("thread {} {taken:?}", me()));
            }
        }));
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// The plainest fault of a history.
fn look(court: &Court, calls: &[Call], room: usize) {
    let mut taken = HashSet::new();
    for call in calls {
        let What::Took(item) = call.what else {
            continue;
        };
        let is_known = calls.iter().any(|call| call.what == What::Put(item));
        if !is_known || !taken.insert(item) {
            let seen = if is_known {
                format!("{item} came out twice")
            } else {
                format!("{item}, which nobody put in")
            };
            let hint = "look and take under one lock, and look again after each wait: `while`, not `if`";
            court.fail(Fault::new("nothing lost, nothing twice", "each item comes out once", seen).hint(hint));
        }
    }
    if let Some(most) = most_inside(calls)
        && most > room
    {
        let expected = format!("room for {room}: the next `put` sleeps until a `take`");
        let hint = "look whether there is room under the lock under which you add, and again after each wait";
        court.fail(Fault::new("the bound", expected, format!("{most} items in it at once")).hint(hint));
    }
    if !is_linearizable(calls, room) {
        let expected = "the calls could have happened one after the other, each between its beginning and its end";
        let seen = "no such order makes a queue give out what came out";
        let hint = "what is put first comes out first, whoever takes it: one lock for look and change";
        court.fail(Fault::new("linearizability (first in, first out)", expected, seen).hint(hint));
    }
}

/// The most items that were surely in it: put by ended calls, and not yet asked for.
fn most_inside(calls: &[Call]) -> Option<usize> {
    calls
        .iter()
        .map(|end| {
            let put = calls
                .iter()
                .filter(|call| matches!(call.what, What::Put(_)) && call.to <= end.to)
                .count();
            let asked = calls
                .iter()
                .filter(|call| matches!(call.what, What::Took(_)) && call.from <= end.to)
                .count();
            put.saturating_sub(asked)
        })
        .max()
}
