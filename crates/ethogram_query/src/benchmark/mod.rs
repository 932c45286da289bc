//! Algorithms compared over tasks and seeds, from the runs to numbers with their intervals.

mod along;
mod contents;
mod curves;
mod facet;
mod normalization;
mod parameters;
mod part;
mod score;
mod table;
mod warnings;

use std::sync::Arc;

use ethogram_analysis::{
    Bootstrap, Estimate, Profile, ProfileOf, Scores, Statistic, aggregates, difference, performance_profile,
    probability_of_improvement,
};
use ethogram_store::{RunId, RunState};

use crate::{Error, Result, RunHandle, Workbench};

pub use along::Along;
pub use curves::BenchmarkCurve;
pub use facet::Facet;
pub use normalization::Normalization;
pub use parameters::{
    PARAMETERS_MAX, Parameter, ParameterValues, Parameters, ParametersRequest, ParametersRun, WORDS_MAX,
};
pub use part::BenchmarkPart;
pub use score::{How, SCORE_EPISODES, Score};
pub use table::{CellOf, TableFormat};

use contents::Contents;

/// Most runs of a benchmark.
pub const BENCHMARK_RUNS_MAX: usize = 2_000;
/// Most algorithms of a benchmark: every one is compared with every other.
pub const ALGORITHMS_MAX: usize = 32;
/// Most tasks of a benchmark.
pub const TASKS_MAX: usize = 256;
/// Most points of its curves.
pub const CURVE_POINTS_MAX: usize = 200;
/// Repetitions for what has a band at many places, as rliable takes for its profiles.
const BAND_REPS: usize = 2_000;
/// Thresholds of performance profiles.
const THRESHOLDS: usize = 101;

/// Asks for a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkRequest {
    /// Of which runs, from 1 to [`BENCHMARK_RUNS_MAX`].
    pub runs: Vec<RunId>,
    /// What names the algorithm of a run.
    pub algorithm: Facet,
    /// What names its task.
    pub task: Facet,
    /// What it reached.
    pub score: Score,
    /// How tasks are brought to one scale.
    pub normalization: Normalization,
    /// The score that is good enough, for the optimality gap; 1 of normalised scores when not said, and none of scores as they are.
    pub target: Option<f64>,
    /// How intervals are found.
    pub bootstrap: Bootstrap,
    /// Points of curves, at most [`CURVE_POINTS_MAX`]; 0 for none.
    pub points: usize,
    /// What curves run over.
    pub along: Along,
}

/// One run of a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkRun {
    /// Which.
    pub run: RunId,
    /// Its name.
    pub name: String,
    /// Index among the algorithms.
    pub algorithm: usize,
    /// Index among the tasks.
    pub task: usize,
    /// `seed` of its config.
    pub seed: Option<String>,
    /// What it reached; missing when it has nothing to score.
    pub score: Option<f64>,
    /// The same on the common scale; missing where its task has none.
    pub normalized: Option<f64>,
    /// From its start to its end, or to its last sign of life. Pauses count.
    pub runtime_secs: Option<f64>,
    /// Last global step of what its score is made of.
    pub last_step: Option<i64>,
    /// Whether it goes on.
    pub state: RunState,
}

/// What one algorithm reached on one task.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkCell {
    /// Index among the algorithms.
    pub algorithm: usize,
    /// Index among the tasks.
    pub task: usize,
    /// Runs with a finite score.
    pub runs: usize,
    /// Mean score over runs, not normalised.
    pub mean: Estimate,
    /// Standard deviation of the sample (n − 1); missing with one run.
    pub sd: Option<f64>,
    /// Standard deviation as NumPy's `std` has it (n), which tables of Open RL Benchmark show.
    pub sd_population: f64,
    /// Interquartile mean over runs.
    pub iqm: Estimate,
    /// Mean time that runs took, in seconds.
    pub runtime_secs: Option<f64>,
    /// Standard deviation of the sample of these times.
    pub runtime_sd: Option<f64>,
}

