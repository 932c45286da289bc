//! `GET /api/runs/RUN/health`: what looks wrong about a run's training.

use std::collections::BTreeMap;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use ethogram_query::{Cancel, HEALTH_PARAMS, HEALTH_RULES, HealthFinding};
use ethogram_store::Axis;
use serde::Serialize;

use super::found_events::settings;
use crate::{error::ApiResult, params::Params, run_request::RunRequest, wire::ParamEntry};

/// How a run is.
#[derive(Debug, Serialize)]
pub struct RunHealth {
    /// In the order of the rules.
    findings: Vec<Finding>,
    /// Every rule.
    rules: Vec<Rule>,
    /// What can be set about the rules.
    settings: Vec<ParamEntry>,
}

/// Something that looks wrong.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// Name of its rule.
    rule: &'static str,
    /// The scalar or tensor that tells, where it is one.
    tag: Option<String>,
    /// What indexes it.
    axis: Option<Axis>,
    /// The step on that axis at which it first holds.
    step: Option<i64>,
    /// The episode to look at, where it is about episodes.
    episode: Option<u64>,
    /// Why, in words.
    evidence: String,
    /// The numbers of the evidence.
    numbers: BTreeMap<&'static str, f64>,
}

/// A rule.
#[derive(Debug, Serialize)]
pub struct Rule {
    /// In findings.
    name: &'static str,
    /// For people.
    title: &'static str,
    /// When it holds.
    doc: &'static str,
    /// What to log for it.
    needs: &'static str,
    /// Curves, layers or sets of episodes that it looked at; 0 where nothing was logged for it.
    checked: usize,
}

/// Rules over what was logged so far.
pub async fn health(request: RunRequest, mut params: Params) -> ApiResult<Response> {
    let settings = settings(&mut params);
    request
        .answer(move |run| {
            let health = run.health(&settings, &Cancel::default())?;
            let finding = |found: HealthFinding| {
                let HealthFinding { rule, tag, axis, step, episode, evidence, numbers } = found;
                Finding { rule, tag, axis, step, episode, evidence, numbers: numbers.into_iter().collect() }
            };
            let rule = |rule: &ethogram_query::HealthRule| Rule {
                name: rule.name,
                title: rule.title,
                doc: rule.doc,
                needs: rule.needs,
                checked: health.checked.get(rule.name).copied().unwrap_or(0),
            };
            let rules = HEALTH_RULES.iter().map(rule).collect();
            let findings = health.findings.into_iter().map(finding).collect();
            let settings = HEALTH_PARAMS.iter().map(ParamEntry::from).collect();
            Ok(Json(RunHealth { findings, rules, settings }).into_response())
        })
        .await
}
