//! Writes a run while a program trains: calls copy into a bounded queue, one thread writes.

mod claims;
mod frames;
mod left;
mod options;
mod queue;
mod sealing;
mod sink;
mod worker;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

use claims::Claims;
use left::left_episodes;
pub use options::{Counters, QueuePolicy, SealLimits, WriterOptions};
use queue::{FIELDS_MAX, Front, Item, Point, Queue, StepField};
use worker::Worker;

use crate::blob::{BLOB_BYTES_MAX, blob_hash};
use crate::codec::FrameLayout;
use crate::columns::{EPISODE_MAX, FieldType, STEP_MAX, StepValue, TensorPoint};
use crate::layout::{
    RUN_FILE, check_name, check_project, io_error, make_folder, replace_file, sync_folder, writer_dirs,
};
use crate::status::{StatusKeeper, now_us, read_info, read_status};
use crate::{
    Axis, CheckpointRow, Dtype, EpisodeRow, Error, Result, RunInfo, RunReader, RunSource, RunState, RunStatus,
    TensorRow, has_film,
};

/// Largest array or text of one value, in bytes.
pub const VALUE_BYTES_MAX: u64 = 256 << 20;
/// Names of the columns that say which step a row is; no field can be called so.
const KEY_COLUMNS: [&str; 2] = ["episode", "step"];

/// A scalar tag of one writer by its number, from [`RunWriter::tag`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u32);

/// Writes one run. All methods can be called from any thread.
///
/// Logging never waits for the disk: values go into a queue of bounded size, and one thread of the writer's own brings them to disk,
/// visible to readers [`WriterOptions::flush_interval`] later. When the queue is full, [`QueuePolicy`] says what happens.
/// When the disk fails, the first error is kept in [`Counters::fault`], what could not be written counts as dropped,
/// and the disk is tried again later.
///
/// After a `fork` the child has no writer thread; it must drop this (which does nothing there) and open a writer of its own.
pub struct RunWriter {
    queue: Arc<Queue>,
    thread: Mutex<Option<JoinHandle<()>>>,
    pid: u32,
    path: PathBuf,
    info: RunInfo,
    stack_axes: HashMap<String, usize>,
    /// Element types of the parts of the described spaces.
    described: HashMap<String, Dtype>,
    claims: Mutex<Claims>,
}

impl RunWriter {
    /// Starts the run `ROOT/PROJECT/RUN-ID`, making the folders. An id, the version and the time of creation are filled in where they are missing.
    ///
    /// # Errors
    /// [`Error::BadName`] for a project or id that cannot be a folder; [`Error::Io`] when the disk refuses.
    pub fn create(root: &Path, mut info: RunInfo, options: WriterOptions) -> Result<Self> {
        check_project(&info.project)?;
        check_project(&info.id.0)?;
        info.format_version = RunInfo::FORMAT_VERSION;
        if info.created_us == 0 {
            info.created_us = now_us();
        }
        let path = root.join(&info.project).join(&info.id.0);
        // Whatever the options say of the rest: without this file and these names nothing of the run can be read after a power cut.
        let project = root.join(&info.project);
        make_folder(&project, true)?;
        std::fs::create_dir(&path).map_err(|source| io_error("create", &path, source))?;
        sync_folder(&project).map_err(|source| io_error("create", &path, source))?;
        let json = serde_json::to_vec_pretty(&info).unwrap_or_default();
        replace_file(&path.join(RUN_FILE), &json, true)?;
        let claims = Claims::new(&path);
        let status = RunStatus { filmed: Some(0), checkpoints: Some(0), ..RunStatus::default() };
        Self::start(path, info, status, claims, HashMap::new(), options)
    }

