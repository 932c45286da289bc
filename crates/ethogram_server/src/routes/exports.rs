//! `GET /api/exports/points`, `…/episodes` and `…/steps`: tables in files that other tools read; `…/arrays`: arrays of a network.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use ethogram_query::{
    ArraySource, ArraysFileRequest, Cancel, NamePattern, PointsRequest, RunHandle, StepsRequest, Table, TableFile,
};
use ethogram_store::Axis;

use crate::{
    answer,
    app::App,
    cancel::CancelWhenDropped,
    error::{ApiError, ApiResult},
    limits::{FIELDS_MAX, NAME_BYTES_MAX, RESPONSE_BYTES_MAX, SERIES_MAX},
    params::Params,
};

/// Points of curves: `run` and `tag` (a pattern) may be given several times.
pub async fn points(State(app): State<App>, mut params: Params) -> ApiResult<Response> {
    let (format, ids) = asked(&mut params)?;
    let tags = params.take_all("tag");
    check_names("tag", &tags)?;
    let patterns = tags.iter().map(|tag| NamePattern::parse(tag)).collect::<Result<Vec<_>, _>>();
    let patterns = patterns.map_err(|why| ApiError::bad_request(format!("parameter \"tag\": {why}")))?;
    let axis = params.take("axis")?.map(|name| {
        serde_json::from_value::<Axis>(name.clone().into()).map_err(|_| {
            ApiError::bad_request(format!("parameter \"axis\" expected the name of an axis, found {name:?}"))
        })
    });
    let axis = axis.transpose()?;
    let range = params.take_range_i64()?;
    params.finish()?;
    answer(app, ids, format, "points", move |runs| {
        let is_wanted = |tag: &str| patterns.is_empty() || patterns.iter().any(|pattern| pattern.matches(tag));
        Ok(Table::of_points(runs, &PointsRequest { axis, is_wanted: &is_wanted, range: range.clone() })?)
    })
    .await
}

/// Episodes: `run` may be given several times.
pub async fn episodes(State(app): State<App>, mut params: Params) -> ApiResult<Response> {
    let (format, ids) = asked(&mut params)?;
    params.finish()?;
    answer(app, ids, format, "episodes", |runs| Ok(Table::of_episodes(runs)?)).await
}

/// Steps of one episode; with `fps` the frame of a film of them, and when it is shown.
pub async fn steps(State(app): State<App>, mut params: Params) -> ApiResult<Response> {
    let (format, ids) = asked(&mut params)?;
    let episode = params.require("episode")?;
    let episode = episode.parse().map_err(|_| {
        ApiError::bad_request(format!("parameter \"episode\" expected a whole number from 0, found {episode:?}"))
    })?;
    let fields = params.take_all("field");
    check_names("field", &fields)?;
    let range = params.take_range_u64()?;
    let fps: Option<f64> = params.take_as("fps", "frames a second")?;
    if fps.is_some_and(|fps| !fps.is_finite() || fps <= 0.0) {
        return Err(ApiError::bad_request("parameter \"fps\" expected frames a second, more than none"));
    }
    params.finish()?;
    if ids.len() != 1 {
        return Err(ApiError::bad_request("parameter \"run\" is given twice: steps are of one run"));
    }
    let name = format!("episode_{episode}");
    answer(app, ids, format, &name, move |runs| {
        let fields = (!fields.is_empty()).then(|| fields.clone());
        Ok(runs[0].steps_table(&StepsRequest { episode, range: range.clone(), fields, fps })?)
    })
    .await
}

/// Arrays of a network as an npz: one (`of`, as `/network` names them) at a step or, with `through=1`, at all steps; without `of` all weights
/// of the checkpoint at a step.
pub async fn arrays(State(app): State<App>, mut params: Params) -> ApiResult<Response> {
    let id = params.require("run")?;
    let of: Option<ArraySource> = params.take("of")?.map(|of| of.parse()).transpose()?;
    let at = params.take_as("at", "a step of the training")?;
    let is_through = params.take_flag("through")?;
    params.finish()?;
    let (request, name) = match of {
        Some(of) if is_through => (ArraysFileRequest::Through(of), "array_through_training"),
        Some(of) => (ArraysFileRequest::Step(of, at), "array"),
        None if is_through => {
            return Err(ApiError::bad_request("parameter \"through\" wants one array: \"of\" is missing"));
        }
        None => (ArraysFileRequest::Weights(at), "weights"),
    };
    let cancel = Cancel::default();
    let _guard = CancelWhenDropped(cancel.clone());
    let pool = app.pool.clone();
    let bytes = pool.run(move || Ok(app.run(&id)?.arrays_file(&request, &cancel)?)).await?;
    Ok(file(bytes, TableFile::Npz, name))
}

fn asked(params: &mut Params) -> ApiResult<(TableFile, Vec<String>)> {
    let format = params.take("format")?.map_or(Ok(TableFile::Csv), |text| text.parse());
    let format = format.map_err(|why| ApiError::bad_request(format!("parameter \"format\" {why}")))?;
    let ids = params.take_all("run");
    if ids.is_empty() {
        return Err(ApiError::bad_request("parameter \"run\" is missing"));
    }
    if ids.len() > SERIES_MAX {
        return Err(ApiError::too_large("runs", ids.len() as u64, SERIES_MAX as u64));
    }
    Ok((format, ids))
}

fn check_names(what: &str, names: &[String]) -> ApiResult<()> {
    if names.len() > FIELDS_MAX {
        return Err(ApiError::too_large(what, names.len() as u64, FIELDS_MAX as u64));
    }
    match names.iter().map(String::len).max() {
        Some(longest) if longest > NAME_BYTES_MAX => {
            Err(ApiError::too_large(&format!("bytes of a {what}"), longest as u64, NAME_BYTES_MAX as u64))
        }
        _ => Ok(()),
    }
}

async fn answer<Make>(app: App, ids: Vec<String>, format: TableFile, name: &str, make: Make) -> ApiResult<Response>
where
    Make: FnOnce(&[Arc<RunHandle>]) -> ApiResult<Table> + Send + 'static,
{
    let pool = app.pool.clone();
    let bytes = pool
        .run(move || {
            let runs = ids.iter().map(|id| app.run(id)).collect::<ApiResult<Vec<_>>>()?;
            Ok(make(&runs)?.to_bytes_within(format, RESPONSE_BYTES_MAX)?)
        })
        .await?;
    Ok(file(bytes, format, name))
}

fn file(bytes: Vec<u8>, format: TableFile, name: &str) -> Response {
    answer::saved(format.media_type(), &format!("{name}.{}", format.ending()), bytes.into())
}
