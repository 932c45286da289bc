//! Points of one scalar in few bytes: twelve each where steps, moments and values are as those of most logs.

use std::ops::Range;

use ethogram_store::{Bucketer, Buckets, ScalarColumns};

/// Points of one tag, ascending by step once settled; those at the same step are in the order in which they were logged.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PointColumns {
    step: Integers,
    time_us: Integers,
    value: Numbers,
    /// The step that came last.
    last: Option<i64>,
    /// A step is smaller than the one before it.
    unsorted: bool,
}

impl PointColumns {
    /// Bytes of a point where all is as usual.
    pub const POINT_BYTES: usize = 12;

    /// Adds a point behind the others.
    pub fn push(&mut self, step: i64, time_us: i64, value: f64) {
        self.unsorted |= self.last.replace(step).is_some_and(|last| step < last);
        self.step.push(step);
        self.time_us.push(time_us);
        self.value.push(value);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.step.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that they take.
    pub fn bytes(&self) -> usize {
        self.step.bytes() + self.time_us.bytes() + self.value.bytes()
    }

    /// Step and value of each.
    pub fn rows(&self) -> impl Iterator<Item = (i64, f64)> {
        (0..self.len()).map(|row| (self.step.get(row), self.value.get(row)))
    }

    /// Removes those at `step` and later.
    pub fn purge(&mut self, step: i64) {
        let before = std::mem::take(self);
        for row in (0..before.len()).filter(|&row| before.step.get(row) < step) {
            self.push(before.step.get(row), before.time_us.get(row), before.value.get(row));
        }
    }

    /// Puts them in order, and lets go of room that is not needed.
    pub fn settle(&mut self) {
        if self.unsorted {
            let before = std::mem::take(self);
            let mut order: Vec<usize> = (0..before.len()).collect();
            order.sort_by_key(|&row| before.step.get(row));
            for row in order {
                self.push(before.step.get(row), before.time_us.get(row), before.value.get(row));
            }
        }
        self.step.fit();
        self.time_us.fit();
        self.value.fit();
    }

    /// Those in a range of steps.
    pub fn points(&self, range: &Range<i64>) -> ScalarColumns {
        let rows = self.within(range);
        ScalarColumns {
            step: rows.clone().map(|row| self.step.get(row)).collect(),
            time_us: rows.clone().map(|row| self.time_us.get(row)).collect(),
            value: rows.map(|row| self.value.get(row)).collect(),
        }
    }

    /// The same, summed up.
    pub fn buckets(&self, range: &Range<i64>, buckets: usize) -> Buckets {
        let mut bucketer = Bucketer::new(range.clone(), buckets);
        for row in self.within(range) {
            bucketer.add_point(self.step.get(row), self.time_us.get(row), self.value.get(row));
        }
        bucketer.into_columns()
    }

    fn within(&self, range: &Range<i64>) -> Range<usize> {
        let from = self.step.first_at_least(range.start);
        from..self.step.first_at_least(range.end).max(from)
    }
}

/// Integers near each other: each as what it is more than the first of its block. Where one is too far off, all are written out.
#[derive(Clone, Debug, PartialEq)]
enum Integers {
    Near { bases: Vec<i64>, offsets: Vec<i32> },
    Far(Vec<i64>),
}

/// Integers of a block.
const BLOCK: usize = 256;

impl Default for Integers {
    fn default() -> Self {
        Self::Near { bases: Vec::new(), offsets: Vec::new() }
    }
}

impl Integers {
    #[inline]
    fn push(&mut self, number: i64) {
        match self {
            Self::Near { bases, offsets } => {
                if offsets.len() % BLOCK == 0 {
                    bases.push(number);
                }
                let base = bases.last().copied().unwrap_or_default();
                // What is far off wraps around here and is too large, or wraps back when it is added again.
                match i32::try_from(number.wrapping_sub(base)) {
                    Ok(offset) => offsets.push(offset),
                    Err(_) => self.push_far(number),
                }
            }
            Self::Far(numbers) => numbers.push(number),
        }
    }

    #[cold]
    fn push_far(&mut self, number: i64) {
        let mut all: Vec<i64> = (0..self.len()).map(|row| self.get(row)).collect();
        all.push(number);
        *self = Self::Far(all);
    }

    #[inline]
    fn get(&self, row: usize) -> i64 {
        match self {
            Self::Near { bases, offsets } => bases[row / BLOCK].wrapping_add(i64::from(offsets[row])),
            Self::Far(numbers) => numbers[row],
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Near { offsets, .. } => offsets.len(),
            Self::Far(numbers) => numbers.len(),
        }
    }

