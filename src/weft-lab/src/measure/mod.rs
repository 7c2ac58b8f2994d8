//! How quantities are measured: the clock, batches, interleaved rounds, and when to stop.

mod clock;
mod court;
pub mod ring;
mod rounds;

pub use clock::{Clock, ClockCost, MonotonicClock, Nanos, ReplayClock, batch_size, pause};
pub use court::Court;
pub use rounds::{LOOKS, LookFn, Plan, Rounds, Sampled, decided};