    /// Continues a run: a new folder beside those of earlier writers, episodes numbered on, fields of the types that they had in the latest episodes.
    /// Episodes that writers who are gone left open get the time of the run's last sign of life as their end.
    ///
    /// # Errors
    /// [`Error::NotARun`], [`Error::NewerVersion`], [`Error::Corrupt`] when the run cannot be read; [`Error::Io`] when the disk refuses.
    pub fn resume(run_dir: &Path, options: WriterOptions) -> Result<Self> {
        let info = read_info(run_dir)?;
        let mut status = read_status(run_dir).unwrap_or_default();
        status.state = RunState::Running;
        status.ended_us = None;
        status.resumed += 1;
        let claims = Claims::resume(run_dir, || Ok(RunReader::open(run_dir)?.episode_count()))?;
        let reader = RunReader::open(run_dir)?;
        let next_episode = reader.episode_count();
        if status.filmed.is_none() || status.checkpoints.is_none() {
            // Writers of earlier versions did not count them.
            let rows = reader.episodes(0..u64::MAX)?;
            status.filmed = Some(rows.iter().filter(|row| has_film(row)).count() as u64);
            status.checkpoints = Some(reader.checkpoints().len() as u64);
        }
        let mut fields = HashMap::new();
        for episode in (0..next_episode).rev().take(Self::EPISODES_LOOKED_AT) {
            for info in reader.step_fields(episode)? {
                let name: Arc<str> = info.name.into();
                let layout = info.dtype.filter(|_| info.image);
                let layout = layout.and_then(|dtype| FrameLayout::of_field(dtype, &info.shape, info.stack_axis));
                let kind = FieldType { dtype: info.dtype, shape: info.shape };
                fields.entry(Arc::clone(&name)).or_insert_with(|| Arc::new(StepField { name, kind, layout }));
            }
        }
        let left = left_episodes(&reader, &claims, status.heartbeat_us)?;
        let writer = Self::start(run_dir.to_owned(), info, status, claims, fields, options)?;
        for row in left {
            let bytes = row_bytes(&row);
            writer.push(Item::Left(Box::new(row)), bytes)?;
        }
        Ok(writer)
    }

    /// The types of fields are taken from so many of the latest episodes.
    const EPISODES_LOOKED_AT: usize = 16;

    fn start(
        path: PathBuf,
        info: RunInfo,
        status: RunStatus,
        claims: Claims,
        fields: HashMap<Arc<str>, Arc<StepField>>,
        options: WriterOptions,
    ) -> Result<Self> {
        let writer_dir = path.join(format!("w-{}", next_writer_id(&path)?));
        std::fs::create_dir(&writer_dir).map_err(|source| io_error("create", &writer_dir, source))?;
        sync_folder(&path).map_err(|source| io_error("create", &writer_dir, source))?;
        let mut keeper = StatusKeeper::new(&path, status, options.fsync);
        keeper.write()?;
        let queue = Arc::new(Queue::new(&options, fields));
        let worker = Worker::new(Arc::clone(&queue), options, &path, &writer_dir, keeper);
        let thread = std::thread::Builder::new().name("ethogram-writer".into()).spawn(move || worker.run());
        let thread = thread.map_err(|source| io_error("start a thread for", &path, source))?;
        let spaces = info
            .env
            .iter()
            .flat_map(|env| [("observation", env.observation_space.as_ref()), ("action", env.action_space.as_ref())]);
        let leaves = spaces.filter_map(|(root, space)| space?.leaves(root).ok()).flatten();
        let (mut stack_axes, mut described) = (HashMap::new(), HashMap::new());
        for leaf in leaves {
            described.extend(leaf.dtype.map(|dtype| (leaf.name.clone(), dtype)));
            stack_axes.extend(leaf.stack_axis.map(|axis| (leaf.name, axis)));
        }
        Ok(Self {
            queue,
            thread: Mutex::new(Some(thread)),
            pid: std::process::id(),
            path,
            info,
            stack_axes,
            described,
            claims: Mutex::new(claims),
        })
    }

    /// The folder of the run.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was started.
    pub fn info(&self) -> &RunInfo {
        &self.info
    }

    /// Logs one value of a tag.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::QueueFull`], [`Error::Closed`]; [`Error::TooLarge`] beyond 100,000 tags.
    pub fn scalar(&self, axis: Axis, tag: &str, step: i64, time_us: i64, value: f64) -> Result<()> {
        self.scalars(axis, step, time_us, &[(tag, value)])
    }

    /// Logs values of several tags at one step. All or none.
    ///
    /// # Errors
    /// As [`RunWriter::scalar`].
    pub fn scalars(&self, axis: Axis, step: i64, time_us: i64, values: &[(&str, f64)]) -> Result<()> {
        let mut front = self.queue.lock();
        // Before anything is pushed, so that a bad name leaves nothing half logged.
        let numbered = values.iter().map(|&(tag, value)| Ok((Tag(front.tag_number(axis, tag)?), value)));
        let numbered: Vec<(Tag, f64)> = numbered.collect::<Result<_>>()?;
        self.push_points(front, step, time_us, &numbered)
    }

