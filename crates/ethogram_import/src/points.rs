//! Scalars that were read from some files: what there is of each tag, and its points as far as they are held.

use std::collections::HashMap;
use std::sync::Arc;

use ethogram_store::{Axis, ScalarTag};
use xxhash_rust::xxh3::Xxh3DefaultBuilder;

use crate::point_cache::{KeptPoints, PointCache};
use crate::point_columns::PointColumns;

/// What is told of points whose tag has no room.
pub const TAGS_FULL: &str = "the run has more than 100,000 tags, the most that are shown";
/// What is told of points that have no room.
pub const POINTS_FULL: &str = "the run has more than 2^26, the most that are held";

/// All scalars that were read from some files.
///
/// What there is of a tag is always known; its points are held ([`Scalars::default`]), or kept in a cache that may let go of them
/// ([`Scalars::kept_in`]).
#[derive(Debug, Default)]
pub struct Scalars {
    names: HashMap<(Axis, Box<str>), usize, Xxh3DefaultBuilder>,
    points: Vec<Points>,
    /// Of all tags.
    count: u64,
    /// Where points go once they are settled; `None` when they stay here.
    kept: Option<KeptPoints>,
    reading: Reading,
    /// Bytes, about, of the points here.
    here: usize,
    /// The tag whose points are wanted whatever they take.
    wanted: Option<Box<str>>,
    /// Steps at which restarts made what came before void, in the order in which they were read.
    restarts: Vec<i64>,
    /// Of restarts that are still to come, the smallest step from each on. Known when files are read once more.
    void_from: Vec<i64>,
    /// Points that are not here were made void: what there is of their tags is to be found out anew.
    unsure: bool,
}

/// Of which tags the points are kept while files are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// Of all.
    #[default]
    All,
    /// Of all, until so many bytes are there: then of the wanted one alone.
    Within(usize),
    /// Of those whose points are here already.
    Following,
}

/// What there is of one tag.
#[derive(Debug, Default)]
struct Points {
    count: u64,
    first_step: i64,
    last_step: i64,
    last_value: f64,
    columns: Option<PointColumns>,
    /// Somebody asked for them before.
    asked: bool,
}

/// The points of a tag.
pub enum Held<'a> {
    /// They are always there.
    Here(&'a PointColumns),
    /// They are kept.
    Kept(Arc<PointColumns>),
    /// They were let go of, and are in the files.
    Away,
}

impl Scalars {
    /// Most points that are held, of a run or of one tag of an event file: about 0.8 GB.
    pub const POINTS_MAX: u64 = 1 << 26;
    /// Most tags of one run.
    pub const TAGS_MAX: usize = 100_000;
    /// A cache has this many times the room of what is held while a run is read.
    const CACHE_SHARE: usize = 4;

    /// None yet; points will be kept in a cache. To begin with none are.
    pub fn kept_in(cache: &Arc<PointCache>) -> Self {
        let kept = Some(KeptPoints::new(Arc::clone(cache)));
        Self { kept, reading: Reading::Following, ..Self::default() }
    }

    /// For reading the files of `self` once more from their beginning: all points that have room, those of the wanted tag in any case.
    #[must_use]
    pub fn once_more(&self, wanted: Option<&str>) -> Self {
        let mut void_from = self.restarts.clone();
        let mut smallest = i64::MAX;
        for step in void_from.iter_mut().rev() {
            smallest = smallest.min(*step);
            *step = smallest;
        }
        Self { void_from, wanted: wanted.map(Box::from), reading: self.within(), ..Self::default() }
    }

    /// Keeps all points, whatever room they take.
    #[must_use]
    pub fn unbounded(self) -> Self {
        Self { reading: Reading::Within(usize::MAX), ..self }
    }

    /// From now on points are kept as far as there is room for them.
    pub fn keep(&mut self) {
        self.reading = self.within();
    }

