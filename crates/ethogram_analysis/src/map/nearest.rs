use super::{Metric, NEIGHBORS_MAX, Points};
use crate::parallel::fill_rows;
use crate::{Error, Result};

/// The points nearest to one of them, nearest first, and how far they are; of equally near ones the first comes first. Exact, in double
/// precision.
///
/// **Errors** when there is no such row, or `count` is 0, more than [`NEIGHBORS_MAX`], or not less than the number of points.
pub fn nearest(points: Points, row: usize, count: usize, metric: Metric) -> Result<Vec<(usize, f64)>> {
    if row >= points.rows() {
        let expected = "a row of the points";
        return Err(Error::OutOfRange { argument: "point", expected, found: row as f64 });
    }
    if count == 0 || count > NEIGHBORS_MAX || count >= points.rows() {
        let expected = "1 to 1,000, and fewer than there are points";
        return Err(Error::OutOfRange { argument: "count", expected, found: count as f64 });
    }
    let from = points.row(row);
    let mut distances = vec![0.0_f64; points.rows()];
    fill_rows(&mut distances, 1, |first, distances| {
        for (offset, distance) in distances.iter_mut().enumerate() {
            *distance = apart(from, points.row(first + offset), metric);
        }
    });
    let mut rows: Vec<usize> = (0..points.rows()).filter(|&other| other != row).collect();
    let key = |a: &usize, b: &usize| distances[*a].total_cmp(&distances[*b]).then(a.cmp(b));
    rows.select_nth_unstable_by(count - 1, key);
    rows.truncate(count);
    rows.sort_unstable_by(key);
    Ok(rows.into_iter().map(|row| (row, distances[row])).collect())
}

fn apart(a: &[f32], b: &[f32], metric: Metric) -> f64 {
    let pairs = || a.iter().zip(b).map(|(a, b)| (f64::from(*a), f64::from(*b)));
    match metric {
        Metric::Euclidean => pairs().map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(),
        Metric::Cosine => {
            let (mut dot, mut aa, mut bb) = (0.0, 0.0, 0.0);
            for (a, b) in pairs() {
                dot += a * b;
                aa += a * a;
                bb += b * b;
            }
            if aa > 0.0 && bb > 0.0 { (1.0 - dot / (aa * bb).sqrt()).max(0.0) } else { 1.0 }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::super::Neighbors;
    use super::*;
    use ethogram_random::Random;

    #[test]
    fn the_nearest_are_those_of_the_search_for_all() {
        let mut random = Random::new(3);
        let values: Vec<f32> = (0..700 * 9).map(|_| random.normal()).collect();
        let points = Points::new(&values, 9).unwrap();
        for metric in [Metric::Euclidean, Metric::Cosine] {
            let all = Neighbors::exact(points, 20, metric).unwrap();
            for row in [0, 13, 699] {
                let found = nearest(points, row, 20, metric).unwrap();
                let expected: Vec<(usize, f32)> = all.of(row).collect();
                assert_eq!(
                    found.iter().map(|(row, _)| *row).collect::<Vec<_>>(),
                    expected.iter().map(|(row, _)| *row).collect::<Vec<_>>()
                );
                assert!(found.iter().zip(&expected).all(|((_, a), (_, b))| (a - f64::from(*b)).abs() < 1e-4));
            }
        }
        assert!(nearest(points, 700, 3, Metric::Euclidean).is_err());
        assert!(
            nearest(points, 0, 700, Metric::Euclidean).is_err() && nearest(points, 0, 0, Metric::Euclidean).is_err()
        );
    }

    #[test]
    fn the_origin_has_no_direction() {
        let points = Points::new(&[0.0, 0.0, 1.0, 0.0, 2.0, 0.0], 2).unwrap();
        assert_eq!(nearest(points, 0, 2, Metric::Cosine).unwrap(), [(1, 1.0), (2, 1.0)]);
        assert_eq!(nearest(points, 1, 2, Metric::Cosine).unwrap(), [(2, 0.0), (0, 1.0)]);
    }
}
