//! How likely a run of one algorithm beats a run of another.

use ethogram_random::Random;

use super::resample::{indices, repeat};
use super::{Bootstrap, Estimate, Scores};
use crate::Result;
use crate::error::same_length;

/// The mean over tasks of `P(x > y) + ½ P(x = y)` for a run `x` of one algorithm and `y` of the other: the Mann–Whitney statistic of
/// each task over the pairs. Tasks that one of them lacks are left out; the value is NaN when none is left or a score is NaN.
///
/// Runs of both are drawn anew, independently of each other.
///
/// **Shapes** task *i* of `x` is task *i* of `y`. **Errors** when they have different numbers of tasks, or `bootstrap` is out of its
/// bounds.
pub fn probability_of_improvement(x: &Scores, y: &Scores, bootstrap: &Bootstrap) -> Result<Estimate> {
    same_length("y", y.tasks().len(), "tasks of x", x.tasks().len())?;
    bootstrap.check(1)?;
    let both = || x.tasks().iter().zip(y.tasks()).filter(|(x, y)| !x.is_empty() && !y.is_empty());
    if both().any(|(x, y)| x.iter().chain(y).any(|score| score.is_nan())) {
        return Ok(Estimate { value: f64::NAN, interval: None });
    }
    let tasks: Vec<Pairs> = both().map(|(x, y)| Pairs::new(x, y)).collect();
    let over_tasks = |sum: f64| sum / tasks.len() as f64;
    let value = over_tasks(tasks.iter().map(Pairs::as_they_are).sum());
    if !both().any(|(x, y)| x.len() > 1 || y.len() > 1) {
        return Ok(Estimate { value, interval: None });
    }
    let rows = tasks.iter().map(|task| task.rows).max().unwrap_or(0);
    let mut found = repeat(
        (bootstrap.reps, 1),
        bootstrap.seed,
        || vec![[0; 2]; rows],
        |random, counts, out| out[0] = over_tasks(tasks.iter().map(|task| task.drawn(random, counts)).sum()),
    );
    Ok(Estimate { value, interval: Some(bootstrap.interval(&mut found)) })
}

/// Two algorithms on one task.
struct Pairs {
    /// The row of each score of the one among all different scores, ascending.
    x: Vec<u32>,
    /// Of the other.
    y: Vec<u32>,
    rows: usize,
}

impl Pairs {
    fn new(x: &[f64], y: &[f64]) -> Self {
        let mut all: Vec<f64> = x.iter().chain(y).copied().collect();
        all.sort_by(f64::total_cmp);
        // Not by their bits: 0 and −0 are a tie.
        all.dedup_by(|a, b| (*a).partial_cmp(b) == Some(std::cmp::Ordering::Equal));
        let row = |score: &f64| all.partition_point(|other| other < score) as u32;
        Pairs { x: x.iter().map(row).collect(), y: y.iter().map(row).collect(), rows: all.len() }
    }

    fn as_they_are(&self) -> f64 {
        let mut counts = vec![[0; 2]; self.rows];
        self.x.iter().for_each(|&row| counts[row as usize][0] += 1);
        self.y.iter().for_each(|&row| counts[row as usize][1] += 1);
        self.share(&counts)
    }

    fn drawn(&self, random: &mut Random, counts: &mut [[u32; 2]]) -> f64 {
        let counts = &mut counts[..self.rows];
        counts.fill([0; 2]);
        indices(random, self.x.len(), |run| counts[self.x[run] as usize][0] += 1);
        indices(random, self.y.len(), |run| counts[self.y[run] as usize][1] += 1);
        self.share(counts)
    }

    /// Pairs in which `x` is larger, ties as half, of all pairs.
    fn share(&self, counts: &[[u32; 2]]) -> f64 {
        let (mut smaller, mut won) = (0.0, 0.0);
        for &[x, y] in counts {
            won += f64::from(x) * (smaller + 0.5 * f64::from(y));
            smaller += f64::from(y);
        }
        won / (self.x.len() as f64 * self.y.len() as f64)
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "numbers that are exact in binary")]
mod tests {
    use super::super::scores::scores;
    use super::*;

    #[test]
    fn ties_are_half_and_tasks_that_one_lacks_are_left_out() {
        let bootstrap = Bootstrap { reps: 500, ..Bootstrap::default() };
        let (x, y) = (scores(&[&[1.0, 2.0], &[], &[5.0]]), scores(&[&[1.0, 0.0], &[9.0], &[5.0]]));
        let found = probability_of_improvement(&x, &y, &bootstrap).expect("an estimate");
        // First task: 1 > 0, 1 = 1, 2 > 1, 2 > 0 of four pairs; last: a tie.
        assert_eq!(found.value, 0.6875);
        let back = probability_of_improvement(&y, &x, &bootstrap).expect("an estimate");
        assert_eq!(found.value + back.value, 1.0);
        let [low, high] = found.interval.expect("an interval");
        assert!(low < found.value && found.value < high, "{low} {high}");
        let none = probability_of_improvement(&scores(&[&[1.0], &[]]), &scores(&[&[], &[1.0]]), &bootstrap);
        assert!(none.expect("an estimate").value.is_nan());
        assert!(probability_of_improvement(&x, &scores(&[&[1.0]]), &bootstrap).is_err());
    }
}
