//! Where runs come from.

use std::path::{Path, PathBuf};

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
