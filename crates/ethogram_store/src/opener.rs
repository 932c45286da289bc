//! How runs of one format are found and opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Result, RunSource};

/// A format of runs: finds them below a folder and opens them.
///
/// Several may look below the same root; of two that open the same run, the first in the list of formats wins.
pub trait Opener: Send + Sync {
    /// The format, for messages.
    fn name(&self) -> &'static str;

    /// Paths of the runs at or below `root`, as they are now. Asked again and again: must be cheap.
    /// A root that does not exist yet holds none.
    fn find(&self, root: &Path) -> Result<Vec<PathBuf>>;

    /// Opens one of the paths that [`Opener::find`] gave. `None` when it is not, or not yet, a run of this format.
    fn open(&self, path: &Path) -> Result<Option<Arc<dyn RunSource>>>;
}
