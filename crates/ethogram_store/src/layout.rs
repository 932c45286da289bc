//! Where things lie in the folder of a run, what names are allowed, and how runs are found.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// A folder within a writer's folder, one a shape of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Numbers over an axis.
    Scalars,
    /// One row an episode.
    Episodes,
    /// Rows of recorded steps.
    Steps,
    /// Frame groups of image fields.
    Frames,
    /// Tensors, distributions, images and texts over an axis.
    Tensors,
    /// Weights.
    Checkpoints,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Scalars, Self::Episodes, Self::Steps, Self::Frames, Self::Tensors, Self::Checkpoints];

    /// Name of the folder.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Scalars => "scalars",
            Self::Episodes => "episodes",
            Self::Steps => "steps",
            Self::Frames => "frames",
            Self::Tensors => "tensors",
            Self::Checkpoints => "checkpoints",
        }
    }

    /// The inverse of [`Kind::folder`].
    pub fn from_folder(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.folder() == name)
    }

    /// Its place in [`Kind::ALL`].
    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

/// The immutable identity of a run.
pub const RUN_FILE: &str = "run.json";
/// The replaceable state of a run.
pub const STATUS_FILE: &str = "status.json";
/// Content-addressed bytes.
pub const BLOBS_FOLDER: &str = "blobs";
/// Folder of what is derived from the rest and may be deleted at any time, in a run's folder.
pub const DERIVED_FOLDER: &str = "derived";
/// Longest JSON file that is read, in bytes.
pub const JSON_BYTES_MAX: u64 = 64 << 20;
/// Most writers of one run that are read.
pub const WRITERS_MAX: usize = 65_536;
/// Longest name of a field, tag or project, in bytes.
pub const NAME_BYTES_MAX: usize = 512;
/// Deepest that [`find_runs`] looks below its root.
pub const FIND_DEPTH_MAX: usize = 4;
/// Most folders that [`find_runs`] opens.
const FIND_FOLDERS_MAX: usize = 200_000;

/// The live segment `number` of a kind.
pub fn segment_path(writer_dir: &Path, kind: Kind, number: u32) -> PathBuf {
    writer_dir.join(kind.folder()).join(format!("{number:06}.arrows"))
}

/// The commit log of the live segment `number` of a kind.
pub fn log_path(writer_dir: &Path, kind: Kind, number: u32) -> PathBuf {
    writer_dir.join(kind.folder()).join(format!("{number:06}.log"))
}

/// The number in `000012.log` or `000012.arrows`; `None` for any other name.
pub fn live_number(file_name: &str) -> Option<u32> {
    let digits = file_name.strip_suffix(".log").or_else(|| file_name.strip_suffix(".arrows"))?;
    let sound = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    sound.then(|| digits.parse().ok()).flatten()
}

/// Numbers of the live segments of a kind, ascending: of all that have a log or a segment file. No folder, no segments.
pub fn live_numbers(writer_dir: &Path, kind: Kind) -> Result<Vec<u32>> {
    let folder = writer_dir.join(kind.folder());
    let mut numbers: Vec<u32> = names_in(&folder)?.iter().filter_map(|name| live_number(name)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

/// The folders of all writers of a run, oldest first.
pub fn writer_dirs(run_dir: &Path) -> Result<Vec<PathBuf>> {
    let mut names: Vec<String> =
        names_in(run_dir)?.into_iter().filter(|name| name.starts_with("w-") && name.len() <= 64).collect();
    names.sort_unstable();
    names.truncate(WRITERS_MAX);
    Ok(names.into_iter().map(|name| run_dir.join(name)).filter(|path| path.is_dir()).collect())
}

/// Names of the entries of a folder, in no order; none if there is no such folder. Names that are not UTF-8 are left out.
pub(crate) fn names_in(folder: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(io_error("list", folder, source)),
    };
    Ok(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect())
}

/// Refuses what cannot be the name of a field or tag: 1 to [`NAME_BYTES_MAX`] bytes, no control characters.
pub fn check_name(name: &str) -> Result<()> {
    let why = if name.is_empty() {
        "it is empty"
    } else if name.len() > NAME_BYTES_MAX {
        "it is longer than 512 bytes"
    } else if name.chars().any(char::is_control) {
        "it holds a control character"
    } else {
        return Ok(());
    };
    Err(Error::BadName { name: name.chars().take(64).collect(), why })
}

/// Refuses what cannot be the name of a project, which is also that of a folder.
pub fn check_project(name: &str) -> Result<()> {
    check_name(name)?;
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
    let why = if name.starts_with('.') {
        "a project is a folder and cannot start with a dot"
    } else if !name.chars().all(allowed) {
        "a project is a folder: letters, digits, '.', '_', '-' and spaces only"
    } else if name.len() > 255 {
        "a project is a folder and cannot be longer than 255 bytes"
    } else {
        return Ok(());
    };
    Err(Error::BadName { name: name.to_owned(), why })
}

/// Folders that hold a `run.json`, sorted, at most `limit`, at most [`FIND_DEPTH_MAX`] levels below `root`, which may be a run itself.
///
/// Folders that cannot be listed and those whose names start with a dot are passed over; nothing is looked for inside a run.
///
/// # Errors
/// Only when `root` itself cannot be listed.
pub fn find_runs(root: &Path, limit: usize) -> Result<Vec<PathBuf>> {
    fs::read_dir(root).map_err(|source| io_error("list", root, source))?;
    let mut found = Vec::new();
    let mut opened = 0;
    let mut level = vec![root.to_owned()];
    for depth in 0..=FIND_DEPTH_MAX {
        let mut next = Vec::new();
        for folder in level {
            opened += 1;
            if opened > FIND_FOLDERS_MAX || found.len() >= limit {
                break;
            }
            if folder.join(RUN_FILE).is_file() {
                found.push(folder);
            } else if depth < FIND_DEPTH_MAX {
                let mut names = names_in(&folder).unwrap_or_default();
                names.retain(|name| !name.starts_with('.'));
                names.sort_unstable();
                next.extend(names.into_iter().map(|name| folder.join(name)).filter(|path| path.is_dir()));
            }
        }
        level = next;
    }
    found.sort_unstable();
    found.truncate(limit);
    Ok(found)
}

/// Replaces a file so that a reader sees the old bytes or the new ones, never a part. With `durable` they outlive a power cut.
pub(crate) fn replace_file(path: &Path, bytes: &[u8], durable: bool) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = create_own(&temporary)?;
        file.write_all(bytes)?;
        if durable {
            file.sync_data()?;
        }
        fs::rename(&temporary, path)?;
        // The name itself outlives a power cut only with its folder.
        path.parent().filter(|_| durable).map_or(Ok(()), sync_folder)
    };
    write().map_err(|source| {
        let _ = fs::remove_file(&temporary);
        io_error("replace", path, source)
    })
}

