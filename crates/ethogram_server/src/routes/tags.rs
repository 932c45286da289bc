//! `POST /api/tags`: which scalars many runs have, in one answer. A page that draws a hundred runs asks once rather than a hundred times.

use axum::{Json, extract::State};
use ethogram_query::{in_parallel, threads};
use ethogram_store::{Revision, RunId, ScalarTag};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::{ApiError, ApiResult},
    extract::InBody,
    limits::SERIES_MAX,
};

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    runs: Vec<RunId>,
}

/// The answer, in the order of the runs asked for.
#[derive(Debug, Serialize)]
pub struct Tags {
    runs: Vec<TagsOfRun>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum TagsOfRun {
    Found { run: RunId, revision: Revision, episode_count: u64, scalars: Vec<ScalarTag> },
    Lost { run: RunId, error: ApiError },
}

/// Tags of each run; a run that cannot be had is an `error` in its place, the others are sent.
pub async fn tags(State(app): State<App>, InBody(ask): InBody<Ask>) -> ApiResult<Json<Tags>> {
    if ask.runs.len() > SERIES_MAX {
        return Err(ApiError::too_large("runs", ask.runs.len() as u64, SERIES_MAX as u64));
    }
    let pool = app.pool.clone();
    // Runs of other people's files are read to their end for it.
    pool.run(move || Ok(Json(Tags { runs: in_parallel(&ask.runs, threads(), |run| tags_of(&app, run)) }))).await
}

fn tags_of(app: &App, run: &RunId) -> TagsOfRun {
    let asked = run.clone();
    match app.run(&run.0) {
        Ok(handle) => {
            let source = handle.source();
            TagsOfRun::Found {
                run: asked,
                // First, so that it is never newer than what follows.
                revision: source.revision(),
                episode_count: source.episode_count(),
                scalars: source.scalar_tags(),
            }
        }
        Err(error) => TagsOfRun::Lost { run: asked, error },
    }
}
