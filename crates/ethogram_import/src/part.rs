//! Files of one kind in the folder of a run, read while they grow.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use ethogram_store::{Blob, Error, Result, TensorKind, TensorRow};

use crate::tables::{Place, StepField, Tables};

/// Files of one kind in the folder of a run.
pub trait Part: Send + Sync {
    /// The format, for people.
    fn format(&self) -> &'static str;

    /// Reads what is new in the files, about `budget` bytes at most. Damage is no error but noted as lost.
    ///
    /// # Errors
    /// The files cannot be read just now; what was read before stays.
    fn catch_up(&mut self, folder: &Folder, budget: u64) -> Result<()>;

    /// The files have more than was read.
    fn is_behind(&self) -> bool {
        false
    }

    /// What was read.
    fn tables(&self) -> &Tables;

    /// Reads what lies at a place that [`Part::tables`] gave.
    fn tensor(&self, kind: TensorKind, place: &Place) -> Result<TensorRow> {
        Err(Error::NotFound { what: format!("{kind:?} at step {}", place.step) })
    }

    /// Reads the steps of a recorded episode; `None` when it has none.
    fn steps(&self, episode: u64) -> Result<Option<Arc<Vec<StepField>>>> {
        let _ = episode;
        Ok(None)
    }

    /// The bytes of a file that [`Part::tables`] names by a hash; `None` when it is of another part.
    fn blob(&self, hash: &str) -> Result<Option<Blob>> {
        let _ = hash;
        Ok(None)
    }

    /// What else a check has to say: what is no damage while the run goes on.
    fn leftovers(&self) -> Vec<ethogram_store::Lost> {
        vec![]
    }
}

/// A folder as it was listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// Which.
    pub path: PathBuf,
    /// Its files, by name.
    pub files: Vec<FileSeen>,
    /// Names of the folders in it.
    pub folders: Vec<String>,
}

/// A file as it was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSeen {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub length: u64,
    /// When it was changed last, microseconds since 1970.
    pub modified_us: i64,
}

impl Folder {
    /// Most entries of a folder that are looked at.
    const ENTRIES_MAX: usize = 100_000;

    /// Lists a folder. Names that are not UTF-8 are left out.
    pub fn list(path: &Path) -> Result<Self> {
        let failed = |source| Error::Io { action: "list", path: path.to_owned(), source };
        let mut folder = Self { path: path.to_owned(), ..Self::default() };
        for entry in std::fs::read_dir(path).map_err(failed)?.take(Self::ENTRIES_MAX).flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // Follows links: event files are often linked together. A link that leads nowhere is passed over.
            let Ok(found) = std::fs::metadata(entry.path()) else { continue };
            if found.is_dir() {
                folder.folders.push(name);
            } else if found.is_file() {
                let modified = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
                let modified_us = modified.map_or(0, |since| since.as_micros() as i64);
                folder.files.push(FileSeen { name, length: found.len(), modified_us });
            }
        }
        folder.files.sort_by(|a, b| a.name.cmp(&b.name));
        folder.folders.sort();
        Ok(folder)
    }

    /// The file of this name.
    pub fn file(&self, name: &str) -> Option<&FileSeen> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Where a file lies.
    pub fn locate(&self, file: &FileSeen) -> PathBuf {
        self.path.join(&file.name)
    }
}
