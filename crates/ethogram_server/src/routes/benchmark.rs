//! `POST /api/benchmark`: algorithms compared over tasks and seeds, and the same as tables.

use axum::{Json, extract::State, response::Response};
use ethogram_query::{
    Along, BenchmarkCurve, BenchmarkPair, BenchmarkPart, BenchmarkRequest, Bootstrap, CellOf, Facet, Profile, Score,
    TableFile, TableFormat,
};
use ethogram_store::{RunId, RunState};
use serde::{Deserialize, Serialize};

use crate::{
    answer,
    app::App,
    error::{ApiError, ApiResult},
    extract::InBody,
    limits::NAME_BYTES_MAX,
    params::Params,
};

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    runs: Vec<RunId>,
    #[serde(default = "auto")]
    algorithm: String,
    #[serde(default = "auto")]
    task: String,
    #[serde(default = "last")]
    score: String,
    #[serde(default = "auto")]
    normalization: String,
    target: Option<f64>,
    #[serde(default = "reps")]
    reps: usize,
    #[serde(default)]
    seed: u64,
    #[serde(default = "points")]
    points: usize,
    #[serde(default = "steps")]
    along: String,
}

pub(super) fn auto() -> String {
    "auto".into()
}

pub(super) fn last() -> String {
    "last100".into()
}

fn reps() -> usize {
    50_000
}

fn steps() -> String {
    Along::Steps.name().into()
}

fn points() -> usize {
    60
}

/// Algorithms compared over tasks and seeds. Scores of `algorithms`, `pairs` and `curves` are those on the common scale.
#[derive(Debug, Serialize)]
pub struct Benchmark {
    /// What the score of a run is, in words.
    score: String,
    /// What curves run over: `steps` or `time`.
    along: String,
    /// How tasks were brought to one scale: `none`, `min_max` or `human`.
    normalization: String,
    /// The score that the optimality gap calls good enough.
    target: Option<f64>,
    /// By name.
    algorithms: Vec<BenchmarkAlgorithm>,
    /// By name.
    tasks: Vec<String>,
    /// By algorithm, task and name.
    runs: Vec<BenchmarkRun>,
    /// Runs that do not count.
    left_out: Vec<LeftOut>,
    /// By algorithm, then task; those without a run are not there.
    cells: Vec<BenchmarkCell>,
    /// Every two algorithms that have a task in common.
    pairs: Vec<BenchmarkPairEntry>,
    /// The interquartile mean over all tasks along training.
    curves: Vec<BenchmarkCurveEntry>,
    /// The mean on each task along training, not normalised.
    task_curves: Vec<BenchmarkCurveEntry>,
    /// Members of the configs in which algorithms differ.
    differences: Vec<ConfigDifference>,
    /// What to know before believing any of it.
    warnings: Vec<String>,
}

/// A number, and where it could have been with other seeds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Estimate {
    /// Of the runs as they are.
    value: f64,
    /// Low end of the 95 % interval; null where there is none.
    low: Option<f64>,
    /// High end.
    high: Option<f64>,
}

/// All tasks of one algorithm.
#[derive(Debug, Serialize)]
struct BenchmarkAlgorithm {
    name: String,
    runs: usize,
    tasks: usize,
    iqm: Option<Estimate>,
    median: Option<Estimate>,
    mean: Option<Estimate>,
    optimality_gap: Option<Estimate>,
    /// Share of runs above each threshold.
    run_profile: Option<BenchmarkProfile>,
    /// Share of tasks whose mean is above it.
    task_profile: Option<BenchmarkProfile>,
}

/// A performance profile: one entry a threshold.
#[derive(Debug, Serialize)]
struct BenchmarkProfile {
    threshold: Vec<f64>,
    share: Vec<f64>,
    low: Option<Vec<f64>>,
    high: Option<Vec<f64>>,
}

/// One run of a benchmark.
#[derive(Debug, Serialize)]
struct BenchmarkRun {
    run: RunId,
    name: String,
    /// Index among the algorithms.
    algorithm: usize,
    /// Index among the tasks.
    task: usize,
    seed: Option<String>,
    score: Option<f64>,
    normalized: Option<f64>,
    /// From its start to its end, or to its last sign of life.
    runtime_secs: Option<f64>,
    last_step: Option<i64>,
    state: RunState,
}

/// A run that does not count.
#[derive(Debug, Serialize)]
pub(super) struct LeftOut {
    pub(super) run: RunId,
    pub(super) why: String,
}

