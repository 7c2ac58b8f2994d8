//! Medians, bootstrap intervals, slopes, and the rule of three.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// An estimate with the interval around it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Interval {
    /// The best estimate.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// A value known exactly, such as a count.
    #[must_use]
    pub fn exact(value: f64) -> Self {
        Interval {
            estimate: value,
            low: value,
            high: value,
        }
    }

    /// Each of the three numbers changed by the increasing function `f`.
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Interval {
            estimate: f(self.estimate),
            low: f(self.low),
            high: f(self.high),
        }
    }
}

/// The median; the mean of the middle two for an even count; `NaN` for none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The quantile `q` in `0..=1`, interpolated linearly (Hyndman and Fan 1996, type 7); `NaN` for no values.
#[must_use]
pub fn quantile(values: &[f64], q: f64) -> f64 {
    let Some((place, part)) = place(values.len(), q) else {
        return f64::NAN;
    };
    // A bootstrap takes thousands of these: the two values wanted are found without putting all in order.
    let mut values = values.to_vec();
    let (_, &mut below, rest) = values.select_nth_unstable_by(place, f64::total_cmp);
    let above = rest.iter().copied().min_by(f64::total_cmp).unwrap_or(below);
    between(below, above, part)
}

fn quantile_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some((place, part)) = place(sorted.len(), q) else {
        return f64::NAN;
    };
    let below = sorted[place];
    between(below, sorted.get(place + 1).copied().unwrap_or(below), part)
}

/// Where a quantile lies among so many values: the place of the one below it, and the part of the way to the next.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "q is in 0..=1, so the index is in range"
)]
fn place(count: usize, q: f64) -> Option<(usize, f64)> {
    let place = q.clamp(0.0, 1.0) * count.checked_sub(1)? as f64;
    Some((place.floor() as usize, place.fract()))
}

fn between(below: f64, above: f64, part: f64) -> f64 {
    // Between two infinities there is nothing to interpolate.
    if part == 0.0 || below.total_cmp(&above).is_eq() {
        return below;
    }
    below + (above - below) * part
}

/// How a bootstrap is done: percentile method (Efron 1979), over whole blocks.
///
/// The same seed gives the same interval, however many threads share the work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// How often the blocks are drawn again.
    pub resamples: usize,
    /// What the draws start from.
    pub seed: u64,
    /// The share of intervals that should cover the truth, such as 0.95.
    pub confidence: f64,
    /// Whether rayon's threads share the work. A worker that measures stays single-threaded.
    pub parallel: bool,
}

impl Bootstrap {
    /// 2,000 resamples on all cores.
    #[must_use]
    pub fn new(seed: u64, confidence: f64) -> Self {
        Bootstrap {
            resamples: 2_000,
            seed,
            confidence,
            parallel: true,
        }
    }

    /// The same, on this thread alone.
    #[must_use]
    pub fn serial(self) -> Self {
        Bootstrap {
            parallel: false,
            ..self
        }
    }

