//! Scalars of a run, tag by tag, each step once.
//!
//! Live segments are read as they grow, all tags of them. Of sealed files only the tags that are asked for are read,
//! and only their rollups when these are fine enough. What was put together for a tag is kept and grown.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::index::{Index, Part, Seen, Unit};
use super::lost::LostList;
use crate::bucket::Bucketer;
use crate::columns::scalars_from;
use crate::layout::Kind;
use crate::sealed::{SealedScalars, TagExtent};
use crate::{Axis, Buckets, ScalarColumns, ScalarTag};

type Tag = (Axis, Arc<str>);

/// All scalars read so far.
#[derive(Debug)]
pub(super) struct Scalars {
    seen: Seen,
    units: Vec<Unit>,
    /// Points of live segments, by writer and number.
    tails: HashMap<(u32, u32), HashMap<Tag, Tail>>,
    /// Tags that were asked for, whole.
    series: HashMap<Tag, Series>,
    /// Most bytes of `tails`.
    room: usize,
}

/// Points of one tag in one live segment, as they were written.
#[derive(Debug, Default)]
struct Tail {
    points: ScalarColumns,
    first_step: i64,
    last_step: i64,
    last_value: f64,
}

impl Default for Scalars {
    fn default() -> Self {
        let (seen, units) = (Seen::default(), Vec::new());
        Self { seen, units, tails: HashMap::new(), series: HashMap::new(), room: Self::TAIL_BYTES_MAX }
    }
}

impl Scalars {
    /// Most points of tags that are kept.
    const POINTS_KEPT: usize = 8 << 20;
    /// Bytes of a point.
    const POINT_BYTES: usize = 24;
    /// Bytes, about, of a tag beside its name and its points.
    const TAG_BYTES: usize = 256;
    /// Most bytes of the points of all live segments together. A writer seals segments of 262,144 points as it goes on; so many are
    /// live only where nobody sealed for a day, or where somebody made them up: a batch of some bytes may unpack to millions.
    const TAIL_BYTES_MAX: usize = (1 << 26) * Self::POINT_BYTES;

    /// Bytes of the points that are kept.
    pub(super) fn bytes(&self) -> usize {
        self.tail_bytes() + Self::POINT_BYTES * self.series.values().map(Series::kept).sum::<usize>()
    }

