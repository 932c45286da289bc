//! `GET /api/runs/RUN/episodes/E/explanations`, `…/attribution`, `…/attribution/quality` and `…/parity`: why the policy said what it said.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use ethogram_query::{
    ATTRIBUTIONS, Curves, Explanation, ExplanationChoices, ExplanationRequest, Of, OutputParity, PLANTED_MAX,
    ParamValue, Params as Settings, Quality, QualityChecks, Randomised, Setting, SettingKind,
};
use ethogram_store::Dtype;
use serde_json::{Value, json};

use super::attribution_forms::{Form, push_floats, push_totals, received, region};
use crate::{
    answer,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::InPath,
    params::Params,
    run_request::RunRequest,
};

/// Largest size of an attribution as it is sent: one byte with a sign.
const LARGEST: f32 = 127.0;

/// What can be asked of the episode's networks.
pub async fn explanations(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    params: Params,
) -> ApiResult<Response> {
    params.finish()?;
    request.answer(move |run| Ok(Json(choices(&run.explanations(episode)?)).into_response())).await
}

/// Attributions of some steps, a byte an element with a scale a step. What the route does not know is a setting of the method.
pub async fn attribution(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let form = Form::take(&mut params)?;
    let ask = ask(episode, &mut params)?;
    request
        .answer_until_gone(move |run, cancel| answer::columns(columns(&run.explanations_of(&ask, cancel)?, form)))
        .await
}

/// How far the attribution of one step is to be trusted.
pub async fn quality(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let step: u64 = params.take_as("step", "a whole number from 0")?.unwrap_or(0);
    let checks = checks(&mut params)?;
    let mut ask = ask(episode, &mut params)?;
    ask.range = step..step.saturating_add(1);
    request
        .answer_until_gone(move |run, cancel| {
            let found = run.quality(&ask, &checks, cancel)?;
            Ok(Json(measured(&found)).into_response())
        })
        .await
}

/// Whether a checkpoint is the network that acted.
pub async fn parity(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let checkpoint = params.take_as("checkpoint", "a global step")?;
    params.finish()?;
    request
        .answer_until_gone(move |run, cancel| {
            let found = run.parity(episode, checkpoint, cancel)?;
            let output = |output: &OutputParity| {
                json!({
                    "output": output.output,
                    "field": output.field,
                    "steps": output.steps,
                    "worst": output.worst,
                    "worst_step": output.worst_step,
                    "scale": output.scale,
                    "relative": output.relative(),
                })
            };
            let answer = json!({
                "checkpoint": {"global_step": found.checkpoint.global_step, "name": found.checkpoint.name},
                "steps": found.steps,
                "verdict": found.verdict.name(),
                "outputs": found.outputs.iter().map(output).collect::<Vec<_>>(),
            });
            Ok(Json(answer).into_response())
        })
        .await
}

/// What is to be measured; curves alone when nothing is said.
fn checks(params: &mut Params) -> ApiResult<QualityChecks> {
    let mut checks = QualityChecks::default();
    let text = params.take("checks")?.unwrap_or_else(|| "curves".into());
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        match name {
            "curves" => checks.curves = true,
            "infidelity" => checks.infidelity = true,
            "randomised" => checks.randomised = true,
            other => {
                let message =
                    format!("parameter \"checks\" expected curves, infidelity or randomised, found {other:?}");
                return Err(ApiError::bad_request(message));
            }
        }
    }
    if let Some(text) = params.take("planted")? {
        let elements: Result<Vec<usize>, _> = text.split(',').map(|one| one.trim().parse::<usize>()).collect();
        checks.planted = elements.map_err(|_| {
            ApiError::bad_request(format!("parameter \"planted\" expected elements such as 12,13, found {text:?}"))
        })?;
        if checks.planted.len() > PLANTED_MAX {
            return Err(ApiError::too_large("planted elements", checks.planted.len() as u64, PLANTED_MAX as u64));
        }
    }
    Ok(checks)
}

fn measured(found: &Quality) -> Value {
    let curves = |curves: &Curves| {
        json!({
            "shares": curves.shares,
            "deletion": curves.deletion,
            "insertion": curves.insertion,
            "random": curves.random,
            "deletion_area": curves.deletion_area,
            "insertion_area": curves.insertion_area,
            "random_area": curves.random_area,
        })
    };
    let randomised = |layer: &Randomised| json!({"layer": layer.layer, "correlation": layer.correlation.first()});
    json!({
        "step": found.step,
        "target": found.target,
        "at_input": found.at_input,
        "completeness": found.completeness.map(|(error, difference)| json!({"error": error, "difference": difference})),
        "curves": found.curves.as_ref().map(curves),
        "infidelity": found.infidelity,
        "randomised": found.randomised.iter().map(randomised).collect::<Vec<_>>(),
        "planted": found.planted.map(|(first, last)| json!({"first": first, "last": last})),
    })
}

