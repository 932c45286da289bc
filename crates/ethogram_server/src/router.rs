//! Which path is answered by what. `docs/http.md` has the same list.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{Method, StatusCode},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};

use crate::{
    app::App,
    connections::{Patience, hasten},
    error::{ApiError, ApiResult},
    limits::{BODY_BYTES_MAX, TREND_BYTES_MAX},
    plugins::FRAME_PATH,
    routes,
    safety::{Safety, guard},
};

/// The whole service: routes, the web app for every other path, and the guard around both.
pub fn router(app: App, safety: Safety, patience: Patience) -> Router {
    Router::new()
        .route("/api/health", get(routes::health::health))
        .route("/api/runs", get(routes::runs::runs))
        .route("/api/runs/{run}", get(routes::runs::run))
        .route("/api/runs/{run}/episodes", get(routes::episodes::episodes))
        .route("/api/runs/{run}/episodes/summary", post(routes::episodes::summary))
        .route("/api/runs/{run}/episodes/{episode}", get(routes::episodes::episode))
        .route("/api/runs/{run}/episodes/{episode}/fields", get(routes::fields::fields))
        .route("/api/runs/{run}/episodes/{episode}/extents", get(routes::extents::extents))
        .route("/api/runs/{run}/episodes/{episode}/explanations", get(routes::attributions::explanations))
        .route("/api/runs/{run}/episodes/{episode}/attribution", get(routes::attributions::attribution))
        .route("/api/runs/{run}/episodes/{episode}/attribution/quality", get(routes::attributions::quality))
        .route("/api/runs/{run}/episodes/{episode}/parity", get(routes::attributions::parity))
        .route("/api/runs/{run}/episodes/{episode}/what_if", post(routes::what_if::what_if))
        .route("/api/runs/{run}/episodes/{episode}/counterfactual", post(routes::what_if::counterfactual))
        .route("/api/runs/{run}/episodes/{episode}/disagreement", post(routes::what_if::disagreement))
        .route("/api/runs/{run}/episodes/{episode}/frames", get(routes::frames::frames))
        .route("/api/runs/{run}/episodes/{episode}/video", get(routes::video::video))
        .route("/api/runs/{run}/episodes/{episode}/film", get(routes::films::film))
        .route("/api/runs/{run}/episodes/{episode}/film.mp4", get(routes::films::file))
        .route("/api/runs/{run}/episodes/{episode}/events", get(routes::found_events::of_episode))
        .route("/api/runs/{run}/episodes/{episode}/checkpoint_changes", get(routes::policy_change::checkpoint_changes))
        .route("/api/runs/{run}/events", get(routes::found_events::of_run))
        .route("/api/runs/{run}/health", get(routes::run_health::health))
        .route("/api/runs/{run}/divergence", get(routes::policy_change::divergence))
        .route("/api/runs/{run}/actions", post(routes::actions::actions))
        .route("/api/runs/{run}/tensors", get(routes::tensors::tensors))
        .route("/api/runs/{run}/histograms", get(routes::histograms::histograms))
        .route("/api/runs/{run}/features", post(routes::features::features))
        .route("/api/runs/{run}/features/{id}/images", post(routes::feature_images::images))
        .route("/api/runs/{run}/features/{id}/maps", get(routes::features::maps))
        .route("/api/runs/{run}/features/{id}/without", post(routes::features::without))
        .route("/api/runs/{run}/heat_maps", get(routes::heat_maps::heat_maps))
        .route("/api/runs/{run}/blobs/{hash}", get(routes::blobs::blob))
        .route("/api/runs/{run}/network", get(routes::network::arrays))
        .route("/api/runs/{run}/network/picture", get(routes::network::picture))
        .route("/api/runs/{run}/network/histograms", get(routes::network::histograms))
        .route("/api/runs/{run}/network/strip", get(routes::network::strip))
        .route("/api/runs/{run}/kept", get(routes::kept::kept).delete(routes::kept::forget))
        .route("/api/runs/{run}/notes", get(routes::notes::notes).put(routes::notes::put_notes))
        .route(
            "/api/layouts",
            get(routes::layouts::layouts).put(routes::layouts::put_layout).delete(routes::layouts::delete_layout),
        )
        .route("/api/series", post(routes::series::series))
        .route("/api/series.csv", get(routes::series_csv::series_csv))
        .route("/api/exports/points", get(routes::exports::points))
        .route("/api/exports/episodes", get(routes::exports::episodes))
        .route("/api/exports/steps", get(routes::exports::steps))
        .route("/api/exports/arrays", get(routes::exports::arrays))
        .route("/api/tags", post(routes::tags::tags))
        .route("/api/trend", post(routes::trend::trend).layer(DefaultBodyLimit::max(TREND_BYTES_MAX)))
        .route("/api/benchmark", post(routes::benchmark::benchmark))
        .route("/api/benchmark/table", post(routes::benchmark::table))
        .route("/api/benchmark/parameters", post(routes::parameters::parameters))
        .route("/api/benchmark/parameters/table", post(routes::parameters::table))
        .route("/api/maps", post(routes::maps::maps))
        .route("/api/maps/methods", get(routes::maps::methods))
        .route("/api/maps/choices", post(routes::maps::choices))
        .route("/api/maps/{map}/steer", post(routes::map::steer))
        .route("/api/maps/{map}/direction", post(routes::map::direction))
        .route("/api/maps/{map}/fields", get(routes::map::fields))
        .route("/api/maps/{map}/neighbors", get(routes::map::neighbors))
        .route("/api/maps/{map}/pictures", post(routes::map::pictures))
        .route("/api/maps/{map}/layout", get(routes::map::layout))
        .route("/api/reports", post(routes::reports::reports))
        .route("/api/plugins", get(routes::plugins::plugins))
        .route("/api/plugins/{name}/module", get(routes::plugins::module))
        .route(FRAME_PATH, get(routes::plugins::frame))
        .route("/api/derivations", get(routes::derivations::derivations))
        .route("/api/events", get(routes::events::events))
        .fallback(other)
        .method_not_allowed_fallback(no_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(move |request: Request, next: Next| hasten(patience, request, next)))
        .layer(middleware::from_fn_with_state(Arc::new(safety), guard))
        .with_state(app)
}

async fn no_method(method: Method, request: Request) -> ApiError {
    let message = format!("{} does not take {method}", request.uri().path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message).hint("docs/http.md lists the routes")
}

async fn other(State(app): State<App>, request: Request) -> ApiResult<Response> {
    let path = request.uri().path();
    if path == "/api" || path.starts_with("/api/") {
        return Err(ApiError::not_found(format!("no route {path}")).hint("docs/http.md lists the routes"));
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(no_method(request.method().clone(), request).await.into_response());
    }
    let ui = Arc::clone(&app.ui);
    let (parts, _) = request.into_parts();
    app.pool.run(move || Ok(ui.answer(parts.uri.path(), &parts.headers))).await
}
