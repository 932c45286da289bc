//! A run that is found cheaply, and read only when somebody looks at it or while it is live.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use ethogram_store::{
    Axis, Blob, Buckets, CheckpointRow, Column, EpisodeRow, FieldInfo, FrameGroup, Lost, NOTES_FILE, Notes, Result,
    Revision, RunCounts, RunInfo, RunSource, RunState, RunStatus, ScalarColumns, ScalarTag, Stored, TensorRow,
    TensorTag, TensorsSize, Version, Words, now_us, read_info, read_notes, read_status,
};

/// A run of which only `run.json` and `status.json` were read, until more is asked for.
///
/// Tables of thousands of runs thus cost two small files each. A live run is opened by [`RunSource::refresh`], since only its
/// segments show that it grew.
pub(crate) struct LazyRun {
    path: PathBuf,
    info: RunInfo,
    /// Of `run.json`, when it was read.
    identity: Option<Identity>,
    open: OpenRun,
    growth: Growth,
    /// Held while the reader is opened, which may take a while. Taken before `seen`.
    opening: Mutex<()>,
    /// Held for moments only.
    seen: Mutex<Seen>,
}

struct Seen {
    status: RunStatus,
    /// When `status.json` was last changed, and how long it is.
    stamp: Option<Stamp>,
    /// What people call it, of the notes that had this stamp.
    words: (Option<Stamp>, Words),
    /// What the revision was when the reader was opened, or is while none is open.
    changes: u64,
    reader: Option<Opened>,
    /// As counted last by a reader that was closed since.
    counted: Option<RunCounts>,
}

/// When a file was last changed, and how long it is.
type Stamp = (SystemTime, u64);

#[derive(Clone)]
struct Opened {
    reader: Arc<dyn RunSource>,
    /// The reader's revision when it was opened: opening a run is no growth.
    from: u64,
    counted: Arc<Mutex<Option<(Revision, RunCounts)>>>,
}

/// Who looks whether a run grew.
enum Growth {
    /// [`RunSource::refresh`] does, and opens the run for it as long as it is live.
    Looked,
    /// Somebody else does, in time of their own, and keeps `run.json` and `status.json` true. The run is opened when it is asked for.
    /// The number grows when questions that could not be answered are worth asking again.
    #[cfg_attr(not(feature = "s3"), expect(dead_code, reason = "only object stores are looked at by somebody else"))]
    Told(Arc<AtomicU64>),
}

/// Opens the whole of a run.
pub(crate) type OpenRun = Box<dyn Fn() -> Result<Arc<dyn RunSource>> + Send + Sync>;

/// Revisions of one opened run begin behind all of those opened before: a run that was deleted and made anew never says that it is
/// what it was. The browser's numbers are exact up to 2^53, so there is room for 2^29 openings of 2^24 changes.
static OPENED: AtomicU64 = AtomicU64::new(0);
const REVISIONS_APART: u64 = 1 << 24;

impl LazyRun {
    /// The run whose `run.json` and `status.json` lie in `path`; the rest of it is read by what `open` gives.
    pub(crate) fn new(path: &Path, open: OpenRun) -> Result<Self> {
        Self::with(path, open, Growth::Looked)
    }

    /// As [`LazyRun::new`], of a run that somebody else watches: nothing that is asked again and again waits for anything.
    /// `again` grows when what could not be read may be read now.
    #[cfg(feature = "s3")]
    pub(crate) fn watched(path: &Path, open: OpenRun, again: Arc<AtomicU64>) -> Result<Self> {
        Self::with(path, open, Growth::Told(again))
    }

    fn with(path: &Path, open: OpenRun, growth: Growth) -> Result<Self> {
        // Before what it tells of: a file replaced in between then looks replaced, which is true.
        let identity = Identity::of(&path.join("run.json"));
        let info = read_info(path)?;
        // A writer that was killed before its first status left none: it has crashed, not just begun.
        let unheard = RunStatus { heartbeat_us: info.created_us, ..RunStatus::default() };
        let stamp = stamp(&path.join("status.json"));
        let status = read_status(path).unwrap_or(unheard);
        let changes = OPENED.fetch_add(1, Ordering::Relaxed) * REVISIONS_APART + 1;
        let words = Default::default();
        let seen = Seen { status, stamp, words, changes, reader: None, counted: None };
        let (path, seen) = (path.to_owned(), Mutex::new(seen));
        Ok(Self { path, info, identity, open, growth, opening: Mutex::new(()), seen })
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn opened(&self) -> Option<Opened> {
        self.seen().reader.clone()
    }

    /// The reader, opened now if it was not yet.
    fn reader(&self) -> Result<Arc<dyn RunSource>> {
        if let Some(opened) = self.opened() {
            return Ok(opened.reader);
        }
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = self.opened() {
            return Ok(opened.reader);
        }
        let reader = (self.open)()?;
        let from = reader.revision().0;
        self.seen().reader = Some(Opened { reader: Arc::clone(&reader), from, counted: Arc::default() });
        Ok(reader)
    }

    /// Reads the status again if it was replaced; gives the state now.
    fn look_at_status(&self) -> RunState {
        let now = stamp(&self.path.join("status.json"));
        let mut seen = self.seen();
        if now != seen.stamp
            && let Some(status) = read_status(&self.path)
        {
            (seen.status, seen.stamp) = (status, now);
            seen.counted = None;
            seen.changes += 1;
        }
        seen.status.state_at(now_us())
    }

    /// What the reader says; nothing when the run cannot be read, which [`RunSource::lost`] tells.
    fn ask<T: Default>(&self, question: impl FnOnce(&dyn RunSource) -> T) -> T {
        self.reader().map(|reader| question(reader.as_ref())).unwrap_or_default()
    }
}

impl Seen {
    fn revision(&self) -> Revision {
        let grown = self.reader.as_ref().map_or(0, |opened| opened.reader.revision().0.saturating_sub(opened.from));
        Revision(self.changes + grown)
    }
}

/// Tells a file from another one that took its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    modified: SystemTime,
    bytes: u64,
    inode: u64,
}

