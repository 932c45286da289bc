//! The stratified bootstrap: runs of each task drawn anew with replacement, again and again.

use ethogram_random::Random;

use super::statistic::{cut, mean, median};
use super::{Scores, Statistic};
use crate::parallel::fill_rows;

/// Scores of all tasks with the place of each in their order, so that what is drawn is counted and never sorted.
pub(super) struct Strata {
    /// Scores of all tasks, a task after the other.
    scores: Vec<f64>,
    /// The row of each score in `sorted`.
    rank: Vec<u32>,
    /// Scores ascending.
    pub sorted: Vec<f64>,
    /// For each row of `sorted`, one over the runs of its task and over the tasks.
    pub weight: Vec<f64>,
    /// Where each task ends in `scores`.
    ends: Vec<usize>,
    /// The target of the optimality gap.
    target: f64,
}

impl Strata {
    /// Scores must be finite.
    pub fn new(scores: &Scores, target: f64) -> Self {
        let mut ends = Vec::new();
        let mut flat = Vec::with_capacity(scores.count());
        let mut weights = Vec::with_capacity(scores.count());
        let tasks = scores.filled().count() as f64;
        for task in scores.filled() {
            flat.extend_from_slice(task);
            weights.resize(flat.len(), 1.0 / (task.len() as f64 * tasks));
            ends.push(flat.len());
        }
        let mut order: Vec<u32> = (0..flat.len() as u32).collect();
        order.sort_by(|&a, &b| flat[a as usize].total_cmp(&flat[b as usize]));
        let mut rank = vec![0; flat.len()];
        for (row, &at) in order.iter().enumerate() {
            rank[at as usize] = row as u32;
        }
        let sorted = order.iter().map(|&at| flat[at as usize]).collect();
        let weight = order.iter().map(|&at| weights[at as usize]).collect();
        Strata { scores: flat, rank, sorted, weight, ends, target }
    }

    /// Room for what is drawn.
    pub fn drawn(&self) -> Drawn {
        Drawn {
            counts: vec![0; self.scores.len()],
            means: vec![0.0; self.ends.len()],
            clipped: vec![0.0; self.ends.len()],
            sorted: vec![0.0; self.ends.len()],
        }
    }

    /// Draws as many runs of each task as it has.
    pub fn draw(&self, random: &mut Random, drawn: &mut Drawn) {
        drawn.counts.fill(0);
        let mut first = 0;
        for (task, &end) in self.ends.iter().enumerate() {
            let (scores, rank) = (&self.scores[first..end], &self.rank[first..end]);
            let (mut sum, mut clipped) = (0.0, 0.0);
            indices(random, scores.len(), |run| {
                drawn.counts[rank[run] as usize] += 1;
                sum += scores[run];
                clipped += scores[run].min(self.target);
            });
            drawn.means[task] = sum / scores.len() as f64;
            drawn.clipped[task] = clipped / scores.len() as f64;
            first = end;
        }
    }

    /// A statistic of what was drawn.
    pub fn statistic(&self, statistic: Statistic, drawn: &mut Drawn) -> f64 {
        match statistic {
            Statistic::Iqm => self.iqm(&drawn.counts),
            Statistic::Mean => mean(&drawn.means),
            Statistic::Median => {
                drawn.sorted.copy_from_slice(&drawn.means);
                median(&mut drawn.sorted)
            }
            Statistic::OptimalityGap { target } => target - mean(&drawn.clipped),
        }
    }

    /// Of `n` scores, drawn `counts` times each, those from `⌊n/4⌋` to `n − ⌊n/4⌋`.
    fn iqm(&self, counts: &[u32]) -> f64 {
        let cut = cut(self.scores.len()) as u32;
        let (first, end) = (cut, self.scores.len() as u32 - cut);
        let (mut before, mut sum) = (0, 0.0);
        for (&score, &count) in self.sorted.iter().zip(counts) {
            let after = before + count;
            sum += score * f64::from(after.clamp(first, end) - before.clamp(first, end));
            before = after;
        }
        sum / f64::from(end - first)
    }
}

/// What one repetition drew.
pub(super) struct Drawn {
    /// How often each score was drawn, in the order of their size.
    pub counts: Vec<u32>,
    /// The mean of each task.
    pub means: Vec<f64>,
    /// The same of scores cut to the target.
    clipped: Vec<f64>,
    /// Room for the means in another order: their sum depends on it in the last bit.
    sorted: Vec<f64>,
}

/// Draws `count` numbers from 0 to below `count`: two from each 64 bits, so no number is preferred by more than `count` in 2³².
pub(super) fn indices(random: &mut Random, count: usize, mut each: impl FnMut(usize)) {
    let scaled = |bits: u64| ((bits * count as u64) >> 32) as usize;
    for _ in 0..count / 2 {
        let bits = random.bits();
        each(scaled(bits >> 32));
        each(scaled(bits & 0xffff_ffff));
    }
    if count % 2 == 1 {
        each(scaled(random.bits() >> 32));
    }
}

/// `reps` rows of `width` numbers. Each repetition has a stream of its own, so threads have no say in what it draws.
pub(super) fn repeat<S>(
    (reps, width): (usize, usize),
    seed: u64,
    scratch: impl Fn() -> S + Sync,
    row: impl Fn(&mut Random, &mut S, &mut [f64]) + Sync,
) -> Vec<f64> {
    let mut out = vec![0.0; reps * width];
    fill_rows(&mut out, width, |first, stretch| {
        let mut scratch = scratch();
        for (rep, out) in stretch.chunks_mut(width).enumerate() {
            row(&mut stream(seed, (first + rep) as u64), &mut scratch, out);
        }
    });
    out
}

/// The stream of numbers with this index.
pub(crate) fn stream(seed: u64, index: u64) -> Random {
    let mut mixed = Random::new(Random::new(seed).bits() ^ index);
    Random::new(mixed.bits())
}
