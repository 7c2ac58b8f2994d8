//! An axis: from values to places, and where its ticks stand.

use crate::text::Text;

/// How an axis is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Equal distances are equal differences.
    Linear,
    /// Equal distances are equal ratios.
    Log,
}

/// An axis with its name and unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What lies along it.
    pub label: Text,
    /// The unit of the values: `ns`, `kB`, `MB/s`, `%`, or `1` for ratios and counts.
    pub unit: &'static str,
    /// How it is divided.
    pub scale: Scale,
    /// Values at which ticks stand; chosen to fit where empty.
    pub ticks: Vec<f64>,
}

impl Axis {
    /// A linear axis.
    #[must_use]
    pub fn linear(label: Text, unit: &'static str) -> Self {
        Axis {
            label,
            unit,
            scale: Scale::Linear,
            ticks: Vec::new(),
        }
    }

    /// A log axis.
    #[must_use]
    pub fn log(label: Text, unit: &'static str) -> Self {
        Axis {
            label,
            unit,
            scale: Scale::Log,
            ticks: Vec::new(),
        }
    }

    /// With ticks at these values.
    #[must_use]
    pub fn at(self, ticks: Vec<f64>) -> Self {
        Axis { ticks, ..self }
    }
}

/// An axis with its ends: values from `min` to `max` lie from `start` to `end`, in pixels or in columns of a
/// terminal.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// How it is divided.
    pub scale: Scale,
    /// The value at `start`.
    pub min: f64,
    /// The value at `end`.
    pub max: f64,
    /// Where the axis begins, in pixels or in a terminal's columns.
    pub start: i32,
    /// Where it ends.
    pub end: i32,
    /// The values at which ticks stand.
    pub ticks: Vec<f64>,
}

impl Span {
    /// An axis that holds all `values` with some room, between two places. A log axis leaves out what is not positive.
    #[must_use]
    pub fn over(axis: &Axis, values: impl Iterator<Item = f64>, (start, end): (i32, i32), most_ticks: usize) -> Span {
        let usable = |value: &f64| value.is_finite() && (axis.scale == Scale::Linear || *value > 0.0);
        let (mut min, mut max) = values
            .chain(axis.ticks.iter().copied())
            .filter(usable)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
                (low.min(value), high.max(value))
            });
        if min > max {
            (min, max) = (1.0, 10.0);
        }
        match axis.scale {
            Scale::Log => {
                let room = (max / min).powf(0.06).max(1.04);
                (min, max) = (min / room, max * room);
            }
            Scale::Linear => {
                let room = (max - min).max(max.abs() * 0.05).max(1e-9) * 0.06;
                min = if min >= 0.0 && min < max * 0.5 { 0.0 } else { min - room };
                max += room;
            }
        }
        let ticks = if axis.ticks.is_empty() {
            ticks(axis.scale, min, max, most_ticks)
        } else {
            axis.ticks.clone()
        };
        Span {
            scale: axis.scale,
            min,
            max,
            start,
            end,
            ticks,
        }
    }

    /// Where a value lies; at the end where it is beyond.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "between start and end")]
    pub fn place(&self, value: f64) -> i32 {
        let at = |value: f64| {
            if self.scale == Scale::Log {
                value.max(f64::MIN_POSITIVE).ln()
            } else {
                value
            }
        };
        let share = ((at(value) - at(self.min)) / (at(self.max) - at(self.min))).clamp(0.0, 1.0);
        self.start + (share * f64::from(self.end - self.start)).round() as i32
    }
}

/// Round values between `min` and `max`, at most `most` of them.
fn ticks(scale: Scale, min: f64, max: f64, most: usize) -> Vec<f64> {
    if scale == Scale::Linear || max / min < 4.0 {
        return linear_ticks(min, max, most);
    }
    let decades = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[1.0]];
    let candidates = |digits: &[f64], every: i32| {
        let mut found = Vec::new();
        for exponent in (-12..=15).filter(|exponent| exponent % every == 0) {
            found.extend(digits.iter().map(|digit| digit * 10_f64.powi(exponent)));
        }
        found.retain(|tick| (min..=max).contains(tick));
        found
    };
    let fitting = decades
        .iter()
        .map(|digits| candidates(digits, 1))
        .find(|found| found.len() <= most);
    fitting.unwrap_or_else(|| candidates(&[1.0], 2))
}

fn linear_ticks(min: f64, max: f64, most: usize) -> Vec<f64> {
    let rough = (max - min) / most.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .iter()
        .map(|digit| digit * power)
        .find(|step| *step >= rough)
        .unwrap_or(power * 10.0);
    let first = (min / step).ceil();
    // Multiplied rather than added up, so that 0.3 is 0.3.
    (0_u32..200)
        .map(|index| (first + f64::from(index)) * step)
        .take_while(|tick| *tick <= max * (1.0 + 1e-12))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(scale: Scale, min: f64, max: f64, expect: &[f64]) {
        let found = ticks(scale, min, max, 8);
        let close = found
            .iter()
            .zip(expect)
            .all(|(a, b)| (a - b).abs() < 1e-9 * b.abs().max(1.0));
        assert!(close && found.len() == expect.len(), "{found:?} instead of {expect:?}");
    }

    #[test]
    fn ticks_are_round() {
        check(Scale::Linear, 0.0, 1.0, &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        check(Scale::Log, 0.9, 1.3, &[0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2, 1.25, 1.3]);
        check(Scale::Log, 0.8, 12.0, &[1.0, 2.0, 5.0, 10.0]);
        check(Scale::Log, 10.0, 1e7, &[10.0, 100.0, 1e3, 1e4, 1e5, 1e6, 1e7]);
    }

    #[test]
    fn places_grow_with_values() {
        let span = Span::over(
            &Axis::log(Text::new("ratio"), "1"),
            [1.0, 100.0].into_iter(),
            (100, 700),
            8,
        );
        assert_eq!(span.place(10.0), 400);
        assert!(span.place(1.0) > 100 && span.place(100.0) < 700);
        assert_eq!(span.place(0.0), 100);
    }

    #[test]
    fn an_empty_axis_is_still_an_axis() {
        let span = Span::over(&Axis::log(Text::new("ratio"), "1"), std::iter::empty(), (0, 100), 8);
        assert!(span.min < span.max);
    }
}
