//! A run in memory, and an opener that finds such runs at made-up paths.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ethogram_query::{Opener, Options, Root, Workbench};
use ethogram_store::{
    Axis, Blob, Buckets, CheckpointRow, Column, ColumnData, Dtype, EpisodeEnd, EpisodeRow, Error, FieldInfo,
    FrameGroup, Lost, Result, Revision, RunId, RunInfo, RunSource, RunState, RunStatus, ScalarColumns, ScalarTag,
    TensorRow, TensorTag,
};

/// Rows of a step field; `None` where nothing was logged.
pub type Rows = Vec<Option<Vec<f64>>>;

/// What a run holds.
#[derive(Clone, Default)]
struct Content {
    status: RunStatus,
    scalars: BTreeMap<(Axis, String), Vec<(i64, f64)>>,
    episodes: BTreeMap<u64, EpisodeRow>,
    steps: BTreeMap<(u64, String), (Vec<usize>, Rows)>,
    checkpoints: Vec<(CheckpointRow, Vec<u8>)>,
}

/// A run in memory. As with every source, what was logged is seen after the next refresh.
pub struct MemoryRun {
    info: RunInfo,
    logged: Mutex<Content>,
    seen: Mutex<(Revision, Content)>,
    grown: AtomicUsize,
    /// How often `steps` was asked.
    pub reads: AtomicUsize,
}

impl MemoryRun {
    pub fn new(name: &str) -> Self {
        let info = RunInfo { name: name.into(), id: RunId::new(), gamma: None, ..RunInfo::default() };
        Self::with_info(info)
    }

    pub fn with_info(info: RunInfo) -> Self {
        let run = Self {
            info,
            logged: Mutex::default(),
            seen: Mutex::default(),
            grown: AtomicUsize::new(0),
            reads: AtomicUsize::new(0),
        };
        run.change(|content| content.status.heartbeat_us = i64::MAX / 2);
        run
    }

    pub fn id(&self) -> RunId {
        self.info.id.clone()
    }

    pub fn scalar(&self, axis: Axis, tag: &str, step: i64, value: f64) {
        self.change(|content| content.scalars.entry((axis, tag.into())).or_default().push((step, value)));
    }

    /// An episode, and its fields: each with the shape of a row and its rows.
    pub fn episode(&self, episode: u64, end: EpisodeEnd, fields: &[(&str, &[usize], Rows)]) {
        self.change(|content| {
            let row = EpisodeRow {
                length: fields.iter().filter(|field| field.0 == "reward").map(|field| field.2.len() as u64).sum(),
                recorded: !fields.is_empty(),
                ..episode_row(episode, end)
            };
            content.episodes.insert(episode, row);
            for (name, shape, rows) in fields {
                content.steps.insert((episode, (*name).into()), (shape.to_vec(), rows.clone()));
            }
        });
    }

    /// An episode of which the row alone is known.
    pub fn episode_told(&self, row: EpisodeRow) {
        self.change(|content| {
            content.episodes.insert(row.episode, row);
        });
    }

    /// A network, named by its global step.
    pub fn checkpoint(&self, global_step: i64, onnx: Vec<u8>, signature: serde_json::Value) {
        let row = CheckpointRow {
            global_step,
            name: format!("{global_step}"),
            format: "onnx".into(),
            hash: format!("hash-{global_step}"),
            bytes: onnx.len() as u64,
            time_us: 0,
            signature,
        };
        self.change(|content| content.checkpoints.push((row, onnx)));
    }

    pub fn finish(&self) {
        self.change(|content| content.status.state = RunState::Finished);
    }

    fn change(&self, change: impl FnOnce(&mut Content)) {
        change(&mut self.logged.lock().expect("not poisoned"));
        self.grown.fetch_add(1, Ordering::SeqCst);
    }

    fn seen<T>(&self, look: impl FnOnce(&Content) -> T) -> T {
        look(&self.seen.lock().expect("not poisoned").1)
    }
}

