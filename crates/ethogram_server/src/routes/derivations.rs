//! `GET /api/derivations`: every field that can be derived.

use axum::{Json, extract::State};

use crate::{app::App, wire::DerivationEntry};

/// In the order that people see.
pub async fn derivations(State(app): State<App>) -> Json<Vec<DerivationEntry>> {
    Json(app.workbench.derivations().iter().map(|&derivation| DerivationEntry::from(derivation)).collect())
}
