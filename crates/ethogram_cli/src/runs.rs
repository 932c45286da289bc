//! From folders and URLs that were typed to the runs in them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use ethogram_import::ForeignOpener;
use ethogram_query::{NativeOpener, Opener, Options, Root, RunHandle, Workbench};

use crate::{options::StoreOptions, text::shown};

/// The folder in which runs are looked for, and logged to, when none is given.
pub const DEFAULT_ROOT: &str = "runs";

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

/// The one run at `path`: a run, or a place that holds no other.
pub fn open_one(path: &Path, stores: &StoreOptions) -> anyhow::Result<Arc<RunHandle>> {
    let workbench = open(&[path.to_owned()], stores, None)?;
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