    /// The interval of `statistic`, which is given the indices (below `blocks`) of the blocks drawn.
    ///
    /// With no block everything is `NaN`; draws whose statistic is not finite are left out.
    #[must_use]
    pub fn interval(&self, blocks: usize, statistic: impl Fn(&[usize]) -> f64 + Sync) -> Interval {
        let all: Vec<usize> = (0..blocks).collect();
        let estimate = if blocks == 0 { f64::NAN } else { statistic(&all) };
        let draw = |round: usize| {
            let mut rng = fastrand::Rng::with_seed(
                self.seed
                    .wrapping_add((round as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            );
            let drawn: Vec<usize> = (0..blocks).map(|_| rng.usize(..blocks)).collect();
            statistic(&drawn)
        };
        let rounds = if blocks == 0 { 0 } else { self.resamples };
        let mut drawn: Vec<f64> = if self.parallel {
            (0..rounds).into_par_iter().map(draw).collect()
        } else {
            (0..rounds).map(draw).collect()
        };
        drawn.retain(|value| value.is_finite());
        drawn.sort_by(f64::total_cmp);
        let tail = (1.0 - self.confidence) / 2.0;
        Interval {
            estimate,
            low: quantile_sorted(&drawn, tail),
            high: quantile_sorted(&drawn, 1.0 - tail),
        }
    }

    /// The interval of the median of `blocks`.
    #[must_use]
    pub fn median(&self, blocks: &[f64]) -> Interval {
        let blocks = Ordered::new(blocks);
        self.interval(blocks.values.len(), |drawn| blocks.median(drawn.iter().copied()))
    }

    /// The interval of the ratio `second / first` of paired blocks: the exponential of the median of their log-ratios.
    ///
    /// Pairs beyond the shorter of the two are left out.
    #[must_use]
    pub fn ratio(&self, first: &[f64], second: &[f64]) -> Interval {
        let logs: Vec<f64> = first.iter().zip(second).map(|(a, b)| (b / a).ln()).collect();
        self.median(&logs).map(f64::exp)
    }

    /// The interval of the difference `second - first` of paired blocks: the median of their differences.
    #[must_use]
    pub fn difference(&self, first: &[f64], second: &[f64]) -> Interval {
        let differences: Vec<f64> = first.iter().zip(second).map(|(a, b)| b - a).collect();
        self.median(&differences)
    }

    /// The interval of the slope of `y` over `x`: blocks are drawn again within each group, and the slope is that of
    /// the groups' medians. A group is a value of x with the blocks taken there.
    #[must_use]
    pub fn slope(&self, groups: &[(f64, &[f64])]) -> Interval {
        let longest = groups.iter().map(|(_, blocks)| blocks.len()).max().unwrap_or(0);
        if groups.iter().any(|(_, blocks)| blocks.is_empty()) {
            return Interval {
                estimate: f64::NAN,
                low: f64::NAN,
                high: f64::NAN,
            };
        }
        let groups: Vec<(f64, Ordered)> = groups.iter().map(|&(x, blocks)| (x, Ordered::new(blocks))).collect();
        // One list of draws serves all groups: each takes as many as it has blocks, folded to its length.
        self.interval(longest, |drawn| {
            let middle = |(x, blocks): &(f64, Ordered)| {
                let count = blocks.values.len();
                (*x, blocks.median(drawn.iter().take(count).map(|index| index % count)))
            };
            theil_sen(&groups.iter().map(middle).collect::<Vec<_>>())
        })
    }
}

/// Values of which medians are wanted again and again, of other draws each time: put in order once, each draw only counts
/// how often it has which.
#[derive(Debug)]
pub(crate) struct Ordered {
    values: Vec<f64>,
    /// Where the values stand in order, in the order in which they were given.
    ranks: Vec<usize>,
}

impl Ordered {
    pub(crate) fn new(given: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..given.len()).collect();
        order.sort_by(|&one, &other| given[one].total_cmp(&given[other]));
        let mut ranks = vec![0; given.len()];
        for (rank, &index) in order.iter().enumerate() {
            ranks[index] = rank;
        }
        Ordered {
            values: order.iter().map(|&index| given[index]).collect(),
            ranks,
        }
    }

    /// The median of the values at these indices, to the bit that of [`median`].
    pub(crate) fn median(&self, drawn: impl Iterator<Item = usize>) -> f64 {
        let mut times = vec![0_u32; self.values.len()];
        let mut count = 0;
        for index in drawn {
            times[self.ranks[index]] += 1;
            count += 1;
        }
        let Some((place, part)) = place(count, 0.5) else {
            return f64::NAN;
        };
        let mut passed = 0;
        let mut below = None;
        for (&value, &times) in self.values.iter().zip(&times) {
            passed += times as usize;
            if below.is_none() && passed > place {
                below = Some(value);
            }
            if let Some(below) = below
                && (passed > place + 1 || part == 0.0)
            {
                return between(below, value, part);
            }
        }
        below.unwrap_or(f64::NAN)
    }
}

/// The values at `indices`.
#[must_use]
pub fn pick(values: &[f64], indices: &[usize]) -> Vec<f64> {
    indices.iter().map(|&i| values[i]).collect()
}

/// The median slope of all pairs of points with different x (Theil 1950, Sen 1968); `NaN` if there is no such pair.
#[must_use]
#[expect(clippy::float_cmp, reason = "only the very same abscissa has no slope")]
pub fn theil_sen(points: &[(f64, f64)]) -> f64 {
    let mut slopes = Vec::new();
    for (i, &(x0, y0)) in points.iter().enumerate() {
        for &(x1, y1) in &points[i + 1..] {
            if x0 != x1 {
                slopes.push((y1 - y0) / (x1 - x0));
            }
        }
    }
    median(&slopes)
}

/// The share of `held` in `trials` with its 95% bounds.
///
/// If all held (or none), the bound is the rule of three, `3 / trials` (Hanley and Lippman-Hand 1983); else Wilson's
/// score interval (1927). No trials give `0..=1` around `NaN`.
#[must_use]
pub fn proportion(held: usize, trials: usize) -> Interval {
    if trials == 0 {
        return Interval {
            estimate: f64::NAN,
            low: 0.0,
            high: 1.0,
        };
    }
    let n = trials as f64;
    let share = held as f64 / n;
    if held == trials {
        return Interval {
            estimate: 1.0,
            low: (1.0 - 3.0 / n).max(0.0),
            high: 1.0,
        };
    }
    if held == 0 {
        return Interval {
            estimate: 0.0,
            low: 0.0,
            high: (3.0 / n).min(1.0),
        };
    }
    let z = 1.959_963_984_540_054_f64;
    let centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt() / (1.0 + z * z / n);
    Interval {
        estimate: share,
        low: centre - half,
        high: centre + half,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::statistics::{Data, OrderStatistics};

    use super::*;

    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec(-1e6_f64..1e6, 1..60)
    }

    proptest! {
        #[test]
        fn the_median_is_the_oracle_s(values in numbers()) {
            let oracle = Data::new(values.clone()).median();
            prop_assert!((median(&values) - oracle).abs() <= 1e-9 * oracle.abs().max(1.0));
        }

        #[test]
        fn quantiles_are_in_order_and_within_the_values(values in numbers(), a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(quantile(&values, low) <= quantile(&values, high));
            prop_assert!(quantile(&values, 0.0) <= quantile(&values, low));
            prop_assert!(quantile(&values, high) <= quantile(&values, 1.0));
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            prop_assert_eq!(quantile(&values, a).to_bits(), quantile_sorted(&sorted, a).to_bits());
        }

        #[test]
        fn a_median_of_draws_is_the_median_of_what_was_drawn(values in numbers(), seed: u64, count in 0..80_usize) {
            let mut rng = fastrand::Rng::with_seed(seed);
            let values: Vec<f64> = values.iter().map(|value| (value / 1e5).round()).collect();
            let drawn: Vec<usize> = (0..count).map(|_| rng.usize(..values.len())).collect();
            let found = Ordered::new(&values).median(drawn.iter().copied());
            prop_assert_eq!(found.to_bits(), median(&pick(&values, &drawn)).to_bits());
        }

        #[test]
        fn an_interval_holds_its_estimate(values in numbers(), seed: u64) {
            let interval = Bootstrap { resamples: 200, ..Bootstrap::new(seed, 0.95) }.median(&values);
            prop_assert!(interval.low <= interval.high);
            prop_assert!(values.iter().any(|&value| value <= interval.low) && values.iter().any(|&value| value >= interval.high));
        }

        #[test]
        fn threads_change_nothing(values in numbers(), seed: u64) {
            let bootstrap = Bootstrap { resamples: 50, ..Bootstrap::new(seed, 0.95) };
            prop_assert_eq!(bootstrap.median(&values), bootstrap.serial().median(&values));
        }

        #[test]
        fn a_ratio_does_not_depend_on_the_unit(values in prop::collection::vec(1.0_f64..1e6, 2..40), seed: u64, unit in 1e-3_f64..1e3) {
            let double: Vec<f64> = values.iter().map(|value| value * 2.0).collect();
            let scaled = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value * unit).collect() };
            let bootstrap = Bootstrap { resamples: 50, ..Bootstrap::new(seed, 0.95) };
            let ratio = bootstrap.ratio(&scaled(&values), &scaled(&double));
            prop_assert!((ratio.estimate - 2.0).abs() < 1e-9 && (ratio.low - 2.0).abs() < 1e-9 && (ratio.high - 2.0).abs() < 1e-9);
        }

