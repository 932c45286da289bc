//! States that are no steps of an episode: samples that a policy was asked about (`eg.probe`), as a run with one episode of them, so that
//! all that is known of steps (derived fields, layers, maps) is known of samples.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ethogram_store::{
    Array, Axis, Blob, Buckets, CheckpointRow, Column, ColumnData, Dtype, EpisodeEnd, EpisodeRow, Error, FieldInfo,
    FrameGroup, Lost, Result, Revision, RunId, RunInfo, RunSource, RunStatus, ScalarColumns, ScalarTag, TensorKind,
    TensorRow, TensorTag,
};
use serde_json::Map;

/// Most bytes of one field of samples.
const FIELD_BYTES_MAX: u64 = 512 << 20;
/// What tags of samples begin with: `samples/NAME/FIELD`, on the sample axis.
const PREFIX: &str = "samples/";

/// Samples of a run, as a run.
pub struct Samples {
    of: Arc<dyn RunSource>,
    /// `samples/NAME/`.
    prefix: String,
    info: RunInfo,
    global_step: i64,
    /// Fields that were read.
    known: Mutex<BTreeMap<String, Arc<Column>>>,
}

/// Names of all samples of a run, sorted.
pub fn names(source: &dyn RunSource) -> Vec<String> {
    let name = |tag: &TensorTag| Some(tag.tag.strip_prefix(PREFIX)?.split_once('/')?.0.to_owned());
    let tags = source.tensor_tags().into_iter().filter(|tag| tag.axis == Axis::Sample);
    let mut names: Vec<String> = tags.filter_map(|tag| name(&tag)).collect();
    names.sort();
    names.dedup();
    names
}

impl Samples {
    /// **Errors**: the run has no samples of that name.
    pub fn open(of: &Arc<dyn RunSource>, name: &str) -> Result<Self> {
        let known = names(of.as_ref());
        if !known.iter().any(|known| known == name) {
            let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let what =
                format!("samples {name:?}; there are {there}; log some with eg.probe(policy, run=run, name={name:?})");
            return Err(Error::NotFound { what });
        }
        let mut info = of.info();
        // What is derived from samples is not taken for what is derived from steps.
        info.id = RunId(format!("{}/samples/{name}", info.id.0));
        let prefix = format!("{PREFIX}{name}/");
        let mut samples = Samples { of: Arc::clone(of), prefix, info, global_step: 0, known: Mutex::default() };
        let first = samples.fields().into_iter().next();
        if let Some(first) = first {
            let rows = samples.rows(&first, 0..1)?;
            let meta = rows.first().and_then(|row| row.meta.get("global_step")).and_then(serde_json::Value::as_i64);
            samples.global_step = meta.unwrap_or(0);
        }
        Ok(samples)
    }

    fn fields(&self) -> Vec<String> {
        let tags =
            self.of.tensor_tags().into_iter().filter(|tag| tag.axis == Axis::Sample && tag.kind == TensorKind::Tensor);
        tags.filter_map(|tag| tag.tag.strip_prefix(&self.prefix).map(str::to_owned)).collect()
    }

    fn rows(&self, field: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        self.of.tensors(Axis::Sample, &format!("{}{field}", self.prefix), range)
    }

    /// All rows of a field: each tensor holds consecutive samples, from that of its step on.
    fn column(&self, field: &str) -> Result<Arc<Column>> {
        if let Some(known) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(field) {
            return Ok(Arc::clone(known));
        }
        let tag = format!("{}{field}", self.prefix);
        if let Some(size) = self.of.tensors_size(Axis::Sample, &tag, i64::MIN..i64::MAX)?
            && size.bytes > FIELD_BYTES_MAX
        {
            let what = format!("bytes of samples {tag:?} (FIELD_BYTES_MAX)");
            return Err(Error::TooLarge { what, limit: FIELD_BYTES_MAX, found: size.bytes });
        }
        let rows = self.rows(field, i64::MIN..i64::MAX)?;
        let column = Arc::new(joined(field, &rows)?);
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(field.to_owned(), Arc::clone(&column));
        Ok(column)
    }
}

