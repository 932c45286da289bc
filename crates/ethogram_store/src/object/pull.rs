//! Brings a run out of an object store to this machine, to stay: the counterpart of [`super::push`].

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::fetch::is_of_a_run;
use super::push::stage;
use super::remote::{Copied, Object, Remote, Wanted};
use crate::layout::{JSON_BYTES_MAX, RUN_FILE, STATUS_FILE, io_error, open_lock, read_file, replace_file, sync_folder};
use crate::{Error, Lost, Result, RunInfo, check};

/// What was pulled, in the folder of the run: where from, and each file as it was.
const PULLED_FILE: &str = "pull.json";
/// Held while a pull is at work in a folder.
const LOCK_FILE: &str = "pull.lock";
/// Files between two notes of how far it is.
const FILES_AT_ONCE: usize = 64;
/// How often a pull begins anew because what it was to bring was taken away meanwhile.
const PASSES: u32 = 5;

/// What a pull did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PullReport {
    /// Files that came.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Files that were here already.
    pub unchanged: u64,
    /// Files removed here because the run has sealed or merged what they held.
    pub removed: u64,
    /// Notes that people changed here, which stay as they are.
    pub kept: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Pulled {
    url: String,
    files: BTreeMap<String, Seen>,
}

/// A file as it was when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    /// Of the object.
    version: String,
    /// Of the file here.
    bytes: u64,
    modified_us: i64,
}

/// Prefixes below this one that hold a run, relative to it, sorted; `""` is this one.
///
/// # Errors
/// When the store does not answer, or the prefix holds too much.
pub fn runs_in(remote: &Remote) -> Result<Vec<String>> {
    let found = remote.find(&BTreeSet::new())?;
    let leads_out = |path: &&String| {
        path.split('/').any(|part| part == "." || part == ".." || part.contains(['\\', '\0'])) && !path.is_empty()
    };
    match found.iter().find(leads_out) {
        Some(path) => {
            Err(Error::BadName { name: path.clone(), why: "it would leave the folder that runs are pulled to" })
        }
        None => Ok(found),
    }
}

/// Reads `run.json` of the run at a prefix.
///
/// # Errors
/// As of [`crate::read_info`]; when the store does not answer.
pub fn info_of(remote: &Remote) -> Result<RunInfo> {
    match remote.get_range(RUN_FILE, 0..JSON_BYTES_MAX) {
        Err(error) if error.is_not_found() => Err(Error::NotARun { path: remote.url().into() }),
        read => crate::status::info_from(&read?, remote.locate(RUN_FILE)),
    }
}

/// Brings the run at a prefix to the folder `run_dir`, and verifies every byte of it.
///
/// A run that is not here yet is made beside its place, under a name that nobody looks at, and takes its place whole. A pull that was
/// interrupted goes on with the file it was at. A run that was pulled before is brought up to date: its readers see it as it was, or
/// as it is.
///
/// # Errors
/// [`Error::NotARun`]; [`Error::Occupied`] when something lies there that was not pulled from this prefix, or was changed since;
/// [`Error::Corrupt`] when what came is damaged; when the store does not answer, or the disk is full.
pub fn pull(remote: &Remote, run_dir: &Path) -> Result<PullReport> {
    if run_dir.exists() {
        let (_lock, mut pulled) = Pulled::open(remote, run_dir)?;
        let mut report = PullReport::default();
        pulled.bring(remote, run_dir, &mut report)?;
        pulled.verify(run_dir)?;
        return Ok(report);
    }
    let staging = staging(remote, run_dir);
    std::fs::create_dir_all(&staging).map_err(|source| io_error("create", &staging, source))?;
    if !staging.join(PULLED_FILE).exists() {
        Pulled { url: remote.url().to_owned(), ..Pulled::default() }.save(&staging)?;
    }
    let (_lock, mut pulled) = Pulled::open(remote, &staging)?;
    let mut report = PullReport::default();
    pulled.bring(remote, &staging, &mut report)?;
    pulled.verify(&staging)?;
    std::fs::rename(&staging, run_dir).map_err(|source| io_error("name the folder", run_dir, source))?;
    if let Some(parent) = run_dir.parent() {
        sync_folder(parent).map_err(|source| io_error("sync", parent, source))?;
    }
    Ok(report)
}

