use super::{Metric, Neighbors, Points, pca};
use crate::map::pca::{orthonormalize, symmetric_eigen};
use crate::parallel::fill_rows;
use crate::{Error, Result};
use ethogram_random::Random;

/// Draws against which a point is pushed away, for each at which it is pulled.
const NEGATIVES: usize = 5;
/// Farthest that one push or pull moves a coordinate.
const CLIP: f32 = 4.0;
/// Width of the layout at its beginning.
const EXTENT: f64 = 10.0;
/// Up to so many points more rounds are made, pair after pair.
const FEW: usize = 10_000;
/// Rounds of the search for the slow directions of the graph.
const SPECTRAL_ROUNDS: usize = 150;

/// How a layout is made.
#[derive(Clone, Debug, PartialEq)]
pub struct UmapParams {
    /// Nearest points, each counted to its own, that are taken for a point's surroundings: small shows detail, large shows the whole.
    pub neighbors: usize,
    /// How near points may lie to each other.
    pub min_dist: f64,
    /// How far the layout is spread.
    pub spread: f64,
    /// 2 or 3.
    pub dims: usize,
    /// Rounds; 500 for up to 10,000 points and 200 for more when left out.
    pub rounds: Option<usize>,
    /// How far points are apart.
    pub metric: Metric,
    /// The same seed gives the same layout.
    pub seed: u64,
}

impl Default for UmapParams {
    fn default() -> Self {
        UmapParams {
            neighbors: 15,
            min_dist: 0.1,
            spread: 1.0,
            dims: 2,
            rounds: None,
            metric: Metric::Euclidean,
            seed: 0,
        }
    }
}

impl UmapParams {
    fn check(&self, rows: usize) -> Result<()> {
        bounds("dims", self.dims as f64, 1.0..=3.0, "1 to 3")?;
        bounds("min_dist", self.min_dist, 0.0..=self.spread, "0 to spread")?;
        bounds("spread", self.spread, 1e-3..=1e3, "0.001 to 1,000")?;
        if self.neighbors < 2 || self.neighbors > rows {
            let expected = "2 to the number of points";
            return Err(Error::OutOfRange { argument: "neighbors", expected, found: self.neighbors as f64 });
        }
        Ok(())
    }
}

/// Points laid out so that each lies near those that it is near to, by uniform manifold approximation and projection. Can be shown
/// while it moves.
///
/// Up to 10,000 points are moved pair after pair, as umap-learn does. Of more, every point is moved by itself against where the others
/// lay a round before: side by side, and the layout does not depend on how many threads there are. Neighbours are exact.
///
/// **Source** `McInnes`, Healy and Melville (2018), "UMAP: uniform manifold approximation and projection for dimension reduction".
#[derive(Clone, Debug)]
pub struct Umap {
    graph: Graph,
    positions: Vec<f32>,
    before: Vec<f32>,
    dims: usize,
    curve: Curve,
    round: usize,
    rounds: usize,
    seed: u64,
}

impl Umap {
    /// Finds neighbours and a first layout.
    ///
    /// **Errors** when a parameter is out of its bounds, or there are not more points than neighbours.
    pub fn new(points: Points, params: &UmapParams) -> Result<Self> {
        params.check(points.rows())?;
        let neighbors = Neighbors::exact(points, params.neighbors - 1, params.metric)?;
        Self::of_neighbors(points, &neighbors, params)
    }

    /// The same with neighbours that are known, `params.neighbors − 1` of each point.
    ///
    /// **Errors** as [`Umap::new`], and when there are other numbers of neighbours or points.
    pub fn of_neighbors(points: Points, neighbors: &Neighbors, params: &UmapParams) -> Result<Self> {
        params.check(points.rows())?;
        let expected = points.rows() * (params.neighbors - 1);
        crate::error::same_length("neighbors", neighbors.index.len(), "points, times neighbours of each", expected)?;
        let rounds = params.rounds.unwrap_or(if points.rows() <= FEW { 500 } else { 200 });
        let graph = Graph::of(neighbors, points.rows(), rounds);
        let mut random = Random::new(params.seed);
        let positions = first_layout(points, &graph, params.dims, &mut random)?;
        Ok(Umap {
            before: positions.clone(),
            positions,
            graph,
            dims: params.dims,
            curve: Curve::fit(params.min_dist, params.spread),
            round: 0,
            rounds,
            seed: params.seed,
        })
    }

