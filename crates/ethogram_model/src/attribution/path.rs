//! Points on the way from a baseline to an input, and what each counts.

use std::f64::consts::PI;

use super::{Param, Settings};
use crate::error::{Error, Result};

/// How an integral over the path is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rule {
    /// Exact for polynomials of degree 2·steps − 1.
    #[default]
    GaussLegendre,
    /// At the beginning of each step.
    RiemannLeft,
    /// At the middle of each step.
    RiemannMiddle,
    /// At the end of each step.
    RiemannRight,
    /// Both ends included, each counting half: `steps` points that are 1 / (steps − 1) apart and count 1 / steps, as captum does.
    RiemannTrapezoid,
    /// Over panels that are split where it is needed, each weighed as if the target bent once in it; `steps` points in all.
    AdaptiveTrapezoid,
}

/// The rule as people choose it, where all points are known before the first is asked about.
pub(super) const FIXED_RULE: Param = Param::choice(
    "rule",
    &["gauss_legendre", "riemann_left", "riemann_middle", "riemann_right", "riemann_trapezoid"],
    "where the points lie and what each counts",
);

/// The rule as people choose it.
pub(super) const RULE: Param = Param::choice(
    "rule",
    &["gauss_legendre", "riemann_left", "riemann_middle", "riemann_right", "riemann_trapezoid", "adaptive_trapezoid"],
    "where the points lie and what each counts; adaptive_trapezoid puts them where the output bends",
);

/// Largest number of steps.
pub(super) const STEPS_MAX: usize = 10_000;

/// Where a path is looked at.
pub(super) enum Way {
    /// At these places, each counting so much.
    Fixed(Vec<(f64, f64)>),
    /// At so many, where they are needed.
    Sought(usize),
}

impl Way {
    /// Points of it.
    pub fn count(&self) -> usize {
        match self {
            Way::Fixed(points) => points.len(),
            Way::Sought(steps) => *steps,
        }
    }
}

impl Rule {
    /// Every rule with its name.
    pub const ALL: &'static [(&'static str, Rule)] = &[
        ("gauss_legendre", Rule::GaussLegendre),
        ("riemann_left", Rule::RiemannLeft),
        ("riemann_middle", Rule::RiemannMiddle),
        ("riemann_right", Rule::RiemannRight),
        ("riemann_trapezoid", Rule::RiemannTrapezoid),
        ("adaptive_trapezoid", Rule::AdaptiveTrapezoid),
    ];

    /// The rule that was chosen.
    pub(super) fn of(settings: &Settings) -> Self {
        let name = settings.choice("rule");
        Rule::ALL.iter().find(|(known, _)| *known == name).map_or(Rule::default(), |(_, rule)| *rule)
    }

    /// How a path is taken in `steps` points.
    pub(super) fn way(self, steps: usize) -> Result<Way> {
        match self {
            Rule::AdaptiveTrapezoid => checked(steps).map(Way::Sought),
            rule => rule.points(steps).map(Way::Fixed),
        }
    }

    /// Places between 0 and 1, and weights that add up to 1 (for the trapezoid to 1 − 1 / steps, as in captum).
    ///
    /// **Errors**: a rule whose places depend on what is found.
    pub fn points(self, steps: usize) -> Result<Vec<(f64, f64)>> {
        checked(steps)?;
        let n = steps as f64;
        let even = |shift: f64| (0..steps).map(|step| ((step as f64 + shift) / n, 1.0 / n)).collect();
        Ok(match self {
            Rule::GaussLegendre => gauss_legendre(steps),
            Rule::RiemannLeft => even(0.0),
            Rule::RiemannMiddle => even(0.5),
            Rule::RiemannRight => even(1.0),
            Rule::RiemannTrapezoid if steps == 1 => vec![(0.0, 0.25)],
            Rule::RiemannTrapezoid => (0..steps)
                .map(|step| {
                    let share = if step == 0 || step == steps - 1 { 0.5 } else { 1.0 };
                    (step as f64 / (n - 1.0), share / n)
                })
                .collect(),
            Rule::AdaptiveTrapezoid => {
                return Err(Error::Argument {
                    argument: "rule",
                    expected: "a rule whose points are known beforehand".to_owned(),
                    found: "adaptive_trapezoid, which integrated_gradients alone has".to_owned(),
                });
            }
        })
    }
}

