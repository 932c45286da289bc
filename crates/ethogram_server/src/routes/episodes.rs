//! `GET /api/runs/RUN/episodes` and `…/episodes/E`: the table of episodes, and what one holds.

use axum::{Json, extract::State, response::Response};
use ethogram_query::EpisodeSummary;
use ethogram_store::{Dtype, EpisodeEnd, EpisodeRow};
use serde::Deserialize;

use crate::{
    answer,
    app::App,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::{InBody, InPath},
    limits::EPISODES_MAX,
    params::Params,
    run_request::RunRequest,
    wire,
};

/// One column a member of [`EpisodeRow`].
pub async fn episodes(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let range = params.take_range_u64()?;
    params.finish()?;
    request
        .answer(move |run| {
            let asked = range.end.min(run.source().episode_count()).saturating_sub(range.start);
            if asked > EPISODES_MAX as u64 {
                return Err(ApiError::too_large("episodes of one answer", asked, EPISODES_MAX as u64)
                    .hint("ask for a smaller range with from= and to="));
            }
            answer::columns(columns_from_rows(&run.source().episodes(range)?))
        })
        .await
}

/// The episode, how many steps were recorded, and which fields can be asked for.
pub async fn episode(
    State(app): State<App>,
    InPath((run, episode)): InPath<(String, u64)>,
) -> ApiResult<Json<wire::EpisodeDetail>> {
    let pool = app.pool.clone();
    pool.run(move || {
        let run = app.run(&run)?;
        Ok(Json(wire::EpisodeDetail {
            episode: run.episode(episode)?,
            steps: run.source().step_count(episode)?,
            fields: run.fields(episode)?.into_iter().map(wire::FieldEntry::from).collect(),
        }))
    })
    .await
}

/// The body of [`summary`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    episodes: Vec<u64>,
}

/// Returns, lengths and ends of the episodes asked for.
pub async fn summary(
    State(app): State<App>,
    InPath(run): InPath<String>,
    InBody(ask): InBody<Ask>,
) -> ApiResult<Json<wire::EpisodeSummary>> {
    let pool = app.pool.clone();
    pool.run(move || {
        let found = EpisodeSummary::of(&*app.run(&run)?, &ask.episodes)?;
        Ok(Json(wire::EpisodeSummary {
            episodes: found.episodes,
            episode_return: found.episode_return.into(),
            length: found.length.into(),
            ends: found.ends.into_iter().collect(),
        }))
    })
    .await
}

/// Counts and times travel as doubles, which browsers read without detours; a seed keeps all of its 64 bits.
fn columns_from_rows(rows: &[EpisodeRow]) -> Columns {
    let mut columns = Columns::new();
    let optional = |value: fn(&EpisodeRow) -> Option<f64>| rows.iter().map(value).collect::<Vec<_>>();
    columns.push_f64("episode", rows.iter().map(|row| row.episode as f64));
    columns.push_u32("env_index", rows.iter().map(|row| row.env_index));
    columns.push_text("agent", rows.iter().map(|row| row.agent.clone()).collect());
    let seeded: Vec<bool> = rows.iter().map(|row| row.seed.is_some()).collect();
    let seeds = rows.iter().flat_map(|row| row.seed.unwrap_or(0).to_le_bytes()).collect();
    let valid = seeded.contains(&false).then_some(seeded.as_slice());
    columns.push("seed", Dtype::Int64, vec![rows.len()], seeds, valid);
    columns.push_text("end", rows.iter().map(|row| Some(end_name(row.end).to_owned())).collect());
    columns.push_f64("episode_return", rows.iter().map(|row| row.episode_return));
    columns.push_f64("length", rows.iter().map(|row| row.length as f64));
    columns.push_f64("global_step", rows.iter().map(|row| row.global_step as f64));
    columns.push_f64("started_us", rows.iter().map(|row| row.started_us as f64));
    columns.push_f64_or_missing("ended_us", &optional(|row| row.ended_us.map(|time| time as f64)));
    columns.push_bool("recorded", rows.iter().map(|row| row.recorded));
    columns.push_bool("evaluation", rows.iter().map(|row| row.evaluation));
    columns.push_f64_or_missing("checkpoint", &optional(|row| row.checkpoint.map(|step| step as f64)));
    columns.push_f64_or_missing("env_return", &optional(|row| row.env_return));
    let extra = |row: &EpisodeRow| (!row.extra.is_empty()).then(|| serde_json::json!(row.extra).to_string());
    columns.push_text("extra", rows.iter().map(extra).collect());
    columns
}

/// As in JSON.
fn end_name(end: EpisodeEnd) -> &'static str {
    match end {
        EpisodeEnd::Open => "open",
        EpisodeEnd::Terminated => "terminated",
        EpisodeEnd::Truncated => "truncated",
        EpisodeEnd::Both => "both",
        EpisodeEnd::Unknown => "unknown",
    }
}