impl RunSource for MemoryRun {
    fn info(&self) -> RunInfo {
        self.info.clone()
    }

    fn status(&self) -> RunStatus {
        self.seen(|content| content.status.clone())
    }

    fn refresh(&self) -> Result<Revision> {
        let revision = Revision(self.grown.load(Ordering::SeqCst) as u64);
        let mut seen = self.seen.lock().expect("not poisoned");
        if seen.0 != revision {
            *seen = (revision, self.logged.lock().expect("not poisoned").clone());
        }
        Ok(revision)
    }

    fn revision(&self) -> Revision {
        self.seen.lock().expect("not poisoned").0
    }

    fn lost(&self) -> Vec<Lost> {
        vec![]
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.seen(|content| {
            let tag = |((axis, tag), points): (&(Axis, String), &Vec<(i64, f64)>)| ScalarTag {
                axis: *axis,
                tag: tag.clone(),
                count: points.len() as u64,
                first_step: points[0].0,
                last_step: points[points.len() - 1].0,
                last_value: points[points.len() - 1].1,
            };
            content.scalars.iter().map(tag).collect()
        })
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.seen(|content| {
            let mut columns = ScalarColumns::default();
            let points = content.scalars.get(&(axis, tag.to_owned())).cloned().unwrap_or_default();
            for (step, value) in points.into_iter().filter(|(step, _)| range.contains(step)) {
                columns.step.push(step);
                columns.time_us.push(step * 1000);
                columns.value.push(value);
            }
            Ok(columns)
        })
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        let points = self.scalars(axis, tag, range)?;
        let mut out = Buckets::default();
        let (Some(&first), Some(&last)) = (points.step.first(), points.step.last()) else { return Ok(out) };
        let width = (last - first) as f64 / buckets as f64 + 1e-9;
        let bucket = |step: i64| (((step - first) as f64 / width) as usize).min(buckets - 1);
        let rows: Vec<usize> = (0..points.step.len()).collect();
        for rows in rows.chunk_by(|&a, &b| bucket(points.step[a]) == bucket(points.step[b])) {
            let finite: Vec<f64> = rows.iter().map(|&i| points.value[i]).filter(|v| v.is_finite()).collect();
            let last = rows[rows.len() - 1];
            out.step.push(points.step[last]);
            out.time_us.push(points.time_us[last]);
            out.count.push(rows.len() as u64);
            out.finite.push(finite.len() as u64);
            out.min.push(finite.iter().copied().fold(f64::NAN, f64::min));
            out.max.push(finite.iter().copied().fold(f64::NAN, f64::max));
            out.mean.push(finite.iter().sum::<f64>() / finite.len() as f64);
            out.last.push(points.value[last]);
        }
        Ok(out)
    }