    fn tail_bytes(&self) -> usize {
        let tails = self.tails.values().flat_map(HashMap::iter);
        let bytes = |((_, name), tail): (&Tag, &Tail)| {
            Self::POINT_BYTES * tail.points.step.len() + Self::TAG_BYTES + name.len()
        };
        tails.map(bytes).sum()
    }

    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, lost: &LostList) {
        let missing = lost.times_missing();
        let unseen = index.unseen(Kind::Scalars, &mut self.seen);
        if unseen.restart {
            self.tails.clear();
            self.series.clear();
        }
        self.units = index.units(Kind::Scalars);
        let live = |unit: &Unit| match unit {
            Unit::Live(writer, number) => Some((*writer, *number)),
            Unit::Sealed(_) => None,
        };
        let alive: std::collections::HashSet<_> = self.units.iter().filter_map(live).collect();
        self.tails.retain(|key, _| alive.contains(key));
        let mut held = if unseen.parts.is_empty() { 0 } else { self.tail_bytes() };
        for part in unseen.parts {
            let place = match part {
                // Read when asked for. What was put together without it is not whole any more.
                Part::Sealed(_) => {
                    self.series.clear();
                    continue;
                }
                Part::Batch(place) => place,
            };
            let points = Self::POINT_BYTES.saturating_mul(place.record.rows as usize);
            if held.saturating_add(points) > self.room {
                let why = format!(
                    "points that are not packed yet take more than {} bytes; `ethogram compact` packs those of a run that ended",
                    self.room
                );
                lost.note(place.file.path(), place.what(), why);
                continue;
            }
            held += points;
            let Some(batch) = place.read(lost) else { continue };
            let tail = self.tails.entry((place.writer, place.number)).or_default();
            let points = match scalars_from(&batch) {
                Ok(points) => points,
                Err(error) => {
                    lost.note_error(place.file.path(), place.what(), &error);
                    continue;
                }
            };
            // Points of one tag lie together: it is looked up once a tag, not once a point.
            let mut current: Option<(Axis, &str, &mut Tail, Option<&mut Series>)> = None;
            for point in points {
                if current.as_ref().is_none_or(|(axis, tag, ..)| (*axis, *tag) != (point.axis, point.tag)) {
                    let key = (point.axis, Arc::from(point.tag));
                    let series = self.series.get_mut(&key);
                    held += if tail.contains_key(&key) { 0 } else { Self::TAG_BYTES + point.tag.len() };
                    current = Some((point.axis, point.tag, tail.entry(key).or_default(), series));
                }
                if let Some((_, _, tail, series)) = &mut current {
                    tail.push(point.step, point.time_us, point.value);
                    if let Some(series) = series {
                        series.push(point.step, point.time_us, point.value);
                    }
                }
            }
        }
        if lost.times_missing() != missing {
            *self = Self { room: self.room, ..Self::default() };
        }
    }

    pub(super) fn tags(&self, lost: &LostList) -> Vec<ScalarTag> {
        let mut tags: BTreeMap<Tag, ScalarTag> = BTreeMap::new();
        let mut add = |axis: Axis, tag: &Arc<str>, count: u64, first_step: i64, last_step: i64, last_value: f64| {
            let known = tags.entry((axis, Arc::clone(tag))).or_insert_with(|| ScalarTag {
                axis,
                tag: tag.to_string(),
                count: 0,
                first_step,
                last_step,
                last_value,
            });
            known.count += count;
            known.first_step = known.first_step.min(first_step);
            if last_step >= known.last_step {
                (known.last_step, known.last_value) = (last_step, last_value);
            }
        };
        for unit in &self.units {
            match unit {
                Unit::Sealed(unit) => {
                    for tag in unit.scalars(lost).map(SealedScalars::tags).unwrap_or_default() {
                        let name = Arc::from(tag.tag.as_str());
                        add(tag.axis, &name, tag.rows, tag.first_step, tag.last_step, tag.last_value);
                    }
                }
                Unit::Live(writer, number) => {
                    for ((axis, tag), tail) in self.tails.get(&(*writer, *number)).into_iter().flatten() {
                        let count = tail.points.step.len() as u64;
                        add(*axis, tag, count, tail.first_step, tail.last_step, tail.last_value);
                    }
                }
            }
        }
        tags.into_values().collect()
    }

    /// The points of a tag in `range`.
    pub(super) fn points(&mut self, axis: Axis, tag: &str, range: &Range<i64>, lost: &LostList) -> ScalarColumns {
        let Some(points) = self.whole(axis, tag, lost) else { return ScalarColumns::default() };
        let rows = within(points, range);
        ScalarColumns {
            step: points.step[rows.clone()].to_vec(),
            time_us: points.time_us[rows.clone()].to_vec(),
            value: points.value[rows].to_vec(),
        }
    }

    /// The points of a tag in `range`, in at most `buckets` buckets of equal width. A range that reaches beyond the data is cut to it.
    pub(super) fn buckets(
        &mut self,
        axis: Axis,
        tag: &str,
        range: &Range<i64>,
        buckets: usize,
        lost: &LostList,
    ) -> Buckets {
        if buckets == 0 || range.start >= range.end {
            return Buckets::default();
        }
        let tag: Tag = (axis, Arc::from(tag));
        if !self.series.contains_key(&tag)
            && let Some(columns) = self.rolled_up(&tag, range, buckets, lost)
        {
            return columns;
        }
        let Some(points) = self.whole(axis, &tag.1, lost) else { return Buckets::default() };
        let rows = within(points, range);
        let (Some(first), Some(last)) = (points.step[rows.clone()].first(), points.step[rows.clone()].last()) else {
            return Buckets::default();
        };
        let mut bucketer = Bucketer::new(cut(range, *first, *last), buckets);
        for at in rows {
            bucketer.add_point(points.step[at], points.time_us[at], points.value[at]);
        }
        bucketer.into_columns()
    }

    /// `None` when the points themselves must be looked at: rollups are missing or too coarse, or parts of the run overlap in steps.
    fn rolled_up(&self, tag: &Tag, range: &Range<i64>, buckets: usize, lost: &LostList) -> Option<Buckets> {
        let mut extents = Vec::new();
        for unit in &self.units {
            match unit {
                Unit::Sealed(unit) => {
                    let rollup = unit.rollup();
                    // What has a rollup is told by it: the file of the points need not be opened.
                    let rolled = rollup.and_then(|rollup| extent(rollup.tags(), tag));
                    let rows = |found: &TagExtent| if rolled.is_some() { u64::MAX } else { found.rows };
                    let Some(found) = (match rolled {
                        Some(rolled) => Some(rolled),
                        None => extent(unit.scalars(lost)?.tags(), tag),
                    }) else {
                        continue;
                    };
                    extents.push((found.first_step, found.last_step, Some((unit, rollup, rows(found)))));
                }
                Unit::Live(writer, number) => {
                    let tail = self.tails.get(&(*writer, *number)).and_then(|tail| tail.get(tag));
                    extents.extend(tail.map(|tail| (tail.first_step, tail.last_step, None)));
                }
            }
        }
        if extents.windows(2).any(|pair| pair[0].1 >= pair[1].0) {
            return None;
        }
        extents.retain(|(first, last, _)| *first < range.end && *last >= range.start);
        let cut = cut(range, extents.first()?.0, extents.last()?.1);
        let width = ((i128::from(cut.end) - i128::from(cut.start)) / buckets as i128).max(1);
        let mut bucketer = Bucketer::new(cut.clone(), buckets);
        for (first, last, sealed) in &extents {
            let Some((unit, rollup, rows)) = sealed else { continue };
            // A file with few points has no rollup and needs none; else it must divide the file more finely than was asked.
            let fine = |count: usize| (i128::from(*last) - i128::from(*first)) / (count as i128).max(1) <= width;
            let rolled = rollup.and_then(|rollup| rollup.read(tag.0, &tag.1).ok().flatten());
            match rolled.filter(|rolled| fine(rolled.len())) {
                Some(rolled) => rolled.iter().for_each(|bucket| bucketer.add(bucket)),
                None if *rows <= 4_096 => {
                    let points = unit.scalars(lost)?.read(tag.0, &tag.1, cut.clone()).ok()?;
                    for at in 0..points.step.len() {
                        bucketer.add_point(points.step[at], points.time_us[at], points.value[at]);
                    }
                }
                None => return None,
            }
        }
        let mut series = Series::default();
        self.add_tails(tag, &mut series);
        series.settle();
        for at in within(&series.points, &cut) {
            let points = &series.points;
            bucketer.add_point(points.step[at], points.time_us[at], points.value[at]);
        }
        Some(bucketer.into_columns())
    }

    fn add_tails(&self, tag: &Tag, series: &mut Series) {
        for unit in &self.units {
            if let Unit::Live(writer, number) = unit
                && let Some(tail) = self.tails.get(&(*writer, *number)).and_then(|tail| tail.get(tag))
            {
                series.extend(&tail.points);
            }
        }
    }

    /// All points of a tag, put together from the parts of the run and kept.
    fn whole(&mut self, axis: Axis, tag: &str, lost: &LostList) -> Option<&ScalarColumns> {
        let key: Tag = (axis, Arc::from(tag));
        if !self.series.contains_key(&key) {
            let mut series = Series::default();
            for unit in &self.units {
                match unit {
                    Unit::Sealed(unit) => {
                        let Some(scalars) = unit.scalars(lost) else { continue };
                        match scalars.read(axis, tag, i64::MIN..i64::MAX) {
                            Ok(points) => series.extend_ascending(points),
                            Err(error) => unit.note(lost, format!("tag {tag:?}"), &error),
                        }
                    }
                    Unit::Live(writer, number) => {
                        let tail = self.tails.get(&(*writer, *number)).and_then(|tail| tail.get(&key));
                        if let Some(tail) = tail {
                            series.extend(&tail.points);
                        }
                    }
                }
            }
            let kept: usize = self.series.values().map(|series| series.points.step.len()).sum();
            if kept + series.points.step.len() > Self::POINTS_KEPT {
                self.series.clear();
            }
            self.series.insert(key.clone(), series);
        }
        let series = self.series.get_mut(&key)?;
        series.settle();
        Some(&series.points)
    }
}

