use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use super::Points;
use crate::{Error, Result};
use ethogram_random::Random;

/// Directions beyond those asked for, which make the search for them quick.
const SPARE: usize = 8;
/// Rounds after which directions of nearly the same length are left as they are.
const ROUNDS_MAX: usize = 300;
/// A direction stands when its share of the variance changes by less, relatively.
const TOLERANCE: f64 = 1e-10;
const SEED: u64 = 0x9e37;
/// Up to this many coordinates their covariance is written out.
const WRITTEN_WIDTH_MAX: usize = 1_024;
/// Rows of one product.
const BLOCK_ROWS: usize = 512;
/// From so many products on, [`pca_quick`] is quick.
const QUICK_FROM: f64 = 5e8;
const QUICK_ROUNDS_MAX: usize = 12;
const QUICK_TOLERANCE: f64 = 1e-4;
/// Rounds where directions need only be about the longest.
const ROUGH_ROUNDS: usize = 4;

/// The directions along which points differ most.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    /// Directions of length 1, the longest first; the largest entry of each is positive. **Shape**: `[dims, width]`.
    pub directions: Vec<f64>,
    /// Variance along each, with `rows − 1`. **Shape**: `[dims]`.
    pub variance: Vec<f64>,
    /// Share of each in the variance of all coordinates. **Shape**: `[dims]`.
    pub variance_ratio: Vec<f64>,
    /// Where each point lies along them. **Shape**: `[rows, dims]`.
    pub positions: Vec<f32>,
}

/// Principal components, by iterating a few directions under the covariance of the points.
///
/// Components beyond the rank of the points are zero.
///
/// **Errors** when `dims` is 0 or more than coordinates, or there are fewer than two points.
///
/// **Source** Hotelling (1933); subspace iteration with projection: Golub and Van Loan, *Matrix Computations* (2013), section 8.2.4.
pub fn pca(points: Points, dims: usize) -> Result<Pca> {
    let (rows, width) = (points.rows(), points.width());
    if dims == 0 || dims > width {
        let expected = "1 to the number of coordinates";
        return Err(Error::OutOfRange { argument: "dims", expected, found: dims as f64 });
    }
    if rows < 2 {
        return Err(Error::OutOfRange { argument: "points", expected: "at least 2", found: rows as f64 });
    }
    let centered = points.centered();
    let (lengths, directions) = leading(&centered, width, dims);
    Ok(along(&centered, width, &lengths, directions))
}

/// The same, quickly where there are many wide points: products in single precision, and at most a dozen rounds. Directions of nearly the
/// same length may then be mixed with each other, as in every randomised method.
///
/// **Errors** as [`pca`].
///
/// **Source** Halko, Martinsson and Tropp (2011), "Finding structure with randomness", algorithm 4.4.
pub fn pca_quick(points: Points, dims: usize) -> Result<Pca> {
    let (rows, width) = (points.rows(), points.width());
    let products = rows as f64 * width as f64 * width.min(WRITTEN_WIDTH_MAX) as f64;
    if products <= QUICK_FROM || rows < 2 || dims == 0 || dims > width {
        return pca(points, dims);
    }
    Ok(in_blocks(points, dims, QUICK_ROUNDS_MAX, QUICK_TOLERANCE))
}

/// Directions that stand upright on each other and are about the longest, whatever they are wanted for.
///
/// **Errors** as [`pca`].
pub(super) fn pca_rough(points: Points, dims: usize) -> Result<Pca> {
    if points.rows() < 2 || dims == 0 || dims > points.width() {
        return pca(points, dims);
    }
    Ok(in_blocks(points, dims, ROUGH_ROUNDS, QUICK_TOLERANCE))
}

fn in_blocks(points: Points, dims: usize, rounds: usize, tolerance: f64) -> Pca {
    let (centered, width) = (points.centered(), points.width());
    let scatter = Scatter { values: &centered, width, written: Vec::new(), quick: true };
    let (lengths, directions) = leading_under(&scatter, dims, rounds, tolerance);
    along(&centered, width, &lengths, directions)
}

