//! Questions to our own routes, in this process.

use std::fmt::Write as _;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    limits::RESPONSE_BYTES_MAX,
    router::router,
    safety::Safety,
};

/// Asks as a browser on this machine would.
#[derive(Clone)]
pub struct Asker(Router);

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The body.
    pub bytes: Bytes,
    /// Its `ETag`.
    pub tag: Option<String>,
}

impl Asker {
    /// The routes over the runs of this app.
    pub fn new(app: App) -> Self {
        Self(router(app, Safety::new(([127, 0, 0, 1], 80).into(), &[], None), crate::Patience::default()))
    }

    /// The answer to a `GET`, or with a body to a `POST`. Segments of the path are as they are called, not encoded.
    ///
    /// **Errors**: those of the route.
    pub async fn ask(&self, path: &[&str], query: &[(&str, String)], body: Option<&Value>) -> ApiResult<Answer> {
        let target = target(path, query);
        let request = Request::builder().uri(target).header(header::HOST, "localhost");
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request
                .method("POST")
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(body.to_string())),
        };
        let request = request.map_err(|error| ApiError::bad_request(format!("cannot be asked: {error}")))?;
        let Ok(answer) = self.0.clone().oneshot(request).await;
        let status = answer.status();
        let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
        let bytes = to_bytes(answer.into_body(), RESPONSE_BYTES_MAX as usize)
            .await
            .map_err(|error| ApiError::internal(format!("an answer broke off: {error}")))?;
        if status == StatusCode::OK { Ok(Answer { bytes, tag }) } else { Err(refusal(status, &bytes)) }
    }

    /// The same, read as JSON.
    pub async fn json(&self, path: &[&str], query: &[(&str, String)], body: Option<&Value>) -> ApiResult<Value> {
        let answer = self.ask(path, query, body).await?;
        serde_json::from_slice(&answer.bytes)
            .map_err(|error| ApiError::internal(format!("an answer is no JSON: {error}")))
    }
}

/// The path and query of a route as they travel.
fn target(path: &[&str], query: &[(&str, String)]) -> String {
    let mut target = String::from("/api");
    for segment in path {
        target.push('/');
        for byte in segment.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
                target.push(char::from(byte));
            } else {
                let _ = write!(target, "%{byte:02X}");
            }
        }
    }
    if query.is_empty() {
        return target;
    }
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    for (name, value) in query {
        pairs.append_pair(name, value);
    }
    target + "?" + &pairs.finish()
}

/// The error that a route answered with.
fn refusal(status: StatusCode, body: &[u8]) -> ApiError {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    let code = match status {
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::BAD_REQUEST => "bad_request",
        StatusCode::PAYLOAD_TOO_LARGE => "too_large",
        StatusCode::SERVICE_UNAVAILABLE => "busy",
        _ => "no_answer",
    };
    ApiError::new(status, code, text("message")).hint(text("hint"))
}
