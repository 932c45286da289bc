//! `POST /api/series`: many curves at once, each of a run or of a group of runs, and summarised for a screen.

use axum::{extract::State, response::Response};
use ethogram_query::{GroupRequest, GroupSeries, Series, SeriesRequest, Smoothing};
use ethogram_store::{Axis, RunId};
use serde::{Deserialize, Serialize};
use serde_json::json;

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
    run: Option<RunId>,
    /// A group: one curve for all of them.
    runs: Option<Vec<RunId>>,
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

/// What the header says of one curve.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum SeriesEntry {
    Found {
        /// Points of the whole tag, or of all runs of a group.
        count: u64,
        first_step: i64,
        last_step: i64,
        /// Each point is a bucket of its own.
        exact: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        /// Those of a group that have the tag.
        #[serde(skip_serializing_if = "Option::is_none")]
        runs: Option<Vec<RunId>>,
        axis: Axis,
        tag: String,
    },
    Lost {
        error: ApiError,
        #[serde(skip_serializing_if = "Option::is_none")]
        run: Option<RunId>,
        #[serde(skip_serializing_if = "Option::is_none")]
        runs: Option<Vec<RunId>>,
        axis: Axis,
        tag: String,
    },
}

fn buckets() -> usize {
    1_500
}

/// Eight columns a series, nine that of a group; a series that cannot be had is an `error` in the header, the others are sent.
pub async fn series(State(app): State<App>, InBody(ask): InBody<Ask>) -> ApiResult<Response> {
    let runs: usize = ask.series.iter().map(|one| one.runs.as_ref().map_or(1, Vec::len)).sum();
    for (what, found) in [("series", ask.series.len()), ("runs of all series", runs)] {
        if found > SERIES_MAX {
            return Err(ApiError::too_large(what, found as u64, SERIES_MAX as u64));
        }
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
                Ok(curve) => {
                    push(&mut columns, index, &curve);
                    answer::check_bytes(columns.bytes())?;
                    entry(one, curve)
                }
                Err(error) => {
                    let AskOne { run, runs, axis, tag, .. } = one;
                    SeriesEntry::Lost { error, run, runs, axis, tag }
                }
            });
        }
        columns.set("series", json!(entries));
        answer::columns(columns)
    })
    .await
}

/// What was asked for.
enum Curve {
    Run(Series),
    Group(GroupSeries),
}

fn read(app: &App, one: &AskOne, buckets: usize) -> ApiResult<Curve> {
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
    match (&one.run, &one.runs) {
        (Some(run), None) => {
            let request = SeriesRequest { run: run.clone(), axis, tag, range, buckets, smooth };
            Ok(Curve::Run(app.run(&run.0)?.series(&request)?))
        }
        (None, Some(runs)) => {
            let request = GroupRequest { runs: runs.clone(), axis, tag, range, buckets, smooth };
            Ok(Curve::Group(app.workbench.group(&request)?))
        }
        (Some(_), Some(_)) => Err(ApiError::bad_request("a series: expected run or runs, found both")),
        (None, None) => Err(ApiError::bad_request("a series: expected run or runs, found neither")),
    }
}

fn entry(one: AskOne, curve: Curve) -> SeriesEntry {
    let AskOne { axis, tag, .. } = one;
    match curve {
        Curve::Run(series) => {
            let (count, first_step, last_step) = (series.tag.count, series.tag.first_step, series.tag.last_step);
            let (exact, run, runs) = (series.exact, one.run, None);
            SeriesEntry::Found { count, first_step, last_step, exact, run, runs, axis, tag }
        }
        Curve::Group(group) => {
            let (count, first_step, last_step) = (group.count, group.first_step, group.last_step);
            let (exact, run, runs) = (false, None, Some(group.runs));
            SeriesEntry::Found { count, first_step, last_step, exact, run, runs, axis, tag }
        }
    }
}

fn push(columns: &mut Columns, index: usize, curve: &Curve) {
    let name = |column: &str| format!("{index}/{column}");
    let (step, time, count, values): (_, Vec<f64>, _, _) = match curve {
        Curve::Run(Series { buckets, .. }) => (
            &buckets.step,
            buckets.time_us.iter().map(|&time| time as f64).collect(),
            &buckets.count,
            [&buckets.min, &buckets.max, &buckets.mean, &buckets.last],
        ),
        Curve::Group(GroupSeries { across, created_us, .. }) => (
            &across.step,
            across.time.iter().map(|time| *created_us as f64 + time).collect(),
            &across.runs,
            [&across.min, &across.max, &across.mean, &across.last],
        ),
    };
    columns.push_f64(&name("step"), step.iter().map(|&step| step as f64));
    columns.push_f64(&name("time_us"), time.into_iter());
    let u32_of = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    columns.push_u32(&name("count"), count.iter().map(|&count| u32_of(count)));
    for (column, values) in ["min", "max", "mean", "last"].into_iter().zip(values) {
        columns.push_f64(&name(column), values.iter().copied());
    }
    match curve {
        Curve::Run(Series { buckets, .. }) => {
            let finite = buckets.count.iter().zip(&buckets.finite);
            columns.push_u32(&name("not_finite"), finite.map(|(count, finite)| u32_of(count.saturating_sub(*finite))));
        }
        Curve::Group(GroupSeries { across, .. }) => {
            columns.push_f64_or_missing(&name("low"), &across.low);
            columns.push_f64_or_missing(&name("high"), &across.high);
        }
    }
}
