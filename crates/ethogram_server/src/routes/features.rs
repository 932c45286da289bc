//! `POST /api/runs/RUN/features`, `GET …/features/ID/maps` and `POST …/features/ID/without`: what a layer has learned.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ethogram_query::{
    Cancel, FEATURE_MAP_STEPS_MAX, FeatureMaps, FeatureMapsRequest, FeaturesRequest, LayerFeatures, Patched, RunHandle,
    Said, Seen, WithoutRequest, factor_colours,
};
use ethogram_store::Dtype;
use serde::Deserialize;
use serde_json::json;

use crate::{
    answer,
    app::App,
    cancel::CancelWhenDropped,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::{InBody, InPath},
    limits::FEATURES_AT_ONCE,
    params::Params,
    parts::{self, Parts},
    run_request::RunRequest,
};

/// The body of a question for features.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    layer: String,
    #[serde(default)]
    checkpoint: Option<i64>,
    #[serde(default)]
    episodes: Option<Vec<u64>>,
    #[serde(default)]
    steps: Option<usize>,
    #[serde(default)]
    of: Option<String>,
    #[serde(default)]
    factors: Option<usize>,
}

impl From<Ask> for FeaturesRequest {
    fn from(Ask { layer, checkpoint, episodes, steps, of, factors }: Ask) -> Self {
        let usual = Self::default();
        Self {
            layer,
            checkpoint,
            episodes,
            states: steps.unwrap_or(usual.states),
            of: of.unwrap_or(usual.of),
            factors: factors.unwrap_or(usual.factors),
        }
    }
}

/// Features of a layer, told as they are found. The search ends when the client goes.
pub async fn features(
    State(app): State<App>,
    InPath(run): InPath<String>,
    InBody(ask): InBody<Ask>,
) -> ApiResult<Response> {
    let run = app.run(&run)?;
    let request = FeaturesRequest::from(ask);
    parts::answer(&app.features, full, app.stopped.clone(), move |parts| find(&run, &request, parts)).await
}

/// Why there is no place for one more search.
pub(super) fn full() -> (String, &'static str) {
    let message = format!(
        "features of {FEATURES_AT_ONCE} layers are being looked for, as many as may be at once (FEATURES_AT_ONCE)"
    );
    (message, "stop one of them, or wait until it is done")
}

fn find(run: &RunHandle, request: &FeaturesRequest, parts: &Parts) -> ApiResult<()> {
    let cancel = Cancel::default();
    let found = run.features(request, &mut |phase, share| tell(parts, &cancel, phase, share), &cancel)?;
    // A client that went away meanwhile does not want them.
    parts.send(columns(&found));
    Ok(())
}

/// Says how far the work is, and calls it off when nobody waits for it.
pub(super) fn tell(parts: &Parts, cancel: &Cancel, phase: &'static str, share: f64) {
    let progress = || {
        let mut columns = Columns::new();
        columns.set("part", "progress".into());
        columns.set("phase", phase.into());
        columns.set("share", share.into());
        columns
    };
    if !parts.progress(progress) {
        cancel.cancel();
    }
}

fn columns(found: &LayerFeatures) -> Columns {
    let mut columns = Columns::new();
    columns.set("part", "features".into());
    let colours = factor_colours(found.factors.count());
    let factors: Vec<_> = found
        .factors
        .norms()
        .iter()
        .zip(&found.shares)
        .zip(colours)
        .enumerate()
        .map(|(index, ((norm, share), [r, g, b]))| {
            json!({"index": index, "colour": format!("#{r:02x}{g:02x}{b:02x}"), "norm": norm, "share": share})
        })
        .collect();
    columns.set("features", found.id.clone().into());
    columns.set("layer", found.request.layer.clone().into());
    columns.set("of", found.request.of.clone().into());
    columns.set("shape", found.shape.clone().into());
    columns.set("observation", found.observation.clone().into());
    let checkpoint = &found.checkpoint;
    columns.set("checkpoint", json!({"global_step": checkpoint.global_step, "name": checkpoint.name}));
    columns.set("steps", found.states.into());
    columns.set("left_out", found.left_out.into());
    columns.set("relative_error", found.factors.relative_error.into());
    columns.set("notes", found.notes.clone().into());
    columns.set("factors", factors.into());
    let shape = vec![found.factors.count(), found.factors.width()];
    push_f32(&mut columns, "directions", shape, found.factors.directions(), None);
    for (index, shown) in found.shown.iter().enumerate() {
        let nowhere = Seen { episode: 0, step: 0, row: 0, column: 0, strength: 0.0 };
        let examples: Vec<Seen> = shown.examples.iter().map(|seen| seen.unwrap_or(nowhere)).collect();
        push_seen(&mut columns, &format!("{index}/example"), &examples);
        push_seen(&mut columns, &format!("{index}/thumbnail"), &shown.thumbnails);
    }
    columns
}

fn push_seen(columns: &mut Columns, name: &str, seen: &[Seen]) {
    columns.push_f64(&format!("{name}_episode"), seen.iter().map(|seen| seen.episode as f64));
    columns.push_f64(&format!("{name}_step"), seen.iter().map(|seen| seen.step as f64));
    columns.push_u32(&format!("{name}_row"), seen.iter().map(|seen| seen.row as u32));
    columns.push_u32(&format!("{name}_column"), seen.iter().map(|seen| seen.column as u32));
    let strengths: Vec<f32> = seen.iter().map(|seen| seen.strength).collect();
    push_f32(columns, &format!("{name}_strength"), vec![strengths.len()], &strengths, None);
}