    /// Begins at another first layout, of any scale.
    ///
    /// **Errors** when it has other points or dimensions, or a place that is not finite.
    pub fn starting_at(mut self, layout: &[f32]) -> Result<Self> {
        let layout = Points::new(layout, self.dims)?;
        crate::error::same_length("layout", layout.values().len(), "places", self.positions.len())?;
        let placed: Vec<f64> = layout.values().iter().map(|value| f64::from(*value)).collect();
        self.positions = spread_out(&placed, self.dims);
        Ok(self)
    }

    /// Goes on from an earlier layout of the same kind, as it lies, and with half of the rounds: points move no farther than they must.
    ///
    /// **Errors** as [`Umap::starting_at`].
    pub fn going_on_from(mut self, layout: &[f32]) -> Result<Self> {
        let layout = Points::new(layout, self.dims)?;
        crate::error::same_length("layout", layout.values().len(), "places", self.positions.len())?;
        self.positions = layout.values().to_vec();
        self.round = self.rounds / 2;
        Ok(self)
    }

    /// Moves every point by chance, by about `share` of the layout's width.
    pub fn perturb(&mut self, share: f32, seed: u64) {
        super::tsne::shake(&mut self.positions, share, seed);
    }

    /// Where the points are. **Shape**: `[rows, dims]`.
    pub fn positions(&self) -> &[f32] {
        &self.positions
    }

    /// Rounds that were made, of how many.
    pub fn progress(&self) -> (usize, usize) {
        (self.round, self.rounds)
    }

    /// Makes up to that many rounds; whether any is left.
    pub fn advance(&mut self, rounds: usize) -> bool {
        for _ in 0..rounds.min(self.rounds - self.round) {
            let rate = 1.0 - self.round as f32 / self.rounds as f32;
            if self.positions.len() / self.dims <= FEW {
                self.pair_after_pair(rate);
                self.round += 1;
                continue;
            }
            self.before.copy_from_slice(&self.positions);
            let (graph, before, dims, curve) = (&self.graph, &self.before, self.dims, self.curve);
            let (seed, round) = (self.seed, self.round);
            fill_rows(&mut self.positions, dims, |first, positions| {
                for (offset, at) in positions.chunks_mut(dims).enumerate() {
                    let row = first + offset;
                    let mut random = Random::new(seed ^ ((round as u64) << 40) ^ row as u64);
                    move_point(at, row, graph, before, curve, rate, round, &mut random);
                }
            });
            self.round += 1;
        }
        self.round < self.rounds
    }

    /// One round in which each pair moves both of its points.
    fn pair_after_pair(&mut self, rate: f32) {
        let dims = self.dims;
        let rows = self.positions.len() / dims;
        let mut random = Random::new(self.seed ^ ((self.round as u64) << 40));
        for row in 0..rows {
            for (other, period) in self.graph.pairs(row) {
                if !is_due(period, self.round) {
                    continue;
                }
                let (mut at, mut pull) = (place(&self.positions, row, dims), place(&self.positions, other, dims));
                let squared = squared_distance(&at, &pull);
                if squared > 0.0 {
                    let strength = self.curve.pull(squared);
                    for (at, pull) in at.iter_mut().zip(&mut pull) {
                        let step = rate * (strength * (*at - *pull)).clamp(-CLIP, CLIP);
                        *at += step;
                        *pull -= step;
                    }
                    self.positions[other * dims..][..dims].copy_from_slice(&pull[..dims]);
                }
                for _ in 0..NEGATIVES {
                    let other = random.below(rows);
                    let push = place(&self.positions, other, dims);
                    let squared = squared_distance(&at, &push);
                    if other != row && squared > 0.0 {
                        let strength = self.curve.push(squared);
                        for (at, push) in at.iter_mut().zip(&push) {
                            *at += rate * (strength * (*at - push)).clamp(-CLIP, CLIP);
                        }
                    }
                }
                self.positions[row * dims..][..dims].copy_from_slice(&at[..dims]);
            }
        }
    }

