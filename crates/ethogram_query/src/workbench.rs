//! The runs under some roots, and everything that can be asked of them.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use ethogram_store::{Layout, Revision, RunId, RunSource, RunState};
use serde_json::Value;

use crate::derivation::cache::Cache;
use crate::maps::Maps;
use crate::parallel::{in_parallel, threads};
use crate::{
    Benchmark, BenchmarkRequest, DERIVATIONS, Derivation, Error, Field, FieldEntry, FieldRequest, GroupRequest,
    GroupSeries, NativeOpener, Opener, Parameters, ParametersRequest, Result, Root, RunHandle, RunSummary, Series,
    SeriesRequest,
};

/// Most runs that are opened before those are shown.
const OPENED_AT_ONCE: usize = 256;

/// How a workbench behaves.
#[derive(Clone)]
pub struct Options {
    /// Most bytes of derived fields kept in memory.
    pub cache_bytes: usize,
    /// Most runs that are kept open although nobody asked for them lately. One that is live always is.
    pub open_runs: usize,
    /// Most bytes, about, that open runs keep in memory before those asked for longest ago let go of theirs.
    pub open_bytes: usize,
    /// How often folders are searched for new runs; growth of known runs is looked at in every [`Workbench::refresh`].
    pub search_every: Duration,
    /// The formats, in order of preference; our own when not said otherwise.
    pub openers: Vec<Arc<dyn Opener>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 256 << 20,
            open_runs: 256,
            open_bytes: 1 << 30,
            search_every: Duration::from_secs(2),
            openers: vec![Arc::new(NativeOpener)],
        }
    }
}

/// The runs under some roots. Shared between threads; every answer is of the last [`Workbench::refresh`].
pub struct Workbench {
    roots: Vec<Root>,
    options: Options,
    runs: RwLock<BTreeMap<RunId, Arc<RunHandle>>>,
    cache: Arc<Cache>,
    maps: Maps,
    /// Held while looking for changes. Never taken while `runs` is held.
    search: Mutex<Search>,
}

/// What the last refresh saw.
#[derive(Default)]
struct Search {
    at: Option<Instant>,
    /// Run at each path, so that a path is opened once.
    paths: BTreeMap<PathBuf, RunId>,
    /// Revision and state last announced.
    seen: BTreeMap<RunId, (Revision, RunState)>,
    /// Runs that could not be opened.
    skipped: Vec<Skipped>,
    /// Paths whose run is served from another path, with the reason to tell; not opened again while that lasts.
    copies: BTreeMap<PathBuf, (RunId, String)>,
}

/// What was found at a path.
struct Opened<'a> {
    path: &'a Path,
    root: &'a Root,
    /// No run, or why it cannot be opened.
    source: std::result::Result<Option<Arc<dyn RunSource>>, String>,
}

/// A change since the last refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A run appeared.
    Came(RunId),
    /// A run is no longer there.
    Went(RunId),
    /// A run grew, or its state changed.
    Grew {
        /// Which.
        run: RunId,
        /// Its revision now.
        revision: Revision,
        /// Its state now.
        state: RunState,
    },
}

/// A run that was found but is not served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it lies.
    pub path: PathBuf,
    /// Why it was left out.
    pub why: String,
}

impl Workbench {
    /// Opens every run under `roots`. A root that does not exist yet holds no runs; a run that cannot be read is
    /// left out and told of by [`Workbench::skipped`].
    pub fn open(roots: Vec<Root>, options: Options) -> Result<Self> {
        let cache = Arc::new(Cache::new(options.cache_bytes));
        let (runs, maps, search) = (RwLock::default(), Maps::default(), Mutex::new(Search::default()));
        let workbench = Self { roots, options, runs, cache, maps, search };
        workbench.refresh();
        Ok(workbench)
    }

    /// Where runs are looked for.
    pub fn roots(&self) -> &[Root] {
        &self.roots
    }

