//! Runs in object stores: one thread a root looks what is new, everybody else is answered from what it saw.
//!
//! A store may take seconds to answer, or never do so. Folders of this machine are looked at several times a second by one thread,
//! which must not wait for a store; so [`Opener::find`] waits for the first look alone, and later gives what the last one found.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

pub use ethogram_store::object::RemoteOptions;
use ethogram_store::object::{MirrorFolder, ObjectRoot, ObjectRun, Remote};
use ethogram_store::{Error, Result, RunSource, RunState, now_us};

use crate::Opener;
use crate::lazy_run::LazyRun;
use crate::opener::is_url;

/// How long the first question about a root waits for an answer of the store.
const FIRST_LOOK: Duration = Duration::from_secs(20);
/// Pause between two looks; it doubles with each that fails, to the longest.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_EVERY_MAX: Duration = Duration::from_secs(40);
/// Open runs that are looked at side by side.
const LOOKS_AT_ONCE: usize = 8;

/// Opens the runs below prefixes of object stores.
pub struct ObjectOpener {
    options: RemoteOptions,
    mirrors: Arc<MirrorFolder>,
    roots: Mutex<BTreeMap<PathBuf, Arc<Watched>>>,
}

/// A root, and the thread that looks at it.
struct Watched {
    root: ObjectRoot,
    /// Kept as long as anything reads the mirrors.
    _mirrors: Arc<MirrorFolder>,
    every: Duration,
    seen: Mutex<Option<Result<Vec<PathBuf>>>>,
    looked: Condvar,
    runs: Mutex<BTreeMap<PathBuf, Known>>,
    stopped: AtomicBool,
    pause: Condvar,
}

/// A run that was opened, or that somebody tried to open.
#[derive(Default)]
struct Known {
    again: Arc<AtomicU64>,
    open: Weak<ObjectRun>,
    /// It could not be opened.
    failed: bool,
}

impl ObjectOpener {
    /// For any number of roots. **Errors**: no folder can be made for mirrors.
    pub fn new(options: RemoteOptions) -> Result<Self> {
        Ok(Self { options, mirrors: Arc::new(MirrorFolder::create()?), roots: Mutex::default() })
    }

    fn watched(&self, root: &Path) -> Result<Arc<Watched>> {
        let mut roots = lock(&self.roots);
        if let Some(watched) = roots.get(root) {
            return Ok(Arc::clone(watched));
        }
        let remote = Remote::open(&root.to_string_lossy(), &self.options)?;
        let folder = self.mirrors.path().join(format!("root-{}", roots.len()));
        let watched = Watched::start(remote, &folder, Arc::clone(&self.mirrors), LOOK_EVERY)?;
        roots.insert(root.to_owned(), Arc::clone(&watched));
        Ok(watched)
    }
}

impl Drop for ObjectOpener {
    fn drop(&mut self) {
        lock(&self.roots).values().for_each(|watched| watched.stop());
    }
}

impl Opener for ObjectOpener {
    fn name(&self) -> &'static str {
        "ethogram in an object store"
    }

    fn find(&self, root: &Path) -> Result<Vec<PathBuf>> {
        if is_url(root) { self.watched(root)?.runs() } else { Ok(vec![]) }
    }

    fn open(&self, path: &Path) -> Result<Option<Arc<dyn RunSource>>> {
        let roots = lock(&self.roots);
        // Of roots within each other, that which found it.
        let mut within = roots.iter().filter(|(root, _)| path.starts_with(root)).map(|(_, watched)| watched);
        let Some(watched) = within.find(|watched| watched.root.folder_of(path).exists()).map(Arc::clone) else {
            return Ok(None);
        };
        drop(roots);
        Watched::open(&watched, path)
    }
}

impl Watched {
    fn start(remote: Remote, folder: &Path, mirrors: Arc<MirrorFolder>, every: Duration) -> Result<Arc<Self>> {
        let watched = Arc::new(Self {
            root: ObjectRoot::new(remote, folder),
            _mirrors: mirrors,
            every,
            seen: Mutex::default(),
            looked: Condvar::new(),
            runs: Mutex::default(),
            stopped: AtomicBool::new(false),
            pause: Condvar::new(),
        });
        let looker = Arc::clone(&watched);
        let thread = std::thread::Builder::new().name("ethogram-store".into()).spawn(move || looker.look_on());
        thread.map_err(|source| Error::Io { action: "start a thread for", path: folder.to_owned(), source })?;
        Ok(watched)
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.pause.notify_all();
    }

