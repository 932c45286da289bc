//! `POST /api/runs/RUN/actions`: how often each action was taken in some episodes.

use axum::{Json, extract::State};
use ethogram_query::{ActionCounts, ActionPart, Spread};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::ApiResult,
    extract::{InBody, InPath},
};

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    episodes: Vec<u64>,
    #[serde(default = "bins")]
    bins: usize,
}

fn bins() -> usize {
    32
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct Actions {
    episodes: usize,
    unrecorded: usize,
    steps: u64,
    parts: Vec<Part>,
}

/// One choice or number of an action.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Part {
    Choice { name: String, actions: Vec<Action>, outside: u64 },
    Number { name: String, edges: Vec<f64>, counts: Vec<f64>, below: f64, above: f64, not_finite: f64 },
}

/// One action of a choice.
#[derive(Debug, Serialize)]
struct Action {
    id: i64,
    name: Option<String>,
    count: u64,
    /// Of the steps with an action, also those whose action is none of the space; null without any.
    fraction: Option<f64>,
}

/// All actions of the space, those never taken with a count of 0.
pub async fn actions(
    State(app): State<App>,
    InPath(run): InPath<String>,
    InBody(ask): InBody<Ask>,
) -> ApiResult<Json<Actions>> {
    let pool = app.pool.clone();
    pool.run(move || {
        let run = app.run(&run)?;
        let counts = ActionCounts::of(&run, &ask.episodes, ask.bins)?;
        Ok(Json(Actions {
            episodes: counts.episodes.len(),
            unrecorded: counts.unrecorded,
            steps: counts.steps,
            parts: counts.parts.into_iter().map(part).collect(),
        }))
    })
    .await
}

fn part(ActionPart { name, spread }: ActionPart) -> Part {
    match spread {
        Spread::Choice { first, counts, names, outside } => {
            let total = counts.iter().sum::<u64>() + outside;
            let actions = counts.iter().enumerate().map(|(index, &count)| Action {
                id: first + index as i64,
                name: names.get(index).filter(|name| !name.is_empty()).cloned(),
                count,
                fraction: (total > 0).then(|| count as f64 / total as f64),
            });
            Part::Choice { name, actions: actions.collect(), outside }
        }
        Spread::Number { edges, counts } => Part::Number {
            name,
            edges,
            counts: counts.bins,
            below: counts.below,
            above: counts.above,
            not_finite: counts.not_finite,
        },
    }
}
