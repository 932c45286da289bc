use super::repulsion::repulsion;
use super::{Metric, Neighbors, Points, pca};
use crate::parallel::{fill_both, fill_rows};
use crate::{Error, Result};
use ethogram_random::Random;

/// Rounds in which surroundings pull harder than they should, so that clusters find each other.
const EARLY_ROUNDS: usize = 250;
const EARLY_PULL: f32 = 12.0;
const MOMENTUM: f32 = 0.8;
const GAIN_MIN: f32 = 0.01;
/// Farthest that a point moves in a round.
const STEP_MAX: f32 = 5.0;
/// Spread of the first layout.
const FIRST_SPREAD: f64 = 1e-4;

/// How a layout is made.
#[derive(Clone, Debug, PartialEq)]
pub struct TsneParams {
    /// About how many neighbours count for a point.
    pub perplexity: f64,
    /// 2 or 3.
    pub dims: usize,
    /// Rounds after the 250 early ones.
    pub rounds: usize,
    /// How far points are apart.
    pub metric: Metric,
    /// Used only where principal components do not tell points apart.
    pub seed: u64,
}

impl Default for TsneParams {
    fn default() -> Self {
        TsneParams { perplexity: 30.0, dims: 2, rounds: 500, metric: Metric::Euclidean, seed: 0 }
    }
}

impl TsneParams {
    /// Neighbours of each of so many points that are looked at: three times the perplexity.
    ///
    /// **Errors** when a parameter is out of its bounds, or there are not more points than that.
    pub fn neighbors(&self, rows: usize) -> Result<usize> {
        if !(1..=3).contains(&self.dims) {
            return Err(Error::OutOfRange { argument: "dims", expected: "1 to 3", found: self.dims as f64 });
        }
        let count = (3.0 * self.perplexity).floor();
        if !(self.perplexity >= 1.0 && count < rows as f64) {
            let expected = "at least 1, and below a third of the number of points";
            return Err(Error::OutOfRange { argument: "perplexity", expected, found: self.perplexity });
        }
        Ok(count as usize)
    }
}

/// Points laid out so that near ones stay near, by t-distributed stochastic neighbour embedding. Can be shown while it moves.
///
/// Begins at the principal components; 250 early rounds with a pull of 12, learning rate the number of points over the pull, gains,
/// momentum 0.8: the defaults of openTSNE 1.0.
///
/// **Source** van der Maaten and Hinton (2008), "Visualizing data using t-SNE"; Belkina et al. (2019) for the learning rate; Kobak and
/// Berens (2019) for the beginning.
#[derive(Clone, Debug)]
pub struct Tsne {
    /// Others of each point, both ways.
    starts: Vec<usize>,
    others: Vec<u32>,
    /// Adds up to 1.
    weights: Vec<f32>,
    positions: Vec<f32>,
    velocity: Vec<f32>,
    gains: Vec<f32>,
    dims: usize,
    round: usize,
    rounds: usize,
    /// Kullback and Leibler's divergence of the round before.
    divergence: f64,
}

impl Tsne {
    /// Finds neighbours and a first layout.
    ///
    /// **Errors** when a parameter is out of its bounds, or there are not more points than three times the perplexity.
    pub fn new(points: Points, params: &TsneParams) -> Result<Self> {
        let count = params.neighbors(points.rows())?;
        Self::of_neighbors(points, &Neighbors::exact(points, count, params.metric)?, params)
    }

    /// The same with neighbours that are known, as many of each point as [`TsneParams::neighbors`] says.
    ///
    /// **Errors** as [`Tsne::new`], and when there are other numbers of neighbours or points.
    pub fn of_neighbors(points: Points, neighbors: &Neighbors, params: &TsneParams) -> Result<Self> {
        let expected = points.rows() * params.neighbors(points.rows())?;
        crate::error::same_length("neighbors", neighbors.index.len(), "points, times neighbours of each", expected)?;
        let (starts, others, weights) = affinities(neighbors, points.rows(), params.perplexity);
        let positions = first_layout(points, params)?;
        Ok(Tsne {
            starts,
            others,
            weights,
            velocity: vec![0.0; positions.len()],
            gains: vec![1.0; positions.len()],
            positions,
            dims: params.dims,
            round: 0,
            rounds: EARLY_ROUNDS + params.rounds,
            divergence: f64::NAN,
        })
    }