impl Identity {
    fn of(path: &Path) -> Option<Self> {
        let found = std::fs::metadata(path).ok()?;
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(&found);
        #[cfg(not(unix))]
        let inode = 0;
        Some(Self { modified: found.modified().ok()?, bytes: found.len(), inode })
    }
}

fn stamp(file: &Path) -> Option<Stamp> {
    let found = std::fs::metadata(file).ok()?;
    Some((found.modified().ok()?, found.len()))
}

impl RunSource for LazyRun {
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
            None if self.look_at_status() == RunState::Running && matches!(self.growth, Growth::Looked) => {
                Some(self.reader()?)
            }
            None => None,
        };
        if let Some(reader) = opened {
            reader.refresh()?;
        }
        Ok(self.revision())
    }

    fn revision(&self) -> Revision {
        let again = match &self.growth {
            Growth::Looked => 0,
            Growth::Told(again) => again.load(Ordering::Acquire),
        };
        Revision(self.seen().revision().0 + again)
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
            let (status, counted) = (self.status(), self.seen().counted);
            return Ok(counted.unwrap_or_else(|| status.counts(0)));
        };
        let mut counted = opened.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let revision = opened.reader.revision();
        if let Some((at, counts)) = *counted
            && at == revision
        {
            return Ok(counts);
        }
        let counts = match opened.reader.counts() {
            // One store that does not answer must not keep a table of runs from being shown.
            Err(error) if error.is_unavailable() => {
                return Ok(opened.reader.status().counts(1));
            }
            counts => counts?,
        };
        *counted = Some((revision, counts));
        Ok(counts)
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.ask(|reader| reader.scalar_tags())
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.reader()?.scalars(axis, tag, range)
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        self.reader()?.scalar_buckets(axis, tag, range, buckets)
    }

    fn episode_count(&self) -> u64 {
        self.ask(|reader| reader.episode_count())
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
        self.ask(|reader| reader.tensor_tags())
    }

    fn tensor_steps(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<i64>> {
        self.reader()?.tensor_steps(axis, tag, range)
    }

    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        self.reader()?.tensors(axis, tag, range)
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.ask(|reader| reader.checkpoints())
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        self.reader()?.blob(hash)
    }

    fn blob_bytes(&self, hash: &str) -> Result<Option<u64>> {
        self.reader()?.blob_bytes(hash)
    }

    fn tensors_size(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Option<TensorsSize>> {
        self.reader()?.tensors_size(axis, tag, range)
    }

    fn is_replaced(&self) -> bool {
        // One that cannot be seen just now is looked for again; one that is gone is no longer found.
        Identity::of(&self.path.join("run.json")).is_some_and(|now| self.identity != Some(now))
    }

    fn sizes(&self) -> Option<Vec<(String, u64)>> {
        match self.growth {
            Growth::Looked => None,
            Growth::Told(_) => self.reader().ok()?.sizes(),
        }
    }

    fn held_bytes(&self) -> Option<usize> {
        self.opened().map(|opened| opened.reader.held_bytes().unwrap_or_default())
    }

    fn rest(&self) {
        let mut seen = self.seen();
        // All that were given out since are of a reader that others may still hold; it goes with the last of them.
        seen.changes = seen.revision().0;
        let Some(opened) = seen.reader.take() else { return };
        seen.status = opened.reader.status();
        let counted = *opened.counted.lock().unwrap_or_else(PoisonError::into_inner);
        seen.counted = counted.map(|(_, counts)| counts);
    }

    fn derived_folder(&self) -> Option<PathBuf> {
        self.ask(|reader| reader.derived_folder())
    }

    fn notes(&self) -> Result<Stored<Notes>> {
        self.reader()?.notes()
    }

    /// Read again when the file changed; the run is not opened for it. Nothing of a run in an object store: a request a row is too many.
    fn words(&self) -> Words {
        if !matches!(self.growth, Growth::Looked) {
            return Words::default();
        }
        let now = stamp(&self.path.join(NOTES_FILE));
        {
            let seen = self.seen();
            if seen.words.0 == now {
                return seen.words.1.clone();
            }
        }
        let words = match read_notes(&self.path) {
            Ok(Stored { document: Ok(notes), .. }) => Words::from(notes),
            _ => Words::default(),
        };
        self.seen().words = (now, words.clone());
        words
    }

    fn put_notes(&self, notes: Notes, seen: Version) -> Result<Stored<Notes>> {
        self.reader()?.put_notes(notes, seen)
    }
}
