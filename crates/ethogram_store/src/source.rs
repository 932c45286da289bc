//! What every run can be asked, whatever format it lies in. The query layer knows runs by this trait alone;
//! `RunReader` is ours, importers of other people's logs bring theirs.

use std::ops::Range;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Array, Axis, Column, Error, FieldInfo, Lost, Notes, Result, RunInfo, RunStatus, Stored, Version, Words, has_film,
};

/// Grows by at least one with each change that a reader can see; never shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub u64);

/// A run as it can be read now.
///
/// All methods answer from what the last [`RunSource::refresh`] saw, so that one answer is consistent.
/// Ranges that reach beyond the data are cut, not refused.
pub trait RunSource: Send + Sync {
    /// Who and what it is.
    fn info(&self) -> RunInfo;

    /// The format that it lies in, for people: `ethogram` is ours.
    fn format(&self) -> &'static str {
        "ethogram"
    }

    /// How it stands.
    fn status(&self) -> RunStatus;

    /// Looks for growth; cheap when there is none (microseconds). Returns the revision now.
    fn refresh(&self) -> Result<Revision>;

    /// The revision of the last refresh.
    fn revision(&self) -> Revision;

    /// What could not be read.
    fn lost(&self) -> Vec<Lost>;

    /// All scalar tags, sorted by axis, then tag.
    fn scalar_tags(&self) -> Vec<ScalarTag>;

    /// Points of one tag with `range.start <= step < range.end`, ascending by step. A step logged twice: the newest wins.
    /// An unknown tag gives no points.
    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns>;

    /// At most `buckets` buckets over `range`, equal in width along the step axis, empty ones left out; from rollups where they are fine enough.
    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets>;

    /// Number of episodes known, that is one more than the largest episode index.
    fn episode_count(&self) -> u64;

    /// How much there is, for tables of thousands of runs that are asked again and again: must be cheap.
    /// A source that was not read yet answers from its status.
    fn counts(&self) -> Result<RunCounts> {
        let rows = self.episodes(0..u64::MAX)?;
        let recorded = rows.iter().filter(|row| row.recorded).count() as u64;
        let filmed = Some(rows.iter().filter(|row| has_film(row)).count() as u64);
        let checkpoints = Some(self.checkpoints().len() as u64);
        Ok(RunCounts { episodes: self.episode_count(), recorded, filmed, checkpoints, lost: self.lost().len() })
    }

    /// Episodes with index in `range`, ascending. Indices that were never logged are left out.
    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>>;

    /// Fields logged at the steps of this episode, sorted by name. Empty when the episode was not recorded.
    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>>;

    /// Recorded rows of this episode; final observation included (`observation` and images have one row more than `action`).
    fn step_count(&self, episode: u64) -> Result<u64>;

    /// Rows of one step field, decoded (images too: raw pixels). Rows never logged are not valid.
    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column>;

    /// The encoded frame groups that cover `range` of an image field, ascending.
    fn frame_groups(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>>;

    /// All tags of tensors, distributions, images and texts, sorted.
    fn tensor_tags(&self) -> Vec<TensorTag>;

    /// Steps of one such tag, ascending, each once: what can be asked of [`RunSource::tensors`] without reading it all.
    fn tensor_steps(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<i64>> {
        Ok(self.tensors(axis, tag, range)?.into_iter().map(|row| row.step).collect())
    }

    /// Rows of one such tag, ascending by step.
    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>>;

    /// How much [`RunSource::tensors`] would give, told without reading the arrays. `None` when that cannot be known.
    fn tensors_size(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Option<TensorsSize>> {
        let _ = (axis, tag, range);
        Ok(None)
    }

    /// Checkpoints, ascending by global step.
    fn checkpoints(&self) -> Vec<CheckpointRow>;

    /// The bytes stored under a content hash.
    fn blob(&self, hash: &str) -> Result<Blob>;

    /// How many bytes [`RunSource::blob`] gives, told without reading them; `None` when that is not known beforehand.
    fn blob_bytes(&self, hash: &str) -> Result<Option<u64>> {
        let _ = hash;
        Ok(None)
    }

    /// Paths and lengths of all its files, where they are not to be found in a folder of this machine.
    fn sizes(&self) -> Option<Vec<(String, u64)>> {
        None
    }

    /// Something else lies now where it was found: it was deleted and made anew, and must be opened again.
    fn is_replaced(&self) -> bool {
        false
    }

    /// Bytes, about, that are held to answer faster; `None` when there are none to let go of.
    fn held_bytes(&self) -> Option<usize> {
        None
    }

    /// Lets go of what can be read again. Answers stay what they were.
    fn rest(&self) {}

    /// Folder for what is derived from it, which need not be there and may not be writable; `None` when it lies in no folder of ours.
    fn derived_folder(&self) -> Option<PathBuf> {
        None
    }

    /// What people wrote about it, as it is now; empty when nobody did. No part of the revision.
    fn notes(&self) -> Result<Stored<Notes>> {
        Ok(Stored::default())
    }

    /// What people call it; nothing where that cannot be had cheaply, for it is asked of each row of a table.
    fn words(&self) -> Words {
        self.notes().ok().and_then(|stored| stored.document.ok()).map(Words::from).unwrap_or_default()
    }

    /// Replaces what people wrote, if it still is what they had `seen`; gives it as it is kept.
    ///
    /// # Errors
    /// [`Error::Changed`] when somebody else wrote in between, [`Error::ReadOnly`] when there is no place for notes, and the
    /// limits of [`Notes::checked`].
    fn put_notes(&self, notes: Notes, seen: Version) -> Result<Stored<Notes>> {
        let _ = (notes, seen);
        let (what, why) = ("notes of the run", "this format of runs has no place for them".to_owned());
        Err(Error::ReadOnly { what, place: self.info().id.0.into(), why })
    }
}

/// The bytes of a blob.
pub type Blob = std::sync::Arc<[u8]>;

/// How much a run holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Episodes known, ended or not.
    pub episodes: u64,
    /// Episodes whose steps were recorded.
    pub recorded: u64,
    /// Episodes that have a film; `None` where nobody counted them yet.
    pub filmed: Option<u64>,
    /// Checkpoints; `None` likewise.
    pub checkpoints: Option<u64>,
    /// Parts that could not be read, as far as was looked.
    pub lost: usize,
}

/// A scalar tag and its extent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScalarTag {
    /// What indexes it: [`Axis::GlobalStep`] or [`Axis::Episode`].
    pub axis: Axis,
    /// For example `losses/td_loss`.
    pub tag: String,
    /// Points logged.
    pub count: u64,
    /// Smallest step.
    pub first_step: i64,
    /// Largest step.
    pub last_step: i64,
    /// Value at the largest step.
    pub last_value: f64,
}