    /// Makes all rounds that are left.
    pub fn finish(mut self) -> Vec<f32> {
        self.advance(usize::MAX);
        self.positions
    }
}

fn bounds(
    argument: &'static str,
    value: f64,
    within: std::ops::RangeInclusive<f64>,
    expected: &'static str,
) -> Result<()> {
    if within.contains(&value) { Ok(()) } else { Err(Error::OutOfRange { argument, expected, found: value }) }
}

/// Where a point lies; coordinates that it does not have are 0.
fn place(positions: &[f32], row: usize, dims: usize) -> [f32; 3] {
    std::array::from_fn(|d| if d < dims { positions[row * dims + d] } else { 0.0 })
}

/// One round of one point.
#[allow(clippy::too_many_arguments, reason = "the state of a round, taken apart so that threads can share it")]
fn move_point(
    at: &mut [f32],
    row: usize,
    graph: &Graph,
    before: &[f32],
    curve: Curve,
    rate: f32,
    round: usize,
    random: &mut Random,
) {
    let dims = at.len();
    let rows = before.len() / dims;
    for (other, period) in graph.pairs(row) {
        if !is_due(period, round) {
            continue;
        }
        let pull = &before[other * dims..][..dims];
        // Once as the head of the pair, once as its tail.
        for _ in 0..2 {
            let squared = squared_distance(at, pull);
            if squared > 0.0 {
                let strength = curve.pull(squared);
                for (at, other) in at.iter_mut().zip(pull) {
                    *at += rate * (strength * (*at - other)).clamp(-CLIP, CLIP);
                }
            }
        }
        for _ in 0..NEGATIVES {
            let other = random.below(rows);
            if other == row {
                continue;
            }
            let push = &before[other * dims..][..dims];
            let squared = squared_distance(at, push);
            if squared > 0.0 {
                let strength = curve.push(squared);
                for (at, other) in at.iter_mut().zip(push) {
                    *at += rate * (strength * (*at - other)).clamp(-CLIP, CLIP);
                }
            }
        }
    }
}

/// Whether a pair of this period has its turn in the round.
fn is_due(period: f32, round: usize) -> bool {
    let turns = |round: usize| (round as f32 / period) as u32;
    turns(round + 1) > turns(round)
}

