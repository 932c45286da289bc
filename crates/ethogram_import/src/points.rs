//! Points of scalars, in memory: 24 bytes each.

use std::collections::HashMap;
use std::ops::Range;

use ethogram_store::{Axis, Bucketer, Buckets, ScalarColumns, ScalarTag};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

/// All scalars that were read from some files.
#[derive(Clone, Debug, Default)]
pub struct Scalars {
    names: HashMap<(Axis, Box<str>), usize, Xxh3DefaultBuilder>,
    points: Vec<Points>,
    count: u64,
}

/// Points of one tag.
#[derive(Clone, Debug, Default)]
struct Points {
    columns: ScalarColumns,
    /// So many of them are in order.
    sorted: usize,
}

impl Scalars {
    /// Most points of one run that are held, about 1.6 GB.
    pub const POINTS_MAX: u64 = 1 << 26;
    /// Most tags of one run.
    pub const TAGS_MAX: usize = 100_000;

    /// The number of a tag, for [`Scalars::push`]; `None` when there are too many tags.
    pub fn number(&mut self, axis: Axis, tag: &str) -> Option<usize> {
        // A lookup by parts would need a key of its own; tags are looked up once a file, not once a point.
        let key = (axis, Box::from(tag));
        if let Some(&number) = self.names.get(&key) {
            return Some(number);
        }
        if self.points.len() >= Self::TAGS_MAX {
            return None;
        }
        self.names.insert(key, self.points.len());
        self.points.push(Points::default());
        Some(self.points.len() - 1)
    }

    /// Adds a point; false when there is no room for it.
    pub fn push(&mut self, number: usize, step: i64, time_us: i64, value: f64) -> bool {
        if self.count >= Self::POINTS_MAX {
            return false;
        }
        self.count += 1;
        let points = &mut self.points[number];
        let columns = &mut points.columns;
        if points.sorted == columns.step.len() && columns.step.last().is_none_or(|&last| last <= step) {
            points.sorted += 1;
        }
        columns.step.push(step);
        columns.time_us.push(time_us);
        columns.value.push(value);
        true
    }

    /// Removes all points at `step` and later.
    pub fn purge(&mut self, step: i64) {
        for points in &mut self.points {
            let before = points.columns.step.len();
            if points.columns.step.iter().any(|&known| known >= step) {
                points.keep(|known| known < step);
            }
            self.count -= (before - points.columns.step.len()) as u64;
        }
    }

    /// Removes the points of one tag at `step` and later.
    pub fn purge_tag(&mut self, axis: Axis, tag: &str, step: i64) {
        let Some(&number) = self.names.get(&(axis, Box::from(tag))) else { return };
        let points = &mut self.points[number];
        let before = points.columns.step.len();
        points.keep(|known| known < step);
        self.count -= (before - points.columns.step.len()) as u64;
    }

    /// Puts the points of each tag in order; those at the same step stay in the order in which they were logged.
    pub fn settle(&mut self) {
        self.points.iter_mut().for_each(Points::settle);
    }

    /// Bytes that the points take.
    pub fn bytes(&self) -> usize {
        24 * self.points.iter().map(|points| points.columns.step.capacity()).sum::<usize>()
    }

    /// Points of all tags.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All tags that have points.
    pub fn tags(&self) -> Vec<ScalarTag> {
        let tag = |(axis, name): &(Axis, Box<str>), columns: &ScalarColumns| {
            Some(ScalarTag {
                axis: *axis,
                tag: name.to_string(),
                count: columns.step.len() as u64,
                first_step: *columns.step.first()?,
                last_step: *columns.step.last()?,
                last_value: *columns.value.last()?,
            })
        };
        self.names.iter().filter_map(|(key, &number)| tag(key, &self.points[number].columns)).collect()
    }

    /// Whether there are points of this tag.
    pub fn has(&self, axis: Axis, tag: &str) -> bool {
        self.columns(axis, tag).is_some_and(|columns| !columns.step.is_empty())
    }

