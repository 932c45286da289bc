//! How two numbers go together.

/// Pearson's correlation over the pairs of which both are finite, from −1 to 1; missing with fewer than three pairs, or when one of the two is
/// always the same.
pub fn correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y) = finite_pairs(x, y);
    pearson(&x, &y)
}

/// Spearman's: Pearson's of ranks, equal values sharing the mean of theirs. A logarithm changes nothing about it.
pub fn rank_correlation(x: &[f64], y: &[f64]) -> Option<f64> {
    let (x, y) = finite_pairs(x, y);
    pearson(&ranks(&x), &ranks(&y))
}

fn finite_pairs(x: &[f64], y: &[f64]) -> (Vec<f64>, Vec<f64>) {
    x.iter().zip(y).filter(|(x, y)| x.is_finite() && y.is_finite()).map(|(x, y)| (*x, *y)).unzip()
}

fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() < 3 || is_constant(x) || is_constant(y) {
        return None;
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    let (mean_x, mean_y) = (mean(x), mean(y));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    Some(xy / (xx.sqrt() * yy.sqrt())).filter(|found| found.is_finite()).map(|found| found.clamp(-1.0, 1.0))
}

#[expect(clippy::float_cmp, reason = "the same number, to the bit")]
fn is_constant(values: &[f64]) -> bool {
    values.iter().all(|value| *value == values[0])
}

#[expect(clippy::float_cmp, reason = "ties are the same number, to the bit")]
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + f64::midpoint(ties.len() as f64, 1.0);
        for &at in ties {
            ranks[at] = rank;
        }
        first += ties.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_does_not_count_and_what_cannot_be_said_is_not() {
        let nan = f64::NAN;
        let near = |found: Option<f64>, wanted: f64| assert!((found.expect("a number") - wanted).abs() < 1e-12);
        near(correlation(&[1.0, 2.0, 3.0, nan], &[2.0, 4.0, 6.0, -9.0]), 1.0);
        near(rank_correlation(&[1e-4, 1e-3, 1e-2, 0.1], &[9.0, 5.0, 4.0, -70.0]), -1.0);
        assert_eq!(correlation(&[1.0, 2.0, nan], &[1.0, 2.0, 3.0]), None, "two pairs");
        assert_eq!(correlation(&[1.0, 1.0, 1.0], &[1.0, 2.0, 3.0]), None, "always the same");
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
    }
}