    /// Where the points are. **Shape**: `[rows, dims]`.
    pub fn positions(&self) -> &[f32] {
        &self.positions
    }

    /// Rounds that were made, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.round, self.rounds)
    }

    /// Kullback and Leibler's divergence between surroundings in truth and in the layout, in nats, before the last round; NaN at first.
    pub fn divergence(&self) -> f64 {
        self.divergence
    }

    /// Begins at another first layout, of any scale.
    ///
    /// **Errors** when it has other points or dimensions, or a place that is not finite.
    pub fn starting_at(mut self, layout: &[f32]) -> Result<Self> {
        self = self.going_on_from(layout)?;
        center(&mut self.positions, self.dims);
        let first = self.positions.iter().step_by(self.dims).map(|value| f64::from(*value).powi(2));
        let spread = (first.sum::<f64>() / (self.positions.len() / self.dims).max(1) as f64).sqrt();
        if spread > 0.0 {
            self.positions.iter_mut().for_each(|value| *value = (f64::from(*value) * FIRST_SPREAD / spread) as f32);
        }
        self.round = 0;
        Ok(self)
    }

    /// Goes on from an earlier layout of the same kind, as it lies, and without the early rounds: points move no farther than they must.
    ///
    /// **Errors** as [`Tsne::starting_at`].
    pub fn going_on_from(mut self, layout: &[f32]) -> Result<Self> {
        let layout = Points::new(layout, self.dims)?;
        crate::error::same_length("layout", layout.values().len(), "places", self.positions.len())?;
        self.positions = layout.values().to_vec();
        self.round = EARLY_ROUNDS;
        Ok(self)
    }

    /// Moves every point by chance, by about `share` of the layout's width.
    pub fn perturb(&mut self, share: f32, seed: u64) {
        shake(&mut self.positions, share, seed);
    }

    /// Makes up to that many rounds; whether any is left.
    pub fn advance(&mut self, rounds: usize) -> bool {
        for left in (0..rounds.min(self.rounds - self.round)).rev() {
            // Logarithms of all pairs take as long as all the rest of a round: nobody sees those between.
            self.step(left == 0);
            self.round += 1;
        }
        self.round < self.rounds
    }

    /// Makes all rounds that are left.
    pub fn finish(mut self) -> Vec<f32> {
        self.advance(usize::MAX);
        self.positions
    }

    /// One round; whether to find the divergence, too.
    fn step(&mut self, tell: bool) {
        let dims = self.dims;
        let rows = self.positions.len() / dims;
        let pull = if self.round < EARLY_ROUNDS { EARLY_PULL } else { 1.0 };
        if self.round == EARLY_ROUNDS {
            self.velocity.fill(0.0);
            self.gains.fill(1.0);
        }
        let rate = (rows as f32 / pull).max(1.0);
        let mut forces = vec![0.0; self.positions.len()];
        let total = repulsion(&self.positions, dims, &mut forces);
        let costs = match dims {
            1 => self.attract::<1>(pull, total, &mut forces, tell),
            2 => self.attract::<2>(pull, total, &mut forces, tell),
            _ => self.attract::<3>(pull, total, &mut forces, tell),
        };
        if let Some(costs) = costs {
            self.divergence = costs.iter().sum();
        }
        for (index, gradient) in forces.iter().enumerate() {
            let (velocity, gain) = (&mut self.velocity[index], &mut self.gains[index]);
            *gain = if (*velocity > 0.0) == (*gradient > 0.0) { (*gain * 0.8).max(GAIN_MIN) } else { *gain + 0.2 };
            *velocity = MOMENTUM * *velocity - rate * *gain * gradient;
        }
        for step in self.velocity.chunks_mut(dims) {
            let length = step.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > STEP_MAX {
                for value in step {
                    *value *= STEP_MAX / length;
                }
            }
        }
        self.positions.iter_mut().zip(&self.velocity).for_each(|(at, step)| *at += step);
        center(&mut self.positions, dims);
    }

    /// Scales what pushes points apart and adds what pulls them together; each point's share of the divergence, if it is wanted.
    fn attract<const D: usize>(&self, pull: f32, total: f64, forces: &mut [f32], tell: bool) -> Option<Vec<f64>> {
        let (positions, _) = self.positions.as_chunks::<D>();
        let mut costs = vec![0.0_f64; positions.len()];
        fill_both((forces, D), (&mut costs, 1), |first, forces, costs| {
            let (forces, _) = forces.as_chunks_mut::<D>();
            for (offset, (force, cost)) in forces.iter_mut().zip(costs).enumerate() {
                let row = first + offset;
                let at = positions[row];
                for force in &mut *force {
                    *force = -*force / total as f32;
                }
                let pairs = self.starts[row]..self.starts[row + 1];
                for (&other, &weight) in self.others[pairs.clone()].iter().zip(&self.weights[pairs]) {
                    let other = positions[other as usize];
                    let squared: f32 = at.iter().zip(other).map(|(a, b)| (a - b) * (a - b)).sum();
                    let kernel = 1.0 / (1.0 + squared);
                    for (force, (a, b)) in force.iter_mut().zip(at.iter().zip(other)) {
                        *force += pull * weight * kernel * (a - b);
                    }
                    if tell && weight > 0.0 {
                        *cost += f64::from(weight) * (f64::from(weight) * total / f64::from(kernel)).ln();
                    }
                }
            }
        });
        tell.then_some(costs)
    }
}

