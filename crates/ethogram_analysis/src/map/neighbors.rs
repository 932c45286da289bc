use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use super::Points;
use super::sketch::Sketch;
use crate::parallel::fill_both;
use crate::{Error, Result};

/// Is told what share of the work is done, 0 to 1, and says whether to go on.
pub type Watch<'a> = dyn Fn(f64) -> bool + Sync + 'a;

/// Most neighbours of a point.
pub const NEIGHBORS_MAX: usize = 1_000;
/// Queries and candidates of one product: both blocks and what comes out of them stay in the cache.
const QUERIES: usize = 128;
const CANDIDATES: usize = 1_024;
/// Candidates that are looked at together, most of which are too far.
const GLANCE: usize = 32;
/// A sketch that leaves more than this share of all pairs to be measured is not worth its while.
const MEASURED_MAX: f64 = 0.05;

/// How far two points are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Metric {
    /// √Σ (x − y)²
    #[default]
    Euclidean,
    /// 1 − x·y / (|x| |y|); of a point at the origin, 1.
    Cosine,
}

/// The nearest other points of each point, nearest first; of equally near ones the first comes first.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbors {
    /// Of each point.
    pub count: usize,
    /// Rows of the points. **Shape**: `[rows, count]`.
    pub index: Vec<u32>,
    /// How far they are. **Shape**: `[rows, count]`.
    pub distance: Vec<f32>,
}

impl Neighbors {
    /// Exact neighbours; a point is not its own.
    ///
    /// **Errors** when `count` is 0, more than [`NEIGHBORS_MAX`], or not less than the number of points.
    pub fn exact(points: Points, count: usize, metric: Metric) -> Result<Self> {
        Self::exact_watched(points, count, metric, &|_| true)
    }

    /// The same, watched by somebody who may stop it.
    ///
    /// **Errors** as [`Neighbors::exact`]; [`Error::Stopped`].
    pub fn exact_watched(points: Points, count: usize, metric: Metric, watch: &Watch) -> Result<Self> {
        if count == 0 || count > NEIGHBORS_MAX || count >= points.rows() {
            let expected = "1 to 1,000, and fewer than there are points";
            return Err(Error::OutOfRange { argument: "neighbors", expected, found: count as f64 });
        }
        let near = match metric {
            Metric::Euclidean => points.centered(),
            Metric::Cosine => normalized(points),
        };
        let (rows, width) = (points.rows(), points.width());
        let whole = Rows::new(&near, width);
        let sketch = Sketch::of(Points::new(&near, width)?)?;
        let sketch = sketch.as_ref().map(|sketch| Rows::new(&sketch.values, sketch.width));
        let mut neighbors = Neighbors { count, index: vec![0; rows * count], distance: vec![0.0; rows * count] };
        let (done, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
        fill_both((&mut neighbors.index, count), (&mut neighbors.distance, count), |first, index, distance| {
            let mut search = Search::new(&whole, sketch.as_ref(), count);
            let blocks = index.chunks_mut(QUERIES * count).zip(distance.chunks_mut(QUERIES * count));
            for (block, (index, distance)) in blocks.enumerate() {
                let queries = index.len() / count;
                search.block(first + block * QUERIES, index, distance);
                let done = done.fetch_add(queries, Ordering::Relaxed) + queries;
                if stopped.load(Ordering::Relaxed) || !watch(done as f64 / rows as f64) {
                    return stopped.store(true, Ordering::Relaxed);
                }
            }
        });
        if stopped.into_inner() {
            return Err(Error::Stopped);
        }
        if metric == Metric::Cosine {
            // |x − y|² of two points on the sphere is 2 − 2 x·y.
            neighbors.distance.iter_mut().for_each(|distance| *distance = *distance * *distance / 2.0);
        }
        Ok(neighbors)
    }

    /// Neighbours of one point.
    pub fn of(&self, row: usize) -> impl Iterator<Item = (usize, f32)> {
        let range = row * self.count..(row + 1) * self.count;
        self.index[range.clone()].iter().map(|&index| index as usize).zip(self.distance[range].iter().copied())
    }
}

/// Each point with length 1; the origin stays.
fn normalized(points: Points) -> Vec<f32> {
    let mut near = points.values().to_vec();
    for row in near.chunks_mut(points.width()) {
        let length = row.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt() as f32;
        if length > 0.0 {
            for value in row {
                *value /= length;
            }
        }
    }
    near
}

/// Rows of numbers, and the square of the length of each.
struct Rows<'a> {
    values: &'a [f32],
    width: usize,
    norms: Vec<f32>,
}

impl<'a> Rows<'a> {
    fn new(values: &'a [f32], width: usize) -> Self {
        let norms = values.chunks(width).map(|row| row.iter().map(|value| value * value).sum()).collect();
        Rows { values, width, norms }
    }

