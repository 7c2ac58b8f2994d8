//! Atomics whose operations are points of a schedule, and whose orderings count.

pub use std::sync::atomic::Ordering;

use parking_lot::Mutex;

use crate::check::clocks::{self, Clock};

/// `std::sync::atomic::fence`.
///
/// # Panics
///
/// Outside a check, and for a relaxed order.
pub fn fence(order: Ordering) {
    shuttle::sync::atomic::fence(order);
    clocks::fence(order);
}

macro_rules! atomic {
    ($(#[$about:meta])* $name:ident, $value:ty, $($update:ident),*) => {
        $(#[$about])*
        #[derive(Debug, Default)]
        pub struct $name {
            value: shuttle::sync::atomic::$name,
            released: Mutex<Clock>,
        }

        impl $name {
            /// With a first value.
            #[must_use]
            pub const fn new(value: $value) -> Self {
                Self { value: shuttle::sync::atomic::$name::new(value), released: Mutex::new(Clock::new()) }
            }

            /// Reads it.
            ///
            /// # Panics
            ///
            /// For an order that has a release.
            pub fn load(&self, order: Ordering) -> $value {
                assert!(!matches!(order, Ordering::Release | Ordering::AcqRel), "a load can't release");
                let value = self.value.load(Ordering::SeqCst);
                clocks::read(&self.released.lock(), order);
                value
            }

            /// Writes it.
            ///
            /// # Panics
            ///
            /// For an order that has an acquire.
            pub fn store(&self, value: $value, order: Ordering) {
                assert!(!matches!(order, Ordering::Acquire | Ordering::AcqRel), "a store can't acquire");
                self.value.store(value, Ordering::SeqCst);
                clocks::write(&mut self.released.lock(), order, false);
            }

            /// Writes it, and gives what was there.
            pub fn swap(&self, value: $value, order: Ordering) -> $value {
                let before = self.value.swap(value, Ordering::SeqCst);
                self.updated(order);
                before
            }

            /// Writes `new` if it holds `current`.
            ///
            /// # Errors
            ///
            /// What it holds instead.
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let result = self.value.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst);
                if result.is_ok() {
                    self.updated(success);
                } else {
                    clocks::read(&self.released.lock(), failure);
                }
                result
            }

            /// Writes `new` if it holds `current`, and may fail all the same.
            ///
            /// # Errors
            ///
            /// What it holds, which may be `current`.
            pub fn compare_exchange_weak(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if clocks::fails_for_once() {
                    let value = self.value.load(Ordering::SeqCst);
                    clocks::read(&self.released.lock(), failure);
                    return Err(value);
                }
                self.compare_exchange(current, new, success, failure)
            }

            /// Applies `f` until nobody comes in between, or `f` gives nothing.
            ///
            /// # Errors
            ///
            /// The value for which `f` gave nothing.
            pub fn fetch_update(
                &self,
                success: Ordering,
                failure: Ordering,
                mut f: impl FnMut($value) -> Option<$value>,
            ) -> Result<$value, $value> {
                let mut value = self.load(failure);
                while let Some(new) = f(value) {
                    match self.compare_exchange(value, new, success, failure) {
                        Ok(before) => return Ok(before),
                        Err(now) => value = now,
                    }
                }
                Err(value)
            }

            $(
                #[doc = concat!("`", stringify!($update), "` of the real one: gives what was there.")]
                pub fn $update(&self, value: $value, order: Ordering) -> $value {
                    let before = self.value.$update(value, Ordering::SeqCst);
                    self.updated(order);
                    before
                }
            )*

            fn updated(&self, order: Ordering) {
                let mut released = self.released.lock();
                clocks::read(&released, order);
                clocks::write(&mut released, order, true);
            }
        }
    };
}

atomic!(
    /// A flag.
    AtomicBool, bool, fetch_and, fetch_or, fetch_xor
);
atomic!(
    /// A number of 32 bits.
    AtomicU32, u32, fetch_add, fetch_sub, fetch_max, fetch_min, fetch_and, fetch_or
);
atomic!(
    /// A number of 64 bits.
    AtomicU64, u64, fetch_add, fetch_sub, fetch_max, fetch_min, fetch_and, fetch_or
);
atomic!(
    /// A number as wide as an address.
    AtomicUsize, usize, fetch_add, fetch_sub, fetch_max, fetch_min, fetch_and, fetch_or
);
atomic!(
    /// A number of 64 bits with a sign.
    AtomicI64, i64, fetch_add, fetch_sub, fetch_max, fetch_min
);
