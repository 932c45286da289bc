//! Curves: one scalar of one run, summarised for a screen.

use std::ops::Range;

use ethogram_store::{Axis, Buckets, RunId, RunSource, ScalarColumns, ScalarTag};

use crate::{Error, Result};

/// Most buckets that one series may have.
pub const BUCKETS_MAX: usize = 65_536;

/// Asks for one curve.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRequest {
    /// Of which run.
    pub run: RunId,
    /// What indexes it.
    pub axis: Axis,
    /// For example `losses/td_loss`.
    pub tag: String,
    /// Steps on the axis; `i64::MIN..i64::MAX` for all.
    pub range: Range<i64>,
    /// Most buckets, from 1 to [`BUCKETS_MAX`].
    pub buckets: usize,
    /// Smooths `mean` and `last`; `min` and `max` stay as they were, so that the spread is still seen.
    pub smooth: Option<Smoothing>,
}

/// How a curve is smoothed. A view, never stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Smoothing {
    /// Debiased exponential average; the weight of the past, from 0 up to but not including 1.
    Ema(f64),
    /// Mean of the last so many points.
    Rolling(usize),
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The tag, with its extent over the whole run.
    pub tag: ScalarTag,
    /// The points, one bucket each when `exact`.
    pub buckets: Buckets,
    /// Every bucket is one point as logged.
    pub exact: bool,
}

impl Series {
    /// Reads one curve. Exact points when there are no more than `buckets` in the range.
    pub(crate) fn read(source: &dyn RunSource, tag: ScalarTag, request: &SeriesRequest) -> Result<Self> {
        if request.buckets == 0 {
            return Err(Error::BadParam {
                field: request.tag.clone(),
                param: "buckets".into(),
                expected: format!("1 to {BUCKETS_MAX}"),
                found: "0".into(),
            });
        }
        if request.buckets > BUCKETS_MAX {
            return Err(Error::TooLarge {
                what: "buckets (BUCKETS_MAX)".into(),
                limit: BUCKETS_MAX as u64,
                found: request.buckets as u64,
            });
        }
        let range = request.range.clone();
        let points = || source.scalars(request.axis, &request.tag, range.clone());
        if tag.count <= request.buckets as u64 {
            return Ok(Self { buckets: buckets_from_points(points()?), tag, exact: true });
        }
        let buckets = source.scalar_buckets(request.axis, &request.tag, range.clone(), request.buckets)?;
        if buckets.count.iter().sum::<u64>() <= request.buckets as u64 {
            let points = points()?;
            // Counts at the edges of the range may come from rollups, so they are looked at again.
            if points.step.len() <= request.buckets {
                return Ok(Self { buckets: buckets_from_points(points), tag, exact: true });
            }
        }
        Ok(Self { exact: buckets.count.iter().all(|&count| count == 1), buckets, tag })
    }
}

/// One bucket a point.
pub(crate) fn buckets_from_points(points: ScalarColumns) -> Buckets {
    let finite: Vec<_> = points.value.iter().map(|&value| if value.is_finite() { value } else { f64::NAN }).collect();
    Buckets {
        count: vec![1; points.step.len()],
        step: points.step,
        time_us: points.time_us,
        min: finite.clone(),
        max: finite.clone(),
        mean: finite,
        last: points.value,
    }
}
