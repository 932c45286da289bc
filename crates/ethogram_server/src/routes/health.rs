//! `GET /api/health`: that the server is there, and whether anything changed.

use axum::{Json, extract::State};
use serde_json::{Value, json};

use crate::app::App;

/// `{"version", "revision"}`.
pub async fn health(State(app): State<App>) -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "revision": app.revision() }))
}
