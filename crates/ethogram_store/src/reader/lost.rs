//! What could not be read, each told once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Error, Lost};

/// Remembers what could not be read.
///
/// A file that is missing may only have moved: live segments are removed once they are sealed, and sealed files once they are
/// merged. So missing files are told apart; whoever finds some looks at the run again before they count as lost. From then on they are as any
/// other damage: the rest of the run is shown, and nobody looks again because of them.
#[derive(Debug)]
pub(super) struct LostList {
    run_dir: PathBuf,
    found: Mutex<BTreeMap<(String, String), String>>,
    missing: Mutex<BTreeMap<(String, String), String>>,
    times_missing: AtomicU64,
    /// Files that were missing and count as lost.
    gone: Mutex<BTreeSet<String>>,
}

impl LostList {
    /// Most entries that are kept; a run that is damaged all over need not say so more often.
    const MAX: usize = 1_000;

    pub(super) fn new(run_dir: &Path) -> Self {
        Self {
            run_dir: run_dir.to_owned(),
            found: Mutex::default(),
            missing: Mutex::default(),
            times_missing: AtomicU64::new(0),
            gone: Mutex::default(),
        }
    }

    /// Notes a part of a file.
    pub(super) fn note(&self, file: &Path, what: String, why: String) {
        self.put(&self.found, file, what, why);
    }

    /// Notes why a part of a file could not be read.
    pub(super) fn note_error(&self, file: &Path, what: String, error: &Error) {
        let list = if is_missing(error) && !lock(&self.gone).contains(&self.name_of(file)) {
            self.times_missing.fetch_add(1, Ordering::AcqRel);
            &self.missing
        } else {
            &self.found
        };
        self.put(list, file, what, why(error));
    }

    fn put(&self, list: &Mutex<BTreeMap<(String, String), String>>, file: &Path, what: String, why: String) {
        let file = self.name_of(file);
        let mut list = lock(list);
        if list.len() < Self::MAX {
            list.entry((file, what)).or_insert(why);
        }
    }

    /// As it is told: within the run.
    fn name_of(&self, file: &Path) -> String {
        file.strip_prefix(&self.run_dir).unwrap_or(file).display().to_string()
    }

    /// How often a file was missing.
    pub(super) fn times_missing(&self) -> u64 {
        self.times_missing.load(Ordering::Acquire)
    }

    /// Whether what is missing is lost, or the run is to be looked at again.
    pub(super) fn settle_missing(&self, is_lost: bool) {
        let missing = std::mem::take(&mut *lock(&self.missing));
        if is_lost {
            lock(&self.gone).extend(missing.keys().map(|(file, _)| file.clone()));
            lock(&self.found).extend(missing);
        }
    }

    /// All of it, by file.
    pub(super) fn list(&self) -> Vec<Lost> {
        let found = lock(&self.found);
        found
            .iter()
            .map(|((file, what), why)| Lost { file: file.clone(), what: what.clone(), why: why.clone() })
            .collect()
    }
}

/// Why something could not be read, in a few words.
pub(super) fn why(error: &Error) -> String {
    match error {
        Error::Corrupt { what, expected, found, .. } => format!("{what}: expected {expected}, found {found}"),
        Error::Io { source, .. } => source.to_string(),
        Error::Remote { why, .. } => why.clone(),
        other => other.to_string(),
    }
}

/// A file is not there: it may have moved.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::Io { .. } | Error::Remote { .. }) && error.is_not_found()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
