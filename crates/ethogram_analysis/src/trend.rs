//! Lines through many points: polynomials, LOESS and rolling medians.

use crate::error::same_length;
use crate::{Error, Result};

/// Largest degree of a polynomial. Beyond it a fit follows the noise, and doubles run out.
pub const DEGREE_MAX: usize = 12;
/// Largest window of a rolling median.
pub const WINDOW_MAX: usize = 100_001;

/// How a line is drawn through points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trend {
    /// Least squares over x.
    Linear,
    /// Least squares over the index of the row, 0, 1, 2, …, whatever x is.
    Polynomial {
        /// 0 to [`DEGREE_MAX`].
        degree: usize,
    },
    /// Locally weighted straight lines over x.
    Loess {
        /// Share of the points that each line is fitted to, above 0 up to 1.
        span: f64,
    },
    /// Median of the rows around each.
    RollingMedian {
        /// Rows, 1 to [`WINDOW_MAX`].
        window: usize,
    },
}

/// Heights of the line at the rows `at`.
///
/// A row whose x or y is NaN or infinite is left out of every fit; it keeps its index, and the line still has a height there where x is
/// finite. A polynomial of a degree that so few points (or so few different places) do not determine is fitted with the largest degree
/// that they do. A height that nothing determines is NaN.
///
/// **Shapes** `x [T]`, ascending where finite, `y [T]`, `at [K]` → `[K]`.
///
/// **Errors** when lengths differ, x falls, a row of `at` is not there, or a parameter is outside its bounds.
///
/// **Source** of the polynomial: `numpy.polyfit(index[finite], y[finite], degree)`, by the recurrence of Forsythe, "Generation and use of
/// orthogonal polynomials for data-fitting with a digital computer", 1957, which needs no matrix and loses fewer digits; where points
/// determine less than the degree NumPy takes the solution of least norm, which agrees at the points that are there. Of LOESS:
/// Cleveland, "Robust locally weighted regression and smoothing scatterplots", 1979, degree 1, without its robustness iterations, as
/// `statsmodels.nonparametric.lowess(it=0)`. Of the median: `pandas.Series.rolling(window, center=True, min_periods=1).median()`.
///
/// ```
/// use ethogram_analysis::{Trend, trend};
/// let line = trend(Trend::Linear, &[0.0, 1.0, 3.0], &[1.0, f64::NAN, 7.0], &[0, 1, 2])?;
/// assert!((line[1] - 3.0).abs() < 1e-12);
/// # Ok::<(), ethogram_analysis::Error>(())
/// ```
pub fn trend(kind: Trend, x: &[f64], y: &[f64], at: &[usize]) -> Result<Vec<f64>> {
    same_length("y", y.len(), "x", x.len())?;
    if let Some(&row) = at.iter().find(|&&row| row >= x.len()) {
        return Err(Error::OutOfRange { argument: "at", expected: "rows that are there", found: row as f64 });
    }
    let mut last = f64::NEG_INFINITY;
    for &place in x.iter().filter(|place| place.is_finite()) {
        if place < last {
            return Err(Error::OutOfRange { argument: "x", expected: "ascending values", found: place });
        }
        last = place;
    }
    match kind {
        Trend::Linear => Ok(Polynomial::fit(1, &Points::by(x, y, |row| x[row])).at(at.iter().map(|&row| x[row]))),
        Trend::Polynomial { degree } => {
            if degree > DEGREE_MAX {
                return Err(Error::OutOfRange { argument: "degree", expected: "0 to 12", found: degree as f64 });
            }
            let points = Points::by(x, y, |row| row as f64);
            Ok(Polynomial::fit(degree, &points).at(at.iter().map(|&row| row as f64)))
        }
        Trend::Loess { span } => {
            if !(span > 0.0 && span <= 1.0) {
                return Err(Error::OutOfRange { argument: "span", expected: "above 0 up to 1", found: span });
            }
            let points = Points::by(x, y, |row| x[row]);
            Ok(at.iter().map(|&row| loess(&points, span, x[row])).collect())
        }
        Trend::RollingMedian { window } => {
            if !(1..=WINDOW_MAX).contains(&window) {
                return Err(Error::OutOfRange { argument: "window", expected: "1 to 100001", found: window as f64 });
            }
            Ok(at.iter().map(|&row| median_around(x, y, window, row)).collect())
        }
    }
}