fn checked(steps: usize) -> Result<usize> {
    if (1..=STEPS_MAX).contains(&steps) {
        return Ok(steps);
    }
    let expected = format!("1 to {STEPS_MAX}");
    Err(Error::Argument { argument: "steps", expected, found: steps.to_string() })
}

/// Roots of the Legendre polynomial by Newton's method, moved from [−1, 1] to [0, 1].
///
/// **Source**: Press et al., *Numerical Recipes* (2007), section 4.6.
fn gauss_legendre(steps: usize) -> Vec<(f64, f64)> {
    let n = steps as f64;
    // k P_k = (2k − 1) x P_{k−1} − (k − 1) P_{k−2}
    let factors: Vec<(f64, f64)> =
        (1..=steps).map(|k| k as f64).map(|k| ((2.0 * k - 1.0) / k, (k - 1.0) / k)).collect();
    let mut points = Vec::with_capacity(steps);
    // The other half lies in a mirror.
    for index in 0..steps.div_ceil(2) {
        let mut root = (PI * (index as f64 + 0.75) / (n + 0.5)).cos();
        let (mut slope, mut is_near) = (1.0, false);
        for _ in 0..100 {
            let (mut last, mut before) = (1.0, 0.0);
            for (of_last, of_before) in &factors {
                (last, before) = (of_last * root * last - of_before * before, last);
            }
            slope = n * (root * last - before) / (root * root - 1.0);
            let step = last / slope;
            root -= step;
            // Once more after that, for the slope is of the place before the step.
            if is_near {
                break;
            }
            is_near = step.abs() < 1e-12;
        }
        points.push(((1.0 - root) / 2.0, 1.0 / ((1.0 - root * root) * slope * slope)));
    }
    let mirrored: Vec<_> = points[..steps / 2].iter().rev().map(|(at, weight)| (1.0 - at, *weight)).collect();
    points.extend(mirrored);
    points
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;

    #[test]
    fn gauss_legendre_is_exact_for_polynomials() {
        for steps in [1, 2, 5, 50, 500] {
            let points = Rule::GaussLegendre.points(steps).unwrap();
            for power in [0_i32, 1, (2 * steps - 1).min(40) as i32] {
                let found: f64 = points.iter().map(|(at, weight)| weight * at.powi(power)).sum();
                assert!(
                    (found - 1.0 / (f64::from(power) + 1.0)).abs() < 1e-12,
                    "{steps} steps, degree {power}: {found}"
                );
            }
        }
    }

    #[test]
    fn riemann_rules_lie_where_they_say() {
        assert_eq!(Rule::RiemannLeft.points(2).unwrap(), [(0.0, 0.5), (0.5, 0.5)]);
        assert_eq!(Rule::RiemannMiddle.points(2).unwrap(), [(0.25, 0.5), (0.75, 0.5)]);
        assert_eq!(Rule::RiemannRight.points(2).unwrap(), [(0.5, 0.5), (1.0, 0.5)]);
        assert_eq!(Rule::RiemannTrapezoid.points(3).unwrap(), [(0.0, 0.5 / 3.0), (0.5, 1.0 / 3.0), (1.0, 0.5 / 3.0)]);
        assert!(Rule::AdaptiveTrapezoid.points(3).is_err() && Rule::AdaptiveTrapezoid.way(0).is_err());
        assert!(Rule::GaussLegendre.points(0).is_err());
        assert!(Rule::GaussLegendre.points(STEPS_MAX + 1).is_err());
    }
}
