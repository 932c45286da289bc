//! `GET` and `PUT /api/runs/RUN/notes`: titles, descriptions, tags and hotspots that people wrote about a run.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ethogram_query::RunHandle;
use ethogram_store::{Notes, Stored, Version};
use serde::Serialize;

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    etag,
    events::Event,
    extract::{InBody, InPath},
};

/// The notes as they are now, with a tag that whoever replaces them has to send.
pub async fn notes(State(app): State<App>, InPath(run): InPath<String>, request: HeaderMap) -> ApiResult<Response> {
    let run = app.run(&run)?;
    let stored = app.pool.run(move || Ok(run.source().notes()?)).await?;
    let tag = tag(stored.version);
    if etag::matches(&request, &tag) && stored.document.is_ok() {
        return Ok(etag::not_modified(&tag, etag::ASK_AGAIN));
    }
    Ok(answer(stored))
}

/// Replaces the notes, if they still are those that the client saw.
pub async fn put_notes(
    State(app): State<App>,
    InPath(run): InPath<String>,
    request: HeaderMap,
    InBody(notes): InBody<Notes>,
) -> ApiResult<Response> {
    let seen = etag::if_match(&request)?;
    // A tag that is none of ours is one that nothing has now.
    let seen = u64::from_str_radix(seen, 16).ok().filter(|_| seen.len() == 16).map(Version);
    let run = app.run(&run)?;
    let id = run.id().clone();
    let written = app.pool.run(move || write(&run, notes, seen)).await?;
    if written.status() == StatusCode::OK {
        app.events.announce(Event::Notes { run: id });
    }
    Ok(written)
}

fn write(run: &RunHandle, notes: Notes, seen: Option<Version>) -> ApiResult<Response> {
    let changed = ethogram_store::Error::Changed { what: "notes of the run" };
    let written = match seen {
        Some(seen) => run.source().put_notes(notes, seen),
        None => Err(changed),
    };
    match written {
        Err(error) if error.is_changed() => {
            let now = run.source().notes()?;
            let headers = headers(now.version);
            let body = Changed { error: error.into(), notes: now.document.ok() };
            Ok((StatusCode::PRECONDITION_FAILED, headers, Json(body)).into_response())
        }
        written => Ok(answer(written?)),
    }
}

/// 412: an error, with the document that is there now; null when that cannot be understood.
#[derive(Serialize)]
struct Changed {
    #[serde(flatten)]
    error: ApiError,
    notes: Option<Notes>,
}

fn answer(stored: Stored<Notes>) -> Response {
    let headers = headers(stored.version);
    match stored.document {
        Ok(notes) => (headers, Json(notes)).into_response(),
        Err(error) => {
            let error = ApiError::from(error).hint(
                "put the file right by hand; or write notes with this answer's ETag: the file is then kept as notes.json.bad-1",
            );
            (headers, error).into_response()
        }
    }
}

fn headers(version: Version) -> [(header::HeaderName, HeaderValue); 2] {
    let tag = HeaderValue::from_str(&tag(version)).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    [(header::ETAG, tag), (header::CACHE_CONTROL, HeaderValue::from_static(etag::ASK_AGAIN))]
}

fn tag(version: Version) -> String {
    format!("\"{version}\"")
}
