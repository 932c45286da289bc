//! Many points in few buckets, none of them forgotten: count, smallest, largest, mean and last of each.

use std::ops::Range;

use crate::Buckets;

/// Sums points up into buckets of equal width along the step axis. Points may come in any order.
#[derive(Clone, Debug)]
pub struct Bucketer {
    start: i64,
    width_total: u128,
    buckets: Vec<Bucket>,
}

/// What is known of the points in one bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Smallest step of a point in it.
    pub step_first: i64,
    /// Largest step.
    pub step_last: i64,
    /// Wall time of the point at the largest step, microseconds since 1970.
    pub time_us: i64,
    /// Points.
    pub count: u64,
    /// Points whose value is finite.
    pub finite: u64,
    /// Smallest finite value; NaN if there is none.
    pub min: f64,
    /// Largest finite value; NaN if there is none.
    pub max: f64,
    /// Mean of the finite values; NaN if there is none.
    pub mean: f64,
    /// Value of the point at the largest step, as logged.
    pub last: f64,
}

impl Bucket {
    /// A single point.
    pub fn of_point(step: i64, time_us: i64, value: f64) -> Self {
        let seen = if value.is_finite() { value } else { f64::NAN };
        Self {
            step_first: step,
            step_last: step,
            time_us,
            count: 1,
            finite: u64::from(value.is_finite()),
            min: seen,
            max: seen,
            mean: seen,
            last: value,
        }
    }

    fn add(&mut self, other: &Self) {
        if other.step_last >= self.step_last {
            (self.step_last, self.time_us, self.last) = (other.step_last, other.time_us, other.last);
        }
        self.step_first = self.step_first.min(other.step_first);
        self.count += other.count;
        if other.finite > 0 {
            // `min` and `max` pass over a NaN on either side.
            self.min = self.min.min(other.min);
            self.max = self.max.max(other.max);
            let finite = self.finite + other.finite;
            self.mean = if self.finite == 0 {
                other.mean
            } else {
                self.mean + (other.mean - self.mean) * (other.finite as f64 / finite as f64)
            };
            self.finite = finite;
        }
    }
}

impl Bucketer {
    /// Most buckets that can be asked for.
    pub const BUCKETS_MAX: usize = 1 << 20;

    /// `buckets` buckets over `range`; at least one, at most [`Bucketer::BUCKETS_MAX`].
    pub fn new(range: Range<i64>, buckets: usize) -> Self {
        let empty = Bucket {
            step_first: i64::MAX,
            step_last: i64::MIN,
            count: 0,
            finite: 0,
            ..Bucket::of_point(0, 0, f64::NAN)
        };
        Self {
            start: range.start,
            width_total: (i128::from(range.end) - i128::from(range.start)).max(1).cast_unsigned(),
            buckets: vec![empty; buckets.clamp(1, Self::BUCKETS_MAX)],
        }
    }

    /// Adds a point; one outside the range is passed over.
    pub fn add_point(&mut self, step: i64, time_us: i64, value: f64) {
        self.add(&Bucket::of_point(step, time_us, value));
    }

    /// Adds all the points of a finer bucket to the bucket that holds its last; one whose last lies outside is passed over.
    pub fn add(&mut self, bucket: &Bucket) {
        let Ok(offset) = u128::try_from(i128::from(bucket.step_last) - i128::from(self.start)) else { return };
        if offset < self.width_total {
            let count = self.buckets.len() as u128;
            // Division of 128 bits takes several times as long, and is all but never needed.
            let at = match (u64::try_from(offset * count), u64::try_from(self.width_total)) {
                (Ok(scaled), Ok(width)) => scaled / width,
                _ => (offset * count / self.width_total) as u64,
            };
            self.buckets[at as usize].add(bucket);
        }
    }

    /// The buckets that hold points, ascending.
    pub fn finish(self) -> Vec<Bucket> {
        self.buckets.into_iter().filter(|bucket| bucket.count > 0).collect()
    }