/// What one algorithm reached on one task.
#[derive(Debug, Serialize)]
struct BenchmarkCell {
    /// Index among the algorithms.
    algorithm: usize,
    /// Index among the tasks.
    task: usize,
    runs: usize,
    mean: Estimate,
    /// Of the sample, n − 1.
    sd: Option<f64>,
    /// As NumPy's `std`, n.
    sd_population: f64,
    iqm: Estimate,
    runtime_secs: Option<f64>,
    runtime_sd: Option<f64>,
}

/// Two algorithms, on the tasks that both have.
#[derive(Debug, Serialize)]
struct BenchmarkPairEntry {
    /// Index among the algorithms.
    x: usize,
    /// Index of the other.
    y: usize,
    /// How likely a run of `x` beats one of `y`.
    improvement: Estimate,
    /// Interquartile mean of `x` less that of `y`.
    iqm_difference: Estimate,
    tasks: usize,
}

/// A curve with its band: one entry a place.
#[derive(Debug, Serialize)]
struct BenchmarkCurveEntry {
    /// Index among the algorithms.
    algorithm: usize,
    /// Index among the tasks; null of all.
    task: Option<usize>,
    /// Global steps, or microseconds since the run began.
    at: Vec<i64>,
    value: Vec<Option<f64>>,
    low: Vec<Option<f64>>,
    high: Vec<Option<f64>>,
    runs: Vec<usize>,
}

/// A member of the configs in which algorithms differ.
#[derive(Debug, Serialize)]
struct ConfigDifference {
    key: String,
    /// For each algorithm the values of its runs.
    values: Vec<Vec<String>>,
}

/// Everything at once: it is small, and all of it is drawn.
pub async fn benchmark(State(app): State<App>, InBody(ask): InBody<Ask>) -> ApiResult<Json<Benchmark>> {
    let request = request(ask)?;
    let pool = app.pool.clone();
    pool.run(move || Ok(Json(Benchmark::from(app.workbench.benchmark(&request)?)))).await
}

/// The same numbers as a file: scores as a table for a paper, or any part for programs.
pub async fn table(State(app): State<App>, mut params: Params, InBody(ask): InBody<Ask>) -> ApiResult<Response> {
    let format = format_of(&mut params)?;
    let part = params.take("part")?.map_or(Ok(BenchmarkPart::default()), |text| read("part", &text))?;
    let cells: CellOf = params.take("cells")?.map_or(Ok(CellOf::MeanSd), |text| read("cells", &text))?;
    params.finish()?;
    let mut request = request(ask)?;
    if part != BenchmarkPart::Curves {
        request.points = 0;
    }
    let pool = app.pool.clone();
    let table = pool.run(move || Ok(app.workbench.benchmark(&request)?.table(part, format, cells)?)).await?;
    let name = match part {
        BenchmarkPart::Scores => "benchmark".to_owned(),
        part => format!("benchmark_{}", part.name()),
    };
    Ok(saved(&name, format, table))
}

pub(super) fn format_of(params: &mut Params) -> ApiResult<TableFormat> {
    params.take("format")?.map_or(Ok(TableFormat::File(TableFile::Markdown)), |text| read("format", &text))
}

pub(super) fn saved(name: &str, format: TableFormat, table: Vec<u8>) -> Response {
    let (media_type, ending) = match format {
        TableFormat::Text => ("text/plain; charset=utf-8", "txt"),
        TableFormat::File(kind) => (kind.media_type(), kind.ending()),
    };
    answer::saved(media_type, &format!("{name}.{ending}"), table.into())
}

fn request(ask: Ask) -> ApiResult<BenchmarkRequest> {
    check_names([&ask.algorithm, &ask.task, &ask.score])?;
    Ok(BenchmarkRequest {
        runs: ask.runs,
        algorithm: read::<Facet>("algorithm", &ask.algorithm)?,
        task: read::<Facet>("task", &ask.task)?,
        score: read::<Score>("score", &ask.score)?,
        normalization: read("normalization", &ask.normalization)?,
        target: ask.target,
        bootstrap: Bootstrap { reps: ask.reps, seed: ask.seed, ..Bootstrap::default() },
        points: ask.points,
        along: read("along", &ask.along)?,
    })
}

pub(super) fn check_names<const N: usize>(names: [&str; N]) -> ApiResult<()> {
    match names.into_iter().find(|name| name.len() > NAME_BYTES_MAX) {
        Some(name) => Err(ApiError::too_large("bytes of a name", name.len() as u64, NAME_BYTES_MAX as u64)),
        None => Ok(()),
    }
}