/// Points of one tag.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScalarColumns {
    /// Step, ascending.
    pub step: Vec<i64>,
    /// Wall time, microseconds since 1970.
    pub time_us: Vec<i64>,
    /// The value; NaN and infinities as logged.
    pub value: Vec<f64>,
}

/// Points of one tag, summarised: one entry a bucket that holds points.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Buckets {
    /// Step of the last point in the bucket.
    pub step: Vec<i64>,
    /// Wall time of the last point, microseconds since 1970.
    pub time_us: Vec<i64>,
    /// Points in the bucket.
    pub count: Vec<u64>,
    /// Points in the bucket whose value is finite.
    pub finite: Vec<u64>,
    /// Smallest finite value; NaN if there is none.
    pub min: Vec<f64>,
    /// Largest finite value; NaN if there is none.
    pub max: Vec<f64>,
    /// Mean of the finite values; NaN if there is none.
    pub mean: Vec<f64>,
    /// Value of the last point, as logged.
    pub last: Vec<f64>,
}

/// How an episode ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EpisodeEnd {
    /// Still going on, or the process died in it.
    Open,
    /// Ended by the task.
    Terminated,
    /// Cut from outside, for example by a step limit.
    Truncated,
    /// Both in the same step.
    Both,
    /// It ended, but whoever counted it does not say how.
    Unknown,
}

