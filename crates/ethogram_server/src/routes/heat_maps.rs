//! `GET /api/runs/RUN/heat_maps`: the entries of a tensor over its axis, in no more cells than a screen has.

use axum::response::Response;
use ethogram_query::HeatMapRequest;
use ethogram_store::Dtype;
use serde_json::json;

use super::tensors::axis;
use crate::{answer, columns::Columns, error::ApiResult, params::Params, run_request::RunRequest};

/// Rows and cells of a row when nobody says how many.
const SIDE_DEFAULT: usize = 256;

/// `step`, `time_us` and `cells`, one row each.
pub async fn heat_maps(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let number = "a whole number from 1";
    let ask = HeatMapRequest {
        axis: axis(&params.take("axis")?.unwrap_or_else(|| "global_step".into()))?,
        tag: params.require("tag")?,
        range: params.take_range_i64()?,
        rows: params.take_as("rows", number)?.unwrap_or(SIDE_DEFAULT),
        entries: params.take_as("entries", number)?.unwrap_or(SIDE_DEFAULT),
    };
    params.finish()?;
    request
        .answer(move |run| {
            let made = run.heat_map(&ask)?;
            let mut columns = Columns::new();
            columns.push_f64("step", made.step.iter().map(|step| *step as f64));
            columns.push_f64("time_us", made.time_us.iter().map(|time| *time as f64));
            let bytes = made.cells.iter().flat_map(|cell| cell.to_le_bytes()).collect();
            columns.push("cells", Dtype::Float64, vec![made.step.len(), made.width()], bytes, None);
            columns.set("shape", json!(made.shape));
            columns.set("per_cell", json!(made.per_cell));
            columns.set("logged", json!(made.logged));
            columns.set("left_out", json!(made.left_out));
            answer::columns(columns)
        })
        .await
}
