//! A store in memory that counts requests, makes each of them wait, and fails when told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::object::Remote;
use crate::object::fault::Place;

/// How long each request takes.
const LATENCY: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
pub struct Counting {
    inner: InMemory,
    down: AtomicBool,
    /// Reads that are answered before the store goes down by itself; negative when it does not.
    left: AtomicI64,
    lists: AtomicU64,
    gets: AtomicU64,
    under_way: AtomicU64,
    most_under_way: AtomicU64,
}

impl std::fmt::Display for Counting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "counting")
    }
}

impl Counting {
    /// An empty store, and the prefix `s3://bucket/lab/runs` of it.
    pub fn bucket() -> (Arc<Self>, Remote) {
        let store = Arc::new(Self { left: AtomicI64::new(-1), ..Self::default() });
        let place = Place { bucket: "bucket".into(), endpoint: "memory".into(), has_credentials: true };
        let remote = Remote::new(Arc::clone(&store) as Arc<dyn ObjectStore>, "lab/runs", "s3://bucket/lab/runs", place);
        (store, remote)
    }

    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
        self.left.store(-1, Ordering::SeqCst);
    }

    /// Answers so many more reads, and then nothing.
    pub fn go_down_after(&self, reads: u64) {
        self.left.store(reads as i64, Ordering::SeqCst);
    }

    /// Puts bytes in the place of an object of the bucket.
    pub fn overwrite(&self, path: &str, change: impl Fn(&mut Vec<u8>)) {
        let key = Path::from(format!("lab/runs/{path}"));
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let mut bytes = self.inner.get(&key).await.expect("an object").bytes().await.expect("bytes").to_vec();
            change(&mut bytes);
            self.inner.put(&key, bytes.into()).await.expect("put");
        });
    }

    /// Lists and reads since this was asked last.
    pub fn asked(&self) -> (u64, u64) {
        (self.lists.swap(0, Ordering::SeqCst), self.gets.swap(0, Ordering::SeqCst))
    }

    /// Most requests that waited for their answers together since this was asked last.
    pub fn most_together(&self) -> u64 {
        self.most_under_way.swap(0, Ordering::SeqCst)
    }

    /// Lets a request take as long as one does.
    async fn answer_late(&self) {
        let now = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_under_way.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(LATENCY).await;
        self.under_way.fetch_sub(1, Ordering::SeqCst);
    }

    fn ask(&self, counter: &AtomicU64) -> Result<()> {
        counter.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(object_store::Error::Generic { store: "S3", source: "the cable is cut".into() });
        }
        Ok(())
    }
}

impl ObjectStore for Counting {
    fn put_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> BoxFuture<'c, Result<PutResult>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        self.inner.put_opts(location, payload, options)
    }

    fn put_multipart_opts<'a, 'b, 'c>(
        &'a self,
        location: &'b Path,
        options: PutMultipartOptions,
    ) -> BoxFuture<'c, Result<Box<dyn MultipartUpload>>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        self.inner.put_multipart_opts(location, options)
    }

    fn get_opts<'a, 'b, 'c>(&'a self, location: &'b Path, options: GetOptions) -> BoxFuture<'c, Result<GetResult>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        async move {
            if self.left.load(Ordering::SeqCst) >= 0 && self.left.fetch_sub(1, Ordering::SeqCst) == 0 {
                self.set_down(true);
            }
            self.ask(&self.gets)?;
            self.answer_late().await;
            self.inner.get_opts(location, options).await
        }
        .boxed()
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.ask(&self.lists) {
            Ok(()) => self.inner.list(prefix),
            Err(error) => futures::stream::once(async move { Err(error) }).boxed(),
        }
    }

    fn list_with_delimiter<'a, 'b, 'c>(&'a self, prefix: Option<&'b Path>) -> BoxFuture<'c, Result<ListResult>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        async move {
            self.ask(&self.lists)?;
            self.answer_late().await;
            self.inner.list_with_delimiter(prefix).await
        }
        .boxed()
    }

    fn copy_opts<'a, 'b, 'c, 'd>(
        &'a self,
        from: &'b Path,
        to: &'c Path,
        options: CopyOptions,
    ) -> BoxFuture<'d, Result<()>>
    where
        'a: 'd,
        'b: 'd,
        'c: 'd,
        Self: 'd,
    {
        self.inner.copy_opts(from, to, options)
    }
}
