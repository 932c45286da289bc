//! `POST /api/maps/MAP/steer`, `…/direction` and `…/pictures`, `GET /api/maps/MAP/fields`, `…/neighbors` and `…/layout`: questions to a map that was made.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode, response::Response};
use ethogram_query::{Cancel, MapSteer, Metric};
use ethogram_store::Dtype;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use crate::{
    answer,
    app::App,
    cancel::CancelWhenDropped,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::{InBody, InPath},
    limits::{FIELDS_MAX, NAME_BYTES_MAX},
    map_parts,
    params::Params,
};

/// Neighbours when the request does not say.
const NEIGHBORS: usize = 15;

/// The body of `steer`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    pause: Option<bool>,
    perturb: Option<f32>,
    #[serde(default)]
    seed: u64,
}

/// How a layout stands.
#[derive(Debug, Serialize)]
pub struct Steered {
    /// Whether it is held.
    paused: bool,
    /// Rounds that were made.
    round: usize,
    /// Of how many.
    rounds: usize,
}

/// Holds a layout, lets it go on, or shakes it.
pub async fn steer(
    State(app): State<App>,
    InPath(map): InPath<String>,
    InBody(ask): InBody<Ask>,
) -> ApiResult<Json<Steered>> {
    let map = app.workbench.kept_map(&map)?;
    let paused = map.steer(MapSteer { pause: ask.pause, perturb: ask.perturb, seed: ask.seed })?;
    let (round, rounds) = map.layout().map_or((0, 0), |layout| (layout.round, layout.rounds));
    Ok(Json(Steered { paused, round, rounds }))
}

/// Numbers of every point; those that cannot be had are `errors` in the header.
pub async fn fields(State(app): State<App>, InPath(map): InPath<String>, mut params: Params) -> ApiResult<Response> {
    let asked = params.take_rest();
    if let Some((other, _)) = asked.iter().find(|(key, _)| key != "name") {
        return Err(
            ApiError::bad_request(format!("parameter {other:?} is not known here")).hint("name=value&name=reward")
        );
    }
    if asked.len() > FIELDS_MAX {
        return Err(ApiError::too_large("fields", asked.len() as u64, FIELDS_MAX as u64));
    }
    if let Some((_, name)) = asked.iter().find(|(_, name)| name.len() > NAME_BYTES_MAX) {
        return Err(ApiError::too_large("bytes of a field name", name.len() as u64, NAME_BYTES_MAX as u64));
    }
    let (workbench, map) = (Arc::clone(&app.workbench), app.workbench.kept_map(&map)?);
    app.pool
        .run(move || {
            let mut columns = Columns::new();
            let (mut errors, mut names) = (Map::new(), Map::new());
            for (_, name) in asked {
                match workbench.map_field(&map, &name) {
                    Ok(field) => {
                        columns.push_f64_or_missing(&name, &field.values);
                        answer::check_bytes(columns.bytes())?;
                        if let Some(texts) = field.names {
                            names.insert(name, json!(texts));
                        }
                    }
                    Err(error) => drop(errors.insert(name, json!(ApiError::from(error)))),
                }
            }
            columns.set("errors", errors.into());
            columns.set("names", names.into());
            answer::columns(columns)
        })
        .await
}

/// The nearest points in the original space.
pub async fn neighbors(State(app): State<App>, InPath(map): InPath<String>, mut params: Params) -> ApiResult<Response> {
    let point: usize = params.take_as("point", "index of a point, from 0")?.ok_or_else(|| {
        ApiError::bad_request("parameter \"point\" is missing").hint("point=0 is the first point of the map")
    })?;
    let count = params.take_as("count", "a whole number from 1 to 1,000")?.unwrap_or(NEIGHBORS);
    let metric = match params.take("metric")?.as_deref() {
        None | Some("euclidean") => Metric::Euclidean,
        Some("cosine") => Metric::Cosine,
        Some(other) => {
            let message = format!("parameter \"metric\" expected euclidean or cosine, found {other:?}");
            return Err(ApiError::bad_request(message));
        }
    };
    params.finish()?;
    let map = app.workbench.kept_map(&map)?;
    app.pool
        .run(move || {
            let found = map.neighbors(point, count, metric)?;
            let mut columns = Columns::new();
            columns.push_u32("point", found.iter().map(|(point, _)| *point as u32));
            let bytes = found.iter().flat_map(|(_, distance)| (*distance as f32).to_le_bytes()).collect();
            columns.push("distance", Dtype::Float32, vec![found.len()], bytes, None);
            answer::columns(columns)
        })
        .await
}

/// The body of `direction`: points that a line leads from, and to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    from: Vec<usize>,
    to: Vec<usize>,
}

/// Where every point lies along a line between two sets of points.
pub async fn direction(
    State(app): State<App>,
    InPath(map): InPath<String>,
    InBody(line): InBody<Line>,
) -> ApiResult<Response> {
    let map = app.workbench.kept_map(&map)?;
    app.pool
        .run(move || {
            let along = map.along(&line.from, &line.to)?;
            let mut columns = Columns::new();
            let bytes = along.iter().flat_map(|place| place.to_le_bytes()).collect();
            columns.push("along", Dtype::Float32, vec![along.len()], bytes, None);
            answer::columns(columns)
        })
        .await
}

/// Side of pictures when the request does not say, in pixels.
const PICTURE_SIDE: u32 = 96;

/// The body of `pictures`: points, and the longer side of their pictures in pixels.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    points: Vec<usize>,
    #[serde(default)]
    side: Option<u32>,
}

/// What was seen at points, whatever episodes and samples they are of. The reading ends when the client goes.
pub async fn pictures(
    State(app): State<App>,
    InPath(map): InPath<String>,
    InBody(Seen { points, side }): InBody<Seen>,
) -> ApiResult<Response> {
    let cancel = Cancel::default();
    let _guard = CancelWhenDropped(cancel.clone());
    let (workbench, map) = (Arc::clone(&app.workbench), app.workbench.kept_map(&map)?);
    app.pool
        .run(move || {
            let found = workbench.map_pictures(&map, &points, side.unwrap_or(PICTURE_SIDE), &cancel)?;
            let mut columns = Columns::new();
            columns.set("error", found.error.map_or(serde_json::Value::Null, |error| json!(ApiError::from(error))));
            let pictures = || found.pictures.iter().map(Option::as_ref);
            columns.push_u32("point", points.iter().map(|point| *point as u32));
            // A point without a picture has one of no pixels.
            columns.push_u32("width", pictures().map(|one| one.map_or(0, |one| one.width)));
            columns.push_u32("height", pictures().map(|one| one.map_or(0, |one| one.height)));
            let rgb: Vec<u8> = pictures().flatten().flat_map(|one| one.rgb.iter().copied()).collect();
            columns.push("rgb", Dtype::Uint8, vec![rgb.len() / 3, 3], rgb, None);
            answer::columns(columns)
        })
        .await
}

/// The newest layout, for those who come late.
pub async fn layout(State(app): State<App>, InPath(map): InPath<String>, params: Params) -> ApiResult<Response> {
    params.finish()?;
    let map = app.workbench.kept_map(&map)?;
    let Some(layout) = map.layout() else {
        let message = format!("map {} has no layout yet", map.id());
        return Err(ApiError::new(StatusCode::CONFLICT, "no_layout", message).hint("ask again in a moment"));
    };
    answer::columns(map_parts::layout(&layout))
}
