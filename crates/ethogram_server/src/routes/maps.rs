//! `POST /api/maps`, `GET /api/maps/methods` and `POST /api/maps/choices`: steps as points that are laid out while the client looks on.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use ethogram_query::{Cancel, Error, MAP_METHODS, MapChoices, MapMethod, MapNews, MapRequest, MapSource, Workbench};
use ethogram_store::RunId;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::attributions::setting;
use crate::{
    app::App,
    error::ApiResult,
    extract::InBody,
    limits::MAPS_MAX,
    map_parts,
    params::Params,
    parts::{self, Parts},
};

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
    let request = MapRequest::from(ask);
    let full = || {
        let message = format!("{MAPS_MAX} maps are being laid out already, as many as may be at once (MAPS_MAX)");
        (message, "close one of them, or wait until it is done")
    };
    let workbench = Arc::clone(&app.workbench);
    parts::answer(&app.maps, full, app.stopped.clone(), move |parts| make(&workbench, &request, parts)).await
}

fn make(workbench: &Workbench, request: &MapRequest, parts: &Parts) -> ApiResult<()> {
    let plan = workbench.plan_map(request)?;
    parts.begin();
    let told = |kind, phase: &str, share| parts.progress(|| map_parts::progress(kind, &request.method, phase, share));
    let mut reading = |share: f64| told("progress", "reading steps", share);
    let found = workbench.read_map(plan, &Cancel::default(), &mut reading).and_then(|map| {
        if !parts.send(map_parts::points(&map)) {
            return Err(Error::Stopped);
        }
        // The first layout and the last arrive, however slow the client: it sees points at once, and where they end up.
        let is_first = AtomicBool::new(true);
        map.lay_out(&|news| match news {
            MapNews::Progress { phase, share } => told("layout", phase, share),
            MapNews::Layout(layout) if is_first.swap(false, Ordering::Relaxed) || layout.done => {
                parts.send(map_parts::layout(layout))
            }
            MapNews::Layout(layout) => parts.offer(map_parts::layout(layout)),
            MapNews::Waiting => parts.goes_on(),
        })
    });
    match found {
        // Nobody listens any more.
        Ok(_) | Err(Error::Stopped) => Ok(()),
        Err(error) => Err(error.into()),
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
            supervised_by: ask.supervised_by,
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
