//! Under which scheduler the tasks of a ring run.

use std::io;
use std::time::Duration;

use super::clock::{Clock, MonotonicClock, pause};
use crate::sys::{self, Scheduler};

/// A real-time task may use 95% of a core (`sched(7)`), so a batch is followed by a rest: this long, or a tenth of the
/// batch.
const REST: Duration = Duration::from_millis(2);

/// How the tasks of a run are scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Court {
    /// The class that they run in.
    pub scheduler: Scheduler,
}

impl Court {
    /// The scheduler that `wanted` names: `fair`, or else real time where that is allowed. Where it isn't, the fair one
    /// and what the system said.
    #[must_use]
    pub fn open(wanted: &str) -> (Self, Option<io::Error>) {
        let fair = Court {
            scheduler: Scheduler::Fair,
        };
        if wanted == "fair" {
            return (fair, None);
        }
        match sys::set_scheduler(Scheduler::Fifo).and_then(|()| sys::set_scheduler(Scheduler::Fair)) {
            Ok(()) => {
                let scheduler = Scheduler::Fifo;
                (Court { scheduler }, None)
            }
            Err(error) => (fair, Some(error)),
        }
    }

    /// Runs `play` with this scheduler, which the tasks that it makes inherit.
    pub fn play<T>(self, play: impl FnOnce() -> T) -> T {
        let real_time = self.scheduler == Scheduler::Fifo && sys::set_scheduler(Scheduler::Fifo).is_ok();
        let start = MonotonicClock.now();
        let played = play();
        if real_time {
            let _back = sys::set_scheduler(Scheduler::Fair);
            pause(REST.max(Duration::from_nanos(MonotonicClock.now().since(start).0 / 10)));
        }
        played
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fair_scheduler_is_always_allowed() {
        let (court, refused) = Court::open("fair");
        assert_eq!(court.scheduler, Scheduler::Fair);
        assert!(refused.is_none());
        assert_eq!(court.play(|| 7), 7);
    }
}
