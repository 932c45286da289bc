//! A statistic along training: how much was reached after how many steps.

use super::bootstrap::estimate;
use super::resample::stream;
use super::{Bootstrap, Estimate, Scores, Statistic};
use crate::Result;

/// The sample-efficiency curve: the statistic of the scores at each point, with its interval. Runs are drawn anew at each point by
/// itself, so the band is of points, not of whole curves.
///
/// **Shapes** a set of scores a point, or `None` where nobody has one. **Errors** when `bootstrap` is out of its bounds.
pub fn estimate_curve(
    points: &[Option<Scores>],
    statistic: Statistic,
    bootstrap: &Bootstrap,
) -> Result<Vec<Option<Estimate>>> {
    let at = |index: usize| Bootstrap { seed: stream(bootstrap.seed, index as u64).bits(), ..*bootstrap };
    let estimated = |(index, scores): (usize, &Option<Scores>)| {
        scores.as_ref().map(|scores| estimate(scores, statistic, &at(index))).transpose()
    };
    points.iter().enumerate().map(estimated).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_without_scores_is_missing() {
        let points = [Scores::new(vec![vec![1.0, 2.0]]).ok(), None, Scores::new(vec![vec![3.0]]).ok()];
        let bootstrap = Bootstrap { reps: 100, ..Bootstrap::default() };
        let found = estimate_curve(&points, Statistic::Iqm, &bootstrap).expect("a curve");
        assert_eq!(found[0].map(|found| found.value), Some(1.5));
        assert!(found[0].and_then(|found| found.interval).is_some());
        assert_eq!(found[1], None);
        assert_eq!(found[2], Some(Estimate { value: 3.0, interval: None }));
    }
}
