//! `GET /api/runs` and `GET /api/runs/RUN`: the table of runs, and all that one says of itself.

use axum::{Json, extract::State};

use crate::{app::App, error::ApiResult, extract::InPath, wire};

/// Every run in one row, newest first.
pub async fn runs(State(app): State<App>) -> ApiResult<Json<wire::Runs>> {
    let pool = app.pool.clone();
    pool.run(move || {
        let workbench = &app.workbench;
        Ok(Json(wire::Runs {
            // First, so that it is never newer than what follows.
            revision: app.revision(),
            roots: workbench.roots().iter().map(|root| root.label.clone()).collect(),
            runs: workbench.runs()?.into_iter().map(wire::RunSummary::from).collect(),
            skipped: workbench.skipped().into_iter().map(wire::SkippedRun::from).collect(),
        }))
    })
    .await
}

/// One run.
pub async fn run(State(app): State<App>, InPath(run): InPath<String>) -> ApiResult<Json<wire::RunDetail>> {
    let pool = app.pool.clone();
    pool.run(move || {
        let run = app.run(&run)?;
        Ok(Json(wire::run_detail(&run)))
    })
    .await
}
