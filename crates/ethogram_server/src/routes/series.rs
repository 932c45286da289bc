//! `POST /api/series`: many curves at once, each summarised for a screen.

use axum::{extract::State, response::Response};
use ethogram_query::{Series, SeriesRequest, Smoothing};
use ethogram_store::{Axis, RunId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    answer,
    app::App,
    columns::Columns,
    error::{ApiError, ApiResult},
    extract::InBody,
    limits::{BUCKETS_MAX, NAME_BYTES_MAX, SERIES_MAX},
    params::ordered,
};

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    series: Vec<AskOne>,
    #[serde(default = "buckets")]
    buckets: usize,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskOne {
    run: RunId,
    axis: Axis,
    tag: String,
    from: Option<Bound>,
    to: Option<Bound>,
    smooth: Option<Smooth>,
}

/// An end of a range. Charts zoom to places between steps: the range then takes in the steps around it.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum Bound {
    Step(i64),
    Between(f64),
}

/// How the curve is smoothed: `{"ema": 0.9}` or `{"rolling": 100}`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Smooth {
    Ema(f64),
    Rolling(usize),
}

fn buckets() -> usize {
    1_500
}

/// Seven columns a series; a series that cannot be had is an `error` in the header, the others are sent.
pub async fn series(State(app): State<App>, InBody(ask): InBody<Ask>) -> ApiResult<Response> {
    if ask.series.len() > SERIES_MAX {
        return Err(ApiError::too_large("series", ask.series.len() as u64, SERIES_MAX as u64));
    }
    if !(1..=BUCKETS_MAX).contains(&ask.buckets) {
        let message = format!("buckets: expected 1 to {BUCKETS_MAX}, found {}", ask.buckets);
        return Err(ApiError::bad_request(message));
    }
    let pool = app.pool.clone();
    pool.run(move || {
        let mut columns = Columns::new();
        let mut entries = Vec::with_capacity(ask.series.len());
        for (index, one) in ask.series.into_iter().enumerate() {
            entries.push(match read(&app, &one, ask.buckets) {
                Ok(series) => {
                    push(&mut columns, index, &series);
                    answer::check_bytes(columns.bytes())?;
                    entry(&one, &series)
                }
                Err(error) => json!({ "run": one.run, "axis": one.axis, "tag": one.tag, "error": error }),
            });
        }
        columns.set("series", Value::Array(entries));
        answer::columns(columns)
    })
    .await
}

fn read(app: &App, one: &AskOne, buckets: usize) -> ApiResult<Series> {
    if one.tag.len() > NAME_BYTES_MAX {
        return Err(ApiError::too_large("bytes of a tag", one.tag.len() as u64, NAME_BYTES_MAX as u64));
    }
    let from = one.from.map_or(i64::MIN, |bound| match bound {
        Bound::Step(step) => step,
        Bound::Between(place) => place.floor() as i64,
    });
    let to = one.to.map_or(i64::MAX, |bound| match bound {
        Bound::Step(step) => step,
        Bound::Between(place) => place.ceil() as i64,
    });
    let range = ordered(from, to)?;
    let smooth = one.smooth.map(|smooth| match smooth {
        Smooth::Ema(weight) => Smoothing::Ema(weight),
        Smooth::Rolling(points) => Smoothing::Rolling(points),
    });
    let (axis, tag) = (one.axis, one.tag.clone());
    Ok(app.run(&one.run.0)?.series(&SeriesRequest { run: one.run.clone(), axis, tag, range, buckets, smooth })?)
}

fn entry(one: &AskOne, series: &Series) -> Value {
    json!({
        "run": one.run,
        "axis": one.axis,
        "tag": one.tag,
        "count": series.tag.count,
        "first_step": series.tag.first_step,
        "last_step": series.tag.last_step,
        "exact": series.exact,
    })
}

fn push(columns: &mut Columns, index: usize, series: &Series) {
    let buckets = &series.buckets;
    let name = |column: &str| format!("{index}/{column}");
    columns.push_f64(&name("step"), buckets.step.iter().map(|&step| step as f64));
    columns.push_f64(&name("time_us"), buckets.time_us.iter().map(|&time| time as f64));
    columns.push_u32(&name("count"), buckets.count.iter().map(|&count| u32::try_from(count).unwrap_or(u32::MAX)));
    for (column, values) in
        [("min", &buckets.min), ("max", &buckets.max), ("mean", &buckets.mean), ("last", &buckets.last)]
    {
        columns.push_f64(&name(column), values.iter().copied());
    }
}
