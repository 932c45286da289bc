//! Reads a run, also while another process writes it.

mod batches;
mod frames;
mod index;
mod lost;
mod rows;
mod scalars;
mod sealed;
mod steps;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use batches::BatchCache;
use frames::EpisodeFrames;
use index::{Index, Part};
use lost::LostList;
use rows::{Checkpoints, Episodes, Tensors};
use scalars::Scalars;
use steps::{EpisodeSteps, field_infos};

use crate::blob::{blob_length, read_blob};
use crate::columns::frames_where;
use crate::layout::{DERIVED_FOLDER, Kind, STATUS_FILE};
use crate::notes::{read_notes, write_notes};
use crate::status::{read_info, read_status};
use crate::{
    Axis, Blob, Buckets, CheckpointRow, Column, EpisodeRow, Error, FieldInfo, Files, FrameGroup, LocalFiles, Lost,
    Notes, Result, Revision, RunCounts, RunInfo, RunSource, RunStatus, ScalarColumns, ScalarTag, Stored, TensorRow,
    TensorTag, TensorsSize, Version, has_film,
};

/// Most episodes whose fields are remembered.
const FIELDS_KEPT: usize = 1_024;

/// A run on disk. It sees what its last [`RunSource::refresh`] saw; all methods can be called from any thread.
///
/// Locks are taken in the order of the members.
#[derive(Debug)]
pub struct RunReader {
    path: PathBuf,
    info: RunInfo,
    stack_axes: HashMap<String, usize>,
    status: RwLock<(RunStatus, Option<std::time::SystemTime>)>,
    scalars: Mutex<Scalars>,
    episodes: Mutex<Episodes>,
    tensors: Mutex<Tensors>,
    checkpoints: Mutex<Checkpoints>,
    fields: Mutex<HashMap<u64, (u64, Known)>>,
    index: RwLock<Index>,
    batches: BatchCache,
    lost: LostList,
    revision: AtomicU64,
}

/// What an episode was found to hold.
#[derive(Clone, Debug)]
struct Known {
    fields: Arc<Vec<FieldInfo>>,
    rows: u64,
}

