//! The clock, and what it costs to read it.

use std::cell::Cell;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time, or a point on a clock, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The time from `earlier` to here; 0 when that is later.
    #[must_use]
    pub fn since(self, earlier: Nanos) -> Nanos {
        Nanos(self.0.saturating_sub(earlier.0))
    }

    /// As a number to calculate with.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        self.0 as f64
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Self {
        Nanos(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

/// Tells the time. Injected, so that a test replays readings.
pub trait Clock {
    /// The time now, on a clock that never goes back.
    fn now(&self) -> Nanos;
}

/// `CLOCK_MONOTONIC` (`clock_gettime(2)`): the same for every process of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct MonotonicClock;

impl Clock for MonotonicClock {
    fn now(&self) -> Nanos {
        let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC)
            .map(Duration::from)
            .unwrap_or_default();
        time.into()
    }
}

/// A clock that moves by a fixed step with each reading.
#[derive(Debug, Default)]
pub struct ReplayClock {
    now: Cell<u64>,
    step: u64,
}

impl ReplayClock {
    /// Starts at 0 and moves by `step` nanoseconds a reading.
    #[must_use]
    pub fn stepping(step: u64) -> Self {
        ReplayClock {
            now: Cell::new(0),
            step,
        }
    }

    /// Moves it by `nanos`.
    pub fn advance(&self, nanos: u64) {
        self.now.set(self.now.get() + nanos);
    }
}

impl Clock for ReplayClock {
    fn now(&self) -> Nanos {
        self.advance(self.step);
        Nanos(self.now.get())
    }
}

/// What a clock can show, and what it costs; measured, once a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockCost {
    /// The smallest step between two readings that differ.
    pub resolution: Nanos,
    /// The time that one reading takes.
    pub reading: Nanos,
}

impl ClockCost {
    /// Measures `clock` with a thousand readings.
    pub fn of(clock: &dyn Clock) -> Self {
        const READINGS: u64 = 1_000;
        let start = clock.now();
        let mut last = start;
        let mut resolution = u64::MAX;
        for _ in 0..READINGS {
            let now = clock.now();
            if now > last {
                resolution = resolution.min(now.0 - last.0);
            }
            last = now;
        }
        let resolution = if resolution == u64::MAX { 1 } else { resolution };
        ClockCost {
            resolution: Nanos(resolution),
            reading: Nanos(last.since(start).0 / READINGS),
        }
    }

    /// The shortest time that one timing must take: 1,000 steps of the clock.
    #[must_use]
    pub fn shortest_timing(&self) -> Nanos {
        Nanos(self.resolution.0.saturating_mul(1_000))
    }
}

/// How many operations must be timed together, so that they take at least `shortest`; `once` runs that many.
///
/// # Errors
///
/// What `once` says.
pub fn batch_size<E>(clock: &dyn Clock, shortest: Nanos, mut once: impl FnMut(u64) -> Result<(), E>) -> Result<u64, E> {
    let mut count = 1;
    loop {
        let start = clock.now();
        once(count)?;
        let took = clock.now().since(start);
        if took >= shortest || count >= 1 << 30 {
            return Ok(count);
        }
        count *= 2;
    }
}

/// Lets the machine rest, for example so that a real-time task doesn't use up its share of a core. No synchronisation.
#[expect(
    clippy::disallowed_methods,
    reason = "a rest between measurements, on which no result waits"
)]
pub fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cost_of_a_replayed_clock_is_its_step() {
        let cost = ClockCost::of(&ReplayClock::stepping(20));
        assert_eq!(
            cost,
            ClockCost {
                resolution: Nanos(20),
                reading: Nanos(20)
            }
        );
        assert_eq!(cost.shortest_timing(), Nanos(20_000));
    }

    #[test]
    fn a_batch_lasts_long_enough() {
        let clock = ReplayClock::stepping(0);
        let count = batch_size(&clock, Nanos(1_000), |count| -> Result<(), ()> {
            clock.advance(count * 10);
            Ok(())
        });
        assert_eq!(count, Ok(128));
    }

    #[test]
    fn the_real_clock_goes_on() {
        let start = MonotonicClock.now();
        assert!(MonotonicClock.now() >= start);
    }
}
