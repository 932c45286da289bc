//! Who surrounds whom.

use super::labels::Labels;
use crate::map::Neighbors;
use crate::parallel::fill_rows;

/// How strongly pairs belong together, and who belongs to whom, both ways.
#[derive(Clone, Debug)]
pub(super) struct Graph {
    pub(super) starts: Vec<usize>,
    pub(super) others: Vec<u32>,
    /// 0 to 1.
    pub(super) weights: Vec<f32>,
    /// Rounds from one turn to the next.
    periods: Vec<f32>,
}

impl Graph {
    /// The fuzzy union of what each point takes for its surroundings.
    pub(super) fn of(neighbors: &Neighbors, rows: usize) -> Self {
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
        graph
    }

    /// The same with points in another order, that of `order`.
    pub(super) fn renumbered(&self, order: &[u32]) -> Self {
        let mut place = vec![0_u32; order.len()];
        for (at, &row) in order.iter().enumerate() {
            place[row as usize] = at as u32;
        }
        let mut graph =
            Graph { starts: vec![0; order.len() + 1], others: Vec::new(), weights: Vec::new(), periods: Vec::new() };
        for (at, &row) in order.iter().enumerate() {
            for pair in self.range(row as usize) {
                graph.others.push(place[self.others[pair] as usize]);
                graph.weights.push(self.weights[pair]);
            }
            graph.starts[at + 1] = graph.others.len();
        }
        graph
    }

    /// Deals out turns: the strongest pairs have one each round.
    pub(super) fn in_turns(mut self, rounds: usize) -> Self {
        let most = self.weights.iter().copied().fold(0.0_f32, f32::max);
        // A pair that would not have a turn in all rounds has none.
        let period = |&weight: &f32| if weight * rounds as f32 >= most { most / weight } else { f32::INFINITY };
        self.periods = self.weights.iter().map(period).collect();
        self
    }

    /// The intersection with what labels say: pairs of different labels count for less, and so do those of which a label is not known.
    /// Then each point has a surrounding that is certain again, as in the union.
    ///
    /// **Source** umap-learn 0.5: `discrete_metric_simplicial_set_intersection` and `reset_local_connectivity`.
    pub(super) fn crossed_with(mut self, labels: &Labels) -> Self {
        let rows = self.starts.len() - 1;
        for row in 0..rows {
            for pair in self.range(row) {
                self.weights[pair] *= labels.share(row, self.others[pair] as usize);
            }
        }
        let most = |row: usize| self.weights[self.range(row)].iter().copied().fold(0.0_f32, f32::max);
        let most: Vec<f32> = (0..rows).map(most).collect();
        let mut graph =
            Graph { starts: vec![0; rows + 1], others: Vec::new(), weights: Vec::new(), periods: Vec::new() };
        for row in 0..rows {
            for pair in self.range(row).filter(|&pair| self.weights[pair] > 0.0) {
                let other = self.others[pair];
                // Pairs stand on both sides with the same weight.
                let (own, back) = (self.weights[pair] / most[row], self.weights[pair] / most[other as usize]);
                graph.others.push(other);
                graph.weights.push(own + back - own * back);
            }
            graph.starts[row + 1] = graph.others.len();
        }
        graph
    }

    /// Where the pairs of a point are.
    pub(super) fn range(&self, row: usize) -> std::ops::Range<usize> {
        self.starts[row]..self.starts[row + 1]
    }

    /// Others of a point, with the period of the pair.
    pub(super) fn pairs(&self, row: usize) -> impl Iterator<Item = (usize, f32)> {
        let range = self.range(row);
        self.others[range.clone()].iter().map(|&other| other as usize).zip(self.periods[range].iter().copied())
    }

    /// Whether every point can be reached from the first.
    pub(super) fn is_whole(&self) -> bool {
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
