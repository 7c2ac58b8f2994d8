//! Numbers for people: three significant digits, units that fit.

use crate::stats::Interval;

/// Three significant digits, never an exponent below a million million: `0.0123`, `4.91`, `52.3`, `1,230`.
#[must_use]
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if !(-6.0..12.0).contains(&magnitude) {
        return format!("{value:.2e}");
    }
    let rounding = 10_f64.powf(2.0 - magnitude);
    let rounded = (value * rounding).round() / rounding;
    let magnitude = rounded.abs().log10().floor();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8")]
    let decimals = (2.0 - magnitude).clamp(0.0, 8.0) as usize;
    grouped(&format!("{rounded:.decimals$}"))
}

/// A whole number with a comma between thousands.
#[must_use]
pub fn count(value: u64) -> String {
    grouped(&value.to_string())
}

fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, rest) = digits.find('.').map_or((digits, ""), |point| digits.split_at(point));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + rest
}

/// The unit in which a value reads well, and the factor to it: 52,300 ns are read in µs.
#[must_use]
pub fn scale(value: f64, unit: &str) -> (f64, &'static str) {
    let size = value.abs();
    let steps: &[(f64, &str)] = match unit {
        "ns" => &[(1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns")],
        "B" => &[(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")],
        "kB" => &[(1e6, "GB"), (1e3, "MB"), (1.0, "kB")],
        "MB/s" => &[(1e3, "GB/s"), (1.0, "MB/s")],
        "ns/MB" => &[(1e6, "ms/MB"), (1e3, "µs/MB"), (1.0, "ns/MB")],
        "1" => &[(1.0, "")],
        "%" => &[(1.0, "%")],
        _ => return (1.0, ""),
    };
    let fitting = steps.iter().find(|(factor, _)| size >= *factor).or(steps.last());
    fitting.map_or((1.0, ""), |&(factor, name)| (1.0 / factor, name))
}

/// A value with the unit in which it reads well: `52.3 µs`.
#[must_use]
pub fn quantity(value: f64, unit: &str) -> String {
    let (factor, name) = scale(value, unit);
    with_unit(&number(value * factor), name, unit)
}

/// A value beside a tick of an axis: as [`quantity`], without zeros behind the point.
#[must_use]
pub fn tick(value: f64, unit: &str) -> String {
    let (factor, name) = scale(value, unit);
    let number = number(value * factor);
    let number = if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        &number
    };
    with_unit(number, name, unit)
}

/// An estimate with its interval: `52.3 µs [50.1, 55.0]`.
#[must_use]
pub fn interval(interval: &Interval, unit: &str) -> String {
    let (factor, name) = scale(interval.estimate, unit);
    let [estimate, low, high] = [interval.estimate, interval.low, interval.high].map(|value| number(value * factor));
    format!("{} [{low}, {high}]", with_unit(&estimate, name, unit))
}

fn with_unit(number: &str, name: &str, unit: &str) -> String {
    match (name, unit) {
        ("", "1") => number.to_owned(),
        ("", unit) => format!("{number} {unit}"),
        ("%", _) => format!("{number}%"),
        (name, _) => format!("{number} {name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: f64, unit: &str, expect: &str) {
        assert_eq!(quantity(value, unit), expect);
    }

    #[test]
    fn quantities_read_well() {
        check(0.0, "ns", "0 ns");
        check(999.6, "ns", "1,000 ns");
        check(52_345.0, "ns", "52.3 µs");
        check(118_000_000.0, "ns", "118 ms");
        check(4.912, "1", "4.91");
        check(0.012_34, "1", "0.0123");
        check(-33.0, "ns", "-33.0 ns");
        check(12_345_678.0, "switches", "12,300,000 switches");
        check(13_600.0, "MB/s", "13.6 GB/s");
        check(12.5, "%", "12.5%");
        check(f64::NAN, "1", "—");
        assert_eq!(
            [tick(30_000.0, "ns"), tick(1.0, "1"), tick(1.05, "1"), tick(200.0, "1")],
            ["30 µs", "1", "1.05", "200"]
        );
    }

    #[test]
    fn an_interval_keeps_one_unit() {
        let value = Interval {
            estimate: 1_200.0,
            low: 900.0,
            high: 1_300.0,
        };
        assert_eq!(interval(&value, "ns"), "1.20 µs [0.900, 1.30]");
        assert_eq!(count(1_234_567), "1,234,567");
    }
}
