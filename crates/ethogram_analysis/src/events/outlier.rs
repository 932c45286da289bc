//! Steps whose number lies far from those of the rest of the episode.

/// What counts as far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OutlierParams {
    /// Smallest modified z-score.
    pub z_min: f64,
    /// Most of one episode.
    pub count_max: usize,
    /// Steps between two of them, at least; the more extreme one stays.
    pub apart: usize,
}

impl Default for OutlierParams {
    fn default() -> Self {
        Self { z_min: 3.5, count_max: 3, apart: 10 }
    }
}

/// A step that stands out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlier {
    /// Index in the episode.
    pub step: usize,
    /// The number there.
    pub value: f64,
    /// How far it lies from the median: the modified z-score, without its sign.
    pub z: f64,
    /// The median of the episode.
    pub median: f64,
}

/// Rows whose modified z-score `0.6745 |x − median| / MAD` is large, the most extreme first. Where more than half of the rows are equal,
/// so that the median absolute deviation is 0, `|x − median| / (1.2533 · mean absolute deviation)` takes its place. Missing rows and
/// those that are not finite are passed over; fewer than 5 rows have no outliers.
///
/// **Shapes** `[T]`. **Source** Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993; 3.5 is their limit.
pub fn outliers(values: &[Option<f64>], params: OutlierParams) -> Vec<Outlier> {
    let rows = || values.iter().enumerate().filter_map(|(step, value)| Some((step, value.filter(|v| v.is_finite())?)));
    let mut sorted: Vec<f64> = rows().map(|(_, value)| value).collect();
    if sorted.len() < 5 {
        return vec![];
    }
    let median = middle(&mut sorted);
    let mut deviations: Vec<f64> = sorted.iter().map(|value| (value - median).abs()).collect();
    let mean = deviations.iter().sum::<f64>() / deviations.len() as f64;
    let mad = middle(&mut deviations);
    let scale = if mad > 0.0 { mad / 0.6745 } else { 1.2533 * mean };
    // Of equal rows rounding alone is left.
    if scale <= median.abs() * 1e-12 {
        return vec![];
    }
    let mut found: Vec<Outlier> = rows()
        .map(|(step, value)| Outlier { step, value, z: (value - median).abs() / scale, median })
        .filter(|outlier| outlier.z >= params.z_min)
        .collect();
    found.sort_by(|a, b| b.z.total_cmp(&a.z).then(a.step.cmp(&b.step)));
    let mut kept: Vec<Outlier> = Vec::new();
    for outlier in found {
        if kept.len() == params.count_max {
            break;
        }
        if kept.iter().all(|other| other.step.abs_diff(outlier.step) >= params.apart) {
            kept.push(outlier);
        }
    }
    kept
}

/// The middle value, or the mean of the two in the middle; sorts.
fn middle(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let count = values.len();
    f64::midpoint(values[(count - 1) / 2], values[count / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_crowd_stands_out() {
        let mut values: Vec<Option<f64>> = (0..50).map(|at| Some(f64::from(at % 5))).collect();
        values[20] = Some(100.0);
        values[22] = Some(60.0);
        values[30] = None;
        values[31] = Some(f64::NAN);
        let found = outliers(&values, OutlierParams::default());
        assert_eq!(found.len(), 1, "the neighbour is too near: {found:?}");
        // Median 2, median absolute deviation 1.
        assert_eq!((found[0].step, found[0].median), (20, 2.0));
        assert!((found[0].z - 0.6745 * 98.0).abs() < 1e-9, "{}", found[0].z);
        let near = outliers(&values, OutlierParams { apart: 1, ..OutlierParams::default() });
        assert_eq!(near.iter().map(|outlier| outlier.step).collect::<Vec<_>>(), [20, 22]);
    }

    #[test]
    fn equal_rows_have_none_and_one_among_them_is_one() {
        assert_eq!(outliers(&[Some(0.1); 40], OutlierParams::default()), []);
        assert_eq!(outliers(&[Some(1.0), Some(9.0)], OutlierParams::default()), []);
        let mut rare = vec![Some(0.0); 99];
        rare.push(Some(1.0));
        let found = outliers(&rare, OutlierParams::default());
        assert_eq!(found.iter().map(|outlier| outlier.step).collect::<Vec<_>>(), [99]);
        assert!(found[0].z > 50.0 && found[0].z.is_finite());
    }
}
