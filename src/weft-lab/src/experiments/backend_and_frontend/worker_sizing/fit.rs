//! Where a curve of throughput bends, and the universal scalability law that fits it.

use std::array::from_fn;

/// The parameters of the universal scalability law (Gunther 2007): with n workers the throughput is
/// `first × n / (1 + σ (n − 1) + κ n (n − 1))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Law {
    /// Of one worker.
    pub(super) first: f64,
    /// The share that is done one at a time: contention.
    pub(super) sigma: f64,
    /// What each pair of workers costs: coherence.
    pub(super) kappa: f64,
}

impl Law {
    pub(super) fn at(&self, workers: f64) -> f64 {
        self.first * workers / (1.0 + self.sigma * (workers - 1.0) + self.kappa * workers * (workers - 1.0))
    }

    /// The law that fits points of workers and throughput; none for fewer than three.
    ///
    /// `n / X` is linear in three numbers: `a + b (n − 1) + c n (n − 1)`, with σ = b/a and κ = c/a. Least squares, each
    /// point weighed by `(X / n)²`, so that equal *relative* errors of the throughput count alike.
    pub(super) fn fit(points: &[(f64, f64)]) -> Option<Law> {
        let mut rows = [[0.0; 4]; 3];
        for &(workers, throughput) in points {
            let weight = (throughput / workers).powi(2);
            let terms = [1.0, workers - 1.0, workers * (workers - 1.0)];
            for (row, term) in rows.iter_mut().zip(terms) {
                for (cell, other) in row.iter_mut().zip(terms) {
                    *cell += weight * term * other;
                }
                row[3] += weight * term * workers / throughput;
            }
        }
        let [a, b, c] = solve(rows).filter(|_| points.len() >= 3)?;
        let law = Law {
            first: 1.0 / a,
            sigma: b / a,
            kappa: c / a,
        };
        (a > 0.0 && law.sigma.is_finite() && law.kappa.is_finite()).then_some(law)
    }

    /// How far the law is off at the point that it fits worst, as a share of the throughput.
    pub(super) fn worst(&self, points: &[(f64, f64)]) -> f64 {
        points
            .iter()
            .map(|&(workers, throughput)| (self.at(workers) / throughput - 1.0).abs())
            .fold(0.0, f64::max)
    }
}

/// Three linear equations, each row `[a, b, c, right side]`, by elimination with pivots.
fn solve(mut rows: [[f64; 4]; 3]) -> Option<[f64; 3]> {
    for column in 0..3 {
        let pivot = (column..3).max_by(|&i, &j| rows[i][column].abs().total_cmp(&rows[j][column].abs()))?;
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-300 {
            return None;
        }
        let from = rows[column];
        for (_, row) in rows.iter_mut().enumerate().filter(|(index, _)| *index != column) {
            let factor = row[column] / from[column];
            *row = from_fn(|cell| row[cell] - factor * from[cell]);
        }
    }
    Some(from_fn(|index| rows[index][3] / rows[index][index]))
}

/// Where a curve bends: the number of workers `k` for which `b × min(n, k)` is nearest to the throughput, in least squares
/// of its logarithm; between one and the most workers there were. `NaN` for no points.
pub(super) fn bend(points: &[(f64, f64)]) -> f64 {
    const STEPS: i32 = 60;
    let most = points.iter().map(|point| point.0).fold(f64::NAN, f64::max);
    // A bootstrap does this thousands of times, so no logarithm is taken twice.
    let points: Vec<(f64, f64, f64)> = points.iter().map(|&(n, x)| (n, n.ln(), x.ln())).collect();
    let misfit = |bend: f64| {
        let of_bend = bend.ln();
        let logs = || {
            let of_point = |&(n, log_n, log_x): &(f64, f64, f64)| log_x - if n < bend { log_n } else { of_bend };
            points.iter().map(of_point)
        };
        let mean = logs().sum::<f64>() / points.len() as f64;
        logs().map(|log| (log - mean).powi(2)).sum::<f64>()
    };
    // There may be several hollows, so first a grid finds the deepest, then its bottom is narrowed down.
    let at = |step: f64| most.powf(step / f64::from(STEPS));
    let deepest = (0..=STEPS)
        .map(|step| (f64::from(step), misfit(at(f64::from(step)))))
        .min_by(|one, other| one.1.total_cmp(&other.1));
    let Some((step, _)) = deepest.filter(|_| !points.is_empty()) else {
        return f64::NAN;
    };
    let (mut low, mut high) = ((step - 1.0).max(0.0), (step + 1.0).min(f64::from(STEPS)));
    for _ in 0..25 {
        let (left, right) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if misfit(at(left)) <= misfit(at(right)) {
            high = right;
        } else {
            low = left;
        }
    }
    at(f64::midpoint(low, high))
}