/// Where centred points lie along their longest directions.
fn along(centered: &[f32], width: usize, lengths: &[f64], directions: Vec<f64>) -> Pca {
    let (rows, dims) = (centered.len() / width, lengths.len());
    let scale = 1.0 / (rows as f64 - 1.0);
    let variance: Vec<f64> = lengths.iter().map(|length| length.max(0.0) * scale).collect();
    let total = centered.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>() * scale;
    let variance_ratio = variance.iter().map(|one| if total > 0.0 { one / total } else { 0.0 }).collect();
    let mut positions = vec![0.0; rows * dims];
    crate::parallel::fill_rows(&mut positions, dims, |first, positions| {
        for (row, place) in centered[first * width..].chunks(width).zip(positions.chunks_mut(dims)) {
            for (place, direction) in place.iter_mut().zip(directions.chunks(width)) {
                *place = dot(row, direction) as f32;
            }
        }
    });
    Pca { directions, variance, variance_ratio, positions }
}

/// The longest directions of rows of numbers: squared singular values, descending, and right singular vectors, the largest entry of
/// each positive. **Shapes**: `[dims]`, `[dims, width]`. `dims` is at most `width`.
pub(crate) fn leading(values: &[f32], width: usize, dims: usize) -> (Vec<f64>, Vec<f64>) {
    leading_under(&Scatter::of(values, width), dims, ROUNDS_MAX, TOLERANCE)
}

fn leading_under(scatter: &Scatter, dims: usize, rounds: usize, tolerance: f64) -> (Vec<f64>, Vec<f64>) {
    let width = scatter.width;
    let kept = (dims + SPARE).min(width);
    let mut random = Random::new(SEED);
    let mut directions: Vec<f64> = (0..kept * width).map(|_| f64::from(random.normal())).collect();
    orthonormalize(&mut directions, width);
    let mut lengths = vec![0.0; kept];
    for _ in 0..rounds {
        let mut moved = scatter.times(&directions);
        let found = rotated(&mut moved, &mut directions, width);
        let settled =
            lengths.iter().zip(&found).take(dims).all(|(before, now)| (before - now).abs() <= tolerance * found[0]);
        lengths = found;
        directions = moved;
        orthonormalize(&mut directions, width);
        if settled {
            break;
        }
    }
    lengths.truncate(dims);
    directions.truncate(dims * width);
    for direction in directions.chunks_mut(width) {
        let largest = direction.iter().copied().fold(0.0_f64, |a, b| if b.abs() > a.abs() { b } else { a });
        if largest < 0.0 {
            for value in direction {
                *value = -*value;
            }
        }
    }
    (lengths, directions)
}

fn dot(row: &[f32], direction: &[f64]) -> f64 {
    row.iter().zip(direction).map(|(value, along)| f64::from(*value) * along).sum()
}

/// The sum of all rows' products with themselves.
struct Scatter<'a> {
    values: &'a [f32],
    width: usize,
    /// **Shape**: `[width, width]`; empty where it is too large.
    written: Vec<f64>,
    /// In single precision, block by block.
    quick: bool,
}

impl<'a> Scatter<'a> {
    fn of(values: &'a [f32], width: usize) -> Self {
        if width > WRITTEN_WIDTH_MAX || values.len() / width < width {
            return Scatter { values, width, written: Vec::new(), quick: false };
        }
        let mut written = vec![0.0; width * width];
        for block in values.chunks(BLOCK_ROWS * width) {
            let block: Vec<f64> = block.iter().map(|value| f64::from(*value)).collect();
            let rows = ArrayView2::from_shape((block.len() / width, width), &block).expect("whole rows");
            let mut out = ArrayViewMut2::from_shape((width, width), &mut written).expect("a square");
            general_mat_mul(1.0, &rows.t(), &rows, 1.0, &mut out);
        }
        Scatter { values, width, written, quick: false }
    }

