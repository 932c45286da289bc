use super::{Metric, Neighbors, Points};
use crate::parallel::fill_rows;
use crate::{Error, Result};

/// How far the neighbours of a layout are neighbours in truth, 0 to 1: each of the `count` nearest in the layout that is not among the
/// `count` nearest of the points costs as much as its rank is too large.
///
/// **Errors** when the layout has other rows, or `count` is not below half the number of points.
///
/// **Source** Venna and Kaski (2001), "Neighborhood preservation in nonlinear projection methods".
pub fn trustworthiness(points: Points, layout: Points, count: usize) -> Result<f64> {
    check(points, layout)?;
    let rows = points.rows();
    if count == 0 || 2 * count >= rows {
        let expected = "at least 1, and below half the number of points";
        return Err(Error::OutOfRange { argument: "neighbors", expected, found: count as f64 });
    }
    let shown = Neighbors::exact(layout, count, Metric::Euclidean)?;
    let mut costs = vec![0.0_f64; rows];
    fill_rows(&mut costs, 1, |first, costs| {
        for (offset, cost) in costs.iter_mut().enumerate() {
            let row = first + offset;
            let distance = |other: usize| -> f64 {
                points.row(row).iter().zip(points.row(other)).map(|(a, b)| f64::from(a - b).powi(2)).sum()
            };
            let all: Vec<f64> = (0..rows).map(distance).collect();
            for (other, _) in shown.of(row) {
                let key = (all[other], other);
                let nearer = (0..rows).filter(|&one| one != row && (all[one], one) < key).count();
                *cost += (nearer + 1).saturating_sub(count) as f64;
            }
        }
    });
    let (n, k) = (rows as f64, count as f64);
    Ok(1.0 - costs.iter().sum::<f64>() * 2.0 / (n * k * (2.0 * n - 3.0 * k - 1.0)))
}

/// Share of the `count` nearest points that are also among the `count` nearest in the layout, 0 to 1.
///
/// **Errors** as [`Neighbors::exact`], and when the layout has other rows.
pub fn neighbor_recall(points: Points, layout: Points, count: usize) -> Result<f64> {
    check(points, layout)?;
    let (near, shown) =
        (Neighbors::exact(points, count, Metric::Euclidean)?, Neighbors::exact(layout, count, Metric::Euclidean)?);
    let kept = |row: usize| {
        let of: Vec<usize> = shown.of(row).map(|(other, _)| other).collect();
        near.of(row).filter(|(other, _)| of.contains(other)).count()
    };
    Ok((0..points.rows()).map(kept).sum::<usize>() as f64 / near.index.len() as f64)
}

fn check(points: Points, layout: Points) -> Result<()> {
    crate::error::same_length("layout", layout.rows(), "points", points.rows())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn a_layout_that_is_the_points_is_perfect_and_one_by_chance_is_not() {
        let mut random = Random::new(5);
        let values: Vec<f32> = (0..300 * 2).map(|_| random.normal()).collect();
        let other: Vec<f32> = (0..300 * 2).map(|_| random.normal()).collect();
        let (points, other) = (Points::new(&values, 2).unwrap(), Points::new(&other, 2).unwrap());
        assert!((trustworthiness(points, points, 12).unwrap() - 1.0).abs() < 1e-12);
        assert!((neighbor_recall(points, points, 15).unwrap() - 1.0).abs() < 1e-12);
        let chance = trustworthiness(points, other, 12).unwrap();
        assert!((chance - 0.5).abs() < 0.05, "{chance}");
        assert!(neighbor_recall(points, other, 15).unwrap() < 0.1);
        assert!(trustworthiness(points, points, 150).is_err());
    }
}