impl RunReader {
    /// Opens the run in a folder.
    ///
    /// # Errors
    /// [`Error::NotARun`], [`Error::NewerVersion`], and when `run.json` or the folder cannot be read. All else that is damaged is
    /// told by [`RunSource::lost`], and the rest is served.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, Arc::new(LocalFiles::new(path)))
    }

    /// As [`RunReader::open`], with sealed files and manifests read from elsewhere. `run.json`, the state and live segments lie in `path`,
    /// and manifests too, if only so that their coming is seen.
    pub(crate) fn open_with(path: &Path, files: Arc<dyn Files>) -> Result<Self> {
        let info = read_info(path)?;
        let spaces = info.env.iter().filter_map(|env| env.observation_space.as_ref());
        let leaves = spaces.filter_map(|space| space.leaves("observation").ok()).flatten();
        let stack_axes = leaves.filter_map(|leaf| Some((leaf.name, leaf.stack_axis?))).collect();
        let reader = Self {
            path: path.to_owned(),
            info,
            stack_axes,
            status: RwLock::default(),
            scalars: Mutex::default(),
            episodes: Mutex::default(),
            tensors: Mutex::default(),
            checkpoints: Mutex::default(),
            fields: Mutex::default(),
            index: RwLock::new(Index::new(path, files)),
            batches: BatchCache::new(),
            lost: LostList::new(path),
            revision: AtomicU64::new(0),
        };
        reader.refresh()?;
        Ok(reader)
    }

    /// The folder of the run.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn scalars_now(&self) -> MutexGuard<'_, Scalars> {
        let mut scalars = lock(&self.scalars);
        scalars.catch_up(&read(&self.index), &self.lost);
        scalars
    }

    fn episodes_now(&self) -> MutexGuard<'_, Episodes> {
        let mut episodes = lock(&self.episodes);
        episodes.catch_up(&read(&self.index), &self.lost);
        episodes
    }

    fn checkpoints_now(&self) -> MutexGuard<'_, Checkpoints> {
        let mut checkpoints = lock(&self.checkpoints);
        checkpoints.catch_up(&read(&self.index), &self.lost);
        checkpoints
    }

    fn tensors_now(&self) -> MutexGuard<'_, Tensors> {
        let mut tensors = lock(&self.tensors);
        tensors.catch_up(&read(&self.index), &self.batches, &self.lost);
        tensors
    }

    /// Answers a question, again if files that it needed were gone: they may have been sealed or merged since the last refresh.
    fn ask<T>(&self, answer: impl Fn() -> Result<T>) -> Result<T> {
        for tries_left in (0..Self::TRIES).rev() {
            let missing = self.lost.times_missing();
            let answered = answer();
            if self.lost.times_missing() == missing {
                return answered;
            }
            self.lost.settle_missing(tries_left == 0);
            if tries_left > 0 {
                self.refresh()?;
            }
        }
        // Of what is still there, now that nobody waits for the rest.
        answer()
    }

    /// Whoever seals removes the old files right after the manifest names the new one, so one look more is mostly enough.
    const TRIES: u32 = 3;

    fn refresh_status(&self) -> bool {
        let changed = std::fs::metadata(self.path.join(STATUS_FILE)).and_then(|metadata| metadata.modified()).ok();
        if changed.is_some() && changed == self.status.read().unwrap_or_else(PoisonError::into_inner).1 {
            return false;
        }
        let Some(status) = read_status(&self.path) else { return false };
        let mut known = self.status.write().unwrap_or_else(PoisonError::into_inner);
        let differs = known.0 != status;
        *known = (status, changed);
        differs
    }

    /// Rows of one field of an episode within a range, or, where none is given, what tells which fields there are.
    fn episode_steps(&self, episode: u64, wanted: Option<(&str, &Range<u64>)>) -> EpisodeSteps {
        let parts = read(&self.index).of_episode(Kind::Steps, episode);
        let mut steps = EpisodeSteps::default();
        for part in parts {
            let taken = match &part {
                Part::Sealed(unit) => {
                    let Some(sealed) = unit.steps(&self.lost) else { continue };
                    match wanted {
                        None => steps.survey(sealed, episode),
                        Some((field, range)) => sealed
                            .read(episode, range.clone(), Some(&[field]))
                            .and_then(|batch| steps.push(Arc::new(batch))),
                    }
                }
                Part::Batch(place) => {
                    if wanted.is_some_and(|(_, range)| !overlaps(place.record.first, place.record.last, range)) {
                        continue;
                    }
                    let Some(batch) = self.batches.get(place, &self.lost) else { continue };
                    steps.push(batch)
                }
            };
            if let Err(error) = taken {
                part.note(&self.lost, episode, &error);
            }
        }
        steps
    }

    /// Frames of one field of an episode within a range, or, where none is given, what tells which fields there are.
    fn episode_frames(&self, episode: u64, wanted: Option<(&str, &Range<u64>)>) -> EpisodeFrames {
        let parts = read(&self.index).of_episode(Kind::Frames, episode);
        let mut frames = EpisodeFrames::default();
        for part in parts {
            let taken = match &part {
                Part::Sealed(unit) => {
                    let Some(sealed) = unit.frames(&self.lost) else { continue };
                    let range = wanted.map(|(_, range)| range);
                    let is_wanted = |name: &Arc<str>| wanted.is_none_or(|(field, _)| field == &**name);
                    let mut fields = sealed.fields().iter().filter(|name| is_wanted(name));
                    fields.try_for_each(|name| frames.push_sealed(sealed, episode, name, range))
                }
                Part::Batch(place) => {
                    if wanted.is_some_and(|(_, range)| !overlaps(place.record.first, place.record.last, range)) {
                        continue;
                    }
                    let Some(batch) = self.batches.get(place, &self.lost) else { continue };
                    let is_wanted = |name: &str, first: u64, count: u32| {
                        let last = (first + u64::from(count)) as i64 - 1;
                        wanted.is_none_or(|(field, range)| field == name && overlaps(first as i64, last, range))
                    };
                    let groups = frames_where(&batch, is_wanted);
                    groups.and_then(|groups| groups.into_iter().try_for_each(|group| frames.push(group)))
                }
            };
            if let Err(error) = taken {
                part.note(&self.lost, episode, &error);
            }
        }
        frames
    }

    /// Fields and rows of an episode, remembered until it grows.
    fn known(&self, episode: u64) -> Known {
        let mut stamp = xxhash_rust::xxh3::Xxh3::new();
        for kind in [Kind::Steps, Kind::Frames] {
            for part in read(&self.index).of_episode(kind, episode) {
                part.id().iter().for_each(|number| stamp.update(&number.to_le_bytes()));
            }
        }
        let stamp = stamp.digest();
        if let Some((at, known)) = lock(&self.fields).get(&episode)
            && *at == stamp
        {
            return known.clone();
        }
        let missing = self.lost.times_missing();
        let steps = self.episode_steps(episode, None);
        let frames = self.episode_frames(episode, None);
        let fields = field_infos(&steps, &frames, |name| self.stack_axes.get(name).copied());
        let known = Known { fields: Arc::new(fields), rows: steps.rows().max(frames.rows()) };
        if self.lost.times_missing() != missing {
            return known;
        }
        let mut kept = lock(&self.fields);
        if kept.len() >= FIELDS_KEPT {
            kept.clear();
        }
        kept.insert(episode, (stamp, known.clone()));
        known
    }
}

impl Known {
    /// The field of this name.
    fn field(&self, episode: u64, field: &str) -> Result<FieldInfo> {
        let found = self.fields.iter().find(|info| info.name == field).cloned();
        found.ok_or_else(|| {
            let names: Vec<&str> = self.fields.iter().map(|info| info.name.as_str()).take(32).collect();
            let what = if names.is_empty() {
                format!("steps of episode {episode}; it was not recorded")
            } else {
                format!("field {field:?} in episode {episode}; it has {}", names.join(", "))
            };
            Error::NotFound { what }
        })
    }
}

