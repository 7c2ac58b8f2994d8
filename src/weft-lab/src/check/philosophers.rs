//! Lab 6: philosophers at a round table, with a fork between each two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool as Fact, Ordering};

use shuttle::sync::atomic::{AtomicBool, AtomicUsize};

use super::explore::{Court, Plan, explore, pause, spawn};
use super::fault::Fault;

/// A table, as an answer has it. The philosopher of seat `i` needs fork `i` and the next one; the last seat's next is
/// fork 0.
pub trait Table: Send + Sync + 'static {
    /// With this many seats, and as many forks.
    fn new(seats: usize) -> Self
    where
        Self: Sized;
    /// Takes both forks of a seat, calls `meal` once, and puts them back.
    fn eat(&self, seat: usize, meal: &mut dyn FnMut());
}

/// How a check makes a table.
pub(super) type Make = fn(usize) -> Arc<dyn Table>;

const PLAN: Plan = Plan {
    schedules: 120,
    steps: 20_000,
    asleep: [
        "no deadlock",
        "somebody can always eat, and everybody does in the end",
        "if all hold their left fork, each waits for the next one, in a circle: let all take the fork of the lower \
         number first",
    ],
    endless: [
        "bounded waiting",
        "everybody eats in the end",
        "to take a fork, fail at the second and try again may go on for ever: take forks in a fixed order, and wait",
    ],
};

const MEALS: usize = 2;

pub(super) fn judge(make: Make) -> Result<(), Fault> {
    let are_two_eating = Arc::new(Fact::new(false));
    for seats in [2, 3, 4, 5] {
        let fact = Arc::clone(&are_two_eating);
        explore(PLAN, move |court| dinner(court, &make(seats), seats, &fact))?;
    }
    if are_two_eating.load(Ordering::Relaxed) {
        return Ok(());
    }
    let expected = "two who are no neighbours can eat at the same time";
    let fault = Fault::new(
        "one fork, one lock",
        expected,
        "never, under all schedules of five philosophers",
    );
    Err(fault.hint("one lock for the whole table lets one eat while all others wait"))
}

fn dinner(court: &Court, table: &Arc<dyn Table>, seats: usize, are_two_eating: &Arc<Fact>) {
    let eating: Arc<Vec<AtomicBool>> = Arc::new((0..seats).map(|_| AtomicBool::new(false)).collect());
    let guests = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..seats)
        .map(|seat| {
            let (court, table, eating) = (court.clone(), Arc::clone(table), Arc::clone(&eating));
            let (guests, are_two_eating) = (Arc::clone(&guests), Arc::clone(are_two_eating));
            spawn(move || {
                for _ in 0..MEALS {
                    let mut meals = 0;
                    court.event(format!("philosopher {seat} is hungry"));
                    table.eat(seat, &mut || {
                        meals += 1;
                        court.event(format!("philosopher {seat} eats"));
                        eating[seat].store(true, Ordering::SeqCst);
                        for neighbour in [(seat + 1) % seats, (seat + seats - 1) % seats] {
                            if eating[neighbour].load(Ordering::SeqCst) {
                                let seen = format!("{seat} and {neighbour} ate at once, with {seats} at the table");
                                let hint = "hold both guards until the meal is over; `let _ = ...` drops one at once";
                                let expected = "neighbours share a fork, so one of them eats at a time";
                                court.fail(Fault::new("mutual exclusion", expected, seen).hint(hint));
                            }
                        }
                        if guests.fetch_add(1, Ordering::SeqCst) > 0 {
                            are_two_eating.store(true, Ordering::Relaxed);
                        }
                        pause();
                        guests.fetch_sub(1, Ordering::SeqCst);
                        eating[seat].store(false, Ordering::SeqCst);
                        court.event(format!("philosopher {seat} has eaten"));
                    });
                    if meals != 1 {
                        let fault = Fault::new("a meal", "`eat` calls `meal` once", format!("{meals} times"));
                        court.fail(fault.hint("take the forks, call `meal()`, put the forks back"));
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        let _ = thread.join();
    }
}
