//! A folder for mirrors, of one process alone.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::Result;
use crate::layout::io_error;

const PREFIX: &str = "ethogram-mirror-";
const LOCK: &str = "lock";

/// A folder among the temporary ones, removed when this is dropped; what a process that was killed left, the next one removes.
#[derive(Debug)]
pub struct MirrorFolder {
    path: PathBuf,
    /// Held as long as the process lives.
    _lock: File,
}

impl MirrorFolder {
    /// Makes one, and removes those whose process is gone.
    pub fn create() -> Result<Self> {
        Self::create_in(&std::env::temp_dir())
    }

    fn create_in(folder: &Path) -> Result<Self> {
        sweep(folder);
        let path = folder.join(format!("{PREFIX}{}", ulid::Ulid::generate().to_string().to_lowercase()));
        let failed = |source| io_error("create", &path, source);
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(failed)?;
        // Under another name until it is locked: no sweep may find it free.
        let unlocked = path.join("new-lock");
        let lock = File::create_new(&unlocked).map_err(failed)?;
        lock.lock().map_err(failed)?;
        std::fs::rename(&unlocked, path.join(LOCK)).map_err(failed)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for MirrorFolder {
    fn drop(&mut self) {
        // What cannot be removed now, the next process removes.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let Ok(lock) = File::open(entry.path().join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirror_goes_with_its_process_or_by_the_next() {
        let folder = tempfile::tempdir().expect("a folder");
        let living = MirrorFolder::create_in(folder.path()).expect("a mirror");
        let killed = folder.path().join(format!("{PREFIX}killed"));
        std::fs::create_dir(&killed).expect("a folder");
        std::fs::write(killed.join(LOCK), "").expect("a lock that nobody holds");
        let other = MirrorFolder::create_in(folder.path()).expect("a mirror");
        assert!(!killed.exists() && living.path().exists() && other.path().exists());
        let path = other.path().to_owned();
        drop(other);
        assert!(!path.exists());
    }
}
