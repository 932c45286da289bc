//! A run in an object store.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::ObjectFiles;
use super::remote::Remote;
use crate::blob::{BLOB_BYTES_MAX, blob_hash};
use crate::files::Files;
use crate::layout::{BLOBS_FOLDER, RUN_FILE};
use crate::{
    Axis, Blob, Buckets, CheckpointRow, Column, EpisodeRow, Error, FieldInfo, FrameGroup, Lost, NOTES_FILE, Notes,
    Result, Revision, RunInfo, RunReader, RunSource, RunStatus, ScalarColumns, ScalarTag, Stored, TensorRow, TensorTag,
    TensorsSize, Version, parse_notes,
};

/// A run in an object store. It sees what its last [`RunSource::refresh`] saw.
#[derive(Debug)]
pub struct ObjectRun {
    files: Arc<ObjectFiles>,
    reader: RunReader,
}

impl ObjectRun {
    /// Sealed data that is kept in memory, unless told otherwise.
    pub const CACHE_BYTES: usize = 256 << 20;

    /// Opens the run at a prefix. `mirror` is a folder for its small files, of this run alone; it may be deleted when nothing reads it.
    ///
    /// # Errors
    /// [`Error::NotARun`], [`Error::NewerVersion`], and when the store does not answer.
    pub fn open(remote: Remote, mirror: &Path, cache_bytes: usize) -> Result<Self> {
        let url = PathBuf::from(remote.url());
        std::fs::create_dir_all(mirror).map_err(|source| crate::layout::io_error("create", mirror, source))?;
        let files = Arc::new(ObjectFiles::new(remote, mirror, cache_bytes));
        files.refresh()?;
        // A mirror may hold the files of an earlier look at what is no run any more.
        if files.len(RUN_FILE).is_err() {
            return Err(Error::NotARun { path: url });
        }
        let reader = RunReader::open_with(mirror, Arc::clone(&files) as Arc<dyn Files>)?;
        Ok(Self { files, reader })
    }

    #[cfg(test)]
    pub(super) fn files(&self) -> &ObjectFiles {
        &self.files
    }
}

/// The runs below a prefix, each as the prefix that it is, sorted.
pub fn find_object_runs(root: &Remote) -> Result<Vec<Remote>> {
    let objects = root.list()?;
    let folders = objects.iter().filter_map(|object| object.path.strip_suffix(&format!("/{RUN_FILE}")));
    Ok(folders.map(|folder| root.within(folder)).collect())
}

impl RunSource for ObjectRun {
    fn refresh(&self) -> Result<Revision> {
        self.files.refresh()?;
        self.reader.refresh()
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

    fn put_notes(&self, _: Notes, _: Version) -> Result<Stored<Notes>> {
        let why = "runs in an object store are only read; write notes where the run lies and push it again".to_owned();
        Err(Error::ReadOnly { what: "notes of the run", place: self.files.locate(NOTES_FILE), why })
    }

    fn info(&self) -> RunInfo {
        self.reader.info()
    }

    fn status(&self) -> RunStatus {
        self.reader.status()
    }

    fn revision(&self) -> Revision {
        self.reader.revision()
    }

    fn lost(&self) -> Vec<Lost> {
        self.reader.lost()
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.reader.scalar_tags()
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.reader.scalars(axis, tag, range)
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        self.reader.scalar_buckets(axis, tag, range, buckets)
    }

    fn episode_count(&self) -> u64 {
        self.reader.episode_count()
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        self.reader.episodes(range)
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        self.reader.step_fields(episode)
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        self.reader.step_count(episode)
    }

    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column> {
        self.reader.steps(episode, field, range)
    }

    fn frame_groups(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>> {
        self.reader.frame_groups(episode, field, range)
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        self.reader.tensor_tags()
    }

    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        self.reader.tensors(axis, tag, range)
    }

    fn tensors_size(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Option<TensorsSize>> {
        self.reader.tensors_size(axis, tag, range)
    }

    fn held_bytes(&self) -> Option<usize> {
        self.reader.held_bytes().map(|bytes| bytes + self.files.cached_bytes())
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.reader.checkpoints()
    }
}
