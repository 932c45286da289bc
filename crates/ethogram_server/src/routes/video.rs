//! `GET /api/runs/RUN/episodes/E/video`: steps of an episode as an mp4 or gif, sent while it is made.

use std::{
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    sync::Arc,
    time::Instant,
};

use axum::{extract::State, http::StatusCode, response::Response};
use bytes::Bytes;
use ethogram_query::{Error, RunHandle, Video, VideoRequest};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use crate::{
    answer::{check_bytes, file_name, received, saved},
    app::App,
    error::{ApiError, ApiResult},
    extract::InPath,
    limits::{VIDEO_TELL_EVERY, VIDEOS_MAX},
    params::Params,
    video_parts::{PartKind, SENT_BYTES, VIDEO_PARTS_TYPE, WAITING_MAX, head},
};

/// A film, and with `parts=1` how far it is.
pub async fn video(
    State(app): State<App>,
    InPath((run, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let parts = params.take_flag("parts")?;
    let options = params.take_rest();
    let mut seen: Vec<&str> = options.iter().map(|(name, _)| name.as_str()).collect();
    seen.sort_unstable();
    if let Some((twice, _)) = seen.iter().zip(seen.iter().skip(1)).find(|(one, next)| one == next) {
        return Err(ApiError::bad_request(format!("parameter {twice:?} is given twice")));
    }
    let options = options.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let request = VideoRequest::new(episode).with_options(options).map_err(|error| {
        ApiError::bad_request(error.to_string()).hint("docs/http.md lists the parameters of /video")
    })?;
    let run = app.run(&run)?;
    let permit = Arc::clone(&app.videos).try_acquire_owned().map_err(|_| {
        let message = format!("{VIDEOS_MAX} films are being made already, as many as may be at once (VIDEOS_MAX)");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message).hint("ask again when one of them is done")
    })?;

    let format = request.format;
    let name = format!("{}_episode_{episode}.{}", file_name(&run.info().name), format.name());
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    let (ready, prepared) = oneshot::channel();
    let stopped = app.stopped.clone();
    tokio::task::spawn_blocking(move || {
        make(&run, &request, permit, ready, Sender { to: sender, parts, done: 0, frames: 0, sent: 0 }, &stopped);
    });
    prepared.await.unwrap_or_else(|_| Err(ApiError::internal("the film's thread ended before it began")))?;
    Ok(saved(if parts { VIDEO_PARTS_TYPE } else { format.media_type() }, &name, received(receiver)))
}

/// Says through `ready` whether there will be a film, and then sends it. Its place is free before its last word is said: whoever hears that may ask again at once.
fn make(
    run: &RunHandle,
    request: &VideoRequest,
    place: OwnedSemaphorePermit,
    ready: oneshot::Sender<ApiResult<()>>,
    mut sender: Sender,
    stopped: &watch::Receiver<bool>,
) {
    let video = match run.video(request) {
        Ok(video) => video,
        Err(error) => {
            drop(place);
            return drop(ready.send(Err(error.into())));
        }
    };
    if ready.send(Ok(())).is_err() {
        return;
    }
    sender.frames = video.frames();
    let sent = send(&video, &sender, stopped);
    drop(place);
    match sent {
        Ok(done) => {
            sender.done = done;
            sender.end();
        }
        // Nobody listens any more.
        Err(Error::Stopped) => {}
        Err(error) => sender.fail(&error),
    }
}

/// Makes the film; gives the number of frames.
fn send(video: &Video<'_>, sender: &Sender, stopped: &watch::Receiver<bool>) -> Result<u64, Error> {
    let shared = std::cell::RefCell::new(sender.clone());
    let mut told = Instant::now();
    let mut progress = |done: u64| {
        let mut sender = shared.borrow_mut();
        sender.done = done;
        let mut gone = sender.to.is_closed() || *stopped.borrow();
        if sender.parts && told.elapsed() >= VIDEO_TELL_EVERY {
            told = Instant::now();
            gone |= sender.send(PartKind::File, Bytes::new()).is_err();
        }
        if gone { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    video.write(BufWriter::with_capacity(SENT_BYTES, Sink(&shared)), &mut progress)?;
    Ok(shared.into_inner().done)
}

/// Where the bytes of a film go.
#[derive(Clone)]
struct Sender {
    to: mpsc::Sender<io::Result<Bytes>>,
    parts: bool,
    done: u64,
    frames: u64,
    sent: u64,
}

impl Sender {
    fn send(&mut self, kind: PartKind, bytes: Bytes) -> io::Result<()> {
        let gone = |_| io::Error::new(io::ErrorKind::BrokenPipe, "nobody waits for the film any more");
        if self.parts {
            self.to.blocking_send(Ok(head(self.done, self.frames, kind, bytes.len()))).map_err(gone)?;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.to.blocking_send(Ok(bytes)).map_err(gone)
    }

    fn end(mut self) {
        if self.parts {
            // A client that left just now does not want it.
            let _ = self.send(PartKind::End, Bytes::new());
        }
    }

    fn fail(mut self, error: &Error) {
        let text = error.to_string();
        let _ = if self.parts {
            let body = json!({ "code": "video", "message": text, "hint": "" }).to_string();
            self.send(PartKind::Error, Bytes::from(body))
        } else {
            // The head said that all is well: breaking off is all that is left to say otherwise.
            self.to.blocking_send(Err(io::Error::other(text))).map_err(io::Error::other)
        };
    }
}

/// The end of a film that knows the way to the client.
struct Sink<'a>(&'a std::cell::RefCell<Sender>);

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut sender = self.0.borrow_mut();
        sender.sent += bytes.len() as u64;
        check_bytes(sender.sent).map_err(|error| io::Error::other(error.message))?;
        sender.send(PartKind::File, Bytes::copy_from_slice(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
