//! `GET /api/runs/RUN/events` and `…/episodes/E/events`: moments that were found.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Uri, header},
    response::{IntoResponse, Response},
};
use ethogram_query::{Cancel, EVENT_KINDS, EVENT_PARAMS, Event, EventsRequest, ParamValue, Params as Settings};
use serde::Serialize;

use crate::{
    app::App, error::ApiResult, etag, extract::InPath, params::Params, run_request::RunRequest, wire::ParamEntry,
};

/// How long a request looks before it answers with what it found so far.
const LOOK: Duration = Duration::from_millis(1_500);

/// What was found.
#[derive(Debug, Serialize)]
pub struct FoundEvents {
    /// Of a run: the first of each kind, then the second, and so on. Of an episode: by kind.
    events: Vec<FoundEvent>,
    /// Every kind that there is, in order.
    kinds: Vec<FoundKind>,
    /// Recorded episodes that were looked at; ask again while it is less than `episodes`.
    done: usize,
    /// Recorded episodes.
    episodes: usize,
    /// What can be set about the finders.
    settings: Vec<ParamEntry>,
}

/// A kind of event.
#[derive(Debug, Serialize)]
pub struct FoundKind {
    /// In addresses.
    name: &'static str,
    /// For people.
    title: &'static str,
    /// What is found, and by what rule.
    doc: &'static str,
    /// Of the value of an event.
    unit: &'static str,
    /// Looked for only when it is named: networks have to be asked.
    on_request: bool,
    /// How many there are, before all but the top were left out; null when it was not looked for.
    count: Option<usize>,
    /// Why none can be found, with what to log.
    missing: Option<String>,
}

/// A moment.
#[derive(Debug, Serialize)]
pub struct FoundEvent {
    /// Name of its kind.
    kind: &'static str,
    /// Index of the episode.
    episode: u64,
    /// Where to look first.
    step: u64,
    /// First step of what it is about.
    from: u64,
    /// One beyond its last.
    to: u64,
    /// The number that was found, in the unit of the kind.
    value: f64,
    /// How pronounced it is, from 0 to 1; comparable within a kind.
    score: f64,
    /// Place among its kind, from 1.
    rank: usize,
    /// Why, in words.
    evidence: String,
    /// The numbers of the evidence.
    numbers: BTreeMap<&'static str, f64>,
}

impl From<Event> for FoundEvent {
    fn from(event: Event) -> Self {
        let Event { kind, episode, step, from, to, value, score, rank, evidence, numbers } = event;
        Self { kind, episode, step, from, to, value, score, rank, evidence, numbers: numbers.into_iter().collect() }
    }
}

/// Those of one episode.
pub async fn of_episode(
    request: RunRequest,
    InPath((_, episode)): InPath<(String, u64)>,
    mut params: Params,
) -> ApiResult<Response> {
    let kinds = kinds(&mut params);
    let settings = settings(&mut params);
    request
        .answer(move |run| {
            let found = run.episode_events(episode, &kinds, &settings, &Cancel::default())?;
            let mut counts = BTreeMap::new();
            for kind in EVENT_KINDS.iter().filter(|kind| asked(&kinds, kind.name, kind.on_request)) {
                counts.insert(kind.name, found.events.iter().filter(|event| event.kind == kind.name).count());
            }
            Ok(Json(answer(found.events, &counts, &found.missing, 1, 1)).into_response())
        })
        .await
}

/// Those of all recorded episodes. What takes longer than [`LOOK`] is answered in part.
pub async fn of_run(
    State(app): State<App>,
    InPath(run): InPath<String>,
    uri: Uri,
    headers: HeaderMap,
    mut params: Params,
) -> ApiResult<Response> {
    let request = EventsRequest {
        kinds: kinds(&mut params),
        top: params.take_as("top", "a whole number from 0")?,
        settings: settings(&mut params),
        deadline: Some(Instant::now() + LOOK),
    };
    let run = app.run(&run)?;
    let tag = app.tag(&run, &uri);
    if etag::matches(&headers, &tag) {
        return Ok(etag::not_modified(&tag, etag::ASK_AGAIN));
    }
    let found = app.pool.run(move || Ok(run.events(&request, &Cancel::default(), &|_, _| ())?)).await?;
    let complete = found.done == found.episodes;
    let body = answer(found.events, &found.counts, &found.missing, found.done, found.episodes);
    let mut response = ([(header::CACHE_CONTROL, etag::ASK_AGAIN)], Json(body)).into_response();
    if complete && let Ok(value) = tag.try_into() {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(response)
}

fn answer(
    events: Vec<Event>,
    counts: &BTreeMap<&'static str, usize>,
    missing: &BTreeMap<&'static str, String>,
    done: usize,
    episodes: usize,
) -> FoundEvents {
    let kind = |kind: &ethogram_query::EventKind| FoundKind {
        name: kind.name,
        title: kind.title,
        doc: kind.doc,
        unit: kind.unit,
        on_request: kind.on_request,
        count: counts.get(kind.name).copied(),
        missing: missing.get(kind.name).cloned(),
    };
    FoundEvents {
        events: events.into_iter().map(FoundEvent::from).collect(),
        kinds: EVENT_KINDS.iter().map(kind).collect(),
        done,
        episodes,
        settings: EVENT_PARAMS.iter().map(ParamEntry::from).collect(),
    }
}

fn asked(names: &[String], name: &str, on_request: bool) -> bool {
    if names.is_empty() { !on_request } else { names.iter().any(|asked| asked == name) }
}

fn kinds(params: &mut Params) -> Vec<String> {
    let lists = params.take_all("kinds");
    lists.iter().flat_map(|list| list.split(',')).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// All that is left is a setting of the finders, which name those that they do not know.
pub(super) fn settings(params: &mut Params) -> Settings {
    params.take_rest().into_iter().map(|(name, value)| (name, ParamValue::Text(value))).collect()
}
