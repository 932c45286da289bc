//! From folders and URLs that were typed to the runs in them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use ethogram_import::ForeignOpener;
use ethogram_query::{
    NamePattern, NativeOpener, Opener, Options, Root, RunHandle, RunSummary, Workbench, did_you_mean, nearest_names,
};

use crate::{options::StoreOptions, text::shown};

/// The folder in which runs are looked for, and logged to, when none is given.
pub const DEFAULT_ROOT: &str = "runs";

/// Runs of one name that an error names.
const NAMED_MAX: usize = 5;

/// How often roots are searched for new runs.
const SEARCH_EVERY: Duration = Duration::from_secs(1);

/// The runs under `roots`, or under [`DEFAULT_ROOT`], which need not be there yet.
///
/// **Errors**: a folder that was named is not there, or cannot be listed; a URL is none. An object store that does not answer is no
/// error here but told by [`Workbench::skipped`]: it may answer later.
pub fn open(roots: &[PathBuf], stores: &StoreOptions, cache_bytes: Option<usize>) -> anyhow::Result<Workbench> {
    let roots: Vec<Root> = match roots {
        [] => vec![PathBuf::from(DEFAULT_ROOT).into()],
        given => given.iter().map(|given| checked(given)).collect::<anyhow::Result<_>>()?,
    };
    let foreign = cache_bytes.map_or_else(ForeignOpener::default, ForeignOpener::keeping);
    let mut openers: Vec<Arc<dyn Opener>> = vec![Arc::new(NativeOpener), Arc::new(foreign)];
    if roots.iter().any(|root| root.folder().is_none()) {
        openers.push(object_opener(stores)?);
    }
    let mut options = Options { openers, search_every: SEARCH_EVERY, ..Options::default() };
    if let Some(bytes) = cache_bytes {
        options.cache_bytes = bytes;
    }
    Ok(Workbench::open(roots, options)?)
}

/// Whether what was typed is the URL of an object store.
pub fn is_remote(given: &Path) -> bool {
    given.to_string_lossy().starts_with("s3://")
}

/// The root at a folder or URL as it was typed.
fn checked(given: &Path) -> anyhow::Result<Root> {
    let text = given.to_string_lossy();
    if let Some((scheme, _)) = text.split_once("://") {
        if scheme != "s3" {
            bail!("{scheme}:// is not known; give a folder, or an object store as s3://BUCKET/PREFIX: {text}");
        }
        return Ok(PathBuf::from(text.trim_end_matches('/')).into());
    }
    let found = std::fs::metadata(given).with_context(|| {
        format!(
            "cannot look for runs in {text}; a training run makes it when it begins to log there, or `mkdir -p {text}`"
        )
    })?;
    if !found.is_dir() {
        bail!("expected a folder that holds runs, found a file: {text}");
    }
    Ok(given.to_owned().into())
}

#[cfg(feature = "s3")]
fn object_opener(stores: &StoreOptions) -> anyhow::Result<Arc<dyn Opener>> {
    Ok(Arc::new(ethogram_query::ObjectOpener::new(remote_options(stores))?))
}

/// As the store takes them.
#[cfg(feature = "s3")]
pub fn remote_options(stores: &StoreOptions) -> ethogram_query::RemoteOptions {
    ethogram_query::RemoteOptions { endpoint: stores.s3_endpoint.clone() }
}

#[cfg(not(feature = "s3"))]
fn object_opener(_: &StoreOptions) -> anyhow::Result<Arc<dyn Opener>> {
    bail!(without_stores())
}

/// What to say where this program was built without object stores.
#[cfg(not(feature = "s3"))]
pub fn without_stores() -> &'static str {
    "this ethogram was built without object stores; install the package, which has them, \
     or build it with `cargo build --release -p ethogram_cli --features s3`"
}

/// As [`open`], where runs are meant: what is no folder may be the id or the name of a run, see [`found`].
pub fn open_runs(runs: &[PathBuf], stores: &StoreOptions) -> anyhow::Result<Workbench> {
    open(&runs.iter().map(|run| found(run)).collect::<anyhow::Result<Vec<_>>>()?, stores, None)
}

