//! How points move in a round.

use ethogram_random::Random;

use super::curve::Curve;
use super::graph::Graph;

/// Draws against which a point is pushed away, for each at which it is pulled.
const NEGATIVES: usize = 5;
/// Farthest that one push or pull moves a coordinate.
const CLIP: f32 = 4.0;

/// What a round needs to know.
#[derive(Clone, Copy)]
pub(super) struct Round<'a> {
    pub graph: &'a Graph,
    pub curve: Curve,
    /// Where all points lay before it. **Shape**: `[rows, dims]`.
    pub before: &'a [f32],
    pub dims: usize,
    /// Which.
    pub number: usize,
    /// How far points go, of 1.
    pub rate: f32,
}

impl Round<'_> {
    /// Moves the points of a stretch, pair after pair: of two in the stretch both move, as they lie by then; one elsewhere is where it was
    /// before the round, and pulls twice, for as the other of the pair it would do so as well.
    pub(super) fn move_stretch(&self, first: usize, own: &mut [f32], random: &mut Random) {
        let dims = self.dims;
        let (rows, count) = (self.before.len() / dims, own.len() / dims);
        for local in 0..count {
            let row = first + local;
            let mut at = place(own, local, dims);
            for (other, period) in self.graph.pairs(row) {
                if !is_due(period, self.number) {
                    continue;
                }
                if (first..first + count).contains(&other) {
                    let mut pull = place(own, other - first, dims);
                    self.pull(&mut at, &mut pull);
                    own[(other - first) * dims..][..dims].copy_from_slice(&pull[..dims]);
                } else {
                    for _ in 0..2 {
                        self.pull(&mut at, &mut place(self.before, other, dims));
                    }
                }
                for _ in 0..NEGATIVES {
                    let other = random.below(rows);
                    if other != row {
                        let inside = (first..first + count).contains(&other);
                        let push =
                            if inside { place(own, other - first, dims) } else { place(self.before, other, dims) };
                        self.push(&mut at, &push);
                    }
                }
            }
            own[local * dims..][..dims].copy_from_slice(&at[..dims]);
        }
    }

    /// Draws two points together.
    fn pull(&self, at: &mut [f32; 3], other: &mut [f32; 3]) {
        let squared = squared_distance(at, other);
        if squared > 0.0 {
            let strength = self.curve.pull(squared);
            for (at, other) in at.iter_mut().zip(other) {
                let step = self.rate * (strength * (*at - *other)).clamp(-CLIP, CLIP);
                *at += step;
                *other -= step;
            }
        }
    }

    /// Pushes one away from another.
    fn push(&self, at: &mut [f32; 3], other: &[f32; 3]) {
        let squared = squared_distance(at, other);
        if squared > 0.0 {
            let strength = self.curve.push(squared);
            for (at, other) in at.iter_mut().zip(other) {
                *at += self.rate * (strength * (*at - other)).clamp(-CLIP, CLIP);
            }
        }
    }
}

/// Where a point lies; coordinates that it does not have are 0.
fn place(positions: &[f32], row: usize, dims: usize) -> [f32; 3] {
    std::array::from_fn(|d| if d < dims { positions[row * dims + d] } else { 0.0 })
}

/// Whether a pair of this period has its turn in the round.
fn is_due(period: f32, round: usize) -> bool {
    let turns = |round: usize| (round as f32 / period) as u32;
    turns(round + 1) > turns(round)
}

fn squared_distance(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
