//! Rules over one curve: collapse, explosion, spikes, and numbers that are none.

/// A point of a curve at which something is wrong, with what it was compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurveFinding {
    /// Index of the point.
    pub index: usize,
    /// The number that tells: of that point, or of the end of the curve where the rule looks at that.
    pub value: f64,
    /// What it was before.
    pub reference: f64,
    /// The limit that was passed.
    pub limit: f64,
}

/// When a curve has collapsed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CollapseParams {
    /// Share of what it was in the beginning, below which it counts.
    pub share: f64,
    /// Fewest points.
    pub points_min: usize,
}

impl Default for CollapseParams {
    fn default() -> Self {
        Self { share: 0.05, points_min: 20 }
    }
}

/// A curve of numbers above 0 whose last tenth lies, on the mean, below a share of its first tenth: since when it does. Points that are not
/// finite are passed over.
///
/// **Shapes** `[T]`.
pub fn collapse(values: &[f64], params: CollapseParams) -> Option<CurveFinding> {
    let points = finite(values);
    if points.len() < params.points_min.max(2) {
        return None;
    }
    let tenth = (points.len() / 10).max(1);
    let reference = mean(&points[..tenth]);
    let limit = params.share * reference;
    let value = mean(&points[points.len() - tenth..]);
    if !(reference > 0.0 && value < limit) {
        return None;
    }
    // The point after the last that was no lower.
    let last = points.iter().rposition(|(_, value)| *value >= limit).map_or(0, |at| at + 1);
    let index = points.get(last).or(points.last())?.0;
    Some(CurveFinding { index, value, reference, limit })
}

/// When a curve has exploded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExplosionParams {
    /// How many times the middle of the beginning.
    pub factor: f64,
    /// Fewest points.
    pub points_min: usize,
}

impl Default for ExplosionParams {
    fn default() -> Self {
        Self { factor: 100.0, points_min: 20 }
    }
}

/// A curve whose last tenth is, in the middle of its sizes, more than a factor above its first third: the first point that is.
///
/// **Shapes** `[T]`.
pub fn explosion(values: &[f64], params: ExplosionParams) -> Option<CurveFinding> {
    let points = finite(values);
    if points.len() < params.points_min.max(3) {
        return None;
    }
    let reference = median_size(&points[..points.len() / 3]);
    let limit = params.factor * reference;
    let value = median_size(&points[points.len() - (points.len() / 10).max(1)..]);
    if !(reference > 0.0 && value > limit) {
        return None;
    }
    let index = points.iter().find(|(_, value)| value.abs() > limit)?.0;
    Some(CurveFinding { index, value, reference, limit })
}

/// When a point is a spike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpikeParams {
    /// How many times the median of the points before it.
    pub factor: f64,
    /// Smallest size that counts, however small the rest.
    pub floor: f64,
    /// Points that are looked back at.
    pub window: usize,
}

impl Default for SpikeParams {
    fn default() -> Self {
        Self { factor: 10.0, floor: 0.1, window: 50 }
    }
}

/// The largest point that is over the floor and a factor above the median size of the points before it, with how many such points there
/// are. The first 5 points are not looked at.
///
/// **Shapes** `[T]`.
pub fn spike(values: &[f64], params: SpikeParams) -> Option<(CurveFinding, usize)> {
    let points = finite(values);
    let mut count = 0;
    let mut worst: Option<CurveFinding> = None;
    for at in 5..points.len() {
        let (index, value) = points[at];
        if value.abs() <= params.floor {
            continue;
        }
        let reference = median_size(&points[at.saturating_sub(params.window.max(5))..at]);
        let limit = (params.factor * reference).max(params.floor);
        if value.abs() > limit {
            count += 1;
            if worst.is_none_or(|worst| value.abs() > worst.value.abs()) {
                worst = Some(CurveFinding { index, value, reference, limit });
            }
        }
    }
    worst.map(|worst| (worst, count))
}

