//! A prefix of an object store, asked from threads that wait.

use std::collections::{BTreeSet, VecDeque};
use std::future::Future;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use super::fault::Place;
use crate::layout::{FIND_DEPTH_MAX, RUN_FILE, io_error};
use crate::{Error, Result};

/// Uploads larger than this go in parts of this size.
const PART_BYTES: usize = 16 << 20;
/// Most objects below one prefix.
const OBJECTS_MAX: usize = 4_000_000;
/// Most prefixes that are listed when runs are looked for.
const FOLDERS_MAX: usize = 20_000;
/// Requests that are under way at once.
const AT_ONCE: usize = 32;

/// A prefix of an object store.
#[derive(Clone, Debug)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    url: String,
    place: Place,
}

/// An object below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Below the prefix.
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Changes when the bytes do.
    pub(super) version: String,
    /// What [`Copied::New`] tells of the same bytes.
    pub(super) tag: Option<String>,
}

/// An object to be copied into a file.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) path: String,
    pub(super) file: PathBuf,
    /// What [`Copied::New`] told of it; it is not sent again while that holds.
    pub(super) seen: Option<String>,
}

/// What became of one [`Wanted`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// The file holds the object as it is now; the text tells its bytes from others.
    New(Option<String>),
    /// The object is as it was seen; the file was not touched.
    Same,
    /// There is no such object.
    Gone,
}

