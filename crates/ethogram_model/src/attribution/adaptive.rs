//! Points of a path where they are needed: panels of the trapezoid, split where they miss what the target is known to do.
//!
//! The integral of the slope over a panel is what the target's value gains over it, which the same passes tell. So it is known of each panel
//! how far its trapezoid is off, and the worst are split, where the tangents at their ends meet: there a network of `ReLUs` has its kink when it
//! has one in the panel. No number is changed to make the sum fit.
//!
//! **Source**: adaptive quadrature as in Gander and Gautschi, *Adaptive Quadrature — Revisited* (2000), with the trapezoid for its rule (one
//! more point a split; higher rules gain nothing at kinks), the known gain in place of an estimated error, and the kink in place of the middle.

use super::Explained;
use super::integrated_gradients::{Place, gradients_at};
use crate::error::{Error, Result};
use crate::exec::Cancel;

/// The points begin as one in so many of all, evenly spread.
const FIRST: usize = 8;
/// Splits of a round are one in so many of all points.
const ROUND: usize = 16;
/// No split is nearer to an end of its panel than this share of it.
const MARGIN: f64 = 1.0 / 16.0;
/// Most bytes of gradients that are held at once.
const BYTES_MAX: usize = 1 << 30;

/// Σ over a path of the gradient, weighed, by `steps` points each. **Shapes**: `[of, width]`.
///
/// **Errors**: gradients of one path beyond [`BYTES_MAX`].
pub(super) fn sums_of_panels(
    explained: &Explained,
    of: &[usize],
    baseline: &[f32],
    steps: usize,
    cancel: &Cancel,
) -> Result<Vec<f64>> {
    let (width, at) = (explained.width().max(1), explained.at_values());
    let most = BYTES_MAX / (width * size_of::<f32>());
    if steps > most {
        return Err(Error::Argument {
            argument: "steps",
            expected: format!("at most {most} by adaptive_trapezoid of {width} numbers, or another rule"),
            found: steps.to_string(),
        });
    }
    let mut sums = Vec::with_capacity(of.len() * width);
    let together = (most / steps.max(1)).max(1);
    for (of, baseline) in of.chunks(together).zip(baseline.chunks(together * width)) {
        let mut paths = vec![Path::default(); of.len()];
        let mut wanted: Vec<Vec<f64>> = vec![first_places(steps); of.len()];
        let mut asked = 0;
        loop {
            let places = wanted.iter().enumerate().flat_map(|(path, at)| at.iter().map(move |&at| Place { path, at }));
            let places: Vec<Place> = places.collect();
            gradients_at(explained, of, baseline, &places, cancel, |place, value, gradient| {
                let (from, to) = (&baseline[place.path * width..][..width], &at[of[place.path] * width..][..width]);
                let way = from.iter().zip(to).map(|(from, to)| f64::from(to - from));
                let slope = way.zip(gradient).map(|(way, value)| way * f64::from(*value)).sum();
                let point = Point { at: place.at, value: f64::from(value), slope, gradient: gradient.to_vec() };
                paths[place.path].points.push(point);
            })?;
            asked += wanted[0].len();
            if asked >= steps {
                break;
            }
            let splits = (steps / ROUND).max(1).min(steps - asked);
            wanted = paths.iter_mut().map(|path| path.splits_of_worst(splits)).collect();
        }
        sums.extend(paths.into_iter().flat_map(|path| path.sum(width)));
    }
    Ok(sums)
}

/// Both ends and places between, or the middle where there is but one.
fn first_places(steps: usize) -> Vec<f64> {
    if steps == 1 {
        return vec![0.5];
    }
    let count = (steps / FIRST).max(2);
    (0..count).map(|place| place as f64 / (count - 1) as f64).collect()
}

/// What was asked on one way.
#[derive(Clone, Default)]
struct Path {
    points: Vec<Point>,
}

#[derive(Clone)]
struct Point {
    at: f64,
    /// Of the target.
    value: f64,
    /// Of the target along the path.
    slope: f64,
    gradient: Vec<f32>,
}

impl Path {
    /// Where the panels that miss most are split, at most `count`; of equals those nearer to the baseline.
    fn splits_of_worst(&mut self, count: usize) -> Vec<f64> {
        self.points.sort_by(|a, b| a.at.total_cmp(&b.at));
        let panels = self.points.windows(2).map(|pair| (missed(&pair[0], &pair[1]).abs(), split(&pair[0], &pair[1])));
        let mut panels: Vec<(f64, f64)> = panels.collect();
        panels.sort_by(|a, b| b.0.total_cmp(&a.0));
        panels.into_iter().take(count).map(|(_, at)| at).collect()
    }