    /// Looks for growth of the known runs and, every [`Options::search_every`], for runs that came or went.
    ///
    /// A run whose files cannot be read just now stays as it was last seen.
    pub fn refresh(&self) -> Vec<Change> {
        let mut search = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        let searching = search.at.is_none_or(|at| at.elapsed() >= self.options.search_every);
        let mut changes = Vec::new();
        if searching {
            self.search(&mut search, &mut changes);
            search.at = Some(Instant::now());
            self.close_idle();
        }
        for handle in self.handles() {
            let ended = search.seen.get(handle.id()).is_some_and(|(_, state)| *state == RunState::Finished);
            if ended && !searching {
                continue; // It could only be resumed, which may wait for the next search.
            }
            let source = handle.source();
            let Ok(now) = guarded(|| Ok((source.refresh().unwrap_or_else(|_| source.revision()), handle.state())))
            else {
                continue;
            };
            let revision = now.0;
            let before = search.seen.insert(handle.id().clone(), now);
            if before.is_some_and(|before| before != now) {
                changes.push(Change::Grew { run: handle.id().clone(), revision, state: now.1 });
            }
        }
        changes
    }

    /// Every run in one row, newest first.
    pub fn runs(&self) -> Result<Vec<RunSummary>> {
        let mut rows = self.handles().iter().map(|handle| handle.summary()).collect::<Result<Vec<_>>>()?;
        rows.sort_by(|a, b| b.info.created_us.cmp(&a.info.created_us).then_with(|| a.info.id.cmp(&b.info.id)));
        Ok(rows)
    }

    /// One run.
    pub fn run(&self, id: &str) -> Result<Arc<RunHandle>> {
        let id = RunId(id.to_owned());
        let runs = self.runs.read().unwrap_or_else(PoisonError::into_inner);
        let handle = runs.get(&id).cloned().ok_or(Error::NoRun { run: id })?;
        handle.touch();
        Ok(handle)
    }

    /// The maps that were made.
    pub(crate) fn maps(&self) -> &Maps {
        &self.maps
    }

    /// One curve.
    pub fn series(&self, request: &SeriesRequest) -> Result<Series> {
        self.run(&request.run.0)?.series(request)
    }

    /// One curve for several runs.
    pub fn group(&self, request: &GroupRequest) -> Result<GroupSeries> {
        GroupSeries::read(self, request)
    }

    /// Algorithms compared over tasks and seeds.
    pub fn benchmark(&self, request: &BenchmarkRequest) -> Result<Benchmark> {
        Benchmark::read(self, request)
    }

    /// What of their configs goes with how well runs did.
    pub fn parameters(&self, request: &ParametersRequest) -> Result<Parameters> {
        Parameters::read(self, request)
    }

    /// Rows of one field of an episode. Of several threads that ask for the same derived field, one computes it.
    pub fn field(&self, request: &FieldRequest) -> Result<Arc<Field>> {
        self.run(&request.run.0)?.field(request.episode, &request.name, &request.params, request.range.clone())
    }

    /// Fields of an episode: those logged, and those that can be derived from them.
    pub fn fields(&self, run: &RunId, episode: u64) -> Result<Vec<FieldEntry>> {
        self.run(&run.0)?.fields(episode)
    }

