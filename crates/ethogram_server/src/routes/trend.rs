//! `POST /api/trend`: a line through the points that a chart shows.

use axum::{
    extract::State,
    http::{HeaderMap, header},
    response::Response,
};
use ethogram_query::{Trend, TrendLine};

use crate::{
    answer,
    app::App,
    columns::{COLUMNS_TYPE, Columns, Decoded, decode},
    error::{ApiError, ApiResult},
    extract::InBytes,
    params::Params,
};

/// Places told when the request does not say.
const PLACES: usize = 1_000;

/// Three columns: the row of each place, its x, and the height of the line there.
pub async fn trend(
    State(app): State<App>,
    mut params: Params,
    headers: HeaderMap,
    InBytes(body): InBytes,
) -> ApiResult<Response> {
    let kind = take_kind(&mut params)?;
    let places = params.take_as("places", "a whole number")?.unwrap_or(PLACES);
    params.finish()?;
    // A page of another origin cannot send this type without asking first.
    if headers.get(header::CONTENT_TYPE).is_none_or(|found| found != COLUMNS_TYPE) {
        return Err(
            ApiError::bad_request(format!("the body must be {COLUMNS_TYPE}")).hint("docs/http.md has the bytes")
        );
    }
    app.pool.run(move || line(kind, &body, places)).await
}

fn take_kind(params: &mut Params) -> ApiResult<Trend> {
    let method = params.require("method")?;
    Ok(match method.as_str() {
        "linear" => Trend::Linear,
        "polynomial" => Trend::Polynomial { degree: params.take_as("degree", "a whole number")?.unwrap_or(5) },
        "loess" => Trend::Loess { span: params.take_as("span", "a number")?.unwrap_or(0.3) },
        "rolling_median" => Trend::RollingMedian { window: params.take_as("window", "a whole number")?.unwrap_or(101) },
        _ => {
            let expected = "linear, polynomial, loess or rolling_median";
            return Err(ApiError::bad_request(format!("parameter \"method\" expected {expected}, found {method:?}")));
        }
    })
}

fn line(kind: Trend, body: &[u8], places: usize) -> ApiResult<Response> {
    let sent = decode(body).map_err(|why| ApiError::bad_request(format!("the body is no body of columns: {why}")))?;
    let (x, y) = (numbers(&sent, "x")?, numbers(&sent, "y")?);
    let found = TrendLine::through(kind, &x, &y, places)?;
    let mut columns = Columns::new();
    columns.push_u32("row", found.rows.iter().map(|&row| row as u32));
    columns.push_f64("x", found.rows.iter().map(|&row| x[row]));
    columns.push_f64("y", found.heights.iter().copied());
    columns.set("fitted", found.fitted.into());
    answer::columns(columns)
}

fn numbers(sent: &Decoded, name: &str) -> ApiResult<Vec<f64>> {
    let one_a_row = |shape: &[usize]| shape.len() == 1;
    let entry = sent.entry(name).filter(|entry| one_a_row(&entry.shape));
    entry.and_then(|_| sent.f64(name)).ok_or_else(|| {
        ApiError::bad_request(format!(
            "the body expected a column {name:?} of one number a row, found {:?}",
            sent.names()
        ))
    })
}
