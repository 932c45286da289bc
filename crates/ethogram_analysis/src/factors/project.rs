use super::{Factors, FactorsOf};
use crate::map::Points;
use crate::parallel::fill_both;
use crate::{Error, Result};

/// Most rounds of the descent of a row, and the share of its first change at which it ends.
const ROUNDS: usize = 200;
const TOLERANCE: f64 = 1e-6;

/// Rows as sums of factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Projected {
    /// How much of a row's sum is each factor's: its weight times the direction's norm; of signed rows, of the positive part less that of the
    /// negative one. **Shape**: `[rows, factors]`.
    pub shares: Vec<f32>,
    /// What is left of a row's sum: over the channels, the row less what the factors make of it. **Shape**: `[rows]`.
    pub residual: Vec<f32>,
}

impl Factors {
    /// Each row as a sum of the factors as near to it as can be, no weight below 0 (of signed rows, of either side). A row's shares and
    /// its residual add up to the sum of its channels (of activations, of those above 0).
    ///
    /// **Errors**: rows of another width.
    pub fn project(&self, points: Points, of: FactorsOf) -> Result<Projected> {
        if points.width() != self.width() {
            return Err(Error::LengthMismatch {
                argument: "points",
                found: points.width(),
                expected: self.width(),
                like: "channels of the factors",
            });
        }
        let products = self.products();
        let (count, width) = (self.count(), self.width());
        let mut projected = Projected { shares: vec![0.0; points.rows() * count], residual: vec![0.0; points.rows()] };
        fill_both((&mut projected.shares, count), (&mut projected.residual, 1), |first, shares, residual| {
            let rows = points.values()[first * width..].chunks(width);
            for ((row, shares), residual) in rows.zip(shares.chunks_mut(count)).zip(residual) {
                let found = self.project_row(row, of, &products);
                *residual = (sum(row, of) - found.iter().sum::<f64>()) as f32;
                shares.iter_mut().zip(found).for_each(|(share, found)| *share = found as f32);
            }
        });
        Ok(projected)
    }

    fn project_row(&self, row: &[f32], of: FactorsOf, products: &[f64]) -> Vec<f64> {
        let weights = |sign: f32| {
            let toward: Vec<f64> = (0..self.count())
                .map(|factor| {
                    let direction = self.direction(factor);
                    row.iter().zip(direction).map(|(value, along)| f64::from((sign * value).max(0.0) * along)).sum()
                })
                .collect();
            nearest(&toward, products)
        };
        let mut shares = weights(1.0);
        if of == FactorsOf::Signed {
            shares.iter_mut().zip(weights(-1.0)).for_each(|(share, negative)| *share -= negative);
        }
        shares.iter_mut().zip(self.norms()).for_each(|(share, norm)| *share *= f64::from(*norm));
        shares
    }

    /// Products of all pairs of directions.
    fn products(&self) -> Vec<f64> {
        let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        let all = 0..self.count();
        all.clone()
            .flat_map(|a| all.clone().map(move |b| (a, b)))
            .map(|(a, b)| product(self.direction(a), self.direction(b)))
            .collect()
    }
}

/// What shares and residual add up to.
fn sum(row: &[f32], of: FactorsOf) -> f64 {
    let counted = |value: &f32| f64::from(if of == FactorsOf::Activations { value.max(0.0) } else { *value });
    row.iter().map(counted).sum()
}

/// Weights, none negative, of least squared error, by coordinate descent: convex, so that where it begins is no matter.
fn nearest(toward: &[f64], products: &[f64]) -> Vec<f64> {
    let count = toward.len();
    let mut weights = vec![0.0; count];
    let mut first = 0.0;
    for round in 0..ROUNDS {
        let mut change = 0.0;
        for factor in 0..count {
            let curvature = products[factor * count + factor];
            if curvature <= 0.0 {
                continue;
            }
            let slope: f64 = products[factor * count..][..count].iter().zip(&weights).map(|(p, w)| p * w).sum::<f64>()
                - toward[factor];
            let to = (weights[factor] - slope / curvature).max(0.0);
            change += (to - weights[factor]).abs() * curvature;
            weights[factor] = to;
        }
        if round == 0 {
            first = change;
        }
        if change <= TOLERANCE * first {
            break;
        }
    }
    weights
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use crate::NmfParams;
    use ethogram_random::Random;

    fn points(rows: usize, width: usize, low: f32) -> Vec<f32> {
        let mut random = Random::new(5);
        (0..rows * width).map(|_| low + (1.0 - low) * random.uniform()).collect()
    }

    #[test]
    fn shares_and_residual_add_up_to_the_row() {
        for (of, low) in [(FactorsOf::Activations, 0.0), (FactorsOf::Signed, -1.0)] {
            let values = points(300, 6, low);
            let points = Points::new(&values, 6).unwrap();
            let factors = Factors::find(points, of, &NmfParams { factors: 3, ..NmfParams::default() }).unwrap();
            let projected = factors.project(points, of).unwrap();
            for (row, values) in values.chunks(6).enumerate() {
                let shares: f32 = projected.shares[row * 3..][..3].iter().sum();
                let sum: f32 = values.iter().sum();
                assert!((shares + projected.residual[row] - sum).abs() < 1e-4, "{of:?} row {row}");
            }
        }
    }

    #[test]
    fn what_is_made_of_the_directions_leaves_nothing() {
        let directions = vec![1.0, 0.0, 1.0, 0.0, 2.0, 0.0];
        let factors = Factors::of_directions(directions, 3).unwrap();
        let rows = [3.0, -4.0, 3.0, -1.0, 0.0, -1.0];
        let projected = factors.project(Points::new(&rows, 3).unwrap(), FactorsOf::Signed).unwrap();
        let near = |found: &[f32], expected: &[f32]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{found:?} {expected:?}");
        };
        near(&projected.shares, &[6.0, -4.0, -2.0, 0.0]);
        near(&projected.residual, &[0.0, 0.0]);
    }

    #[test]
    fn rows_of_another_width_and_negative_directions_are_told() {
        let factors = Factors::of_directions(vec![1.0, 0.0], 2).unwrap();
        assert!(factors.project(Points::new(&[1.0; 3], 3).unwrap(), FactorsOf::Activations).is_err());
        assert!(Factors::of_directions(vec![1.0, -1.0], 2).is_err());
    }
}