    /// The runs of the last look, or why it failed.
    fn runs(&self) -> Result<Vec<PathBuf>> {
        let unseen = |seen: &mut Option<Result<Vec<PathBuf>>>| seen.is_none();
        let seen = self.looked.wait_timeout_while(lock(&self.seen), FIRST_LOOK, unseen);
        let (seen, _) = seen.unwrap_or_else(PoisonError::into_inner);
        match &*seen {
            Some(Ok(runs)) => Ok(runs.clone()),
            Some(Err(error)) => Err(told_again(error)),
            None => Err(Error::Remote {
                action: "list",
                url: self.root.url().to_owned(),
                why: format!("no answer within {} s; it is still being waited for", FIRST_LOOK.as_secs()),
                absent: false,
            }),
        }
    }

    fn look_on(&self) {
        let mut failures = 0;
        while !self.stopped.load(Ordering::Acquire) {
            let looked = self.look();
            failures = if looked.is_ok() { 0 } else { failures + 1 };
            *lock(&self.seen) = Some(looked);
            self.looked.notify_all();
            let pause = (self.every * 2_u32.pow(failures.min(8))).min(LOOK_EVERY_MAX.max(self.every));
            let going_on = |_: &mut BTreeMap<PathBuf, Known>| !self.stopped.load(Ordering::Acquire);
            drop(self.pause.wait_timeout_while(lock(&self.runs), pause, going_on));
        }
    }

    /// Looks at the root, then at the open runs that may have grown or that met a failure.
    fn look(&self) -> Result<Vec<PathBuf>> {
        let open: Vec<PathBuf> = {
            let runs = lock(&self.runs);
            runs.iter().filter(|(_, known)| known.open.strong_count() > 0).map(|(path, _)| path.clone()).collect()
        };
        let look = self.root.look(&open)?;
        let mut due: Vec<(Arc<ObjectRun>, Arc<AtomicU64>)> = Vec::new();
        {
            let mut runs = lock(&self.runs);
            for (path, known) in runs.iter_mut() {
                // The store answers again, so what failed is worth another try.
                if std::mem::take(&mut known.failed) {
                    known.again.fetch_add(1, Ordering::AcqRel);
                }
                let Some(run) = known.open.upgrade() else { continue };
                let live = run.status().state_at(now_us()) == RunState::Running;
                if live || run.has_failed() || look.changed.binary_search(path).is_ok() {
                    due.push((run, Arc::clone(&known.again)));
                }
            }
            runs.retain(|path, _| look.runs.binary_search(path).is_ok());
        }
        for some in due.chunks(LOOKS_AT_ONCE) {
            std::thread::scope(|scope| {
                for (run, again) in some {
                    scope.spawn(|| {
                        let had_failed = run.has_failed();
                        // One that fails stays as it was seen; the next look tries again.
                        if run.look().is_ok() && had_failed {
                            again.fetch_add(1, Ordering::AcqRel);
                        }
                    });
                }
            });
        }
        Ok(look.runs)
    }

    fn open(watched: &Arc<Self>, path: &Path) -> Result<Option<Arc<dyn RunSource>>> {
        if let Some(why) = watched.root.fault_of(path) {
            let url = path.display().to_string();
            return Err(Error::Remote { action: "read", url, why, absent: false });
        }
        let folder = watched.root.folder_of(path);
        let again = Arc::clone(&lock(&watched.runs).entry(path.to_owned()).or_default().again);
        let (opener, of, beats) = (Arc::clone(watched), path.to_owned(), Arc::clone(&again));
        let open = move || -> Result<Arc<dyn RunSource>> {
            let remote = opener.root.remote_of(&of);
            let (mirror, known) = (opener.root.folder_of(&of), opener.root.known_of(&of));
            let opened = ObjectRun::open_known(remote, &mirror, ObjectRun::CACHE_BYTES, known).map(Arc::new);
            let mut runs = lock(&opener.runs);
            let known = runs.entry(of.clone()).or_default();
            (known.failed, known.again) = (opened.is_err(), Arc::clone(&beats));
            let run = opened?;
            known.open = Arc::downgrade(&run);
            Ok(run)
        };
        match LazyRun::watched(&folder, Box::new(open), again) {
            Err(error) if error.is_not_found() => Ok(None),
            run => Ok(Some(Arc::new(run?))),
        }
    }
}

/// The same error for one more who asks.
fn told_again(error: &Error) -> Error {
    match error {
        Error::Remote { action, url, why, absent } => {
            Error::Remote { action, url: url.clone(), why: why.clone(), absent: *absent }
        }
        Error::TooLarge { what, limit, found } => Error::TooLarge { what: what.clone(), limit: *limit, found: *found },
        other => Error::Remote { action: "list", url: String::new(), why: other.to_string(), absent: false },
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
