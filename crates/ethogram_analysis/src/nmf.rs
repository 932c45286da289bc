use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis};

use crate::map::{Points, leading};
use crate::parallel::{fill_both, fill_rows};
use crate::{Error, Result};

/// Entries of the beginning below this are 0.
const SMALL: f64 = 1e-6;
/// Rows that are worked on together: their numbers stay in the cache for both halves of a round. Sums are added up block by block, so that
/// they do not depend on who worked on which.
const BLOCK_ROWS: usize = 512;

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
    let (weights, parts) = beginning(&x, factors);
    let mut descent = Descent::new(&x, weights, parts);
    let mut first = 0.0;
    let mut made = 0;
    for round in 1..=params.rounds {
        let change = descent.round();
        made = round;
        if round == 1 {
            first = change;
        }
        if change <= params.tolerance * first {
            break;
        }
    }
    let relative_error = descent.relative_error();
    let Descent { mut weights, parts, .. } = descent;
    weights.truncate(rows * factors);
    Ok(Nmf { weights, parts: parts.t().iter().copied().collect(), relative_error, rounds: made })
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

/// Both sides on their way.
struct Descent<'a> {
    x: ArrayView2<'a, f32>,
    /// **Shape**: `[rows, factors]`, with rows of zeros after them up to a whole block.
    weights: Vec<f32>,
    /// **Shape**: `[width, factors]`.
    parts: Array2<f32>,
}

impl<'a> Descent<'a> {
    fn new(x: &ArrayView2<'a, f32>, weights: Array2<f32>, parts: Array2<f32>) -> Self {
        let mut weights = weights.into_raw_vec_and_offset().0;
        weights.resize(x.nrows().next_multiple_of(BLOCK_ROWS) * parts.ncols(), 0.0);
        Descent { x: *x, weights, parts }
    }

    /// Weights, the parts being held, then parts, the weights being held. How far entries could still fall.
    fn round(&mut self) -> f64 {
        let (width, factors) = self.parts.dim();
        let (x, parts) = (self.x, &self.parts);
        let products = parts.t().dot(parts);
        // What a block says: Xᵀ·weights, weightsᵀ·weights, and its change.
        let told = width * factors + factors * factors + 1;
        let mut sums = vec![0.0_f64; self.weights.len() / factors / BLOCK_ROWS * told];
        fill_both((&mut self.weights, BLOCK_ROWS * factors), (&mut sums, told), |first, weights, sums| {
            let mut toward = Array2::zeros((BLOCK_ROWS, factors));
            let (mut pulled, mut squares) = (Array2::zeros((width, factors)), Array2::zeros((factors, factors)));
            for (at, (weights, sums)) in weights.chunks_mut(BLOCK_ROWS * factors).zip(sums.chunks_mut(told)).enumerate()
            {
                let x = block(&x, first + at);
                let rows = x.nrows();
                let weights = &mut weights[..rows * factors];
                let mut toward = toward.slice_mut(ndarray::s![..rows, ..]);
                general_mat_mul(1.0, &x, parts, 0.0, &mut toward);
                let toward = toward.as_slice().expect("rows one after the other");
                sums[told - 1] = descend(weights, factors, &products, toward);
                let weights = ArrayView2::from_shape((rows, factors), weights).expect("whole rows");
                general_mat_mul(1.0, &x.t(), &weights, 0.0, &mut pulled);
                general_mat_mul(1.0, &weights.t(), &weights, 0.0, &mut squares);
                sums.iter_mut().zip(pulled.iter().chain(&squares)).for_each(|(sum, found)| *sum = f64::from(*found));
            }
        });
        let mut whole = vec![0.0_f64; told];
        for block in sums.chunks(told) {
            whole.iter_mut().zip(block).for_each(|(whole, sum)| *whole += sum);
        }
        let whole: (Vec<f32>, f64) = (whole.iter().map(|sum| *sum as f32).collect(), whole[told - 1]);
        let (toward, squares) = whole.0[..told - 1].split_at(width * factors);
        let squares = Array2::from_shape_vec((factors, factors), squares.to_vec()).expect("a square");
        let parts = self.parts.as_slice_mut().expect("rows one after the other");
        whole.1 + descend(parts, factors, &squares, toward)
    }

    /// |X − weights · parts| / |X|, Frobenius; 0 when X is 0.
    fn relative_error(&self) -> f64 {
        let factors = self.parts.ncols();
        let blocks = self.x.nrows().div_ceil(BLOCK_ROWS);
        let mut lengths = vec![0.0_f64; 2 * blocks];
        fill_rows(&mut lengths, 2, |first, lengths| {
            for (at, length) in lengths.chunks_mut(2).enumerate() {
                let x = block(&self.x, first + at);
                let weights = &self.weights[(first + at) * BLOCK_ROWS * factors..][..x.nrows() * factors];
                let weights = ArrayView2::from_shape((x.nrows(), factors), weights).expect("whole rows");
                let mut rest = x.to_owned();
                general_mat_mul(-1.0, &weights, &self.parts.t(), 1.0, &mut rest);
                length[0] = rest.iter().map(|value| f64::from(*value).powi(2)).sum();
                length[1] = x.iter().map(|value| f64::from(*value).powi(2)).sum();
            }
        });
        let length = |which: usize| lengths.iter().skip(which).step_by(2).sum::<f64>().sqrt();
        if length(1) > 0.0 { length(0) / length(1) } else { 0.0 }
    }
}

/// Rows of one block; fewer at the end.
fn block<'a>(x: &ArrayView2<'a, f32>, index: usize) -> ArrayView2<'a, f32> {
    let first = index * BLOCK_ROWS;
    let rows = BLOCK_ROWS.min(x.nrows() - first);
    (*x).slice_move(ndarray::s![first..first + rows, ..])
}

/// Moves each entry of some rows to where the error is least, one after the other. How far entries could still fall.
fn descend(of: &mut [f32], factors: usize, products: &Array2<f32>, toward: &[f32]) -> f64 {
    let products = products.as_slice().expect("rows one after the other");
    let mut change = 0.0;
    for (row, toward) in of.chunks_exact_mut(factors).zip(toward.chunks_exact(factors)) {
        for (factor, products) in products.chunks_exact(factors).enumerate() {
            let slope =
                products.iter().zip(&*row).map(|(product, value)| product * value).sum::<f32>() - toward[factor];
            change += f64::from(if row[factor] == 0.0 { slope.min(0.0) } else { slope }.abs());
            let curvature = products[factor];
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
    use ethogram_random::Random;

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
