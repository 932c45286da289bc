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
    /// Steps on the axis; `i64::MIN..i64::MAX` for all. One that ends before it starts holds none.
    pub range: Range<i64>,
    /// Most buckets, from 1 to [`BUCKETS_MAX`].
    pub buckets: usize,
    /// Smooths `mean` and `last`; `min` and `max` stay as they were, so that the spread is still seen.
    /// Each bucket counts as one point, as it does when a browser smooths what it was sent.
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
        check(&request.tag, request.buckets)?;
        let range = request.range.clone();
        let points = || source.scalars(request.axis, &request.tag, range.clone());
        if tag.count <= request.buckets as u64 {
            return Self::exactly(points()?, tag, request);
        }
        let buckets = source.scalar_buckets(request.axis, &request.tag, range.clone(), request.buckets)?;
        if buckets.count.iter().sum::<u64>() <= request.buckets as u64 {
            let points = points()?;
            // Counts at the edges of the range may come from rollups, so they are looked at again.
            if points.step.len() <= request.buckets {
                return Self::exactly(points, tag, request);
            }
        }
        Self::smoothed(buckets, tag, request)
    }

    /// The curve through these points, all that are in the range.
    pub(crate) fn of_points(points: ScalarColumns, tag: ScalarTag, request: &SeriesRequest) -> Result<Self> {
        check(&request.tag, request.buckets)?;
        if points.step.len() <= request.buckets {
            return Self::exactly(points, tag, request);
        }
        Self::smoothed(summarise(&points, request.buckets), tag, request)
    }

    fn exactly(points: ScalarColumns, tag: ScalarTag, request: &SeriesRequest) -> Result<Self> {
        let finite = |value: &f64| if value.is_finite() { *value } else { f64::NAN };
        let finite: Vec<_> = points.value.iter().map(finite).collect();
        let buckets = Buckets {
            count: vec![1; points.step.len()],
            finite: points.value.iter().map(|value| u64::from(value.is_finite())).collect(),
            step: points.step,
            time_us: points.time_us,
            min: finite.clone(),
            max: finite.clone(),
            mean: finite,
            last: points.value,
        };
        Self::smoothed(buckets, tag, request)
    }

    fn smoothed(mut buckets: Buckets, tag: ScalarTag, request: &SeriesRequest) -> Result<Self> {
        if let Some(smoothing) = request.smooth {
            buckets.mean = smoothing.apply(&buckets.mean, &request.tag)?;
            buckets.last = smoothing.apply(&buckets.last, &request.tag)?;
        }
        Ok(Self { exact: buckets.count.iter().all(|&count| count == 1), buckets, tag })
    }
}

impl Smoothing {
    pub(crate) fn apply(self, values: &[f64], tag: &str) -> Result<Vec<f64>> {
        let some: Vec<_> = values.iter().copied().map(Some).collect();
        let (smooth, expected) = match self {
            Self::Ema(weight) => (ethogram_analysis::ema(&some, weight), "a weight from 0 up to but not including 1"),
            Self::Rolling(window) => (ethogram_analysis::rolling_mean(&some, window), "a window of 1 or more"),
        };
        let smooth = smooth.map_err(|_| Error::BadParam {
            field: tag.to_owned(),
            param: "smooth".into(),
            expected: expected.into(),
            found: format!("{self:?}"),
        })?;
        Ok(smooth.into_iter().flatten().collect())
    }
}

/// Checks a number of buckets.
pub(crate) fn check(tag: &str, buckets: usize) -> Result<()> {
    if buckets == 0 {
        return Err(Error::BadParam {
            field: tag.to_owned(),
            param: "buckets".into(),
            expected: format!("1 to {BUCKETS_MAX}"),
            found: "0".into(),
        });
    }
    if buckets > BUCKETS_MAX {
        let found = buckets as u64;
        return Err(Error::TooLarge { what: "buckets (BUCKETS_MAX)".into(), limit: BUCKETS_MAX as u64, found });
    }
    Ok(())
}

/// At most `count` buckets, equal in width along the steps, empty ones left out.
fn summarise(points: &ScalarColumns, count: usize) -> Buckets {
    let mut buckets = Buckets::default();
    let (Some(&first), Some(&last)) = (points.step.first(), points.step.last()) else { return buckets };
    let extent = i128::from(last) - i128::from(first) + 1;
    let bucket = |at: usize| (i128::from(points.step[at]) - i128::from(first)) * count as i128 / extent;
    let rows: Vec<usize> = (0..points.step.len()).collect();
    for rows in rows.chunk_by(|&a, &b| bucket(a) == bucket(b)) {
        let finite = || rows.iter().map(|&at| points.value[at]).filter(|value| value.is_finite());
        let at = rows[rows.len() - 1];
        buckets.step.push(points.step[at]);
        buckets.time_us.push(points.time_us[at]);
        buckets.count.push(rows.len() as u64);
        buckets.finite.push(finite().count() as u64);
        buckets.min.push(finite().fold(f64::NAN, f64::min));
        buckets.max.push(finite().fold(f64::NAN, f64::max));
        buckets.mean.push(finite().sum::<f64>() / finite().count() as f64);
        buckets.last.push(points.value[at]);
    }
    buckets
}