    /// Everything that can be derived, in the order that people see.
    pub fn derivations(&self) -> &'static [&'static dyn Derivation] {
        DERIVATIONS
    }

    /// Runs that were found but are not served, as of the last search.
    pub fn skipped(&self) -> Vec<Skipped> {
        let search = self.search.lock().unwrap_or_else(PoisonError::into_inner);
        let copies = search.copies.iter().map(|(path, (_, why))| Skipped { path: path.clone(), why: why.clone() });
        search.skipped.iter().cloned().chain(copies).collect()
    }

    /// Layouts that people saved for a project, by name. Of several roots that have one of a name, the first wins.
    pub fn layouts(&self, project: &str) -> Result<Vec<Layout>> {
        let mut found = BTreeMap::new();
        for folder in self.roots.iter().rev().filter_map(Root::folder) {
            let layouts = ethogram_store::read_layouts(folder, project)?;
            found.extend(layouts.into_iter().map(|layout| (layout.name.clone(), layout)));
        }
        Ok(found.into_values().collect())
    }

    /// Saves a layout: in the first root that has one of that name, else in the first that holds runs of the project, else in the first.
    /// Roots that are no folders of this machine are passed over.
    ///
    /// # Errors
    /// Something is over its limit, or nothing can be written in that root.
    pub fn save_layout(&self, project: &str, name: &str, layout: serde_json::Map<String, Value>) -> Result<Layout> {
        let folders: Vec<(&Root, &Path)> =
            self.roots.iter().filter_map(|root| root.folder().map(|folder| (root, folder))).collect();
        let has_it = |(_, folder): &&(&Root, &Path)| {
            let layouts = ethogram_store::read_layouts(folder, project).unwrap_or_default();
            layouts.iter().any(|layout| layout.name == name)
        };
        let handles = self.handles();
        let has_runs = |(root, _): &&(&Root, &Path)| {
            handles.iter().any(|run| run.root() == root.label && run.info().project == project)
        };
        let chosen = folders.iter().find(has_it).or_else(|| folders.iter().find(has_runs)).or(folders.first());
        let Some((_, folder)) = chosen else {
            let place = self.roots.first().map_or_else(PathBuf::new, |root| root.path.clone());
            let why = "an object store is only read; serve a folder beside it, and layouts are kept there".to_owned();
            return Err(ethogram_store::Error::ReadOnly { what: "layouts", place, why }.into());
        };
        Ok(ethogram_store::save_layout(folder, project, name, layout)?)
    }

    /// Removes a layout from every root that has it. False when none had.
    pub fn remove_layout(&self, project: &str, name: &str) -> Result<bool> {
        let mut removed = false;
        for folder in self.roots.iter().filter_map(Root::folder) {
            removed |= ethogram_store::remove_layout(folder, project, name)?;
        }
        Ok(removed)
    }

    fn handles(&self) -> Vec<Arc<RunHandle>> {
        self.runs.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn search(&self, search: &mut Search, changes: &mut Vec<Change>) {
        let mut there = BTreeSet::new();
        search.skipped.clear();
        for root in &self.roots {
            for opener in &self.options.openers {
                let paths = match opener.find(&root.path) {
                    Ok(paths) => paths,
                    Err(error) => {
                        search.skipped.push(Skipped { path: root.path.clone(), why: error.to_string() });
                        // What cannot be listed just now is not taken for gone.
                        there.extend(search.paths.keys().filter(|path| path.starts_with(&root.path)).cloned());
                        continue;
                    }
                };
                let is_wanted = |path: &&PathBuf| match search.paths.get(*path) {
                    Some(run) => self.is_replaced(run),
                    None => !search.copies.contains_key(*path),
                };
                let wanted: Vec<&PathBuf> = paths.iter().filter(is_wanted).collect();
                // Side by side; what comes of it is taken over one after the other, in the order of their paths.
                for some in wanted.chunks(OPENED_AT_ONCE) {
                    let opened = in_parallel(some, threads(), |path| guarded(|| opener.open(path)));
                    for (path, opened) in some.iter().zip(opened) {
                        let source = opened.map_err(|error| format!("{}: {error}", opener.name()));
                        let opened = Opened { path, root, source };
                        match search.paths.get(*path).cloned() {
                            Some(run) => self.take_over_anew(&run, opened, search, changes),
                            None => self.take_over(opened, search, changes),
                        }
                    }
                }
                there.extend(paths);
            }
        }
        search.copies.retain(|path, _| there.contains(path));
        let gone: Vec<_> = search.paths.keys().filter(|path| !there.contains(*path)).cloned().collect();
        for path in gone {
            let Some(run) = self.forget(&path, search) else { continue };
            self.runs.write().unwrap_or_else(PoisonError::into_inner).remove(&run);
            changes.push(Change::Went(run));
        }
    }

    /// Forgets what was found at a path, but for the run's own entry.
    fn forget(&self, path: &Path, search: &mut Search) -> Option<RunId> {
        let run = search.paths.remove(path)?;
        search.seen.remove(&run);
        search.copies.retain(|_, (copy_of, _)| *copy_of != run);
        self.cache.forget(&run);
        Some(run)
    }

    fn is_replaced(&self, run: &RunId) -> bool {
        let handle = self.runs.read().unwrap_or_else(PoisonError::into_inner).get(run).cloned();
        handle.is_some_and(|handle| handle.source().is_replaced())
    }

    /// Takes over what lies now where `run` was. Until then the old one answers, so that nobody finds nothing there.
    fn take_over_anew(&self, run: &RunId, opened: Opened<'_>, search: &mut Search, changes: &mut Vec<Change>) {
        self.forget(opened.path, search);
        self.take_over(opened, search, changes);
        if search.paths.values().all(|known| known != run) {
            self.runs.write().unwrap_or_else(PoisonError::into_inner).remove(run);
            changes.push(Change::Went(run.clone()));
        }
    }

    /// Bytes, about, that a run keeps in memory; `None` when it is not open, or not there. Asking is no look at it.
    pub fn held(&self, run: &RunId) -> Option<usize> {
        let runs = self.runs.read().unwrap_or_else(PoisonError::into_inner);
        runs.get(run)?.source().held_bytes()
    }

    /// Lets runs that nobody asked for lately let go of what they hold.
    fn close_idle(&self) {
        let idle = |handle: &Arc<RunHandle>| handle.state() != RunState::Running;
        let held = |handle: Arc<RunHandle>| Some((handle.used(), handle.source().held_bytes()?, handle));
        let mut open: Vec<_> = self.handles().into_iter().filter(idle).filter_map(held).collect();
        open.sort_by_key(|(used, ..)| std::cmp::Reverse(*used));
        let mut bytes = 0;
        for (rank, (_, held, handle)) in open.into_iter().enumerate() {
            bytes += held;
            // What was asked for last stays: it may be on the screen.
            if rank > 0 && (rank >= self.options.open_runs || bytes > self.options.open_bytes) {
                handle.rest();
            }
        }
    }

    fn take_over(&self, opened: Opened<'_>, search: &mut Search, changes: &mut Vec<Change>) {
        let Opened { path, root, source } = opened;
        let source = match source {
            Ok(Some(source)) => source,
            Ok(None) => return,
            Err(why) => {
                search.skipped.push(Skipped { path: path.to_owned(), why });
                return;
            }
        };
        let handle = RunHandle::new(source, root.label.clone(), path.to_owned(), Arc::clone(&self.cache));
        let run = handle.id().clone();
        if let Some((other, _)) = search.paths.iter().find(|(_, known)| **known == run) {
            let why = format!("run {run} is already served from {}", other.display());
            search.copies.insert(path.to_owned(), (run, why));
            return;
        }
        search.seen.insert(run.clone(), (handle.source().revision(), handle.state()));
        search.paths.insert(path.to_owned(), run.clone());
        self.runs.write().unwrap_or_else(PoisonError::into_inner).insert(run.clone(), Arc::new(handle));
        changes.push(Change::Came(run));
    }
}

/// An answer of one run: where its reader breaks, that is an error of this run, and the others are served.
fn guarded<T>(ask: impl FnOnce() -> ethogram_store::Result<T>) -> ethogram_store::Result<T> {
    catch_unwind(AssertUnwindSafe(ask)).unwrap_or_else(|_| {
        Err(ethogram_store::Error::NotFound {
            what: "what can be read here: its reader broke, which is a bug of ethogram, please report it".into(),
        })
    })
}