    /// The number of a tag, for [`RunWriter::points`].
    ///
    /// # Errors
    /// [`Error::BadName`]; [`Error::TooLarge`] beyond 100,000 tags.
    pub fn tag(&self, axis: Axis, tag: &str) -> Result<Tag> {
        self.queue.lock().tag_number(axis, tag).map(Tag)
    }

    /// [`RunWriter::scalars`] for a caller that keeps the numbers of its tags: nothing is looked up.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a tag of another writer, [`Error::QueueFull`], [`Error::Closed`]; then nothing is logged.
    pub fn points(&self, step: i64, time_us: i64, values: &[(Tag, f64)]) -> Result<()> {
        let front = self.queue.lock();
        if let Some((tag, _)) = values.iter().find(|(tag, _)| tag.0 as usize >= front.tags.len()) {
            return Err(Error::NotFound { what: format!("scalar tag number {} of this writer", tag.0) });
        }
        self.push_points(front, step, time_us, values)
    }

    fn push_points(&self, front: MutexGuard<'_, Front>, step: i64, time_us: i64, values: &[(Tag, f64)]) -> Result<()> {
        let count = values.len() as u64;
        let mut front = self.queue.reserve(front, count * Queue::POINT_BYTES, count)?;
        front.points.extend(values.iter().map(|&(Tag(tag), value)| Point { tag, step, time_us, value }));
        Ok(())
    }

    /// Logs a tensor, distribution, image or text.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::TooLarge`], [`Error::QueueFull`], [`Error::Closed`].
    pub fn tensor(&self, axis: Axis, tag: &str, row: TensorRow) -> Result<()> {
        check_name(tag)?;
        check_size(tag, row.array.data().len() as u64)?;
        if let Some(&length) = row.array.shape().iter().find(|&&length| u32::try_from(length).is_err()) {
            let (limit, found) = (u64::from(u32::MAX), length as u64);
            return Err(Error::TooLarge { what: format!("an axis of tensor {tag:?}"), limit, found });
        }
        let bytes = row.array.data().len() as u64 + 256 + 64 * row.meta.len() as u64;
        self.push(Item::Tensor(Box::new(TensorPoint { axis, tag: tag.into(), row })), bytes)
    }

    /// Logs an episode, replacing what was logged of it before.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::QueueFull`], [`Error::Closed`].
    pub fn episode(&self, row: EpisodeRow) -> Result<()> {
        check_index("index of an episode", row.episode, EPISODE_MAX)?;
        self.claims().skip(row.episode);
        let bytes = row_bytes(&row);
        self.push(Item::Episode(Box::new(row)), bytes)
    }

    /// An index that no episode of the run has yet, nor gets from another process that writes the run at the same time:
    /// each numbers from blocks of 1,000 of its own (`docs/format.md`, *Claims*). Once a block this waits for the disk.
    pub fn next_episode(&self) -> u64 {
        self.claims().next()
    }

    fn claims(&self) -> MutexGuard<'_, Claims> {
        self.claims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Logs fields of one step of an episode. They may come in several calls, late, and out of order; of two values for one step the newer counts.
    ///
    /// The first value of a field decides its type and shape. `uint8` arrays of at least two axes and 1,024 elements are images.
    ///
    /// # Errors
    /// [`Error::ShapeMismatch`] when a value is not as the field's first was; [`Error::BadName`], [`Error::TooLarge`],
    /// [`Error::QueueFull`], [`Error::Closed`]. Then nothing of this call is logged.
    pub fn step(&self, episode: u64, step: u64, values: Vec<(Arc<str>, StepValue)>) -> Result<()> {
        check_index("index of an episode", episode, EPISODE_MAX)?;
        check_index("index of a step", step, STEP_MAX)?;
        let bytes = 64 + values.iter().map(|(_, value)| value.size() as u64 + 32).sum::<u64>();
        let mut front = self.queue.lock();
        let mut typed = Vec::with_capacity(values.len());
        for (name, value) in values {
            if let Some(field) = self.field(&mut front, &name, &value)? {
                typed.push((field, value));
            }
        }
        let mut front = self.queue.reserve(front, bytes, 1)?;
        front.items.push((Item::Step { episode, step, values: typed }, bytes));
        Ok(())
    }