/// Moves every point by chance, by about `share` of the layout's width.
pub(super) fn shake(positions: &mut [f32], share: f32, seed: u64) {
    let mut random = Random::new(seed);
    let most = positions.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
    for value in positions {
        *value += share * most * random.normal();
    }
}

fn center(positions: &mut [f32], dims: usize) {
    let rows = (positions.len() / dims).max(1) as f64;
    for d in 0..dims {
        let mean = positions.iter().skip(d).step_by(dims).map(|value| f64::from(*value)).sum::<f64>() / rows;
        positions.iter_mut().skip(d).step_by(dims).for_each(|value| *value -= mean as f32);
    }
}

/// How much each point counts for each other, both ways, adding up to 1.
fn affinities(neighbors: &Neighbors, rows: usize, perplexity: f64) -> (Vec<usize>, Vec<u32>, Vec<f32>) {
    let count = neighbors.count;
    let mut strengths = vec![0.0_f32; rows * count];
    fill_rows(&mut strengths, count, |first, strengths| {
        for (offset, strengths) in strengths.chunks_mut(count).enumerate() {
            let squared: Vec<f64> = neighbors.of(first + offset).map(|(_, d)| f64::from(d).powi(2)).collect();
            surroundings(&squared, perplexity.ln(), strengths);
        }
    });
    let mut pairs: Vec<(u32, u32, f32)> = Vec::with_capacity(rows * count * 2);
    for row in 0..rows {
        for (at, (other, _)) in neighbors.of(row).enumerate() {
            let half = strengths[row * count + at] / (2.0 * rows as f32);
            pairs.push((row as u32, other as u32, half));
            pairs.push((other as u32, row as u32, half));
        }
    }
    pairs.sort_unstable_by_key(|&(row, other, strength)| (row, other, strength.to_bits()));
    let (mut starts, mut others, mut weights) = (vec![0; rows + 1], Vec::new(), Vec::<f32>::new());
    let mut last = None;
    for (row, other, half) in pairs {
        if last == Some((row, other)) {
            *weights.last_mut().expect("the pair before") += half;
        } else {
            others.push(other);
            weights.push(half);
            starts[row as usize + 1] += 1;
            last = Some((row, other));
        }
    }
    for row in 0..rows {
        starts[row + 1] += starts[row];
    }
    (starts, others, weights)
}