    fn within(&self) -> Reading {
        let room = self.kept.as_ref().map(|kept| kept.cache().bytes_max() / Self::CACHE_SHARE);
        room.map_or(Reading::All, Reading::Within)
    }

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
        let asked = self.wanted.as_deref() == Some(tag);
        let columns = (asked || self.reading != Reading::Following).then(PointColumns::default);
        self.names.insert(key, self.points.len());
        self.points.push(Points { columns, asked, ..Points::default() });
        Some(self.points.len() - 1)
    }

    /// Adds a point; false when there is no room for it.
    pub fn push(&mut self, number: usize, step: i64, time_us: i64, value: f64) -> bool {
        if self.void_from.get(self.restarts.len()).is_some_and(|&from| step >= from) {
            return true;
        }
        let points = &mut self.points[number];
        let full = if self.reading == Reading::All { self.count } else { points.count };
        if full >= Self::POINTS_MAX {
            return false;
        }
        self.count += 1;
        points.note(step, value);
        if let Some(columns) = &mut points.columns {
            columns.push(step, time_us, value);
            self.here += PointColumns::POINT_BYTES;
            if matches!(self.reading, Reading::Within(room) if self.here > room) {
                self.let_go();
            }
        }
        true
    }

    fn let_go(&mut self) {
        self.reading = Reading::Following;
        self.points.iter_mut().filter(|points| !points.asked).for_each(|points| points.columns = None);
    }

    /// Removes all points at `step` and later.
    pub fn purge(&mut self, step: i64) {
        self.restarts.push(step);
        if self.restarts.len() <= self.void_from.len() {
            // It was foreseen: they were passed over.
            return;
        }
        for number in 0..self.points.len() {
            self.purge_points(number, step);
        }
    }

    /// Removes the points of one tag at `step` and later.
    pub fn purge_tag(&mut self, axis: Axis, tag: &str, step: i64) {
        let Some(&number) = self.names.get(&(axis, Box::from(tag))) else { return };
        self.purge_points(number, step);
    }

    fn purge_points(&mut self, number: usize, step: i64) {
        let points = &mut self.points[number];
        if points.count == 0 || points.last_step < step {
            return;
        }
        let Some(columns) = &mut points.columns else {
            self.unsure = true;
            return;
        };
        columns.purge(step);
        let before = points.count;
        points.count = 0;
        let columns = points.columns.take().unwrap_or_default();
        columns.rows().for_each(|(step, value)| points.note(step, value));
        points.columns = Some(columns);
        self.count -= before - points.count;
    }

    /// Points that are not here were made void since it was asked last: [`Scalars::once_more`] tells what there is.
    pub fn take_unsure(&mut self) -> bool {
        std::mem::take(&mut self.unsure)
    }

    /// Brings kept points here, so that others can be added.
    pub fn resume(&mut self) {
        let taken = self.kept.as_ref().map(KeptPoints::take).unwrap_or_default();
        for (number, columns, asked) in taken {
            let points = &mut self.points[number];
            (points.columns, points.asked) = (Some(Arc::unwrap_or_clone(columns)), asked);
        }
    }

    /// Puts the points of each tag in order; those at the same step stay in the order in which they were logged. Where there is a
    /// cache, it has them then.
    pub fn settle(&mut self) {
        self.points.iter_mut().filter_map(|points| points.columns.as_mut()).for_each(PointColumns::settle);
        let Some(kept) = &self.kept else { return };
        for (number, points) in self.points.iter_mut().enumerate() {
            let asked = std::mem::take(&mut points.asked);
            if let Some(columns) = points.columns.take() {
                kept.put(number, Arc::new(columns), asked);
            }
        }
        (self.reading, self.here) = (Reading::Following, 0);
    }

    /// Takes over what was found when the files were read [once more](Scalars::once_more). Gives the points of the wanted tag.
    pub fn take_over(&mut self, mut again: Self) -> Option<Arc<PointColumns>> {
        again.settle();
        let mut wanted = None;
        for points in &mut self.points {
            points.count = 0;
        }
        for ((axis, tag), at) in &again.names {
            let Some(number) = self.number(*axis, tag) else { continue };
            let (found, points) = (&mut again.points[*at], &mut self.points[number]);
            (points.count, points.first_step) = (found.count, found.first_step);
            (points.last_step, points.last_value) = (found.last_step, found.last_value);
            let (Some(kept), Some(columns)) = (&self.kept, found.columns.take()) else { continue };
            let columns = Arc::new(columns);
            if found.asked {
                wanted = Some(Arc::clone(&columns));
            }
            if found.asked || kept.peek(number).is_none_or(|known| known.len() != columns.len()) {
                kept.put(number, columns, found.asked);
            }
        }
        self.count = self.points.iter().map(|points| points.count).sum();
        if let Some(kept) = &self.kept {
            let stale = |number: &usize| {
                kept.peek(*number).is_some_and(|known| known.len() as u64 != self.points[*number].count)
            };
            (0..self.points.len()).filter(stale).for_each(|number| kept.forget(number));
        }
        wanted
    }

    /// Bytes, about, that it takes: what a cache keeps is not of them.
    pub fn bytes(&self) -> usize {
        let names = self.names.keys().map(|(_, tag)| tag.len() + 48).sum::<usize>();
        let columns = self.points.iter().filter_map(|points| points.columns.as_ref()).map(PointColumns::bytes);
        columns.sum::<usize>() + names + size_of::<Points>() * self.points.capacity()
    }

    /// Points of all tags.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All tags that have points.
    pub fn tags(&self) -> Vec<ScalarTag> {
        let tag = |((axis, name), &number): (&(Axis, Box<str>), &usize)| {
            let Points { count, first_step, last_step, last_value, .. } = self.points[number];
            let tag = || ScalarTag { axis: *axis, tag: name.to_string(), count, first_step, last_step, last_value };
            (count > 0).then(tag)
        };
        self.names.iter().filter_map(tag).collect()
    }

    /// Whether there are points of this tag.
    pub fn has(&self, axis: Axis, tag: &str) -> bool {
        self.known(axis, tag).is_some_and(|(_, points)| points.count > 0)
    }

    /// Points of one tag that somebody asks for; `None` when there are none.
    pub fn held(&self, axis: Axis, tag: &str) -> Option<Held<'_>> {
        let (number, points) = self.known(axis, tag).filter(|(_, points)| points.count > 0)?;
        let kept = || self.kept.as_ref()?.get(number).map(Held::Kept);
        Some(points.columns.as_ref().map(Held::Here).or_else(kept).unwrap_or(Held::Away))
    }

    fn known(&self, axis: Axis, tag: &str) -> Option<(usize, &Points)> {
        self.names.get(&(axis, Box::from(tag))).map(|&number| (number, &self.points[number]))
    }
}