/// Index of the first point that is NaN or infinite, with how many there are.
///
/// **Shapes** `[T]`.
pub fn first_not_finite(values: &[f64]) -> Option<(usize, usize)> {
    let first = values.iter().position(|value| !value.is_finite())?;
    Some((first, values.iter().filter(|value| !value.is_finite()).count()))
}

/// Mean of the last tenth of the finite points; `None` with fewer than `points_min`.
///
/// **Shapes** `[T]`.
pub fn tail_mean(values: &[f64], points_min: usize) -> Option<f64> {
    let points = finite(values);
    (points.len() >= points_min.max(1)).then(|| mean(&points[points.len() - (points.len() / 10).max(1)..]))
}

fn finite(values: &[f64]) -> Vec<(usize, f64)> {
    values.iter().copied().enumerate().filter(|(_, value)| value.is_finite()).collect()
}

fn mean(points: &[(usize, f64)]) -> f64 {
    points.iter().map(|(_, value)| value / points.len() as f64).sum()
}

fn median_size(points: &[(usize, f64)]) -> f64 {
    let mut sizes: Vec<f64> = points.iter().map(|(_, value)| value.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    match sizes.len() {
        0 => f64::NAN,
        count => f64::midpoint(sizes[(count - 1) / 2], sizes[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_that_falls_and_stays_down_has_collapsed() {
        let mut curve: Vec<f64> = vec![1.0; 30];
        curve.extend([0.01; 70]);
        curve[10] = f64::NAN;
        let found = collapse(&curve, CollapseParams::default()).expect("a collapse");
        assert_eq!(found.index, 30);
        assert!((found.value - 0.01).abs() < 1e-9 && (found.reference - 1.0).abs() < 1e-9);
        let recovered: Vec<f64> = curve.iter().copied().chain([0.8; 30]).collect();
        assert_eq!(collapse(&recovered, CollapseParams::default()), None);
        let slow: Vec<f64> = (0..100).map(|at| 1.0 - f64::from(at) / 120.0).collect();
        assert_eq!(collapse(&slow, CollapseParams::default()), None);
        assert_eq!(collapse(&[1.0, 0.0], CollapseParams::default()), None, "too few points to say");
        assert_eq!(collapse(&[-1.0; 40], CollapseParams::default()), None);
    }

    #[test]
    fn a_loss_that_grows_a_hundredfold_has_exploded() {
        let curve: Vec<f64> = (0..60).map(|at| if at < 40 { 0.5 } else { 0.5 * 2.0_f64.powi(at - 40) }).collect();
        let found = explosion(&curve, ExplosionParams::default()).expect("an explosion");
        assert_eq!((found.index, found.limit), (47, 50.0));
        let once: Vec<f64> = (0..60).map(|at| if at == 50 { 1e6 } else { 0.5 }).collect();
        assert_eq!(explosion(&once, ExplosionParams::default()), None, "one point is a spike");
        assert_eq!(explosion(&[0.0; 60], ExplosionParams::default()), None);
    }

    #[test]
    fn spikes_are_counted_and_the_largest_told() {
        let mut curve = vec![0.01; 100];
        (curve[40], curve[70]) = (0.5, 2.0);
        let (worst, count) = spike(&curve, SpikeParams::default()).expect("spikes");
        assert_eq!((worst.index, worst.value, count), (70, 2.0, 2));
        assert_eq!(spike(&[0.001, 0.09, 0.001, 0.001, 0.001, 0.001, 0.09], SpikeParams::default()), None, "small");
        assert_eq!(spike(&vec![0.5; 100], SpikeParams::default()), None, "always so");
    }

    #[test]
    fn numbers_that_are_none_are_counted() {
        assert_eq!(first_not_finite(&[1.0, f64::INFINITY, 2.0, f64::NAN]), Some((1, 2)));
        assert_eq!(first_not_finite(&[1.0]), None);
        assert_eq!(tail_mean(&[1.0, 2.0], 3), None);
        assert_eq!(tail_mean(&[1.0, 2.0, f64::NAN], 2), Some(2.0));
    }
}