/// A normal density over squared distances with this entropy, adding up to 1.
fn surroundings(squared: &[f64], entropy: f64, strengths: &mut [f32]) {
    let nearest = squared.first().copied().unwrap_or(0.0);
    let (mut low, mut high, mut beta) = (0.0, f64::INFINITY, 1.0);
    let mut found = vec![0.0; squared.len()];
    for _ in 0..200 {
        let mut sum = 0.0;
        let mut mean = 0.0;
        for (share, d) in found.iter_mut().zip(squared) {
            *share = (-(d - nearest) * beta).exp();
            sum += *share;
            mean += *share * (d - nearest);
        }
        for share in &mut found {
            *share /= sum;
        }
        let difference = sum.ln() + beta * mean / sum - entropy;
        if difference.abs() < 1e-8 {
            break;
        }
        if difference > 0.0 {
            low = beta;
            beta = if high.is_finite() { f64::midpoint(low, high) } else { beta * 2.0 };
        } else {
            high = beta;
            beta = f64::midpoint(low, high);
        }
        if !beta.is_finite() || beta > 1e300 {
            break;
        }
    }
    strengths.iter_mut().zip(found).for_each(|(strength, share)| *strength = share as f32);
}

/// Principal components, so small that nobody pushes anybody; a little noise where they are all the same.
fn first_layout(points: Points, params: &TsneParams) -> Result<Vec<f32>> {
    let (rows, dims) = (points.rows(), params.dims);
    let have = dims.min(points.width());
    let found = pca(points, have)?;
    let spread = found.variance[0].sqrt();
    let mut random = Random::new(params.seed);
    let mut layout = Vec::with_capacity(rows * dims);
    for row in found.positions.chunks(have) {
        for d in 0..dims {
            let along = row.get(d).map_or(0.0, |value| f64::from(*value));
            let placed = if spread > 0.0 { along / spread } else { 0.0 };
            layout.push((FIRST_SPREAD * (placed + 1e-3 * f64::from(random.normal()))) as f32);
        }
    }
    Ok(layout)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    fn clouds(each: usize, width: usize) -> Vec<f32> {
        let mut random = Random::new(13);
        (0..3 * each)
            .flat_map(|row| {
                let center = 20.0 * (row / each) as f32;
                (0..width).map(|d| random.normal() + if d == 0 { center } else { 0.0 }).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn clouds_stay_apart_in_two_and_three_dimensions() {
        for (each, dims, perplexity) in [(60, 2, 15.0), (60, 3, 15.0), (510, 2, 10.0)] {
            let values = clouds(each, 8);
            let points = Points::new(&values, 8).unwrap();
            let params = TsneParams { dims, perplexity, rounds: 100, ..TsneParams::default() };
            let mut tsne = Tsne::new(points, &params).unwrap();
            tsne.advance(260);
            let early = tsne.divergence();
            while tsne.advance(50) {}
            assert!(tsne.divergence() < early, "{} after {early}", tsne.divergence());
            let shown = Neighbors::exact(Points::new(tsne.positions(), dims).unwrap(), 5, Metric::Euclidean).unwrap();
            let strayed =
                (0..3 * each).filter(|&row| shown.of(row).any(|(other, _)| other / each != row / each)).count();
            assert!(strayed <= each / 50, "{strayed} of {} lie in another cloud", 3 * each);
        }
    }

    #[test]
    fn the_same_points_and_bad_parameters_have_an_answer() {
        let make = |values: &[f32], perplexity| {
            let params = TsneParams { perplexity, rounds: 20, ..TsneParams::default() };
            Tsne::new(Points::new(values, 2).unwrap(), &params).map(Tsne::finish)
        };
        assert!(make(&[1.0; 40], 3.0).unwrap().iter().all(|value| value.is_finite()));
        assert!(make(&[1.0; 40], 30.0).is_err(), "fewer points than neighbours");
        assert!(make(&[1.0; 40], f64::NAN).is_err());
    }

    #[test]
    fn a_perturbed_layout_finds_back() {
        let values = clouds(50, 4);
        let params = TsneParams { perplexity: 10.0, rounds: 300, ..TsneParams::default() };
        let mut tsne = Tsne::new(Points::new(&values, 4).unwrap(), &params).unwrap();
        tsne.advance(400);
        let before = tsne.divergence();
        tsne.perturb(0.1, 1);
        tsne.advance(1);
        tsne.advance(1);
        assert!(tsne.divergence() > before);
        while tsne.advance(50) {}
        assert!(tsne.divergence() < before * 1.1);
    }
}
