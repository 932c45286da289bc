//! Runs in our own format: found cheaply, and read only when somebody looks at them or while they are live.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use ethogram_store::{
    Axis, Blob, Buckets, CheckpointRow, Column, EpisodeRow, FieldInfo, FrameGroup, Lost, Notes, Result, Revision,
    RunCounts, RunInfo, RunReader, RunSource, RunState, RunStatus, ScalarColumns, ScalarTag, Stored, TensorRow,
    TensorTag, Version, find_runs, now_us, read_info, read_notes, read_status, write_notes,
};

use crate::Opener;

/// Opens the runs that `RunWriter` writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeOpener;

impl NativeOpener {
    /// Most runs below one root.
    pub const RUNS_MAX: usize = 100_000;
}

impl Opener for NativeOpener {
    fn name(&self) -> &'static str {
        "ethogram"
    }

    fn find(&self, root: &Path) -> Result<Vec<PathBuf>> {
        match find_runs(root, Self::RUNS_MAX) {
            Err(error) if error.is_not_found() => Ok(vec![]),
            found => found,
        }
    }

    fn open(&self, path: &Path) -> Result<Option<Arc<dyn RunSource>>> {
        match FolderRun::open(path) {
            // Its writer has made the folder and not yet the file.
            Err(error) if error.is_not_found() => Ok(None),
            run => Ok(Some(Arc::new(run?))),
        }
    }
}

/// A run of which only `run.json` and `status.json` were read, until more is asked for.
///
/// Tables of thousands of runs thus cost two small files each. A live run is opened by [`RunSource::refresh`], since only its
/// segments show that it grew.
struct FolderRun {
    path: PathBuf,
    info: RunInfo,
    /// Held while the reader is opened, which may take a while. Taken before `seen`.
    opening: Mutex<()>,
    /// Held for moments only.
    seen: Mutex<Seen>,
}

struct Seen {
    status: RunStatus,
    /// When `status.json` was last changed, and how long it is.
    stamp: Option<(SystemTime, u64)>,
    /// Changes of the status while it was all that was read.
    changes: u64,
    reader: Option<Opened>,
}

#[derive(Clone)]
struct Opened {
    reader: Arc<RunReader>,
    /// The reader's revision when it was opened: opening a run is no growth.
    from: u64,
    counted: Arc<Mutex<Option<(Revision, RunCounts)>>>,
}

impl FolderRun {
    fn open(path: &Path) -> Result<Self> {
        let info = read_info(path)?;
        // A writer that was killed before its first status left none: it has crashed, not just begun.
        let unheard = RunStatus { heartbeat_us: info.created_us, ..RunStatus::default() };
        let stamp = stamp(path);
        let status = read_status(path).unwrap_or(unheard);
        let seen = Seen { status, stamp, changes: 1, reader: None };
        Ok(Self { path: path.to_owned(), info, opening: Mutex::new(()), seen: Mutex::new(seen) })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> Option<Opened> {
        self.seen().reader.clone()
    }

    /// The reader, opened now if it was not yet.
    fn reader(&self) -> Result<Arc<RunReader>> {
        if let Some(opened) = self.opened() {
            return Ok(opened.reader);
        }
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = self.opened() {
            return Ok(opened.reader);
        }
        let reader = Arc::new(RunReader::open(&self.path)?);
        let from = reader.revision().0;
        self.seen().reader = Some(Opened { reader: Arc::clone(&reader), from, counted: Arc::default() });
        Ok(reader)
    }

    /// Reads the status again if it was replaced; gives the state now.
    fn look_at_status(&self) -> RunState {
        let now = stamp(&self.path);
        let mut seen = self.seen();
        if now != seen.stamp
            && let Some(status) = read_status(&self.path)
        {
            (seen.status, seen.stamp) = (status, now);
            seen.changes += 1;
        }
        seen.status.state_at(now_us())
    }

    /// What the reader says; nothing when the run cannot be read, which [`RunSource::lost`] tells.
    fn ask<T: Default>(&self, question: impl FnOnce(&RunReader) -> T) -> T {
        self.reader().map(|reader| question(&reader)).unwrap_or_default()
    }
}

impl Seen {
    fn revision(&self) -> Revision {
        let grown = self.reader.as_ref().map_or(0, |opened| opened.reader.revision().0.saturating_sub(opened.from));
        Revision(self.changes + grown)
    }
}

fn stamp(run: &Path) -> Option<(SystemTime, u64)> {
    let found = std::fs::metadata(run.join("status.json")).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl RunSource for FolderRun {
    fn info(&self) -> RunInfo {
        self.info.clone()
    }

    fn status(&self) -> RunStatus {
        let seen = self.seen();
        seen.reader.as_ref().map_or_else(|| seen.status.clone(), |opened| opened.reader.status())
    }

    fn refresh(&self) -> Result<Revision> {
        let opened = match self.opened() {
            Some(opened) => Some(opened.reader),
            None if self.look_at_status() == RunState::Running => Some(self.reader()?),
            None => None,
        };
        if let Some(reader) = opened {
            reader.refresh()?;
        }
        Ok(self.revision())
    }

    fn revision(&self) -> Revision {
        self.seen().revision()
    }

    fn lost(&self) -> Vec<Lost> {
        match self.reader() {
            Ok(reader) => reader.lost(),
            Err(error) => {
                vec![Lost { file: String::new(), what: "the whole run".into(), why: error.to_string() }]
            }
        }
    }

    fn counts(&self) -> Result<RunCounts> {
        let Some(opened) = self.opened() else {
            let status = self.status();
            return Ok(RunCounts { episodes: status.episodes, recorded: status.recorded, lost: 0 });
        };
        let mut counted = opened.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = opened.reader.revision();
        if let Some((at, counts)) = *counted
            && at == revision
        {
            return Ok(counts);
        }
        let counts = opened.reader.counts()?;
        *counted = Some((revision, counts));
        Ok(counts)
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.ask(RunSource::scalar_tags)
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.reader()?.scalars(axis, tag, range)
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        self.reader()?.scalar_buckets(axis, tag, range, buckets)
    }

    fn episode_count(&self) -> u64 {
        self.ask(RunSource::episode_count)
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        self.reader()?.episodes(range)
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        self.reader()?.step_fields(episode)
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        self.reader()?.step_count(episode)
    }

    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column> {
        self.reader()?.steps(episode, field, range)
    }

    fn frame_groups(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>> {
        self.reader()?.frame_groups(episode, field, range)
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        self.ask(RunSource::tensor_tags)
    }

    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        self.reader()?.tensors(axis, tag, range)
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.ask(RunSource::checkpoints)
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        self.reader()?.blob(hash)
    }

    fn notes(&self) -> Result<Stored<Notes>> {
        read_notes(&self.path)
    }

    fn put_notes(&self, notes: Notes, seen: Version) -> Result<Stored<Notes>> {
        write_notes(&self.path, notes, seen)
    }
}
