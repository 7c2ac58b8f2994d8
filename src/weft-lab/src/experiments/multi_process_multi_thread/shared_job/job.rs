//! The job: counting all bytes of an array, or changing every word of it.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::text::Text;

/// What is done to the array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Job {
    /// How often does each byte occur? The result is small.
    Count,
    /// Turn the bits of each word around. The result is as large as the array.
    Change,
}

impl Job {
    pub(super) const ALL: [Job; 2] = [Job::Count, Job::Change];

    pub(super) fn id(self) -> &'static str {
        match self {
            Job::Count => "count",
            Job::Change => "change",
        }
    }

    pub(super) fn label(self) -> Text {
        match self {
            Job::Count => text!("count the bytes"),
            Job::Change => text!("change every word"),
        }
    }

    /// The job with this id; counting where there is none.
    pub(super) fn find(id: &str) -> Job {
        Job::ALL.into_iter().find(|job| job.id() == id).unwrap_or(Job::Count)
    }
}

/// How often each byte occurs.
pub(super) const BINS: usize = 256;

/// Adds the bytes of these words to `bins`.
pub(super) fn count(words: impl Iterator<Item = u64>, bins: &mut [u64; BINS]) {
    for word in words {
        for byte in word.to_le_bytes() {
            bins[usize::from(byte)] += 1;
        }
    }
}

/// Changes a word; done twice, it is as it was.
pub(super) fn change(word: u64) -> u64 {
    word.reverse_bits()
}

/// The word that stands at `place` at first.
pub(super) fn original(place: usize) -> u64 {
    let mut word = (place as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    word ^= word >> 29;
    // Small numbers are common in what people count: the low byte of each word is one.
    word & !0xff | word >> 60
}

/// The words as they are now.
pub(super) fn values(words: &[AtomicU64]) -> impl Iterator<Item = u64> {
    words.iter().map(|word| word.load(Relaxed))
}

/// Changes the words where they stand.
pub(super) fn change_in_place(words: &[AtomicU64]) {
    for word in words {
        word.store(change(word.load(Relaxed)), Relaxed);
    }
}

/// Which of so many words worker `which` of `workers` works on.
pub(super) fn part(words: usize, which: usize, workers: usize) -> Range<usize> {
    let size = words.div_ceil(workers);
    let start = (which * size).min(words);
    start..(start + size).min(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn array(count: usize) -> Vec<AtomicU64> {
        (0..count).map(|place| AtomicU64::new(original(place))).collect()
    }

    proptest! {
        #[test]
        fn parts_are_the_whole(count in 0_usize..300, workers in 1_usize..20) {
            let joined: Vec<usize> = (0..workers).flat_map(|which| part(count, which, workers)).collect();
            prop_assert_eq!(joined, (0..count).collect::<Vec<_>>());
        }

        #[test]
        fn each_byte_is_counted_once(count in 0_usize..300) {
            let words = array(count);
            let mut bins = [0; BINS];
            super::count(values(&words), &mut bins);
            prop_assert_eq!(bins.iter().sum::<u64>(), 8 * count as u64);
        }
    }

    #[test]
    fn changed_twice_it_is_as_before() {
        let words = array(10);
        change_in_place(&words);
        assert!(
            values(&words)
                .enumerate()
                .all(|(place, word)| word == change(original(place)))
        );
        change_in_place(&words);
        assert!(values(&words).enumerate().all(|(place, word)| word == original(place)));
    }
}
