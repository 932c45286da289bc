//! `POST /api/runs/RUN/features/ID/images`: what features would like to see.

use axum::{extract::State, response::Response};
use ethogram_query::{Cancel, FeatureImages, FeatureImagesRequest, ImagePlace, RunHandle};
use serde::Deserialize;
use serde_json::json;

use super::features::{full, known, push_f32, tell};
use crate::{
    app::App,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::{InBody, InPath},
    parts::{self, Parts},
};

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

/// Images of features, told when all are found. The search ends when the client goes.
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
    let tell = &mut |phase, share| tell(parts, &cancel, phase, share);
    let found = run.feature_images(&features, request, tell, &cancel)?;
    // A client that went away meanwhile does not want them.
    parts.send(columns(id, &found));
    Ok(())
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
    // The ascent of one may end before that of another: then it stays where it is.
    let longest = found.images.iter().map(|image| image.curve.len()).max().unwrap_or(0);
    let curve = |image: &ethogram_query::FeatureImage| {
        let last = image.curve.last().copied().unwrap_or(f32::NAN);
        let mut curve = image.curve.clone();
        curve.resize(longest, last);
        curve
    };
    let curves: Vec<f32> = found.images.iter().flat_map(curve).collect();
    push_f32(&mut columns, "curves", vec![found.images.len(), longest], &curves, None);
    columns
}
