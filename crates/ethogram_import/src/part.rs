//! Files of one kind in the folder of a run, read while they grow.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use ethogram_store::{Axis, Blob, Error, Result, TensorKind, TensorRow};

use crate::point_columns::PointColumns;
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

    /// Reads the points of a scalar once more, which [`Part::tables`] has [let go of](crate::points::Held::Away). `None` when they are
    /// no longer there.
    ///
    /// # Errors
    /// The files cannot be read just now.
    fn recall(&mut self, axis: Axis, tag: &str) -> Result<Option<Arc<PointColumns>>> {
        let _ = (axis, tag);
        Ok(None)
    }

    /// Reads what lies at a place that [`Part::tables`] gave.
    fn tensor(&self, kind: TensorKind, place: &Place) -> Result<TensorRow> {
        Err(Error::NotFound { what: format!("{kind:?} at step {}", place.step) })
    }

    /// Bytes of the array that [`Part::tensor`] gives, told without decoding a picture.
    fn tensor_bytes(&self, kind: TensorKind, place: &Place) -> Result<u64> {
        Ok(self.tensor(kind, place)?.array.data().len() as u64)
    }

    /// Reads the steps of a recorded episode; `None` when it has none.
    fn steps(&self, episode: u64) -> Result<Option<Arc<Vec<StepField>>>> {
        let _ = episode;
        Ok(None)
    }

    /// Bytes of the steps that are held to answer faster, beside [`Part::tables`].
    fn held_bytes(&self) -> usize {
        0
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

    /// Lists a folder. Names that are not UTF-8 are left out, and links to files of another name: a log may be linked, but a link
    /// that is called `progress.csv` shows nothing that is not.
    pub fn list(path: &Path) -> Result<Self> {
        let failed = |source| Error::Io { action: "list", path: path.to_owned(), source };
        let mut folder = Self { path: path.to_owned(), ..Self::default() };
        for entry in std::fs::read_dir(path).map_err(failed)?.take(Self::ENTRIES_MAX).flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // Follows links: event files are often linked together. A link that leads nowhere is passed over.
            let Ok(found) = std::fs::metadata(entry.path()) else { continue };
            if found.is_dir() {
                folder.folders.push(name);
            } else if found.is_file() && is_called(&entry, &name) {
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

/// Whether a file is no link, or leads to a file of the same name.
fn is_called(entry: &std::fs::DirEntry, name: &str) -> bool {
    let leads_to = || entry.path().canonicalize().is_ok_and(|path| path.file_name().is_some_and(|found| found == name));
    entry.file_type().is_ok_and(|kind| kind.is_file()) || leads_to()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_shows_only_what_is_called_as_it_is() {
        let (runs, elsewhere) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let write = |name: &str| std::fs::write(elsewhere.path().join(name), "the secret").expect("written");
        let link = |name: &str, to: &str| {
            std::os::unix::fs::symlink(elsewhere.path().join(to), runs.path().join(name)).expect("linked");
        };
        ["id_rsa", "events.out.tfevents.1.a.2.3"].into_iter().for_each(write);
        link("rl-video-episode-0.mp4", "id_rsa");
        link("progress.csv", "id_rsa");
        link("events.out.tfevents.1.a.2.3", "events.out.tfevents.1.a.2.3");
        link("nowhere.csv", "absent");
        std::fs::write(runs.path().join("monitor.csv"), "").expect("written");
        let folder = Folder::list(runs.path()).expect("listed");
        let names: Vec<&str> = folder.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names, ["events.out.tfevents.1.a.2.3", "monitor.csv"]);
    }
}
