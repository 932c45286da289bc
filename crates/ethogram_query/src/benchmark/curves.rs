//! What was reached after how many steps.

use ethogram_analysis::{Bootstrap, Estimate, Scores, Statistic, estimate_curve};

use super::contents::Contents;
use crate::Result;

/// A statistic along training, at steps that all algorithms have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkCurve {
    /// Index among the algorithms.
    pub algorithm: usize,
    /// Index among the tasks; missing of a curve over all tasks.
    pub task: Option<usize>,
    /// Global steps, ascending.
    pub step: Vec<i64>,
    /// At each step, of the runs that had begun and not ended; missing where there was none, and over all tasks where one had none.
    pub estimates: Vec<Option<Estimate>>,
    /// Runs at each step.
    pub runs: Vec<usize>,
}

impl Contents {
    /// The interquartile mean of each algorithm over all tasks, on the common scale.
    pub fn efficiency(&self, points: usize, bands: &Bootstrap) -> Result<Vec<BenchmarkCurve>> {
        let steps = self.steps(points, |_| true);
        (0..self.algorithms.len()).map(|algorithm| self.curve(algorithm, None, &steps, bands)).collect()
    }

    /// The mean of each algorithm on each task, as it was scored.
    pub fn task_curves(&self, points: usize, bands: &Bootstrap) -> Result<Vec<BenchmarkCurve>> {
        let mut curves = Vec::new();
        for task in 0..self.tasks.len() {
            let steps = self.steps(points, |of| of == task);
            for algorithm in 0..self.algorithms.len() {
                if self.runs.iter().any(|run| run.algorithm == algorithm && run.task == task) {
                    curves.push(self.curve(algorithm, Some(task), &steps, bands)?);
                }
            }
        }
        Ok(curves)
    }

    fn curve(&self, algorithm: usize, task: Option<usize>, steps: &[i64], bands: &Bootstrap) -> Result<BenchmarkCurve> {
        let at = |step: i64| -> Option<Scores> {
            self.sorted_by_task(algorithm, |index, run| {
                let reached = self.histories[index].at(step, self.how)?;
                match task {
                    Some(task) => (run.task == task).then_some(reached),
                    None => self.scales[run.task].map(|scale| scale.of(reached)),
                }
            })
        };
        // Over all tasks only where each has a run: a mean of those that happen to go on would jump as others end.
        let filled = |scores: &Scores| scores.tasks().iter().filter(|task| !task.is_empty()).count();
        let all =
            self.sorted_by_task(algorithm, |_, run| self.scales[run.task].map(|_| 0.0)).map_or(0, |all| filled(&all));
        let whole = |scores: &Scores| task.is_some() || filled(scores) == all;
        let scores: Vec<Option<Scores>> = steps.iter().map(|&step| at(step).filter(whole)).collect();
        let statistic = if task.is_some() { Statistic::Mean } else { Statistic::Iqm };
        Ok(BenchmarkCurve {
            algorithm,
            task,
            step: steps.to_vec(),
            estimates: estimate_curve(&scores, statistic, bands)?,
            runs: scores.iter().map(|scores| scores.as_ref().map_or(0, Scores::count)).collect(),
        })
    }

    /// Evenly spread from the first step of any run to the last of any; each once.
    fn steps(&self, points: usize, of_task: impl Fn(usize) -> bool) -> Vec<i64> {
        let histories =
            || self.runs.iter().zip(&self.histories).filter(|(run, _)| of_task(run.task)).map(|both| both.1);
        let first = histories().filter_map(super::score::History::first_step).min();
        let last = histories().filter_map(super::score::History::last_step).max();
        let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
        let gaps = points.saturating_sub(1).max(1) as i128;
        let place = |at: usize| (i128::from(first) + (i128::from(last) - i128::from(first)) * at as i128 / gaps) as i64;
        let mut steps: Vec<i64> = (0..points).map(place).collect();
        steps.dedup();
        steps
    }
}
