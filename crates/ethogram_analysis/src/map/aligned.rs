use super::{Neighbors, Points};
use crate::{Error, Result};

/// Passes in which points without a place take one from their neighbours.
const PASSES: usize = 20;

/// A first layout out of an earlier one: points that were there lie where they lay, the others at the mean of their nearest points that have
/// a place, or in the middle of all where there is none.
///
/// **Shapes** `earlier`: `[rows, dims]`, NaN for points that were not there. **Errors** when it has other rows, or no point was there.
pub fn begun_at(neighbors: &Neighbors, earlier: &[f32], dims: usize) -> Result<Vec<f32>> {
    let rows = neighbors.index.len() / neighbors.count.max(1);
    crate::error::same_length("earlier layout", earlier.len(), "points, times dimensions", rows * dims)?;
    let mut layout = earlier.to_vec();
    let is_placed = |place: &[f32]| place.iter().all(|value| value.is_finite());
    let mut placed: Vec<bool> = layout.chunks(dims).map(is_placed).collect();
    let count = placed.iter().filter(|placed| **placed).count();
    if count == 0 {
        let expected = "at least one of these points";
        return Err(Error::OutOfRange { argument: "earlier layout", expected, found: 0.0 });
    }
    let middle: Vec<f64> = (0..dims)
        .map(|d| {
            let known = layout.chunks(dims).zip(&placed).filter(|(_, placed)| **placed);
            known.map(|(place, _)| f64::from(place[d])).sum::<f64>() / count as f64
        })
        .collect();
    for _ in 0..PASSES {
        let mut found: Vec<(usize, Vec<f32>)> = Vec::new();
        for row in (0..rows).filter(|&row| !placed[row]) {
            let near: Vec<usize> = neighbors.of(row).map(|(other, _)| other).filter(|&other| placed[other]).collect();
            if !near.is_empty() {
                let mean = |d: usize| {
                    near.iter().map(|other| f64::from(layout[other * dims + d])).sum::<f64>() / near.len() as f64
                };
                found.push((row, (0..dims).map(|d| mean(d) as f32).collect()));
            }
        }
        if found.is_empty() {
            break;
        }
        for (row, place) in found {
            layout[row * dims..][..dims].copy_from_slice(&place);
            placed[row] = true;
        }
    }
    for (place, _) in layout.chunks_mut(dims).zip(&placed).filter(|(_, placed)| !**placed) {
        place.iter_mut().zip(&middle).for_each(|(value, middle)| *value = *middle as f32);
    }
    Ok(layout)
}

/// Mirrors axes of a layout so that each runs the way it ran in an earlier one: principal components have no sign of their own.
///
/// **Shapes** both: `[rows, dims]`, `earlier` NaN for points that were not there.
pub fn mirror_like(layout: &mut [f32], earlier: &[f32], dims: usize) -> Result<()> {
    crate::error::same_length("earlier layout", earlier.len(), "places", layout.len())?;
    let now = Points::new(layout, dims)?.mean();
    for d in 0..dims {
        let pairs = layout.chunks(dims).zip(earlier.chunks(dims)).map(|(now, before)| (now[d], before[d]));
        let shared: Vec<(f32, f32)> = pairs.filter(|(_, before)| before.is_finite()).collect();
        let mean = shared.iter().map(|(_, before)| f64::from(*before)).sum::<f64>() / shared.len().max(1) as f64;
        let product = |(at, before): &(f32, f32)| (f64::from(*at) - now[d]) * (f64::from(*before) - mean);
        if shared.iter().map(product).sum::<f64>() < 0.0 {
            layout.iter_mut().skip(d).step_by(dims).for_each(|value| *value = -*value);
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
mod tests {
    use super::super::Metric;
    use super::*;

    #[test]
    fn points_begin_where_they_lay_and_new_ones_between_their_neighbors() {
        let values = [0.0, 1.0, 2.0, 10.0, 11.0, 12.0];
        let neighbors = Neighbors::exact(Points::new(&values, 1).unwrap(), 2, Metric::Euclidean).unwrap();
        let gone = f32::NAN;
        let earlier = [5.0, 0.0, gone, gone, 7.0, 0.0, gone, gone, -4.0, 3.0, gone, gone];
        let layout = begun_at(&neighbors, &earlier, 2).unwrap();
        assert_eq!(layout, [5.0, 0.0, 6.0, 0.0, 7.0, 0.0, -4.0, 3.0, -4.0, 3.0, -4.0, 3.0]);
        assert!(begun_at(&neighbors, &[gone; 12], 2).is_err() && begun_at(&neighbors, &[0.0; 3], 2).is_err());
    }

    #[test]
    fn axes_run_as_they_ran() {
        let mut layout = [1.0, 1.0, 2.0, 5.0, 3.0, 9.0];
        mirror_like(&mut layout, &[30.0, 2.0, 20.0, 3.0, f32::NAN, f32::NAN], 2).unwrap();
        assert_eq!(layout.to_vec(), [-1.0, 1.0, -2.0, 5.0, -3.0, 9.0]);
    }
}
