//! Could what several threads saw of a queue have happened one call after the other? (Herlihy and Wing 1990)

use std::collections::{HashSet, VecDeque};

use parking_lot::Mutex;

/// A call that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    /// What went in or came out.
    pub(super) what: What,
    /// The moment it began, and the one it ended.
    pub(super) from: usize,
    pub(super) to: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Put(u64),
    Took(u64),
}

/// The calls of one schedule.
#[derive(Debug, Default)]
pub(super) struct History {
    now: Mutex<usize>,
    calls: Mutex<Vec<Call>>,
}

impl History {
    fn tick(&self) -> usize {
        let mut now = self.now.lock();
        *now += 1;
        *now
    }

    /// A call, from its beginning to its end.
    pub(super) fn note(&self, call: impl FnOnce() -> What) -> What {
        let from = self.tick();
        let what = call();
        let to = self.tick();
        self.calls.lock().push(Call { what, from, to });
        what
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().clone()
    }
}

/// Is there an order of the calls, each somewhere between its beginning and its end, in which a queue of this capacity
/// does what they saw? At most 32 calls.
pub(super) fn is_linearizable(calls: &[Call], capacity: usize) -> bool {
    place(calls, capacity, 0, &VecDeque::new(), &mut HashSet::new())
}

fn place(
    calls: &[Call],
    capacity: usize,
    done: u32,
    queue: &VecDeque<u64>,
    tried: &mut HashSet<(u32, VecDeque<u64>)>,
) -> bool {
    let open = |index: &usize| done & (1 << index) == 0;
    let Some(first_end) = (0..calls.len()).filter(open).map(|index| calls[index].to).min() else {
        return true;
    };
    if !tried.insert((done, queue.clone())) {
        return false;
    }
    // Only a call that began before every open one ended can be the next.
    (0..calls.len())
        .filter(open)
        .filter(|index| calls[*index].from < first_end)
        .any(|index| {
            let mut queue = queue.clone();
            let fits = match calls[index].what {
                What::Put(item) => {
                    queue.push_back(item);
                    queue.len() <= capacity
                }
                What::Took(item) => queue.pop_front() == Some(item),
            };
            fits && place(calls, capacity, done | (1 << index), &queue, tried)
        })
}

#[cfg(test)]
mod tests {
    use super::What::{Put, Took};
    use super::*;

    #[track_caller]
    fn check(calls: &[(What, usize, usize)], capacity: usize, expected: bool) {
        let calls: Vec<Call> = calls.iter().map(|&(what, from, to)| Call { what, from, to }).collect();
        assert_eq!(is_linearizable(&calls, capacity), expected);
    }

    #[test]
    fn one_after_the_other_must_be_first_in_first_out() {
        check(
            &[(Put(1), 1, 2), (Put(2), 3, 4), (Took(1), 5, 6), (Took(2), 7, 8)],
            2,
            true,
        );
        check(
            &[(Put(1), 1, 2), (Put(2), 3, 4), (Took(2), 5, 6), (Took(1), 7, 8)],
            2,
            false,
        );
    }

    #[test]
    fn calls_at_the_same_time_may_be_in_any_order() {
        check(
            &[(Put(1), 1, 3), (Put(2), 2, 4), (Took(2), 5, 6), (Took(1), 7, 8)],
            2,
            true,
        );
        check(&[(Took(1), 1, 4), (Put(1), 2, 3)], 1, true);
    }

    #[test]
    fn a_full_one_takes_no_more() {
        check(
            &[(Put(1), 1, 2), (Put(2), 3, 4), (Took(1), 5, 6), (Took(2), 7, 8)],
            1,
            false,
        );
        check(
            &[(Put(1), 1, 2), (Put(2), 3, 6), (Took(1), 4, 5), (Took(2), 7, 8)],
            1,
            true,
        );
    }

    #[test]
    fn nothing_comes_out_before_it_went_in() {
        check(&[(Took(1), 1, 2), (Put(1), 3, 4)], 1, false);
        check(&[(Put(1), 1, 2), (Took(1), 3, 4), (Took(1), 5, 6)], 1, false);
    }
}
