//! `GET /api/plugins`, the module of one of them, and the page in which it runs.

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    etag,
    extract::InPath,
    params::Params,
    plugins::{self, Plugin, Skipped},
};

/// `GET /api/plugins`.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names of the answer")]
pub struct Plugins {
    /// By name.
    plugins: Vec<Plugin>,
    /// What looks like a plug-in but is none.
    skipped: Vec<Skipped>,
    /// Folders that are looked through.
    folders: Vec<String>,
}

/// Plug-ins, by name.
pub async fn plugins(State(app): State<App>, params: Params) -> ApiResult<Json<Plugins>> {
    params.finish()?;
    let folders = app.plugins.clone();
    let list = move || {
        let (plugins, skipped) = plugins::list(&folders);
        let folders = folders.iter().map(|folder| folder.display().to_string()).collect();
        Ok(Json(Plugins { plugins, skipped, folders }))
    };
    app.pool.run(list).await
}

/// The text of a plug-in's module, for the page that hands it to its frame.
pub async fn module(State(app): State<App>, InPath(name): InPath<String>, params: Params) -> ApiResult<Response> {
    params.finish()?;
    let folders = app.plugins.clone();
    let text = app.pool.run(move || plugins::module(&folders, &name).map_err(ApiError::not_found)).await?;
    let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, etag::ASK_AGAIN)];
    Ok((headers, text).into_response())
}

/// The page in which modules run; the guard gives it a policy of its own.
pub async fn frame() -> impl IntoResponse {
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, etag::ASK_AGAIN)];
    (headers, plugins::FRAME)
}
