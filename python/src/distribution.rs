//! Counting many numbers, and pictures as pictures are stored.

use ethogram_store::{Array, Dtype};
use pyo3::prelude::*;

use crate::fault::ShapeError;
use crate::value;

/// Most bins of a distribution.
const BINS_MAX: usize = 4096;

/// Values (or lower edges), counts, edges where there are bins, and how many numbers were not finite.
type Counted = (Vec<f64>, Vec<f64>, Option<Vec<f64>>, u64);

/// Counts samples: exactly where there are at most `bins` distinct values, else in bins of equal width.
#[pyfunction]
pub fn distribution(samples: &Bound<'_, PyAny>, bins: usize) -> PyResult<Counted> {
    if bins == 0 || bins > BINS_MAX {
        return Err(ShapeError::new_err(format!("expected 1 to {BINS_MAX} bins, found {bins}")));
    }
    Ok(count(value::array(samples)?.to_f64(), bins))
}

/// Checks counts and edges that the caller made; returns lower edges with counts, and all edges.
#[pyfunction]
pub fn histogram(counts: &Bound<'_, PyAny>, edges: &Bound<'_, PyAny>) -> PyResult<(Vec<Vec<f64>>, Vec<f64>)> {
    let (counts, edges) = (value::array(counts)?.to_f64(), value::array(edges)?.to_f64());
    if counts.is_empty() || counts.len() > BINS_MAX || edges.len() != counts.len() + 1 {
        return Err(ShapeError::new_err(format!(
            "expected K counts, 1 to {BINS_MAX}, and K + 1 edges, found {} and {}",
            counts.len(),
            edges.len()
        )));
    }
    if edges.windows(2).any(|pair| pair[0].partial_cmp(&pair[1]) != Some(std::cmp::Ordering::Less)) {
        return Err(ShapeError::new_err("expected edges that ascend, found some that do not"));
    }
    Ok((vec![edges[..counts.len()].to_vec(), counts], edges))
}

fn count(mut samples: Vec<f64>, bins: usize) -> Counted {
    let all = samples.len();
    samples.retain(|sample| sample.is_finite());
    let not_finite = (all - samples.len()) as u64;
    samples.sort_by(f64::total_cmp);
    let mut values: Vec<f64> = Vec::new();
    let mut counts: Vec<f64> = Vec::new();
    for &sample in &samples {
        match values.last() {
            // -0.0 and 0.0 are one value, which the total order would tell apart.
            Some(last) if last.partial_cmp(&sample) == Some(std::cmp::Ordering::Equal) => {
                if let Some(count) = counts.last_mut() {
                    *count += 1.0;
                }
            }
            _ if values.len() == bins => {
                let (lower, counts, edges) = binned(&samples, bins);
                return (lower, counts, Some(edges), not_finite);
            }
            _ => {
                values.push(sample);
                counts.push(1.0);
            }
        }
    }
    (values, counts, None, not_finite)
}

/// Lower edges, counts and edges of bins of equal width over sorted samples that are not all the same.
fn binned(sorted: &[f64], bins: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (low, high) = (sorted[0], sorted[sorted.len() - 1]);
    // Halves, for the extent between two large numbers of either sign may overflow.
    let half_width = (high / 2.0 - low / 2.0) / bins as f64;
    let edge = |bin: usize| if bin == bins { high } else { low + half_width * bin as f64 + half_width * bin as f64 };
    let edges: Vec<f64> = (0..=bins).map(edge).collect();
    let mut counts = vec![0.0; bins];
    for &sample in sorted {
        let bin = ((sample / 2.0 - low / 2.0) / half_width) as usize;
        counts[bin.min(bins - 1)] += 1.0;
    }
    (edges[..bins].to_vec(), counts, edges)
}

/// A picture as it is stored: H×W×C `uint8`. Floats from 0 to 1 are scaled, H×W becomes H×W×1.
pub fn picture(array: Array) -> PyResult<Array> {
    let shape = match *array.shape() {
        [height, width] => vec![height, width, 1],
        [height, width, channels @ (1 | 3 | 4)] => vec![height, width, channels],
        ref other => {
            return Err(ShapeError::new_err(format!(
                "expected a picture of H×W or H×W×C with 1, 3 or 4 channels, found shape {other:?}; put channels last"
            )));
        }
    };
    let bytes = match array.dtype() {
        Dtype::Uint8 => array.into_data(),
        Dtype::Bool => array.into_data().into_iter().map(|bit| bit * 255).collect(),
        Dtype::Float16 | Dtype::Float32 | Dtype::Float64 => {
            array.to_f64().into_iter().map(|level| (level * 255.0).round().clamp(0.0, 255.0) as u8).collect()
        }
        other => {
            return Err(ShapeError::new_err(format!(
                "expected a picture of uint8, or of floats from 0 to 1, found {other}"
            )));
        }
    };
    Array::new(Dtype::Uint8, shape, bytes).map_err(|error| ShapeError::new_err(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_counted_exactly() {
        let counted = count(vec![2.0, 1.0, 2.0, f64::NAN, -0.0, 0.0], 3);
        assert_eq!(counted, (vec![-0.0, 1.0, 2.0], vec![2.0, 1.0, 2.0], None, 1));
    }

    #[test]
    fn many_values_are_counted_in_bins_that_hold_them_all() {
        let (lower, counts, edges, _) = count((0..100).map(f64::from).collect(), 4);
        assert_eq!(lower, [0.0, 24.75, 49.5, 74.25]);
        assert_eq!(counts, [25.0; 4]);
        assert_eq!(edges.expect("bins").len(), 5);
    }

    #[test]
    fn the_whole_range_of_floats_fits() {
        let (_, counts, edges, _) = count(vec![f64::MIN, -1e300, 1e300, f64::MAX], 2);
        assert_eq!(counts, [2.0, 2.0]);
        assert!(edges.expect("bins").iter().all(|edge| edge.is_finite()));
    }
}
