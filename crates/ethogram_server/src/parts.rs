//! A long answer in parts, `application/x-ethogram-parts`: each a u32 of bytes, little-endian, then so many bytes of columns.
//!
//! The header of a part has `part`: its kind. The last part of an answer that breaks off is `error`.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse, Response},
};
use futures::stream;
use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot},
    task,
};

use crate::{
    columns::Columns,
    error::{ApiError, ApiResult},
    etag,
    pool::Pool,
};

/// The media type of an answer in parts.
pub const PARTS_TYPE: &str = "application/x-ethogram-parts";
/// Parts that may wait for a slow client.
const WAITING_MAX: usize = 16;

/// Where a thread that works puts parts.
#[derive(Clone, Debug)]
pub struct Parts {
    to: mpsc::Sender<Bytes>,
    /// Told with the first part, or with the error that came before it.
    began: Arc<Mutex<Option<oneshot::Sender<ApiResult<()>>>>>,
}

/// Nobody waits for the answer any more.
#[derive(Clone, Copy, Debug)]
pub struct Gone;

/// The answer that is made of what `work` sends, from a worker. An error before the first part is the answer; a later one is its last part.
pub async fn answer<Work>(pool: Pool, work: Work) -> ApiResult<Response>
where
    Work: FnOnce(&Parts) -> ApiResult<()> + Send + 'static,
{
    let (to, receiver) = mpsc::channel::<Bytes>(WAITING_MAX);
    let (began, first) = oneshot::channel();
    let parts = Parts { to, began: Arc::new(Mutex::new(Some(began))) };
    let told = parts.clone();
    tokio::spawn(async move {
        let ended = pool.run(move || work(&parts)).await;
        // Parts are sent from threads that may wait.
        drop(task::spawn_blocking(move || told.end(ended)).await);
    });
    first.await.unwrap_or_else(|_| Err(ApiError::internal("the work ended before it began")))?;
    let body = Body::from_stream(stream::unfold(receiver, |mut receiver| async move {
        let part = receiver.recv().await?;
        Some((Ok::<_, std::convert::Infallible>(part), receiver))
    }));
    let head = [(header::CONTENT_TYPE, PARTS_TYPE), (header::CACHE_CONTROL, etag::ASK_AGAIN)];
    Ok((head, body).into_response())
}

impl Parts {
    /// Sends a part of a kind; waits while the client is slow.
    pub fn send(&self, kind: &str, mut columns: Columns) -> Result<(), Gone> {
        columns.set("part", kind.into());
        drop(self.begin(Ok(())));
        self.to.blocking_send(framed(columns)).map_err(|_| Gone)
    }

    /// Sends a part that may be left out: a slow client misses it.
    pub fn offer(&self, kind: &str, mut columns: Columns) -> Result<(), Gone> {
        columns.set("part", kind.into());
        drop(self.begin(Ok(())));
        match self.to.try_send(framed(columns)) {
            Err(mpsc::error::TrySendError::Closed(_)) => Err(Gone),
            _ => Ok(()),
        }
    }

    /// Whether the client went away.
    pub fn is_gone(&self) -> bool {
        self.to.is_closed()
    }

    /// Tells that the answer begins, unless it was told; gives back what could not be told.
    fn begin(&self, how: ApiResult<()>) -> ApiResult<()> {
        match self.began.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(began) => began.send(how).or(Ok(())),
            None => how,
        }
    }

    /// Says why the answer ends here, if it does not end well.
    fn end(&self, how: ApiResult<()>) {
        let Err(error) = self.begin(how) else { return };
        let mut columns = Columns::new();
        if let Ok(Value::Object(told)) = serde_json::to_value(&error) {
            told.into_iter().for_each(|(key, value)| columns.set(&key, value));
        }
        // Whoever went away does not want to know.
        let _ = self.send("error", columns);
    }
}

fn framed(columns: Columns) -> Bytes {
    let body = columns.into_body();
    Bytes::from([&(body.len() as u32).to_le_bytes()[..], &body].concat())
}

/// The bodies of columns that an answer is made of.
///
/// **Errors**: a text that says where it breaks off.
pub fn decode(mut body: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut parts = Vec::new();
    while !body.is_empty() {
        let (length, rest) =
            body.split_first_chunk::<4>().ok_or_else(|| format!("part {} has no length", parts.len()))?;
        let length = u32::from_le_bytes(*length) as usize;
        let part = rest.get(..length).ok_or_else(|| format!("part {} is cut off", parts.len()))?;
        parts.push(part);
        body = &rest[length..];
    }
    Ok(parts)
}
