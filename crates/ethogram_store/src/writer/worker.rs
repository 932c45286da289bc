//! The writer thread: takes what was logged, makes batches of it, and brings them to disk.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::frames::FrameGatherer;
use super::options::WriterOptions;
use super::queue::{Item, Point, Queue, StepField, Taken};
use super::sealing::Sealing;
use super::sink::{Failed, Sink};
use crate::blob::write_blob;
use crate::columns::{
    FieldType, FrameRow, ScalarPoint, StepColumns, StepValue, TensorPoint, checkpoints_batch, episodes_batch,
    frames_batch, scalars_batch, steps_schema, tensors_batch,
};
use crate::layout::Kind;
use crate::live::Span;
use crate::log::Record;
use crate::status::StatusKeeper;
use crate::{Axis, CheckpointRow, EpisodeRow, Result, RunState, has_film};

/// Most scalars in a batch.
const POINTS_PER_BATCH: usize = 65_536;
/// Most rows of steps in a batch.
const STEPS_PER_BATCH: usize = 1_024;
/// Batches of steps, frames and tensors are cut near this many bytes before compression.
const BATCH_BYTES: usize = 4 << 20;
/// So many encoded bytes are written before the flush interval is over.
const COMMIT_BYTES: u64 = 8 << 20;
/// Released to the queue in portions, for each wakes the callers that wait.
const RELEASE_BYTES: u64 = 1 << 20;

/// What lies with the writer thread between two flushes.
pub(super) struct Worker {
    queue: Arc<Queue>,
    options: WriterOptions,
    run_dir: PathBuf,
    status: StatusKeeper,
    sinks: [Sink; 6],
    sealing: Option<Sealing>,
    tags: Vec<(Axis, Arc<str>)>,
    /// Value and step at the largest step, by tag number.
    last: Vec<Option<(i64, f64)>>,
    points: Vec<Point>,
    /// Empty, with room: the queue gathers the next points in it.
    spare_points: Vec<Point>,
    /// All fields of steps so far: the columns of the next batch.
    fields: Vec<(Arc<str>, FieldType)>,
    field_numbers: HashMap<Arc<str>, usize>,
    steps: BTreeMap<u64, StepColumns>,
    frames: FrameGatherer,
    tensors: Vec<TensorPoint>,
    episodes: Vec<EpisodeRow>,
    begun: HashSet<u64>,
    ended: HashSet<u64>,
    recorded: HashSet<u64>,
    filmed: HashSet<u64>,
    /// Global step and name of each checkpoint.
    saved: HashSet<(i64, String)>,
    checkpoints: Vec<CheckpointRow>,
    /// Bytes of steps, tensors, episodes and checkpoints that wait here.
    gathered: u64,
    /// Bytes taken from the queue and not yet given back.
    held: u64,
    /// The failure of this flush, for those who wait for it.
    failure: Option<String>,
}

/// Tells everyone who waits when the thread ends, however it ends.
struct Ending(Arc<Queue>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.ended();
    }
}

impl Worker {
    pub(super) fn new(
        queue: Arc<Queue>,
        options: WriterOptions,
        run_dir: &Path,
        writer_dir: &Path,
        status: StatusKeeper,
    ) -> Self {
        let sink = |kind| Sink::new(writer_dir, kind, options.seal, options.fsync);
        let sealing = Sealing::start(Arc::clone(&queue), writer_dir, options.seal);
        Self {
            queue,
            options,
            run_dir: run_dir.to_owned(),
            status,
            sinks: Kind::ALL.map(sink),
            sealing: Some(sealing),
            tags: Vec::new(),
            last: Vec::new(),
            points: Vec::new(),
            spare_points: Vec::new(),
            fields: Vec::new(),
            field_numbers: HashMap::new(),
            steps: BTreeMap::new(),
            frames: FrameGatherer::new(options.frame_group),
            tensors: Vec::new(),
            episodes: Vec::new(),
            begun: HashSet::new(),
            ended: HashSet::new(),
            recorded: HashSet::new(),
            filmed: HashSet::new(),
            saved: HashSet::new(),
            checkpoints: Vec::new(),
            gathered: 0,
            held: 0,
            failure: None,
        }
    }

