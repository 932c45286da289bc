//! Answers that are not JSON.

use std::io;

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use tokio::sync::mpsc;

use crate::{
    columns::{COLUMNS_TYPE, Columns},
    error::{ApiError, ApiResult},
    etag,
    limits::RESPONSE_BYTES_MAX,
};

/// A body of columns. **Errors**: 413 when it is over [`RESPONSE_BYTES_MAX`].
pub fn columns(columns: Columns) -> ApiResult<Response> {
    check_bytes(columns.bytes())?;
    let headers = [(header::CONTENT_TYPE, COLUMNS_TYPE), (header::CACHE_CONTROL, etag::ASK_AGAIN)];
    Ok((headers, columns.into_body()).into_response())
}

/// A body that is sent part by part, without being copied together.
pub fn parts(media_type: &'static str, parts: Vec<Bytes>) -> Response {
    let length: usize = parts.iter().map(Bytes::len).sum();
    let body = Body::from_stream(stream::iter(parts.into_iter().map(Ok::<_, std::convert::Infallible>)));
    let headers = [
        (header::CONTENT_TYPE, media_type.to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CACHE_CONTROL, etag::ASK_AGAIN.to_owned()),
    ];
    (headers, body).into_response()
}

/// A body of what comes through a channel, until its senders are gone. An error breaks it off.
pub fn received(receiver: mpsc::Receiver<io::Result<Bytes>>) -> Body {
    Body::from_stream(stream::unfold(receiver, |mut receiver| async move { Some((receiver.recv().await?, receiver)) }))
}

/// What a browser saves as a file of this name, whatever is in it: as a page of this server it might ask for everything.
pub fn saved(media_type: &'static str, name: &str, body: Body) -> Response {
    let headers = [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store")];
    let mut answer = (headers, body).into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    answer
}

/// **Errors**: 413 when an answer of so many bytes is over [`RESPONSE_BYTES_MAX`].
pub fn check_bytes(bytes: u64) -> ApiResult<()> {
    if bytes <= RESPONSE_BYTES_MAX {
        return Ok(());
    }
    Err(ApiError::too_large("bytes of the answer", bytes, RESPONSE_BYTES_MAX)
        .hint("ask for a smaller range with from= and to="))
}

/// A text as the name of a file: letters, digits, `-`, `_` and `.` stay.
pub fn file_name(text: &str) -> String {
    let plain = |sign: char| if sign.is_ascii_alphanumeric() || "-_.".contains(sign) { sign } else { '_' };
    text.chars().map(plain).collect()
}

/// Answers 304 when the client has `tag`, else what `make` gives, tagged.
pub async fn tagged(
    request: &HeaderMap,
    tag: String,
    make: impl Future<Output = ApiResult<Response>>,
) -> ApiResult<Response> {
    if etag::matches(request, &tag) {
        return Ok(etag::not_modified(&tag, etag::ASK_AGAIN));
    }
    let mut answer = make.await?;
    if let Ok(value) = tag.try_into() {
        answer.headers_mut().insert(header::ETAG, value);
    }
    Ok(answer)
}
