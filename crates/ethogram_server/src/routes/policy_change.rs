//! `GET /api/runs/RUN/divergence` and `…/episodes/E/checkpoint_changes`: how the policy moved through training.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use ethogram_query::{Cancel, CheckpointChange, EpisodeDivergence};
use serde::Serialize;

use super::found_events::settings;
use crate::{error::ApiResult, extract::InPath, params::Params, run_request::RunRequest};

/// States asked about when the request does not say.
const PLACES: usize = 100;

/// Of all recorded episodes.
#[derive(Debug, Serialize)]
pub struct Divergence {
    /// Ascending.
    episodes: Vec<DivergenceOfEpisode>,
}

/// A recorded episode, and how far its policy is from the mean of the one before.
#[derive(Debug, Serialize)]
pub struct DivergenceOfEpisode {
    /// Which.
    episode: u64,
    /// Global step at its reset.
    global_step: i64,
    /// Its return.
    episode_return: f64,
    /// Mean over its steps; null where there is none.
    mean: Option<f64>,
    /// Sum over its steps.
    sum: Option<f64>,
}

/// Checkpoints on the same states.
#[derive(Debug, Serialize)]
pub struct CheckpointChanges {
    /// States that were asked about.
    states: usize,
    /// Ascending by global step.
    checkpoints: Vec<ChangeOfCheckpoint>,
}

/// A checkpoint, and how far it is from the one before.
#[derive(Debug, Serialize)]
pub struct ChangeOfCheckpoint {
    /// When it was kept.
    global_step: i64,
    /// What it is called.
    name: String,
    /// Mean over the states of KL(now ‖ before), in nats; null for the first, and where policies are no distributions.
    kl: Option<f64>,
    /// The largest of them.
    kl_max: Option<f64>,
    /// Mean of the Jensen–Shannon divergence, in nats.
    js: Option<f64>,
    /// Share of the states in which the greedy choice is another.
    flips: Option<f64>,
    /// Mean of what the critic says.
    value: Option<f64>,
}

/// Every parameter is one of the field `action_divergence`.
pub async fn divergence(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let settings = settings(&mut params);
    request
        .answer(move |run| {
            let of = |found: EpisodeDivergence| {
                let EpisodeDivergence { episode, global_step, episode_return, mean, sum } = found;
                DivergenceOfEpisode { episode, global_step, episode_return, mean, sum }
            };
            let found = run.policy_divergence(&settings, &Cancel::default())?;
            Ok(Json(Divergence { episodes: found.into_iter().map(of).collect() }).into_response())
        })
        .await
}

/// On states of one episode, evenly spread over it.
pub async fn checkpoint_changes(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let places = params.take_as("places", "a whole number from 1")?.unwrap_or(PLACES);
    params.finish()?;
    request
        .answer(move |run| {
            let found = run.checkpoint_changes(episode, places, &Cancel::default())?;
            let of = |change: CheckpointChange| {
                let CheckpointChange { checkpoint, kl, kl_max, js, flips, value } = change;
                let (global_step, name) = (checkpoint.global_step, checkpoint.name);
                ChangeOfCheckpoint { global_step, name, kl, kl_max, js, flips, value }
            };
            let checkpoints = found.checkpoints.into_iter().map(of).collect();
            Ok(Json(CheckpointChanges { states: found.steps.len(), checkpoints }).into_response())
        })
        .await
}
