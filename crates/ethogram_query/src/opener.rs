//! Where runs come from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_store::RunSource;

/// A folder, or a prefix of an object store, in which runs are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// A run, a project, or anything above them: a folder, or a URL such as `s3://bucket/runs`.
    pub path: PathBuf,
    /// What people see for it.
    pub label: String,
}

impl Root {
    /// Where it lies on this machine; `None` when it does not.
    pub fn folder(&self) -> Option<&Path> {
        (!is_url(&self.path)).then_some(&self.path)
    }
}

/// What lies behind a URL is no folder, whatever a folder may be called.
pub(crate) fn is_url(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().starts_with(b"s3://")
}

impl From<PathBuf> for Root {
    fn from(path: PathBuf) -> Self {
        Self { label: path.display().to_string(), path }
    }
}

/// A format of runs: finds them below a folder and opens them.
///
/// Several may look below the same root; of two that open the same run, the first in [`crate::Options::openers`] wins.
pub trait Opener: Send + Sync {
    /// The format, for messages.
    fn name(&self) -> &'static str;

    /// Paths of the runs at or below `root`, as they are now. Asked again and again: must be cheap.
    /// A root that does not exist yet holds none.
    fn find(&self, root: &Path) -> ethogram_store::Result<Vec<PathBuf>>;

    /// Opens one of the paths that [`Opener::find`] gave. `None` when it is not, or not yet, a run of this format.
    fn open(&self, path: &Path) -> ethogram_store::Result<Option<Arc<dyn RunSource>>>;
}
