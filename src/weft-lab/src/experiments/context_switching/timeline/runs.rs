//! From the gaps in a task's clock to the times when it ran. Pure.

/// From and to, in nanoseconds.
pub(super) type Span = [u64; 2];

/// When a task ran between `start` and `end`, given the gaps in which it stood still, in order.
pub(super) fn between_gaps([start, end]: Span, gaps: &[Span]) -> Vec<Span> {
    let mut runs = Vec::with_capacity(gaps.len() + 1);
    let mut from = start;
    for &[stopped, resumed] in gaps {
        runs.push([from, stopped.min(end)]);
        from = resumed;
    }
    runs.push([from, end]);
    runs.retain(|[from, to]| from < to);
    runs
}

/// The runs that a task was stopped after and had been resumed before: whole slices, neither the first nor the last.
pub(super) fn whole_slices(gaps: &[Span]) -> Vec<u64> {
    gaps.windows(2)
        .map(|pair| pair[1][0].saturating_sub(pair[0][1]))
        .collect()
}

/// For how long two lists of spans, each in order, overlap.
pub(super) fn overlap(first: &[Span], second: &[Span]) -> u64 {
    let (mut i, mut j, mut total) = (0, 0, 0);
    while let (Some(a), Some(b)) = (first.get(i), second.get(j)) {
        total += a[1].min(b[1]).saturating_sub(a[0].max(b[0]));
        if a[1] <= b[1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    total
}

/// The sum of the lengths.
pub(super) fn total(spans: &[Span]) -> u64 {
    spans.iter().map(|[from, to]| to.saturating_sub(*from)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_task_runs_between_its_gaps() {
        assert_eq!(
            between_gaps([0, 100], &[[20, 60], [80, 90]]),
            [[0, 20], [60, 80], [90, 100]]
        );
        assert_eq!(between_gaps([0, 100], &[]), [[0, 100]]);
        assert_eq!(
            between_gaps([0, 100], &[[20, 130]]),
            [[0, 20]],
            "it was resumed after the end"
        );
        assert_eq!(whole_slices(&[[20, 60], [80, 90], [95, 99]]), [20, 5]);
        assert!(whole_slices(&[[20, 60]]).is_empty());
    }

    #[test]
    fn spans_overlap_where_both_are() {
        assert_eq!(overlap(&[[0, 10], [20, 30]], &[[5, 25]]), 5 + 5);
        assert_eq!(overlap(&[[0, 10]], &[[10, 20]]), 0);
        assert_eq!(overlap(&[], &[[10, 20]]), 0);
    }

    /// Spans in order, from the distances between their ends.
    fn spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((0_u64..50, 1_u64..50), 0..20).prop_map(|steps| {
            let mut at = 0;
            let place = |(gap, length): (u64, u64)| {
                at += gap;
                let from = at;
                at += length;
                [from, at]
            };
            steps.into_iter().map(place).collect()
        })
    }

    proptest! {
        #[test]
        fn runs_and_gaps_fill_the_time(gaps in spans()) {
            let end = gaps.last().map_or(100, |gap| gap[1] + 10);
            let runs = between_gaps([0, end], &gaps);
            prop_assert_eq!(total(&runs) + total(&gaps), end);
            prop_assert_eq!(overlap(&runs, &gaps), 0);
        }

        #[test]
        fn an_overlap_is_the_same_from_both_sides(first in spans(), second in spans()) {
            let both = overlap(&first, &second);
            prop_assert_eq!(both, overlap(&second, &first));
            prop_assert!(both <= total(&first).min(total(&second)));
            prop_assert_eq!(overlap(&first, &first), total(&first));
        }
    }
}
