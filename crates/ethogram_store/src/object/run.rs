//! A run in an object store.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use super::files::{Failure, ObjectFiles};
use super::remote::Remote;
use crate::blob::{BLOB_BYTES_MAX, blob_hash};
use crate::files::Files;
use crate::layout::{BLOBS_FOLDER, RUN_FILE, io_error};
use crate::{
    Axis, Blob, Buckets, CheckpointRow, Column, EpisodeRow, Error, FieldInfo, FrameGroup, Lost, NOTES_FILE, Notes,
    Result, Revision, RunCounts, RunInfo, RunReader, RunSource, RunStatus, ScalarColumns, ScalarTag, Stored, TensorRow,
    TensorTag, TensorsSize, Version, Words, parse_notes,
};

/// A run in an object store. It sees what its last [`ObjectRun::look`] saw; questions may be asked from any thread meanwhile.
#[derive(Debug)]
pub struct ObjectRun {
    files: Arc<ObjectFiles>,
    mirror: PathBuf,
    /// Held for reading while a question is answered, for writing while what a look found is taken over.
    reader: RwLock<Reader>,
    /// Held by who looks.
    looking: Mutex<()>,
    failed: AtomicBool,
}

#[derive(Debug)]
struct Reader {
    reader: Arc<RunReader>,
    /// Added to its revision: a reader that took the place of another goes on where that was.
    before: u64,
}

impl Reader {
    fn revision(&self) -> Revision {
        Revision(self.before + self.reader.revision().0)
    }
}

impl ObjectRun {
    /// Sealed data that is kept in memory, unless told otherwise.
    pub const CACHE_BYTES: usize = 256 << 20;
    /// How long a look waits for a moment in which no question is answered, before it makes questions wait.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// Opens the run at a prefix. `mirror` is a folder for its small files, of this run alone; it may be deleted when nothing reads it.
    ///
    /// # Errors
    /// [`Error::NotARun`], [`Error::NewerVersion`], and when the store does not answer.
    pub fn open(remote: Remote, mirror: &Path, cache_bytes: usize) -> Result<Self> {
        Self::open_known(remote, mirror, cache_bytes, BTreeMap::new())
    }

    /// As [`ObjectRun::open`], where some files are in the mirror already: those of [`super::ObjectRoot::known_of`].
    ///
    /// # Errors
    /// As there.
    pub fn open_known(
        remote: Remote,
        mirror: &Path,
        cache_bytes: usize,
        known: BTreeMap<String, String>,
    ) -> Result<Self> {
        let url = PathBuf::from(remote.url());
        std::fs::create_dir_all(mirror).map_err(|source| io_error("create", mirror, source))?;
        let files = Arc::new(ObjectFiles::new(remote, mirror, cache_bytes, known));
        if let Some(found) = files.look()? {
            files.take_over(found)?;
        }
        // A mirror may hold the files of an earlier look at what is no run any more.
        if files.len(RUN_FILE).is_err() {
            return Err(Error::NotARun { path: url });
        }
        let reader = Arc::new(RunReader::open_with(mirror, Arc::clone(&files) as Arc<dyn Files>)?);
        let reader = RwLock::new(Reader { reader, before: 0 });
        let mirror = mirror.to_owned();
        Ok(Self { files, mirror, reader, looking: Mutex::default(), failed: AtomicBool::new(false) })
    }

    /// Asks the store what is new. Returns the revision now.
    ///
    /// # Errors
    /// When the store does not answer: what was seen before stays.
    pub fn look(&self) -> Result<Revision> {
        let _looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = self.files.look()? {
            let reader = self.in_a_quiet_moment();
            self.files.take_over(found)?;
            reader.reader.refresh()?;
        }
        self.failed.store(false, Ordering::Release);
        Ok(self.revision())
    }

    /// A question could not be answered since the last look that was.
    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Acquire)
    }

    /// A slow question must not hold up all the others behind somebody who waits for it to end.
    fn in_a_quiet_moment(&self) -> RwLockWriteGuard<'_, Reader> {
        let begun = Instant::now();
        while begun.elapsed() < Self::PATIENCE {
            if let Ok(reader) = self.reader.try_write() {
                return reader;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.reader.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a question. One that met a file which was moved is asked again after a look; a store that does not answer is an
    /// error, and what the reader took for lost because of it is forgotten.
    fn ask<T>(&self, question: impl Fn(&RunReader) -> Result<T>) -> Result<T> {
        for again in [true, false] {
            let failures = self.files.failures();
            let (reader, answer) = {
                let reader = self.reader.read().unwrap_or_else(PoisonError::into_inner);
                (Arc::clone(&reader.reader), question(&reader.reader))
            };
            if self.files.failures() == failures {
                return answer;
            }
            self.failed.store(true, Ordering::Release);
            self.replace(&reader)?;
            if again {
                self.look()?;
                continue;
            }
            // What is gone for good is a damage, of which the answer tells.
            return match self.files.last_failure() {
                Some(Failure { url, why, absent: false }) => {
                    Err(Error::Remote { action: "read", url, why, absent: false })
                }
                _ => answer,
            };
        }
        unreachable!("the second time round returns")
    }

    /// Puts a reader that has seen nothing yet in the place of one that remembers a failure.
    fn replace(&self, failed: &Arc<RunReader>) -> Result<()> {
        let mut now = self.reader.write().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&now.reader, failed) {
            let reader = Arc::new(RunReader::open_with(&self.mirror, Arc::clone(&self.files) as Arc<dyn Files>)?);
            now.before = now.revision().0.saturating_sub(reader.revision().0);
            now.reader = reader;
        }
        Ok(())
    }

    fn told<T>(&self, question: impl Fn(&RunReader) -> T) -> T
    where
        T: Default,
    {
        self.ask(|reader| Ok(question(reader))).unwrap_or_default()
    }

    fn reader(&self) -> Arc<RunReader> {
        Arc::clone(&self.reader.read().unwrap_or_else(PoisonError::into_inner).reader)
    }

    #[cfg(test)]
    pub(super) fn files(&self) -> &ObjectFiles {
        &self.files
    }
}

