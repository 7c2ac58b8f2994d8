//! Where a check's choices come from, so that a fault can be found again.

use std::cell::Cell;

thread_local! {
    static GIVEN: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Runs checks with the seed that a fault named, so that it shows again.
///
/// ```
/// # use weft_lab::check;
/// check::replay(7, || check::workers(|load| load.cores.max(1)));
/// ```
pub fn replay<R>(seed: u32, checks: impl FnOnce() -> R) -> R {
    struct Back(Option<u32>);
    impl Drop for Back {
        fn drop(&mut self) {
            GIVEN.set(self.0);
        }
    }
    let _back = Back(GIVEN.replace(Some(seed)));
    checks()
}

/// The seed of this check: the one given by [`replay`], or a new one, short enough to be typed.
pub(super) fn take() -> u32 {
    GIVEN.get().unwrap_or_else(|| fastrand::u32(..))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_seed_holds_for_its_checks_alone() {
        assert_eq!(replay(7, || (take(), replay(8, take), take())), (7, 8, 7));
        assert_eq!(GIVEN.get(), None);
    }
}