    /// The buckets that hold points, as columns.
    pub fn into_columns(self) -> Buckets {
        let mut columns = Buckets::default();
        for bucket in self.finish() {
            columns.step.push(bucket.step_last);
            columns.time_us.push(bucket.time_us);
            columns.count.push(bucket.count);
            columns.finite.push(bucket.finite);
            columns.min.push(bucket.min);
            columns.max.push(bucket.max);
            columns.mean.push(bucket.mean);
            columns.last.push(bucket.last);
        }
        columns
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn direct(points: &[(i64, f64)], range: &Range<i64>, buckets: usize) -> Vec<Bucket> {
        let mut bucketer = Bucketer::new(range.clone(), buckets);
        for &(step, value) in points {
            bucketer.add_point(step, step * 10, value);
        }
        bucketer.finish()
    }

    #[test]
    fn values_that_are_not_finite_are_counted_but_not_averaged() {
        let points = [(0, f64::NAN), (1, 2.0), (2, f64::INFINITY), (3, 4.0), (8, f64::NAN), (9, f64::NEG_INFINITY)];
        let buckets = direct(&points, &(0..10), 2);
        assert_eq!(buckets.len(), 2);
        let first = Bucket {
            step_first: 0,
            step_last: 3,
            time_us: 30,
            count: 4,
            finite: 2,
            min: 2.0,
            max: 4.0,
            mean: 3.0,
            last: 4.0,
        };
        assert_eq!(buckets[0], first);
        let second = buckets[1];
        assert!(second.min.is_nan() && second.max.is_nan() && second.mean.is_nan());
        assert_eq!((second.count, second.finite, second.last), (2, 0, f64::NEG_INFINITY));
    }

    #[test]
    fn the_widest_range_does_not_overflow() {
        let buckets = direct(&[(-5, 1.0), (7, 2.0)], &(i64::MIN..i64::MAX), 4);
        assert_eq!(buckets.iter().map(|bucket| bucket.count).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(direct(&[(7, 2.0)], &(7..7), 4).len(), 1, "an empty range holds its start");
    }

    proptest! {
        #[test]
        fn no_point_is_forgotten_and_the_order_does_not_matter(
            mut points in prop::collection::vec((-1000..1000_i64, -10.0..10.0_f64), 1..300),
            buckets in 1..50_usize,
        ) {
            points.sort_by_key(|point| point.0);
            points.dedup_by_key(|point| point.0);
            let range = -1000..1000;
            let found = direct(&points, &range, buckets);
            prop_assert_eq!(found.iter().map(|bucket| bucket.count).sum::<u64>(), points.len() as u64);
            let sum: f64 = found.iter().map(|bucket| bucket.mean * bucket.finite as f64).sum();
            let expected: f64 = points.iter().map(|point| point.1).sum();
            prop_assert!((sum - expected).abs() < 1e-9 * points.len() as f64);
            let width = 2000_usize.div_ceil(buckets) as i64;
            for bucket in &found {
                let within = |step| bucket.step_first <= step && step <= bucket.step_last;
                let inside: Vec<_> = points.iter().filter(|point| within(point.0)).collect();
                prop_assert_eq!(inside.len() as u64, bucket.count);
                prop_assert!(bucket.step_last - bucket.step_first < width);
                let bits = |value: f64| value.to_bits();
                prop_assert_eq!(bits(bucket.min), bits(inside.iter().map(|point| point.1).fold(f64::NAN, f64::min)));
                prop_assert_eq!(bits(bucket.max), bits(inside.iter().map(|point| point.1).fold(f64::NAN, f64::max)));
                prop_assert_eq!(bits(bucket.last), bits(inside[inside.len() - 1].1));
            }
            points.reverse();
            let backwards = direct(&points, &range, buckets);
            for (a, b) in found.iter().zip(&backwards) {
                prop_assert_eq!((a.count, a.step_first, a.last, a.time_us), (b.count, b.step_first, b.last, b.time_us));
                prop_assert!((a.mean - b.mean).abs() < 1e-9);
            }
            prop_assert_eq!(found.len(), backwards.len());
        }

        /// A rollup of a rollup says what a rollup of the points would, when the coarse edges are also fine edges.
        #[test]
        fn buckets_of_buckets_are_buckets(
            points in prop::collection::btree_map(0..4096_i64, -10.0..10.0_f64, 1..400),
        ) {
            let points: Vec<_> = points.into_iter().collect();
            let fine = direct(&points, &(0..4096), 1024);
            let mut coarse = Bucketer::new(0..4096, 64);
            for bucket in &fine {
                coarse.add(bucket);
            }
            let coarse = coarse.finish();
            let expected = direct(&points, &(0..4096), 64);
            prop_assert_eq!(coarse.len(), expected.len());
            for (a, b) in coarse.iter().zip(&expected) {
                prop_assert!((a.mean - b.mean).abs() < 1e-9);
                prop_assert_eq!(Bucket { mean: 0.0, ..*a }, Bucket { mean: 0.0, ..*b });
            }
        }
    }
}