    fn matrix(&self, first: usize, rows: usize) -> ArrayView2<'a, f32> {
        let values = &self.values[first * self.width..][..rows * self.width];
        ArrayView2::from_shape((rows, self.width), values).expect("as many values as the shape says")
    }
}

/// Looks for the neighbours of one block of points after the other.
struct Search<'a> {
    whole: &'a Rows<'a>,
    /// By which pairs are passed over that are too far; the whole rows where there is no sketch, or it says too little.
    glance: &'a Rows<'a>,
    count: usize,
    /// Share of |x|² + |y|² that |x|² + |y|² − 2 x·y may be wrong by.
    loss: f32,
    products: Vec<f32>,
    /// Nearest so far of each query, as (squared distance, row), ascending.
    best: Vec<Vec<(f32, u32)>>,
}

impl<'a> Search<'a> {
    fn new(whole: &'a Rows<'a>, sketch: Option<&'a Rows<'a>>, count: usize) -> Self {
        Search {
            whole,
            glance: sketch.unwrap_or(whole),
            count,
            loss: (8.0 + whole.width as f32) * f32::EPSILON,
            products: vec![0.0; QUERIES * CANDIDATES],
            best: (0..QUERIES).map(|_| Vec::with_capacity(count + 1)).collect(),
        }
    }

    fn block(&mut self, first: usize, index: &mut [u32], distance: &mut [f32]) {
        let queries = index.len() / self.count;
        let rows = self.whole.norms.len();
        self.best.iter_mut().for_each(Vec::clear);
        let left = self.glance.matrix(first, queries);
        let mut measured = 0;
        // Steps of an episode lie near each other: those around are looked at first, and others are the sooner too far.
        let chunks = rows.div_ceil(CANDIDATES);
        let here = first / CANDIDATES;
        for chunk in (here..chunks).chain(0..here) {
            let start = chunk * CANDIDATES;
            let candidates = CANDIDATES.min(rows - start);
            let right = self.glance.matrix(start, candidates);
            let mut out = ArrayViewMut2::from_shape((queries, candidates), &mut self.products[..queries * candidates])
                .expect("as many values");
            general_mat_mul(1.0, &left, &right.t(), 0.0, &mut out);
            for query in 0..queries {
                measured += self.look(first + query, query, start, candidates);
            }
        }
        if measured as f64 > MEASURED_MAX * queries as f64 * rows as f64 {
            self.glance = self.whole;
        }
        for (best, (index, distance)) in
            self.best.iter().zip(index.chunks_mut(self.count).zip(distance.chunks_mut(self.count)))
        {
            for ((squared, row), (index, distance)) in best.iter().zip(index.iter_mut().zip(distance)) {
                (*index, *distance) = (*row, squared.sqrt());
            }
        }
    }

    /// Measures how far those candidates are from a query that may be among the nearest. How many.
    fn look(&mut self, row: usize, query: usize, start: usize, candidates: usize) -> usize {
        let products = &self.products[query * candidates..][..candidates];
        let norms = &self.glance.norms[start..][..candidates];
        let (own, kept) = (self.glance.norms[row], 1.0 - self.loss);
        let best = &mut self.best[query];
        let farthest = |best: &[(f32, u32)]| best.get(self.count - 1).copied().unwrap_or((f32::INFINITY, u32::MAX));
        let mut worst = farthest(best);
        let mut measured = 0;
        // Where both lie far out, the product has lost what little they are apart.
        let least = |norm: f32, product: f32| kept * (own + norm) - 2.0 * product;
        for glance in (0..candidates).step_by(GLANCE) {
            let end = (glance + GLANCE).min(candidates);
            let (products, norms) = (&products[glance..end], &norms[glance..end]);
            let any = |any, (product, norm): (&f32, &f32)| any | (least(*norm, *product) <= worst.0);
            if !products.iter().zip(norms).fold(false, any) {
                continue;
            }
            for (at, (product, norm)) in products.iter().zip(norms).enumerate() {
                let other = start + glance + at;
                if least(*norm, *product) > worst.0 || other == row {
                    continue;
                }
                measured += 1;
                let found = (squared_distance(self.whole.values, self.whole.width, row, other), other as u32);
                if found < worst {
                    let place = best.partition_point(|known| *known < found);
                    best.insert(place, found);
                    best.truncate(self.count);
                    worst = farthest(best);
                }
            }
        }
        measured
    }
}