impl Points {
    fn note(&mut self, step: i64, value: f64) {
        self.first_step = if self.count == 0 { step } else { self.first_step.min(step) };
        if self.count == 0 || step >= self.last_step {
            (self.last_step, self.last_value) = (step, value);
        }
        self.count += 1;
    }
}

impl Held<'_> {
    /// Them; `None` when they are away.
    pub fn columns(&self) -> Option<&PointColumns> {
        match self {
            Self::Here(columns) => Some(columns),
            Self::Kept(columns) => Some(columns),
            Self::Away => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    const ALL: Range<i64> = i64::MIN..i64::MAX;

    fn push(scalars: &mut Scalars, steps: &[i64]) {
        let number = scalars.number(Axis::GlobalStep, "x").expect("a number");
        for (at, &step) in steps.iter().enumerate() {
            assert!(scalars.push(number, step, 0, at as f64));
        }
    }

    fn scalars(steps: &[i64]) -> Scalars {
        let mut scalars = Scalars::default();
        push(&mut scalars, steps);
        scalars
    }

    fn check(scalars: &Scalars, expected: &[(i64, f64)]) {
        let held = scalars.held(Axis::GlobalStep, "x").expect("points");
        let points = held.columns().expect("held").points(&ALL);
        let found: Vec<_> = points.step.into_iter().zip(points.value).collect();
        assert_eq!(found, expected);
        let (tag, last) = (&scalars.tags()[0], expected[expected.len() - 1]);
        assert_eq!((tag.count, tag.first_step, tag.last_step), (expected.len() as u64, expected[0].0, last.0));
        assert_eq!(tag.last_value.to_bits(), last.1.to_bits());
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

    #[test]
    fn a_restart_whose_points_are_away_is_found_out_when_they_are_read_once_more() {
        let cache = Arc::new(PointCache::new(1 << 20));
        let mut known = Scalars::kept_in(&cache);
        let read = |scalars: &mut Scalars| {
            push(scalars, &[1, 5, 3, 2]);
            scalars.purge(3);
            push(scalars, &[3, 9]);
            scalars.purge(9);
        };
        read(&mut known);
        assert!(known.take_unsure() && !known.take_unsure());
        let mut again = known.once_more(Some("x"));
        read(&mut again);
        let wanted = known.take_over(again).expect("the wanted points");
        assert_eq!(wanted.points(&ALL).step, [1, 2, 3]);
        check(&known, &[(1, 0.0), (2, 3.0), (3, 0.0)]);
    }

    #[test]
    fn beyond_its_room_only_the_wanted_tag_is_kept() {
        let cache = Arc::new(PointCache::new(4_000));
        let mut known = Scalars::kept_in(&cache);
        let read = |scalars: &mut Scalars| {
            push(scalars, &[1; 60]);
            let number = scalars.number(Axis::GlobalStep, "y").expect("a number");
            (0..60).for_each(|step| assert!(scalars.push(number, step, 0, 0.5)));
        };
        read(&mut known);
        assert!(matches!(known.held(Axis::GlobalStep, "y"), Some(Held::Away)));
        let mut again = known.once_more(Some("y"));
        read(&mut again);
        assert_eq!(known.take_over(again).expect("points").len(), 60);
        assert!(matches!(known.held(Axis::GlobalStep, "y"), Some(Held::Kept(_))));
        assert!(matches!(known.held(Axis::GlobalStep, "x"), Some(Held::Away)));
        assert_eq!(known.tags().iter().map(|tag| tag.count).sum::<u64>(), 120);
    }
}
