//! A run of another format, which has no place for what people write.

use std::{
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use ethogram_store::{
    Axis, Blob, Buckets, CheckpointRow, Column, EpisodeRow, FieldInfo, FrameGroup, Lost, Result, Revision, RunInfo,
    RunReader, RunSource, RunStatus, ScalarColumns, ScalarTag, TensorRow, TensorTag,
};

/// Finds the run in this folder.
pub struct Opener(pub PathBuf);

impl ethogram_query::Opener for Opener {
    fn name(&self) -> &'static str {
        "foreign"
    }

    fn find(&self, _: &Path) -> Result<Vec<PathBuf>> {
        Ok(vec![self.0.clone()])
    }

    fn open(&self, path: &Path) -> Result<Option<Arc<dyn RunSource>>> {
        Ok(Some(Arc::new(Foreign(RunReader::open(path)?))))
    }
}

/// Answers as the reader does, without notes.
struct Foreign(RunReader);

impl RunSource for Foreign {
    fn info(&self) -> RunInfo {
        self.0.info()
    }

    fn status(&self) -> RunStatus {
        self.0.status()
    }

    fn refresh(&self) -> Result<Revision> {
        self.0.refresh()
    }

    fn revision(&self) -> Revision {
        self.0.revision()
    }

    fn lost(&self) -> Vec<Lost> {
        self.0.lost()
    }

    fn scalar_tags(&self) -> Vec<ScalarTag> {
        self.0.scalar_tags()
    }

    fn scalars(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<ScalarColumns> {
        self.0.scalars(axis, tag, range)
    }

    fn scalar_buckets(&self, axis: Axis, tag: &str, range: Range<i64>, buckets: usize) -> Result<Buckets> {
        self.0.scalar_buckets(axis, tag, range, buckets)
    }

    fn episode_count(&self) -> u64 {
        self.0.episode_count()
    }

    fn episodes(&self, range: Range<u64>) -> Result<Vec<EpisodeRow>> {
        self.0.episodes(range)
    }

    fn step_fields(&self, episode: u64) -> Result<Vec<FieldInfo>> {
        self.0.step_fields(episode)
    }

    fn step_count(&self, episode: u64) -> Result<u64> {
        self.0.step_count(episode)
    }

    fn steps(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Column> {
        self.0.steps(episode, field, range)
    }

    fn frame_groups(&self, episode: u64, field: &str, range: Range<u64>) -> Result<Vec<FrameGroup>> {
        self.0.frame_groups(episode, field, range)
    }

    fn tensor_tags(&self) -> Vec<TensorTag> {
        self.0.tensor_tags()
    }

    fn tensors(&self, axis: Axis, tag: &str, range: Range<i64>) -> Result<Vec<TensorRow>> {
        self.0.tensors(axis, tag, range)
    }

    fn checkpoints(&self) -> Vec<CheckpointRow> {
        self.0.checkpoints()
    }

    fn blob(&self, hash: &str) -> Result<Blob> {
        self.0.blob(hash)
    }
}