/// Where a run is made: a name of this prefix alone, which searches for runs pass over.
fn staging(remote: &Remote, run_dir: &Path) -> PathBuf {
    let name = run_dir.file_name().unwrap_or_default().to_string_lossy();
    run_dir.with_file_name(format!(".{name}.{:016x}.pulling", xxh3_64(remote.url().as_bytes())))
}

impl Pulled {
    /// What was pulled into a folder, and the right to go on with it.
    fn open(remote: &Remote, folder: &Path) -> Result<(File, Self)> {
        let occupied = |why: String| Error::Occupied { path: folder.to_owned(), why };
        let bytes = match read_file(&folder.join(PULLED_FILE), JSON_BYTES_MAX) {
            Err(error) if error.is_not_found() => {
                return Err(occupied("something lies there that was not pulled; name another folder".into()));
            }
            read => read?,
        };
        let pulled: Self = serde_json::from_slice(&bytes)
            .map_err(|error| occupied(format!("its {PULLED_FILE} cannot be read ({error}); name another folder")))?;
        if pulled.url != remote.url() {
            return Err(occupied(format!("what lies there was pulled from {}; name another folder", pulled.url)));
        }
        let path = folder.join(LOCK_FILE);
        let lock = open_lock(&path).map_err(|source| io_error("open", &path, source))?;
        if lock.try_lock().is_err() {
            return Err(occupied("another pull is at work there".into()));
        }
        pulled.refuse_changed(folder)?;
        Ok((lock, pulled))
    }

