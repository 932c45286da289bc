//! What one algorithm reached: a score a run, sorted by task.

use crate::{Error, Result};

/// Most scores of an algorithm.
pub const SCORES_MAX: usize = 1_000_000;

/// Scores of one algorithm, by task. Tasks may have different numbers of runs; a run that was never made is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    tasks: Vec<Vec<f64>>,
}

impl Scores {
    /// **Shapes** a list a task, a score a run. Tasks without a score are kept, so that two algorithms keep the same tasks, and left
    /// out of every statistic.
    ///
    /// **Errors** when there is no score at all, or more than [`SCORES_MAX`].
    pub fn new(tasks: Vec<Vec<f64>>) -> Result<Self> {
        let scores = Scores { tasks };
        let found = scores.count();
        if (1..=SCORES_MAX).contains(&found) {
            Ok(scores)
        } else {
            Err(Error::OutOfRange { argument: "scores", expected: "1 to 1,000,000 of them", found: found as f64 })
        }
    }

    /// Scores of each task.
    pub fn tasks(&self) -> &[Vec<f64>] {
        &self.tasks
    }

    /// Scores of tasks that have one.
    pub(super) fn filled(&self) -> impl Iterator<Item = &[f64]> {
        self.tasks.iter().map(Vec::as_slice).filter(|scores| !scores.is_empty())
    }

    /// Scores of all tasks together.
    pub fn count(&self) -> usize {
        self.tasks.iter().map(Vec::len).sum()
    }

    /// Whether another set of seeds can be imagined: all scores are finite, and some task has two.
    pub fn can_be_resampled(&self) -> bool {
        self.tasks.iter().any(|scores| scores.len() > 1) && self.tasks.iter().flatten().all(|score| score.is_finite())
    }
}

/// Scores that are there, for tests.
#[cfg(test)]
pub(super) fn scores(tasks: &[&[f64]]) -> Scores {
    Scores::new(tasks.iter().map(|task| task.to_vec()).collect()).expect("scores")
}
