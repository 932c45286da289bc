use ndarray::{Array2, ArrayView2, Axis};

use crate::map::{Points, leading};
use crate::{Error, Result};

/// Entries of the beginning below this are 0.
const SMALL: f64 = 1e-6;

/// How a factorisation is made.
#[derive(Clone, Debug, PartialEq)]
pub struct NmfParams {
    /// Factors.
    pub factors: usize,
    /// Most rounds.
    pub rounds: usize,
    /// Ends when a round changes so little, of what the first changed.
    pub tolerance: f64,
}

impl Default for NmfParams {
    fn default() -> Self {
        NmfParams { factors: 6, rounds: 200, tolerance: 1e-4 }
    }
}

/// Rows as sums of a few parts, none negative: `X ≈ weights · parts`.
#[derive(Clone, Debug, PartialEq)]
pub struct Nmf {
    /// How much of each part a row has. **Shape**: `[rows, factors]`.
    pub weights: Vec<f32>,
    /// The parts. **Shape**: `[factors, width]`.
    pub parts: Vec<f32>,
    /// |X − weights · parts| / |X|, Frobenius; 0 when X is 0.
    pub relative_error: f64,
    /// Rounds that were made.
    pub rounds: usize,
}

/// Non-negative factors by coordinate descent on half the squared error, begun at the singular vectors (NNDSVD): nothing is left to
/// chance. Parts are in the order of the singular values that they began at.
///
/// **Errors** when a number is negative, or `factors` is 0 or more than rows or coordinates.
///
/// **Source** Cichocki and Phan (2009), "Fast local algorithms for large scale nonnegative matrix and tensor factorizations"; Boutsidis
/// and Gallopoulos (2008) for the beginning; the rounds are those of scikit-learn's solver `cd`.
pub fn nmf(points: Points, params: &NmfParams) -> Result<Nmf> {
    let (rows, width, factors) = (points.rows(), points.width(), params.factors);
    if factors == 0 || factors > rows.min(width) {
        let expected = "1 to the smaller of rows and coordinates";
        return Err(Error::OutOfRange { argument: "factors", expected, found: factors as f64 });
    }
    if let Some(negative) = points.values().iter().find(|&&value| value < 0.0) {
        return Err(Error::OutOfRange { argument: "values", expected: "none below 0", found: f64::from(*negative) });
    }
    let x = ArrayView2::from_shape((rows, width), points.values()).expect("whole rows");
    let (mut weights, mut parts) = beginning(&x, factors);
    let mut first = 0.0;
    let mut made = 0;
    for round in 1..=params.rounds {
        let change = descend(&mut weights, &parts, &x) + descend(&mut parts, &weights, &x.t());
        made = round;
        if round == 1 {
            first = change;
        }
        if change <= params.tolerance * first {
            break;
        }
    }
    let rest = &x - &weights.dot(&parts.t());
    let length = |values: &mut dyn Iterator<Item = &f32>| values.map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
    let whole = length(&mut x.iter());
    let relative_error = if whole > 0.0 { length(&mut rest.iter()) / whole } else { 0.0 };
    Ok(Nmf {
        weights: weights.into_raw_vec_and_offset().0,
        parts: parts.t().iter().copied().collect(),
        relative_error,
        rounds: made,
    })
}

