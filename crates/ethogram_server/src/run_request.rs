//! What every `GET` about a run has: the run it names, and the answer that the client may have already.

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::{HeaderMap, Uri, request::Parts},
    response::Response,
};
use ethogram_query::{Cancel, RunHandle};

use crate::{
    answer,
    app::App,
    cancel::CancelWhenDropped,
    error::{ApiError, ApiResult},
};

/// A question about the run whose id the path has under `run`.
pub struct RunRequest {
    app: App,
    run: String,
    uri: Uri,
    headers: HeaderMap,
}

impl RunRequest {
    /// What `make` says of the run, made by a worker; 304 when the run did not change since the client asked the same.
    ///
    /// **Errors**: 404 for a run that nothing has; what `make` says.
    pub async fn answer<Make>(self, make: Make) -> ApiResult<Response>
    where
        Make: FnOnce(&RunHandle) -> ApiResult<Response> + Send + 'static,
    {
        self.answer_until_gone(move |run, _| make(run)).await
    }

    /// The same for work that is called off when the client goes.
    pub async fn answer_until_gone<Make>(self, make: Make) -> ApiResult<Response>
    where
        Make: FnOnce(&RunHandle, &Cancel) -> ApiResult<Response> + Send + 'static,
    {
        let Self { app, run, uri, headers } = self;
        let run = app.run(&run)?;
        let tag = app.tag(&run, &uri);
        let cancel = Cancel::default();
        let _guard = CancelWhenDropped(cancel.clone());
        answer::tagged(&headers, tag, app.pool.run(move || make(&run, &cancel))).await
    }
}

impl FromRequestParts<App> for RunRequest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let path = RawPathParams::from_request_parts(parts, app)
            .await
            .map_err(|error| ApiError::bad_request(error.to_string()))?;
        let run = path.iter().find_map(|(name, value)| (name == "run").then_some(value)).unwrap_or_default();
        Ok(Self { app: app.clone(), run: run.to_owned(), uri: parts.uri.clone(), headers: parts.headers.clone() })
    }
}
