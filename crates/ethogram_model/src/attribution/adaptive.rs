//! Points of a path where they are needed: panels between points, each weighed as if the target bent once in it, split where that is doubtful.
//!
//! The same passes that tell the slopes at the two ends of a panel tell what the target gains over it. A network of `ReLUs` that bends once in the
//! panel bends where the tangents at its ends meet, and up to there the gradient of the one end holds, from there on that of the other: the
//! panel's integral is exact, of each entry. Of several bends the gain is still met where it can be, and the entries lie between those of the ends.
//!
//! So that a panel meets its gain says little of its entries. Those are split that a trapezoid would miss most of, or whose ends differ most; and
//! where the entries' changes cancel in the target, the values do not tell where they are, and each end counts half.
//!
//! **Source**: adaptive quadrature as in Gander and Gautschi, *Adaptive Quadrature — Revisited* (2000), with the known gain in place of an
//! estimated error, and the kink in place of the middle. The weights are our own: exact where a piecewise linear target bends once in a panel; where
//! a smooth one bends steadily they differ from the trapezoid's by as much as its own error, O(width³).

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
/// What the entries of a panel's ends differ by counts so much beside what its trapezoid misses. From 0.02 to 0.2 it matters little on the published
/// agents; at 0 single entries of the Lunar Lander DQN err several times as much.
const DIFFER: f64 = 0.05;
/// Where what the entries differ by cancels to less than this share of it, the target's values do not tell where the entries change.
const CANCELLED: f64 = 0.03;
/// What a target says is known to this share of it: a sum of several hundred float32.
const ROUNDING: f64 = 8.0 * f32::EPSILON as f64;
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
        let ways = of.iter().zip(baseline.chunks(width)).map(|(row, from)| {
            let to = &at[row * width..][..width];
            from.iter().zip(to).map(|(from, to)| to - from).collect()
        });
        let mut paths: Vec<Path> = ways.map(|way| Path { way, points: Vec::new() }).collect();
        let mut wanted: Vec<Vec<f64>> = vec![first_places(steps); of.len()];
        let mut asked = 0;
        loop {
            let places = wanted.iter().enumerate().flat_map(|(path, at)| at.iter().map(move |&at| Place { path, at }));
            let places: Vec<Place> = places.collect();
            gradients_at(explained, of, baseline, &places, cancel, |place, value, gradient| {
                let Path { way, points } = &mut paths[place.path];
                let slope = way.iter().zip(gradient).map(|(way, value)| f64::from(*way) * f64::from(*value)).sum();
                points.push(Point {
                    at: place.at,
                    value: f64::from(value),
                    slope,
                    gradient: gradient.to_vec(),
                    next: None,
                });
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
struct Path {
    /// From the baseline to the row.
    way: Vec<f32>,
    points: Vec<Point>,
}

struct Point {
    at: f64,
    /// Of the target.
    value: f64,
    /// Of the target along the path.
    slope: f64,
    gradient: Vec<f32>,
    /// Where the next point was when what they [`differ`] by was taken, and that.
    next: Option<(f64, f64)>,
}

impl Path {
    /// In order, each with what it differs from the next by; of panels that were there before that is known.
    fn set_in_order(&mut self) {
        self.points.sort_by(|a, b| a.at.total_cmp(&b.at));
        for index in 1..self.points.len() {
            let (from, to) = (&self.points[index - 1], &self.points[index]);
            let known = from.next.filter(|(at, _)| at.total_cmp(&to.at).is_eq());
            let next = known.unwrap_or_else(|| (to.at, differ(from, to, &self.way)));
            self.points[index - 1].next = Some(next);
        }
    }

    /// Where the most doubtful panels are split, at most `count`; of equals those nearer to the baseline.
    fn splits_of_worst(&mut self, count: usize) -> Vec<f64> {
        self.set_in_order();
        let panels = self.points.windows(2).map(|pair| {
            let differ = pair[0].next.map_or(0.0, |(_, differ)| differ);
            (missed(&pair[0], &pair[1]).abs() + DIFFER * differ, split(&pair[0], &pair[1], differ))
        });
        let mut panels: Vec<(f64, f64)> = panels.collect();
        panels.sort_by(|a, b| b.0.total_cmp(&a.0));
        panels.into_iter().take(count).map(|(_, at)| at).collect()
    }

    /// Each gradient counts its shares of the panels on its two sides.
    fn sum(mut self, width: usize) -> Vec<f64> {
        self.set_in_order();
        let mut shares = vec![0.0; self.points.len()];
        if let [share] = shares.as_mut_slice() {
            *share = 1.0;
        }
        for (index, pair) in self.points.windows(2).enumerate() {
            let first = first_share(&pair[0], &pair[1], pair[0].next.map_or(0.0, |(_, differ)| differ));
            shares[index] += first;
            shares[index + 1] += pair[1].at - pair[0].at - first;
        }
        let mut sum = vec![0.0; width];
        for (share, point) in shares.into_iter().zip(&self.points) {
            sum.iter_mut().zip(&point.gradient).for_each(|(sum, value)| *sum += share * f64::from(*value));
        }
        sum
    }
}

/// By how much the trapezoid between two points is more than what the target gains there.
fn missed(from: &Point, to: &Point) -> f64 {
    (to.at - from.at) * (from.slope + to.slope) / 2.0 - (to.value - from.value)
}

/// What the entries' shares of the panel between two points would differ by, had it the gradient of the one or of the other; all added up.
fn differ(from: &Point, to: &Point, way: &[f32]) -> f64 {
    let entries = way.iter().zip(from.gradient.iter().zip(&to.gradient));
    (to.at - from.at) * entries.map(|(way, (from, to))| f64::from((way * (from - to)).abs())).sum::<f64>()
}

/// How far from the first of two points their tangents meet, which may be outside. `None` where they are too much the same to tell, of points
/// that [`differ`] by so much.
fn meet(from: &Point, to: &Point, differ: f64) -> Option<f64> {
    let (width, bend) = (to.at - from.at, from.slope - to.slope);
    let least = (ROUNDING * from.value.abs().max(to.value.abs()) * 2.0).max(CANCELLED * differ);
    // value + slope · x from the left is value − slope · (width − x) from the right.
    (bend.abs() * width > least).then(|| (to.value - from.value - to.slope * width) / bend)
}

/// Up to where between two points the gradient of the first holds: what the target gains there is then met as nearly as can be.
fn first_share(from: &Point, to: &Point, differ: f64) -> f64 {
    let width = to.at - from.at;
    meet(from, to, differ).map_or(width / 2.0, |meet| meet.clamp(0.0, width))
}

/// Where the tangents at two points meet; in the middle where they do not meet between them.
fn split(from: &Point, to: &Point, differ: f64) -> f64 {
    let width = to.at - from.at;
    let meet = meet(from, to, differ).filter(|meet| *meet > 0.0 && *meet < width);
    from.at + meet.map_or(width / 2.0, |meet| meet.clamp(MARGIN * width, (1.0 - MARGIN) * width))
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
        for (steps, tolerance) in [(1, 1.0), (2, 1e-6), (3, 1e-6), (7, 1e-6), (16, 1e-6), (100, 1e-6), (500, 1e-6)] {
            let (found, asked) = of_kinks(kinks, 1.0, steps);
            assert_eq!(asked, steps, "points");
            assert!((found - exact).abs() < tolerance, "{found} by {steps} points, expected {exact}");
        }
    }

    /// A point with the gradient on a way of ones.
    fn point(at: f64, value: f64, gradient: [f32; 2]) -> Point {
        Point {
            at,
            value,
            slope: gradient.iter().map(|value| f64::from(*value)).sum(),
            gradient: gradient.to_vec(),
            next: None,
        }
    }

    #[test]
    fn a_panel_counts_its_ends_as_far_as_each_holds() {
        let check = |name: &str, to: Point, expected: [f64; 2]| {
            let points = vec![point(0.0, 5.0, [1.0, 2.0]), to];
            let sum = Path { way: vec![1.0, 1.0], points }.sum(2);
            let near = sum.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12);
            assert!(near, "{name}: {sum:?}, expected {expected:?}");
        };
        check("one bend at 0.3", point(1.0, 5.0 + 0.3 * 3.0, [-4.0, 4.0]), [0.3 - 0.7 * 4.0, 0.3 * 2.0 + 0.7 * 4.0]);
        check("no bend", point(1.0, 8.0, [1.0, 2.0]), [1.0, 2.0]);
        check("entries whose changes cancel", point(1.0, 8.0, [0.0, 3.0]), [0.5, 2.5]);
        check("more gain than either end has", point(1.0, 9.0, [0.0, 0.0]), [1.0, 2.0]);
        check("less gain than either end has", point(1.0, 4.0, [0.0, 0.0]), [0.0, 0.0]);
    }

    /// y = Σⱼ vⱼ max(0, wⱼ · x + bⱼ) of 5 numbers and 24 units: an entry's integral is Σⱼ vⱼ wⱼᵢ times the share of the way on which unit j is on.
    #[test]
    fn every_entry_of_random_networks_is_what_their_kinks_say() {
        const WIDTH: usize = 5;
        for seed in 0..20 {
            let mut random = ethogram_random::Random::new(seed);
            let mut normal = |count: usize| -> Vec<f32> { (0..count).map(|_| random.normal()).collect() };
            let (weights, offsets, counts) = (normal(24 * WIDTH), normal(24), normal(24));
            let x = normal(WIDTH);
            let unit = |at: usize, x: &[f32]| {
                let products = weights[at * WIDTH..][..WIDTH].iter().zip(x).map(|(weight, x)| f64::from(weight * x));
                products.sum::<f64>() + f64::from(offsets[at])
            };
            let ask = |points: &[f32], _: &[usize], seeds: Option<&[f32]>| {
                let of = |x: &[f32]| (0..24).map(|at| f64::from(counts[at]) * unit(at, x).max(0.0)).sum::<f64>() as f32;
                let slope = |x: &[f32], entry: usize| {
                    let on = (0..24).filter(|at| unit(*at, x) > 0.0);
                    on.map(|at| counts[at] * weights[at * WIDTH + entry]).sum()
                };
                let slopes = |x: &[f32]| (0..WIDTH).map(|entry| slope(x, entry)).collect::<Vec<f32>>();
                let gradients = seeds.map(|_| points.chunks(WIDTH).flat_map(slopes).collect());
                Ok((points.chunks(WIDTH).map(of).collect(), gradients.unwrap_or_default()))
            };
            let cancel = Cancel::default();
            let at = Tensor::f32(&[1, WIDTH], x.clone()).unwrap();
            let explained = Explained::outside(at, Target::entries("y", &[0]), 64, Box::new(ask), &cancel).unwrap();
            let found = sums_of_panels(&explained, &[0], &[0.0; WIDTH], 200, &cancel).unwrap();
            let mut exact = vec![0.0; WIDTH];
            for at in 0..24 {
                let (from, to) = (f64::from(offsets[at]), unit(at, &x));
                let on = if from * to >= 0.0 { f64::from(from + to > 0.0) } else { from.max(to) / (from - to).abs() };
                let weights = weights[at * WIDTH..][..WIDTH].iter();
                let parts = weights.map(|weight| f64::from(counts[at] * weight) * on);
                exact.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
            }
            let most = exact.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
            let error = found.iter().zip(&exact).map(|(found, exact)| (found - exact).abs()).fold(0.0, f64::max);
            assert!(error < 1e-4 * most, "seed {seed}: {found:?}, expected {exact:?}");
        }
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