    /// The same, but of values that cannot be stored, the others are: those are given back, each with its reason.
    ///
    /// # Errors
    /// [`Error::TooLarge`] of an index, [`Error::QueueFull`], [`Error::Closed`]. Then nothing of this call is logged.
    pub fn step_apart(
        &self,
        episode: u64,
        step: u64,
        values: Vec<(Arc<str>, StepValue)>,
    ) -> Result<Vec<(Arc<str>, Error)>> {
        check_index("index of an episode", episode, EPISODE_MAX)?;
        check_index("index of a step", step, STEP_MAX)?;
        let mut bytes = 64;
        let mut front = self.queue.lock();
        let mut typed = Vec::with_capacity(values.len());
        let mut refused = Vec::new();
        for (name, value) in values {
            match self.field(&mut front, &name, &value) {
                Ok(Some(field)) => {
                    bytes += value.size() as u64 + 32;
                    typed.push((field, value));
                }
                Ok(None) => {}
                Err(error) => refused.push((name, error)),
            }
        }
        let mut front = self.queue.reserve(front, bytes, 1)?;
        front.items.push((Item::Step { episode, step, values: typed }, bytes));
        Ok(refused)
    }

    /// Says how far training is, in environment steps, for the run's status: scalars at steps say it by themselves.
    pub fn reached(&self, global_step: i64) {
        self.queue.reach(global_step);
    }

    /// The element type of a field of steps, which its first value made; `None` before that, and of texts.
    pub fn field_dtype(&self, name: &str) -> Option<Dtype> {
        self.queue.lock().fields.get(name).and_then(|field| field.kind.dtype)
    }

    /// The element type of a part of an observation or action, as the environment's spaces are described.
    pub fn described_dtype(&self, name: &str) -> Option<Dtype> {
        self.described.get(name).copied()
    }

    /// The field that a value belongs to, made if this is its first; `None` for a null of a field that is not known yet.
    fn field(&self, front: &mut Front, name: &Arc<str>, value: &StepValue) -> Result<Option<Arc<StepField>>> {
        check_size(name, value.size() as u64)?;
        let known = front.fields.get(name);
        let (dtype, shape) = match value {
            StepValue::Null => return Ok(known.cloned()),
            StepValue::Text(_) => (None, &[][..]),
            StepValue::Array(array) => (Some(array.dtype()), array.shape()),
        };
        if let Some(field) = known {
            if field.kind.dtype != dtype || field.kind.shape != shape {
                let found = FieldType { dtype, shape: shape.to_vec() };
                let (expected, found) = (field.kind.to_string(), found.to_string());
                return Err(Error::ShapeMismatch { field: name.to_string(), expected, found });
            }
            return Ok(Some(Arc::clone(field)));
        }
        check_name(name)?;
        if KEY_COLUMNS.contains(&&**name) {
            return Err(Error::BadName { name: name.to_string(), why: "it says which step a row is" });
        }
        if front.fields.len() >= FIELDS_MAX {
            let (what, limit) = ("number of fields".into(), FIELDS_MAX as u64);
            return Err(Error::TooLarge { what, limit, found: limit + 1 });
        }
        let kind = FieldType { dtype, shape: shape.to_vec() };
        let stack_axis = self.stack_axes.get(&**name).copied();
        let layout = dtype.and_then(|dtype| FrameLayout::of_field(dtype, shape, stack_axis));
        let field = Arc::new(StepField { name: Arc::clone(name), kind, layout });
        front.fields.insert(Arc::clone(name), Arc::clone(&field));
        Ok(Some(field))
    }

    /// Logs a checkpoint and its bytes; returns their hash.
    ///
    /// # Errors
    /// [`Error::BadName`], [`Error::TooLarge`], [`Error::QueueFull`], [`Error::Closed`].
    pub fn checkpoint(
        &self,
        global_step: i64,
        name: &str,
        format: &str,
        bytes: Vec<u8>,
        signature: Value,
    ) -> Result<String> {
        check_name(name)?;
        check_name(format)?;
        let size = bytes.len() as u64;
        let hash = self.blob(bytes)?;
        let (name, format) = (name.to_owned(), format.to_owned());
        let row =
            CheckpointRow { global_step, name, hash: hash.clone(), format, bytes: size, signature, time_us: now_us() };
        self.push(Item::Checkpoint(Box::new(row)), 512)?;
        Ok(hash)
    }

