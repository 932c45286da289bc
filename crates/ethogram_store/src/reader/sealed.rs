//! Sealed files of a run, each opened when it is first needed.

use std::sync::{Arc, OnceLock};

use arrow_array::RecordBatch;

use super::lost::{LostList, is_missing};
use crate::layout::Kind;
use crate::manifest::Sealed;
use crate::sealed::{Rollup, SealedFrames, SealedScalars, SealedSteps, SealedTensors, read_sealed_rows};
use crate::{Files, Result};

/// One sealed file, and what it took the place of.
#[derive(Debug)]
pub(super) struct SealedUnit {
    /// Unique among the units of a reader.
    pub(super) id: u32,
    pub(super) entry: Sealed,
    /// What a reader may have read already of the same rows.
    pub(super) replaces: Vec<Replaced>,
    files: Arc<dyn Files>,
    folder: String,
    opened: OnceLock<Option<Opened>>,
    /// Opened by itself: a curve that it is fine enough for needs nothing else.
    rollup: OnceLock<Option<Rollup>>,
}

/// What was there before a sealed file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    /// A live segment of so many batches, if all of them were seen.
    Live { number: u32, batches: Option<usize> },
    /// A smaller sealed file.
    Sealed { id: u32 },
}

#[derive(Debug)]
enum Opened {
    Scalars(SealedScalars),
    Steps(SealedSteps),
    Frames(SealedFrames),
    Tensors(SealedTensors),
    Rows,
}

impl SealedUnit {
    /// `folder` is that of the writer, relative to the run.
    pub(super) fn new(id: u32, files: Arc<dyn Files>, folder: &str, entry: Sealed, replaces: Vec<Replaced>) -> Self {
        let folder = format!("{folder}/{}", entry.kind.folder());
        Self { id, entry, replaces, files, folder, opened: OnceLock::new(), rollup: OnceLock::new() }
    }

    /// The file, relative to the run.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.folder, self.entry.file.file)
    }

    fn files(&self) -> Arc<dyn Files> {
        Arc::clone(&self.files)
    }

    fn open(&self) -> Result<Opened> {
        let (files, entry) = (self.files(), &self.entry.file);
        Ok(match self.entry.kind {
            Kind::Scalars => Opened::Scalars(SealedScalars::open(files, self.path(), entry)?),
            Kind::Steps => Opened::Steps(SealedSteps::open(files, self.path(), entry)?),
            Kind::Frames => Opened::Frames(SealedFrames::open(files, self.path(), entry)?),
            Kind::Tensors => Opened::Tensors(SealedTensors::open(files, self.path(), entry)?),
            Kind::Episodes | Kind::Checkpoints => Opened::Rows,
        })
    }

    fn opened(&self, lost: &LostList) -> Option<&Opened> {
        if let Some(opened) = self.opened.get() {
            return opened.as_ref();
        }
        let opened = match self.open() {
            Ok(opened) => Some(opened),
            Err(error) => {
                self.note(lost, format!("{} rows of {}", self.entry.rows, self.entry.kind.folder()), &error);
                // It may come back under this name, or be named no more: only a damage is for ever.
                if is_missing(&error) {
                    return None;
                }
                None
            }
        };
        self.opened.get_or_init(|| opened).as_ref()
    }

    /// Notes that a part could not be read.
    pub(super) fn note(&self, lost: &LostList, what: String, error: &crate::Error) {
        lost.note_error(&self.files.locate(&self.path()), what, error);
    }

    pub(super) fn scalars(&self, lost: &LostList) -> Option<&SealedScalars> {
        match self.opened(lost)? {
            Opened::Scalars(scalars) => Some(scalars),
            _ => None,
        }
    }

    /// Without its rollup a file is only slower.
    pub(super) fn rollup(&self) -> Option<&Rollup> {
        let open = || {
            let entry = self.entry.rollup.as_ref()?;
            Rollup::open(self.files(), format!("{}/{}", self.folder, entry.file), entry).ok()
        };
        self.rollup.get_or_init(open).as_ref()
    }

    pub(super) fn steps(&self, lost: &LostList) -> Option<&SealedSteps> {
        match self.opened(lost)? {
            Opened::Steps(steps) => Some(steps),
            _ => None,
        }
    }

    pub(super) fn frames(&self, lost: &LostList) -> Option<&SealedFrames> {
        match self.opened(lost)? {
            Opened::Frames(frames) => Some(frames),
            _ => None,
        }
    }

    pub(super) fn tensors(&self, lost: &LostList) -> Option<&SealedTensors> {
        match self.opened(lost)? {
            Opened::Tensors(tensors) => Some(tensors),
            _ => None,
        }
    }

    /// All rows of a file of episodes or checkpoints.
    pub(super) fn rows(&self, lost: &LostList) -> Option<RecordBatch> {
        match read_sealed_rows(self.files(), self.path(), &self.entry.file) {
            Ok(batch) => Some(batch),
            Err(error) => {
                self.note(lost, format!("{} rows of {}", self.entry.rows, self.entry.kind.folder()), &error);
                None
            }
        }
    }

    /// Rows of this episode may be in it.
    pub(super) fn may_hold(&self, episode: u64) -> bool {
        self.entry.episodes.is_some_and(|(first, last)| (first..=last).contains(&episode))
    }
}
