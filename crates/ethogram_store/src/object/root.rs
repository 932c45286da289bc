//! The runs below a prefix, found with few requests and known by their faces: `run.json` and `status.json`, mirrored.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::xxh3_128;

use super::remote::{Copied, Remote, Wanted};
use crate::layout::{RUN_FILE, STATUS_FILE, io_error};
use crate::status::{now_us, read_status};
use crate::{Result, RunState};

/// How often a run is asked for its state that has ended, or of which nothing was heard for so long.
const ENDED_EVERY: Duration = Duration::from_mins(1);
const UNHEARD_US: i64 = 86_400_000_000;

/// A prefix with runs below it, as the last [`ObjectRoot::look`] saw it.
#[derive(Debug)]
pub struct ObjectRoot {
    remote: Remote,
    folder: PathBuf,
    faces: Mutex<BTreeMap<String, Face>>,
}

/// What is known of a run that nobody opened.
#[derive(Clone, Debug)]
struct Face {
    run: Option<String>,
    status: Option<String>,
    looked: Instant,
    may_grow: bool,
    fault: Option<String>,
}

/// What a look at a prefix found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RootLook {
    /// URLs of the runs, sorted.
    pub runs: Vec<PathBuf>,
    /// Those of them whose state is another than before.
    pub changed: Vec<PathBuf>,
}

impl ObjectRoot {
    /// The prefix `remote`; faces are mirrored into `folder`, which must be this root's alone. Nothing is asked yet.
    pub fn new(remote: Remote, folder: &Path) -> Self {
        Self { remote, folder: folder.to_owned(), faces: Mutex::default() }
    }

    /// What to call it.
    pub fn url(&self) -> &str {
        self.remote.url()
    }

    /// Looks for runs, and whether those that may still grow did. Many requests are under way at once: one a folder that is no
    /// run, two a run that is new, one a run that may grow or that is `open`: somebody has it before their eyes.
    ///
    /// # Errors
    /// When the store does not answer, or the prefix holds too much; what was seen before stays.
    pub fn look(&self, open: &[PathBuf]) -> Result<RootLook> {
        let before = self.faces.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known: BTreeSet<String> =
            before.iter().filter(|(_, face)| face.fault.is_none()).map(|(path, _)| path.clone()).collect();
        let found = self.remote.find(&known)?;
        let now = Instant::now();
        let fresh: Vec<&String> = found.iter().filter(|path| !known.contains(*path)).collect();
        let open: BTreeSet<&str> = open.iter().map(|url| self.path_of(url)).collect();
        let is_due = |path: &String| {
            let face = &before[path];
            face.may_grow || open.contains(path.as_str()) || now.duration_since(face.looked) >= ENDED_EVERY
        };
        let due: Vec<&String> = found.iter().filter(|path| known.contains(*path) && is_due(path)).collect();
        for path in &fresh {
            let folder = self.mirror(path);
            std::fs::create_dir_all(&folder).map_err(|source| io_error("create", &folder, source))?;
        }
        let wanted = fresh.iter().map(|path| self.wanted(path, RUN_FILE, None));
        let of_due = due.iter().map(|path| self.wanted(path, STATUS_FILE, before[*path].status.clone()));
        let of_fresh = fresh.iter().map(|path| self.wanted(path, STATUS_FILE, None));
        let mut copied = self.remote.copy(wanted.chain(of_fresh).chain(of_due).collect()).into_iter();

        let mut faces: BTreeMap<String, Face> =
            before.iter().filter(|(path, _)| found.contains(path)).map(|(p, face)| (p.clone(), face.clone())).collect();
        for path in &fresh {
            let (run, fault) = match self.taken(path, RUN_FILE, copied.next()) {
                Ok(Copied::New(tag)) => (tag, None),
                Ok(_) => continue,
                Err(error) => (None, Some(error.to_string())),
            };
            let face = Face { run, status: None, looked: now, may_grow: true, fault };
            faces.insert((*path).clone(), face);
        }
        let mut changed = Vec::new();
        for path in fresh.iter().chain(&due) {
            let status = self.taken(path, STATUS_FILE, copied.next());
            let Some(face) = faces.get_mut(*path) else { continue };
            match status {
                Ok(Copied::New(tag)) => {
                    face.status = tag;
                    changed.push((*path).clone());
                }
                Err(error) if face.fault.is_none() && !known.contains(*path) => face.fault = Some(error.to_string()),
                // As it was; or not to be had now, though it was readable before: it is asked again.
                Ok(_) | Err(_) => {}
            }
            (face.looked, face.may_grow) = (now, self.may_grow(path));
        }
        self.look_for_others(&changed, &known, &mut faces);
        *self.faces.lock().unwrap_or_else(PoisonError::into_inner) = faces;
        let urls = |paths: &[String]| {
            let mut urls: Vec<PathBuf> = paths.iter().map(|path| self.url_of(path)).collect();
            // By their parts, as paths are compared, not by their letters.
            urls.sort_unstable();
            urls
        };
        let changed: Vec<String> = changed.into_iter().filter(|path| known.contains(path)).collect();
        Ok(RootLook { runs: urls(&found), changed: urls(&changed) })
    }