    /// Each gradient counts half of the panels on its two sides.
    fn sum(mut self, width: usize) -> Vec<f64> {
        self.points.sort_by(|a, b| a.at.total_cmp(&b.at));
        let at = |index: usize| self.points[index].at;
        let last = self.points.len() - 1;
        let mut sum = vec![0.0; width];
        for (index, point) in self.points.iter().enumerate() {
            let share = if last == 0 { 1.0 } else { (at((index + 1).min(last)) - at(index.saturating_sub(1))) / 2.0 };
            sum.iter_mut().zip(&point.gradient).for_each(|(sum, value)| *sum += share * f64::from(*value));
        }
        sum
    }
}

/// By how much the trapezoid between two points is more than what the target gains there.
fn missed(from: &Point, to: &Point) -> f64 {
    (to.at - from.at) * (from.slope + to.slope) / 2.0 - (to.value - from.value)
}

/// Where the tangents at two points meet; in the middle where they do not meet between them.
fn split(from: &Point, to: &Point) -> f64 {
    let width = to.at - from.at;
    // value + slope · x from the left is value − slope · (width − x) from the right.
    let meet = (to.value - from.value - to.slope * width) / (from.slope - to.slope);
    let is_between = meet > 0.0 && meet < width;
    from.at + if is_between { meet.clamp(MARGIN * width, (1.0 - MARGIN) * width) } else { width / 2.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{Target, Tensor};

    /// y = Σ max(0, x − kink), of one number, by `steps` points: the integral of its slope from 0 to `x`, and the points that were asked.
    fn of_kinks(kinks: &'static [f32], x: f32, steps: usize) -> (f64, usize) {
        let asked = AtomicUsize::new(0);
        let ask = |points: &[f32], _: &[usize], seeds: Option<&[f32]>| {
            let entries = points.iter().map(|x| kinks.iter().map(|kink| (x - kink).max(0.0)).sum()).collect();
            let slope = |x: &f32| kinks.iter().filter(|kink| x > kink).count() as f32;
            asked.fetch_add(if seeds.is_some() { points.len() } else { 0 }, Ordering::Relaxed);
            Ok((entries, seeds.map(|_| points.iter().map(slope).collect()).unwrap_or_default()))
        };
        let at = Tensor::f32(&[1, 1], vec![x]).unwrap();
        let cancel = Cancel::default();
        let explained = Explained::outside(at, Target::entries("y", &[0]), 64, Box::new(ask), &cancel).unwrap();
        let sums = sums_of_panels(&explained, &[0], &[0.0], steps, &cancel).unwrap();
        drop(explained);
        (sums[0] * f64::from(x), asked.into_inner())
    }

    #[test]
    fn kinks_are_found_by_as_many_points_as_were_said() {
        let kinks: &[f32] = &[0.1, 0.37, 0.371, 0.9];
        let exact: f64 = kinks.iter().map(|kink| 1.0 - f64::from(*kink)).sum();
        for steps in [1, 2, 3, 7, 16, 100, 500] {
            let (_, asked) = of_kinks(kinks, 1.0, steps);
            assert_eq!(asked, steps, "points");
        }
        assert!(
            (of_kinks(kinks, 1.0, 100).0 - exact).abs() < 1e-4,
            "{:?}, expected {exact}",
            of_kinks(kinks, 1.0, 100)
        );
        // Evenly spread points err by as much as a panel.
        assert!((of_kinks(kinks, 1.0, 500).0 - exact).abs() < 1e-5);
    }

    #[test]
    fn more_gradients_than_can_be_held_are_refused() {
        let ask = |points: &[f32], of: &[usize], seeds: Option<&[f32]>| {
            Ok((vec![0.0; of.len()], seeds.map(|_| vec![0.0; points.len()]).unwrap_or_default()))
        };
        let at = Tensor::f32(&[1, 100_000], vec![0.0; 100_000]).unwrap();
        let cancel = Cancel::default();
        let explained = Explained::outside(at, Target::entries("y", &[0]), 1, Box::new(ask), &cancel).unwrap();
        let error = sums_of_panels(&explained, &[0], &vec![0.0; 100_000], 10_000, &cancel).unwrap_err().to_string();
        assert!(error.contains("at most 2684 by adaptive_trapezoid"), "{error}");
    }
}
