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
/// of its logarithm; between the fewest and the most workers there were. `NaN` for no points.
///
/// `points` are in the order of the workers. With so many points below the bend, those say what one worker does and the
/// others how much all do, so the best bend is the quotient of the two, or the nearest number that leaves as many below.
pub(super) fn bend(points: &[(f64, f64)]) -> f64 {
    let Some(&(most, _)) = points.last() else {
        return f64::NAN;
    };
    let each: Vec<f64> = points.iter().map(|(workers, x)| (x / workers).ln()).collect();
    let all: Vec<f64> = points.iter().map(|(_, x)| x.ln()).collect();
    let bends = (1..points.len()).map(|below| {
        let (each, each_apart) = mean_and_squares(&each[..below]);
        let (all, all_apart) = mean_and_squares(&all[below..]);
        let bend = (all - each).max(points[below - 1].0.ln()).min(points[below].0.ln());
        let weight = (below * (points.len() - below)) as f64 / points.len() as f64;
        (bend, each_apart + all_apart + weight * (all - each - bend).powi(2))
    });
    bends
        .min_by(|one, other| one.1.total_cmp(&other.1))
        .map_or(most, |(bend, _)| bend.exp())
}

/// The mean of some numbers, and the sum of the squares of their distances from it.
fn mean_and_squares(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|value| (value - mean).powi(2)).sum())
}
