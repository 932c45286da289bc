//! Where runs come from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ethogram_store::RunSource;

/// A folder in which runs are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// The folder: a run, a project, or anything above them.
    pub path: PathBuf,
    /// What people see for it.
    pub label: String,
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
