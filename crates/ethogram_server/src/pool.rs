//! Where routes do what takes a processor or a disk, so that the event loop stays free: a bounded number at once.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::http::StatusCode;
use tokio::{sync::Semaphore, task};

use crate::{
    error::{ApiError, ApiResult},
    limits::WAITING_MAX,
};

/// A bounded number of workers.
#[derive(Clone, Debug)]
pub struct Pool {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
}

impl Pool {
    /// Twice as many workers as processors, four at least: some of them wait for the disk.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::of((2 * processors).max(4))
    }

    fn of(workers: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(workers)), waiting: Arc::default() }
    }

    /// Runs `work` on a worker. Work whose client went away before it began is dropped.
    ///
    /// **Errors**: 503 when too much waits already; 500 when `work` panics.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> ApiResult<T> + Send + 'static) -> ApiResult<T> {
        let place = Place::take(&self.waiting)?;
        let permit =
            self.permits.clone().acquire_owned().await.map_err(|_| ApiError::internal("the pool is closed"))?;
        drop(place);
        let answer = task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        answer.await.unwrap_or_else(|error| Err(ApiError::internal(format!("the request's work failed: {error}"))))
    }
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> ApiResult<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        let place = Self(waiting);
        if before < WAITING_MAX {
            return Ok(place);
        }
        let message = format!("{before} requests wait already, the limit is {WAITING_MAX}");
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint("ask again in a moment"))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_answer_and_frees_its_worker() {
        let pool = Pool::of(1);
        for _ in 0..3 {
            let error = pool.run::<()>(|| panic!("on purpose")).await.expect_err("a panic");
            assert_eq!((error.status(), error.code), (StatusCode::INTERNAL_SERVER_ERROR, "internal"));
        }
        assert_eq!(pool.run(|| Ok(7)).await, Ok(7));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn no_more_than_the_bound_run_at_once() {
        let pool = Pool::of(2);
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let jobs = (0..8).map(|_| {
            let (running, most) = (running.clone(), most.clone());
            pool.run(move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(5));
                running.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            })
        });
        for done in futures::future::join_all(jobs).await {
            assert_eq!(done, Ok(()));
        }
        assert_eq!(most.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn the_queue_is_bounded() {
        let waiting = AtomicUsize::new(WAITING_MAX);
        assert_eq!(Place::take(&waiting).err().map(|error| error.code), Some("busy"));
        assert_eq!(waiting.load(Ordering::Relaxed), WAITING_MAX, "a refused place is given back");
        waiting.store(0, Ordering::Relaxed);
        drop(Place::take(&waiting));
        assert_eq!(waiting.load(Ordering::Relaxed), 0);
    }
}
