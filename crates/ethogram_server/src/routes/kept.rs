//! `/api/runs/RUN/kept`: what was computed and lies beside a run.

use axum::{Json, extract::State};
use ethogram_query::KeptSize;
use serde_json::{Value, json};

use crate::{app::App, error::ApiResult, extract::InPath, params::Params};

/// How much is kept. It grows without the run: no client has the answer already.
pub async fn kept(State(app): State<App>, InPath(run): InPath<String>, params: Params) -> ApiResult<Json<Value>> {
    params.finish()?;
    let run = app.run(&run)?;
    app.pool.run(move || Ok(Json(told(run.kept_attributions())))).await
}

/// Removes it; the answer is what is left, for somebody may add to it just now.
pub async fn forget(State(app): State<App>, InPath(run): InPath<String>, params: Params) -> ApiResult<Json<Value>> {
    params.finish()?;
    let run = app.run(&run)?;
    app.pool.run(move || Ok(Json(told(run.forget_attributions())))).await
}

fn told(size: KeptSize) -> Value {
    json!({"attributions": {"questions": size.questions, "bytes": size.bytes}})
}
