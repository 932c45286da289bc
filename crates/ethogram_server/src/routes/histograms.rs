//! `GET /api/runs/RUN/histograms`: how the values of one tag are distributed, along its axis.

use axum::response::Response;
use ethogram_query::{HistogramRequest, HistogramRow, Histograms};
use ethogram_store::Dtype;
use serde_json::json;

use super::tensors::axis;
use crate::{answer, columns::Columns, error::ApiResult, params::Params, run_request::RunRequest};

/// Histograms when nobody says how many.
const ROWS_DEFAULT: usize = 100;

/// `edges`, then one row a histogram: `step`, `time_us`, `counts` and what lies outside.
pub async fn histograms(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let number = "a whole number from 1";
    let low = params.take_as("low", "a number")?;
    let high = params.take_as("high", "a number")?;
    let ask = HistogramRequest {
        axis: axis(&params.take("axis")?.unwrap_or_else(|| "global_step".into()))?,
        tag: params.require("tag")?,
        range: params.take_range_i64()?,
        rows: params.take_as("rows", number)?.unwrap_or(ROWS_DEFAULT),
        bins: params.take_as("bins", number)?,
        within: match (low, high) {
            (None, None) => None,
            (Some(low), Some(high)) => Some((low, high)),
            _ => return Err(crate::error::ApiError::bad_request("low and high are given together or not at all")),
        },
    };
    params.finish()?;
    request.answer(move |run| answer::columns(columns(&run.histograms(&ask)?))).await
}

/// What such an answer holds.
pub fn columns(made: &Histograms) -> Columns {
    let mut columns = Columns::new();
    columns.push_f64("edges", made.edges.iter().copied());
    let mut push = |name: &str, of: fn(&HistogramRow) -> f64| columns.push_f64(name, made.rows.iter().map(of));
    push("step", |row| row.step as f64);
    push("time_us", |row| row.time_us as f64);
    push("min", |row| row.min);
    push("max", |row| row.max);
    push("below", |row| row.counts.below);
    push("above", |row| row.counts.above);
    push("not_finite", |row| row.counts.not_finite);
    let bytes = made.rows.iter().flat_map(|row| row.counts.bins.iter().flat_map(|count| count.to_le_bytes())).collect();
    columns.push("counts", Dtype::Float64, vec![made.rows.len(), made.edges.len().saturating_sub(1)], bytes, None);
    columns.set("counted", made.counted.name().into());
    columns.set("logged", json!(made.logged));
    columns.set("left_out", json!(made.left_out));
    columns
}
