//! The files of a run in an object store: small ones mirrored, large ones read in ranges.
//!
//! Objects come one by one and in any order: a tool that copies a live run may send a commit log before the segment that it vouches
//! for, and a manifest before the files that it names. So a look takes over only what is whole. A log is cut to what its segment
//! holds, and a manifest waits for its files; [`ObjectFiles::waiting`] tells of both.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use bytes::Bytes;

use super::cache::BlockCache;
use super::remote::{Copied, Object, Remote, Wanted};
use crate::files::{Entry, Files, LocalFiles, too_short};
use crate::layout::{JSON_BYTES_MAX, RUN_FILE, STATUS_FILE, io_error, live_number, read_file};
use crate::log::Record;
use crate::manifest::{Manifest, has_extension, join, manifest_number};
use crate::{Error, Kind, Lost, Result};

/// Most bytes that are mirrored: live segments, mostly. A run with more must be compacted before it is read from a store.
const MIRROR_BYTES_MAX: u64 = 4 << 30;
/// Ends the name of a file in the mirror that was fetched but is not taken over yet.
const FETCHED: &str = "fetched";

/// The files of a run in an object store, as the last [`ObjectFiles::take_over`] left them.
#[derive(Debug)]
pub(super) struct ObjectFiles {
    remote: Remote,
    mirror: LocalFiles,
    cache: BlockCache,
    /// What somebody else has mirrored already: tags of the objects, by path.
    known: BTreeMap<String, String>,
    seen: RwLock<Seen>,
    failures: AtomicU64,
    last_failure: Mutex<Option<Failure>>,
}

/// Why a sealed file could not be read.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) url: String,
    pub(super) why: String,
    /// The file is there no more, as against a store that does not answer.
    pub(super) absent: bool,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    /// What readers find: all objects but manifests that wait.
    listing: BTreeMap<String, Object>,
    /// Version of each file in the mirror.
    mirrored: BTreeMap<String, String>,
    waiting: Vec<Lost>,
}

/// What a look at the store found, not taken over yet.
#[derive(Debug)]
pub(super) struct Found {
    seen: Seen,
    /// Files of the mirror to be replaced, in this order.
    fetched: Vec<String>,
    gone: Vec<String>,
}

/// Manifests that cannot be gone by.
#[derive(Debug, Default)]
struct HeldBack {
    /// They name what is not there.
    held: Vec<String>,
    /// They cannot be understood.
    unsound: Vec<String>,
}

impl ObjectFiles {
    /// Mirrors into `folder`, and keeps at most `cache_bytes` of the rest in memory. Files of `known` tags are there.
    pub(super) fn new(remote: Remote, folder: &Path, cache_bytes: usize, known: BTreeMap<String, String>) -> Self {
        Self {
            known,
            remote,
            mirror: LocalFiles::new(folder),
            cache: BlockCache::new(cache_bytes),
            seen: RwLock::default(),
            failures: AtomicU64::new(0),
            last_failure: Mutex::default(),
        }
    }

    /// Where the run lies.
    pub(super) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Bytes kept in memory.
    pub(super) fn cached_bytes(&self) -> usize {
        self.cache.bytes()
    }