    /// A run whose state changed may be another one that took its place: its `run.json` tells.
    fn look_for_others(&self, changed: &[String], known: &BTreeSet<String>, faces: &mut BTreeMap<String, Face>) {
        let changed: Vec<&String> = changed.iter().filter(|path| known.contains(*path)).collect();
        let wanted = changed.iter().map(|path| self.wanted(path, RUN_FILE, faces[*path].run.clone())).collect();
        for (path, copied) in changed.iter().zip(self.remote.copy(wanted)) {
            if let (Ok(Copied::New(tag)), Some(face)) = (self.taken(path, RUN_FILE, Some(copied)), faces.get_mut(*path))
            {
                face.run = tag;
            }
        }
    }

    fn wanted(&self, path: &str, name: &str, seen: Option<String>) -> Wanted {
        let path_of_file = if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") };
        Wanted { path: path_of_file, file: self.mirror(path).join(format!("{name}.face")), seen }
    }

    /// Puts what was copied where it is read.
    fn taken(&self, path: &str, name: &str, copied: Option<Result<Copied>>) -> Result<Copied> {
        let copied = copied.unwrap_or(Ok(Copied::Gone))?;
        if matches!(copied, Copied::New(_)) {
            let folder = self.mirror(path);
            let (from, to) = (folder.join(format!("{name}.face")), folder.join(name));
            let same = std::fs::read(&to).is_ok_and(|old| std::fs::read(&from).is_ok_and(|new| old == new));
            if !same {
                std::fs::rename(&from, &to).map_err(|source| io_error("replace", &to, source))?;
            }
        }
        Ok(copied)
    }

    fn may_grow(&self, path: &str) -> bool {
        read_status(&self.mirror(path)).is_none_or(|status| {
            status.state != RunState::Finished && now_us().saturating_sub(status.heartbeat_us) < UNHEARD_US
        })
    }

    fn mirror(&self, path: &str) -> PathBuf {
        self.folder.join(format!("{:032x}", xxh3_128(path.as_bytes())))
    }

    fn url_of(&self, path: &str) -> PathBuf {
        PathBuf::from(self.remote.within(path).url())
    }

    fn path_of<'a>(&self, url: &'a Path) -> &'a str {
        let below = url.to_str().and_then(|url| url.strip_prefix(self.remote.url())).unwrap_or_default();
        below.trim_start_matches('/')
    }

    /// The prefix of one of the runs that a look found, by its URL.
    pub fn remote_of(&self, url: &Path) -> Remote {
        self.remote.within(self.path_of(url))
    }

    /// Where the small files of a run are mirrored.
    pub fn folder_of(&self, url: &Path) -> PathBuf {
        self.mirror(self.path_of(url))
    }

    /// Tags of the files of a run that are in [`ObjectRoot::folder_of`] it.
    pub fn known_of(&self, url: &Path) -> BTreeMap<String, String> {
        let faces = self.faces.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(face) = faces.get(self.path_of(url)) else { return BTreeMap::new() };
        let tags = [(RUN_FILE, &face.run), (STATUS_FILE, &face.status)];
        tags.into_iter().filter_map(|(name, tag)| Some((name.to_owned(), tag.clone()?))).collect()
    }

    /// Why a run that was found could not be looked at.
    pub fn fault_of(&self, url: &Path) -> Option<String> {
        let faces = self.faces.lock().unwrap_or_else(PoisonError::into_inner);
        faces.get(self.path_of(url))?.fault.clone()
    }
}
