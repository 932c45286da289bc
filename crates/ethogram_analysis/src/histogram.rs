//! Histograms over bins of equal width, bin by bin those of NumPy.

use crate::error::{Error, Result};

/// Most bins of one histogram.
pub const BINS_MAX: usize = 4_096;

/// Bins of equal width between two edges; a value on an inner edge belongs to the bin above it, the last edge to the last bin.
///
/// **Source** `numpy.histogram` of NumPy 2: edges as `linspace` makes them, and the same correction of the index by the edges
/// themselves, so that counts are equal, not merely near. One departure: everything is computed in `f64`, also for `f32` values.
#[derive(Clone, Debug, PartialEq)]
pub struct EqualWidth {
    edges: Vec<f64>,
}

/// The counts of some values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// One a bin. Counts of values are whole; those of [`EqualWidth::add_bins`] need not be.
    pub bins: Vec<f64>,
    /// Below the first edge.
    pub below: f64,
    /// Above the last edge.
    pub above: f64,
    /// NaN and infinities, which no bin holds.
    pub not_finite: f64,
}

impl EqualWidth {
    /// `bins` bins from `low` to `high`. One single value, `low == high`, lies in the middle of bins over a width of one.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when there are no bins or more than [`BINS_MAX`], when an edge is not finite or `low > high`, and
    /// when doubles cannot tell the edges of so many bins apart.
    pub fn new(low: f64, high: f64, bins: usize) -> Result<Self> {
        if !(1..=BINS_MAX).contains(&bins) {
            return Err(Error::OutOfRange { argument: "bins", expected: "1 to 4096", found: bins as f64 });
        }
        #[expect(clippy::float_cmp, reason = "the extent of one value is that value twice, to the bit")]
        let (low, high) = if low == high { (low - 0.5, high + 0.5) } else { (low, high) };
        let width = high - low;
        if !(width.is_finite() && width > 0.0) {
            let expected = "a finite number above the lower edge";
            return Err(Error::OutOfRange { argument: "upper edge", expected, found: high });
        }
        let step = width / bins as f64;
        let mut edges: Vec<f64> = (0..=bins).map(|i| i as f64 * step + low).collect();
        edges[bins] = high;
        if edges.windows(2).any(|pair| pair[0] >= pair[1]) {
            let expected = "no more bins than doubles between the edges";
            return Err(Error::OutOfRange { argument: "bins", expected, found: bins as f64 });
        }
        Ok(Self { edges })
    }

    /// One more than there are bins, ascending.
    pub fn edges(&self) -> &[f64] {
        &self.edges
    }

    /// No values yet.
    pub fn empty(&self) -> Counts {
        Counts { bins: vec![0.0; self.edges.len() - 1], ..Counts::default() }
    }

    /// Counts one value `weight` times.
    pub fn add(&self, counts: &mut Counts, value: f64, weight: f64) {
        match self.bin_of(value) {
            Place::Bin(bin) => counts.bins[bin] += weight,
            Place::Below => counts.below += weight,
            Place::Above => counts.above += weight,
            Place::Nowhere => counts.not_finite += weight,
        }
    }

    /// Counts what other bins hold, each spread evenly over its width: what is known of values that were counted before.
    /// `edges` has one more than `weights`; a bin of no width is a value.
    pub fn add_bins(&self, counts: &mut Counts, edges: &[f64], weights: &[f64]) {
        let (first, last) = (self.edges[0], self.edges[self.edges.len() - 1]);
        for (pair, &weight) in edges.windows(2).zip(weights) {
            let (low, high) = (pair[0], pair[1]);
            let width = high - low;
            if weight == 0.0 {
                continue;
            }
            if !(width.is_finite() && width > 0.0) {
                self.add(counts, low, weight);
                continue;
            }
            let share = |from: f64, to: f64| weight * ((to.min(high) - from.max(low)).max(0.0) / width);
            counts.below += share(f64::NEG_INFINITY, first);
            counts.above += share(last, f64::INFINITY);
            let start = self.edges.partition_point(|&edge| edge <= low).saturating_sub(1);
            for (bin, count) in counts.bins.iter_mut().enumerate().skip(start) {
                if self.edges[bin] >= high {
                    break;
                }
                *count += share(self.edges[bin], self.edges[bin + 1]);
            }
        }
    }

