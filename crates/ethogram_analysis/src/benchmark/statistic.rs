//! One number for all tasks and runs of an algorithm.

use super::Scores;

/// How scores of all tasks become one number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    /// The interquartile mean: the mean of what is left of all scores without the lowest and the highest quarter, `⌊n/4⌋` each.
    /// Every score counts once, so a task with more runs counts for more.
    Iqm,
    /// The median over tasks of the mean of each.
    Median,
    /// The mean over tasks of the mean of each.
    Mean,
    /// By how much runs fall short of `target`: `target − mean(min(score, target))`, the mean over tasks of the mean of each. Less is
    /// better.
    OptimalityGap {
        /// The score that is good enough.
        target: f64,
    },
}

impl Statistic {
    /// The statistic of `scores`; NaN when one of them is.
    pub fn of(self, scores: &Scores) -> f64 {
        let means = |of: fn(f64, f64) -> f64, target: f64| -> Vec<f64> {
            let mean = |task: &[f64]| task.iter().map(|&score| of(score, target)).sum::<f64>() / task.len() as f64;
            scores.filled().map(mean).collect()
        };
        let as_it_is = |score: f64, _: f64| score;
        if scores.tasks().iter().flatten().any(|score| score.is_nan()) {
            return f64::NAN;
        }
        match self {
            Self::Iqm => {
                let mut all: Vec<f64> = scores.tasks().iter().flatten().copied().collect();
                all.sort_by(f64::total_cmp);
                mean(&all[cut(all.len())..all.len() - cut(all.len())])
            }
            Self::Median => median(&mut means(as_it_is, 0.0)),
            Self::Mean => mean(&means(as_it_is, 0.0)),
            Self::OptimalityGap { target } => target - mean(&means(f64::min, target)),
        }
    }
}

/// How many of `count` sorted scores the interquartile mean leaves out at each end.
pub(super) fn cut(count: usize) -> usize {
    count / 4
}

pub(super) fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Of an even number, half-way between the two in the middle.
pub(super) fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let is_even = values.len().is_multiple_of(2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if is_even { f64::midpoint(below.iter().copied().fold(f64::NEG_INFINITY, f64::max), upper) } else { upper }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "numbers that are exact in binary")]
mod tests {
    use super::super::scores::scores;
    use super::*;

    #[test]
    fn tasks_with_other_numbers_of_runs_count_the_same_but_in_the_interquartile_mean() {
        let scores = scores(&[&[0.0, 0.0, 0.0, 0.0, 0.0, 0.0], &[3.0, 5.0], &[]]);
        assert_eq!(Statistic::Mean.of(&scores), 2.0);
        assert_eq!(Statistic::Median.of(&scores), 2.0);
        assert_eq!(Statistic::OptimalityGap { target: 4.0 }.of(&scores), 4.0 - 3.5 / 2.0);
        // Of eight scores the four in the middle are zeros.
        assert_eq!(Statistic::Iqm.of(&scores), 0.0);
    }

    #[test]
    fn one_score_is_every_statistic_and_nan_makes_nan() {
        let one = scores(&[&[0.25]]);
        for statistic in [Statistic::Iqm, Statistic::Median, Statistic::Mean] {
            assert_eq!(statistic.of(&one), 0.25);
            assert!(statistic.of(&scores(&[&[0.25, f64::NAN, 1.0, 2.0, 3.0]])).is_nan());
        }
        assert_eq!(Statistic::OptimalityGap { target: 1.0 }.of(&one), 0.75);
        assert!(Scores::new(vec![Vec::new()]).is_err());
    }
}
