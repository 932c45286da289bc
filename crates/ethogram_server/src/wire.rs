//! Descriptions as they travel: JSON with these members, in this order. `docs/http.md` lists them.
//!
//! A number that is not finite is `null` here, as JSON has no other word for it; binary columns keep it.

use std::collections::BTreeMap;

use ethogram_query::{
    Derivation, Param, ParamValue, Skipped,
    derivation::{Input, InputName},
};
use ethogram_store::{
    Axis, CheckpointRow, Dtype, EpisodeRow, Lost, Revision, RunId, RunInfo, RunState, RunStatus, ScalarTag, TensorTag,
};
use serde::Serialize;
use serde_json::Value;

/// `GET /api/runs`.
#[derive(Debug, Serialize)]
pub struct Runs {
    /// Grows with each change of any run.
    pub revision: u64,
    /// Folders in which runs are looked for.
    pub roots: Vec<String>,
    /// Newest first.
    pub runs: Vec<RunSummary>,
    /// Runs that were found but cannot be read.
    pub skipped: Vec<SkippedRun>,
}

/// A run that was found but cannot be read.
#[derive(Debug, Serialize)]
pub struct SkippedRun {
    /// Its folder.
    pub path: String,
    /// Why it was left out.
    pub why: String,
}

/// A run in one row of a table; see [`ethogram_query::RunSummary`].
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the members are those of ethogram_query::RunSummary")]
pub struct RunSummary {
    pub id: RunId,
    pub name: String,
    pub project: String,
    pub group: Option<String>,
    pub tags: Vec<String>,
    pub notes: String,
    pub state: RunState,
    pub created_us: i64,
    pub heartbeat_us: i64,
    pub ended_us: Option<i64>,
    pub global_step: Option<i64>,
    pub episodes: u64,
    pub recorded: u64,
    pub config: Value,
    pub env_id: Option<String>,
    pub summary: BTreeMap<String, f64>,
    pub revision: Revision,
    pub lost: usize,
    pub dropped: u64,
    pub fault: Option<String>,
    pub root: String,
}

/// `GET /api/runs/RUN`.
#[derive(Debug, Serialize)]
pub struct RunDetail {
    /// Who and what it is.
    pub info: RunInfo,
    /// How it stands, as its writer said last.
    pub status: RunStatus,
    /// How it stands now.
    pub state: RunState,
    /// Grows whenever the run does.
    pub revision: Revision,
    /// What could not be read.
    pub lost: Vec<Lost>,
    /// All scalars, by axis, then tag.
    pub scalars: Vec<ScalarTag>,
    /// All tensors, distributions, images and texts.
    pub tensors: Vec<TensorTag>,
    /// By global step.
    pub checkpoints: Vec<CheckpointRow>,
    /// One more than the largest episode index.
    pub episode_count: u64,
}

/// `GET /api/runs/RUN/episodes/E`.
#[derive(Debug, Serialize)]
pub struct EpisodeDetail {
    /// The episode.
    pub episode: EpisodeRow,
    /// Rows of its steps, that of the final observation included; 0 when it was not recorded.
    pub steps: u64,
    /// Fields that can be asked for.
    pub fields: Vec<FieldEntry>,
}

/// A field that an episode has, or could have.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the members are those of FieldInfo and ethogram_query::FieldEntry")]
pub struct FieldEntry {
    pub name: String,
    pub axis: Axis,
    pub dtype: Option<Dtype>,
    pub shape: Vec<usize>,
    pub image: bool,
    pub stack_axis: Option<usize>,
    pub origin: &'static str,
    pub doc: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
}

/// One of `GET /api/derivations`.
#[derive(Debug, Serialize)]
pub struct DerivationEntry {
    /// The name of the derived field.
    pub name: &'static str,
    /// What indexes it.
    pub axis: Axis,
    /// How it is computed, in the literature's symbols.
    pub formula: &'static str,
    /// What one row means.
    pub doc: &'static str,
    /// Author, year and equation.
    pub source: &'static str,
    /// Names of the fields it takes; of several that would do, all, joined by ` or `; ` (if there)` when
    /// there is an answer without it.
    pub inputs: Vec<String>,
    /// What can be chosen.
    pub params: Vec<ParamEntry>,
}

/// A parameter of a derived field.
#[derive(Debug, Serialize)]
pub struct ParamEntry {
    /// Its name.
    pub name: &'static str,
    /// A number or a text.
    pub default: Value,
    /// What it does.
    pub doc: &'static str,
}

impl From<ethogram_query::RunSummary> for RunSummary {
    fn from(run: ethogram_query::RunSummary) -> Self {
        Self {
            id: run.id,
            name: run.name,
            project: run.project,
            group: run.group,
            tags: run.tags,
            notes: run.notes,
            state: run.state,
            created_us: run.created_us,
            heartbeat_us: run.heartbeat_us,
            ended_us: run.ended_us,
            global_step: run.global_step,
            episodes: run.episodes,
            recorded: run.recorded,
            config: run.config,
            env_id: run.env_id,
            summary: run.summary,
            revision: run.revision,
            lost: run.lost,
            dropped: run.dropped,
            fault: run.fault,
            root: run.root,
        }
    }
}

impl From<Skipped> for SkippedRun {
    fn from(run: Skipped) -> Self {
        Self { path: run.path.display().to_string(), why: run.why }
    }
}

impl From<ethogram_query::FieldEntry> for FieldEntry {
    fn from(entry: ethogram_query::FieldEntry) -> Self {
        Self {
            name: entry.info.name,
            axis: entry.info.axis,
            dtype: entry.info.dtype,
            shape: entry.info.shape,
            image: entry.info.image,
            stack_axis: entry.info.stack_axis,
            origin: entry.origin.name(),
            doc: entry.doc,
            formula: entry.formula,
            unit: entry.unit,
        }
    }
}

impl From<&dyn Derivation> for DerivationEntry {
    fn from(derivation: &dyn Derivation) -> Self {
        Self {
            name: derivation.name(),
            axis: Axis::Step,
            formula: derivation.formula(),
            doc: derivation.doc(),
            source: derivation.source(),
            inputs: derivation.inputs().iter().map(input_name).collect(),
            params: derivation.params().iter().map(ParamEntry::from).collect(),
        }
    }
}

impl From<&Param> for ParamEntry {
    fn from(param: &Param) -> Self {
        let default = match param.default_value(None) {
            ParamValue::Number(number) => number.into(),
            ParamValue::Text(text) => text.into(),
        };
        Self { name: param.name, default, doc: param.doc }
    }
}

fn input_name(input: &Input) -> String {
    let name = match input.name {
        InputName::AnyOf(names) => names.join(" or "),
        InputName::Param(param) => format!("the field named by {param}"),
    };
    if input.required { name } else { format!("{name} (if there)") }
}

/// The whole of what a run says of itself.
pub fn run_detail(run: &ethogram_query::RunHandle) -> RunDetail {
    let source = run.source();
    RunDetail {
        // First, so that it is never newer than what follows.
        revision: source.revision(),
        info: run.info().clone(),
        status: source.status(),
        state: run.state(),
        lost: source.lost(),
        scalars: source.scalar_tags(),
        tensors: source.tensor_tags(),
        checkpoints: source.checkpoints(),
        episode_count: source.episode_count(),
    }
}
