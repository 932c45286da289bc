//! A graph seen from farther and farther off: how its slow directions are found, and which points are neighbours of neighbours.

use ethogram_random::Random;

use super::graph::Graph;
use crate::map::pca::{orthonormalize, symmetric_eigen};
use crate::parallel::fill_rows;

/// Most members of a group.
const MEMBERS_MAX: usize = 4;
/// A level with so few groups is solved from nothing, in so many rounds.
const SOLVED_ROWS: usize = 400;
const SOLVED_ROUNDS: usize = 1_500;
/// Rounds at each finer level, which begin at what the coarser one found.
const FINER_ROUNDS: usize = 20;
/// Rounds where the graph is not seen from farther off.
const ALONE_ROUNDS: usize = 150;
/// Directions that are sought beside those that are wanted.
const BESIDE: usize = 4;

/// A graph, then that of groups of its points, of groups of those, and so on.
pub(super) struct Levels {
    levels: Vec<Level>,
    /// Of each level but the last: the group of each of its nodes, a node of the next level.
    groups: Vec<Vec<u32>>,
}

/// A graph of points or groups.
struct Level {
    starts: Vec<usize>,
    others: Vec<u32>,
    weights: Vec<f64>,
    /// All weights of a node, those between members of its group among them.
    degrees: Vec<f64>,
}

impl Levels {
    /// The graph alone.
    pub(super) fn alone(graph: &Graph) -> Self {
        Levels { levels: vec![Level::of(graph)], groups: Vec::new() }
    }

    /// Groups of groups, until they grow no more: at last one for each piece of the graph.
    pub(super) fn of(graph: &Graph) -> Self {
        let mut found = Self::alone(graph);
        while let Some((groups, coarser)) = found.levels.last().and_then(Level::coarser) {
            found.groups.push(groups);
            found.levels.push(coarser);
        }
        found
    }

    /// All points, so that those of a group follow each other, at every level.
    pub(super) fn order(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.levels[self.levels.len() - 1].rows() as u32).collect();
        for groups in self.groups.iter().rev() {
            let mut place_of_group = vec![0_u32; order.len()];
            for (place, &group) in order.iter().enumerate() {
                place_of_group[group as usize] = place as u32;
            }
            order = (0..groups.len() as u32).collect();
            order.sort_by_key(|&node| place_of_group[groups[node as usize] as usize]);
        }
        order
    }

    /// Eigenvectors of the normalised graph after the first, by subspace iteration: from nothing where the graph is small, and from what
    /// was found for groups where it is large, for it would take a long thread of points very many rounds. `None` where there are too few
    /// points.
    ///
    /// **Shape** `[rows, dims]`. **Source** groups and the way back follow Dhillon, Guan and Kulis, Weighted graph cuts without
    /// eigenvectors: a multilevel approach, 2007; here a point takes the value of its group, and the rounds smooth it.
    pub(super) fn slow_directions(&self, dims: usize, random: &mut Random) -> Option<Vec<f64>> {
        let kept = dims + 1 + BESIDE;
        let fits = |level: &Level| level.rows() > kept;
        let small = self.levels.iter().position(|level| level.rows() <= SOLVED_ROWS).unwrap_or(self.levels.len() - 1);
        let first = (0..=small).rev().find(|&at| fits(&self.levels[at]))?;
        let rows = self.levels[first].rows();
        let mut directions: Vec<f64> = (0..kept * rows).map(|_| f64::from(random.normal())).collect();
        directions = self.levels[first].slowest(directions, if first == 0 { ALONE_ROUNDS } else { SOLVED_ROUNDS });
        for at in (0..first).rev() {
            let (level, coarser, groups) = (&self.levels[at], &self.levels[at + 1], &self.groups[at]);
            let (root, coarser_root) = (level.roots(), coarser.roots());
            let mut finer = Vec::with_capacity(kept * level.rows());
            for direction in directions.chunks(coarser.rows()) {
                let value =
                    |(root, &group): (&f64, &u32)| direction[group as usize] / coarser_root[group as usize] * root;
                finer.extend(root.iter().zip(groups).map(value));
            }
            directions = level.slowest(finer, FINER_ROUNDS);
        }
        let root = self.levels[0].roots();
        let rows = root.len();
        let place = |row: usize| (1..=dims).map(move |d| (d, row));
        Some((0..rows).flat_map(place).map(|(d, row)| directions[d * rows + row] / root[row]).collect())
    }
}

impl Level {
    fn of(graph: &Graph) -> Self {
        let weights: Vec<f64> = graph.weights.iter().map(|weight| f64::from(*weight)).collect();
        let degrees = (0..graph.starts.len() - 1).map(|row| weights[graph.range(row)].iter().sum()).collect();
        Level { starts: graph.starts.clone(), others: graph.others.clone(), weights, degrees }
    }

    fn rows(&self) -> usize {
        self.degrees.len()
    }

    fn roots(&self) -> Vec<f64> {
        self.degrees.iter().map(|degree| degree.sqrt().max(1e-12)).collect()
    }

    fn pairs(&self, row: usize) -> impl Iterator<Item = (usize, f64)> {
        let range = self.starts[row]..self.starts[row + 1];
        self.others[range.clone()].iter().map(|&other| other as usize).zip(self.weights[range].iter().copied())
    }