    /// Each direction under it.
    fn times(&self, directions: &[f64]) -> Vec<f64> {
        let width = self.width;
        if self.quick {
            return self.times_in_blocks(directions);
        }
        let mut moved = vec![0.0; directions.len()];
        crate::parallel::fill_rows(&mut moved, width, |first, moved| {
            let directions = &directions[first * width..][..moved.len()];
            for (direction, moved) in directions.chunks(width).zip(moved.chunks_mut(width)) {
                if self.written.is_empty() {
                    for row in self.values.chunks(width) {
                        let along = dot(row, direction);
                        moved.iter_mut().zip(row).for_each(|(moved, value)| *moved += along * f64::from(*value));
                    }
                } else {
                    for (row, along) in self.written.chunks(width).zip(direction) {
                        moved.iter_mut().zip(row).for_each(|(moved, value)| *moved += along * value);
                    }
                }
            }
        });
        moved
    }
}

impl Scatter<'_> {
    /// The same in single precision. Blocks are dealt out to threads in any way, and added up in their order.
    fn times_in_blocks(&self, directions: &[f64]) -> Vec<f64> {
        let (width, kept) = (self.width, directions.len() / self.width);
        let narrow: Vec<f32> = directions.iter().map(|value| *value as f32).collect();
        let narrow = ArrayView2::from_shape((kept, width), &narrow).expect("whole directions");
        let blocks: Vec<&[f32]> = self.values.chunks(BLOCK_ROWS * width).collect();
        let mut moved = vec![0.0_f64; kept * width];
        // So many at once that their sums stay small beside the points.
        for some in blocks.chunks(16) {
            let mut sums = vec![0.0_f32; some.len() * kept * width];
            crate::parallel::fill_rows(&mut sums, kept * width, |first, sums| {
                for (block, sum) in some[first..].iter().zip(sums.chunks_mut(kept * width)) {
                    let rows = block.len() / width;
                    let points = ArrayView2::from_shape((rows, width), block).expect("whole rows");
                    let mut along = vec![0.0_f32; kept * rows];
                    let mut along = ArrayViewMut2::from_shape((kept, rows), &mut along).expect("as many values");
                    general_mat_mul(1.0, &narrow, &points.t(), 0.0, &mut along);
                    let mut sum = ArrayViewMut2::from_shape((kept, width), sum).expect("as many values");
                    general_mat_mul(1.0, &along, &points, 0.0, &mut sum);
                }
            });
            for sum in sums.chunks(kept * width) {
                moved.iter_mut().zip(sum).for_each(|(moved, value)| *moved += f64::from(*value));
            }
        }
        moved
    }
}

/// Turns what came out, and the directions, so that each direction is as nearly a component as these can be. Their lengths, descending.
fn rotated(moved: &mut [f64], directions: &mut [f64], width: usize) -> Vec<f64> {
    let kept = directions.len() / width;
    let mut small = vec![0.0; kept * kept];
    for (a, left) in directions.chunks(width).enumerate() {
        for (b, right) in moved.chunks(width).enumerate() {
            small[a * kept + b] = left.iter().zip(right).map(|(x, y)| x * y).sum();
        }
    }
    let (values, vectors) = symmetric_eigen(&mut small, kept);
    let turn = |of: &[f64]| {
        let mut turned = vec![0.0; of.len()];
        for (to, turned) in turned.chunks_mut(width).enumerate() {
            for (from, row) in of.chunks(width).enumerate() {
                let share = vectors[from * kept + to];
                turned.iter_mut().zip(row).for_each(|(sum, value)| *sum += share * value);
            }
        }
        turned
    };
    let (new_moved, new_directions) = (turn(moved), turn(directions));
    moved.copy_from_slice(&new_moved);
    directions.copy_from_slice(&new_directions);
    values
}

/// Gram and Schmidt, twice. What is left of a direction that depends on the others is zero.
pub(super) fn orthonormalize(directions: &mut [f64], width: usize) {
    for index in 0..directions.len() / width {
        let (before, rest) = directions.split_at_mut(index * width);
        let direction = &mut rest[..width];
        let length_before = direction.iter().map(|value| value * value).sum::<f64>().sqrt();
        for _ in 0..2 {
            for other in before.chunks(width) {
                let along: f64 = other.iter().zip(direction.iter()).map(|(a, b)| a * b).sum();
                direction.iter_mut().zip(other).for_each(|(value, other)| *value -= along * other);
            }
        }
        let length = direction.iter().map(|value| value * value).sum::<f64>().sqrt();
        let keep = length > 1e-12 * length_before && length > 0.0;
        for value in direction {
            *value = if keep { *value / length } else { 0.0 };
        }
    }
}

