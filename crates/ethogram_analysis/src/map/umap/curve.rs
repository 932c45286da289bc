//! How near is near, in the layout.

/// 1 / (1 + a·d^2b): how near two points are taken to be in the layout.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Curve {
    a: f32,
    b: f32,
}

impl Curve {
    /// The curve nearest to 1 up to `min_dist` and `exp(−(d − min_dist) / spread)` beyond, by Gauss and Newton with damping.
    pub(super) fn fit(min_dist: f64, spread: f64) -> Self {
        let places: Vec<f64> = (0..300).map(|i| 3.0 * spread * f64::from(i) / 299.0).collect();
        let wanted = |d: f64| if d < min_dist { 1.0 } else { (-(d - min_dist) / spread).exp() };
        let value = |(a, b): (f64, f64), d: f64| 1.0 / (1.0 + a * d.powf(2.0 * b));
        let cost = |at: (f64, f64)| places.iter().map(|&d| (value(at, d) - wanted(d)).powi(2)).sum::<f64>();
        let (mut at, mut damping) = ((1.0, 1.0), 1e-3);
        for _ in 0..200 {
            let (mut aa, mut ab, mut bb, mut ga, mut gb) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for &d in &places[1..] {
                let y = value(at, d);
                let power = d.powf(2.0 * at.1);
                let (da, db) = (-y * y * power, -y * y * at.0 * power * 2.0 * d.ln());
                let residual = y - wanted(d);
                aa += da * da;
                ab += da * db;
                bb += db * db;
                ga += da * residual;
                gb += db * residual;
            }
            let (aa, bb) = (aa * (1.0 + damping), bb * (1.0 + damping));
            let determinant = aa * bb - ab * ab;
            let step = ((bb * ga - ab * gb) / determinant, (aa * gb - ab * ga) / determinant);
            let next = (at.0 - step.0, at.1 - step.1);
            if next.0 > 0.0 && next.1 > 0.0 && cost(next) < cost(at) {
                let small = step.0.abs() < 1e-12 && step.1.abs() < 1e-12;
                (at, damping) = (next, damping * 0.3);
                if small {
                    break;
                }
            } else {
                damping *= 10.0;
                if damping > 1e12 {
                    break;
                }
            }
        }
        Curve { a: at.0 as f32, b: at.1 as f32 }
    }

    pub(super) fn pull(self, squared: f32) -> f32 {
        -2.0 * self.a * self.b * squared.powf(self.b - 1.0) / (self.a * squared.powf(self.b) + 1.0)
    }

    pub(super) fn push(self, squared: f32) -> f32 {
        2.0 * self.b / ((0.001 + squared) * (self.a * squared.powf(self.b) + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_is_that_of_umap_learn() {
        let curve = Curve::fit(0.1, 1.0);
        assert!((curve.a - 1.5769).abs() < 1e-3 && (curve.b - 0.8951).abs() < 1e-3, "{curve:?}");
        let curve = Curve::fit(0.5, 1.0);
        assert!((curve.a - 0.5830).abs() < 1e-3 && (curve.b - 1.3342).abs() < 1e-3, "{curve:?}");
    }
}
