//! `POST /api/maps`, `GET /api/maps/methods` and `POST /api/maps/choices`: steps as points that are laid out while the client looks on.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ethogram_query::{Cancel, Error, MAP_METHODS, MapChoices, MapMethod, MapNews, MapRequest, MapSource, Workbench};
use ethogram_store::RunId;
use futures::stream;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::attributions::setting;
use crate::{
    app::App,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::InBody,
    limits::{MAP_TELL_EVERY, MAPS_MAX},
    map_parts::{self, PARTS_TYPE},
    params::Params,
};

/// Parts that wait for a slow client; layouts that find no place are left out, for a newer one will come.
const WAITING: usize = 2;

/// The body of a map.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    sources: Vec<Source>,
    of: Option<String>,
    points: Option<usize>,
    method: Option<String>,
    dims: Option<usize>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    supervised_by: Option<String>,
    align_to: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    run: RunId,
    episodes: Option<Vec<u64>>,
    checkpoint: Option<i64>,
    samples: Option<String>,
}

/// The body of choices.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskChoices {
    sources: Vec<Source>,
}

/// What some sources can be mapped by and coloured by.
#[derive(Debug, Serialize)]
pub struct Choices {
    /// What points can be laid out by, the most telling first.
    of: Vec<Of>,
    /// What they can be coloured by.
    colours: Vec<Colour>,
    /// Of all episodes.
    steps: u64,
    /// Those that were recorded.
    episodes: u64,
}

/// Something that points can be laid out by.
#[derive(Debug, Serialize)]
pub struct Of {
    /// As it is asked for.
    name: String,
    /// Numbers a step.
    width: usize,
    /// What it means.
    doc: String,
    /// `logged`, `derived` or `network`.
    origin: &'static str,
}

/// Something that points can be coloured by.
#[derive(Debug, Serialize)]
pub struct Colour {
    /// As it is asked for.
    name: String,
    /// Whether it counts or tells choices apart.
    kind: ColourKind,
    /// The name of an element where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

/// How something colours points.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ColourKind {
    /// On a scale.
    Number,
    /// One by one.
    Choice,
}

/// The ways to lay points out, and names that are known beside the fields of steps.
pub async fn methods(params: Params) -> ApiResult<Response> {
    params.finish()?;
    let method = |method: &MapMethod| {
        json!({
            "name": method.name,
            "doc": method.doc,
            "source": method.source,
            "params": method.params.iter().map(setting).collect::<Vec<_>>(),
        })
    };
    let field = |(name, doc): &(&str, &str)| json!({"name": name, "doc": doc});
    let answer = json!({
        "methods": MAP_METHODS.iter().map(method).collect::<Vec<Value>>(),
        "fields": FIELDS.iter().map(field).collect::<Vec<Value>>(),
    });
    Ok(Json(answer).into_response())
}

/// What points are coloured by beside the fields of steps.
const FIELDS: &[(&str, &str)] = &[
    ("run", "which of the sources"),
    ("episode", "index of the episode"),
    ("step", "index of the step in its episode"),
    ("global_step", "environment steps of the whole run until then"),
    ("time", "share of the episode that passed, 0 to 1"),
    ("confidence", "1 − H / ln A: 1 when the policy would always take one action"),
    ("confidence[min_max]", "the same, scaled by the smallest and largest entropy of the points"),
];

/// What some sources can be mapped by and coloured by.
pub async fn choices(State(app): State<App>, InBody(ask): InBody<AskChoices>) -> ApiResult<Json<Choices>> {
    let workbench = Arc::clone(&app.workbench);
    let sources: Vec<MapSource> = ask.sources.into_iter().map(MapSource::from).collect();
    app.pool.run(move || Ok(Json(Choices::from(workbench.map_choices(&sources)?)))).await
}

/// A map, sent as it is made.
pub async fn maps(State(app): State<App>, InBody(ask): InBody<Ask>) -> ApiResult<Response> {
    if let Some(field) = &ask.supervised_by {
        let message = format!("supervised_by: layouts by a field ({field:?}) are not built");
        return Err(ApiError::bad_request(message).hint("leave it out, and colour the points by that field"));
    }
    let request = MapRequest::from(ask);
    let permit = Arc::clone(&app.maps).try_acquire_owned().map_err(|_| {
        let message = format!("{MAPS_MAX} maps are being laid out already, as many as may be at once (MAPS_MAX)");
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "busy", message)
            .hint("close one of them, or wait until it is done")
    })?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let (ready, prepared) = oneshot::channel();
    let (workbench, stopped) = (Arc::clone(&app.workbench), app.stopped.clone());
    tokio::task::spawn_blocking(move || {
        let _permit = permit;
        make(&workbench, &request, ready, &Sender { to: sender, stopped, told: Mutex::default() });
    });
    prepared.await.unwrap_or_else(|_| Err(ApiError::internal("the map's thread ended before it began")))?;
    let body = Body::from_stream(stream::unfold(receiver, |mut receiver: mpsc::Receiver<Bytes>| async move {
        let next = receiver.recv().await?;
        Some((Ok::<_, io::Error>(next), receiver))
    }));
    Ok(([(header::CONTENT_TYPE, PARTS_TYPE), (header::CACHE_CONTROL, "no-store")], body).into_response())
}