/// The one run at `path`: a run, or a place that holds no other, or what [`found`] knows by its id or name.
pub fn open_one(path: &Path, stores: &StoreOptions) -> anyhow::Result<Arc<RunHandle>> {
    let path = &found(path)?;
    let workbench = open(std::slice::from_ref(path), stores, None)?;
    let runs = workbench.runs()?;
    match runs.as_slice() {
        [run] => Ok(workbench.run(&run.info.id.0)?),
        [] => match workbench.skipped().first() {
            Some(skipped) => bail!("the run cannot be read: {}", text_from_skipped(skipped)),
            None => bail!("no run there; `ethogram ls FOLDER` lists the runs below a folder: {}", path.display()),
        },
        several => bail!(
            "expected one run, found {}; give the folder of one, `ethogram ls {1}` lists them: {1}",
            several.len(),
            path.display()
        ),
    }
}

/// Where a run lies: `given` when there is something there, or it is a URL; else the run in [`DEFAULT_ROOT`] whose id it is or begins,
/// or whose name it is.
///
/// **Errors**: no run is called so, or several are.
pub fn found(given: &Path) -> anyhow::Result<PathBuf> {
    let is_there = |path: &Path| !matches!(path.try_exists(), Ok(false));
    let text = given.to_string_lossy();
    if text.contains("://") || text.is_empty() || is_there(given) {
        return Ok(given.to_owned());
    }
    if !is_there(Path::new(DEFAULT_ROOT)) {
        bail!(
            "no run {text:?}: no such folder, and there is no folder {DEFAULT_ROOT} here, where a run could have that id or name; \
             `ethogram ls FOLDER` lists the runs below a folder"
        );
    }
    let workbench = open(&[], &StoreOptions::default(), None)?;
    let runs = workbench.runs()?;
    let path = |run: &RunSummary| Ok(workbench.run(&run.info.id.0)?.path().to_owned());
    if let Some(run) = runs.iter().find(|run| run.info.id.0 == text) {
        return path(run);
    }
    let begins = text.to_uppercase();
    let is_it = |run: &&RunSummary| run.info.name == text || run.info.id.0.to_uppercase().starts_with(&begins);
    match runs.iter().filter(is_it).collect::<Vec<_>>().as_slice() {
        [run] => path(run),
        [] => {
            let known = runs.iter().flat_map(|run| [run.info.name.as_str(), run.info.id.0.as_str()]);
            let nearest = did_you_mean(&nearest_names(&text, known));
            bail!(
                "no run {text:?}{nearest}: no such folder, and no run in {DEFAULT_ROOT} has that name or an id that begins so; \
                 `ethogram ls` lists them"
            )
        }
        several => {
            let named = |run: &&RunSummary| format!("{} ({})", run.info.id.0, run.info.name);
            let mut names: Vec<_> = several.iter().take(NAMED_MAX).map(named).collect();
            names.extend((several.len() > NAMED_MAX).then(|| "…".to_owned()));
            bail!(
                "expected one run, found {} in {DEFAULT_ROOT} whose name is {text:?} or whose id begins so; give more of the id: {}",
                several.len(),
                names.join(", ")
            )
        }
    }
}

/// That every pattern means a scalar of some run.
///
/// **Errors**: one means none, with names that are like it.
pub fn check_tags(runs: &[Arc<RunHandle>], patterns: &[NamePattern]) -> anyhow::Result<()> {
    if patterns.is_empty() {
        return Ok(());
    }
    let tags: Vec<String> = runs.iter().flat_map(|run| run.scalar_tags()).map(|tag| tag.tag).collect();
    for pattern in patterns {
        if !tags.iter().any(|tag| pattern.matches(tag)) {
            let text = pattern.to_string();
            let word = text.trim_matches(['*', '/', '^', '$']);
            let nearest = did_you_mean(&nearest_names(word, tags.iter().map(String::as_str)));
            bail!("--tag {pattern}{nearest}: no scalar is called so; `ethogram info RUN` lists those of a run");
        }
    }
    Ok(())
}

/// What was left out, for people.
pub fn text_from_skipped(skipped: &ethogram_query::Skipped) -> String {
    let path = skipped.path.display().to_string();
    let told = format!("{}: {path}", skipped.why);
    shown(if skipped.why.contains(&path) { &skipped.why } else { &told })
}

/// Now, in microseconds since 1970.
pub fn now_us() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as i64)
}