/// Eigenvalues, descending, and eigenvectors (columns) of a small symmetric matrix by Jacobi's rotations.
///
/// **Source** Press et al., *Numerical Recipes* (2007), section 11.1.
pub(super) fn symmetric_eigen(matrix: &mut [f64], size: usize) -> (Vec<f64>, Vec<f64>) {
    let mut vectors = vec![0.0; size * size];
    (0..size).for_each(|i| vectors[i * size + i] = 1.0);
    for row in 0..size {
        for column in row + 1..size {
            let mean = f64::midpoint(matrix[row * size + column], matrix[column * size + row]);
            (matrix[row * size + column], matrix[column * size + row]) = (mean, mean);
        }
    }
    for _ in 0..64 {
        let off: f64 =
            (0..size).flat_map(|r| (0..r).map(move |c| (r, c))).map(|(r, c)| matrix[r * size + c].powi(2)).sum();
        let on: f64 = (0..size).map(|i| matrix[i * size + i].powi(2)).sum();
        if off <= 1e-30 * on {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                let apq = matrix[p * size + q];
                if apq == 0.0 {
                    continue;
                }
                let theta = (matrix[q * size + q] - matrix[p * size + p]) / (2.0 * apq);
                let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let turned = |a: f64, b: f64| (cosine * (a - tangent * b), cosine * (tangent * a + b));
                for row in 0..size {
                    let (left, right) = (row * size + p, row * size + q);
                    (matrix[left], matrix[right]) = turned(matrix[left], matrix[right]);
                    (vectors[left], vectors[right]) = turned(vectors[left], vectors[right]);
                }
                for column in 0..size {
                    let (upper, lower) = (p * size + column, q * size + column);
                    (matrix[upper], matrix[lower]) = turned(matrix[upper], matrix[lower]);
                }
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|&a, &b| matrix[b * size + b].total_cmp(&matrix[a * size + a]));
    let values = order.iter().map(|&i| matrix[i * size + i]).collect();
    let mut sorted = vec![0.0; size * size];
    for (to, &from) in order.iter().enumerate() {
        (0..size).for_each(|k| sorted[k * size + to] = vectors[k * size + from]);
    }
    (values, sorted)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn the_long_direction_of_a_flat_cloud_is_found() {
        let mut random = Random::new(1);
        let values: Vec<f32> = (0..500)
            .flat_map(|_| {
                let (long, short) = (10.0 * random.normal(), random.normal());
                [3.0 + 0.6 * long - 0.8 * short, 0.8 * long + 0.6 * short, 5.0]
            })
            .collect();
        let found = pca(Points::new(&values, 3).unwrap(), 3).unwrap();
        assert!((found.directions[0] - 0.6).abs() < 0.01 && (found.directions[1] - 0.8).abs() < 0.01);
        assert!(found.variance[2].abs() < 1e-6, "the third coordinate is constant");
        assert!((found.variance_ratio.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let along: f64 = found.positions.chunks(3).map(|row| f64::from(row[0]).powi(2)).sum::<f64>() / 499.0;
        assert!((along - found.variance[0]).abs() < 1e-3 * along);
    }

    #[test]
    fn points_that_are_all_the_same_lie_at_the_origin() {
        let found = pca(Points::new(&[2.0; 12], 3).unwrap(), 2).unwrap();
        assert!(found.positions.iter().all(|&value| value == 0.0));
        assert!(pca(Points::new(&[1.0, 2.0], 2).unwrap(), 1).is_err(), "one point");
        assert!(pca(Points::new(&[1.0, 2.0], 1).unwrap(), 2).is_err(), "one coordinate");
    }
}
