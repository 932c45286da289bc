//! Lines through columns that a client brings: which points a chart shows, only the chart knows.

use ethogram_analysis::{Trend, trend};

use crate::{Error, Result};

/// Most points of one trend.
pub const TREND_POINTS_MAX: usize = 1_000_000;
/// Most places at which one trend is told.
pub const TREND_PLACES_MAX: usize = 10_000;
/// Most points that all local lines or medians of one trend look at together.
pub const TREND_LOOKS_MAX: u64 = 500_000_000;

/// A line through points.
#[derive(Clone, Debug, PartialEq)]
pub struct TrendLine {
    /// Rows at which it is told, evenly spread, first and last among them.
    pub rows: Vec<usize>,
    /// Its height at each; NaN where nothing determines it.
    pub heights: Vec<f64>,
    /// Points that it was fitted to: those with a finite x and y.
    pub fitted: usize,
}

impl TrendLine {
    /// Through points ascending in x, told at `places` rows, or at all when there are no more.
    ///
    /// # Errors
    /// More points, places or looks than the limits here, and what [`trend`] refuses.
    pub fn through(kind: Trend, x: &[f64], y: &[f64], places: usize) -> Result<Self> {
        let rows = rows_at(x.len(), places);
        let looks = (rows.len() as u64).saturating_mul(looks_at_place(kind, x.len()));
        for (what, found, limit) in [
            ("points of a trend (TREND_POINTS_MAX)", x.len() as u64, TREND_POINTS_MAX as u64),
            ("places of a trend (TREND_PLACES_MAX)", places as u64, TREND_PLACES_MAX as u64),
            ("points looked at by a trend (TREND_LOOKS_MAX)", looks, TREND_LOOKS_MAX),
        ] {
            if found > limit {
                return Err(Error::TooLarge { what: what.into(), limit, found });
            }
        }
        let heights = trend(kind, x, y, &rows)?;
        let fitted = x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()).count();
        Ok(Self { rows, heights, fitted })
    }
}

fn looks_at_place(kind: Trend, points: usize) -> u64 {
    match kind {
        Trend::Linear | Trend::Polynomial { .. } => 1,
        // A span that is no share is refused by the mathematics, not here.
        Trend::Loess { span } => (span * points as f64) as u64,
        Trend::RollingMedian { window } => window.min(points) as u64,
    }
}

fn rows_at(rows: usize, places: usize) -> Vec<usize> {
    match (rows, places) {
        (0, _) | (_, 0) => vec![],
        _ if rows <= places => (0..rows).collect(),
        (_, 1) => vec![rows - 1],
        _ => (0..places).map(|k| k * (rows - 1) / (places - 1)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_from_the_first_row_to_the_last() {
        assert_eq!(rows_at(3, 10), [0, 1, 2]);
        assert_eq!(rows_at(100_000, 3), [0, 49_999, 99_999]);
        assert_eq!(rows_at(5, 1), [4]);
        assert!(rows_at(0, 10).is_empty() && rows_at(5, 0).is_empty());
    }

    #[test]
    fn limits_are_named() {
        let message = |kind, points: usize, places| {
            let x = vec![0.0; points];
            TrendLine::through(kind, &x, &x, places).expect_err("an error").to_string()
        };
        let found = message(Trend::Linear, 2, 10_001);
        assert_eq!(
            found,
            "places of a trend (TREND_PLACES_MAX) is 10001, over the limit of 10000; ask for a smaller range"
        );
        assert!(message(Trend::Linear, TREND_POINTS_MAX + 1, 10).contains("TREND_POINTS_MAX"));
        assert!(message(Trend::Loess { span: 1.0 }, 100_000, 10_000).contains("TREND_LOOKS_MAX"));
        assert!(message(Trend::Loess { span: 1e300 }, 4, 10).contains("TREND_LOOKS_MAX"));
    }
}