    /// Of ascending integers, the first that is not smaller.
    fn first_at_least(&self, number: i64) -> usize {
        let (mut from, mut to) = (0, self.len());
        while from < to {
            let middle = from + (to - from) / 2;
            if self.get(middle) < number { from = middle + 1 } else { to = middle }
        }
        from
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Near { bases, offsets } => 8 * bases.capacity() + 4 * offsets.capacity(),
            Self::Far(numbers) => 8 * numbers.capacity(),
        }
    }

    fn fit(&mut self) {
        match self {
            Self::Near { bases, offsets } => {
                fit(bases);
                fit(offsets);
            }
            Self::Far(numbers) => fit(numbers),
        }
    }
}

/// Numbers at single precision, until one comes that is not.
#[derive(Clone, Debug)]
enum Numbers {
    Single(Vec<f32>),
    Double(Vec<f64>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Single(Vec::new())
    }
}

impl Numbers {
    #[expect(clippy::cast_possible_truncation, reason = "it is looked whether anything was lost")]
    fn push(&mut self, number: f64) {
        match self {
            Self::Single(numbers) => {
                let single = number as f32;
                if f64::from(single).to_bits() == number.to_bits() {
                    numbers.push(single);
                } else {
                    let mut all: Vec<f64> = numbers.iter().copied().map(f64::from).collect();
                    all.push(number);
                    *self = Self::Double(all);
                }
            }
            Self::Double(numbers) => numbers.push(number),
        }
    }

    #[inline]
    fn get(&self, row: usize) -> f64 {
        match self {
            Self::Single(numbers) => f64::from(numbers[row]),
            Self::Double(numbers) => numbers[row],
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Single(numbers) => 4 * numbers.capacity(),
            Self::Double(numbers) => 8 * numbers.capacity(),
        }
    }

    fn fit(&mut self) {
        match self {
            Self::Single(numbers) => fit(numbers),
            Self::Double(numbers) => fit(numbers),
        }
    }
}

/// Bit by bit: NaN is NaN.
impl PartialEq for Numbers {
    fn eq(&self, other: &Self) -> bool {
        let bits = |numbers: &Self, rows: usize| (0..rows).map(|row| numbers.get(row).to_bits()).collect::<Vec<_>>();
        let rows = |numbers: &Self| match numbers {
            Self::Single(numbers) => numbers.len(),
            Self::Double(numbers) => numbers.len(),
        };
        rows(self) == rows(other) && bits(self, rows(self)) == bits(other, rows(other))
    }
}

/// A little room is left: a log that is live goes on growing.
fn fit<T>(column: &mut Vec<T>) {
    if column.capacity() - column.len() > column.len() / 8 {
        column.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(points: &[(i64, i64, f64)]) -> PointColumns {
        let mut columns = PointColumns::default();
        for &(step, time_us, value) in points {
            columns.push(step, time_us, value);
        }
        columns.settle();
        columns
    }

    #[test]
    fn a_point_of_a_usual_log_takes_twelve_bytes() {
        let points: Vec<_> = (0..100_000).map(|at| (at * 1_000, 1_700_000_000_000_000 + at * 50_000, 0.5)).collect();
        let bytes = columns(&points).bytes();
        assert!(bytes < 125 * points.len() / 10, "{bytes} bytes for {} points", points.len());
    }

    proptest! {
        #[test]
        fn what_was_pushed_is_found_in_order(
            points in prop::collection::vec((prop_oneof![0..20_i64, any::<i64>()], any::<i64>(), any::<f64>()), 0..600),
            cut in prop_oneof![0..20_i64, any::<i64>()],
        ) {
            let mut expected = points.clone();
            expected.sort_by_key(|point| point.0);
            let all = columns(&points);
            let told = all.points(&(i64::MIN..i64::MAX));
            let rows = expected.iter().filter(|point| point.0 < i64::MAX);
            for (row, &(step, time_us, value)) in rows.enumerate() {
                prop_assert_eq!((told.step[row], told.time_us[row]), (step, time_us));
                prop_assert_eq!(told.value[row].to_bits(), value.to_bits());
            }
            let mut purged = columns(&points);
            purged.purge(cut);
            expected.retain(|point| point.0 < cut);
            prop_assert_eq!(purged.len(), expected.len());
            prop_assert_eq!(all.points(&(i64::MIN..cut)).step, expected.iter().map(|point| point.0).collect::<Vec<_>>());
        }
    }
}