/// Reads a question out of the address.
fn ask(episode: u64, params: &mut Params) -> ApiResult<ExplanationRequest> {
    let mut ask = ExplanationRequest {
        episode,
        range: params.take_range_u64()?,
        method: params.require("method")?,
        checkpoint: params.take_as("checkpoint", "a global step")?,
        wrt: params.take("wrt")?,
        history: params.take_as("history", "a number of steps")?.unwrap_or(0),
        ..ExplanationRequest::default()
    };
    if let Some(target) = params.take("target")? {
        ask.target = target;
    }
    if let Some(of) = params.take("of")? {
        ask.of = Of::parse(&of)?;
    }
    let mut settings = Settings::new();
    for (name, value) in params.take_rest() {
        if settings.insert(name.clone(), ParamValue::Text(value)).is_some() {
            return Err(ApiError::bad_request(format!("parameter {name:?} is given twice")));
        }
    }
    ask.params = settings;
    Ok(ask)
}

fn choices(choices: &ExplanationChoices) -> Value {
    let checkpoint = |row: &ethogram_store::CheckpointRow| json!({"global_step": row.global_step, "name": row.name, "region": region(&row.signature), "received": received(&row.signature)});
    let methods: Vec<_> = ATTRIBUTIONS
        .iter()
        .map(|method| {
            json!({
                "name": method.name,
                "doc": method.doc,
                "does_not_show": method.does_not_show,
                "tells": method.tells.name(),
                "cost": method.cost,
                "source": method.source,
                "params": method.params.iter().map(setting).collect::<Vec<_>>(),
            })
        })
        .collect();
    let target = |target: &ethogram_query::TargetChoice| json!({"name": target.name, "label": target.label, "several": target.several});
    let layer = |layer: &ethogram_query::LayerChoice| {
        json!({
            "name": layer.name,
            "operator": layer.operator,
            "shape": layer.shape,
            "bottleneck": layer.bottleneck,
            "recommended": layer.recommended,
        })
    };
    let input =
        |(name, field, state): &(String, String, bool)| json!({"name": name, "field": field, "recurrent": state});
    json!({
        "checkpoints": choices.checkpoints.iter().map(checkpoint).collect::<Vec<_>>(),
        "in_force": choices.in_force,
        "targets": choices.targets.iter().map(target).collect::<Vec<_>>(),
        "views": choices.views.iter().map(|(name, doc)| json!({"name": name, "doc": doc})).collect::<Vec<_>>(),
        "inputs": choices.inputs.iter().map(input).collect::<Vec<_>>(),
        "layers": choices.layers.iter().map(layer).collect::<Vec<_>>(),
        "methods": methods,
    })
}

/// A setting of a method: what it may be, and what it is when nobody says.
pub(super) fn setting(setting: &Setting) -> Value {
    let mut described = match setting.kind {
        SettingKind::Integer { default, min, max } => {
            json!({"kind": "integer", "default": default, "min": min, "max": max})
        }
        SettingKind::Float { default, min, max } => {
            json!({"kind": "float", "default": default, "min": min, "max": max})
        }
        SettingKind::Choice { of } => json!({"kind": "choice", "default": of[0], "of": of}),
        SettingKind::Bool { default } => json!({"kind": "bool", "default": default}),
    };
    described["name"] = setting.name.into();
    described["doc"] = setting.doc.into();
    described
}

/// One answer has its columns under their own names; of several, those of answer 1 are called `1/values` and so on.
fn columns(found: &[Explanation], form: Form) -> Columns {
    let mut columns = Columns::new();
    for (index, one) in found.iter().enumerate() {
        push(&mut columns, one, form, &if found.len() == 1 { String::new() } else { format!("{index}/") });
    }
    let Some(first) = found.first() else { return columns };
    columns.set("first", first.first.into());
    columns.set("output", first.output.clone().into());
    columns.set("outputs", json!(found.iter().map(|one| one.output.as_str()).collect::<Vec<_>>()));
    columns.set("wrt", first.wrt.clone().into());
    columns.set("wrt_shape", json!(first.wrt_shape));
    let parts = first.parts.iter().map(|part| json!({"name": part.name, "shape": part.shape, "offset": part.offset}));
    columns.set("parts", Value::Array(parts.collect()));
    columns.set("targets", json!(found.iter().map(|one| one.target.as_str()).collect::<Vec<_>>()));
    columns.set("settings", json!(first.settings));
    columns.set("checkpoint", json!({"global_step": first.checkpoint.global_step, "name": first.checkpoint.name}));
    columns
}

fn push(columns: &mut Columns, found: &Explanation, form: Form, prefix: &str) {
    match form {
        Form::Bytes => push_bytes(columns, found, prefix),
        Form::Floats => push_floats(columns, found, prefix),
        Form::Totals => push_totals(columns, found, prefix),
    }
    let name = |name: &str| format!("{prefix}{name}");
    let doubles = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
    columns.push_f64(&name("at_input"), doubles(&found.at_input).into_iter());
    columns.push_f64(&name("at_baseline"), doubles(&found.at_baseline).into_iter());
    columns.push_f64(&name("completeness_error"), doubles(&found.completeness_error).into_iter());
    columns.push_f64(&name("entry"), found.entry.iter().map(|&entry| f64::from(entry)));
}

/// A byte an element with a scale a step.
fn push_bytes(columns: &mut Columns, found: &Explanation, prefix: &str) {
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
    columns.push(&format!("{prefix}values"), Dtype::Int8, shape, bytes, Some(&found.valid[..rows]));
    columns.push_f64(&format!("{prefix}scale"), scales.into_iter());
}