    /// Parts that are there, but not yet whole.
    pub(super) fn waiting(&self) -> Vec<Lost> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner).waiting.clone()
    }

    /// Paths and lengths of all objects.
    pub(super) fn sizes(&self) -> Vec<(String, u64)> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        seen.listing.iter().map(|(path, object)| (path.clone(), object.bytes)).collect()
    }

    /// How often a sealed file could not be read, be it that the store did not answer or that the file is there no more.
    pub(super) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Acquire)
    }

    /// Why the last one did.
    pub(super) fn last_failure(&self) -> Option<Failure> {
        self.last_failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lists the run and fetches what is new, all at once, beside the files that readers see. `None` when nothing is.
    pub(super) fn look(&self) -> Result<Option<Found>> {
        let objects = self.remote.list()?;
        let before = self.seen.read().unwrap_or_else(PoisonError::into_inner).clone();
        let listing: BTreeMap<String, Object> =
            objects.into_iter().map(|object| (object.path.clone(), object)).collect();
        if listing == before.listing && before.waiting.is_empty() {
            return Ok(None);
        }
        let mirrored = || listing.values().filter(|object| is_mirrored(&object.path));
        let found: u64 = mirrored().map(|object| object.bytes).sum();
        if found > MIRROR_BYTES_MAX {
            let what = format!("bytes that are not sealed in {}; compact the run and push it again", self.remote.url());
            return Err(Error::TooLarge { what, limit: MIRROR_BYTES_MAX, found });
        }
        let superseded = superseded_manifests(&listing);
        let there = |object: &&Object| !before.mirrored.contains_key(&object.path) && self.is_there(object);
        let there: BTreeMap<String, String> =
            mirrored().filter(there).map(|object| (object.path.clone(), object.version.clone())).collect();
        let is_new = |object: &&Object| {
            !there.contains_key(&object.path) && before.mirrored.get(&object.path) != Some(&object.version)
        };
        let (old, wanted): (Vec<Object>, Vec<Object>) =
            mirrored().filter(is_new).cloned().partition(|object| superseded.contains(object.path.as_str()));
        let mut seen = Seen { mirrored: before.mirrored.clone(), ..Seen::default() };
        seen.mirrored.retain(|path, _| listing.contains_key(path));
        seen.mirrored.extend(there.clone());
        seen.listing = listing.clone();
        let mut replaced = self.fetch(wanted, &mut seen)?;
        self.cut_logs(&mut seen, &replaced)?;
        let HeldBack { mut held, unsound } = self.hold_back_manifests(&mut seen, &replaced)?;
        // Where the newest of a writer waits or is unsound, readers turn to its older ones: these may have to wait as well.
        let is_manifest_of = |path: &str, writer: &str| {
            writer_of(path) == writer && order(path) == Some(2) && !unsound.iter().any(|unsound| unsound == path)
        };
        let has_one = |writer: &str| seen.mirrored.keys().any(|path| is_manifest_of(path, writer));
        let old: Vec<Object> = old.into_iter().filter(|object| !has_one(writer_of(&object.path))).collect();
        let older = self.fetch(old, &mut seen)?;
        held.extend(self.hold_back_manifests(&mut seen, &older)?.held);
        replaced.extend(older);
        replaced.retain(|path| !held.contains(path));
        replaced.sort_by_key(|path| order(path));
        let gone = before.mirrored.keys().filter(|path| !seen.mirrored.contains_key(*path)).cloned().collect();
        Ok(Some(Found { seen, fetched: replaced, gone }))
    }

    /// Fetches objects beside the files that readers see, and gives the paths of those that were still there.
    fn fetch(&self, wanted: Vec<Object>, seen: &mut Seen) -> Result<Vec<String>> {
        let mut copies = Vec::with_capacity(wanted.len());
        for object in &wanted {
            let file = self.fetched(&object.path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(|source| io_error("create", folder, source))?;
            }
            copies.push(Wanted { path: object.path.clone(), file, seen: None });
        }
        let mut fetched = Vec::with_capacity(wanted.len());
        for (object, copied) in wanted.into_iter().zip(self.remote.copy(copies)) {
            if copied? == Copied::Gone {
                // Sealed or replaced since it was listed: the next look tells.
                seen.listing.remove(&object.path);
                seen.mirrored.remove(&object.path);
                continue;
            }
            seen.mirrored.insert(object.path.clone(), object.version);
            fetched.push(object.path);
        }
        Ok(fetched)
    }

    /// Where a file lies until it is taken over.
    fn fetched(&self, path: &str) -> PathBuf {
        self.mirror.locate(&format!("{path}.{FETCHED}"))
    }

    /// Cuts each log that is new to the records whose bytes the segment beside it holds.
    fn cut_logs(&self, seen: &mut Seen, fetched: &[String]) -> Result<()> {
        for path in fetched.iter().filter(|path| has_extension(path, "log")) {
            let segment = format!("{}.arrows", path.trim_end_matches(".log"));
            let there = [self.fetched(&segment), self.mirror.locate(&segment)];
            let length = there.iter().find_map(|file| Some(std::fs::metadata(file).ok()?.len())).unwrap_or(0);
            let log = self.fetched(path);
            let bytes = read_file(&log, MIRROR_BYTES_MAX)?;
            let records = bytes.as_chunks::<{ Record::BYTES }>().0;
            // An unsound record is passed on: the reader says what it thinks of it.
            let vouches_for_more = |bytes| Record::from_bytes(bytes).is_ok_and(|record| record.end() > length);
            let Some(kept) = records.iter().position(vouches_for_more) else { continue };
            let file = std::fs::OpenOptions::new().write(true).open(&log);
            let cut = file.and_then(|file| file.set_len((kept * Record::BYTES) as u64));
            cut.map_err(|source| io_error("write", &log, source))?;
            // No object has this version: it is fetched again.
            seen.mirrored.insert(path.clone(), String::new());
            let (file, what) = (segment, format!("all after batch {}", kept.saturating_sub(1)));
            let why =
                format!("the object holds {length} bytes and its log vouches for more; it may still be on its way");
            seen.waiting.push(Lost { file, what, why });
        }
        Ok(())
    }

    /// Whether somebody else has mirrored an object as it is.
    fn is_there(&self, object: &Object) -> bool {
        object.tag.is_some()
            && object.tag.as_ref() == self.known.get(&object.path)
            && self.mirror.len(&object.path).is_ok_and(|bytes| bytes == object.bytes)
    }

    /// Takes from what readers find each new manifest that names a file which is not there.
    fn hold_back_manifests(&self, seen: &mut Seen, fetched: &[String]) -> Result<HeldBack> {
        let HeldBack { mut held, mut unsound } = HeldBack::default();
        for path in fetched {
            let Some((writer, number)) = path.split_once('/').and_then(|(w, name)| Some((w, manifest_number(name)?)))
            else {
                continue;
            };
            let bytes = read_file(&self.fetched(path), JSON_BYTES_MAX)?;
            // An unsound one is passed on: the reader says what it thinks of it.
            let Some(manifest) = Manifest::from_bytes(&bytes, number) else {
                unsound.push(path.clone());
                continue;
            };
            let files = manifest.sealed.iter().flat_map(|sealed| {
                let all = std::iter::once(&sealed.file).chain(&sealed.rollup);
                all.map(|entry| (join(&join(writer, sealed.kind.folder()), &entry.file), entry.bytes))
            });
            let is_whole =
                |(path, bytes): &(String, u64)| seen.listing.get(path).is_some_and(|object| object.bytes == *bytes);
            let Some((missing, _)) = files.into_iter().find(|file| !is_whole(file)) else { continue };
            let what = "what is newly sealed".to_owned();
            let why = format!("it names {missing}, which is not there whole; it may still be on its way");
            seen.waiting.push(Lost { file: path.clone(), what, why });
            held.push(path.clone());
        }
        for path in &held {
            seen.listing.remove(path);
            seen.mirrored.remove(path);
        }
        Ok(HeldBack { held, unsound })
    }

    /// Lets readers see what a look found. No reader may be asked anything meanwhile.
    pub(super) fn take_over(&self, found: Found) -> Result<()> {
        for path in &found.gone {
            let path = self.mirror.locate(path);
            match std::fs::remove_file(&path) {
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io_error("remove", &path, source));
                }
                _ => {}
            }
        }
        for path in &found.fetched {
            let (from, to) = (self.fetched(path), self.mirror.locate(path));
            // A file that is the same stays the same file: `run.json` with another inode would be another run.
            if matches!(path.as_str(), RUN_FILE | STATUS_FILE)
                && std::fs::read(&from).ok().is_some_and(|bytes| std::fs::read(&to).is_ok_and(|old| old == bytes))
            {
                let _ = std::fs::remove_file(&from);
                continue;
            }
            std::fs::rename(&from, &to).map_err(|source| io_error("replace", &to, source))?;
        }
        *self.seen.write().unwrap_or_else(PoisonError::into_inner) = found.seen;
        Ok(())
    }

    fn object(&self, path: &str) -> Result<Object> {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let missing = || io_error("open", &self.remote.locate(path), std::io::ErrorKind::NotFound.into());
        seen.listing.get(path).cloned().ok_or_else(missing)
    }

    fn noted<T>(&self, answer: Result<T>) -> Result<T> {
        if let Err(Error::Remote { url, why, absent, .. }) = &answer {
            let failure = Failure { url: url.clone(), why: why.clone(), absent: *absent };
            *self.last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
            self.failures.fetch_add(1, Ordering::AcqRel);
        }
        answer
    }
}

