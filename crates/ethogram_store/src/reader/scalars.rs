//! Scalars of a run, tag by tag, each step once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::batches::BatchCache;
use super::index::{Index, Seen};
use super::lost::LostList;
use crate::columns::scalars_from;
use crate::layout::Kind;
use crate::{Axis, Buckets, ScalarColumns, ScalarTag};

/// All scalars read so far.
#[derive(Debug, Default)]
pub(super) struct Scalars {
    seen: Seen,
    series: BTreeMap<(Axis, Arc<str>), Series>,
}

/// The points of one tag: ascending by step, each step once but for what came late.
#[derive(Debug, Default)]
struct Series {
    points: ScalarColumns,
    /// Points whose step is below the largest, newest last; merged in when the tag is next asked for.
    late: ScalarColumns,
    logged: u64,
}

impl Scalars {
    /// Reads what is new.
    pub(super) fn catch_up(&mut self, index: &Index, batches: &BatchCache, lost: &LostList) {
        for place in index.unseen(Kind::Scalars, &mut self.seen) {
            let Some(batch) = batches.read(&place, lost) else { continue };
            match scalars_from(&batch) {
                Ok(points) => {
                    let mut current: Option<(Axis, &str, &mut Series)> = None;
                    for point in points {
                        // Points of one tag lie together: the series is looked up once a tag, not once a point.
                        let same =
                            current.as_ref().is_some_and(|(axis, tag, _)| (*axis, *tag) == (point.axis, point.tag));
                        if !same {
                            let key = (point.axis, Arc::from(point.tag));
                            current = Some((point.axis, point.tag, self.series.entry(key).or_default()));
                        }
                        if let Some((_, _, series)) = &mut current {
                            series.push(point.step, point.time_us, point.value);
                        }
                    }
                }
                Err(error) => lost.note_error(place.file.path(), place.what(), &error),
            }
        }
    }

    pub(super) fn tags(&self) -> Vec<ScalarTag> {
        let tags = self.series.iter().filter_map(|((axis, tag), series)| {
            let first = series.late.step.iter().copied().min();
            let first_step = *series.points.step.first()?;
            Some(ScalarTag {
                axis: *axis,
                tag: tag.to_string(),
                count: series.logged,
                first_step: first.map_or(first_step, |late| late.min(first_step)),
                last_step: *series.points.step.last()?,
                last_value: *series.points.value.last()?,
            })
        });
        tags.collect()
    }

    /// The points of a tag in `range`.
    pub(super) fn points(&mut self, axis: Axis, tag: &str, range: &Range<i64>) -> ScalarColumns {
        self.within(axis, tag, range, |points, rows| ScalarColumns {
            step: points.step[rows.clone()].to_vec(),
            time_us: points.time_us[rows.clone()].to_vec(),
            value: points.value[rows].to_vec(),
        })
    }

    /// The points of a tag in `range`, in at most `buckets` buckets of equal width.
    pub(super) fn buckets(&mut self, axis: Axis, tag: &str, range: &Range<i64>, buckets: usize) -> Buckets {
        self.within(axis, tag, range, |points, rows| bucketed(points, rows, range, buckets))
    }

    fn within<T: Default>(
        &mut self,
        axis: Axis,
        tag: &str,
        range: &Range<i64>,
        read: impl FnOnce(&ScalarColumns, Range<usize>) -> T,
    ) -> T {
        let Some(series) = self.series.get_mut(&(axis, Arc::from(tag))) else { return T::default() };
        series.settle();
        let points = &series.points;
        let from = points.step.partition_point(|&step| step < range.start);
        let to = points.step.partition_point(|&step| step < range.end).max(from);
        read(points, from..to)
    }
}

impl Series {
    fn push(&mut self, step: i64, time_us: i64, value: f64) {
        self.logged += 1;
        let points = &mut self.points;
        let columns = match points.step.last() {
            Some(&last) if step == last => {
                points.step.pop();
                points.time_us.pop();
                points.value.pop();
                points
            }
            Some(&last) if step < last => &mut self.late,
            _ => points,
        };
        columns.step.push(step);
        columns.time_us.push(time_us);
        columns.value.push(value);
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
        order.sort_by_key(|&i| late.step[i]);
        let mut merged = ScalarColumns::default();
        let mut push = |columns: &ScalarColumns, at: usize| {
            if merged.step.last() == Some(&columns.step[at]) {
                merged.step.pop();
                merged.time_us.pop();
                merged.value.pop();
            }
            merged.step.push(columns.step[at]);
            merged.time_us.push(columns.time_us[at]);
            merged.value.push(columns.value[at]);
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
        self.points = merged;
    }
}

fn bucketed(points: &ScalarColumns, rows: Range<usize>, range: &Range<i64>, buckets: usize) -> Buckets {
    let mut out = Buckets::default();
    let (Some(&first), Some(&last)) = (points.step[rows.clone()].first(), points.step[rows.clone()].last()) else {
        return out;
    };
    if buckets == 0 {
        return out;
    }
    // A range that reaches beyond the data is cut: else "all" would put everything into one bucket.
    let start = i128::from(range.start.max(first));
    let width = (i128::from(range.end.min(last.saturating_add(1))) - start).max(1);
    let bucket_of = |step: i64| ((i128::from(step) - start) * buckets as i128 / width).min(buckets as i128 - 1);
    let mut at = rows.start;
    while at < rows.end {
        let bucket = bucket_of(points.step[at]);
        let until = (at..rows.end).find(|&i| bucket_of(points.step[i]) != bucket).unwrap_or(rows.end);
        let finite = points.value[at..until].iter().copied().filter(|value| value.is_finite());
        let (mut min, mut max, mut sum, mut count) = (f64::NAN, f64::NAN, 0.0, 0_u64);
        for value in finite {
            min = min.min(value);
            max = max.max(value);
            sum += value;
            count += 1;
        }
        out.step.push(points.step[until - 1]);
        out.time_us.push(points.time_us[until - 1]);
        out.count.push((until - at) as u64);
        out.min.push(min);
        out.max.push(max);
        out.mean.push(if count > 0 { sum / count as f64 } else { f64::NAN });
        out.last.push(points.value[until - 1]);
        at = until;
    }
    out
}
