//! Connections: how many, and how long one may take to say what it wants. Whoever can reach the port can open some, with a token or
//! without; none of them keeps the others out for long (`places.rs`).

use std::{io, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, StatusCode},
    middleware::Next,
    response::Response,
};
use futures::StreamExt as _;
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    sync::watch,
    task, time,
};
use tower::ServiceExt as _;

use crate::{
    error::ApiError,
    limits::{BODY_WITHIN, CONNECTIONS_MAX, HEAD_WITHIN},
    places::{Place, Places},
    serve::until,
};

/// How much connections may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Connections that are open at once. The next one takes the place of the stranger who came first, one that sent nothing yet or was
    /// refused; where all may ask, it is told so and closed.
    pub connections: usize,
    /// From the first moment of a connection, or the end of the last answer, to the end of the next request's head.
    pub head: Duration,
    /// From the end of a request's head to the end of its body.
    pub body: Duration,
}

impl Default for Patience {
    /// What `limits.rs` says; of connections no more than half of what this process may open, for runs are files too.
    fn default() -> Self {
        let most = descriptors().map_or(CONNECTIONS_MAX, |most| CONNECTIONS_MAX.min(most / 2));
        Self { connections: most, head: HEAD_WITHIN, body: BODY_WITHIN }
    }
}

/// How many files and sockets this process may have open, where the system says so.
fn descriptors() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Answers all who connect until `stopped`; then waits until the answers that are under way have ended.
pub(crate) async fn serve(listener: TcpListener, router: Router, patience: Patience, stopped: watch::Receiver<bool>) {
    let places = Places::new(patience.connections);
    let mut answering = task::JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = until(stopped.clone()) => break,
        };
        while answering.try_join_next().is_some() {}
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // The process has no descriptor left, or the caller hung up before it was heard.
            Err(error) => {
                if !is_of_the_caller(&error) {
                    time::sleep(AGAIN_AFTER).await;
                }
                continue;
            }
        };
        // An answer of a few hundred bytes must not wait for more to come.
        let _ = stream.set_nodelay(true);
        match places.take() {
            Some(place) => {
                answering.spawn(converse(stream, place, router.clone(), patience, stopped.clone()));
            }
            None => {
                // Dropped with the caller's patience, or ours.
                tokio::spawn(time::timeout(REFUSED_WITHIN, refuse(stream, patience.connections)));
            }
        }
        // Whoever was accepted is heard before the next one may take its place.
        task::yield_now().await;
    }
    drop(listener);
    while answering.join_next().await.is_some() {}
}

/// How long to wait for a descriptor.
const AGAIN_AFTER: Duration = Duration::from_millis(200);
/// How long a caller that finds no place may take to hear so.
const REFUSED_WITHIN: Duration = Duration::from_secs(1);

fn is_of_the_caller(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn converse(
    stream: TcpStream,
    mut place: Place,
    router: Router,
    patience: Patience,
    stopped: watch::Receiver<bool>,
) {
    let caller = place.caller();
    let service = TowerToHyperService::new(router.map_request(move |mut request: hyper::Request<Incoming>| {
        // `safety.rs` says of whom it lets in that they are known.
        request.extensions_mut().insert(caller.clone());
        request.map(Body::new)
    }));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience.head);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A caller that breaks off is no fault of ours.
        _ = connection.as_mut() => return,
        () = place.wanted() => return,
        () = until(stopped) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = connection.await;
}

/// Says that there is no place, whatever the caller wants.
async fn refuse(mut stream: TcpStream, limit: usize) {
    let body = format!(
        r#"{{"code":"busy","message":"{limit} connections are open, the limit is {limit}","hint":"close a page, or wait for a moment"}}"#
    );
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 5\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    if stream.write_all(answer.as_bytes()).await.is_err() || stream.shutdown().await.is_err() {
        return;
    }
    // What was asked is read away: a socket that is closed with something unread takes its answer with it.
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
}

/// Bodies that take too long end with an error, of which [`ApiError::too_slow`] tells.
pub(crate) async fn hasten(patience: Patience, request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let deadline = time::Instant::now() + patience.body;
    let request = request.map(|body| {
        let parts = futures::stream::unfold(Some(body.into_data_stream()), move |parts| async move {
            let mut parts = parts?;
            match time::timeout_at(deadline, parts.next()).await {
                Ok(Some(Ok(part))) => Some((Ok(part), Some(parts))),
                Ok(Some(Err(error))) => Some((Err(io::Error::other(error)), None)),
                Ok(None) => None,
                Err(_) => Some((Err(io::ErrorKind::TimedOut.into()), None)),
            }
        });
        Body::from_stream(parts)
    });
    next.run(request).await
}

impl ApiError {
    /// 408, where that is why a body could not be read.
    pub(crate) fn too_slow(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
                let message = "the request's body took too long to come";
                return Some(Self::new(StatusCode::REQUEST_TIMEOUT, "too_slow", message).hint("send it again"));
            }
            cause = error.source();
        }
        None
    }
}