/// The rows that a fit is made of.
struct Points {
    place: Vec<f64>,
    value: Vec<f64>,
}

impl Points {
    fn by(x: &[f64], y: &[f64], place: impl Fn(usize) -> f64) -> Self {
        let finite = || (0..x.len()).filter(|&row| x[row].is_finite() && y[row].is_finite());
        Self { place: finite().map(place).collect(), value: finite().map(|row| y[row]).collect() }
    }
}

/// A polynomial as a sum of polynomials that are orthogonal over the points: `p_0 = 1`, `p_{k+1} = (t − α_k) p_k − β_k p_{k−1}`.
struct Polynomial {
    middle: f64,
    half: f64,
    /// `α_k` and `β_k`.
    recurrence: Vec<(f64, f64)>,
    /// One more than there are recurrences; none when there are no points.
    coefficients: Vec<f64>,
}

impl Polynomial {
    /// Share of its first norm below which a polynomial counts as zero over the points: they determine no more.
    const NORM_MIN: f64 = 1e-24;

    fn fit(degree: usize, points: &Points) -> Self {
        let (Some(&low), Some(&high)) = (points.place.first(), points.place.last()) else {
            return Self { middle: 0.0, half: 1.0, recurrence: vec![], coefficients: vec![] };
        };
        let middle = low / 2.0 + high / 2.0;
        let half = if high > low { high / 2.0 - low / 2.0 } else { 1.0 };
        let t: Vec<f64> = points.place.iter().map(|place| (place - middle) / half).collect();
        let mut rest = points.value.clone();
        let (mut before, mut now) = (vec![0.0; t.len()], vec![1.0; t.len()]);
        let mut norm_before = 1.0;
        let (mut recurrence, mut coefficients) = (Vec::new(), Vec::new());
        for k in 0..=degree {
            let norm: f64 = now.iter().map(|p| p * p).sum();
            // Of what is left rather than of the values themselves: rounding of earlier terms is made good.
            let coefficient = rest.iter().zip(&now).map(|(y, p)| y * p).sum::<f64>() / norm;
            rest.iter_mut().zip(&now).for_each(|(y, p)| *y -= coefficient * p);
            coefficients.push(coefficient);
            if k == degree || k + 1 >= t.len() {
                break;
            }
            let alpha = t.iter().zip(&now).map(|(t, p)| t * p * p).sum::<f64>() / norm;
            let beta = if k == 0 { 0.0 } else { norm / norm_before };
            let next: Vec<f64> =
                t.iter().zip(&now).zip(&before).map(|((t, p), q)| (t - alpha) * p - beta * q).collect();
            if next.iter().map(|p| p * p).sum::<f64>() <= Self::NORM_MIN * t.len() as f64 {
                break;
            }
            recurrence.push((alpha, beta));
            (before, now, norm_before) = (now, next, norm);
        }
        Self { middle, half, recurrence, coefficients }
    }

    fn at(&self, places: impl Iterator<Item = f64>) -> Vec<f64> {
        places.map(|place| self.height((place - self.middle) / self.half)).collect()
    }

    fn height(&self, t: f64) -> f64 {
        let Some((&first, others)) = self.coefficients.split_first() else { return f64::NAN };
        if !t.is_finite() {
            return f64::NAN;
        }
        let (mut before, mut now, mut sum) = (0.0, 1.0, first);
        for (&(alpha, beta), &coefficient) in self.recurrence.iter().zip(others) {
            (before, now) = (now, (t - alpha) * now - beta * before);
            sum += coefficient * now;
        }
        sum
    }
}