    /// Points of one tag in a range of steps.
    pub fn points(&self, axis: Axis, tag: &str, range: &Range<i64>) -> ScalarColumns {
        let Some((columns, rows)) = self.rows(axis, tag, range) else { return ScalarColumns::default() };
        ScalarColumns {
            step: columns.step[rows.clone()].to_vec(),
            time_us: columns.time_us[rows.clone()].to_vec(),
            value: columns.value[rows].to_vec(),
        }
    }

    /// The same, summed up.
    pub fn buckets(&self, axis: Axis, tag: &str, range: &Range<i64>, buckets: usize) -> Buckets {
        let Some((columns, rows)) = self.rows(axis, tag, range) else { return Buckets::default() };
        let mut bucketer = Bucketer::new(range.clone(), buckets);
        for row in rows {
            bucketer.add_point(columns.step[row], columns.time_us[row], columns.value[row]);
        }
        bucketer.into_columns()
    }

    fn columns(&self, axis: Axis, tag: &str) -> Option<&ScalarColumns> {
        self.names.get(&(axis, Box::from(tag))).map(|&number| &self.points[number].columns)
    }

    fn rows(&self, axis: Axis, tag: &str, range: &Range<i64>) -> Option<(&ScalarColumns, Range<usize>)> {
        let columns = self.columns(axis, tag)?;
        let from = columns.step.partition_point(|&step| step < range.start);
        let to = columns.step.partition_point(|&step| step < range.end);
        Some((columns, from..to.max(from)))
    }
}

impl Points {
    fn settle(&mut self) {
        if self.sorted == self.columns.step.len() {
            return;
        }
        let columns = &self.columns;
        let mut order: Vec<usize> = (0..columns.step.len()).collect();
        order.sort_by_key(|&row| columns.step[row]);
        self.columns = ScalarColumns {
            step: order.iter().map(|&row| columns.step[row]).collect(),
            time_us: order.iter().map(|&row| columns.time_us[row]).collect(),
            value: order.iter().map(|&row| columns.value[row]).collect(),
        };
        self.sorted = self.columns.step.len();
    }

    fn keep(&mut self, wanted: impl Fn(i64) -> bool) {
        let columns = std::mem::take(&mut self.columns);
        self.sorted = 0;
        let rows = columns.step.iter().zip(&columns.time_us).zip(&columns.value);
        let mut sorted = true;
        for ((&step, &time_us), &value) in rows.filter(|((step, _), _)| wanted(**step)) {
            sorted &= self.columns.step.last().is_none_or(|&last| last <= step);
            self.sorted += usize::from(sorted);
            self.columns.step.push(step);
            self.columns.time_us.push(time_us);
            self.columns.value.push(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars(steps: &[i64]) -> Scalars {
        let mut scalars = Scalars::default();
        let number = scalars.number(Axis::GlobalStep, "x").expect("a number");
        for (at, &step) in steps.iter().enumerate() {
            assert!(scalars.push(number, step, 0, at as f64));
        }
        scalars
    }

    fn check(scalars: &Scalars, expected: &[(i64, f64)]) {
        let points = scalars.points(Axis::GlobalStep, "x", &(i64::MIN..i64::MAX));
        let found: Vec<_> = points.step.into_iter().zip(points.value).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn points_are_put_in_order_and_repeated_steps_are_kept() {
        let mut scalars = scalars(&[1, 5, 3, 5, 3]);
        scalars.settle();
        check(&scalars, &[(1, 0.0), (3, 2.0), (3, 4.0), (5, 1.0), (5, 3.0)]);
        assert_eq!(scalars.count(), 5);
    }

    #[test]
    fn a_restart_removes_what_was_logged_at_its_step_and_later() {
        let mut scalars = scalars(&[1, 5, 3, 2]);
        scalars.purge(3);
        scalars.settle();
        check(&scalars, &[(1, 0.0), (2, 3.0)]);
        assert_eq!(scalars.count(), 2);
    }
}
