//! Runs in our own format, in folders of this machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_store::{Result, RunReader, RunSource, find_runs};

use crate::Opener;
use crate::lazy_run::LazyRun;
use crate::opener::is_url;

/// Opens the runs that `RunWriter` writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeOpener;

impl NativeOpener {
    /// Most runs below one root.
    pub const RUNS_MAX: usize = 100_000;
}

impl Opener for NativeOpener {
    fn name(&self) -> &'static str {
        "ethogram"
    }

    fn find(&self, root: &Path) -> Result<Vec<PathBuf>> {
        if is_url(root) {
            return Ok(vec![]);
        }
        match find_runs(root, Self::RUNS_MAX) {
            Err(error) if error.is_not_found() => Ok(vec![]),
            found => found,
        }
    }

    fn open(&self, path: &Path) -> Result<Option<Arc<dyn RunSource>>> {
        let folder = path.to_owned();
        let open = move || -> Result<Arc<dyn RunSource>> { Ok(Arc::new(RunReader::open(&folder)?)) };
        match LazyRun::new(path, Box::new(open)) {
            // Its writer has made the folder and not yet the file.
            Err(error) if error.is_not_found() => Ok(None),
            run => Ok(Some(Arc::new(run?))),
        }
    }
}
