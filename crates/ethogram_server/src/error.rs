//! What a client is told when something fails: one mapping from our errors to HTTP.

use axum::{
    Json,
    extract::rejection::{BytesRejection, JsonRejection, PathRejection},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use ethogram_query::Error as QueryError;
use ethogram_store::Error as StoreError;
use serde::Serialize;

/// The result of a route.
pub type ApiResult<T> = Result<T, ApiError>;

/// An answer that is not what was asked for. On the wire `{"code", "message", "hint"}`.
#[derive(Clone, Debug, Serialize, PartialEq)]
pub struct ApiError {
    #[serde(skip)]
    status: StatusCode,
    /// For programs: a few lower-case words that do not change.
    pub code: &'static str,
    /// For people: what was expected, what was found.
    pub message: String,
    /// For people: what to do; empty when nothing is known.
    pub hint: String,
}

impl ApiError {
    /// An answer of `status`; give a hint with [`ApiError::hint`].
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: String::new() }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// 400: the request is not as `docs/http.md` has it.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// 413: something is over a named limit.
    pub fn too_large(what: &str, found: u64, limit: u64) -> Self {
        let message = format!("{what}: found {found}, over the limit of {limit}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).hint("ask for less at once")
    }

    /// 500: our own bug, or a broken world.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            .hint("this is a bug; the server's standard error says more")
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self)).into_response()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::TooLarge { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).hint("ask for less at once")
            }
            StoreError::NewerVersion { .. } => Self::new(StatusCode::NOT_IMPLEMENTED, "newer_version", message)
                .hint("upgrade ethogram to read this run"),
            StoreError::Changed { .. } => Self::new(StatusCode::PRECONDITION_FAILED, "changed", message)
                .hint("take over what is there now, and write again with its ETag"),
            StoreError::ReadOnly { .. } => Self::new(StatusCode::FORBIDDEN, "read_only", message)
                .hint("let the user of `ethogram serve` write there, or serve a copy of the runs that may be written"),
            _ if error.is_not_found() => Self::not_found(message),
            _ if error.is_unavailable() => Self::new(StatusCode::BAD_GATEWAY, "store_unavailable", message)
                .hint("it is tried again by itself; other runs can be looked at meanwhile"),
            _ if error.is_bad_input() => Self::bad_request(message),
            _ if error.is_corrupt() => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "corrupt", message)
                .hint("`ethogram check RUN` says what of the run can still be read"),
            StoreError::Io { .. } => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "io", message)
                .hint("see that the folder is there and may be read"),
            _ => Self::internal(message),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        let message = error.to_string();
        match error {
            QueryError::Store(error) => error.into(),
            _ if error.is_not_found() => Self::not_found(message),
            _ if error.is_too_large() => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message).hint("ask for a smaller range")
            }
            QueryError::MissingInput { hint, .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "missing_input", message).hint(hint)
            }
            QueryError::Unexplained { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "missing_input", message)
                .hint("a step is explained by a checkpoint with a signature and the observation that was logged"),
            QueryError::Unfilmed { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "missing_input", message)
                .hint("docs/python.md has what can be logged; GET …/fields lists what was"),
            QueryError::NoFeatures { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "missing_input", message)
                .hint("features are found in recorded steps, by a checkpoint with a signature; docs/python.md"),
            QueryError::NoRowAState { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_input", message)
                .hint("GET …/episodes/E/explanations lists the layers that have a row a state"),
            QueryError::Unmapped { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "nothing_to_map", message)
                .hint("POST /api/maps/choices lists what these runs can be mapped by"),
            QueryError::MapGone { .. } => Self::new(StatusCode::GONE, "map_gone", message)
                .hint("maps are kept in a bounded cache: ask for it again with POST /api/maps"),
            QueryError::MapStill { .. } => Self::new(StatusCode::CONFLICT, "map_still", message)
                .hint("only UMAP and t-SNE move, while their answer is read"),
            QueryError::Video(error) if error.is_bad_request() => {
                Self::bad_request(message).hint("docs/http.md lists the parameters of /video")
            }
            QueryError::Video(ethogram_query::FilmError::NotAFilm { .. }) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_film", message)
                    .hint("the file that was attached to the episode is broken, or no mp4: films of RecordVideo are")
            }
            QueryError::Model(error) if error.is_model() => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_model", message)
                    .hint("export the policy again, see docs/python.md")
            }
            QueryError::BadInput { .. } => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "bad_input", message)
                .hint("name another field as the input, or log it in that shape"),
            QueryError::BadParam { ref field, .. } if field.starts_with("attribution") => {
                Self::bad_request(message).hint("GET …/episodes/E/explanations lists what can be asked")
            }
            QueryError::BadParam { ref field, .. } if field == "events" || field == "health" => {
                Self::bad_request(message).hint("docs/http.md lists the kinds of events, the rules and their settings")
            }
            QueryError::BadParam { ref field, .. } if field == "map" || field.starts_with("map/") => {
                Self::bad_request(message).hint("GET /api/maps/methods lists the methods and their settings")
            }
            _ if error.is_bad_request() => {
                Self::bad_request(message).hint("GET /api/derivations lists the parameters of each field")
            }
            _ => Self::internal(message),
        }
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request(format!("the path cannot be read: {}", rejection.body_text()))
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::body_too_large();
        }
        if let Some(late) = Self::too_slow(&rejection) {
            return late;
        }
        Self::bad_request(format!("the body is not what this route takes: {}", rejection.body_text()))
            .hint("docs/http.md lists the members; send content-type: application/json")
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            return Self::body_too_large();
        }
        if let Some(late) = Self::too_slow(&rejection) {
            return late;
        }
        Self::bad_request(format!("the body cannot be read: {}", rejection.body_text()))
    }
}

impl ApiError {
    fn body_too_large() -> Self {
        let limit = crate::limits::BODY_BYTES_MAX;
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("the request's body is over the limit of {limit} bytes"),
        )
        .hint("ask for less at once")
    }
}
