//! Copies a run out of an object store, as it is just now.

use std::path::Path;

use super::remote::{Copied, Remote, Wanted};
use crate::layout::{BLOBS_FOLDER, RUN_FILE, STATUS_FILE, io_error};
use crate::{Error, Result};

/// Copies the run at a prefix into an empty folder, byte for byte, many files at once. Returns how many bytes there were.
///
/// # Errors
/// [`Error::NotARun`]; when the store does not answer, or the disk is full.
pub fn fetch(remote: &Remote, folder: &Path) -> Result<u64> {
    let objects: Vec<_> = remote.list()?.into_iter().filter(|object| is_of_a_run(&object.path)).collect();
    if objects.iter().all(|object| object.path != RUN_FILE) {
        return Err(Error::NotARun { path: remote.url().into() });
    }
    let mut wanted = Vec::with_capacity(objects.len());
    for object in &objects {
        let file = folder.join(&object.path);
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|source| io_error("create", folder, source))?;
        }
        wanted.push(Wanted { path: object.path.clone(), file, seen: None });
    }
    let mut bytes = 0;
    for (object, copied) in objects.iter().zip(remote.copy(wanted)) {
        // What was sealed or merged meanwhile is named by nothing that was copied after it; if it is, the copy is not whole.
        if copied? != Copied::Gone {
            bytes += object.bytes;
        }
    }
    Ok(bytes)
}

/// No path leads out of the folder.
pub(super) fn is_of_a_run(path: &str) -> bool {
    let mut parts = path.split('/');
    let is_sound = |part: &str| !part.is_empty() && part != "." && part != ".." && !part.contains(['\\', '\0']);
    if !path.split('/').all(is_sound) {
        return false;
    }
    match (parts.next(), parts.next()) {
        (Some(RUN_FILE | STATUS_FILE), None) => true,
        (Some(folder), Some(_)) => folder == BLOBS_FOLDER || folder == "meta" || folder.starts_with("w-"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_of_a_run;

    #[test]
    fn only_paths_of_a_run_are_copied() {
        for path in ["run.json", "status.json", "blobs/0a", "meta/notes.json", "w-01J/steps/000000.log"] {
            assert!(is_of_a_run(path), "{path}");
        }
        for path in
            ["", "notes.txt", "run.json/x", "w-01J", "w-01J/../../x", "/run.json", "w-1//x", "other/x", "blobs/.."]
        {
            assert!(!is_of_a_run(path), "{path}");
        }
    }
}