/// One episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpisodeRow {
    /// From 0 over all writers of the run.
    pub episode: u64,
    /// Which of the environments side by side.
    pub env_index: u32,
    /// Which agent of a multi-agent environment.
    pub agent: Option<String>,
    /// Seed given to reset.
    pub seed: Option<i64>,
    /// How it ended.
    pub end: EpisodeEnd,
    /// Sum of the rewards seen by the recorder so far.
    pub episode_return: f64,
    /// Steps taken so far.
    pub length: u64,
    /// Global step at reset.
    pub global_step: i64,
    /// Wall time at reset, microseconds since 1970.
    pub started_us: i64,
    /// Wall time at the end.
    pub ended_us: Option<i64>,
    /// Whether its steps were recorded.
    pub recorded: bool,
    /// Recorded for evaluation rather than training.
    pub evaluation: bool,
    /// Global step of the checkpoint in force, if any.
    pub checkpoint: Option<i64>,
    /// The return that the environment itself reported, for the self-check.
    pub env_return: Option<f64>,
    /// Anything else the user attached: numbers, texts, tags.
    pub extra: Map<String, Value>,
}

impl EpisodeRow {
    /// Whether it ended and somebody counted it: what only a film stands for has neither a return nor a length.
    pub fn has_outcome(&self) -> bool {
        self.end != EpisodeEnd::Open && !crate::is_film_alone(self)
    }
}

/// Consecutive frames, encoded together; stands alone. The bytes are described in `docs/format.md` (frame groups).
#[derive(Clone, Debug, PartialEq)]
pub struct FrameGroup {
    /// Step of the first frame.
    pub first: u64,
    /// Number of frames.
    pub count: u32,
    /// Header, palette and payload, as the browser and `decode_group` read them.
    pub bytes: bytes::Bytes,
}

/// What a tensor row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TensorKind {
    /// An array as given.
    Tensor,
    /// Counts over bins or over exact values: a 2×K `float64` array of lower edges (or values) and counts;
    /// `meta.edges` holds the K+1 bin edges when they are bins.
    Distribution,
    /// A picture, H×W×C `uint8`.
    Image,
    /// A text; the array is its UTF-8 bytes.
    Text,
}

/// A tag of tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TensorTag {
    /// What indexes it.
    pub axis: Axis,
    /// Its name.
    pub tag: String,
    /// What it is.
    pub kind: TensorKind,
    /// Rows logged.
    pub count: u64,
}

/// How much tensors of a tag hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TensorsSize {
    /// Steps that have one.
    pub rows: u64,
    /// Bytes of their arrays.
    pub bytes: u64,
}

/// A tensor, distribution, image or text at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorRow {
    /// Step on the axis of the tag.
    pub step: i64,
    /// Microseconds since 1970.
    pub time_us: i64,
    /// What it is.
    pub kind: TensorKind,
    /// The values.
    pub array: Array,
    /// Anything else, for example bin edges.
    pub meta: Map<String, Value>,
}

/// Weights at one update, with what their inputs and outputs mean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointRow {
    /// Global step of the weights.
    pub global_step: i64,
    /// For people, for example `80M`.
    pub name: String,
    /// Content hash of the blob.
    pub hash: String,
    /// `onnx`, …
    pub format: String,
    /// Bytes of the blob.
    pub bytes: u64,
    /// Which input is the observation, which outputs are logits, values, …; see docs/format.md.
    pub signature: Value,
    /// Microseconds since 1970.
    pub time_us: i64,
}