    /// A copy that a writer went on with is no copy any more.
    fn refuse_changed(&self, folder: &Path) -> Result<()> {
        for (path, seen) in self.files.iter().filter(|(path, _)| path.starts_with("w-") || *path == STATUS_FILE) {
            // What is not there is brought again.
            let Some(here) = seen_here(&folder.join(path)) else { continue };
            let is_same = here.0 == seen.bytes && (path.starts_with("w-") || here.1 == seen.modified_us);
            if !is_same {
                let why = format!("{path} was changed since it was pulled; push it, or name another folder");
                return Err(Error::Occupied { path: folder.to_owned(), why });
            }
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        replace_file(&folder.join(PULLED_FILE), &text, false)
    }

    /// Brings what is new.
    fn bring(&mut self, remote: &Remote, folder: &Path, report: &mut PullReport) -> Result<()> {
        for _ in 0..PASSES {
            if self.pass(remote, folder, report)? {
                return Ok(());
            }
        }
        Err(Error::Remote {
            action: "read",
            url: remote.url().to_owned(),
            why: format!("what was listed was gone when it was read, {PASSES} times; it is being pushed: pull again"),
            absent: false,
        })
    }

    /// False when some of what was listed was taken away before it could be read.
    fn pass(&mut self, remote: &Remote, folder: &Path, report: &mut PullReport) -> Result<bool> {
        let objects: Vec<Object> = remote.list()?.into_iter().filter(|object| is_of_a_run(&object.path)).collect();
        if objects.iter().all(|object| object.path != RUN_FILE) {
            return Err(Error::NotARun { path: remote.url().into() });
        }
        let (mut names, mut named) = (Vec::new(), Vec::new());
        (report.unchanged, report.kept) = (0, 0);
        for object in &objects {
            let here = seen_here(&folder.join(&object.path));
            let seen = self.files.get(&object.path);
            let is_same = |seen: &Seen| here.is_some_and(|(bytes, _)| bytes == seen.bytes);
            if seen.is_some_and(|seen| seen.version == object.version && is_same(seen)) {
                report.unchanged += 1;
            } else if object.path.starts_with("meta/")
                && here.is_some_and(|here| seen.is_none_or(|seen| here != (seen.bytes, seen.modified_us)))
            {
                report.kept += 1;
            } else if stage(&object.path) == 0 {
                named.push(object.clone());
            } else {
                names.push(object.clone());
            }
        }
        // What names is read before what is named, which only grows or is replaced by what a newer name names: so all that these
        // vouch for is there. It is put in place last.
        names.sort_by_key(|object| stage(&object.path));
        if !copy(remote, folder, &names)? {
            return Ok(false);
        }
        for some in named.chunks(FILES_AT_ONCE) {
            if !copy(remote, folder, some)? {
                return Ok(false);
            }
            self.place(folder, some, report)?;
            self.save(folder)?;
        }
        self.place(folder, &names, report)?;
        let listed: BTreeSet<&str> = objects.iter().map(|object| object.path.as_str()).collect();
        let gone = |path: &&String| path.starts_with("w-") && !listed.contains(path.as_str());
        for path in self.files.keys().filter(gone).cloned().collect::<Vec<_>>() {
            let file = folder.join(&path);
            match std::fs::remove_file(&file) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &file, source));
                }
                _ => report.removed += 1,
            }
            self.files.remove(&path);
        }
        self.save(folder)?;
        Ok(true)
    }

    /// Puts what was read in place, for good.
    fn place(&mut self, folder: &Path, objects: &[Object], report: &mut PullReport) -> Result<()> {
        let mut folders = BTreeSet::new();
        for object in objects {
            let (from, to) = (beside(folder, &object.path), folder.join(&object.path));
            let placed = File::open(&from).and_then(|file| file.sync_data()).and_then(|()| std::fs::rename(&from, &to));
            placed.map_err(|source| io_error("replace", &to, source))?;
            folders.extend(to.parent().map(Path::to_owned));
            let Some((bytes, modified_us)) = seen_here(&to) else { continue };
            report.files += 1;
            report.bytes += bytes;
            self.files.insert(object.path.clone(), Seen { version: object.version.clone(), bytes, modified_us });
        }
        folders.iter().try_for_each(|folder| sync_folder(folder).map_err(|source| io_error("sync", folder, source)))
    }

    /// Reads every byte and compares it with its checksums; what is damaged is forgotten, so that the next pull brings it again.
    fn verify(&mut self, folder: &Path) -> Result<()> {
        let lost: Vec<Lost> = check(folder, false)?.lost;
        let Some(first) = lost.first() else { return Ok(()) };
        for lost in &lost {
            self.files.remove(&lost.file);
        }
        self.save(folder)?;
        let Lost { file, what, why } = first;
        Err(Error::Corrupt {
            what: "what was pulled is damaged; pull again, and if it stays so `ethogram check` of the URL tells more"
                .into(),
            expected: "bytes that agree with their checksums".into(),
            found: format!("{} damaged parts, the first {what} of {file} ({why})", lost.len()),
            path: folder.to_owned(),
        })
    }
}

/// Reads objects beside their places. False when one is not there any more.
fn copy(remote: &Remote, folder: &Path, objects: &[Object]) -> Result<bool> {
    let mut wanted = Vec::with_capacity(objects.len());
    for object in objects {
        let file = beside(folder, &object.path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|source| io_error("create", folder, source))?;
        }
        wanted.push(Wanted { path: object.path.clone(), file, seen: None });
    }
    let copied: Vec<Copied> = remote.copy(wanted).into_iter().collect::<Result<_>>()?;
    Ok(copied.iter().all(|copied| *copied != Copied::Gone))
}

/// Where a file lies until it is put in place.
fn beside(folder: &Path, path: &str) -> PathBuf {
    folder.join(format!("{path}.pull.tmp"))
}

/// Length and moment of the last change of a file.
fn seen_here(path: &Path) -> Option<(u64, i64)> {
    let found = std::fs::metadata(path).ok()?;
    let modified = found.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some((found.len(), modified.as_micros() as i64))
}