    /// The group of each node, and the graph of groups: each node joins the other to which it is tied most, for what both are tied at all.
    /// `None` when that leaves more than nine of ten.
    fn coarser(&self) -> Option<(Vec<u32>, Level)> {
        const NONE: u32 = u32::MAX;
        let rows = self.rows();
        let mut groups = vec![NONE; rows];
        let mut members: Vec<usize> = Vec::new();
        for row in 0..rows {
            if groups[row] != NONE {
                continue;
            }
            let mut best: Option<(f64, usize)> = None;
            for (other, weight) in self.pairs(row) {
                if groups[other] != NONE && members[groups[other] as usize] >= MEMBERS_MAX {
                    continue;
                }
                let tie = weight / (self.degrees[other] * self.degrees[row]).sqrt();
                if best.is_none_or(|(most, _)| tie > most) {
                    best = Some((tie, other));
                }
            }
            let known = best.map_or(NONE, |(_, other)| groups[other]);
            if known == NONE {
                groups[row] = members.len() as u32;
                members.push(1);
            } else {
                groups[row] = known;
                members[known as usize] += 1;
            }
            if let Some((_, other)) = best.filter(|_| known == NONE) {
                groups[other] = groups[row];
                members[groups[row] as usize] += 1;
            }
        }
        (members.len() * 10 <= rows * 9).then(|| {
            let coarser = self.grouped(&groups, members.len());
            (groups, coarser)
        })
    }

    /// The graph of groups.
    fn grouped(&self, groups: &[u32], count: usize) -> Level {
        let mut pairs: Vec<(u32, u32, f64)> = Vec::with_capacity(self.others.len());
        let mut degrees = vec![0.0; count];
        for row in 0..self.rows() {
            degrees[groups[row] as usize] += self.degrees[row];
            let own = self.pairs(row).map(|(other, weight)| (groups[row], groups[other], weight));
            pairs.extend(own.filter(|(own, other, _)| own != other));
        }
        // Stable, so that weights are added up in one order.
        pairs.sort_by_key(|&(own, other, _)| (own, other));
        let mut level = Level { starts: vec![0; count + 1], others: Vec::new(), weights: Vec::new(), degrees };
        for same in pairs.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            level.starts[same[0].0 as usize + 1] += 1;
            level.others.push(same[0].1);
            level.weights.push(same.iter().map(|(.., weight)| weight).sum());
        }
        for group in 0..count {
            level.starts[group + 1] += level.starts[group];
        }
        level
    }

    /// Directions, one after the other, turned towards the slowest by so many rounds; the slowest first.
    fn slowest(&self, mut directions: Vec<f64>, rounds: usize) -> Vec<f64> {
        let (rows, root) = (self.rows(), self.roots());
        let kept = directions.len() / rows;
        // The first is known.
        directions[..rows].copy_from_slice(&root);
        orthonormalize(&mut directions, rows);
        for _ in 0..rounds {
            directions = self.step(&directions, &root);
            orthonormalize(&mut directions, rows);
        }
        let moved = self.step(&directions, &root);
        let mut small = vec![0.0; kept * kept];
        for a in 0..kept {
            for b in 0..kept {
                small[a * kept + b] =
                    directions[a * rows..][..rows].iter().zip(&moved[b * rows..][..rows]).map(|(x, y)| x * y).sum();
            }
        }
        let (_, vectors) = symmetric_eigen(&mut small, kept);
        let mut turned = vec![0.0; directions.len()];
        for (to, turned) in turned.chunks_mut(rows).enumerate() {
            for (from, direction) in directions.chunks(rows).enumerate() {
                let share = vectors[from * kept + to];
                turned.iter_mut().zip(direction).for_each(|(sum, value)| *sum += share * value);
            }
        }
        turned
    }

    /// Each direction under the normalised graph.
    fn step(&self, directions: &[f64], root: &[f64]) -> Vec<f64> {
        let rows = self.rows();
        let mut moved = vec![0.0; directions.len()];
        fill_rows(&mut moved, rows, |first, moved| {
            for (offset, moved) in moved.chunks_mut(rows).enumerate() {
                let from = &directions[(first + offset) * rows..][..rows];
                for (row, moved) in moved.iter_mut().enumerate() {
                    let (mut pulled, mut told) = (0.0, 0.0);
                    for (other, weight) in self.pairs(row) {
                        pulled += weight * from[other] / root[other];
                        told += weight;
                    }
                    // What is between members of the group pulls nowhere.
                    pulled += (self.degrees[row] - told) * from[row] / root[row];
                    // Half of the way, so that no direction turns round.
                    *moved = f64::midpoint(from[row], pulled / root[row]);
                }
            }
        });
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::thread;
    use super::*;
    use crate::map::{Metric, Neighbors, Points};

    /// Points that follow each other in the order lie near each other on a thread, though they came mixed.
    #[test]
    fn the_order_of_groups_follows_a_thread() {
        let rows = 12_000;
        let (values, along) = thread(rows);
        let points = Points::new(&values, 3).expect("points");
        let neighbors = Neighbors::exact(points, 10, Metric::Euclidean).expect("neighbours");
        let mut order = Levels::of(&Graph::of(&neighbors, rows)).order();
        let apart = order.windows(2).map(|pair| along[pair[0] as usize].abs_diff(along[pair[1] as usize]));
        let mean = apart.sum::<usize>() / rows;
        assert!(mean < 400, "{mean} places apart on the mean; by chance it would be 4,000");
        order.sort_unstable();
        assert!(order.into_iter().eq(0..rows as u32), "each point once");
    }
}
