//! The files of a run in an object store: small ones mirrored, large ones read in ranges.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use bytes::Bytes;

use super::cache::BlockCache;
use super::remote::{Object, Remote};
use crate::files::{Entry, Files, LocalFiles, too_short};
use crate::layout::{RUN_FILE, STATUS_FILE, io_error, live_number, replace_file};
use crate::manifest::{has_extension, manifest_number};
use crate::{Error, Kind, Result};

/// Most bytes that are mirrored: live segments, mostly. A run with more must be compacted before it is read from a store.
const MIRROR_BYTES_MAX: u64 = 4 << 30;

/// The files of a run in an object store, as the last [`ObjectFiles::refresh`] saw them.
#[derive(Debug)]
pub(super) struct ObjectFiles {
    remote: Remote,
    mirror: LocalFiles,
    cache: BlockCache,
    listing: RwLock<BTreeMap<String, Object>>,
}

impl ObjectFiles {
    /// Mirrors into `folder`, and keeps at most `cache_bytes` of the rest in memory.
    pub(super) fn new(remote: Remote, folder: &Path, cache_bytes: usize) -> Self {
        let cache = BlockCache::new(cache_bytes);
        Self { remote, mirror: LocalFiles::new(folder), cache, listing: RwLock::default() }
    }

    /// Where the run lies.
    pub(super) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Lists the run, and brings the mirror up to date.
    pub(super) fn refresh(&self) -> Result<()> {
        let mut new: BTreeMap<String, Object> =
            self.remote.list()?.into_iter().map(|object| (object.path.clone(), object)).collect();
        let old = self.listing.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut mirrored: Vec<&Object> = new.values().filter(|object| order(&object.path).is_some()).collect();
        let found: u64 = mirrored.iter().map(|object| object.bytes).sum();
        if found > MIRROR_BYTES_MAX {
            let what = format!("bytes that are not sealed in {}; compact the run and push it again", self.remote.url());
            return Err(Error::TooLarge { what, limit: MIRROR_BYTES_MAX, found });
        }
        // Segments before the logs that vouch for them, sealed files' manifests last.
        mirrored.sort_by_key(|object| order(&object.path));
        let mut gone = Vec::new();
        for object in mirrored {
            let path = self.mirror.locate(&object.path);
            let same = old.get(&object.path).is_some_and(|known| known.version == object.version) && path.exists();
            if same {
                continue;
            }
            match self.remote.get(&object.path) {
                Ok(bytes) => {
                    if let Some(folder) = path.parent() {
                        std::fs::create_dir_all(folder).map_err(|source| io_error("create", folder, source))?;
                    }
                    replace_file(&path, &bytes, false)?;
                }
                // Sealed or replaced since it was listed: the next listing tells.
                Err(error) if error.is_not_found() => gone.push(object.path.clone()),
                Err(error) => return Err(error),
            }
        }
        for path in gone {
            new.remove(&path);
        }
        for path in old.keys().filter(|path| order(path).is_some() && !new.contains_key(*path)) {
            let path = self.mirror.locate(path);
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &path, source));
                }
                _ => {}
            }
        }
        *self.listing.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    fn object(&self, path: &str) -> Result<Object> {
        let listing = self.listing.read().unwrap_or_else(PoisonError::into_inner);
        let missing = || io_error("open", &self.remote.locate(path), std::io::ErrorKind::NotFound.into());
        listing.get(path).cloned().ok_or_else(missing)
    }

    /// Bytes kept in memory.
    pub(super) fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }
}

/// When a file is mirrored; `None` for those that are not: sealed files and blobs.
///
/// No path leads out of the mirror: of each, every part is known.
fn order(path: &str) -> Option<u8> {
    let parts: Vec<&str> = path.split('/').collect();
    let is_writer = |name: &str| name.starts_with("w-") && name.len() <= 64 && !name.contains(['\\', '\0']);
    match *parts.as_slice() {
        [RUN_FILE] => Some(3),
        [STATUS_FILE] => Some(4),
        [writer, name] if is_writer(writer) => manifest_number(name).map(|_| 2),
        [writer, folder, name] if is_writer(writer) && Kind::from_folder(folder).is_some() => {
            live_number(name).map(|_| u8::from(has_extension(name, "log")))
        }
        _ => None,
    }
}

impl Files for ObjectFiles {
    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let listing = self.listing.read().unwrap_or_else(PoisonError::into_inner);
        let inside = listing.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below));
        let mut entries: Vec<Entry> = inside
            .map(|(path, object)| match path[below.len()..].split_once('/') {
                Some((name, _)) => Entry { name: name.to_owned(), bytes: None },
                None => Entry { name: path[below.len()..].to_owned(), bytes: Some(object.bytes) },
            })
            .collect();
        entries.dedup_by(|a, b| a.name == b.name);
        entries.sort_unstable();
        Ok(entries)
    }

    fn len(&self, path: &str) -> Result<u64> {
        Ok(self.object(path)?.bytes)
    }

    fn read_range(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        if order(path).is_some() {
            return self.mirror.read_range(path, range);
        }
        let length = self.object(path)?.bytes;
        if range.start > range.end || range.end > length {
            return Err(too_short(self.locate(path), &range, length));
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.cache.read(path, length, range, |range| self.remote.get_range(path, range))
    }

    fn locate(&self, path: &str) -> PathBuf {
        self.remote.locate(path)
    }
}