impl RunSource for ObjectRun {
    /// Asks nobody: see [`ObjectRun::look`].
    fn refresh(&self) -> Result<Revision> {
        Ok(self.revision())
    }

    fn revision(&self) -> Revision {
        self.reader.read().unwrap_or_else(PoisonError::into_inner).revision()
    }

    fn lost(&self) -> Vec<Lost> {
        let mut lost = self.reader().lost();
        lost.extend(self.files.waiting());
        if self.has_failed()
            && let Some(failure) = self.files.last_failure()
        {
            let what = "some of what was asked for".to_owned();
            lost.push(Lost { file: String::new(), what, why: failure.why });
        }
        lost
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        let sound = hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let path = format!("{BLOBS_FOLDER}/{hash}");
        let bytes = match self.files.read(&path, BLOB_BYTES_MAX) {
            Ok(bytes) if sound => bytes,
            Err(error) if !error.is_not_found() => return Err(error),
            _ => return Err(Error::NotFound { what: format!("blob {:?}", hash.chars().take(64).collect::<String>()) }),
        };
        let found = blob_hash(&bytes);
        if found != hash {
            let path = self.files.locate(&path);
            return Err(Error::Corrupt { what: "blob".into(), expected: hash.into(), found, path });
        }
        Ok(bytes.to_vec().into())
    }

    fn notes(&self) -> Result<Stored<Notes>> {
        match self.files.remote().get(NOTES_FILE) {
            Ok(bytes) => Ok(parse_notes(&bytes, &self.files.locate(NOTES_FILE))),
            Err(error) if error.is_not_found() => Ok(Stored::default()),
            Err(error) => Err(error),
        }
    }

    /// A request for each row would be too many.
    fn words(&self) -> Words {
        Words::default()
    }

    fn put_notes(&self, _: Notes, _: Version) -> Result<Stored<Notes>> {
        let why = "runs in an object store are only read; write notes where the run lies and push it again".to_owned();
        Err(Error::ReadOnly { what: "notes of the run", place: self.files.locate(NOTES_FILE), why })
    }

    fn sizes(&self) -> Option<Vec<(String, u64)>> {
        Some(self.files.sizes())
    }

    fn counts(&self) -> Result<RunCounts> {
        let counts = self.ask(RunReader::counts)?;
        Ok(RunCounts { lost: counts.lost + self.files.waiting().len(), ..counts })
    }

    fn info(&self) -> RunInfo {
        self.reader().info()
    }

    fn status(&self) -> RunStatus {
        self.reader().status()
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.told(RunReader::scalar_tags)
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.ask(|reader| reader.scalars(axis, tag, range.clone()))
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        self.ask(|reader| reader.scalar_buckets(axis, tag, range.clone(), buckets))
    }

    fn episode_count(&self) -> u64 {
        self.told(RunReader::episode_count)
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        self.ask(|reader| reader.episodes(range.clone()))
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        self.ask(|reader| reader.step_fields(episode))
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        self.ask(|reader| reader.step_count(episode))
    }

    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column> {
        self.ask(|reader| reader.steps(episode, field, range.clone()))
    }

    fn frame_groups(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>> {
        self.ask(|reader| reader.frame_groups(episode, field, range.clone()))
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        self.told(RunReader::tensor_tags)
    }

    fn tensor_steps(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<i64>> {
        self.ask(|reader| reader.tensor_steps(axis, tag, range.clone()))
    }

    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        self.ask(|reader| reader.tensors(axis, tag, range.clone()))
    }

    fn tensors_size(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Option<TensorsSize>> {
        self.ask(|reader| reader.tensors_size(axis, tag, range.clone()))
    }

    fn held_bytes(&self) -> Option<usize> {
        self.reader().held_bytes().map(|bytes| bytes + self.files.cached_bytes())
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.told(RunReader::checkpoints)
    }
}
