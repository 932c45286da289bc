//! Small JSON files that people change, beside what training wrote: replaced whole, and only by who has seen what they replace.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

use crate::layout::{io_error, names_in, open_lock, read_file, replace_file};
use crate::{Error, Result};

/// Name of the file whose lock is held while a document is replaced.
const LOCK_FILE: &str = "LOCK";
/// Most damaged files of one name that are kept.
const KEPT_MAX: u32 = 1_000;

/// Which content of a document was read: equal for equal bytes. Where there is no file it is that of no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version(pub u64);

impl Version {
    /// That of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(xxh3_64(bytes))
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What lies in a document's file. One that cannot be understood has a version, too: who has seen that may replace it.
#[derive(Debug)]
pub struct Stored<T> {
    /// Which content this is.
    pub version: Version,
    /// What it says; [`Error::Corrupt`] when that cannot be understood.
    pub document: Result<T>,
}

impl<T: Default> Default for Stored<T> {
    fn default() -> Self {
        Self { version: Version::default(), document: Ok(T::default()) }
    }
}

/// The file of a document, in folders below `root` that are ours.
#[derive(Debug)]
pub(crate) struct DocumentFile {
    root: PathBuf,
    folders: &'static [&'static str],
    name: String,
    what: &'static str,
    bytes_max: u64,
}

impl DocumentFile {
    /// Nothing is opened. `what` is what people call it.
    pub(crate) fn new(
        root: &Path,
        folders: &'static [&'static str],
        name: impl Into<String>,
        what: &'static str,
        bytes_max: u64,
    ) -> Self {
        Self { root: root.to_owned(), folders, name: name.into(), what, bytes_max }
    }

    fn folder(&self) -> PathBuf {
        self.folders.iter().fold(self.root.clone(), |path, name| path.join(name))
    }

    fn path(&self) -> PathBuf {
        self.folder().join(&self.name)
    }

    /// What lies there now; the default where there is no file.
    ///
    /// # Errors
    /// The file cannot be read, or is larger than any that we write.
    pub(crate) fn read<T: DeserializeOwned + Default>(&self) -> Result<Stored<T>> {
        match self.bytes()? {
            None => Ok(Stored::default()),
            Some(bytes) => Ok(parse(&bytes, self.what, self.path())),
        }
    }

    /// The file's bytes. A link is not followed and nothing but a file is opened: the folder may be anybody's.
    fn bytes(&self) -> Result<Option<Vec<u8>>> {
        let mut path = self.root.clone();
        for (depth, name) in self.folders.iter().copied().chain([self.name.as_str()]).enumerate() {
            path.push(name);
            let is_sound = match fs::symlink_metadata(&path) {
                Ok(found) if depth == self.folders.len() => found.is_file(),
                Ok(found) => found.is_dir(),
                Err(source) if source.kind() == ErrorKind::NotFound => return Ok(None),
                Err(source) => return Err(io_error("open", &path, source)),
            };
            if !is_sound {
                let (what, expected) = (self.what.to_owned(), "a folder or file of its own".to_owned());
                return Err(Error::Corrupt { what, expected, found: "a link or something else".into(), path });
            }
        }
        read_file(&path, self.bytes_max).map(Some)
    }

    /// Replaces the document by what `change` makes of it, while nobody else does. With a version `seen`, only if it still is that one.
    ///
    /// A file that cannot be understood is kept beside the new one, as `NAME.bad-1`, `NAME.bad-2`, …
    ///
    /// # Errors
    /// [`Error::Changed`] when the document is not the one seen, [`Error::ReadOnly`] when nothing may be written there,
    /// and what `change` says; then nothing is changed.
    pub(crate) fn change<T, R>(
        &self,
        seen: Option<Version>,
        change: impl FnOnce(T) -> Result<(Vec<u8>, R)>,
    ) -> Result<R>
    where
        T: DeserializeOwned + Default,
    {
        // Before anything is made: what is wrong with the place is told by what cannot be read there.
        self.bytes()?;
        let folder = self.folder();
        fs::create_dir_all(&folder).map_err(|source| self.not_written("create", &folder, source))?;
        let lock = folder.join(LOCK_FILE);
        let held = open_lock(&lock).map_err(|source| self.not_written("create", &lock, source))?;
        match held.lock() {
            // A file system without locks is used without.
            Err(source) if source.kind() != ErrorKind::Unsupported => return Err(io_error("lock", &lock, source)),
            _ => {}
        }
        let bytes = self.bytes()?;
        let stored: Stored<T> = match &bytes {
            None => Stored::default(),
            Some(bytes) => parse(bytes, self.what, self.path()),
        };
        if seen.is_some_and(|seen| seen != stored.version) {
            return Err(Error::Changed { what: self.what });
        }
        let is_damaged = stored.document.is_err();
        let (new, answer) = change(stored.document.unwrap_or_default())?;
        if is_damaged {
            let kept = self.kept_path()?;
            fs::rename(self.path(), &kept).map_err(|source| self.not_written("rename", &kept, source))?;
        }
        let path = self.path();
        replace_file(&path, &new, true).map_err(|error| match error {
            Error::Io { action, source, .. } => self.not_written(action, &path, source),
            other => other,
        })?;
        Ok(answer)
    }

    /// The first free name for a damaged file.
    fn kept_path(&self) -> Result<PathBuf> {
        let names = names_in(&self.folder())?;
        let free = (1..=KEPT_MAX).map(|n| format!("{}.bad-{n}", self.name)).find(|name| !names.contains(name));
        let free = free.ok_or_else(|| Error::TooLarge {
            what: format!("number of damaged files kept beside {}", self.path().display()),
            limit: u64::from(KEPT_MAX),
            found: u64::from(KEPT_MAX) + 1,
        })?;
        Ok(self.folder().join(free))
    }

    fn not_written(&self, action: &'static str, path: &Path, source: std::io::Error) -> Error {
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Error::ReadOnly { what: self.what, place: self.folder(), why: source.to_string() }
            }
            _ => io_error(action, path, source),
        }
    }
}

