//! Returns that do not rise.

/// When returns are stuck.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StuckParams {
    /// Fewest episodes.
    pub episodes_min: usize,
    /// Rise from the first to the last quarter, in standard deviations within these quarters, below which returns are stuck.
    pub rise_min: f64,
}

impl Default for StuckParams {
    fn default() -> Self {
        Self { episodes_min: 100, rise_min: 0.1 }
    }
}

/// What the first and the last quarter of the episodes brought.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StuckReturns {
    /// Mean of the first quarter.
    pub first: f64,
    /// Mean of the last.
    pub last: f64,
    /// Standard deviation within them.
    pub sd: f64,
    /// The best mean of any quarter's length of episodes in a row.
    pub best: f64,
    /// The episode after which those came.
    pub best_at: usize,
}

/// Returns whose last quarter is not above the first by a share of their spread. Returns that are not finite are passed over.
///
/// **Shapes** `[E]`, in the order of training.
pub fn stuck_returns(returns: &[f64], params: StuckParams) -> Option<StuckReturns> {
    let points: Vec<(usize, f64)> =
        returns.iter().copied().enumerate().filter(|(_, value)| value.is_finite()).collect();
    if points.len() < params.episodes_min.max(4) {
        return None;
    }
    let quarter = points.len() / 4;
    let mean = |points: &[(usize, f64)]| points.iter().map(|(_, value)| value / points.len() as f64).sum::<f64>();
    let square = |points: &[(usize, f64)], mean: f64| points.iter().map(|(_, v)| (v - mean).powi(2)).sum::<f64>();
    let (head, tail) = (&points[..quarter], &points[points.len() - quarter..]);
    let (first, last) = (mean(head), mean(tail));
    let sd = ((square(head, first) + square(tail, last)) / (2 * quarter) as f64).sqrt();
    if last - first > params.rise_min * sd {
        return None;
    }
    let (mut sum, mut best, mut best_at) = (0.0, f64::NEG_INFINITY, 0);
    for (at, (index, value)) in points.iter().enumerate() {
        sum += value;
        if at >= quarter {
            sum -= points[at - quarter].1;
        }
        if at + 1 >= quarter && sum / quarter as f64 > best {
            (best, best_at) = (sum / quarter as f64, *index);
        }
    }
    Some(StuckReturns { first, last, sd, best, best_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_without_a_rise_is_stuck_and_a_rise_is_not() {
        let noise = |at: usize| ((at * 7919) % 13) as f64;
        let flat: Vec<f64> = (0..200).map(noise).collect();
        let found = stuck_returns(&flat, StuckParams::default()).expect("stuck");
        assert!((found.first - found.last).abs() < 0.5 && found.sd > 3.0, "{found:?}");
        let rising: Vec<f64> = (0..200).map(|at| noise(at) + at as f64 / 10.0).collect();
        assert_eq!(stuck_returns(&rising, StuckParams::default()), None);
        assert_eq!(stuck_returns(&flat[..99], StuckParams::default()), None, "too few to say");
        let same = stuck_returns(&[5.0; 100], StuckParams::default()).expect("stuck");
        assert!(same.sd.abs() < 1e-12);
    }

    #[test]
    fn what_was_reached_and_lost_is_told() {
        let up_and_down: Vec<f64> = (0..200).map(|at| if (80..140).contains(&at) { 9.0 } else { 1.0 }).collect();
        let found = stuck_returns(&up_and_down, StuckParams::default()).expect("stuck");
        assert!((found.best - 9.0).abs() < 1e-9 && (129..140).contains(&found.best_at), "{found:?}");
    }
}
