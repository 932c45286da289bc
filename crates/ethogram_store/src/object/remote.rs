//! A prefix of an object store, asked from threads that wait.

use std::future::Future;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Runtime;

use crate::{Error, Result};

/// Uploads larger than this go in parts of this size.
const PART_BYTES: usize = 16 << 20;
/// Most objects below one prefix.
const OBJECTS_MAX: usize = 4_000_000;

/// A prefix of an object store.
#[derive(Clone, Debug)]
pub struct Remote {
    store: Arc<dyn ObjectStore>,
    prefix: String,
    url: String,
}

/// An object below a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    /// Below the prefix.
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Changes when the bytes do.
    pub(super) version: String,
}

impl Remote {
    /// The prefix that `s3://BUCKET/PREFIX` names. Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::BadName`] when it is not such a URL; [`Error::Io`] when the settings in the environment contradict each other.
    pub fn open(url: &str) -> Result<Self> {
        let bad = |why| Error::BadName { name: url.chars().take(200).collect(), why };
        let rest = url.strip_prefix("s3://").ok_or(bad("a URL of an object store begins with s3://"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(bad("it names no bucket; write s3://BUCKET/PREFIX"));
        }
        let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build();
        let store = store.map_err(|error| failed("open", url, &error))?;
        Ok(Self::new(Arc::new(store), prefix, url))
    }

    /// A prefix of any store; `url` is what to call it.
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: &str, url: &str) -> Self {
        Self { store, prefix: prefix.trim_matches('/').to_owned(), url: url.trim_end_matches('/').to_owned() }
    }

    /// What to call it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A prefix within this one.
    #[must_use]
    pub fn within(&self, path: &str) -> Self {
        Self { store: Arc::clone(&self.store), prefix: self.key(path), url: format!("{}/{path}", self.url) }
    }

    /// What to call an object in messages.
    pub(super) fn locate(&self, path: &str) -> PathBuf {
        format!("{}/{path}", self.url).into()
    }

    fn key(&self, path: &str) -> String {
        if self.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.prefix) }
    }

    /// All objects below the prefix, sorted.
    pub(super) fn list(&self) -> Result<Vec<Object>> {
        let (store, prefix) = (Arc::clone(&self.store), Key::from(self.prefix.as_str()));
        let below = if self.prefix.is_empty() { 0 } else { self.prefix.len() + 1 };
        let listed = wait(async move {
            let mut objects = Vec::new();
            let mut listing = store.list(Some(&prefix));
            while let Some(meta) = listing.try_next().await? {
                if objects.len() == OBJECTS_MAX {
                    return Ok(Err(objects.len()));
                }
                let path = meta.location.as_ref().get(below..).unwrap_or_default().to_owned();
                let version = format!("{:?} {} {}", meta.e_tag, meta.last_modified, meta.size);
                objects.push(Object { path, bytes: meta.size, version });
            }
            Ok(Ok(objects))
        });
        let listed = listed.map_err(|error| failed("list", &self.url, &error))?;
        let mut objects = listed.map_err(|found| Error::TooLarge {
            what: format!("number of objects in {}", self.url),
            limit: OBJECTS_MAX as u64,
            found: found as u64,
        })?;
        objects.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        Ok(objects)
    }

    /// A part of an object, or less when it ends before the range does.
    pub(super) fn get_range(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        let (store, key) = (Arc::clone(&self.store), Key::from(self.key(path)));
        wait(async move { store.get_range(&key, range).await })
            .map_err(|error| failed("read", &format!("{}/{path}", self.url), &error))
    }

    /// A whole object.
    pub(super) fn get(&self, path: &str) -> Result<Bytes> {
        let (store, key) = (Arc::clone(&self.store), Key::from(self.key(path)));
        wait(async move { store.get(&key).await?.bytes().await })
            .map_err(|error| failed("read", &format!("{}/{path}", self.url), &error))
    }

    /// Puts a local file under a name, replacing what was there. Returns its length.
    pub(super) fn put_file(&self, path: &str, file: &std::path::Path) -> Result<u64> {
        let (store, key) = (Arc::clone(&self.store), Key::from(self.key(path)));
        let mut source = std::fs::File::open(file).map_err(|source| crate::layout::io_error("open", file, source))?;
        let mut next = || {
            let mut part = Vec::new();
            let read = std::io::Read::read_to_end(&mut std::io::Read::take(&mut source, PART_BYTES as u64), &mut part);
            read.map(|_| part).map_err(|source| crate::layout::io_error("read", file, source))
        };
        let failed = |error| failed("write", &format!("{}/{path}", self.url), &error);
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
            Err(error) => Err(failed("remove", &format!("{}/{path}", self.url), &error)),
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

fn failed(action: &'static str, url: &str, error: &object_store::Error) -> Error {
    let kind = match error {
        object_store::Error::NotFound { .. } => std::io::ErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            std::io::ErrorKind::PermissionDenied
        }
        _ => std::io::ErrorKind::Other,
    };
    Error::Io { action, path: url.into(), source: std::io::Error::new(kind, error.to_string()) }
}