/// Says through `ready` whether there will be a map, and then sends it.
fn make(workbench: &Workbench, request: &MapRequest, ready: oneshot::Sender<ApiResult<()>>, sender: &Sender) {
    let plan = match workbench.plan_map(request) {
        Ok(plan) => plan,
        Err(error) => return drop(ready.send(Err(error.into()))),
    };
    if ready.send(Ok(())).is_err() {
        return;
    }
    let cancel = Cancel::default();
    let mut reading = |share: f64| sender.progress("progress", &request.method, "reading steps", share);
    let found = workbench.read_map(plan, &cancel, &mut reading).and_then(|map| {
        if !sender.send(map_parts::points(&map)) {
            return Err(Error::Stopped);
        }
        map.lay_out(&|news| match news {
            MapNews::Progress { phase, share } => sender.progress("layout", &request.method, phase, share),
            MapNews::Layout(layout) if layout.done => sender.send(map_parts::layout(layout)),
            MapNews::Layout(layout) => sender.offer(map_parts::layout(layout)),
            MapNews::Waiting => sender.goes_on(),
        })
    });
    match found {
        // Nobody listens any more.
        Ok(_) | Err(Error::Stopped) => {}
        Err(error) => drop(sender.send(map_parts::error(error))),
    }
}

/// Where parts go. All say whether anybody still wants them.
struct Sender {
    to: mpsc::Sender<Bytes>,
    stopped: watch::Receiver<bool>,
    /// When progress was told last.
    told: Mutex<Option<Instant>>,
}

impl Sender {
    fn goes_on(&self) -> bool {
        !self.to.is_closed() && !*self.stopped.borrow()
    }

    /// A part that must arrive.
    fn send(&self, columns: Columns) -> bool {
        self.to.blocking_send(map_parts::part(columns)).is_ok()
    }

    /// A part that a slow client does without.
    fn offer(&self, columns: Columns) -> bool {
        if self.to.capacity() > 0 {
            // Whoever sends beside us may have taken the place.
            drop(self.to.try_send(map_parts::part(columns)));
        }
        self.goes_on()
    }

    fn progress(&self, kind: &'static str, method: &str, phase: &str, share: f64) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.is_none_or(|told| told.elapsed() >= MAP_TELL_EVERY) {
            *told = Some(Instant::now());
            drop(told);
            return self.offer(map_parts::progress(kind, method, phase, share));
        }
        self.goes_on()
    }
}

impl From<Source> for MapSource {
    fn from(Source { run, episodes, checkpoint, samples }: Source) -> Self {
        MapSource { run, episodes, checkpoint, samples }
    }
}

impl From<Ask> for MapRequest {
    fn from(ask: Ask) -> Self {
        let usual = MapRequest::default();
        MapRequest {
            sources: ask.sources.into_iter().map(MapSource::from).collect(),
            of: ask.of.unwrap_or(usual.of),
            points: ask.points.unwrap_or(usual.points),
            method: ask.method.unwrap_or(usual.method),
            dims: ask.dims.unwrap_or(usual.dims),
            settings: ask.settings,
            align_to: ask.align_to,
        }
    }
}

impl From<MapChoices> for Choices {
    fn from(choices: MapChoices) -> Self {
        let of = |of: ethogram_query::MapOf| Of { name: of.name, width: of.width, doc: of.doc, origin: of.origin };
        let colour = |colour: ethogram_query::MapColour| Colour {
            kind: if colour.is_choice { ColourKind::Choice } else { ColourKind::Number },
            label: Some(colour.label).filter(|label| !label.is_empty()),
            name: colour.name,
        };
        Choices {
            of: choices.of.into_iter().map(of).collect(),
            colours: choices.colours.into_iter().map(colour).collect(),
            steps: choices.steps,
            episodes: choices.episodes,
        }
    }
}
