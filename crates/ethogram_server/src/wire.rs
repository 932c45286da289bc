//! Descriptions as they travel: JSON with these members, in this order. `docs/http.md` lists them.
//!
//! A number that is not finite is `null` here, as JSON has no other word for it; binary columns keep it.

use std::collections::BTreeMap;

use ethogram_query::{
    Derivation, Param, ParamValue, Skipped,
    derivation::{Input, InputName},
};
use ethogram_store::{
    Axis, CheckpointRow, Dtype, EpisodeEnd, EpisodeRow, Lost, Revision, RunId, RunInfo, RunState, RunStatus, ScalarTag,
    TensorTag,
};
use serde::Serialize;
use serde_json::Value;

/// `GET /api/health`.
#[derive(Debug, Serialize)]
pub struct Health {
    /// Of the server.
    pub version: &'static str,
    /// Grows with each change of any run.
    pub revision: u64,
}

/// `GET /api/runs`.
#[derive(Debug, Serialize)]
pub struct Runs {
    /// Grows with each change of any run.
    pub revision: u64,
    /// Folders, or prefixes of object stores, in which runs are looked for, as given on the command line.
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

/// A run in one row of a table. Times are microseconds since 1970.
#[derive(Debug, Serialize)]
pub struct RunSummary {
    /// Which.
    pub id: RunId,
    /// For people.
    pub name: String,
    /// Runs that belong together.
    pub project: String,
    /// The format that it lies in: `ethogram`, or what another tool wrote, for example `tfevents`.
    pub format: &'static str,
    /// Runs to be averaged over seeds share a group.
    pub group: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
    /// What the author said of it.
    pub notes: String,
    /// The title that people gave it; null where nobody did, and of runs in an object store.
    pub title: Option<String>,
    /// Tags that people gave it, beside the author's.
    pub given_tags: Vec<String>,
    /// How it stands now: a running run that has not been heard of for a minute has crashed.
    pub state: RunState,
    /// When it began.
    pub created_us: i64,
    /// When the writer was last heard of.
    pub heartbeat_us: i64,
    /// When it ended, if it did.
    pub ended_us: Option<i64>,
    /// Largest global step logged.
    pub global_step: Option<i64>,
    /// Episodes known.
    pub episodes: u64,
    /// Episodes whose steps were recorded.
    pub recorded: u64,
    /// Episodes that have a film; null where nobody counted them: of runs that are not opened and were written by an earlier version.
    pub filmed: Option<u64>,
    /// Checkpoints; null likewise.
    pub checkpoints: Option<u64>,
    /// Hyper-parameters, nested as given.
    pub config: Value,
    /// For example `Breakout-v5`.
    pub env_id: Option<String>,
    /// Last value of each scalar.
    pub summary: BTreeMap<String, f64>,
    /// Grows whenever the run does.
    pub revision: Revision,
    /// Parts that could not be read.
    pub lost: usize,
    /// Values that the writer had to drop.
    pub dropped: u64,
    /// The writer's first error of the disk.
    pub fault: Option<String>,
    /// The root that holds it.
    pub root: String,
}

/// `GET /api/runs/RUN`.
#[derive(Debug, Serialize)]
pub struct RunDetail {
    /// Who and what it is.
    pub info: RunInfo,
    /// The format that it lies in.
    pub format: &'static str,
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
pub struct FieldEntry {
    /// Its name.
    pub name: String,
    /// What indexes it.
    pub axis: Axis,
    /// Element type; null for text.
    pub dtype: Option<Dtype>,
    /// Shape of one row; empty for a single number.
    pub shape: Vec<usize>,
    /// Ask for frame groups rather than rows.
    pub image: bool,
    /// Which axis is a stack of frames, oldest first.
    pub stack_axis: Option<usize>,
    /// Where it comes from.
    pub origin: Origin,
    /// What one row means; empty when nobody said.
    pub doc: &'static str,
    /// How it is derived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formula: Option<&'static str>,
    /// In what it is measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<&'static str>,
}

/// Where a field comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The run holds it.
    Logged,
    /// It is computed from others when it is asked for.
    Derived,
}

/// `POST /api/runs/RUN/episodes/summary`.
#[derive(Debug, Serialize)]
pub struct EpisodeSummary {
    /// Those that are there.
    pub episodes: usize,
    /// Of the returns of those that ended: the `open` ones of `ends` are left out.
    pub episode_return: Summary,
    /// Of the lengths of those that ended.
    pub length: Summary,
    /// How many ended how; ends that none had are left out.
    pub ends: BTreeMap<EpisodeEnd, usize>,
}

/// Some numbers in a few words; null where there are too few.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Those that are finite.
    pub count: usize,
    /// NaN and infinities, which are in none of the rest.
    pub not_finite: usize,
    /// Their mean.
    pub mean: f64,
    /// Standard deviation of the sample.
    pub sd: f64,
    /// The smallest.
    pub min: f64,
    /// The one in the middle.
    pub median: f64,
    /// The largest.
    pub max: f64,
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
        let info = std::sync::Arc::unwrap_or_clone(run.info);
        Self {
            id: info.id,
            name: info.name,
            project: info.project,
            format: run.format,
            group: info.group,
            tags: info.tags,
            notes: info.notes,
            title: run.words.title,
            given_tags: run.words.tags,
            state: run.state,
            created_us: info.created_us,
            heartbeat_us: run.status.heartbeat_us,
            ended_us: run.status.ended_us,
            global_step: run.status.global_step,
            episodes: run.counts.episodes,
            recorded: run.counts.recorded,
            filmed: run.counts.filmed,
            checkpoints: run.counts.checkpoints,
            config: info.config,
            env_id: info.env.map(|env| env.id),
            summary: run.status.summary,
            revision: run.revision,
            lost: run.counts.lost,
            dropped: run.status.dropped,
            fault: run.status.fault,
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
            origin: entry.origin.into(),
            doc: entry.doc,
            formula: entry.formula,
            unit: entry.unit,
        }
    }
}

impl From<ethogram_query::Origin> for Origin {
    fn from(origin: ethogram_query::Origin) -> Self {
        match origin {
            ethogram_query::Origin::Logged => Self::Logged,
            ethogram_query::Origin::Derived => Self::Derived,
        }
    }
}

impl From<ethogram_query::Summary> for Summary {
    fn from(summary: ethogram_query::Summary) -> Self {
        let ethogram_query::Summary { count, not_finite, mean, sd, min, median, max } = summary;
        Self { count, not_finite, mean, sd, min, median, max }
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
        format: source.format(),
        status: source.status(),
        state: run.state(),
        lost: source.lost(),
        scalars: source.scalar_tags(),
        tensors: source.tensor_tags(),
        checkpoints: source.checkpoints(),
        episode_count: source.episode_count(),
    }
}
