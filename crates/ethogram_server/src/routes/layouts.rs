//! `/api/layouts`: arrangements of panels that people saved, by project.

use axum::{Json, extract::State};
use ethogram_store::Layout;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    events::Event,
    extract::InBody,
    params::Params,
};

/// `GET /api/layouts`.
#[derive(Debug, Serialize)]
pub struct Layouts {
    /// By name.
    layouts: Vec<Layout>,
}

/// Layouts of a project, by name.
pub async fn layouts(State(app): State<App>, mut params: Params) -> ApiResult<Json<Layouts>> {
    let project = params.require("project")?;
    params.finish()?;
    let pool = app.pool.clone();
    pool.run(move || Ok(Json(Layouts { layouts: app.workbench.layouts(&project)? }))).await
}

/// Saves a layout under a name, in place of one that had it.
pub async fn put_layout(
    State(app): State<App>,
    mut params: Params,
    InBody(layout): InBody<Map<String, Value>>,
) -> ApiResult<Json<Layout>> {
    let (project, name) = (params.require("project")?, params.require("name")?);
    params.finish()?;
    let (workbench, of) = (app.workbench.clone(), project.clone());
    let saved = app.pool.run(move || Ok(workbench.save_layout(&of, &name, layout)?)).await?;
    app.events.announce(Event::Layouts { project });
    Ok(Json(saved))
}

/// Removes a layout. **Errors**: 404 when there is none of that name.
pub async fn delete_layout(State(app): State<App>, mut params: Params) -> ApiResult<Json<Layouts>> {
    let (project, name) = (params.require("project")?, params.require("name")?);
    params.finish()?;
    let (workbench, of) = (app.workbench.clone(), project.clone());
    let left = app
        .pool
        .run(move || {
            if !workbench.remove_layout(&of, &name)? {
                let message = format!("no layout {name:?} of project {of:?}");
                return Err(ApiError::not_found(message).hint("GET /api/layouts lists those of a project"));
            }
            Ok(workbench.layouts(&of)?)
        })
        .await?;
    app.events.announce(Event::Layouts { project });
    Ok(Json(Layouts { layouts: left }))
}
