//! Histograms: counts in bins with edges.

use ethogram_store::{Array, Dtype};
use serde_json::{Map, Value, json};

use super::protobuf::{Fields, NotAMessage, Value as Field, doubles};

/// Counts between edges, ascending: one edge more than counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Edges of the bins.
    pub edges: Vec<f64>,
    /// What each holds.
    pub counts: Vec<f64>,
}

impl Histogram {
    /// Reads a `HistogramProto`. As TensorBoard has it, empty bins at both ends are left out, and the outermost edges are the smallest
    /// and the largest value seen: what is written there is often ±1.8e308.
    pub fn of_proto(bytes: &[u8]) -> Result<Self, NotAMessage> {
        let (mut min, mut max) = (0.0, 0.0);
        let (mut limits, mut counts) = (Vec::new(), Vec::new());
        for field in Fields::of(bytes) {
            match field? {
                (1, Field::Eight(bytes)) => min = f64::from_le_bytes(bytes),
                (2, Field::Eight(bytes)) => max = f64::from_le_bytes(bytes),
                (6, value) => doubles(value, |limit| limits.push(limit))?,
                (7, value) => doubles(value, |count| counts.push(count))?,
                _ => {}
            }
        }
        if limits.len() < counts.len() {
            return Err(NotAMessage);
        }
        let holds = |count: &f64| *count > 0.0;
        let (Some(start), Some(end)) = (counts.iter().position(holds), counts.iter().rposition(holds)) else {
            return Ok(Self::default());
        };
        let mut edges = vec![min];
        edges.extend_from_slice(&limits[start..end]);
        edges.push(max);
        Ok(Self { edges, counts: counts[start..=end].to_vec() })
    }

    /// Of a K×3 tensor of left edges, right edges and counts. Where bins leave a gap, the gap is a bin that holds nothing.
    pub fn of_tensor(array: &Array) -> Result<Self, &'static str> {
        let [_, 3] = array.shape() else { return Err("a histogram is a tensor of K×3") };
        let mut histogram = Self::default();
        for row in array.to_f64().as_chunks::<3>().0 {
            let [left, right, count] = *row;
            match histogram.edges.last() {
                None => histogram.edges.push(left),
                Some(&last) if last < left => {
                    histogram.edges.push(left);
                    histogram.counts.push(0.0);
                }
                Some(_) => {}
            }
            histogram.edges.push(right);
            histogram.counts.push(count);
        }
        Ok(histogram)
    }

    /// As a distribution is stored: 2×K of lower edges and counts, and the edges beside it.
    pub fn into_row(self) -> (Array, Map<String, Value>) {
        let lower = self.edges.iter().take(self.counts.len());
        let data = lower.chain(&self.counts).flat_map(|number| number.to_le_bytes()).collect();
        let shape = vec![2, self.counts.len()];
        let array = Array::new(Dtype::Float64, shape, data).unwrap_or_else(|_| Array::scalar(f64::NAN));
        let mut meta = Map::new();
        // An edge that is not finite has no JSON: then the counts stand at their lower edges.
        if !self.counts.is_empty() && self.edges.iter().all(|edge| edge.is_finite()) {
            meta.insert("edges".into(), json!(self.edges));
        }
        (array, meta)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proto(min: f64, max: f64, limits: &[f64], counts: &[f64]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, number) in [(0x09, min), (0x11, max)] {
            bytes.push(key);
            bytes.extend(number.to_le_bytes());
        }
        for (key, numbers) in [(0x32, limits), (0x3a, counts)] {
            bytes.extend([key, (8 * numbers.len()) as u8]);
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        }
        bytes
    }

    #[test]
    fn the_outermost_edges_are_the_extremes_and_empty_ends_are_left_out() {
        let bytes = proto(-0.5, 2.5, &[-1.0, 0.0, 1.0, 2.0, f64::MAX], &[0.0, 3.0, 0.0, 1.0, 4.0]);
        let histogram = Histogram::of_proto(&bytes).expect("a histogram");
        assert_eq!(
            histogram,
            Histogram { edges: vec![-0.5, 0.0, 1.0, 2.0, 2.5], counts: vec![3.0, 0.0, 1.0, 4.0] }.clone()
        );
        assert_eq!(Histogram::of_proto(&proto(0.0, 0.0, &[1.0], &[0.0])), Ok(Histogram::default()));
        assert_eq!(Histogram::of_proto(&proto(0.0, 0.0, &[], &[1.0])), Err(NotAMessage));
    }

    #[test]
    fn bins_of_a_tensor_are_joined() {
        let data = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0_f64];
        let array = Array::new(Dtype::Float64, vec![2, 3], data.iter().flat_map(|x| x.to_le_bytes()).collect());
        let histogram = Histogram::of_tensor(&array.expect("an array")).expect("a histogram");
        assert_eq!(histogram, Histogram { edges: vec![0.0, 1.0, 3.0, 4.0], counts: vec![2.0, 0.0, 5.0] });
    }
}
