//! Statistics of algorithms from Python: the native half of `ethogram.stats`. Scores come as a list a task, a score a run.

use ethogram_analysis::{
    ATARI_57, Bootstrap, Estimate, ProfileOf, Result, Scores, Statistic, atari_game, performance_profile,
    probability_of_improvement,
};
use pyo3::prelude::*;

use crate::fault::ShapeError;

/// A list a task.
type Tasks = Vec<Vec<f64>>;
/// A number with its interval.
type Found = (f64, Option<[f64; 2]>);
/// Repetitions, seed and level.
type Draws = (usize, u64, f64);

/// See [`Statistic::of`].
#[pyfunction]
pub fn score_statistic(tasks: Tasks, statistic: &str, target: f64) -> PyResult<f64> {
    let statistic = named(statistic, target)?;
    Ok(statistic.of(&Scores::new(tasks).map_err(|error| wrong(&error))?))
}

/// See [`ethogram_analysis::estimate`].
#[pyfunction]
pub fn score_interval(py: Python<'_>, tasks: Tasks, statistic: &str, target: f64, draws: Draws) -> PyResult<Found> {
    let statistic = named(statistic, target)?;
    told(py.detach(|| ethogram_analysis::estimate(&Scores::new(tasks)?, statistic, &bootstrap(draws))))
}

/// See [`ethogram_analysis::difference`].
#[pyfunction]
pub fn score_difference(
    py: Python<'_>,
    x: Tasks,
    y: Tasks,
    statistic: &str,
    target: f64,
    draws: Draws,
) -> PyResult<Found> {
    let statistic = named(statistic, target)?;
    told(py.detach(|| ethogram_analysis::difference(&Scores::new(x)?, &Scores::new(y)?, statistic, &bootstrap(draws))))
}

/// See [`probability_of_improvement`].
#[pyfunction]
pub fn score_improvement(py: Python<'_>, x: Tasks, y: Tasks, draws: Draws) -> PyResult<Found> {
    told(py.detach(|| probability_of_improvement(&Scores::new(x)?, &Scores::new(y)?, &bootstrap(draws))))
}

/// Shares, and their intervals. See [`performance_profile`].
#[pyfunction]
#[expect(clippy::needless_pass_by_value, clippy::type_complexity, reason = "what Python hands over, and gets")]
pub fn score_profile(
    py: Python<'_>,
    tasks: Tasks,
    thresholds: Vec<f64>,
    of_tasks: bool,
    draws: Draws,
) -> PyResult<(Vec<f64>, Option<Vec<[f64; 2]>>)> {
    let of = if of_tasks { ProfileOf::Tasks } else { ProfileOf::Runs };
    let found = py.detach(|| performance_profile(&Scores::new(tasks)?, &thresholds, of, &bootstrap(draws)));
    found.map(|found| (found.share, found.interval)).map_err(|error| wrong(&error))
}

/// One entry a point; a point without a score is `None`. See [`ethogram_analysis::estimate_curve`].
#[pyfunction]
pub fn score_curve(
    py: Python<'_>,
    points: Vec<Tasks>,
    statistic: &str,
    target: f64,
    draws: Draws,
) -> PyResult<Vec<Option<Found>>> {
    let statistic = named(statistic, target)?;
    let found = py.detach(|| {
        let points: Vec<_> = points.into_iter().map(|tasks| Scores::new(tasks).ok()).collect();
        ethogram_analysis::estimate_curve(&points, statistic, &bootstrap(draws))
    });
    let pair = |found: Estimate| (found.value, found.interval);
    found.map(|found| found.into_iter().map(|point| point.map(pair)).collect()).map_err(|error| wrong(&error))
}

/// Name, score of chance and score of people of each game.
#[pyfunction]
pub fn atari_games() -> Vec<(&'static str, f64, f64)> {
    ATARI_57.iter().map(|game| (game.name, game.random, game.human)).collect()
}

/// The name in that list of an environment's id.
#[pyfunction]
pub fn atari_name(env_id: &str) -> Option<&'static str> {
    atari_game(env_id).map(|game| game.name)
}

fn named(name: &str, target: f64) -> PyResult<Statistic> {
    Ok(match name {
        "iqm" => Statistic::Iqm,
        "median" => Statistic::Median,
        "mean" => Statistic::Mean,
        "optimality_gap" => Statistic::OptimalityGap { target },
        _ => {
            let expected = "iqm, median, mean or optimality_gap";
            return Err(ShapeError::new_err(format!("statistic: expected {expected}, found {name:?}")));
        }
    })
}

fn bootstrap((reps, seed, level): Draws) -> Bootstrap {
    Bootstrap { reps, seed, level }
}

fn told(found: Result<Estimate>) -> PyResult<Found> {
    found.map(|found| (found.value, found.interval)).map_err(|error| wrong(&error))
}

fn wrong(error: &ethogram_analysis::Error) -> PyErr {
    ShapeError::new_err(error.to_string())
}
