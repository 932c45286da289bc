//! `GET /api/runs/RUN/network` and what it lists: weights, gradients and activations through training.

use axum::response::Response;
use ethogram_query::{ArrayHistogramRequest, ArrayPictureRequest, ArraySource, ArraySpread, ArrayStripRequest};
use ethogram_store::Dtype;
use serde_json::{Value, json};

use crate::{answer, columns::Columns, error::ApiResult, params::Params, run_request::RunRequest};

/// Steps of a strip, and cells of each, when nobody says how many.
const STEPS_DEFAULT: usize = 64;
const CELLS_DEFAULT: usize = 256;
/// Bins of a histogram, likewise.
const BINS_DEFAULT: usize = 64;

/// Which arrays there are.
pub async fn arrays(request: RunRequest, params: Params) -> ApiResult<Response> {
    params.finish()?;
    request
        .answer(move |run| {
            let found = run.network_arrays();
            let mut columns = Columns::new();
            let checkpoints = found.checkpoints.iter();
            columns.set(
                "checkpoints",
                checkpoints.map(|row| json!({"global_step": row.global_step, "name": row.name})).collect(),
            );
            let weights = found.weights.iter().map(|weight| {
                json!({"name": weight.name, "title": weight.title, "operator": weight.operator, "shape": weight.shape})
            });
            columns.set("weights", weights.collect());
            let layers = found.layers.iter().map(|(name, operator)| json!({"name": name, "operator": operator}));
            columns.set("layers", layers.collect());
            columns.set("unread", json!(found.unread));
            let tensors =
                found.tensors.iter().map(|(axis, tag, count)| json!({"axis": axis, "tag": tag, "count": count}));
            columns.set("tensors", tensors.collect());
            answer::columns(columns)
        })
        .await
}

/// One array at one step.
pub async fn picture(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let of: ArraySource = params.require("of")?.parse()?;
    let at = params.take_as("at", "a step of the training")?;
    let window = params.take_as("window", "a whole number from 1")?.unwrap_or(1);
    params.finish()?;
    let ask = ArrayPictureRequest { of, at, window };
    request
        .answer_until_gone(move |run, cancel| {
            let found = run.array_picture(&ask, cancel)?;
            let mut columns = Columns::new();
            columns.set("of", ask.of.to_string().into());
            columns.set("at", found.at.into());
            columns.set("window", json!(found.window));
            columns.set("shape", json!(found.shape));
            let sheet = found.sheet;
            columns.set(
                "sheet",
                json!({"down": sheet.down, "across": sheet.across, "height": sheet.height, "width": sheet.width, "per_cell": sheet.per_cell}),
            );
            columns.set("spread", told(&found.spread));
            let [rows, across] = found.sheet.cells();
            push(&mut columns, "cells", vec![rows, across], &found.cells);
            answer::columns(columns)
        })
        .await
}

/// One array through training.
pub async fn strip(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let of: ArraySource = params.require("of")?.parse()?;
    let number = "a whole number from 1";
    let steps = params.take_as("steps", number)?.unwrap_or(STEPS_DEFAULT);
    let cells = params.take_as("cells", number)?.unwrap_or(CELLS_DEFAULT);
    params.finish()?;
    let ask = ArrayStripRequest { of, steps, cells };
    request
        .answer_until_gone(move |run, cancel| {
            let found = run.array_strip(&ask, cancel)?;
            let mut columns = Columns::new();
            columns.set("of", ask.of.to_string().into());
            columns.set("shape", json!(found.shape));
            columns.set("per_cell", found.per_cell.into());
            columns.set("left_out", found.left_out.into());
            columns.push_f64("all", found.all.iter().map(|step| *step as f64));
            columns.push_f64("step", found.steps.iter().map(|step| *step as f64));
            columns.set("spreads", found.spreads.iter().map(told).collect());
            let width = found.cells.len() / found.steps.len().max(1);
            push(&mut columns, "cells", vec![found.steps.len(), width], &found.cells);
            answer::columns(columns)
        })
        .await
}

/// How one array's numbers are spread through training: as `GET /api/runs/RUN/histograms` answers.
pub async fn histograms(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let of: ArraySource = params.require("of")?.parse()?;
    let number = "a whole number from 1";
    let steps = params.take_as("steps", number)?.unwrap_or(STEPS_DEFAULT);
    let bins = params.take_as("bins", number)?.unwrap_or(BINS_DEFAULT);
    params.finish()?;
    let ask = ArrayHistogramRequest { of, steps, bins };
    request
        .answer_until_gone(move |run, cancel| {
            answer::columns(super::histograms::columns(&run.array_histograms(&ask, cancel)?))
        })
        .await
}

fn told(spread: &ArraySpread) -> Value {
    let ArraySpread { low, high, mean, deviation, not_finite } = spread;
    // What is no number is null.
    json!({"low": low, "high": high, "mean": mean, "deviation": deviation, "not_finite": not_finite})
}

fn push(columns: &mut Columns, name: &str, shape: Vec<usize>, values: &[f32]) {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    columns.push(name, Dtype::Float32, shape, bytes, None);
}
