//! `GET /api/series.csv`: the points behind a chart, every one as it was logged, for spreadsheets and scripts.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use ethogram_query::RunHandle;
use ethogram_store::{Axis, ScalarColumns};

use crate::{
    answer,
    app::App,
    error::{ApiError, ApiResult},
    limits::{NAME_BYTES_MAX, SERIES_MAX},
    params::Params,
};

/// Bytes of a line beside the run's id and name: two numbers of 20 digits, one of 24, three commas, two quotes and the end.
const LINE_BYTES: u64 = 70;

/// One line a point: `run,name,AXIS,time_us,value`. Runs without the tag have no lines. **Errors**: 404 when none has it, 413 when
/// the file would be too long.
pub async fn series_csv(State(app): State<App>, mut params: Params) -> ApiResult<Response> {
    let ids = params.take_all("run");
    let axis_name = params.require("axis")?;
    let tag = params.require("tag")?;
    let range = params.take_range_i64()?;
    params.finish()?;
    let axis: Axis = serde_json::from_value(axis_name.clone().into()).map_err(|_| {
        ApiError::bad_request(format!("parameter \"axis\" expected the name of an axis, found {axis_name:?}"))
    })?;
    if tag.len() > NAME_BYTES_MAX {
        return Err(ApiError::too_large("bytes of a tag", tag.len() as u64, NAME_BYTES_MAX as u64));
    }
    if ids.is_empty() {
        return Err(ApiError::bad_request("parameter \"run\" is missing"));
    }
    if ids.len() > SERIES_MAX {
        return Err(ApiError::too_large("runs", ids.len() as u64, SERIES_MAX as u64));
    }
    let name = answer::file_name(&tag);
    let pool = app.pool.clone();
    let mut answer = pool
        .run(move || {
            let runs = ids.iter().map(|id| app.run(id)).collect::<ApiResult<Vec<_>>>()?;
            let has = |run: &RunHandle| run.scalar_tags().iter().any(|one| one.axis == axis && one.tag == tag);
            let runs: Vec<_> = runs.into_iter().filter(|run| has(run)).collect();
            if runs.is_empty() {
                return Err(ApiError::not_found(format!(
                    "no run of those has the tag {tag:?} on the axis {axis_name}"
                )));
            }
            let mut parts = vec![Bytes::from(format!("run,name,{axis_name},time_us,value\n"))];
            let mut bytes = 0;
            for run in runs {
                let points = run.points(axis, &tag, &range, u64::MAX)?;
                let ends = [cell(&run.id().0), cell(&run.info().name)].join(",");
                bytes += points.step.len() as u64 * (LINE_BYTES + ends.len() as u64);
                answer::check_bytes(bytes)?;
                parts.push(Bytes::from(lines(&ends, &points)));
            }
            Ok(answer::parts("text/csv; charset=utf-8", parts))
        })
        .await?;
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.csv\"")) {
        answer.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(answer)
}

fn lines(run: &str, points: &ScalarColumns) -> String {
    use std::fmt::Write;

    let mut text = String::with_capacity(points.step.len() * (run.len() + 48));
    for ((step, time), value) in points.step.iter().zip(&points.time_us).zip(&points.value) {
        // The shortest text that reads back as the same double. Writing to a string does not fail.
        let _ = writeln!(text, "{run},{step},{time},{value:?}");
    }
    text
}

/// Text as a cell: quoted where it must be. Text that a spreadsheet would take for a formula is led by an apostrophe.
fn cell(text: &str) -> String {
    let led = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if led.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", led.replace('"', "\"\"")) } else { led }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_are_no_formulas() {
        for (text, expected) in [
            ("dqn-s0", "dqn-s0"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            ("-1,2", "\"'-1,2\""),
        ] {
            assert_eq!(cell(text), expected);
        }
    }

    #[test]
    fn values_read_back_as_they_were() {
        let value = vec![0.1, 1e300, -0.0, f64::NAN, f64::NEG_INFINITY];
        let points = ScalarColumns { step: (0..5).collect(), time_us: vec![7; 5], value: value.clone() };
        let text = lines("a,b", &points);
        let read: Vec<f64> = text.lines().filter_map(|line| line.rsplit(',').next()?.parse().ok()).collect();
        assert_eq!(
            read.iter().map(|v| v.to_bits()).collect::<Vec<_>>(),
            value.iter().map(|v| v.to_bits()).collect::<Vec<_>>()
        );
        assert!(text.starts_with("a,b,0,7,0.1\n"));
    }
}
