//! `POST /api/reports`: runs, curves and episodes as one HTML file that needs no server.

use std::{io, ops::ControlFlow, sync::Arc, time::Instant};

use axum::{body::Body, extract::State, http::StatusCode, response::Response};
use bytes::Bytes;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::{
    answer::{file_name, received, saved},
    app::App,
    error::{ApiError, ApiResult},
    extract::InBody,
    limits::{PART_TELL_EVERY, REPORTS_AT_ONCE},
    params::Params,
    report::{ReportProgress, ReportRequest, make_in},
    video_parts::{PartKind, SENT_BYTES, VIDEO_PARTS_TYPE, WAITING_MAX, head},
};

/// The page, and with `parts=1` how far it is.
pub async fn reports(
    State(app): State<App>,
    mut params: Params,
    InBody(request): InBody<ReportRequest>,
) -> ApiResult<Response> {
    let parts = params.take_flag("parts")?;
    params.finish()?;
    request.check()?;
    let permit = Arc::clone(&app.reports).try_acquire_owned().map_err(|_| {
        let message = format!("{REPORTS_AT_ONCE} reports are being made already, as many as may be at once");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint("ask again when one of them is done")
    })?;
    let name = format!("{}.html", file_name(if request.title.is_empty() { "report" } else { &request.title }));
    if !parts {
        let page = make_in(app, &request, &mut |_| ControlFlow::Continue(())).await?.page;
        drop(permit);
        return Ok(saved("text/html; charset=utf-8", &name, Body::from(page)));
    }
    let (to, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(async move {
        send(app, &request, permit, &to).await;
    });
    Ok(saved(VIDEO_PARTS_TYPE, &name, received(receiver)))
}

/// Makes the page and sends it. Its place is free before its last word is said: whoever hears that may ask again at once.
async fn send(app: App, request: &ReportRequest, place: OwnedSemaphorePermit, to: &mpsc::Sender<io::Result<Bytes>>) {
    let stopped = app.stopped.clone();
    let mut at = ReportProgress::default();
    let mut shown: Option<Instant> = None;
    let made = make_in(app, request, &mut |progress: ReportProgress| {
        at = progress;
        if shown.is_none_or(|shown| shown.elapsed() >= PART_TELL_EVERY) {
            shown = Some(Instant::now());
            // A slow client does without: newer numbers will come.
            drop(to.try_send(Ok(head(progress.done, progress.total, PartKind::File, 0))));
        }
        if to.is_closed() || *stopped.borrow() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .await;
    // A client that left does not want the rest.
    match made {
        Ok(made) => {
            let page = Bytes::from(made.page);
            for start in (0..page.len()).step_by(SENT_BYTES) {
                let piece = page.slice(start..page.len().min(start + SENT_BYTES));
                let before = head(at.total, at.total, PartKind::File, piece.len());
                if to.send(Ok(before)).await.is_err() || to.send(Ok(piece)).await.is_err() {
                    return;
                }
            }
            drop(place);
            drop(to.send(Ok(head(at.total, at.total, PartKind::End, 0))).await);
        }
        Err(error) => {
            drop(place);
            let body = json!(error).to_string();
            if to.send(Ok(head(at.done, at.total, PartKind::Error, body.len()))).await.is_ok() {
                drop(to.send(Ok(Bytes::from(body))).await);
            }
        }
    }
}