/// Files that are mirrored: all but sealed ones, blobs and what people wrote.
///
/// No path leads out of the mirror: of each, every part is known.
fn is_mirrored(path: &str) -> bool {
    order(path).is_some()
}

/// When a file is taken over: segments before the logs that vouch for them, manifests before the state that counts them.
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

/// The folder of the writer that a file belongs to.
fn writer_of(path: &str) -> &str {
    path.split_once('/').map_or("", |(writer, _)| writer)
}

/// All manifests of each writer but its newest: older ones are read when that one has to wait, or is unsound.
fn superseded_manifests(listing: &BTreeMap<String, Object>) -> BTreeSet<&str> {
    let mut of_writer: BTreeMap<&str, BTreeMap<u32, &str>> = BTreeMap::new();
    for path in listing.keys() {
        if let Some((writer, name)) = path.split_once('/')
            && let Some(number) = manifest_number(name)
        {
            of_writer.entry(writer).or_default().insert(number, path);
        }
    }
    of_writer.into_values().flat_map(|numbers| numbers.into_values().rev().skip(1)).collect()
}

impl Files for ObjectFiles {
    fn list(&self, folder: &str) -> Result<Vec<Entry>> {
        let below = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        let inside = seen.listing.range(below.clone()..).take_while(|(path, _)| path.starts_with(&below));
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
        if self.seen.read().unwrap_or_else(PoisonError::into_inner).mirrored.contains_key(path) {
            return self.mirror.read_range(path, range);
        }
        let length = self.object(path)?.bytes;
        if range.start > range.end || range.end > length {
            return Err(too_short(self.locate(path), &range, length));
        }
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.noted(self.cache.read(path, length, range, |range| self.remote.get_range(path, range)))
    }

    fn locate(&self, path: &str) -> PathBuf {
        self.remote.locate(path)
    }
}
