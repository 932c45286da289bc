//! How much room a run takes.

use std::{collections::BTreeMap, path::Path};

use ethogram_query::RunHandle;

/// Deepest folder of a run that is looked into.
const DEPTH_MAX: usize = 8;

/// Bytes of a run by what they hold: `scalars`, `frames`, `blobs`, …; links are not followed, what cannot be read counts nothing.
pub fn bytes_by_kind(run: &RunHandle) -> BTreeMap<String, u64> {
    let files = match run.source().sizes() {
        Some(files) => files,
        None => files_below(run.path()),
    };
    let mut sizes = BTreeMap::new();
    for (path, bytes) in files.into_iter().filter(|(_, bytes)| *bytes > 0) {
        *sizes.entry(kind(&path).to_owned()).or_default() += bytes;
    }
    sizes
}

/// Bytes of a whole run.
pub fn bytes(run: &RunHandle) -> u64 {
    bytes_by_kind(run).values().sum()
}

/// What the file at a path relative to its run holds.
fn kind(path: &str) -> &str {
    let mut parts: Vec<&str> = path.split('/').collect();
    if parts[0].starts_with("w-") {
        parts.remove(0);
    }
    match parts.as_slice() {
        [folder, _, ..] => folder,
        _ => "descriptions",
    }
}

fn files_below(run: &Path) -> Vec<(String, u64)> {
    let mut files = Vec::new();
    let mut folders = vec![(run.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let (path, Ok(found)) = (entry.path(), entry.metadata()) else { continue };
            if found.is_dir() && depth < DEPTH_MAX {
                folders.push((path, depth + 1));
            } else if found.is_file() {
                let name = path.strip_prefix(run).unwrap_or(&path).to_string_lossy().into_owned();
                files.push((name, found.len()));
            }
        }
    }
    files
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_file_is_counted_by_what_it_holds() {
        for (path, expected) in [
            ("run.json", "descriptions"),
            ("w-01J/MANIFEST-000001.json", "descriptions"),
            ("w-01J/frames/000000.arrows", "frames"),
            ("w-01J/frames/deep/er", "frames"),
            ("blobs/0a", "blobs"),
            ("meta/notes.json", "meta"),
        ] {
            assert_eq!(super::kind(path), expected, "{path}");
        }
    }
}