/// All tasks of one algorithm; scores are those on the common scale.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkAlgorithm {
    /// Its name.
    pub name: String,
    /// Runs that count.
    pub runs: usize,
    /// Tasks that count.
    pub tasks: usize,
    /// Interquartile mean, median, mean and optimality gap; the last is missing without a target. All are when no run counts.
    pub aggregates: [Option<Estimate>; 4],
    /// Share of runs above each threshold.
    pub run_profile: Option<Profile>,
    /// Share of tasks whose mean is.
    pub task_profile: Option<Profile>,
}

/// Two algorithms, on the tasks that both have.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchmarkPair {
    /// Index of the one.
    pub x: usize,
    /// Index of the other, greater than `x`.
    pub y: usize,
    /// How likely a run of `x` beats one of `y`.
    pub improvement: Estimate,
    /// Interquartile mean of `x` less that of `y`.
    pub iqm_difference: Estimate,
    /// Tasks that both have.
    pub tasks: usize,
}

/// A member of the configs in which algorithms differ.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigDifference {
    /// Its path, with dots.
    pub key: String,
    /// For each algorithm the values of its runs, sorted; none where it is not set.
    pub values: Vec<Vec<String>>,
}

/// Algorithms compared over tasks and seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Benchmark {
    /// What the score of a run is.
    pub score: Score,
    /// What the common scale is, never [`Normalization::Auto`].
    pub normalization: Normalization,
    /// The target of the optimality gap.
    pub target: Option<f64>,
    /// Sorted by name.
    pub algorithms: Vec<BenchmarkAlgorithm>,
    /// Sorted by name.
    pub tasks: Vec<String>,
    /// Runs, by algorithm, task and name.
    pub runs: Vec<BenchmarkRun>,
    /// Runs that do not count, with the reason.
    pub left_out: Vec<(RunId, String)>,
    /// By algorithm, then task; those without a run are not there.
    pub cells: Vec<BenchmarkCell>,
    /// Every two algorithms that have a task in common.
    pub pairs: Vec<BenchmarkPair>,
    /// What the curves run over.
    pub along: Along,
    /// Efficiency: the interquartile mean of each algorithm along training, on the common scale.
    pub curves: Vec<BenchmarkCurve>,
    /// The mean of each algorithm on each task along training, not normalised.
    pub task_curves: Vec<BenchmarkCurve>,
    /// In which members of their configs algorithms differ.
    pub differences: Vec<ConfigDifference>,
    /// What to know before believing any of it, in plain words.
    pub warnings: Vec<String>,
}

impl Benchmark {
    /// Reads a benchmark. A run that has no score, or whose algorithm or task nobody named, is left out and told of.
    ///
    /// **Errors** when there is no such run, something is over its limit, or no run is left.
    pub(crate) fn read(workbench: &Workbench, request: &BenchmarkRequest) -> Result<Self> {
        check("runs of a benchmark (BENCHMARK_RUNS_MAX)", request.runs.len(), BENCHMARK_RUNS_MAX)?;
        check("points of a curve (CURVE_POINTS_MAX)", request.points, CURVE_POINTS_MAX)?;
        let handles = request.runs.iter().map(|run| workbench.run(&run.0)).collect::<Result<Vec<Arc<RunHandle>>>>()?;
        let contents = Contents::read(&handles, request)?;
        let bands = Bootstrap { reps: request.bootstrap.reps.min(BAND_REPS), ..request.bootstrap };
        let scores: Vec<Option<Scores>> =
            (0..contents.algorithms.len()).map(|algorithm| contents.normalized_scores(algorithm)).collect();
        let thresholds = thresholds(&scores);
        let target = request.target.or((contents.normalization != Normalization::None).then_some(1.0));
        let algorithms = contents
            .algorithms
            .iter()
            .zip(&scores)
            .map(|(name, scores)| algorithm(name, scores.as_ref(), target, &thresholds, &request.bootstrap, &bands))
            .collect::<Result<Vec<_>>>()?;
        let mut found = Self {
            score: request.score.clone(),
            along: request.along,
            normalization: contents.normalization,
            target,
            algorithms,
            pairs: pairs(&scores, &bands)?,
            cells: contents.cells(&request.bootstrap)?,
            curves: contents.efficiency(request.points, &bands)?,
            task_curves: contents.task_curves(request.points, &bands)?,
            differences: contents.differences(&handles),
            warnings: Vec::new(),
            tasks: contents.tasks,
            runs: contents.runs,
            left_out: contents.left_out,
        };
        found.warnings = contents.problems;
        found.warnings.extend(warnings::of(&found));
        Ok(found)
    }
}

