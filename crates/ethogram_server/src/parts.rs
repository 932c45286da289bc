//! A long answer in parts, `application/x-ethogram-parts`: each a u32 of bytes, little-endian, then so many bytes of columns.
//!
//! The header of a part has `part`: its kind. The last part of an answer that breaks off is `error`.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures::stream;
use serde_json::Value;
use tokio::{
    sync::{Semaphore, mpsc, oneshot, watch},
    task,
};

use crate::{
    columns::{Columns, Decoded, decode},
    error::{ApiError, ApiResult},
    limits::PART_TELL_EVERY,
};

/// The media type of an answer in parts.
pub const PARTS_TYPE: &str = "application/x-ethogram-parts";
/// Parts that wait for a slow client; those that it can do without find no place then, for newer ones will come.
const WAITING_MAX: usize = 2;

/// Where the work that an answer is made of puts its parts.
#[derive(Debug)]
pub struct Parts {
    to: mpsc::Sender<Bytes>,
    /// True once the server was told to stop.
    stopped: watch::Receiver<bool>,
    /// Told when the answer begins, or why it does not.
    began: Mutex<Option<oneshot::Sender<ApiResult<()>>>>,
    /// When progress was told last.
    told: Mutex<Option<Instant>>,
}

/// The answer that is made of what `work` sends, from a thread of its own. An error before it begins is the answer; a later one is its last part.
///
/// **Errors**: 503 (`busy`, with the words of `full`) when `places` are all taken.
pub async fn answer<Work>(
    places: &Arc<Semaphore>,
    full: impl FnOnce() -> (String, &'static str),
    stopped: watch::Receiver<bool>,
    work: Work,
) -> ApiResult<Response>
where
    Work: FnOnce(&Parts) -> ApiResult<()> + Send + 'static,
{
    let place = Arc::clone(places).try_acquire_owned().map_err(|_| {
        let (message, hint) = full();
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint(hint)
    })?;
    let (to, receiver) = mpsc::channel::<Bytes>(WAITING_MAX);
    let (began, beginning) = oneshot::channel();
    task::spawn_blocking(move || {
        let parts = Parts { to, stopped, began: Mutex::new(Some(began)), told: Mutex::default() };
        let how = work(&parts);
        // Whoever hears the end may ask again at once.
        drop(place);
        parts.end(how);
    });
    beginning.await.unwrap_or_else(|_| Err(ApiError::internal("the work ended before it began")))?;
    let body = Body::from_stream(stream::unfold(receiver, |mut receiver| async move {
        let part = receiver.recv().await?;
        Some((Ok::<_, Infallible>(part), receiver))
    }));
    Ok(([(header::CONTENT_TYPE, PARTS_TYPE), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

impl Parts {
    /// Whether anybody still waits for the answer.
    pub fn goes_on(&self) -> bool {
        !self.to.is_closed() && !*self.stopped.borrow()
    }

    /// The answer begins, if it did not: what goes wrong from now on is told in its last part.
    pub fn begin(&self) {
        drop(self.told_as(Ok(())));
    }

    /// Sends a part that must arrive, and waits while the client is slow. Whether to go on.
    pub fn send(&self, columns: Columns) -> bool {
        self.begin();
        self.to.blocking_send(framed(columns)).is_ok()
    }

    /// Sends a part that a slow client does without. Whether to go on.
    pub fn offer(&self, columns: Columns) -> bool {
        self.begin();
        if self.to.capacity() > 0 {
            // Whoever sends beside us may have taken the place.
            drop(self.to.try_send(framed(columns)));
        }
        self.goes_on()
    }

    /// Offers what tells how far the work is, unless that was told just now. Whether to go on.
    pub fn progress(&self, make: impl FnOnce() -> Columns) -> bool {
        {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if told.is_some_and(|told| told.elapsed() < PART_TELL_EVERY) {
                return self.goes_on();
            }
            *told = Some(Instant::now());
        }
        self.offer(make())
    }

    /// Tells how the answer begins, once; gives back what is told too late.
    fn told_as(&self, how: ApiResult<()>) -> ApiResult<()> {
        match self.began.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(began) => began.send(how).or(Ok(())),
            None => how,
        }
    }

    /// Says why the answer ends here, if it does not end well.
    fn end(&self, how: ApiResult<()>) {
        let Err(error) = self.told_as(how) else { return };
        let mut columns = Columns::new();
        columns.set("part", "error".into());
        if let Ok(Value::Object(told)) = serde_json::to_value(&error) {
            told.into_iter().for_each(|(key, value)| columns.set(&key, value));
        }
        // Whoever went away does not want to know.
        self.send(columns);
    }
}

fn framed(columns: Columns) -> Bytes {
    let body = columns.into_body();
    let mut part = Vec::with_capacity(4 + body.len());
    part.extend_from_slice(&(body.len() as u32).to_le_bytes());
    part.extend_from_slice(&body);
    part.into()
}

/// The parts of a whole answer, read back.
///
/// **Errors**: a text that says what is not as `docs/http.md` has it.
pub fn read_parts(mut body: &[u8]) -> Result<Vec<Decoded>, String> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = body.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let part =
            rest.get(..length).ok_or_else(|| format!("a part of {length} bytes is cut off at {}", rest.len()))?;
        parts.push(decode(part)?);
        body = &rest[length..];
    }
    if body.is_empty() { Ok(parts) } else { Err(format!("{} bytes are no part", body.len())) }
}