fn squared_distance(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// How strongly pairs belong together, and who belongs to whom, both ways.
#[derive(Clone, Debug)]
struct Graph {
    starts: Vec<usize>,
    others: Vec<u32>,
    /// 0 to 1.
    weights: Vec<f32>,
    /// Rounds from one turn to the next.
    periods: Vec<f32>,
}

impl Graph {
    /// The fuzzy union of what each point takes for its surroundings.
    fn of(neighbors: &Neighbors, rows: usize, rounds: usize) -> Self {
        let count = neighbors.count;
        let mut strengths = vec![0.0_f32; rows * count];
        // Entropy of the surroundings: log2 of all of them, the point itself among them.
        let target = ((count + 1) as f64).log2();
        let mean_distance =
            neighbors.distance.iter().map(|d| f64::from(*d)).sum::<f64>() / (neighbors.distance.len().max(1) as f64);
        fill_rows(&mut strengths, count, |first, strengths| {
            for (offset, strengths) in strengths.chunks_mut(count).enumerate() {
                let distances: Vec<f64> = neighbors.of(first + offset).map(|(_, d)| f64::from(d)).collect();
                surroundings(&distances, target, mean_distance, strengths);
            }
        });
        let mut pairs: Vec<(u32, u32, f32)> = Vec::with_capacity(rows * count * 2);
        for row in 0..rows {
            for (at, (other, _)) in neighbors.of(row).enumerate() {
                let strength = strengths[row * count + at];
                pairs.push((row as u32, other as u32, strength));
                pairs.push((other as u32, row as u32, strength));
            }
        }
        pairs.sort_unstable_by_key(|&(row, other, strength)| (row, other, strength.to_bits()));
        let mut graph =
            Graph { starts: vec![0; rows + 1], others: Vec::new(), weights: Vec::new(), periods: Vec::new() };
        let mut at = 0;
        while at < pairs.len() {
            let (row, other, strength) = pairs[at];
            let back = pairs.get(at + 1).filter(|next| (next.0, next.1) == (row, other));
            // Whether either takes the other for near: a + b − ab.
            let weight = back.map_or(strength, |next| strength + next.2 - strength * next.2);
            at += if back.is_some() { 2 } else { 1 };
            graph.others.push(other);
            graph.weights.push(weight);
            graph.starts[row as usize + 1] += 1;
        }
        for row in 0..rows {
            graph.starts[row + 1] += graph.starts[row];
        }
        let most = graph.weights.iter().copied().fold(0.0_f32, f32::max);
        // A pair that would not have a turn in all rounds has none.
        let period = |&weight: &f32| if weight * rounds as f32 >= most { most / weight } else { f32::INFINITY };
        graph.periods = graph.weights.iter().map(period).collect();
        graph
    }

    /// Where the pairs of a point are.
    fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }

    /// Others of a point, with the period of the pair.
    fn pairs(&self, row: usize) -> impl Iterator<Item = (usize, f32)> {
        let range = self.range(row);
        self.others[range.clone()].iter().map(|&other| other as usize).zip(self.periods[range].iter().copied())
    }

    /// Whether every point can be reached from the first.
    fn is_whole(&self) -> bool {
        let rows = self.starts.len() - 1;
        let (mut seen, mut left) = (vec![false; rows], vec![0]);
        seen[0] = true;
        let mut count = 1;
        while let Some(row) = left.pop() {
            for &other in &self.others[self.range(row)] {
                if !seen[other as usize] {
                    seen[other as usize] = true;
                    count += 1;
                    left.push(other as usize);
                }
            }
        }
        count == rows
    }
}

/// Strength of each neighbour: 1 at the nearest, falling so fast that together they count as log2 of their number.
fn surroundings(distances: &[f64], target: f64, mean_distance: f64, strengths: &mut [f32]) {
    let nearest = distances.iter().copied().find(|&distance| distance > 0.0).unwrap_or(0.0);
    let sum = |sigma: f64| -> f64 {
        distances.iter().map(|d| if *d > nearest { (-(d - nearest) / sigma).exp() } else { 1.0 }).sum()
    };
    let (mut low, mut high, mut sigma) = (0.0, f64::INFINITY, 1.0);
    for _ in 0..64 {
        let found = sum(sigma);
        if (found - target).abs() < 1e-5 {
            break;
        }
        if found > target {
            high = sigma;
            sigma = f64::midpoint(low, high);
        } else {
            low = sigma;
            sigma = if high.is_finite() { f64::midpoint(low, high) } else { sigma * 2.0 };
        }
    }
    let own_mean = distances.iter().sum::<f64>() / distances.len() as f64;
    sigma = sigma.max(1e-3 * if nearest > 0.0 { own_mean } else { mean_distance });
    for (strength, distance) in strengths.iter_mut().zip(distances) {
        *strength =
            if *distance <= nearest || sigma == 0.0 { 1.0 } else { (-(distance - nearest) / sigma).exp() as f32 };
    }
}

/// 1 / (1 + a·d^2b): how near two points are taken to be in the layout.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Curve {
    a: f32,
    b: f32,
}