        #[test]
        fn a_line_s_slope_is_found_through_wild_points(slope in -50.0..50.0_f64, wild in 1e3..1e6_f64) {
            let mut points: Vec<(f64, f64)> = (0..15).map(|x| (f64::from(x), slope * f64::from(x) + 3.0)).collect();
            points[7].1 += wild;
            prop_assert!((theil_sen(&points) - slope).abs() < 1e-9);
        }

        #[test]
        fn a_proportion_lies_in_its_bounds(held in 0_usize..50, more in 0_usize..50) {
            let share = proportion(held, held + more);
            if held + more > 0 {
                prop_assert!(0.0 <= share.low && share.low <= share.estimate && share.estimate <= share.high && share.high <= 1.0);
            }
        }
    }

    #[test]
    fn the_rule_of_three() {
        assert!((proportion(100, 100).low - 0.97).abs() < 1e-12);
        assert!((proportion(0, 300).high - 0.01).abs() < 1e-12);
        assert!(proportion(0, 0).estimate.is_nan());
    }

    #[test]
    fn nothing_gives_no_number() {
        assert!(median(&[]).is_nan());
        assert!(Bootstrap::new(1, 0.95).median(&[]).estimate.is_nan());
        assert!(Bootstrap::new(1, 0.95).slope(&[(1.0, &[])]).estimate.is_nan());
    }

    #[test]
    fn a_slope_of_groups() {
        let (a, b, c) = ([10.0, 11.0, 9.0], [20.0, 21.0, 19.0], [30.0, 29.0, 31.0]);
        let slope = Bootstrap::new(1, 0.95).slope(&[(1.0, &a), (2.0, &b), (3.0, &c)]);
        assert!((slope.estimate - 10.0).abs() < 1e-9 && slope.low >= 9.0 && slope.high <= 11.0);
    }

    /// The share of intervals that hold the truth, for blocks as they come: most near the middle, some far above.
    #[test]
    fn intervals_cover_the_truth() {
        let mut rng = fastrand::Rng::with_seed(7);
        let mut covered = 0;
        for seed in 0..400 {
            let mut block = || 1.0 + rng.f64() * 0.1 + if rng.u8(..10) == 0 { rng.f64() } else { 0.0 };
            let (first, second): (Vec<f64>, Vec<f64>) = (0..16).map(|_| (block(), block())).unzip();
            let interval = Bootstrap {
                resamples: 400,
                ..Bootstrap::new(seed, 0.95)
            }
            .ratio(&first, &second);
            covered += usize::from(interval.low <= 1.0 && 1.0 <= interval.high);
        }
        assert!(covered >= 372, "{covered} of 400 intervals hold the truth");
    }
}
