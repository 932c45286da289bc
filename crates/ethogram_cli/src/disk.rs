//! How much of the disk a run takes.

use std::{collections::BTreeMap, path::Path};

/// Deepest folder of a run that is looked into.
const DEPTH_MAX: usize = 8;

/// Bytes of files by what they hold: `scalars`, `frames`, `blobs`, …; links are not followed, what cannot be read counts nothing.
pub fn bytes_by_kind(run: &Path) -> BTreeMap<String, u64> {
    let mut sizes = BTreeMap::new();
    for entry in std::fs::read_dir(run).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if !kind.is_dir() {
            *sizes.entry("descriptions".to_owned()).or_default() += entry.metadata().map_or(0, |found| found.len());
        } else if name.starts_with("w-") {
            for entry in std::fs::read_dir(entry.path()).into_iter().flatten().flatten() {
                let inner = entry.file_name().to_string_lossy().into_owned();
                let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
                *sizes.entry(if is_dir { inner } else { "descriptions".into() }).or_default() +=
                    bytes(&entry.path(), 0);
            }
        } else {
            *sizes.entry(name).or_default() += bytes(&entry.path(), 0);
        }
    }
    sizes.retain(|_, bytes| *bytes > 0);
    sizes
}

/// Bytes of all files at and below `path`.
pub fn bytes(path: &Path, depth: usize) -> u64 {
    let Ok(found) = std::fs::symlink_metadata(path) else { return 0 };
    if found.is_file() {
        return found.len();
    }
    if !found.is_dir() || depth >= DEPTH_MAX {
        return 0;
    }
    std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| bytes(&entry.path(), depth + 1)).sum()
}