impl Curve {
    /// The curve nearest to 1 up to `min_dist` and `exp(−(d − min_dist) / spread)` beyond, by Gauss and Newton with damping.
    fn fit(min_dist: f64, spread: f64) -> Self {
        let places: Vec<f64> = (0..300).map(|i| 3.0 * spread * f64::from(i) / 299.0).collect();
        let wanted = |d: f64| if d < min_dist { 1.0 } else { (-(d - min_dist) / spread).exp() };
        let value = |(a, b): (f64, f64), d: f64| 1.0 / (1.0 + a * d.powf(2.0 * b));
        let cost = |at: (f64, f64)| places.iter().map(|&d| (value(at, d) - wanted(d)).powi(2)).sum::<f64>();
        let (mut at, mut damping) = ((1.0, 1.0), 1e-3);
        for _ in 0..200 {
            let (mut aa, mut ab, mut bb, mut ga, mut gb) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for &d in &places[1..] {
                let y = value(at, d);
                let power = d.powf(2.0 * at.1);
                let (da, db) = (-y * y * power, -y * y * at.0 * power * 2.0 * d.ln());
                let residual = y - wanted(d);
                aa += da * da;
                ab += da * db;
                bb += db * db;
                ga += da * residual;
                gb += db * residual;
            }
            let (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
            let determinant = aa * bb - ab * ab;
            let step = ((bb * ga - ab * gb) / determinant, (aa * gb - ab * ga) / determinant);
            let next = (at.0 - step.0, at.1 - step.1);
            if next.0 > 0.0 && next.1 > 0.0 && cost(next) < cost(at) {
                let small = step.0.abs() < 1e-12 && step.1.abs() < 1e-12;
                (at, damping) = (next, damping * 0.3);
                if small {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        Curve { a: at.0 as f32, b: at.1 as f32 }
    }

    fn pull(self, squared: f32) -> f32 {
        -2.0 * self.a * self.b * squared.powf(self.b - 1.0) / (self.a * squared.powf(self.b) + 1.0)
    }

    fn push(self, squared: f32) -> f32 {
        2.0 * self.b / ((0.001 + squared) * (self.a * squared.powf(self.b) + 1.0))
    }
}

/// The slow directions of the graph where it is one piece, principal components where it is not; with a little noise.
fn first_layout(points: Points, graph: &Graph, dims: usize, random: &mut Random) -> Result<Vec<f32>> {
    let rows = points.rows();
    let mut layout = if let Some(layout) = spectral(graph, dims, random) {
        layout
    } else {
        let have = dims.min(points.width());
        let found = pca(points, have)?.positions;
        found.chunks(have).flat_map(|row| (0..dims).map(|d| row.get(d).map_or(0.0, |v| f64::from(*v)))).collect()
    };
    let most = layout.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let scale = if most > 0.0 { EXTENT / most } else { 1.0 };
    for value in &mut layout {
        *value = *value * scale + 1e-4 * f64::from(random.normal());
    }
    debug_assert_eq!(layout.len(), rows * dims);
    Ok(spread_out(&layout, dims))
}

/// From 0 to 10 along each direction.
fn spread_out(layout: &[f64], dims: usize) -> Vec<f32> {
    let (mut low, mut high) = (vec![f64::INFINITY; dims], vec![f64::NEG_INFINITY; dims]);
    for row in layout.chunks(dims) {
        for (d, value) in row.iter().enumerate() {
            low[d] = low[d].min(*value);
            high[d] = high[d].max(*value);
        }
    }
    let place = |row: &[f64]| {
        (0..dims).map(|d| (EXTENT * (row[d] - low[d]) / (high[d] - low[d]).max(1e-12)) as f32).collect::<Vec<_>>()
    };
    layout.chunks(dims).flat_map(place).collect()
}

/// Eigenvectors of the normalised graph after the first, by subspace iteration; `None` where the graph is in pieces or too small.
fn spectral(graph: &Graph, dims: usize, random: &mut Random) -> Option<Vec<f64>> {
    let rows = graph.starts.len() - 1;
    let kept = dims + 1 + 4;
    if rows <= kept || !graph.is_whole() {
        return None;
    }
    let degree = |row: usize| graph.weights[graph.range(row)].iter().map(|w| f64::from(*w)).sum::<f64>();
    let root: Vec<f64> = (0..rows).map(|row| degree(row).sqrt().max(1e-12)).collect();
    // Directions lie one after the other; the first is known.
    let mut directions: Vec<f64> = (0..kept * rows).map(|_| f64::from(random.normal())).collect();
    directions[..rows].copy_from_slice(&root);
    orthonormalize(&mut directions, rows);
    let step = |directions: &[f64]| {
        let mut moved = vec![0.0; directions.len()];
        fill_rows(&mut moved, rows, |first, moved| {
            for (offset, moved) in moved.chunks_mut(rows).enumerate() {
                let from = &directions[(first + offset) * rows..][..rows];
                for (row, moved) in moved.iter_mut().enumerate() {
                    let range = graph.range(row);
                    let pulled: f64 = graph.others[range.clone()]
                        .iter()
                        .zip(&graph.weights[range])
                        .map(|(&other, &weight)| f64::from(weight) * from[other as usize] / root[other as usize])
                        .sum();
                    // Half of the way, so that no direction turns round.
                    *moved = f64::midpoint(from[row], pulled / root[row]);
                }
            }
        });
        moved
    };
    for _ in 0..SPECTRAL_ROUNDS {
        directions = step(&directions);
        orthonormalize(&mut directions, rows);
    }
    // Turn the directions that were kept into the slowest among them.
    let moved = step(&directions);
    let mut small = vec![0.0; kept * kept];
    for a in 0..kept {
        for b in 0..kept {
            small[a * kept + b] =
                directions[a * rows..][..rows].iter().zip(&moved[b * rows..][..rows]).map(|(x, y)| x * y).sum();
        }
    }
    let (_, vectors) = symmetric_eigen(&mut small, kept);
    let mut layout = vec![0.0; rows * dims];
    for row in 0..rows {
        for d in 0..dims {
            layout[row * dims + d] =
                (0..kept).map(|from| vectors[from * kept + d + 1] * directions[from * rows + row]).sum::<f64>()
                    / root[row];
        }
    }
    Some(layout)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    /// Three far clouds of points in ten dimensions.
    fn clouds(each: usize) -> Vec<f32> {
        let mut random = Random::new(11);
        (0..3 * each)
            .flat_map(|row| {
                let center = 20.0 * (row / each) as f32;
                (0..10).map(|d| random.normal() + if d == 0 { center } else { 0.0 }).collect::<Vec<_>>()
            })
            .collect()
    }

    #[test]
    fn the_curve_is_that_of_umap_learn() {
        let curve = Curve::fit(0.1, 1.0);
        assert!((curve.a - 1.5769).abs() < 1e-3 && (curve.b - 0.8951).abs() < 1e-3, "{curve:?}");
        let curve = Curve::fit(0.5, 1.0);
        assert!((curve.a - 0.5830).abs() < 1e-3 && (curve.b - 1.3342).abs() < 1e-3, "{curve:?}");
    }

    #[test]
    fn clouds_stay_apart_and_the_same_seed_gives_the_same_layout() {
        let values = clouds(60);
        let points = Points::new(&values, 10).unwrap();
        let layout = Umap::new(points, &UmapParams::default()).unwrap().finish();
        let mut stepwise = Umap::new(points, &UmapParams::default()).unwrap();
        while stepwise.advance(7) {}
        assert_eq!(layout, stepwise.positions(), "in steps or at once");
        let shown = Neighbors::exact(Points::new(&layout, 2).unwrap(), 10, Metric::Euclidean).unwrap();
        for row in 0..180 {
            assert!(shown.of(row).all(|(other, _)| other / 60 == row / 60), "{row} lies in another cloud");
        }
        let other = Umap::new(points, &UmapParams { seed: 1, ..UmapParams::default() }).unwrap().finish();
        assert_ne!(layout, other);
    }

    #[test]
    fn few_points_duplicates_and_bad_parameters_have_an_answer() {
        let make =
            |values: &[f32], params: UmapParams| Umap::new(Points::new(values, 2).unwrap(), &params).map(Umap::finish);
        let params = |neighbors| UmapParams { neighbors, ..UmapParams::default() };
        assert!(make(&[0.0; 6], params(3)).unwrap().iter().all(|value| value.is_finite()), "all the same");
        assert!(make(&[0.0, 1.0, 2.0, 3.0], params(2)).unwrap().iter().all(|value| value.is_finite()), "two points");
        assert!(make(&[0.0; 6], params(4)).is_err(), "fewer points than neighbours");
        assert!(make(&[0.0; 6], UmapParams { dims: 4, ..params(2) }).is_err());
        assert!(make(&[0.0; 6], UmapParams { min_dist: 2.0, ..params(2) }).is_err());
    }
}
