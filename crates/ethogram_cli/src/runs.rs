//! From folders that were typed to the runs in them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use ethogram_query::{NativeOpener, Opener, Options, Root, RunHandle, Workbench};

/// The folder in which runs are looked for, and logged to, when none is given.
pub const DEFAULT_ROOT: &str = "runs";

/// How often roots are searched for new runs.
const SEARCH_EVERY: Duration = Duration::from_secs(1);

/// The runs under `roots`, or under [`DEFAULT_ROOT`], which need not be there yet.
///
/// **Errors**: a root that was named is not there, or cannot be listed.
pub fn open(roots: &[PathBuf], cache_bytes: Option<usize>) -> anyhow::Result<Workbench> {
    for root in roots {
        let found = std::fs::metadata(root).with_context(|| {
            let root = root.display();
            format!("cannot look for runs in {root}; a training run makes it when it begins to log there, or `mkdir -p {root}`")
        })?;
        if !found.is_dir() {
            bail!("expected a folder that holds runs, found a file: {}", root.display());
        }
    }
    let roots = if roots.is_empty() { vec![PathBuf::from(DEFAULT_ROOT)] } else { roots.to_vec() };
    let openers: Vec<Arc<dyn Opener>> = vec![Arc::new(NativeOpener)];
    let mut options = Options { openers, search_every: SEARCH_EVERY, ..Options::default() };
    if let Some(bytes) = cache_bytes {
        options.cache_bytes = bytes;
    }
    Ok(Workbench::open(roots.into_iter().map(Root::from).collect(), options)?)
}

/// The one run at `path`: the folder of a run, or one that holds no other.
pub fn open_one(path: &Path) -> anyhow::Result<Arc<RunHandle>> {
    let workbench = open(&[path.to_owned()], None)?;
    let runs = workbench.runs()?;
    match runs.as_slice() {
        [run] => Ok(workbench.run(&run.id.0)?),
        [] => match workbench.skipped().first() {
            Some(skipped) => bail!("the run cannot be read: {}: {}", skipped.why, skipped.path.display()),
            None => bail!("no run there; `ethogram ls FOLDER` lists the runs below a folder: {}", path.display()),
        },
        several => bail!(
            "expected one run, found {}; give the folder of one, `ethogram ls {1}` lists them: {1}",
            several.len(),
            path.display()
        ),
    }
}

/// Now, in microseconds since 1970.
pub fn now_us() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as i64)
}