pub(super) fn push_f32(columns: &mut Columns, name: &str, shape: Vec<usize>, values: &[f32], valid: Option<&[bool]>) {
    let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    columns.push(name, Dtype::Float32, shape, bytes, valid);
}

/// How much of each feature there is at each place of some steps.
pub async fn maps(
    request: RunRequest,
    InPath((_, id)): InPath<(String, String)>,
    mut params: Params,
) -> ApiResult<Response> {
    let episode = params.take_as("episode", "an episode")?.unwrap_or(0);
    let from: u64 = params.take_as("from", "a whole number from 0")?.unwrap_or(0);
    let to: u64 = params.take_as("to", "a whole number from 0")?.unwrap_or(from.saturating_add(FEATURE_MAP_STEPS_MAX));
    let of = params.take("of")?;
    let checkpoint = params.take_as("checkpoint", "a global step")?;
    params.finish()?;
    let ask = FeatureMapsRequest { episode, range: from..to, of, checkpoint };
    request
        .answer_until_gone(move |run, cancel| {
            let features = known(run, &id)?;
            answer::columns(maps_of(&features, &run.feature_maps(&features, &ask, cancel)?))
        })
        .await
}

/// The body of a question for what the policy would say without features.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskWithout {
    episode: u64,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    to: Option<u64>,
    factors: Vec<usize>,
    #[serde(default)]
    checkpoint: Option<i64>,
}

/// What the policy says of steps as it is, and with features taken away from the layer.
pub async fn without(
    State(app): State<App>,
    InPath((run, id)): InPath<(String, String)>,
    InBody(ask): InBody<AskWithout>,
) -> ApiResult<Response> {
    let cancel = Cancel::default();
    let _guard = CancelWhenDropped(cancel.clone());
    let pool = app.pool.clone();
    pool.run(move || {
        let run = app.run(&run)?;
        let features = known(&run, &id)?;
        let to = ask.to.unwrap_or(ask.from.saturating_add(FEATURE_MAP_STEPS_MAX));
        let request = WithoutRequest {
            episode: ask.episode,
            range: ask.from..to,
            factors: ask.factors,
            checkpoint: ask.checkpoint,
        };
        answer::columns(without_of(&features, &run.without_features(&features, &request, &cancel)?))
    })
    .await
}

fn without_of(features: &LayerFeatures, found: &Patched) -> Columns {
    let mut columns = Columns::new();
    columns.set("features", features.id.clone().into());
    columns.set("role", found.before.first().map_or("", |said| said.role.as_str()).into());
    columns.push_f64("step", found.steps.iter().map(|&step| step as f64));
    let pairs = || found.before.iter().zip(&found.after);
    columns.push_f64(
        "kl",
        pairs().map(|(before, after)| before.kl(after).unwrap_or(f64::NAN)).collect::<Vec<_>>().into_iter(),
    );
    columns.push_bool("flips", pairs().map(|(before, after)| before.flips(after)));
    for (name, said) in [("before", &found.before), ("after", &found.after)] {
        let width = said.first().map_or(0, |said| said.numbers.len());
        let numbers: Vec<f32> = said.iter().flat_map(|said| said.numbers.iter().copied()).collect();
        push_f32(&mut columns, &format!("{name}/numbers"), vec![said.len(), width], &numbers, None);
        let width = said.first().map_or(0, |said| said.probabilities.len());
        let probabilities: Vec<f32> =
            said.iter().flat_map(|said| said.probabilities.iter().map(|p| *p as f32)).collect();
        push_f32(&mut columns, &format!("{name}/probabilities"), vec![said.len(), width], &probabilities, None);
        let value = |said: &Said| said.value.map_or(f64::NAN, f64::from);
        columns.push_f64(&format!("{name}/value"), said.iter().map(value));
        let greedy = |said: &Said| said.greedy.first().map_or(f64::NAN, |&choice| choice as f64);
        columns.push_f64(&format!("{name}/greedy"), said.iter().map(greedy));
    }
    columns
}

pub(super) fn known(run: &RunHandle, id: &str) -> ApiResult<Arc<LayerFeatures>> {
    run.features_known(id).ok_or_else(|| {
        ApiError::new(axum::http::StatusCode::GONE, "features_gone", format!("features {id:?} are not kept any more"))
            .hint("ask for them again with POST /api/runs/RUN/features")
    })
}

fn maps_of(features: &LayerFeatures, maps: &FeatureMaps) -> Columns {
    let mut columns = Columns::new();
    let steps = maps.valid.len();
    let [count, rows, across] = maps.shape;
    let valid = maps.valid.contains(&false).then_some(maps.valid.as_slice());
    columns.set("features", features.id.clone().into());
    columns.set("first", maps.first.into());
    columns.set("scale", maps.scale.into());
    push_f32(&mut columns, "maps", vec![steps, count, rows, across], &maps.maps, valid);
    push_f32(&mut columns, "residual", vec![steps, rows, across], &maps.residual, valid);
    push_f32(&mut columns, "totals", vec![steps, count], &maps.totals, valid);
    push_f32(&mut columns, "residual_total", vec![steps], &maps.residual_total, valid);
    columns
}
