//! `GET /api/runs/RUN/tensors`: arrays, distributions, pictures and texts of one tag.

use axum::response::Response;
use ethogram_store::{Axis, TensorRow};
use serde_json::{Value, json};

use crate::{
    answer,
    columns::Columns,
    error::{ApiError, ApiResult},
    limits::TENSOR_ROWS_MAX,
    params::Params,
    run_request::RunRequest,
};

/// `step`, `time_us`, and one column a row: `row/0`, `row/1`, …
pub async fn tensors(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let axis = axis(&params.take("axis")?.unwrap_or_else(|| "global_step".into()))?;
    let tag_name = params.require("tag")?;
    let range = params.take_range_i64()?;
    params.finish()?;
    request
        .answer(move |run| {
            let known = run.source().tensor_tags().into_iter().any(|tag| tag.axis == axis && tag.tag == tag_name);
            if !known {
                return Err(ApiError::not_found(format!("no tensors {tag_name:?} on that axis of run {}", run.id()))
                    .hint("GET /api/runs/RUN lists the tags under tensors"));
            }
            // Before anything large is read.
            if let Some(size) = run.source().tensors_size(axis, &tag_name, range.clone())? {
                check_rows(size.rows)?;
                answer::check_bytes(size.bytes)?;
            }
            let rows = run.source().tensors(axis, &tag_name, range)?;
            check_rows(rows.len() as u64)?;
            answer::columns(columns_from_rows(rows)?)
        })
        .await
}

fn check_rows(rows: u64) -> ApiResult<()> {
    if rows <= TENSOR_ROWS_MAX {
        return Ok(());
    }
    let error = ApiError::too_large("rows of tensors", rows, TENSOR_ROWS_MAX);
    Err(error.hint("ask for a smaller range with from= and to="))
}

/// An axis by its name.
pub(super) fn axis(name: &str) -> ApiResult<Axis> {
    serde_json::from_value(Value::String(name.to_owned())).map_err(|_| {
        let expected = "global_step, episode, step, checkpoint or sample";
        ApiError::bad_request(format!(r#"parameter "axis" expected {expected}, found {name:?}"#))
    })
}

fn columns_from_rows(rows: Vec<TensorRow>) -> ApiResult<Columns> {
    let mut columns = Columns::new();
    columns.push_f64("step", rows.iter().map(|row| row.step as f64));
    columns.push_f64("time_us", rows.iter().map(|row| row.time_us as f64));
    let entry = |row: &TensorRow| json!({ "kind": row.kind, "shape": row.array.shape(), "meta": row.meta });
    columns.set("rows", rows.iter().map(entry).collect());
    for (index, row) in rows.into_iter().enumerate() {
        // A column has rows: a single number is one of them.
        let shape = if row.array.shape().is_empty() { vec![1] } else { row.array.shape().to_vec() };
        columns.push(&format!("row/{index}"), row.array.dtype(), shape, row.array.into_data(), None);
        answer::check_bytes(columns.bytes())?;
    }
    Ok(columns)
}
