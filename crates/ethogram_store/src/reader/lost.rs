//! What could not be read, each told once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Lost};

/// Remembers what could not be read.
#[derive(Debug)]
pub(super) struct LostList {
    run_dir: PathBuf,
    found: Mutex<BTreeMap<(String, String), String>>,
}

impl LostList {
    /// Most entries that are kept; a run that is damaged all over need not say so more often.
    const MAX: usize = 1_000;

    pub(super) fn new(run_dir: &Path) -> Self {
        Self { run_dir: run_dir.to_owned(), found: Mutex::new(BTreeMap::new()) }
    }

    /// Notes a part of a file.
    pub(super) fn note(&self, file: &Path, what: String, why: String) {
        let file = file.strip_prefix(&self.run_dir).unwrap_or(file).display().to_string();
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() < Self::MAX {
            found.entry((file, what)).or_insert(why);
        }
    }

    /// Notes why a part of a file could not be read.
    pub(super) fn note_error(&self, file: &Path, what: String, error: &Error) {
        let why = match error {
            Error::Corrupt { what, expected, found, .. } => format!("{what}: expected {expected}, found {found}"),
            Error::Io { source, .. } => source.to_string(),
            other => other.to_string(),
        };
        self.note(file, what, why);
    }

    /// All of it, by file.
    pub(super) fn list(&self) -> Vec<Lost> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found
            .iter()
            .map(|((file, what), why)| Lost { file: file.clone(), what: what.clone(), why: why.clone() })
            .collect()
    }
}