/// The local line at `place`: tricube weights over the nearest `span` of the points.
fn loess(points: &Points, span: f64, place: f64) -> f64 {
    let (x, y) = (&points.place, &points.value);
    let n = x.len();
    if n == 0 || !place.is_finite() {
        return f64::NAN;
    }
    // As the reference rounds it, but never less than the two points that make a line.
    let near = ((span * n as f64 + 1e-10) as usize).clamp(2.min(n), n);
    let (left, right) = nearest(x, near, place);
    let reach = (place - x[left]).max(x[right - 1] - place);
    // Cleveland's rounding guards: beyond 0.999 of the reach nothing counts, within 0.001 all count fully.
    let (inner, outer) = (0.001 * reach, 0.999 * reach);
    let weight_of = |x: f64| {
        let distance = (x - place).abs();
        match distance {
            _ if distance <= inner => 1.0,
            _ if distance <= outer => (1.0 - (distance / reach).powi(3)).powi(3),
            _ => 0.0,
        }
    };
    let (mut total, mut mean_x, mut mean_y) = (0.0, 0.0, 0.0);
    for row in left..right {
        let weight = weight_of(x[row]);
        total += weight;
        mean_x += weight * x[row];
        mean_y += weight * y[row];
    }
    if total <= 0.0 {
        return f64::NAN;
    }
    (mean_x, mean_y) = (mean_x / total, mean_y / total);
    let (mut square, mut cross) = (0.0, 0.0);
    for row in left..right {
        let weight = weight_of(x[row]);
        square += weight * (x[row] - mean_x).powi(2);
        cross += weight * (x[row] - mean_x) * (y[row] - mean_y);
    }
    // Points that all but coincide have a height and no slope.
    let spread = (square / total).sqrt();
    if spread > 0.001 * (x[n - 1] - x[0]) { mean_y + (place - mean_x) * cross / square } else { mean_y }
}

/// The `near` points nearest to `place`, of ascending ones, as a range.
fn nearest(x: &[f64], near: usize, place: f64) -> (usize, usize) {
    let centre = x.partition_point(|x| *x < place);
    let (mut low, mut high) = (centre.saturating_sub(near), centre.min(x.len() - near));
    // The first window from which a step to the right brings no nearer point.
    while low < high {
        let middle = usize::midpoint(low, high);
        if x[middle + near] - place < place - x[middle] { low = middle + 1 } else { high = middle }
    }
    (low, low + near)
}