/// What a file says of a tag.
fn extent<'a>(tags: &'a [TagExtent], tag: &Tag) -> Option<&'a TagExtent> {
    let at = tags.binary_search_by(|known| (known.axis, known.tag.as_str()).cmp(&(tag.0, &*tag.1)));
    at.ok().map(|at| &tags[at])
}

fn within(points: &ScalarColumns, range: &Range<i64>) -> Range<usize> {
    let from = points.step.partition_point(|&step| step < range.start);
    from..points.step.partition_point(|&step| step < range.end).max(from)
}

fn cut(range: &Range<i64>, first: i64, last: i64) -> Range<i64> {
    range.start.max(first)..range.end.min(last.saturating_add(1))
}

impl Tail {
    fn push(&mut self, step: i64, time_us: i64, value: f64) {
        let first = self.points.step.is_empty();
        if first || step < self.first_step {
            self.first_step = step;
        }
        if first || step >= self.last_step {
            (self.last_step, self.last_value) = (step, value);
        }
        self.points.step.push(step);
        self.points.time_us.push(time_us);
        self.points.value.push(value);
    }
}

/// The points of one tag: ascending by step, each step once but for what came late.
#[derive(Debug, Default)]
struct Series {
    points: ScalarColumns,
    /// Points whose step is below the largest, newest last; merged in when the tag is next asked for.
    late: ScalarColumns,
}