/// An empty file under a name of ours, in place of what a killed process left there. The folder may be anybody's: a link of that name is
/// not followed.
pub(crate) fn create_own(path: &Path) -> std::io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    File::create_new(path)
}

/// The file whose lock says that somebody is at work in a folder, made when it is not there. What lies there is not changed, and a link
/// not followed: the folder may be anybody's.
pub(crate) fn open_lock(path: &Path) -> std::io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => {
            Err(std::io::Error::other("expected a file of its own, found a link or something else"))
        }
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().write(true).create(true).truncate(false).open(path),
    }
}

/// Brings the names in a folder to disk, so that they outlive a power cut. File systems that cannot do that for folders are left alone.
pub(crate) fn sync_folder(folder: &Path) -> std::io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        other => other,
    }
}

/// Makes a folder, and those above it, when it is not there; with `durable` its name outlives a power cut.
pub(crate) fn make_folder(folder: &Path, durable: bool) -> Result<()> {
    let failed = |source| io_error("create", folder, source);
    if !durable || folder.is_dir() {
        return fs::create_dir_all(folder).map_err(failed);
    }
    // The folder above may be new itself.
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    above.map_or(Ok(()), |above| make_folder(above, true))?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(failed(error)),
        _ => sync_folder(above.unwrap_or(Path::new("."))).map_err(failed),
    }
}

/// Opens a file to read it. What is no file is refused before it is opened: to open a pipe would wait for whoever writes into it.
pub(crate) fn open_file(path: &Path) -> std::io::Result<File> {
    if fs::metadata(path)?.is_file() {
        return File::open(path);
    }
    Err(std::io::Error::new(ErrorKind::InvalidData, "expected a file, found a folder, a pipe or a device"))
}

/// Reads a whole small file, refusing more than `limit` bytes.
pub(crate) fn read_file(path: &Path, limit: u64) -> Result<Vec<u8>> {
    use std::io::Read;
    let file = open_file(path).map_err(|source| io_error("open", path, source))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|source| io_error("read", path, source))?;
    if bytes.len() as u64 > limit {
        return Err(Error::TooLarge { what: path.display().to_string(), limit, found: bytes.len() as u64 });
    }
    Ok(bytes)
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: std::io::Error) -> Error {
    Error::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_numbers_are_told_from_other_names() {
        let check = |name: &str, expected: Option<u32>| assert_eq!(live_number(name), expected, "{name}");
        check("000012.log", Some(12));
        check("1234567.arrows", Some(1_234_567));
        check("12.log", None);
        check("000000-000006.parquet", None);
        check("99999999999.log", None);
        check("+00001.log", None);
    }

    #[test]
    fn project_names_that_would_leave_the_root_are_refused() {
        for bad in ["", ".", "..", ".git", "a/b", "a\\b", "a\nb"] {
            assert!(check_project(bad).is_err_and(|error| error.is_bad_input()), "{bad:?}");
        }
        for good in ["pong", "Pong v5", "räuber", "a..b"] {
            check_project(good).expect(good);
        }
    }

    #[test]
    fn runs_are_found_to_the_depth_limit_and_not_inside_runs() {
        let root = tempfile::tempdir().expect("a folder");
        for path in ["a/run1", "a/b/c/run2", "a/b/c/d/too-deep", "a/run1/w-x/inner", ".hidden/run"] {
            let folder = root.path().join(path);
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(folder.join(RUN_FILE), "{}").expect("a file");
        }
        let names = |limit| -> Vec<String> {
            let found = find_runs(root.path(), limit).expect("runs");
            found.iter().map(|path| path.strip_prefix(root.path()).expect("below").display().to_string()).collect()
        };
        assert_eq!(names(100), ["a/b/c/run2", "a/run1"]);
        assert_eq!(names(1).len(), 1);
        assert!(find_runs(&root.path().join("absent"), 1).is_err_and(|error| error.is_not_found()));
    }
}