    fn bin_of(&self, value: f64) -> Place {
        let bins = self.edges.len() - 1;
        let (first, last) = (self.edges[0], self.edges[bins]);
        if !value.is_finite() {
            return Place::Nowhere;
        }
        if value < first {
            return Place::Below;
        }
        if value > last {
            return Place::Above;
        }
        // Truncated, as NumPy's cast to an integer does; the quotient is at most one.
        let mut bin = (((value - first) / (last - first)) * bins as f64) as usize;
        bin = bin.min(bins - 1);
        if value < self.edges[bin] {
            bin -= 1; // Never of bin 0, whose edge is `first`.
        }
        if value >= self.edges[bin + 1] && bin != bins - 1 {
            bin += 1;
        }
        Place::Bin(bin)
    }
}

enum Place {
    Bin(usize),
    Below,
    Above,
    Nowhere,
}

/// Smallest and largest finite value; `None` when there is none.
pub fn finite_extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.fold(None, |extent: Option<(f64, f64)>, value| {
        Some(extent.map_or((value, value), |(low, high)| (low.min(value), high.max(value))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(low: f64, high: f64, bins: usize, values: &[f64]) -> Counts {
        let histogram = EqualWidth::new(low, high, bins).expect("bins");
        let mut counts = histogram.empty();
        for &value in values {
            histogram.add(&mut counts, value, 1.0);
        }
        counts
    }

    #[test]
    fn values_on_edges_belong_to_the_bin_above_and_the_last_edge_to_the_last_bin() {
        assert_eq!(counted(0.0, 3.0, 3, &[0.0, 1.0, 2.0, 3.0]).bins, [1.0, 1.0, 2.0]);
    }

    #[test]
    fn what_lies_outside_is_told_not_dropped() {
        let counts = counted(0.0, 1.0, 2, &[-1.0, 2.0, f64::NAN, f64::INFINITY, 0.75]);
        assert_eq!(counts, Counts { bins: vec![0.0, 1.0], below: 1.0, above: 1.0, not_finite: 2.0 });
    }

    #[test]
    fn one_value_is_in_the_middle_of_a_width_of_one() {
        let histogram = EqualWidth::new(4.0, 4.0, 2).expect("bins");
        assert_eq!(histogram.edges(), [3.5, 4.0, 4.5]);
    }

    #[test]
    fn bins_that_were_counted_before_are_spread_over_their_width() {
        let histogram = EqualWidth::new(0.0, 4.0, 2).expect("bins");
        let mut counts = histogram.empty();
        histogram.add_bins(&mut counts, &[-1.0, 1.0, 3.0, 6.0], &[2.0, 8.0, 3.0]);
        assert_eq!(counts, Counts { bins: vec![5.0, 5.0], below: 1.0, above: 2.0, not_finite: 0.0 });
        let mut values = histogram.empty();
        histogram.add_bins(&mut values, &[2.0, 2.0], &[3.0]);
        assert_eq!(values.bins, [0.0, 3.0]);
    }

    #[test]
    fn arguments_without_an_answer_are_named() {
        let message = |low, high, bins| EqualWidth::new(low, high, bins).expect_err("an error").to_string();
        assert_eq!(message(0.0, 1.0, 0), "bins expected 1 to 4096, found 0");
        assert_eq!(message(1.0, 0.0, 4), "upper edge expected a finite number above the lower edge, found 0");
        assert_eq!(
            message(1e16, 1e16 + 4.0, 64),
            "bins expected no more bins than doubles between the edges, found 64"
        );
        assert!(EqualWidth::new(f64::NAN, 1.0, 4).is_err());
        assert!(EqualWidth::new(-f64::MAX, f64::MAX, 4).is_err());
    }
}
