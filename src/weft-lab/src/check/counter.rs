//! Lab 2: one counter for all threads, and a tally for each.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool as Fact, Ordering};

use parking_lot::Mutex;

use super::explore::{Court, Plan, explore, is_inside, me, pause};
use super::fault::Fault;

/// A gate through which visitors come. It belongs to one thread.
#[derive(Debug)]
pub struct Gate {
    number: usize,
    left: usize,
    hall: Arc<Hall>,
}

/// The board over the entrance, which shows how many have come so far. Clones are the same board.
#[derive(Debug, Clone)]
pub struct Board {
    hall: Arc<Hall>,
}

/// What [`check::count`](super::count) wants to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// All visitors.
    pub total: u64,
    /// Those of each gate, in the order of the gates.
    pub tallies: Vec<u64>,
}

#[derive(Debug)]
struct Hall {
    court: Court,
    visitors: usize,
    shown: Mutex<BTreeSet<u64>>,
    /// The thread of each gate, and how many it has yet to come.
    threads: Mutex<Vec<(Option<usize>, usize)>>,
    /// Were two gates ever open at once?
    overlaps: Arc<Fact>,
}

const PLAN: Plan = Plan {
    schedules: 150,
    steps: 20_000,
    asleep: [
        "no deadlock",
        "all threads end",
        "does each thread leave its loop when there is no visitor, and give its lock back?",
    ],
    endless: [
        "progress",
        "all threads end",
        "does each thread leave its loop when there is no visitor?",
    ],
};

impl Gate {
    /// Waits for the next visitor; `false` when there is none any more.
    pub fn visitor(&mut self) -> bool {
        self.hall.enter(self.number, self.left);
        pause();
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        self.hall
            .court
            .event(format!("a visitor comes through gate {}", self.number));
        true
    }
}

impl Board {
    /// Shows that `total` visitors have come so far.
    pub fn show(&self, total: u64) {
        let hall = &self.hall;
        hall.must_be_inside();
        pause();
        hall.court.event(format!("the board shows {total}"));
        if !(1..=hall.visitors as u64).contains(&total) {
            let expected = format!("numbers from 1 to {}, the visitors so far", hall.visitors);
            let hint = "show the counter after you have added the visitor";
            hall.court
                .fail(Fault::new("the board", expected, total.to_string()).hint(hint));
        }
        if !hall.shown.lock().insert(total) {
            let expected = "each visitor makes the counter one more, so each number is shown once";
            let hint = "reading, adding and showing must use one and the same value: hold the lock meanwhile, or use what \
                        `fetch_add` gives";
            hall.court
                .fail(Fault::new("no lost update", expected, format!("{total} was shown twice")).hint(hint));
        }
    }
}

impl Hall {
    fn must_be_inside(&self) {
        if !is_inside() {
            let expected = "threads from `weft_lab::check::sync::thread`";
            let fault = Fault::new("a thread for each gate", expected, "a thread of the real `std::thread`");
            self.court
                .fail(fault.hint("`use weft_lab::check::sync::thread;`: it has the same names"));
        }
    }

    fn enter(&self, gate: usize, left: usize) {
        self.must_be_inside();
        let mut threads = self.threads.lock();
        let fault = Fault::new(
            "a thread for each gate",
            "each gate is served by a thread of its own",
            "",
        )
        .hint("move each gate into the closure of its own `thread::spawn`");
        let is_taken = threads
            .iter()
            .enumerate()
            .any(|(other, (thread, _))| other != gate && *thread == Some(me()));
        if me() == 0 || is_taken {
            let seen = if me() == 0 {
                "the thread that called `count` serves one"
            } else {
                "a thread serves two"
            };
            drop(threads);
            self.court.fail(Fault {
                seen: seen.to_owned(),
                ..fault
            });
        }
        threads[gate] = (Some(me()), left);
        let is_other_open = threads
            .iter()
            .enumerate()
            .any(|(other, (thread, left))| other != gate && thread.is_some() && *left > 0);
        if is_other_open {
            self.overlaps.store(true, Ordering::Relaxed);
        }
    }
}

/// An answer.
pub(super) type Count = dyn Fn(Vec<Gate>, Board) -> Counted + Send + Sync;

pub(super) fn judge(count: &Arc<Count>) -> Result<(), Fault> {
    for gates in [vec![2, 2], vec![1, 3, 2], vec![0, 2]] {
        let overlaps = Arc::new(Fact::new(false));
        let (answer, seen, visitors) = (Arc::clone(count), Arc::clone(&overlaps), gates.clone());
        explore(PLAN, move |court| round(court, answer.as_ref(), &visitors, &seen))?;
        let is_needed = gates.iter().filter(|visitors| **visitors > 1).count() > 1;
        if is_needed && !overlaps.load(Ordering::Relaxed) {
            let expected = "all gates are open at the same time";
            let fault = Fault::new(
                "a thread for each gate",
                expected,
                "one after the other, under all schedules",
            );
            return Err(fault.hint("start all threads before you join the first"));
        }
    }
    Ok(())
}

fn round(court: &Court, answer: &Count, visitors: &[usize], overlaps: &Arc<Fact>) {
    let all: usize = visitors.iter().sum();
    let hall = Arc::new(Hall {
        court: court.clone(),
        visitors: all,
        shown: Mutex::default(),
        threads: Mutex::new(vec![(None, 0); visitors.len()]),
        overlaps: Arc::clone(overlaps),
    });
    let gate = |(number, left): (usize, &usize)| Gate {
        number,
        left: *left,
        hall: Arc::clone(&hall),
    };
    let counted = answer(
        visitors.iter().enumerate().map(gate).collect(),
        Board {
            hall: Arc::clone(&hall),
        },
    );
    let tallies: Vec<u64> = visitors.iter().map(|visitors| *visitors as u64).collect();
    if counted.tallies != tallies {
        let fault = Fault::new(
            "a tally of each thread",
            format!("{tallies:?}"),
            format!("{:?}", counted.tallies),
        );
        court
            .fail(fault.hint("a local variable of the thread, which it returns; `join` gives it, in the gates' order"));
    }
    if counted.total != all as u64 {
        let fault = Fault::new("no lost update", format!("{all} visitors"), counted.total.to_string());
        court
            .fail(fault.hint("reading and writing the counter must be one step; read it after all threads have ended"));
    }
    let shown = hall.shown.lock().len();
    if shown != all {
        let expected = format!("the board has shown each number from 1 to {all}");
        let fault = Fault::new("one counter for all", expected, format!("{shown} of them"));
        court.fail(fault.hint("call `board.show` for each visitor, with the counter that all threads share"));
    }
}
