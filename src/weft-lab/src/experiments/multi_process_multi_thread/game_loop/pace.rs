//! The loop itself: a picture for each refresh of the screen, and as many fixed steps of the simulation as time has gone
//! by.

use std::time::Duration;

use crate::measure::{Clock, Nanos, pause};

/// At most so many steps a frame: a game that is too slow for its steps would else owe more of them with each frame.
pub(super) const MOST_STEPS: u64 = 4;
/// What the loop spins away before a refresh, since a sleep ends a little late.
const SPIN: Nanos = Nanos(150_000);

/// One frame, as it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// From its refresh until its picture was done.
    pub(super) time: Nanos,
    /// How many refreshes went by without it.
    pub(super) missed: u64,
}

/// The time that the simulation still owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Accumulator(u64);

impl Accumulator {
    /// `passed` more time is owed; how many steps of this length to take. What is beyond the most is given up.
    pub(super) fn steps(&mut self, passed: Nanos, step: Nanos) -> u64 {
        self.0 += passed.0;
        let owed = self.0 / step.0;
        self.0 %= step.0;
        owed.min(MOST_STEPS)
    }
}

/// How many refreshes a picture missed that was done `late` after the refresh that it was for.
pub(super) fn missed(late: Nanos, period: Nanos) -> u64 {
    late.0.div_ceil(period.0)
}

/// Plays for `budget` at one refresh a `period`. `work` does the work of a frame, given the number of steps.
///
/// # Errors
///
/// What `work` says.
pub(super) fn play<E>(
    clock: &dyn Clock,
    period: Nanos,
    budget: Duration,
    mut work: impl FnMut(u64) -> Result<(), E>,
) -> Result<Vec<Frame>, E> {
    let mut frames = Vec::new();
    let mut owed = Accumulator::default();
    let begin = clock.now();
    let mut last = Nanos(begin.0.saturating_sub(period.0));
    let mut refresh = begin;
    while refresh.since(begin) < Nanos::from(budget) {
        wait_until(clock, refresh);
        let steps = owed.steps(refresh.since(last), period);
        last = refresh;
        work(steps)?;
        let time = clock.now().since(refresh);
        let missed = missed(time.since(period), period);
        frames.push(Frame { time, missed });
        refresh = Nanos(refresh.0 + (1 + missed) * period.0);
    }
    Ok(frames)
}

fn wait_until(clock: &dyn Clock, time: Nanos) {
    let rest = time.since(clock.now()).since(SPIN);
    if rest > Nanos(0) {
        pause(Duration::from_nanos(rest.0));
    }
    while clock.now() < time {
        std::hint::spin_loop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::ReplayClock;

    /// The frames of a game of which each takes the next of these times, in thousands of nanoseconds.
    fn frames(times: &[u64]) -> (Vec<Frame>, Vec<u64>) {
        // Reading the clock moves it by one nanosecond, so that waiting comes to an end.
        let clock = ReplayClock::stepping(1);
        clock.advance(1_000_000);
        let mut times = times.iter().copied().chain(std::iter::repeat(1));
        let mut steps = Vec::new();
        let played: Result<_, ()> = play(&clock, Nanos(100_000), Duration::from_micros(550), |count| {
            clock.advance(times.next().unwrap_or_default() * 1_000);
            steps.push(count);
            Ok(())
        });
        (played.unwrap(), steps)
    }

    #[test]
    fn a_game_that_is_quick_enough_misses_nothing() {
        let (played, steps) = frames(&[10, 99, 50]);
        assert!(played.iter().all(|frame| frame.missed == 0));
        assert_eq!(played[0].time.0 / 1_000, 10);
        assert_eq!(steps, [1; 6]);
    }

    #[test]
    fn a_late_picture_misses_refreshes_and_the_simulation_catches_up() {
        let (played, steps) = frames(&[10, 250, 10]);
        let missed: Vec<u64> = played.iter().map(|frame| frame.missed).collect();
        assert_eq!(missed, [0, 2, 0, 0]);
        assert_eq!(steps, [1, 1, 3, 1], "two refreshes went by, so three steps are owed");
    }

    #[test]
    fn the_simulation_gives_up_what_it_can_not_catch_up() {
        let mut owed = Accumulator::default();
        assert_eq!(owed.steps(Nanos(1_000), Nanos(100)), MOST_STEPS);
        assert_eq!(owed.steps(Nanos(150), Nanos(100)), 1);
        assert_eq!(owed.steps(Nanos(60), Nanos(100)), 1, "the rest of 50 is kept");
    }
}