    fn episode_count(&self) -> u64 {
        self.seen(|content| content.episodes.keys().last().map_or(0, |last| last + 1))
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        self.seen(|content| Ok(content.episodes.range(range).map(|(_, row)| row.clone()).collect()))
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        self.seen(|content| {
            let of_episode = content.steps.iter().filter(|((of, _), _)| *of == episode);
            Ok(of_episode.map(|((_, name), (shape, _))| info(name, shape)).collect())
        })
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        self.seen(|content| {
            let of_episode = content.steps.iter().filter(|((of, _), _)| *of == episode);
            Ok(of_episode.map(|(_, (_, rows))| rows.len() as u64).max().unwrap_or(0))
        })
    }

    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let count = self.step_count(episode)?;
        self.seen(|content| {
            let found = content.steps.get(&(episode, field.to_owned()));
            let (shape, rows) = found.ok_or_else(|| Error::NotFound { what: format!("field {field:?}") })?;
            let width = shape.iter().product::<usize>();
            let (start, end) = (range.start.min(count), range.end.min(count).max(range.start.min(count)));
            let (mut bytes, mut valid) = (Vec::new(), Vec::new());
            for at in start..end {
                let row = rows.get(at as usize).cloned().flatten();
                valid.push(row.is_some());
                for value in row.unwrap_or_else(|| vec![0.0; width]) {
                    bytes.extend(value.to_le_bytes());
                }
            }
            Ok(Column {
                info: info(field, shape),
                first: start,
                data: ColumnData::Numeric(bytes),
                valid: (!valid.iter().all(|&valid| valid)).then_some(valid),
            })
        })
    }

    fn frame_groups(&self, _episode: u64, _field: &str, _range: Range<u64>) -> Result<Vec<FrameGroup>> {
        Ok(vec![])
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        vec![]
    }

    fn tensors(&self, _axis: Axis, _tag: &str, _range: Range<i64>) -> Result<Vec<TensorRow>> {
        Ok(vec![])
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.seen(|content| content.checkpoints.iter().map(|(row, _)| row.clone()).collect())
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        let found = self.seen(|content| content.checkpoints.iter().find(|(row, _)| row.hash == hash).cloned());
        found.map(|(_, bytes)| bytes.into()).ok_or_else(|| Error::NotFound { what: format!("blob {hash}") })
    }
}

/// An episode, for the rest of its members to be filled in.
pub fn episode_row(episode: u64, end: EpisodeEnd) -> EpisodeRow {
    EpisodeRow {
        episode,
        env_index: 0,
        agent: None,
        seed: None,
        end,
        episode_return: episode as f64 / 2.0,
        length: 0,
        global_step: 0,
        started_us: 0,
        ended_us: None,
        recorded: true,
        evaluation: false,
        checkpoint: None,
        env_return: None,
        extra: serde_json::Map::new(),
    }
}

fn info(name: &str, shape: &[usize]) -> FieldInfo {
    let dtype = Some(Dtype::Float64);
    FieldInfo { name: name.into(), axis: Axis::Step, dtype, shape: shape.to_vec(), image: false, stack_axis: None }
}

/// Runs by path; paths may be added and removed while a workbench looks on.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<BTreeMap<PathBuf, Arc<MemoryRun>>>>);

impl Shelf {
    pub fn put(&self, path: &str, run: &Arc<MemoryRun>) {
        self.0.lock().expect("not poisoned").insert(path.into(), Arc::clone(run));
    }

    pub fn take(&self, path: &str) {
        self.0.lock().expect("not poisoned").remove(Path::new(path));
    }

    /// A workbench over everything under `/runs` that searches at every refresh.
    pub fn workbench(&self) -> Workbench {
        let options = Options {
            search_every: std::time::Duration::ZERO,
            openers: vec![Arc::new(self.clone())],
            ..Options::default()
        };
        Workbench::open(vec![Root { path: "/runs".into(), label: "runs".into() }], options).expect("a workbench")
    }
}

impl Opener for Shelf {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn find(&self, root: &Path) -> Result<Vec<PathBuf>> {
        Ok(self.0.lock().expect("not poisoned").keys().filter(|path| path.starts_with(root)).cloned().collect())
    }

    fn open(&self, path: &Path) -> Result<Option<Arc<dyn RunSource>>> {
        let run = self.0.lock().expect("not poisoned").get(path).cloned();
        if let Some(run) = &run {
            run.refresh()?;
        }
        Ok(run.map(|run| run as Arc<dyn RunSource>))
    }
}

/// Rows of one number each.
pub fn numbers(values: &[f64]) -> Rows {
    values.iter().map(|&value| Some(vec![value])).collect()
}

/// Rows of one number each, some missing.
pub fn gaps(values: &[Option<f64>]) -> Rows {
    values.iter().map(|value| value.map(|value| vec![value])).collect()
}

/// A workbench over one run.
pub fn bench_of(run: &Arc<MemoryRun>) -> Workbench {
    let shelf = Shelf::default();
    shelf.put("/runs/one", run);
    shelf.workbench()
}