/// Positive or negative sides of singular vectors, whichever is longer. **Shapes**: `[rows, factors]`, `[width, factors]`.
fn beginning(x: &ArrayView2<f32>, factors: usize) -> (Array2<f32>, Array2<f32>) {
    let (rows, width) = x.dim();
    let values: Vec<f32> = x.iter().copied().collect();
    let (squared, directions) = leading(&values, width, factors);
    let (mut weights, mut parts) = (Array2::zeros((rows, factors)), Array2::zeros((width, factors)));
    for factor in 0..factors {
        let singular = squared[factor].max(0.0).sqrt();
        if singular <= 0.0 {
            continue;
        }
        let right = &directions[factor * width..][..width];
        let left: Vec<f64> = x
            .axis_iter(Axis(0))
            .map(|row| row.iter().zip(right).map(|(value, along)| f64::from(*value) * along).sum::<f64>() / singular)
            .collect();
        let side = |values: &[f64], sign: f64| values.iter().map(|value| (sign * value).max(0.0)).collect::<Vec<_>>();
        let length = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>().sqrt();
        let of = |sign| {
            let (left, right) = (side(&left, sign), side(right, sign));
            let (a, b) = (length(&left), length(&right));
            (left, right, a, b)
        };
        let (positive, negative) = (of(1.0), of(-1.0));
        let longer = if positive.2 * positive.3 >= negative.2 * negative.3 { positive } else { negative };
        let (left, right, a, b) = longer;
        if a * b == 0.0 {
            continue;
        }
        // The first pair has one sign, and is taken as it is.
        let scale = (singular * a * b).sqrt();
        let put = |column: &mut Array2<f32>, values: &[f64], length: f64| {
            for (entry, value) in column.column_mut(factor).iter_mut().zip(values) {
                let value = scale * value / length;
                *entry = if value < SMALL { 0.0 } else { value as f32 };
            }
        };
        put(&mut weights, &left, a);
        put(&mut parts, &right, b);
    }
    (weights, parts)
}

/// One round over `of`, the other side being held: each entry to where the error is least. How far entries could still fall.
fn descend(of: &mut Array2<f32>, held: &Array2<f32>, x: &ArrayView2<f32>) -> f64 {
    let factors = of.ncols();
    let products = held.t().dot(held);
    let toward = x.dot(held);
    let mut change = 0.0;
    for (mut row, toward) in of.rows_mut().into_iter().zip(toward.rows()) {
        for factor in 0..factors {
            let slope = (0..factors).map(|other| products[[factor, other]] * row[other]).sum::<f32>() - toward[factor];
            change += f64::from(if row[factor] == 0.0 { slope.min(0.0) } else { slope }.abs());
            let curvature = products[[factor, factor]];
            if curvature > 0.0 {
                row[factor] = (row[factor] - slope / curvature).max(0.0);
            }
        }
    }
    change
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn parts_that_were_put_in_are_found() {
        let mut random = Random::new(2);
        let parts: Vec<Vec<f32>> =
            (0..3).map(|p| (0..12).map(|c| if c / 4 == p { 1.0 } else { 0.0 }).collect()).collect();
        let values: Vec<f32> = (0..40)
            .flat_map(|_| {
                // Without rows that lack a part, parts could not be told apart.
                let weights: [f32; 3] = std::array::from_fn(|_| (random.uniform() - 0.4).max(0.0));
                (0..12).map(|c| (0..3).map(|p| weights[p] * parts[p][c]).sum::<f32>()).collect::<Vec<_>>()
            })
            .collect();
        let found = nmf(Points::new(&values, 12).unwrap(), &NmfParams { factors: 3, ..NmfParams::default() }).unwrap();
        assert!(found.relative_error < 1e-3, "{}", found.relative_error);
        assert!(found.weights.iter().chain(&found.parts).all(|&value| value >= 0.0));
        for part in found.parts.chunks(12) {
            let most = part.iter().copied().fold(0.0_f32, f32::max);
            assert_eq!(part.iter().filter(|&&value| value > 0.05 * most).count(), 4, "{part:?}");
        }
    }

    #[test]
    fn nothing_negative_and_not_too_many_factors() {
        let make = |values: &[f32], factors| {
            nmf(Points::new(values, 2).unwrap(), &NmfParams { factors, ..NmfParams::default() })
        };
        assert!(make(&[1.0, -1.0, 1.0, 1.0], 1).is_err());
        assert!(make(&[1.0, 1.0], 2).is_err());
        assert!(make(&[1.0, 1.0], 0).is_err());
        let zeros = make(&[0.0; 8], 2).unwrap();
        assert!(zeros.relative_error.abs() < f64::EPSILON);
    }
}
