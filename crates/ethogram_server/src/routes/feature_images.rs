//! `POST /api/runs/RUN/features/ID/images`: what features would like to see.

use std::time::{Duration, Instant};

use axum::{extract::State, response::Response};
use ethogram_query::{Cancel, DRAWING, FeatureImages, FeatureImagesRequest, ImagePlace, ImagesSoFar, RunHandle};
use serde::Deserialize;
use serde_json::json;

use super::features::{full, known, push_f32};
use crate::{
    app::App,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::{InBody, InPath},
    parts::{self, Parts},
};

/// Numbers of images on their way that are sent in a second, at most: a client sees large ones more rarely.
const NUMBERS_A_SECOND: f64 = 4e6;

/// The body of a question for images.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    #[serde(default)]
    factors: Option<Vec<usize>>,
    #[serde(default)]
    place: Option<Place>,
    #[serde(default)]
    steps: Option<usize>,
    #[serde(default)]
    seed: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Place {
    Named(String),
    At([usize; 2]),
}

impl TryFrom<Ask> for FeatureImagesRequest {
    type Error = ApiError;

    fn try_from(Ask { factors, place, steps, seed }: Ask) -> ApiResult<Self> {
        let usual = Self::default();
        let place = match place {
            None => usual.place,
            Some(Place::At([row, column])) => ImagePlace::At(row, column),
            Some(Place::Named(name)) => match name.as_str() {
                "centre" => ImagePlace::Centre,
                "everywhere" => ImagePlace::Everywhere,
                "each" => ImagePlace::Each,
                _ => {
                    let message =
                        format!(r#"member "place" expected centre, everywhere, each or [row, column], found {name:?}"#);
                    return Err(ApiError::bad_request(message));
                }
            },
        };
        Ok(Self { factors, place, steps: steps.unwrap_or(usual.steps), seed: seed.unwrap_or(usual.seed) })
    }
}

/// Images of features, told as they rise and when all are found. The search ends when the client goes.
pub async fn images(
    State(app): State<App>,
    InPath((run, id)): InPath<(String, String)>,
    InBody(ask): InBody<Ask>,
) -> ApiResult<Response> {
    let run = app.run(&run)?;
    let request = FeatureImagesRequest::try_from(ask)?;
    parts::answer(&app.features, full, app.stopped.clone(), move |parts| find(&run, &id, &request, parts)).await
}

fn find(run: &RunHandle, id: &str, request: &FeatureImagesRequest, parts: &Parts) -> ApiResult<()> {
    let cancel = Cancel::default();
    let features = known(run, id)?;
    let mut next = Instant::now();
    let mut watch = |so_far: &ImagesSoFar<'_>| {
        let is_due = Instant::now() >= next;
        if is_due && !parts.progress(|| drawing(id, so_far, &mut next)) || !parts.goes_on() {
            cancel.cancel();
        }
    };
    let found = run.watched_feature_images(&features, request, &mut watch, &cancel)?;
    // A client that went away meanwhile does not want them.
    parts.send(columns(id, &found));
    Ok(())
}

/// How far the ascent is, and what it has. `next` becomes when the client may be told again.
fn drawing(id: &str, so_far: &ImagesSoFar<'_>, next: &mut Instant) -> Columns {
    let mut columns = Columns::new();
    columns.set("part", "progress".into());
    columns.set("phase", DRAWING.into());
    columns.set("share", so_far.share.into());
    columns.set("features", id.into());
    columns.set("observation", so_far.field.name.clone().into());
    columns.set("shape", so_far.field.shape.clone().into());
    let images = so_far.wanted.iter().zip(so_far.curves()).map(|((factor, place), curve)| {
        json!({
            "factor": factor,
            "row": place.map(|place| place.0),
            "column": place.map(|place| place.1),
            "excitation": curve.last(),
            "start": curve.first(),
        })
    });
    columns.set("images", images.collect());
    let values: Vec<f32> = so_far.values().flatten().collect();
    *next = Instant::now() + Duration::from_secs_f64(values.len() as f64 / NUMBERS_A_SECOND);
    let count = so_far.wanted.len();
    push_f32(&mut columns, "values", [&[count], so_far.field.shape.as_slice()].concat(), &values, None);
    push_curves(&mut columns, so_far.curves());
    columns
}

fn columns(id: &str, found: &FeatureImages) -> Columns {
    let mut columns = Columns::new();
    columns.set("part", "images".into());
    columns.set("features", id.into());
    columns.set("observation", found.field.name.clone().into());
    columns.set("shape", found.field.shape.clone().into());
    columns.set("bounds", found.bounds.into());
    columns.set("steps", found.request.steps.into());
    columns.set("seed", found.request.seed.into());
    columns.set("notes", found.notes.clone().into());
    let images = found.images.iter().map(|image| {
        let strongest = image.strongest;
        json!({
            "factor": image.factor,
            "row": image.place.map(|place| place.0),
            "column": image.place.map(|place| place.1),
            "excitation": image.excitation,
            "start": image.curve.first(),
            "strongest": {"episode": strongest.episode, "step": strongest.step, "excitation": strongest.strength},
        })
    });
    columns.set("images", images.collect());
    let values: Vec<f32> = found.images.iter().flat_map(|image| image.values.iter().copied()).collect();
    let shape = [&[found.images.len()], found.field.shape.as_slice()].concat();
    push_f32(&mut columns, "values", shape, &values, None);
    push_curves(&mut columns, found.images.iter().map(|image| image.curve.as_slice()));
    columns
}

/// The ascent of one may end before that of another: then it stays where it is.
fn push_curves<'a>(columns: &mut Columns, curves: impl Iterator<Item = &'a [f32]>) {
    let curves: Vec<&[f32]> = curves.collect();
    let longest = curves.iter().map(|curve| curve.len()).max().unwrap_or(0);
    let filled = |curve: &&[f32]| {
        let last = curve.last().copied().unwrap_or(f32::NAN);
        let mut curve = curve.to_vec();
        curve.resize(longest, last);
        curve
    };
    let values: Vec<f32> = curves.iter().flat_map(filled).collect();
    push_f32(columns, "curves", vec![curves.len(), longest], &values, None);
}
