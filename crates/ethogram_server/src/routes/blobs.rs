//! `GET /api/runs/RUN/blobs/HASH`: bytes named by their content, for example weights.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use crate::{
    answer,
    app::App,
    error::{ApiError, ApiResult},
    etag,
    extract::InPath,
};

/// The bytes. What is named by its content never changes.
pub async fn blob(
    State(app): State<App>,
    InPath((run, hash)): InPath<(String, String)>,
    request: HeaderMap,
) -> ApiResult<Response> {
    if hash.len() != 32 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(ApiError::bad_request("a content hash has 32 lower-case hexadecimal digits"));
    }
    let run = app.run(&run)?;
    let tag = format!("\"{hash}\"");
    let blob = {
        let hash = hash.clone();
        // Read before the tag is looked at: a blob that was deleted is gone for those who had it, too.
        let read = move || {
            let source = run.source();
            // Looked at first: a file may claim much that takes no room on its disk.
            answer::check_bytes(source.blob_bytes(&hash)?.unwrap_or(0))?;
            Ok(source.blob(&hash)?)
        };
        app.pool.run(read).await?
    };
    if etag::matches(&request, &tag) {
        return Ok(etag::not_modified(&tag, etag::FOR_EVER));
    }
    answer::check_bytes(blob.len() as u64)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{hash}\"")),
        (header::CACHE_CONTROL, etag::FOR_EVER.to_owned()),
        (header::ETAG, tag),
    ];
    Ok((headers, Bytes::from_owner(blob)).into_response())
}
