//! `GET /api/runs/RUN/episodes/E/explanations` and `…/attribution`: why the policy said what it said.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Response},
};
use ethogram_query::{Cancel, Explanation, ExplanationChoices, ExplanationRequest, METHODS};
use ethogram_store::Dtype;
use serde_json::{Value, json};

use super::attribution_forms::{Form, push_floats, push_totals, region};
use crate::{answer, app::App, columns::Columns, error::ApiResult, extract::InPath, params::Params};

/// Largest size of an attribution as it is sent: one byte with a sign.
const LARGEST: f32 = 127.0;

/// What can be asked of the episode's networks.
pub async fn explanations(
    State(app): State<App>,
    uri: Uri,
    InPath((run, episode)): InPath<(String, u64)>,
    request: HeaderMap,
    params: Params,
) -> ApiResult<Response> {
    params.finish()?;
    let run = app.run(&run)?;
    let tag = app.tag(&run, &uri);
    let make = app.pool.run(move || Ok(Json(choices(&run.explanations(episode)?)).into_response()));
    answer::tagged(&request, tag, make).await
}

/// Attributions of some steps, a byte an element with a scale a step.
pub async fn attribution(
    State(app): State<App>,
    uri: Uri,
    InPath((run, episode)): InPath<(String, u64)>,
    request: HeaderMap,
    mut params: Params,
) -> ApiResult<Response> {
    let form = Form::take(&mut params)?;
    let ask = ExplanationRequest {
        episode,
        range: params.take_range_u64()?,
        method: params.require("method")?,
        target: params.take("target")?.unwrap_or_else(|| "action".into()),
        checkpoint: params.take_as("checkpoint", "a global step")?,
        wrt: params.take("wrt")?,
    };
    params.finish()?;
    let run = app.run(&run)?;
    let tag = app.tag(&run, &uri);
    let make = app.pool.run(move || answer::columns(columns(&run.explanation(&ask, &Cancel::default())?, form)));
    answer::tagged(&request, tag, make).await
}

fn choices(choices: &ExplanationChoices) -> Value {
    let checkpoint = |row: &ethogram_store::CheckpointRow| json!({"global_step": row.global_step, "name": row.name, "region": region(&row.signature)});
    let methods: Vec<_> = METHODS
        .iter()
        .map(|method| json!({"name": method.name(), "doc": method.doc(), "source": method.source()}))
        .collect();
    json!({
        "checkpoints": choices.checkpoints.iter().map(checkpoint).collect::<Vec<_>>(),
        "in_force": choices.in_force,
        "targets": choices.targets,
        "layers": choices.layers,
        "methods": methods,
    })
}

fn columns(found: &Explanation, form: Form) -> Columns {
    let mut columns = Columns::new();
    match form {
        Form::Bytes => push_bytes(&mut columns, found),
        Form::Floats => push_floats(&mut columns, found, ""),
        Form::Totals => push_totals(&mut columns, found, ""),
    }
    let rows = found.valid.len();
    columns.push_f64("at_input", found.at_input.iter().take(rows).map(|&value| f64::from(value)));
    columns.push_f64("completeness_error", found.completeness_error.iter().map(|&value| f64::from(value)));
    columns.push_f64("entry", found.entry.iter().take(rows).map(|&entry| f64::from(entry)));
    columns.set("first", found.first.into());
    columns.set("output", found.output.clone().into());
    columns.set("wrt", found.wrt.clone().into());
    columns.set("wrt_shape", json!(found.wrt_shape));
    columns.set("checkpoint", json!({"global_step": found.checkpoint.global_step, "name": found.checkpoint.name}));
    columns
}

/// A byte an element with a scale a step.
fn push_bytes(columns: &mut Columns, found: &Explanation) {
    let width = found.shape.iter().product::<usize>().max(1);
    let mut bytes = Vec::with_capacity(found.values.len());
    let mut scales = Vec::with_capacity(found.valid.len());
    for row in found.values.chunks(width) {
        let most = row.iter().filter(|value| value.is_finite()).fold(0.0_f32, |most, value| most.max(value.abs()));
        let scale = if most > 0.0 { most / LARGEST } else { 0.0 };
        scales.push(f64::from(scale));
        let byte = |value: &f32| if scale > 0.0 && value.is_finite() { (value / scale).round() as i8 } else { 0 };
        bytes.extend(row.iter().map(|value| byte(value).cast_unsigned()));
    }
    let rows = scales.len();
    let shape = [&[rows], found.shape.as_slice()].concat();
    columns.push("values", Dtype::Int8, shape, bytes, Some(&found.valid[..rows]));
    columns.push_f64("scale", scales.into_iter());
}