fn median_around(x: &[f64], y: &[f64], window: usize, row: usize) -> f64 {
    let rows = row.saturating_sub(window / 2)..(row + window.div_ceil(2)).min(y.len());
    let mut near: Vec<f64> = rows.filter(|&row| x[row].is_finite() && y[row].is_finite()).map(|row| y[row]).collect();
    if near.is_empty() {
        return f64::NAN;
    }
    let half = near.len() / 2;
    let even = near.len().is_multiple_of(2);
    let (below, &mut upper, _) = near.select_nth_unstable_by(half, f64::total_cmp);
    if !even {
        return upper;
    }
    let lower = below.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lower / 2.0 + upper / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(kind: Trend, x: &[f64], y: &[f64]) -> Vec<f64> {
        trend(kind, x, y, &(0..x.len()).collect::<Vec<_>>()).expect("a trend")
    }

    fn close(found: &[f64], expected: &[f64], tolerance: f64) {
        assert_eq!(found.len(), expected.len());
        for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
            assert!((found - expected).abs() <= tolerance, "row {row}: expected {expected}, found {found}");
        }
    }

    #[test]
    fn fewer_points_than_coefficients_are_passed_through() {
        let y = [4.0, f64::NAN, -2.0, 7.0];
        let found = all(Trend::Polynomial { degree: 5 }, &[0.0, 1.0, 2.0, 3.0], &y);
        close(&[found[0], found[2], found[3]], &[4.0, -2.0, 7.0], 1e-9);
        assert!(found[1].is_finite());
        close(&all(Trend::Polynomial { degree: 5 }, &[9.0], &[3.0]), &[3.0], 0.0);
        assert!(all(Trend::Polynomial { degree: 5 }, &[1.0], &[f64::NAN])[0].is_nan());
        assert!(all(Trend::Linear, &[], &[]).is_empty());
    }

    #[test]
    fn a_line_over_one_place_is_the_mean_there() {
        close(&all(Trend::Linear, &[2.0, 2.0], &[1.0, 3.0]), &[2.0, 2.0], 1e-12);
        close(&all(Trend::Loess { span: 0.5 }, &[2.0, 2.0], &[1.0, 3.0]), &[2.0, 2.0], 1e-12);
    }

    #[test]
    fn infinities_are_left_out() {
        let x = [0.0, 1.0, 2.0, f64::INFINITY];
        let y = [0.0, f64::INFINITY, 4.0, 1.0];
        close(&all(Trend::Linear, &x, &y)[..3], &[0.0, 2.0, 4.0], 1e-12);
        assert!(all(Trend::Linear, &x, &y)[3].is_nan(), "there is no height at an infinite place");
        close(&all(Trend::RollingMedian { window: 3 }, &x, &y)[..2], &[0.0, 2.0], 0.0);
    }

    #[test]
    fn arguments_without_an_answer_are_named() {
        let message =
            |kind, x: &[f64], at: &[usize]| trend(kind, x, &[0.0, 0.0], at).expect_err("an error").to_string();
        assert_eq!(message(Trend::Linear, &[1.0, 0.0], &[]), "x expected ascending values, found 0");
        assert_eq!(message(Trend::Linear, &[0.0, 1.0], &[2]), "at expected rows that are there, found 2");
        assert_eq!(message(Trend::Polynomial { degree: 13 }, &[0.0, 1.0], &[]), "degree expected 0 to 12, found 13");
        assert_eq!(message(Trend::Loess { span: 0.0 }, &[0.0, 1.0], &[]), "span expected above 0 up to 1, found 0");
        assert_eq!(
            message(Trend::RollingMedian { window: 0 }, &[0.0, 1.0], &[]),
            "window expected 1 to 100001, found 0"
        );
    }

    #[test]
    fn far_places_lose_no_digits() {
        // Global steps of a long run, a thousand apart.
        let x: Vec<f64> = (0..2_000).map(|i| 1e12 + f64::from(i) * 1e3).collect();
        let y: Vec<f64> = x.iter().map(|x| 3.0 - (x - 1e12) * 1e-6).collect();
        close(&all(Trend::Linear, &x, &y), &y, 1e-9);
        close(&all(Trend::Loess { span: 0.1 }, &x, &y), &y, 1e-6);
    }

    proptest! {
        #[test]
        fn a_polynomial_is_fitted_by_itself(c in prop::array::uniform4(-5.0..5.0_f64), n in 5_usize..300) {
            let x: Vec<f64> = (0..n).map(|i| i as f64).collect();
            let part = |i: usize| i as f64 / n as f64;
            let y: Vec<f64> = (0..n).map(|i| c[0] + part(i) * (c[1] + part(i) * (c[2] + part(i) * c[3]))).collect();
            for degree in 3..=5_usize {
                let found = all(Trend::Polynomial { degree }, &x, &y);
                for (found, expected) in found.iter().zip(&y) {
                    prop_assert!((found - expected).abs() < 1e-9, "degree {}: {} for {}", degree, found, expected);
                }
            }
        }

        #[test]
        fn the_nearest_are_nearer_than_the_rest(mut x in prop::collection::vec(-50.0..50.0_f64, 1..60), place in -60.0..60.0_f64, part in 0.0..1.0_f64) {
            x.sort_by(f64::total_cmp);
            let near = ((part * x.len() as f64) as usize).max(1);
            let (left, right) = nearest(&x, near, place);
            prop_assert_eq!(right - left, near);
            let farthest = x[left..right].iter().map(|x| (x - place).abs()).fold(0.0, f64::max);
            for other in x[..left].iter().chain(&x[right..]) {
                prop_assert!((other - place).abs() >= farthest);
            }
        }
    }
}
