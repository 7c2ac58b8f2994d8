//! What happens before what: the C++ and Rust memory model's order between threads, kept with vector clocks.
//!
//! The scheduler runs one thread at a time, so a weak `Ordering` would never show. These clocks show it: only what a
//! release wrote and an acquire read is ordered.

use std::cell::RefCell;
use std::sync::atomic::Ordering;

use super::explore;

/// How much of each thread's past is known.
pub(super) type Clock = Vec<u32>;

#[derive(Debug, Default)]
struct World {
    clocks: Vec<Clock>,
    /// What each thread has read without acquiring: an acquiring fence makes up for it.
    relaxed: Vec<Clock>,
    /// What each thread knew at its last releasing fence.
    fenced: Vec<Clock>,
    operations: usize,
    weak: usize,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

/// A new schedule: nothing has happened.
pub(super) fn begin() {
    WORLD.set(World::default());
}

/// How many atomic operations there were.
pub(super) fn operations() -> usize {
    WORLD.with_borrow(|world| world.operations)
}

/// May this weak exchange fail although it needn't? Some machines do that now and then.
pub(super) fn fails_for_once() -> bool {
    WORLD.with_borrow_mut(|world| {
        world.weak += 1;
        world.weak.is_multiple_of(5)
    })
}

/// What a new thread knows: all that this one does.
pub(super) fn fork() -> Clock {
    WORLD.with_borrow_mut(|world| {
        let known = world.mine().clone();
        world.tick();
        known
    })
}

/// This thread learns what another knew.
pub(super) fn join(known: &Clock) {
    WORLD.with_borrow_mut(|world| merge(world.mine(), known));
}

/// An atomic read of a place where `released` was left.
pub(super) fn read(released: &Clock, order: Ordering) {
    WORLD.with_borrow_mut(|world| {
        world.operations += 1;
        if matches!(order, Ordering::Acquire | Ordering::AcqRel | Ordering::SeqCst) {
            merge(world.mine(), released);
        } else {
            merge(place(&mut world.relaxed), released);
        }
    });
}

/// An atomic write. What the place held before stays ordered only when the write is half of a read-modify-write.
pub(super) fn write(released: &mut Clock, order: Ordering, is_update: bool) {
    WORLD.with_borrow_mut(|world| {
        world.operations += 1;
        if !is_update {
            released.clear();
        }
        if matches!(order, Ordering::Release | Ordering::AcqRel | Ordering::SeqCst) {
            merge(released, world.mine());
            world.tick();
        } else {
            merge(released, place(&mut world.fenced));
        }
    });
}

/// `std::sync::atomic::fence`.
pub(super) fn fence(order: Ordering) {
    WORLD.with_borrow_mut(|world| {
        world.operations += 1;
        if order != Ordering::Release {
            let read = place(&mut world.relaxed).clone();
            merge(world.mine(), &read);
        }
        if order != Ordering::Acquire {
            *place(&mut world.fenced) = world.mine().clone();
            world.tick();
        }
    });
}

/// Data that a lock should guard.
#[derive(Debug, Default)]
pub(super) struct Guarded(parking_lot::Mutex<Option<(usize, u32)>>);

impl Guarded {
    /// Reads and writes it. Gives the thread whose last access isn't ordered before this one: a data race.
    pub(super) fn touch(&self) -> Result<(), usize> {
        let me = explore::me();
        WORLD.with_borrow_mut(|world| {
            let now = world.mine().clone();
            let last = self.0.lock().replace((me, now[me]));
            match last {
                Some((who, when)) if who != me && now.get(who).is_none_or(|known| *known < when) => Err(who),
                _ => Ok(()),
            }
        })
    }
}

impl World {
    fn mine(&mut self) -> &mut Clock {
        let me = explore::me();
        let clock = place(&mut self.clocks);
        if clock.len() <= me {
            clock.resize(me + 1, 0);
        }
        // 0 is what others know of a thread that they know nothing of.
        clock[me] = clock[me].max(1);
        clock
    }

    fn tick(&mut self) {
        let me = explore::me();
        self.mine()[me] += 1;
    }
}

/// This thread's clock among those of all.
fn place(clocks: &mut Vec<Clock>) -> &mut Clock {
    let me = explore::me();
    if clocks.len() <= me {
        clocks.resize(me + 1, Clock::new());
    }
    &mut clocks[me]
}

fn merge(known: &mut Clock, other: &[u32]) {
    if known.len() < other.len() {
        known.resize(other.len(), 0);
    }
    for (mine, theirs) in known.iter_mut().zip(other) {
        *mine = (*mine).max(*theirs);
    }
}