    /// Works until the run is closed.
    pub(super) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.queue));
        let interval = self.options.flush_interval.max(Duration::from_millis(1));
        let mut flush_at = Instant::now() + interval;
        let mut flushed = 0;
        loop {
            let spare_points = std::mem::take(&mut self.spare_points);
            let taken = self.queue.take(flush_at, &mut self.tags, spare_points);
            let Taken { points, items, flush_asked, closing } = taken;
            self.points(points);
            for (item, bytes) in items {
                self.item(item, bytes);
            }
            let asked = flush_asked > flushed;
            if asked || closing.is_some() || Instant::now() >= flush_at {
                self.flush();
                flush_at = Instant::now() + interval;
            }
            if let Some(state) = closing {
                self.close(state);
                self.queue.flushed(flush_asked, self.failure.take());
                return;
            }
            if asked || self.status.is_due() {
                self.write_status();
            }
            if asked {
                self.queue.flushed(flush_asked, self.failure.take());
                flushed = flush_asked;
            }
            self.failure = None;
        }
    }

    fn points(&mut self, mut points: Vec<Point>) {
        self.last.resize(self.tags.len(), None);
        for point in &points {
            let last = &mut self.last[point.tag as usize];
            if last.is_none_or(|(step, _)| point.step >= step) {
                *last = Some((point.step, point.value));
            }
            if self.tags[point.tag as usize].0 == Axis::GlobalStep {
                let global_step = &mut self.status.status.global_step;
                *global_step = Some(global_step.map_or(point.step, |known| known.max(point.step)));
            }
        }
        self.held += points.len() as u64 * Queue::POINT_BYTES;
        if self.points.is_empty() {
            std::mem::swap(&mut self.points, &mut points);
        } else {
            self.points.extend_from_slice(&points);
        }
        points.clear();
        points.shrink_to(POINTS_PER_BATCH);
        self.spare_points = points;
        if self.points.len() >= POINTS_PER_BATCH {
            self.write_points();
        }
        self.settle();
    }

    fn item(&mut self, item: Item, bytes: u64) {
        self.held += bytes;
        match item {
            Item::Step { episode, step, values } => self.step(episode, step, values),
            Item::Episode(row) => {
                if self.begun.insert(row.episode) {
                    self.status.status.episodes += 1;
                }
                if row.has_outcome() && self.ended.insert(row.episode) {
                    // So that a table of runs has a return without opening any log.
                    if !row.evaluation {
                        let last = [("episode_return", row.episode_return), ("episode_length", row.length as f64)];
                        self.status.summarise(last.into_iter());
                    }
                }
                if row.recorded && self.recorded.insert(row.episode) {
                    self.status.status.recorded += 1;
                }
                if has_film(&row) && self.filmed.insert(row.episode) {
                    *self.status.status.filmed.get_or_insert(0) += 1;
                }
                self.episodes.push(*row);
                self.gathered += bytes;
            }
            Item::Left(row) => {
                self.begun.insert(row.episode);
                if row.recorded {
                    self.recorded.insert(row.episode);
                }
                if has_film(&row) {
                    self.filmed.insert(row.episode);
                }
                self.episodes.push(*row);
                self.gathered += bytes;
            }
            Item::Tensor(point) => {
                self.tensors.push(*point);
                self.gathered += bytes;
            }
            Item::Checkpoint(row) => {
                if self.saved.insert((row.global_step, row.name.clone())) {
                    *self.status.status.checkpoints.get_or_insert(0) += 1;
                }
                self.checkpoints.push(*row);
                self.gathered += bytes;
            }
            Item::Blob { hash, bytes: blob } => {
                let written = write_blob(&self.run_dir, &hash, &blob, self.options.fsync);
                let written = written.map(|()| blob.len() as u64);
                self.account(written.map_err(|error| Failed { error: Some(error), values: 1 }));
            }
        }
        self.settle();
    }

    fn step(&mut self, episode: u64, step: u64, values: Vec<(Arc<StepField>, StepValue)>) {
        let mut has_row = false;
        for (field, value) in values {
            match value {
                StepValue::Array(array) if field.layout.is_some() => {
                    if let Err(error) = self.frames.push(episode, step, &field, array) {
                        self.account(Err(Failed { error: Some(error), values: 1 }));
                    }
                    continue;
                }
                _ => {}
            }
            let columns = self.steps.entry(episode).or_default();
            let before = columns.bytes();
            if !has_row {
                columns.push_row(step);
                has_row = true;
            }
            if value == StepValue::Null {
                self.gathered += (columns.bytes() - before) as u64;
                continue;
            }
            if !self.field_numbers.contains_key(&field.name) {
                self.field_numbers.insert(Arc::clone(&field.name), self.fields.len());
                self.fields.push((Arc::clone(&field.name), field.kind.clone()));
            }
            columns.set(&field.name, &field.kind, value);
            self.gathered += (columns.bytes() - before) as u64;
        }
        let full = self.steps.get(&episode).is_some_and(|columns| {
            columns.rows() >= STEPS_PER_BATCH || columns.rows() * self.row_width() >= BATCH_BYTES
        });
        if full {
            self.write_steps(episode);
        }
    }

    /// Bytes of a row of steps, columns without value included: so much a batch takes in memory.
    fn row_width(&self) -> usize {
        self.fields.iter().map(|(_, field)| field.row_bytes().max(16)).sum()
    }

    /// Gives room back to the queue, and writes early when much has gathered.
    fn settle(&mut self) {
        let gathered = self.gathered_bytes();
        if gathered > self.options.queue_bytes / 4 {
            self.write_all();
        }
        if self.sinks.iter().map(Sink::pending_bytes).sum::<u64>() > COMMIT_BYTES {
            self.commit();
        }
        let still_held = self.gathered_bytes();
        if self.held > still_held && self.held - still_held >= RELEASE_BYTES.min(self.options.queue_bytes / 8) {
            self.queue.release(self.held - still_held);
            self.held = still_held;
        }
    }

    /// Bytes that lie here and are not encoded yet.
    fn gathered_bytes(&self) -> u64 {
        self.points.len() as u64 * Queue::POINT_BYTES + self.gathered + self.frames.bytes()
    }

    /// Everything to disk.
    fn flush(&mut self) {
        self.write_all();
        self.commit();
        for kind in Kind::ALL {
            let rotated = self.sinks[kind.index()].rotate_if_full();
            self.account(rotated);
            let closed = self.sinks[kind.index()].take_closed();
            if let Some(sealing) = self.sealing.as_mut().filter(|_| !closed.is_empty()) {
                sealing.take(closed);
            }
        }
        self.queue.release(std::mem::take(&mut self.held));
    }

    fn write_all(&mut self) {
        self.write_frames();
        let episodes: Vec<u64> = self.steps.keys().copied().collect();
        for episode in episodes {
            self.write_steps(episode);
        }
        self.write_tensors();
        self.write_checkpoints();
        self.write_points();
        self.write_episodes();
        self.gathered = 0;
    }

    /// Frames first and episodes last, so that what a reader finds in one is there in the other.
    fn commit(&mut self) {
        use Kind::{Checkpoints, Episodes, Frames, Scalars, Steps, Tensors};
        for kind in [Frames, Steps, Tensors, Checkpoints, Scalars, Episodes] {
            let committed = self.sinks[kind.index()].commit();
            self.account(committed);
        }
    }

    fn write_points(&mut self) {
        let points = std::mem::take(&mut self.points);
        for chunk in points.chunks(POINTS_PER_BATCH) {
            let named = |point: &Point| {
                let (axis, tag) = &self.tags[point.tag as usize];
                let Point { step, time_us, value, .. } = *point;
                ScalarPoint { axis: *axis, tag, step, time_us, value }
            };
            // Stable: of two values for one step the later stays the later.
            let mut order: Vec<&Point> = chunk.iter().collect();
            order.sort_by_key(|point| point.tag);
            let named: Vec<ScalarPoint> = order.into_iter().map(named).collect();
            let extent = extent(named.iter().map(|point| point.step));
            let batch = scalars_batch(&named);
            self.append(Kind::Scalars, batch, extent, Record::NO_EPISODE, chunk.len() as u64);
        }
        self.points = points;
        self.points.clear();
        self.points.shrink_to(POINTS_PER_BATCH);
    }

    fn write_steps(&mut self, episode: u64) {
        let Some(columns) = self.steps.remove(&episode) else { return };
        let Some((first, last)) = columns.extent() else { return };
        let rows = columns.rows() as u64;
        self.gathered -= columns.bytes() as u64;
        let batch = columns.into_batch(episode, &steps_schema(&self.fields), &self.fields);
        self.append(Kind::Steps, batch, (first as i64, last as i64), episode, rows);
    }

    fn write_frames(&mut self) {
        let (episodes, failed) = self.frames.take();
        for (error, values) in failed {
            self.account(Err(Failed { error: Some(error), values }));
        }
        for groups in episodes {
            for chunk in chunks(&groups, |row| row.group.len()) {
                let first = chunk.iter().map(|row| row.first as i64).min().unwrap_or(0);
                let last = chunk.iter().map(|row| (row.first + u64::from(row.count)) as i64 - 1).max().unwrap_or(0);
                let values = chunk.iter().map(|row: &FrameRow| u64::from(row.count)).sum();
                self.append(Kind::Frames, frames_batch(chunk), (first, last), chunk[0].episode, values);
            }
        }
    }

    fn write_tensors(&mut self) {
        let tensors = std::mem::take(&mut self.tensors);
        for chunk in chunks(&tensors, |point| point.row.array.data().len()) {
            let extent = extent(chunk.iter().map(|point| point.row.step));
            let batch = tensors_batch(chunk);
            self.append(Kind::Tensors, batch, extent, Record::NO_EPISODE, chunk.len() as u64);
        }
    }

    fn write_checkpoints(&mut self) {
        let rows = std::mem::take(&mut self.checkpoints);
        for chunk in rows.chunks(1_024) {
            let extent = extent(chunk.iter().map(|row| row.global_step));
            let batch = checkpoints_batch(chunk);
            self.append(Kind::Checkpoints, batch, extent, Record::NO_EPISODE, chunk.len() as u64);
        }
    }

    fn write_episodes(&mut self) {
        let rows = std::mem::take(&mut self.episodes);
        // Of several rows of one episode only the newest is worth writing.
        let mut newest: BTreeMap<u64, EpisodeRow> = BTreeMap::new();
        newest.extend(rows.into_iter().map(|row| (row.episode, row)));
        let rows: Vec<EpisodeRow> = newest.into_values().collect();
        for chunk in rows.chunks(8_192) {
            let extent = extent(chunk.iter().map(|row| row.episode as i64));
            let batch = episodes_batch(chunk);
            self.append(Kind::Episodes, batch, extent, Record::NO_EPISODE, chunk.len() as u64);
        }
    }

    fn append(
        &mut self,
        kind: Kind,
        batch: Result<arrow_array::RecordBatch>,
        (first, last): (i64, i64),
        episode: u64,
        values: u64,
    ) {
        let span = Span { first, last, episode };
        let appended = match batch {
            Ok(batch) => self.sinks[kind.index()].append(&batch, span, values),
            Err(error) => Err(Failed { error: Some(error), values }),
        };
        self.account(appended.map(|()| 0));
    }

    /// Counts what was written and what was lost; the first error is told once.
    fn account(&mut self, written: Result<u64, Failed>) {
        match written {
            Ok(bytes) => {
                self.queue.written.fetch_add(bytes, Ordering::Relaxed);
            }
            Err(Failed { error, values }) => {
                self.queue.dropped.fetch_add(values, Ordering::Relaxed);
                let text = error.map_or_else(|| "the disk failed a moment ago".to_owned(), |error| error.to_string());
                if self.queue.fault(text.clone()) {
                    self.status.status.fault = Some(text.clone());
                    let _ = self.status.write();
                }
                self.failure.get_or_insert(text);
            }
        }
    }

    fn write_status(&mut self) {
        let last = self.tags.iter().zip(&self.last);
        self.status.summarise(last.filter_map(|((_, tag), last)| Some((&**tag, (*last)?.1))));
        self.status.status.dropped = self.queue.dropped.load(Ordering::Relaxed);
        self.status.status.global_step = self.status.status.global_step.max(self.queue.reached());
        self.status.status.fault = self.queue.first_fault();
        if let Err(error) = self.status.write() {
            self.account(Err(Failed { error: Some(error), values: 0 }));
        }
    }

    fn close(&mut self, state: RunState) {
        for kind in Kind::ALL {
            let rotated = self.sinks[kind.index()].rotate();
            self.account(rotated);
            let closed = self.sinks[kind.index()].take_closed();
            if let Some(sealing) = &mut self.sealing {
                sealing.take(closed);
            }
        }
        // The status first: sealing may take a moment, and what it says is true already.
        self.status.status.state = state;
        self.status.status.ended_us = (state != RunState::Running).then(crate::now_us);
        self.write_status();
        if let Some(sealing) = self.sealing.take() {
            sealing.close();
        }
    }
}

fn extent(steps: impl Iterator<Item = i64> + Clone) -> (i64, i64) {
    (steps.clone().min().unwrap_or(0), steps.max().unwrap_or(0))
}

/// Cuts rows so that no part is much over [`BATCH_BYTES`]; each part holds one row at least.
fn chunks<T>(rows: &[T], bytes_of: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut parts = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, row) in rows.iter().enumerate() {
        if index > start && bytes + bytes_of(row) > BATCH_BYTES {
            parts.push(&rows[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += bytes_of(row);
    }
    if start < rows.len() {
        parts.push(&rows[start..]);
    }
    parts
}