fn check(what: &str, found: usize, limit: usize) -> Result<()> {
    if found <= limit {
        return Ok(());
    }
    Err(Error::TooLarge { what: what.into(), limit: limit as u64, found: found as u64 })
}

fn algorithm(
    name: &str,
    scores: Option<&Scores>,
    target: Option<f64>,
    thresholds: &[f64],
    bootstrap: &Bootstrap,
    bands: &Bootstrap,
) -> Result<BenchmarkAlgorithm> {
    let Some(scores) = scores else {
        let (aggregates, run_profile, task_profile) = ([None; 4], None, None);
        return Ok(BenchmarkAlgorithm {
            name: name.to_owned(),
            runs: 0,
            tasks: 0,
            aggregates,
            run_profile,
            task_profile,
        });
    };
    let [iqm, median, mean, gap] = aggregates(scores, target.unwrap_or(0.0), bootstrap)?;
    Ok(BenchmarkAlgorithm {
        name: name.to_owned(),
        runs: scores.count(),
        tasks: scores.tasks().iter().filter(|task| !task.is_empty()).count(),
        aggregates: [Some(iqm), Some(median), Some(mean), target.map(|_| gap)],
        run_profile: Some(performance_profile(scores, thresholds, ProfileOf::Runs, bands)?),
        task_profile: Some(performance_profile(scores, thresholds, ProfileOf::Tasks, bands)?),
    })
}

/// Evenly spread from the lowest score of all, or 0, to the highest.
fn thresholds(scores: &[Option<Scores>]) -> Vec<f64> {
    let all = || scores.iter().flatten().flat_map(|scores| scores.tasks().iter().flatten().copied());
    let (low, high) = (all().fold(0.0, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    if low.partial_cmp(&high) != Some(std::cmp::Ordering::Less) {
        return Vec::new();
    }
    (0..THRESHOLDS).map(|at| low + (high - low) * at as f64 / (THRESHOLDS - 1) as f64).collect()
}

fn pairs(scores: &[Option<Scores>], bootstrap: &Bootstrap) -> Result<Vec<BenchmarkPair>> {
    let mut pairs = Vec::new();
    for (x, of_x) in scores.iter().enumerate() {
        for (y, of_y) in scores.iter().enumerate().skip(x + 1) {
            let (Some(of_x), Some(of_y)) = (of_x, of_y) else { continue };
            let common = |mine: &Scores, other: &Scores| {
                let both = mine.tasks().iter().zip(other.tasks());
                Scores::new(both.map(|(mine, other)| if other.is_empty() { vec![] } else { mine.clone() }).collect())
            };
            let (Ok(of_x), Ok(of_y)) = (common(of_x, of_y), common(of_y, of_x)) else { continue };
            pairs.push(BenchmarkPair {
                x,
                y,
                improvement: probability_of_improvement(&of_x, &of_y, bootstrap)?,
                iqm_difference: difference(&of_x, &of_y, Statistic::Iqm, bootstrap)?,
                tasks: of_x.tasks().iter().filter(|task| !task.is_empty()).count(),
            });
        }
    }
    Ok(pairs)
}