impl Remote {
    /// A prefix of any store; `url` is what to call it.
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: &str, url: &str, place: Place) -> Self {
        let (prefix, url) = (prefix.trim_matches('/').to_owned(), url.trim_end_matches('/').to_owned());
        Self { store, prefix, url, place }
    }

    /// What to call it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A prefix within this one.
    #[must_use]
    pub fn within(&self, path: &str) -> Self {
        if path.is_empty() {
            return self.clone();
        }
        Self { prefix: self.key(path), url: format!("{}/{path}", self.url), ..self.clone() }
    }

    /// What to call an object in messages.
    pub(super) fn locate(&self, path: &str) -> PathBuf {
        format!("{}/{path}", self.url).into()
    }

    fn key(&self, path: &str) -> String {
        if self.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.prefix) }
    }

    fn failed(&self, action: &'static str, path: &str, error: &object_store::Error) -> Error {
        let url = if path.is_empty() { self.url.clone() } else { format!("{}/{path}", self.url) };
        self.place.error(action, &url, error)
    }

    /// Where the prefix ends in a full key.
    fn below(&self) -> usize {
        if self.prefix.is_empty() { 0 } else { self.prefix.len() + 1 }
    }

    /// All objects below the prefix, sorted.
    pub(super) fn list(&self) -> Result<Vec<Object>> {
        let (store, prefix, below) = (Arc::clone(&self.store), Key::from(self.prefix.as_str()), self.below());
        let listed = wait(async move {
            let mut objects = Vec::new();
            let mut listing = store.list(Some(&prefix));
            while let Some(meta) = listing.try_next().await? {
                if objects.len() == OBJECTS_MAX {
                    return Ok(Err(objects.len()));
                }
                let path = meta.location.as_ref().get(below..).unwrap_or_default().to_owned();
                let version = format!("{:?} {} {}", meta.e_tag, meta.last_modified, meta.size);
                objects.push(Object { path, bytes: meta.size, version, tag: meta.e_tag });
            }
            Ok(Ok(objects))
        });
        let listed = listed.map_err(|error| self.failed("list", "", &error))?;
        let mut objects = listed.map_err(|found| Error::TooLarge {
            what: format!("number of objects in {}", self.url),
            limit: OBJECTS_MAX as u64,
            found: found as u64,
        })?;
        objects.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(objects)
    }

    /// Prefixes at or below this one that hold a `run.json`, sorted, relative to it; `""` is this one.
    ///
    /// One request a prefix that is no run, many at once; `known` runs cost none. Nothing is looked for inside a run, nor deeper
    /// than [`FIND_DEPTH_MAX`], nor in prefixes whose names start with a dot.
    pub(super) fn find(&self, known: &BTreeSet<String>) -> Result<Vec<String>> {
        let mut found: BTreeSet<String> = BTreeSet::new();
        let mut level: VecDeque<String> = [String::new()].into();
        let mut listed = 0;
        for depth in 0..=FIND_DEPTH_MAX {
            listed += level.len();
            if listed > FOLDERS_MAX {
                let what = format!(
                    "number of prefixes without a run in {}; name a prefix that is nearer to the runs",
                    self.url
                );
                return Err(Error::TooLarge { what, limit: FOLDERS_MAX as u64, found: listed as u64 });
            }
            let mut next = VecDeque::new();
            for (folder, is_run, folders) in self.list_levels(level.into())? {
                if is_run {
                    found.insert(folder);
                } else if depth < FIND_DEPTH_MAX {
                    for name in folders.iter().filter(|name| !name.is_empty() && !name.starts_with('.')) {
                        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
                        if known.contains(&path) {
                            found.insert(path);
                        } else {
                            next.push_back(path);
                        }
                    }
                }
            }
            level = next;
        }
        Ok(found.into_iter().collect())
    }

    /// Of each folder: whether it holds a `run.json`, and the names of the folders in it.
    fn list_levels(&self, folders: Vec<String>) -> Result<Vec<(String, bool, Vec<String>)>> {
        let remote = self.clone();
        let listed = wait(async move {
            let levels = futures::stream::iter(folders.into_iter().map(|folder| {
                let remote = &remote;
                async move {
                    let key = remote.key(&folder);
                    let key = key.trim_end_matches('/');
                    let listed = remote.store.list_with_delimiter(Some(&Key::from(key))).await?;
                    let is_run = listed.objects.iter().any(|object| object.location.filename() == Some(RUN_FILE));
                    let folders = listed.common_prefixes.iter().filter_map(|prefix| prefix.filename());
                    Ok((folder, is_run, folders.map(str::to_owned).collect()))
                }
            }));
            levels.buffer_unordered(AT_ONCE).try_collect().await
        });
        listed.map_err(|error| self.failed("list", "", &error))
    }

    /// A part of an object, or less when it ends before the range does.
    pub(super) fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        let (store, key) = (Arc::clone(&self.store), Key::from(self.key(path)));
        wait(async move { store.get_range(&key, range).await }).map_err(|error| self.failed("read", path, &error))
    }

    /// A whole object.
    pub(super) fn get(&self, path: &str) -> Result<Bytes> {
        let (store, key) = (Arc::clone(&self.store), Key::from(self.key(path)));
        wait(async move { store.get(&key).await?.bytes().await }).map_err(|error| self.failed("read", path, &error))
    }

    /// Copies objects into files, many at once, and says of each what became of it. The folders of the files must be there.
    pub(super) fn copy(&self, wanted: Vec<Wanted>) -> Vec<Result<Copied>> {
        let remote = self.clone();
        let paths: Vec<String> = wanted.iter().map(|wanted| wanted.path.clone()).collect();
        let copied = wait(async move {
            let copies = futures::stream::iter(wanted.into_iter().map(|wanted| {
                let remote = &remote;
                async move { remote.copy_one(&wanted).await }
            }));
            Ok(copies.buffered(AT_ONCE).collect::<Vec<_>>().await)
        });
        match copied {
            Ok(copied) => copied,
            Err(error) => paths.iter().map(|path| Err(self.failed("read", path, &error))).collect(),
        }
    }

    async fn copy_one(&self, wanted: &Wanted) -> Result<Copied> {
        use object_store::Error as Theirs;
        let key = Key::from(self.key(&wanted.path));
        let options = GetOptions { if_none_match: wanted.seen.clone(), ..GetOptions::default() };
        let failed = |error: &Theirs| self.failed("read", &wanted.path, error);
        let got = match self.store.get_opts(&key, options).await {
            Ok(got) => got,
            Err(Theirs::NotModified { .. }) => return Ok(Copied::Same),
            Err(Theirs::NotFound { .. }) => return Ok(Copied::Gone),
            Err(error) => return Err(failed(&error)),
        };
        let tag = got.meta.e_tag.clone();
        let written = |source| io_error("write", &wanted.file, source);
        let mut file = std::fs::File::create(&wanted.file).map_err(written)?;
        let mut parts = got.into_stream();
        while let Some(part) = parts.try_next().await.map_err(|error| failed(&error))? {
            file.write_all(&part).map_err(written)?;
        }
        Ok(Copied::New(tag))
    }

    /// Puts a local file under a name, replacing what was there. Returns its length.
    pub(super) fn put_file(&self, path: &str, file: &Path) -> Result<u64> {
        let (store, key) = (Arc::clone(&self.store), Key::from(self.key(path)));
        let mut source = std::fs::File::open(file).map_err(|source| io_error("open", file, source))?;
        let mut next = || {
            let mut part = Vec::new();
            let read = std::io::Read::read_to_end(&mut std::io::Read::take(&mut source, PART_BYTES as u64), &mut part);
            read.map(|_| part).map_err(|source| io_error("read", file, source))
        };
        let failed = |error| self.failed("write", path, &error);
        let first = next()?;
        if first.len() < PART_BYTES {
            let bytes = first.len() as u64;
            wait(async move { store.put(&key, first.into()).await }).map_err(failed)?;
            return Ok(bytes);
        }
        let mut upload = wait(async move { store.put_multipart(&key).await }).map_err(failed)?;
        let (mut part, mut bytes) = (first, 0);
        while !part.is_empty() {
            bytes += part.len() as u64;
            let sent = upload.put_part(part.into());
            wait(sent).map_err(failed)?;
            part = next()?;
        }
        wait(async move { upload.complete().await }).map_err(failed)?;
        Ok(bytes)
    }

    /// Removes an object; one that is not there is as good as removed.
    pub(super) fn remove(&self, path: &str) -> Result<()> {
        let (store, key) = (Arc::clone(&self.store), Key::from(self.key(path)));
        match wait(async move { store.delete(&key).await }) {
            Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
            Err(error) => Err(self.failed("remove", path, &error)),
        }
    }
}

/// Runs a request on threads of our own and waits for it, whichever thread asks: also one that belongs to another runtime.
fn wait<T: Send + 'static>(
    request: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> object_store::Result<T> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let generic =
        |source: Box<dyn std::error::Error + Send + Sync>| object_store::Error::Generic { store: "S3", source };
    let runtime = RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).thread_name("ethogram-object").enable_all().build()
    });
    let runtime = runtime.as_ref().map_err(|error| generic(error.to_string().into()))?;
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    runtime.spawn(async move {
        let _ = sender.send(request.await);
    });
    receiver.recv().map_err(|_| generic("the request was given up".into()))?
}
