//! Finds the runs of other tools below a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use ethogram_store::{Error, Opener, Result, RunSource};

use crate::importer::IMPORTERS;
use crate::part::Folder;
use crate::point_cache::PointCache;
use crate::run::{ForeignRun, Name};

/// Deepest that runs are looked for below a root.
pub const FIND_DEPTH_MAX: usize = 8;
/// Most folders that are opened for it.
const FIND_FOLDERS_MAX: usize = 200_000;
/// Most runs below one root.
const RUNS_MAX: usize = 100_000;

/// Opens the runs of other tools, where they lie and as they are.
pub struct ForeignOpener {
    found: Mutex<BTreeMap<PathBuf, Found>>,
    /// Of all their event files.
    cache: Arc<PointCache>,
}

impl Default for ForeignOpener {
    fn default() -> Self {
        Self::keeping(PointCache::BYTES_MAX)
    }
}

struct Found {
    name: Name,
    run: Weak<ForeignRun>,
}

impl ForeignOpener {
    /// Keeps so many bytes of points of event files in memory at most; what was let go of is read again when somebody asks.
    pub fn keeping(bytes_max: usize) -> Self {
        Self { found: Mutex::default(), cache: Arc::new(PointCache::new(bytes_max)) }
    }

    /// Bytes of points of event files that are kept now.
    pub fn kept_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Opens the run in a folder, whatever lies around it. `None` when it holds none.
    pub fn open_folder(&self, path: &Path) -> Result<Option<Arc<ForeignRun>>> {
        if !is_run(&Folder::list(path)?) {
            return Ok(None);
        }
        let (name, before) = {
            let mut known = self.found();
            let found =
                known.entry(path.to_owned()).or_insert_with(|| Found { name: name_of(path, path), run: Weak::new() });
            (found.name.clone(), found.run.upgrade())
        };
        // Not while others wait: runs are opened side by side.
        let run = Arc::new(match before {
            // Opened again because there is news of it: what was read of it need not be read again.
            Some(run) => run.renewed()?,
            None => ForeignRun::open(path, name.clone(), &self.cache)?,
        });
        self.found().insert(path.to_owned(), Found { name, run: Arc::downgrade(&run) });
        Ok(Some(run))
    }

    fn found(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Found>> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Opener for ForeignOpener {
    fn name(&self) -> &'static str {
        "import"
    }

    fn find(&self, root: &Path) -> Result<Vec<PathBuf>> {
        if root.as_os_str().as_encoded_bytes().starts_with(b"s3://") {
            return Ok(vec![]);
        }
        let paths = match find(root) {
            Err(error) if error.is_not_found() => vec![],
            found => found?,
        };
        let mut known = self.found();
        for path in &paths {
            let found = known.entry(path.clone());
            found.or_insert_with(|| Found { name: name_of(root, path), run: Weak::new() });
        }
        Ok(paths)
    }

    fn open(&self, path: &Path) -> Result<Option<Arc<dyn RunSource>>> {
        match self.open_folder(path) {
            Ok(run) => Ok(run.map(|run| run as Arc<dyn RunSource>)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Folders that hold a run of another tool, sorted. Folders whose names start with a dot and the insides of our own runs are passed over.
fn find(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut level = vec![root.to_owned()];
    let mut opened = 0;
    for depth in 0..=FIND_DEPTH_MAX {
        let mut next = Vec::new();
        for path in level {
            opened += 1;
            if opened > FIND_FOLDERS_MAX || found.len() >= RUNS_MAX {
                break;
            }
            let folder = match names(&path) {
                Err(error) if depth == 0 => return Err(error),
                Err(_) => continue,
                Ok(folder) => folder,
            };
            if folder.file("run.json").is_some() {
                continue;
            }
            if depth < FIND_DEPTH_MAX {
                let visible = folder.folders.iter().filter(|name| !name.starts_with('.'));
                next.extend(visible.map(|name| path.join(name)));
            }
            if is_run(&folder) {
                found.push(path);
            }
        }
        level = next;
    }
    found.sort_unstable();
    Ok(found)
}

fn is_run(folder: &Folder) -> bool {
    folder.file("run.json").is_none() && IMPORTERS.iter().any(|importer| (importer.knows)(folder))
}

/// As [`Folder::list`], but looks at no file: a tree of runs is searched again and again.
fn names(path: &Path) -> Result<Folder> {
    let failed = |source| Error::Io { action: "list", path: path.to_owned(), source };
    let mut folder = Folder { path: path.to_owned(), ..Folder::default() };
    for entry in std::fs::read_dir(path).map_err(failed)?.flatten() {
        let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else { continue };
        // Of links, those to files count: event files are linked together, and folders that are may lead in a circle.
        if kind.is_dir() {
            folder.folders.push(name);
        } else {
            folder.files.push(crate::part::FileSeen { name, length: 0, modified_us: 0 });
        }
    }
    folder.folders.sort_unstable();
    Ok(folder)
}

/// The first folder below the root is the project, the rest of the path the name.
fn name_of(root: &Path, path: &Path) -> Name {
    let below = path.strip_prefix(root).unwrap_or(path);
    let parts: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let own =
        |path: &Path| path.file_name().map_or_else(|| "default".into(), |name| name.to_string_lossy().into_owned());
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    match parts.as_slice() {
        [] => Name { project: root.parent().map_or_else(|| "default".into(), own), name: own(&root) },
        [name] => Name { project: own(&root), name: name.clone() },
        [project, rest @ ..] => Name { project: project.clone(), name: rest.join("/") },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_called_by_their_path() {
        let check = |path: &str, project: &str, name: &str| {
            let expected = Name { project: project.into(), name: name.into() };
            assert_eq!(name_of(Path::new("/x/logs"), Path::new(path)), expected, "{path}");
        };
        check("/x/logs", "x", "logs");
        check("/x/logs/PPO_1", "logs", "PPO_1");
        check("/x/logs/sb3/PPO_1", "sb3", "PPO_1");
        check("/x/logs/exp/PPO_1/eval", "exp", "PPO_1/eval");
    }
}