pub(super) fn read<T: std::str::FromStr<Err = String>>(name: &str, text: &str) -> ApiResult<T> {
    text.parse().map_err(|why| ApiError::bad_request(format!("{name}: {why}")))
}

impl From<ethogram_query::Benchmark> for Benchmark {
    fn from(found: ethogram_query::Benchmark) -> Self {
        Self {
            score: found.score.to_string(),
            along: found.along.name().to_owned(),
            normalization: found.normalization.name().to_owned(),
            target: found.target,
            algorithms: found.algorithms.into_iter().map(BenchmarkAlgorithm::from).collect(),
            tasks: found.tasks,
            runs: found.runs.into_iter().map(BenchmarkRun::from).collect(),
            left_out: found.left_out.into_iter().map(|(run, why)| LeftOut { run, why }).collect(),
            cells: found.cells.into_iter().map(BenchmarkCell::from).collect(),
            pairs: found.pairs.into_iter().map(BenchmarkPairEntry::from).collect(),
            curves: found.curves.into_iter().map(BenchmarkCurveEntry::from).collect(),
            task_curves: found.task_curves.into_iter().map(BenchmarkCurveEntry::from).collect(),
            differences: found
                .differences
                .into_iter()
                .map(|of| ConfigDifference { key: of.key, values: of.values })
                .collect(),
            warnings: found.warnings,
        }
    }
}

impl From<ethogram_query::Estimate> for Estimate {
    fn from(of: ethogram_query::Estimate) -> Self {
        Self { value: of.value, low: of.interval.map(|ends| ends[0]), high: of.interval.map(|ends| ends[1]) }
    }
}

impl From<ethogram_query::BenchmarkAlgorithm> for BenchmarkAlgorithm {
    fn from(of: ethogram_query::BenchmarkAlgorithm) -> Self {
        let [iqm, median, mean, optimality_gap] = of.aggregates.map(|found| found.map(Estimate::from));
        let (name, runs, tasks) = (of.name, of.runs, of.tasks);
        let (run_profile, task_profile) = (of.run_profile.map(profile), of.task_profile.map(profile));
        Self { name, runs, tasks, iqm, median, mean, optimality_gap, run_profile, task_profile }
    }
}

fn profile(of: Profile) -> BenchmarkProfile {
    let end = |at: usize| of.interval.as_ref().map(|ends| ends.iter().map(|ends| ends[at]).collect());
    BenchmarkProfile { low: end(0), high: end(1), threshold: of.threshold, share: of.share }
}

impl From<ethogram_query::BenchmarkRun> for BenchmarkRun {
    fn from(of: ethogram_query::BenchmarkRun) -> Self {
        Self {
            run: of.run,
            name: of.name,
            algorithm: of.algorithm,
            task: of.task,
            seed: of.seed,
            score: of.score,
            normalized: of.normalized,
            runtime_secs: of.runtime_secs,
            last_step: of.last_step,
            state: of.state,
        }
    }
}

impl From<ethogram_query::BenchmarkCell> for BenchmarkCell {
    fn from(of: ethogram_query::BenchmarkCell) -> Self {
        Self {
            algorithm: of.algorithm,
            task: of.task,
            runs: of.runs,
            mean: of.mean.into(),
            sd: of.sd,
            sd_population: of.sd_population,
            iqm: of.iqm.into(),
            runtime_secs: of.runtime_secs,
            runtime_sd: of.runtime_sd,
        }
    }
}

impl From<BenchmarkPair> for BenchmarkPairEntry {
    fn from(of: BenchmarkPair) -> Self {
        let (improvement, iqm_difference) = (of.improvement.into(), of.iqm_difference.into());
        Self { x: of.x, y: of.y, improvement, iqm_difference, tasks: of.tasks }
    }
}

impl From<BenchmarkCurve> for BenchmarkCurveEntry {
    fn from(of: BenchmarkCurve) -> Self {
        let end = |at: usize| {
            let end =
                |found: &Option<ethogram_query::Estimate>| found.and_then(|found| found.interval).map(|ends| ends[at]);
            of.estimates.iter().map(end).collect()
        };
        Self {
            algorithm: of.algorithm,
            task: of.task,
            value: of.estimates.iter().map(|found| found.map(|found| found.value)).collect(),
            low: end(0),
            high: end(1),
            at: of.at,
            runs: of.runs,
        }
    }
}
