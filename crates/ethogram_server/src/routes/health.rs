//! `GET /api/health`: that the server is there, and whether anything changed.

use axum::{Json, extract::State};

use crate::{app::App, wire::Health};

/// For programs that watch the server.
pub async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health { version: env!("CARGO_PKG_VERSION"), revision: app.revision() })
}