    /// Stores bytes under their hash, which is returned.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::QueueFull`], [`Error::Closed`].
    pub fn blob(&self, bytes: Vec<u8>) -> Result<String> {
        let size = bytes.len() as u64;
        check_index("bytes of a blob", size, BLOB_BYTES_MAX)?;
        let hash = blob_hash(&bytes);
        self.push(Item::Blob { hash: hash.clone(), bytes }, size + 64)?;
        Ok(hash)
    }

    fn push(&self, item: Item, bytes: u64) -> Result<()> {
        let mut front = self.queue.reserve(self.queue.lock(), bytes, 1)?;
        front.items.push((item, bytes));
        Ok(())
    }

    /// Returns when all that was logged before is on disk.
    ///
    /// # Errors
    /// [`Error::Io`] when some of it could not be written, [`Error::Closed`].
    pub fn flush(&self) -> Result<()> {
        if self.pid != std::process::id() {
            return Err(Error::Closed);
        }
        self.queue.flush()
    }

    /// Logging `bytes` more would have to wait now: the queue is full and the policy is to block.
    pub fn would_wait(&self, bytes: u64) -> bool {
        self.queue.would_wait(bytes)
    }

    /// How the writer fares.
    pub fn counters(&self) -> Counters {
        Counters {
            dropped: self.queue.dropped.load(Ordering::Relaxed),
            queued_bytes: self.queue.queued(),
            written_bytes: self.queue.written.load(Ordering::Relaxed),
            fault: self.queue.first_fault(),
        }
    }

    /// Brings everything to disk and ends the run in this state. Calls after the first do nothing.
    ///
    /// # Errors
    /// [`Error::Io`] with the first fault of the run's life, if there was any.
    pub fn close(&self, state: RunState) -> Result<()> {
        if self.pid != std::process::id() || !self.queue.close(state) {
            return Ok(());
        }
        self.claims().release();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let ended = thread.map_or(Ok(()), JoinHandle::join);
        let fault = self.queue.first_fault().or_else(|| ended.is_err().then(|| "the writer thread panicked".into()));
        match fault {
            None => Ok(()),
            Some(text) => Err(io_error("write", &self.path, std::io::Error::other(text))),
        }
    }
}

impl Drop for RunWriter {
    /// A writer that is dropped without [`RunWriter::close`] keeps all that was logged, and marks the run as crashed.
    fn drop(&mut self) {
        if self.pid == std::process::id() {
            let _ = self.close(RunState::Crashed);
        } else if let Ok(thread) = self.thread.get_mut() {
            // The thread lives in the parent; not even its handle may be touched here.
            std::mem::forget(thread.take());
        }
    }
}

impl std::fmt::Debug for RunWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RunWriter")
            .field("path", &self.path)
            .field("counters", &self.counters())
            .finish_non_exhaustive()
    }
}

/// An id after those of all writers so far, also when two begin within a millisecond or the clock was put back: of two rows with
/// one key the later writer's counts.
fn next_writer_id(run_dir: &Path) -> Result<ulid::Ulid> {
    let dirs = writer_dirs(run_dir)?;
    let newest = dirs.iter().rev().find_map(|dir| {
        let name = dir.file_name()?.to_str()?;
        name.strip_prefix("w-")?.parse::<ulid::Ulid>().ok()
    });
    let now = ulid::Ulid::generate();
    Ok(newest.filter(|newest| *newest >= now).and_then(|newest| newest.increment().ok()).unwrap_or(now))
}

/// What a row of an episode takes of the queue.
fn row_bytes(row: &EpisodeRow) -> u64 {
    (size_of::<EpisodeRow>() + 64 * row.extra.len()) as u64
}

fn check_size(name: &str, found: u64) -> Result<()> {
    if found > VALUE_BYTES_MAX {
        return Err(Error::TooLarge { what: format!("a value of {name:?} in bytes"), limit: VALUE_BYTES_MAX, found });
    }
    Ok(())
}

fn check_index(what: &str, found: u64, limit: u64) -> Result<()> {
    if found > limit { Err(Error::TooLarge { what: what.into(), limit, found }) } else { Ok(()) }
}
