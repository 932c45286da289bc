//! Which share of runs gets further than a score, for every score.

use super::resample::{Drawn, Strata, repeat};
use super::{Bootstrap, Scores};
use crate::{Error, Result};

/// Of what a performance profile counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProfileOf {
    /// Runs: the mean over tasks of the share of their runs above a threshold.
    Runs,
    /// Tasks: the share of tasks whose mean score is above it.
    Tasks,
}

/// A performance profile: columns of equal length.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Thresholds τ as they were asked for.
    pub threshold: Vec<f64>,
    /// Share above each, 0 to 1; NaN where a score is.
    pub share: Vec<f64>,
    /// Low and high of each; missing where there is no interval, as in [`Estimate`](super::Estimate).
    pub interval: Option<Vec<[f64; 2]>>,
}

/// The share of runs, or of tasks, that score more than each of `thresholds`.
///
/// **Errors** when there are too many thresholds for so many repetitions, or `bootstrap` is out of its bounds.
pub fn performance_profile(
    scores: &Scores,
    thresholds: &[f64],
    of: ProfileOf,
    bootstrap: &Bootstrap,
) -> Result<Profile> {
    let width = thresholds.len();
    bootstrap.check(width)?;
    if let Some(&found) = thresholds.iter().find(|threshold| threshold.is_nan()) {
        return Err(Error::OutOfRange { argument: "thresholds", expected: "numbers", found });
    }
    let threshold = thresholds.to_vec();
    let share = as_it_is(scores, thresholds, of);
    if width == 0 || !scores.can_be_resampled() {
        return Ok(Profile { threshold, share, interval: None });
    }
    let strata = Strata::new(scores, f64::INFINITY);
    // The first of the sorted scores above each threshold.
    let first: Vec<usize> = threshold.iter().map(|&at| strata.sorted.partition_point(|&score| score <= at)).collect();
    let rows = repeat(
        (bootstrap.reps, width),
        bootstrap.seed,
        || (strata.drawn(), vec![0.0; strata.sorted.len() + 1]),
        |random, (drawn, above), out| {
            strata.draw(random, drawn);
            match of {
                ProfileOf::Runs => shares_of_runs(&strata, drawn, &first, above, out),
                ProfileOf::Tasks => shares_of_tasks(&mut drawn.means, thresholds, out),
            }
        },
    );
    Ok(Profile { threshold, share, interval: Some(bootstrap.intervals(&rows, width)) })
}

fn as_it_is(scores: &Scores, thresholds: &[f64], of: ProfileOf) -> Vec<f64> {
    if scores.tasks().iter().flatten().any(|score| score.is_nan()) {
        return vec![f64::NAN; thresholds.len()];
    }
    let tasks = scores.filled().count() as f64;
    let share = |threshold: f64| -> f64 {
        let of_task = |task: &[f64]| match of {
            ProfileOf::Runs => task.iter().filter(|&&score| score > threshold).count() as f64 / task.len() as f64,
            ProfileOf::Tasks => f64::from(task.iter().sum::<f64>() / task.len() as f64 > threshold),
        };
        scores.filled().map(of_task).sum::<f64>() / tasks
    };
    thresholds.iter().map(|&threshold| share(threshold)).collect()
}

/// Weights of what was drawn are summed from the highest score down.
fn shares_of_runs(strata: &Strata, drawn: &Drawn, first: &[usize], above: &mut [f64], out: &mut [f64]) {
    let mut sum = 0.0;
    for row in (0..strata.sorted.len()).rev() {
        sum += f64::from(drawn.counts[row]) * strata.weight[row];
        above[row] = sum;
    }
    for (out, &row) in out.iter_mut().zip(first) {
        *out = above[row];
    }
}

fn shares_of_tasks(means: &mut [f64], thresholds: &[f64], out: &mut [f64]) {
    means.sort_unstable_by(f64::total_cmp);
    for (out, &threshold) in out.iter_mut().zip(thresholds) {
        *out = (means.len() - means.partition_point(|&mean| mean <= threshold)) as f64 / means.len() as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_fall_from_one_to_nothing_and_a_tie_is_not_above() {
        let scores = Scores::new(vec![vec![0.0, 1.0, 2.0, 3.0], vec![1.0, 1.0]]).expect("scores");
        let bootstrap = Bootstrap { reps: 200, ..Bootstrap::default() };
        let thresholds = [-1.0, 0.0, 1.0, 2.5, 3.0];
        let runs = performance_profile(&scores, &thresholds, ProfileOf::Runs, &bootstrap).expect("a profile");
        assert_eq!(runs.share, [1.0, 0.875, 0.25, 0.125, 0.0]);
        let bands = runs.interval.expect("bands");
        assert!((bands[0][0] - 1.0).abs() < 1e-12 && bands[4] == [0.0, 0.0], "{bands:?}");
        assert!(
            bands.iter().zip(&runs.share).all(|(band, share)| band[0] <= share + 1e-12 && *share <= band[1] + 1e-12)
        );
        let tasks = performance_profile(&scores, &thresholds, ProfileOf::Tasks, &bootstrap).expect("a profile");
        assert_eq!(tasks.share, [1.0, 1.0, 0.5, 0.0, 0.0]);
        let one = Scores::new(vec![vec![1.0]]).expect("scores");
        assert_eq!(performance_profile(&one, &[0.5], ProfileOf::Runs, &bootstrap).expect("a profile").interval, None);
        assert!(performance_profile(&one, &[f64::NAN], ProfileOf::Runs, &bootstrap).is_err());
    }
}
