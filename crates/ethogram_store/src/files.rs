//! The files of a run, wherever they lie.
//!
//! Sealed data is read through this trait alone, so that a folder and a prefix of an object store are read by the same code.

use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::layout::open_file;
use crate::{Error, Result};

/// The files of one run. Paths are relative to the run, their parts joined by `/`, for example `w-01J…/MANIFEST-000001.json`.
pub trait Files: Send + Sync + std::fmt::Debug {
    /// What lies directly in a folder (`""` is the run itself), sorted by name. No folder, no entries.
    fn list(&self, folder: &str) -> Result<Vec<Entry>>;

    /// Length of a file in bytes.
    ///
    /// # Errors
    /// [`Error::is_not_found`] when there is no such file.
    fn len(&self, path: &str) -> Result<u64>;

    /// Part of a file.
    ///
    /// # Errors
    /// [`Error::is_corrupt`] when the file ends before the range does; nothing is allocated for it then.
    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes>;

    /// A whole file of at most `limit` bytes.
    fn read(&self, path: &str, limit: u64) -> Result<Bytes> {
        let length = self.len(path)?;
        if length > limit {
            return Err(Error::TooLarge { what: self.locate(path).display().to_string(), limit, found: length });
        }
        self.read_range(path, 0..length)
    }

    /// What to call a file in messages.
    fn locate(&self, path: &str) -> PathBuf;
}

/// What lies in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name, without the folder.
    pub name: String,
    /// Length of the file; `None` for a folder.
    pub bytes: Option<u64>,
}

/// The files of a run in a folder of this machine.
#[derive(Clone, Debug)]
pub struct LocalFiles {
    root: PathBuf,
}

impl LocalFiles {
    /// The run in `root`; nothing is opened.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder of the run.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Files for LocalFiles {
    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let path = self.locate(folder);
        let failed = |source| Error::Io { action: "list", path: path.clone(), source };
        let listed = match std::fs::read_dir(&path) {
            Ok(listed) => listed,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(failed(source)),
        };
        let mut entries = Vec::new();
        for entry in listed {
            let entry = entry.map_err(failed)?;
            // A file may be gone between the listing and the look at it: a reader beside a writer expects that.
            let (Ok(name), Ok(metadata)) = (entry.file_name().into_string(), entry.metadata()) else { continue };
            entries.push(Entry { name, bytes: metadata.is_file().then_some(metadata.len()) });
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn len(&self, path: &str) -> Result<u64> {
        let path = self.locate(path);
        std::fs::metadata(&path).map(|metadata| metadata.len()).map_err(|source| Error::Io {
            action: "read",
            path,
            source,
        })
    }

    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        let path = self.locate(path);
        let failed = |source| Error::Io { action: "read", path: path.clone(), source };
        let file = open_file(&path).map_err(|source| Error::Io { action: "open", path: path.clone(), source })?;
        let length = file.metadata().map_err(failed)?.len();
        if range.start > range.end || range.end > length {
            return Err(too_short(path, &range, length));
        }
        let mut bytes = vec![0; (range.end - range.start) as usize];
        file.read_exact_at(&mut bytes, range.start).map_err(failed)?;
        Ok(Bytes::from(bytes))
    }

    fn read(&self, path: &str, limit: u64) -> Result<Bytes> {
        let path = self.locate(path);
        let failed = |source| Error::Io { action: "read", path: path.clone(), source };
        let file = open_file(&path).map_err(|source| Error::Io { action: "open", path: path.clone(), source })?;
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > limit {
            let found = bytes.len() as u64;
            return Err(Error::TooLarge { what: path.display().to_string(), limit, found });
        }
        Ok(Bytes::from(bytes))
    }

    fn locate(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

/// The error of a range that reaches beyond its file.
pub(crate) fn too_short(path: PathBuf, range: &Range<u64>, length: u64) -> Error {
    Error::Corrupt {
        what: "length of the file".into(),
        expected: format!("at least {} bytes", range.end),
        found: format!("{length} bytes"),
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_listed_and_read_in_parts() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("w-1")).expect("a folder");
        std::fs::write(folder.path().join("w-1/b"), "hello").expect("written");
        std::fs::write(folder.path().join("a"), "").expect("written");
        let files = LocalFiles::new(folder.path());
        let entry = |name: &str, bytes| Entry { name: name.into(), bytes };
        assert_eq!(files.list("").expect("a list"), [entry("a", Some(0)), entry("w-1", None)]);
        assert_eq!(files.list("w-1").expect("a list"), [entry("b", Some(5))]);
        assert_eq!(files.list("absent").expect("a list"), []);
        assert_eq!(files.len("w-1/b").expect("a length"), 5);
        assert_eq!(&files.read_range("w-1/b", 1..3).expect("bytes")[..], b"el");
        assert_eq!(&files.read("w-1/b", 5).expect("bytes")[..], b"hello");
        assert!(files.read_range("w-1/b", 1..6).expect_err("too long").is_corrupt());
        assert!(files.read_range("w-1/b", 0..u64::MAX).expect_err("too long").is_corrupt());
        assert!(files.read("w-1/b", 4).is_err_and(|error| error.is_bad_input()));
        assert!(files.read("w-1/c", 4).is_err_and(|error| error.is_not_found()));
        assert!(files.len("w-1/c").is_err_and(|error| error.is_not_found()));
    }
}
