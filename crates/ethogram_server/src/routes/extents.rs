//! `GET /api/runs/RUN/episodes/E/extents`: how far fields reach over the whole episode.

use axum::response::Response;
use ethogram_query::RunHandle;
use serde_json::{Map, Value, json};

use super::fields::{Asked, asked_fields};
use crate::{
    answer,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::InPath,
    params::Params,
    run_request::RunRequest,
};

/// Two columns a field, one row an element. A field that cannot be had is named in the header's `errors`, the others are sent.
pub async fn extents(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let asked = asked_fields(&mut params)?;
    request.answer(move |run| answer::columns(read(run, episode, &asked)?)).await
}

fn read(run: &RunHandle, episode: u64, asked: &Asked) -> ApiResult<Columns> {
    // An episode that is not there is one error, not one a field.
    run.episode(episode)?;
    let mut columns = Columns::new();
    let mut errors: Map<String, Value> = Map::new();
    for (name, params) in asked {
        match run.extents(episode, name, params).map_err(ApiError::from) {
            Ok(found) => {
                columns.push_f64(&format!("{name}/low"), found.low.into_iter());
                columns.push_f64(&format!("{name}/high"), found.high.into_iter());
                answer::check_bytes(columns.bytes())?;
            }
            Err(error) => drop(errors.insert(name.clone(), json!(error))),
        }
    }
    columns.set("errors", Value::Object(errors));
    Ok(columns)
}