impl RunSource for RunReader {
    fn info(&self) -> RunInfo {
        self.info.clone()
    }

    fn status(&self) -> RunStatus {
        self.status.read().unwrap_or_else(PoisonError::into_inner).0.clone()
    }

    fn refresh(&self) -> Result<Revision> {
        let status = self.refresh_status();
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if index.refresh(&self.lost)? || status {
            self.revision.fetch_add(1, Ordering::AcqRel);
        }
        Ok(self.revision())
    }

    fn revision(&self) -> Revision {
        Revision(self.revision.load(Ordering::Acquire))
    }

    fn lost(&self) -> Vec<Lost> {
        let mut lost = read(&self.index).lost();
        lost.extend(self.lost.list());
        lost.sort_by(|a, b| (&a.file, &a.what).cmp(&(&b.file, &b.what)));
        lost
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.ask(|| Ok(self.scalars_now().tags(&self.lost))).unwrap_or_default()
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.ask(|| Ok(self.scalars_now().points(axis, tag, &range, &self.lost)))
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        self.ask(|| Ok(self.scalars_now().buckets(axis, tag, &range, buckets, &self.lost)))
    }

    fn episode_count(&self) -> u64 {
        let largest = self.ask(|| Ok(self.episodes_now().rows.keys().next_back().copied())).unwrap_or_default();
        largest.max(read(&self.index).largest_episode()).map_or(0, |largest| largest.saturating_add(1))
    }

    /// Counted where the episodes have been read, else what the writer says.
    fn counts(&self) -> Result<RunCounts> {
        let lost = self.lost().len();
        let unread = lock(&self.episodes).rows.is_empty();
        if unread {
            return Ok(self.status().counts(lost));
        }
        let checkpoints = Some(self.ask(|| Ok(self.checkpoints_now().rows.len() as u64))?);
        self.ask(|| {
            let known = self.episodes_now();
            let recorded = known.rows.values().filter(|row| row.recorded).count() as u64;
            let filmed = Some(known.rows.values().filter(|row| has_film(row)).count() as u64);
            // Not the largest index: several writers leave gaps between theirs.
            Ok(RunCounts { episodes: known.rows.len() as u64, recorded, filmed, checkpoints, lost })
        })
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        self.ask(|| Ok(self.episodes_now().rows.range(range.clone()).map(|(_, row)| row.clone()).collect()))
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        Ok(self.ask(|| Ok(self.known(episode)))?.fields.to_vec())
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        Ok(self.ask(|| Ok(self.known(episode)))?.rows)
    }

    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column> {
        self.ask(|| {
            let known = self.known(episode);
            let info = known.field(episode, field)?;
            let range = range.start.min(known.rows)..range.end.min(known.rows);
            if info.image {
                self.episode_frames(episode, Some((field, &range))).column(info, range)
            } else {
                self.episode_steps(episode, Some((field, &range))).column(info, range)
            }
        })
    }

    fn frame_groups(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>> {
        self.ask(|| {
            let info = self.known(episode).field(episode, field)?;
            if !info.image {
                let what = format!("frames of field {field:?}, which is no image; ask for its steps");
                return Err(Error::NotFound { what });
            }
            self.episode_frames(episode, Some((field, &range))).groups(field, &range)
        })
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        self.ask(|| Ok(self.tensors_now().tags(&self.lost))).unwrap_or_default()
    }

    fn tensor_steps(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<i64>> {
        self.ask(|| Ok(self.tensors_now().steps(axis, tag, &range, &self.lost)))
    }

    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        self.ask(|| Ok(self.tensors_now().rows(axis, tag, &range, &self.batches, &self.lost)))
    }

    fn tensors_size(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Option<TensorsSize>> {
        self.ask(|| Ok(Some(self.tensors_now().size(axis, tag, &range, &self.batches, &self.lost))))
    }

    fn held_bytes(&self) -> Option<usize> {
        // A row of an episode is a few texts and numbers.
        let episodes = lock(&self.episodes).rows.len() * 512;
        Some(self.batches.bytes() + lock(&self.scalars).bytes() + episodes)
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.ask(|| Ok(self.checkpoints_now().rows.values().cloned().collect())).unwrap_or_default()
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        read_blob(&self.path, hash)
    }

    fn blob_bytes(&self, hash: &str) -> Result<Option<u64>> {
        blob_length(&self.path, hash).map(Some)
    }

    fn derived_folder(&self) -> Option<PathBuf> {
        Some(self.path.join(DERIVED_FOLDER))
    }

    fn notes(&self) -> Result<Stored<Notes>> {
        read_notes(&self.path)
    }

    fn put_notes(&self, notes: Notes, seen: Version) -> Result<Stored<Notes>> {
        write_notes(&self.path, notes, seen)
    }
}

fn overlaps(first: i64, last: i64, range: &Range<u64>) -> bool {
    let start = i64::try_from(range.start).unwrap_or(i64::MAX);
    let end = i64::try_from(range.end).unwrap_or(i64::MAX);
    first < end && last >= start
}

/// A thread that panicked under a lock left a cache behind that is whole: changes are single inserts.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