/// Tensors of consecutive samples as one column; samples that none holds are missing.
fn joined(field: &str, rows: &[TensorRow]) -> Result<Column> {
    let damaged = |expected: String, found: String| Error::ShapeMismatch { field: field.to_owned(), expected, found };
    let first: Option<&Array> = rows.first().map(|row| &row.array);
    let (dtype, shape) = first
        .map_or((Dtype::Float32, vec![]), |array| (array.dtype(), array.shape().get(1..).unwrap_or_default().to_vec()));
    let width = dtype.size() * shape.iter().product::<usize>();
    let (mut data, mut valid) = (Vec::new(), Vec::new());
    for row in rows {
        let array = &row.array;
        let fits = array.dtype() == dtype && array.shape().get(1..) == Some(&shape[..]);
        let start = usize::try_from(row.step).ok().filter(|start| fits && *start >= valid.len());
        let rows = array.shape().first().copied().unwrap_or(0);
        let held = |start: usize| (start as u64).saturating_add(rows as u64).saturating_mul(width.max(1) as u64);
        let Some(start) = start.filter(|start| held(*start) <= FIELD_BYTES_MAX) else {
            let found = format!("{} {:?} at sample {}", array.dtype(), array.shape(), row.step);
            return Err(damaged(format!("rows of {dtype} {shape:?}, one sample after the other"), found));
        };
        data.resize(start * width, 0);
        valid.resize(start, false);
        data.extend_from_slice(array.data());
        valid.resize(start + rows, true);
    }
    let info = FieldInfo {
        name: field.to_owned(),
        axis: Axis::Step,
        dtype: Some(dtype),
        shape,
        image: false,
        stack_axis: None,
    };
    let valid = valid.contains(&false).then_some(valid);
    Ok(Column { info, first: 0, data: ColumnData::Numeric(data), valid })
}

impl RunSource for Samples {
    fn info(&self) -> RunInfo {
        self.info.clone()
    }

    fn status(&self) -> RunStatus {
        self.of.status()
    }

    fn refresh(&self) -> Result<Revision> {
        self.of.refresh()
    }

    fn revision(&self) -> Revision {
        self.of.revision()
    }

    fn lost(&self) -> Vec<Lost> {
        Vec::new()
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        Vec::new()
    }

    fn scalars(&self, _: Axis, _: &str, _: Range<i64>) -> Result<ScalarColumns> {
        Ok(ScalarColumns::default())
    }

    fn scalar_buckets(&self, _: Axis, _: &str, _: Range<i64>, _: usize) -> Result<Buckets> {
        Ok(Buckets::default())
    }

    fn episode_count(&self) -> u64 {
        1
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        let length = self.step_count(0)?;
        let row = EpisodeRow {
            episode: 0,
            env_index: 0,
            agent: None,
            seed: None,
            end: EpisodeEnd::Unknown,
            episode_return: f64::NAN,
            length,
            global_step: self.global_step,
            started_us: 0,
            ended_us: None,
            recorded: true,
            evaluation: true,
            checkpoint: None,
            env_return: None,
            extra: Map::new(),
        };
        Ok(if range.contains(&0) { vec![row] } else { Vec::new() })
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        if episode != 0 {
            return Ok(Vec::new());
        }
        let mut names = self.fields();
        names.sort();
        names.iter().map(|name| Ok(self.column(name)?.info.clone())).collect()
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        let mut most = 0;
        for name in self.fields().iter().filter(|_| episode == 0) {
            most = most.max(self.column(name)?.rows() as u64);
        }
        Ok(most)
    }

    fn steps(&self, _: u64, field: &str, range: Range<u64>) -> Result<Column> {
        let whole = self.column(field)?;
        let rows = whole.rows() as u64;
        let (start, end) = (range.start.min(rows) as usize, range.end.clamp(range.start.min(rows), rows) as usize);
        let width = whole.row_bytes();
        let ColumnData::Numeric(bytes) = &whole.data else { return Ok((*whole).clone()) };
        Ok(Column {
            info: whole.info.clone(),
            first: start as u64,
            data: ColumnData::Numeric(bytes[start * width..end * width].to_vec()),
            valid: whole.valid.as_ref().map(|valid| valid[start..end].to_vec()),
        })
    }

    fn frame_groups(&self, _: u64, _: &str, _: Range<u64>) -> Result<Vec<FrameGroup>> {
        Ok(Vec::new())
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        Vec::new()
    }

    fn tensors(&self, _: Axis, _: &str, _: Range<i64>) -> Result<Vec<TensorRow>> {
        Ok(Vec::new())
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.of.checkpoints()
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        self.of.blob(hash)
    }

    fn blob_bytes(&self, hash: &str) -> Result<Option<u64>> {
        self.of.blob_bytes(hash)
    }
}