/// What these bytes say.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8], what: &str, path: PathBuf) -> Stored<T> {
    let corrupt = |error: serde_json::Error| Error::Corrupt {
        what: what.to_owned(),
        expected: "JSON as docs/http.md has it".into(),
        found: error.to_string(),
        path,
    };
    Stored { version: Version::of(bytes), document: serde_json::from_slice(bytes).map_err(corrupt) }
}

/// The document as it is written: for people, too.
pub(crate) fn text_of(document: &impl serde::Serialize) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(document).unwrap_or_default();
    text.push(b'\n');
    text
}

/// Refuses a text of more than `limit` characters, and control characters in it; line breaks and tabs are none when there may be `lines`.
pub(crate) fn check_text(what: &str, text: &str, limit: usize, lines: bool) -> Result<()> {
    let found = text.chars().count();
    if found > limit {
        let what = format!("number of characters of {what}");
        return Err(Error::TooLarge { what, limit: limit as u64, found: found as u64 });
    }
    if text.chars().any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t'))) {
        return Err(Error::BadDocument { what: what.to_owned(), why: "it holds a control character" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(root: &Path) -> DocumentFile {
        DocumentFile::new(root, &["meta"], "list.json", "list", 1 << 10)
    }

    fn push(file: &DocumentFile, seen: Option<Version>, number: u32) -> Result<usize> {
        file.change(seen, |mut list: Vec<u32>| {
            list.push(number);
            Ok((text_of(&list), list.len()))
        })
    }

    #[test]
    fn a_document_is_replaced_only_by_who_has_seen_it() {
        let root = tempfile::tempdir().expect("a folder");
        let file = file(root.path());
        let before: Stored<Vec<u32>> = file.read().expect("read");
        assert_eq!((before.version, before.document.expect("none")), (Version::default(), vec![]));
        assert!(!root.path().join("meta").exists(), "reading writes nothing");
        assert_eq!(push(&file, Some(before.version), 7).expect("written"), 1);
        assert!(push(&file, Some(before.version), 8).is_err_and(|error| error.is_changed()));
        let after: Stored<Vec<u32>> = file.read().expect("read");
        assert_eq!(after.document.expect("sound"), [7]);
        assert_eq!(push(&file, Some(after.version), 8).expect("written"), 2);
        let mut names = names_in(&root.path().join("meta")).expect("listed");
        names.sort();
        assert_eq!(names, ["LOCK", "list.json"], "no temporary file is left");
    }

    #[test]
    fn of_many_who_write_at_once_nobody_is_lost() {
        let root = tempfile::tempdir().expect("a folder");
        let file = file(root.path());
        std::thread::scope(|scope| {
            for number in 0..8 {
                let file = &file;
                scope.spawn(move || {
                    for _ in 0..8 {
                        push(file, None, number).expect("written");
                    }
                });
            }
        });
        let stored: Stored<Vec<u32>> = file.read().expect("read");
        assert_eq!(stored.document.expect("sound").len(), 64);
    }

    #[test]
    fn a_damaged_file_is_told_of_and_kept_when_it_is_replaced() {
        let root = tempfile::tempdir().expect("a folder");
        let file = file(root.path());
        fs::create_dir(root.path().join("meta")).expect("a folder");
        for (round, damage) in ["[1,", "{\"a\": 1}"].into_iter().enumerate() {
            fs::write(file.path(), damage).expect("written");
            let stored: Stored<Vec<u32>> = file.read().expect("read");
            assert!(stored.document.is_err_and(|error| error.is_corrupt()));
            assert!(push(&file, Some(Version(1)), 5).is_err_and(|error| error.is_changed()));
            assert_eq!(push(&file, Some(stored.version), 5).expect("written"), 1);
            let kept = root.path().join(format!("meta/list.json.bad-{}", round + 1));
            assert_eq!(fs::read_to_string(kept).expect("kept"), damage);
        }
    }

    #[test]
    fn a_change_that_is_refused_changes_nothing() {
        let root = tempfile::tempdir().expect("a folder");
        let file = file(root.path());
        push(&file, None, 1).expect("written");
        let refused = |_: Vec<u32>| -> Result<(Vec<u8>, ())> { Err(Error::BadDocument { what: "x".into(), why: "y" }) };
        assert!(file.change(None, refused).is_err_and(|error| error.is_bad_input()));
        assert_eq!(file.read::<Vec<u32>>().expect("read").document.expect("sound"), [1]);
        fs::write(file.path(), vec![b' '; 2 << 10]).expect("written");
        assert!(matches!(file.read::<Vec<u32>>(), Err(Error::TooLarge { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_pipes_are_neither_followed_nor_opened() {
        let (root, outside) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::write(outside.path().join("list.json"), "[1]").expect("written");
        std::os::unix::fs::symlink(outside.path(), root.path().join("meta")).expect("a link");
        let file = file(root.path());
        assert!(file.read::<Vec<u32>>().is_err_and(|error| error.is_corrupt()));
        assert!(push(&file, None, 2).is_err_and(|error| error.is_corrupt()));
        assert_eq!(fs::read_to_string(outside.path().join("list.json")).expect("untouched"), "[1]");

        fs::remove_file(root.path().join("meta")).expect("removed");
        fs::create_dir(root.path().join("meta")).expect("a folder");
        let pipe = std::ffi::CString::new(file.path().display().to_string()).expect("a path");
        // SAFETY: the path is a C string that lives through the call.
        #[expect(unsafe_code, reason = "the standard library makes no pipes with a name")]
        let made = unsafe { libc::mkfifo(pipe.as_ptr(), 0o600) };
        assert_eq!(made, 0);
        assert!(file.read::<Vec<u32>>().is_err_and(|error| error.is_corrupt()), "nobody waits for a pipe");
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_from_a_broken_disk() {
        let file = file(Path::new("/run-of-nobody"));
        let told = |kind: ErrorKind| file.not_written("replace", Path::new("/x"), kind.into());
        for kind in [ErrorKind::PermissionDenied, ErrorKind::ReadOnlyFilesystem] {
            assert!(told(kind).is_read_only(), "{kind}");
        }
        assert!(!told(ErrorKind::StorageFull).is_read_only());
    }
}
