//! What was reached after how many steps, or after how much time.

use ethogram_analysis::{Bootstrap, Estimate, Scores, Statistic, estimate_curve};

use super::contents::Contents;
use crate::Result;

/// A statistic along training, at places that all algorithms have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkCurve {
    /// Index among the algorithms.
    pub algorithm: usize,
    /// Index among the tasks; missing of a curve over all tasks.
    pub task: Option<usize>,
    /// Global steps, or microseconds since the run began, ascending.
    pub at: Vec<i64>,
    /// At each place, of the runs that had begun and not ended (along time what an ended run reached stays); missing where there was none, and over all tasks where one had none.
    pub estimates: Vec<Option<Estimate>>,
    /// Runs at each place.
    pub runs: Vec<usize>,
}

impl Contents {
    /// The interquartile mean of each algorithm over all tasks, on the common scale.
    pub fn efficiency(&self, points: usize, bands: &Bootstrap) -> Result<Vec<BenchmarkCurve>> {
        let places = self.places(points, |_| true);
        (0..self.algorithms.len()).map(|algorithm| self.curve(algorithm, None, &places, bands)).collect()
    }

    /// The mean of each algorithm on each task, as it was scored.
    pub fn task_curves(&self, points: usize, bands: &Bootstrap) -> Result<Vec<BenchmarkCurve>> {
        let mut curves = Vec::new();
        for task in 0..self.tasks.len() {
            let places = self.places(points, |of| of == task);
            for algorithm in 0..self.algorithms.len() {
                if self.runs.iter().any(|run| run.algorithm == algorithm && run.task == task) {
                    curves.push(self.curve(algorithm, Some(task), &places, bands)?);
                }
            }
        }
        Ok(curves)
    }

    fn curve(
        &self,
        algorithm: usize,
        task: Option<usize>,
        places: &[i64],
        bands: &Bootstrap,
    ) -> Result<BenchmarkCurve> {
        let at = |place: i64| -> Option<Scores> {
            self.sorted_by_task(algorithm, |index, run| {
                let reached = self.trace(index)?.at(place, self.how)?;
                match task {
                    Some(task) => (run.task == task).then_some(reached),
                    None => self.scales[run.task].map(|scale| scale.of(reached)),
                }
            })
        };
        // Over all tasks only where each has a run: a mean of those that happen to go on would jump as others end.
        let filled = |scores: &Scores| scores.tasks().iter().filter(|task| !task.is_empty()).count();
        let counts = |index: usize, task: usize| self.trace(index).and(self.scales[task]).map(|_| 0.0);
        let all = self.sorted_by_task(algorithm, |index, run| counts(index, run.task)).map_or(0, |all| filled(&all));
        let whole = |scores: &Scores| task.is_some() || filled(scores) == all;
        let scores: Vec<Option<Scores>> = places.iter().map(|&place| at(place).filter(whole)).collect();
        let statistic = if task.is_some() { Statistic::Mean } else { Statistic::Iqm };
        Ok(BenchmarkCurve {
            algorithm,
            task,
            at: places.to_vec(),
            estimates: estimate_curve(&scores, statistic, bands)?,
            runs: scores.iter().map(|scores| scores.as_ref().map_or(0, Scores::count)).collect(),
        })
    }

    /// Evenly spread from the first of any run to the last of any; each once.
    fn places(&self, points: usize, of_task: impl Fn(usize) -> bool) -> Vec<i64> {
        let histories =
            || (0..self.runs.len()).filter(|run| of_task(self.runs[*run].task)).filter_map(|run| self.trace(run));
        let first = histories().filter_map(super::score::History::first_step).min();
        let last = histories().filter_map(super::score::History::last_step).max();
        let (Some(first), Some(last)) = (first, last) else { return Vec::new() };
        let gaps = points.saturating_sub(1).max(1) as i128;
        let place = |at: usize| (i128::from(first) + (i128::from(last) - i128::from(first)) * at as i128 / gaps) as i64;
        let mut places: Vec<i64> = (0..points).map(place).collect();
        places.dedup();
        places
    }
}