/// Without the product's loss where two points are nearly the same.
fn squared_distance(near: &[f32], width: usize, a: usize, b: usize) -> f32 {
    // Sums side by side, for a processor adds several at once.
    const LANES: usize = 16;
    let row = |row: usize| near[row * width..][..width].as_chunks::<LANES>();
    let ((a, a_rest), (b, b_rest)) = (row(a), row(b));
    let mut sums = [0.0_f32; LANES];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += (a[lane] - b[lane]) * (a[lane] - b[lane]);
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b)).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use ethogram_random::Random;

    fn cloud(rows: usize, width: usize, shift: f32) -> Vec<f32> {
        let mut random = Random::new(7);
        (0..rows * width).map(|_| random.normal() + shift).collect()
    }

    fn plainly(values: &[f32], width: usize, count: usize, distance: impl Fn(&[f32], &[f32]) -> f64) -> Vec<u32> {
        let rows: Vec<&[f32]> = values.chunks(width).collect();
        let near = |row: usize| {
            let mut others: Vec<(f64, u32)> = (0..rows.len())
                .filter(|&other| other != row)
                .map(|other| (distance(rows[row], rows[other]), other as u32))
                .collect();
            others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            others.into_iter().take(count).map(|(_, other)| other).collect::<Vec<_>>()
        };
        (0..rows.len()).flat_map(near).collect()
    }

    #[test]
    fn neighbors_are_those_of_a_plain_search() {
        let euclidean = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        let cosine = |a: &[f32], b: &[f32]| {
            let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum::<f64>();
            1.0 - dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        for (rows, width, shift) in [(3, 1, 0.0), (130, 5, 0.0), (1_300, 17, 100.0)] {
            let values = cloud(rows, width, shift);
            let points = Points::new(&values, width).unwrap();
            let count = 15.min(rows - 1);
            let found = Neighbors::exact(points, count, Metric::Euclidean).unwrap();
            assert_eq!(found.index, plainly(&values, width, count, euclidean), "{rows} {width}");
            if shift == 0.0 && width > 1 {
                let found = Neighbors::exact(points, count, Metric::Cosine).unwrap();
                assert_eq!(found.index, plainly(&values, width, count, cosine), "cosine {rows} {width}");
            }
        }
    }

    /// Wide points near a plane are passed over by their sketch, those of a ball cannot be; both find what a plain search finds.
    #[test]
    fn a_sketch_loses_no_neighbor() {
        let (rows, width) = (9_000, 80);
        let mut random = Random::new(9);
        let axes: Vec<f32> = (0..3 * width).map(|_| random.normal()).collect();
        for thick in [0.01, 0.3, 100.0] {
            let values: Vec<f32> = (0..rows)
                .flat_map(|row| {
                    let along: [f32; 3] = std::array::from_fn(|_| random.normal() + (row / 1_000) as f32);
                    (0..width)
                        .map(|d| (0..3).map(|k| along[k] * axes[k * width + d]).sum::<f32>() + thick * random.normal())
                        .collect::<Vec<_>>()
                })
                .collect();
            let points = Points::new(&values, width).unwrap();
            assert!(Sketch::of(points).unwrap().is_some());
            let found = Neighbors::exact(points, 15, Metric::Euclidean).unwrap();
            for row in (0..rows).step_by(97) {
                let plain = crate::nearest(points, row, 15, Metric::Euclidean).unwrap();
                for ((other, distance), (expected, far)) in found.of(row).zip(plain) {
                    // Nearly equal ones may change places.
                    let near = (f64::from(distance) - far).abs() <= 1e-5 * far;
                    assert!(other == expected || near, "thick {thick}, row {row}: {other}, expected {expected}");
                    assert!(near, "thick {thick}, row {row}: {distance}, expected {far}");
                }
            }
        }
    }

    #[test]
    fn near_points_far_from_the_middle_are_told_apart() {
        let values: Vec<f32> =
            (0..200).map(|row| if row < 100 { -1_000.0 } else { 1_000.0 } + row as f32 * 1e-3).collect();
        let found = Neighbors::exact(Points::new(&values, 1).unwrap(), 2, Metric::Euclidean).unwrap();
        for row in (1..99).chain(101..199) {
            assert!(
                found.of(row).all(|(other, _)| other.abs_diff(row) == 1),
                "{row}: {:?}",
                found.of(row).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn duplicates_are_neighbors_at_no_distance() {
        let values = [1.0, 2.0, 1.0, 2.0, 5.0, 5.0];
        let found = Neighbors::exact(Points::new(&values, 2).unwrap(), 2, Metric::Euclidean).unwrap();
        assert_eq!(found.of(0).next(), Some((1, 0.0)));
        assert_eq!(found.of(2).map(|(row, _)| row).collect::<Vec<_>>(), [0, 1]);
        assert!(Neighbors::exact(Points::new(&values, 2).unwrap(), 3, Metric::Euclidean).is_err());
        assert!(Points::new(&[f32::NAN], 1).is_err());
    }
}