impl Series {
    /// How many points are kept.
    fn kept(&self) -> usize {
        self.points.step.len() + self.late.step.len()
    }

    /// Adds points that ascend, one a step, as sealed files have them.
    fn extend_ascending(&mut self, points: ScalarColumns) {
        if self.points.step.is_empty() {
            self.points = points;
        } else if self.points.step.last() < points.step.first() {
            self.points.step.extend_from_slice(&points.step);
            self.points.time_us.extend_from_slice(&points.time_us);
            self.points.value.extend_from_slice(&points.value);
        } else {
            self.extend(&points);
        }
    }

    fn extend(&mut self, points: &ScalarColumns) {
        let follows = self.late.step.is_empty() && self.points.step.last() < points.step.first();
        if follows && points.step.is_sorted_by(|a, b| a < b) {
            self.points.step.extend_from_slice(&points.step);
            self.points.time_us.extend_from_slice(&points.time_us);
            self.points.value.extend_from_slice(&points.value);
            return;
        }
        for at in 0..points.step.len() {
            self.push(points.step[at], points.time_us[at], points.value[at]);
        }
    }

    fn push(&mut self, step: i64, time_us: i64, value: f64) {
        let last = self.points.step.last().copied();
        let columns = if last.is_some_and(|last| step < last) { &mut self.late } else { &mut self.points };
        push_newest(columns, step, time_us, value, last == Some(step));
    }

    /// Merges what came late.
    fn settle(&mut self) {
        if self.late.step.is_empty() {
            return;
        }
        let late = std::mem::take(&mut self.late);
        let points = std::mem::take(&mut self.points);
        let mut order: Vec<usize> = (0..late.step.len()).collect();
        // Stable: of two late points for one step the newer stays behind the older.
        order.sort_by_key(|&at| late.step[at]);
        let merged = &mut self.points;
        let mut push = |from: &ScalarColumns, at: usize| {
            let again = merged.step.last() == Some(&from.step[at]);
            push_newest(merged, from.step[at], from.time_us[at], from.value[at], again);
        };
        let mut at = 0;
        for late_at in order {
            while at < points.step.len() && points.step[at] <= late.step[late_at] {
                push(&points, at);
                at += 1;
            }
            push(&late, late_at);
        }
        while at < points.step.len() {
            push(&points, at);
            at += 1;
        }
    }
}

/// Appends a point, or puts it in the place of the last one when it is the same step `again`.
fn push_newest(columns: &mut ScalarColumns, step: i64, time_us: i64, value: f64, again: bool) {
    if again {
        columns.step.pop();
        columns.time_us.pop();
        columns.value.pop();
    }
    columns.step.push(step);
    columns.time_us.push(time_us);
    columns.value.push(value);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LocalFiles, RunInfo, RunWriter, WriterOptions};

    #[test]
    fn points_of_live_segments_are_bounded_over_all_batches() {
        let root = tempfile::tempdir().expect("a folder");
        let writer = RunWriter::create(root.path(), RunInfo::default(), WriterOptions::default()).expect("a run");
        for batch in 0..10 {
            for step in 0..100 {
                writer.scalar(Axis::GlobalStep, "loss", 100 * batch + step, 0, 0.5).expect("logged");
            }
            writer.flush().expect("flushed");
        }
        let lost = LostList::new(writer.path());
        let mut index = Index::new(writer.path(), Arc::new(LocalFiles::new(writer.path())));
        index.refresh(&lost).expect("listed");
        let mut scalars = Scalars { room: 350 * Scalars::POINT_BYTES, ..Scalars::default() };
        scalars.catch_up(&index, &lost);
        let points = scalars.points(Axis::GlobalStep, "loss", &(0..i64::MAX), &lost);
        assert_eq!(points.step, (0..300).collect::<Vec<_>>());
        let told = lost.list();
        assert_eq!(told.len(), 7, "each batch that is left out: {told:?}");
        assert!(told[0].why.contains("`ethogram compact`"), "{told:?}");
        let mut all = Scalars::default();
        all.catch_up(&index, &LostList::new(writer.path()));
        assert_eq!(all.points(Axis::GlobalStep, "loss", &(0..i64::MAX), &lost).step.len(), 1_000);
    }
}
