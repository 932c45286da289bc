//! `POST /api/benchmark/parameters`: what of their configs goes with how well runs did, and the same as a table.

use axum::{Json, extract::State, response::Response};
use ethogram_query::{Facet, Fall, ForestParams, ParameterValues, ParametersRequest, Score};
use ethogram_store::RunId;
use serde::{Deserialize, Serialize};

use super::benchmark::{LeftOut, auto, check_names, format_of, last, read, saved};
use crate::{app::App, error::ApiResult, extract::InBody, params::Params};

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    runs: Vec<RunId>,
    #[serde(default = "auto")]
    task: String,
    #[serde(default = "last")]
    score: String,
    #[serde(default = "auto")]
    normalization: String,
    #[serde(default = "trees")]
    trees: usize,
    #[serde(default = "shuffles")]
    shuffles: usize,
    #[serde(default)]
    seed: u64,
}

fn trees() -> usize {
    ForestParams::default().trees
}

fn shuffles() -> usize {
    ForestParams::default().shuffles
}

/// The parameters of runs, what these reached, and how the one goes with the other.
#[expect(clippy::struct_field_names, reason = "as docs/http.md names it")]
#[derive(Debug, Serialize)]
pub struct Parameters {
    /// What the score of a run is, in words.
    score: String,
    /// How tasks were brought to one scale: `none`, `min_max` or `human`.
    normalization: String,
    /// By name.
    tasks: Vec<String>,
    /// By task and name.
    runs: Vec<ParametersRun>,
    /// Runs that do not count.
    left_out: Vec<LeftOut>,
    /// The most important by permutation first, those without an importance by name.
    parameters: Vec<Parameter>,
    /// How well the forest foretells runs that it was not grown of: R² out of bag.
    explained: Option<f64>,
    /// What to know before believing any of it.
    warnings: Vec<String>,
}

/// A run with what it reached.
#[derive(Debug, Serialize)]
struct ParametersRun {
    run: RunId,
    name: String,
    /// Index among the tasks.
    task: usize,
    score: Option<f64>,
    /// The score on the common scale, which importances and correlations are of.
    outcome: Option<f64>,
}

/// A member of the configs in which runs differ.
#[derive(Debug, Serialize)]
struct Parameter {
    /// Its path, with dots.
    key: String,
    /// One a run, where all values are numbers.
    numbers: Option<Vec<Option<f64>>>,
    /// One a run, where they are not.
    words: Option<Vec<Option<String>>>,
    /// How far `explained` falls when the parameter is shuffled among the runs.
    permutation: Option<PermutationImportance>,
    /// Its share of what the forest's splits explain; all together are 1. Many different values make it larger.
    impurity: Option<f64>,
    /// Pearson's with the outcome; null of words.
    correlation: Option<f64>,
    /// Spearman's.
    rank_correlation: Option<f64>,
}

/// Over shuffles, of the one forest.
#[derive(Debug, Serialize)]
struct PermutationImportance {
    mean: f64,
    /// Of the sample, n − 1; null with one shuffle.
    sd: Option<f64>,
}

/// Everything at once: it is small, and all of it is drawn.
pub async fn parameters(State(app): State<App>, InBody(ask): InBody<Ask>) -> ApiResult<Json<Parameters>> {
    let request = request(ask)?;
    let pool = app.pool.clone();
    pool.run(move || Ok(Json(Parameters::from(app.workbench.parameters(&request)?)))).await
}

/// The importance of each parameter as a file.
pub async fn table(State(app): State<App>, mut params: Params, InBody(ask): InBody<Ask>) -> ApiResult<Response> {
    let format = format_of(&mut params)?;
    params.finish()?;
    let request = request(ask)?;
    let pool = app.pool.clone();
    let table = pool.run(move || Ok(app.workbench.parameters(&request)?.table(format)?)).await?;
    Ok(saved("parameters", format, table))
}

fn request(ask: Ask) -> ApiResult<ParametersRequest> {
    check_names([&ask.task, &ask.score])?;
    Ok(ParametersRequest {
        runs: ask.runs,
        task: read::<Facet>("task", &ask.task)?,
        score: read::<Score>("score", &ask.score)?,
        normalization: read("normalization", &ask.normalization)?,
        forest: ForestParams { trees: ask.trees, shuffles: ask.shuffles, seed: ask.seed, ..ForestParams::default() },
    })
}

impl From<ethogram_query::Parameters> for Parameters {
    fn from(found: ethogram_query::Parameters) -> Self {
        Self {
            score: found.score.to_string(),
            normalization: found.normalization.name().to_owned(),
            tasks: found.tasks,
            runs: found.runs.into_iter().map(ParametersRun::from).collect(),
            left_out: found.left_out.into_iter().map(|(run, why)| LeftOut { run, why }).collect(),
            parameters: found.parameters.into_iter().map(Parameter::from).collect(),
            explained: found.explained,
            warnings: found.warnings,
        }
    }
}

impl From<ethogram_query::ParametersRun> for ParametersRun {
    fn from(of: ethogram_query::ParametersRun) -> Self {
        Self { run: of.run, name: of.name, task: of.task, score: of.score, outcome: of.outcome }
    }
}

impl From<ethogram_query::Parameter> for Parameter {
    fn from(of: ethogram_query::Parameter) -> Self {
        let (numbers, words) = match of.values {
            ParameterValues::Numbers(numbers) => (Some(numbers), None),
            ParameterValues::Words(words) => (None, Some(words)),
        };
        let (key, impurity) = (of.key, of.impurity);
        let permutation = of.permutation.map(|Fall { mean, sd }| PermutationImportance { mean, sd });
        let (correlation, rank_correlation) = (of.correlation, of.rank_correlation);
        Self { key, numbers, words, permutation, impurity, correlation, rank_correlation }
    }
}
