//! The frame groups of one episode.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::steps::check_answer;
use crate::codec::{Effort, FrameLayout, GroupHeader, LayoutKind, decode_rows, encode_group};
use crate::columns::FrameRow;
use crate::sealed::SealedFrames;
use crate::{Axis, Column, ColumnData, Dtype, FieldInfo, FrameGroup, Result};

/// All groups of an episode, by field, oldest first.
#[derive(Debug, Default)]
pub(super) struct EpisodeFrames {
    fields: BTreeMap<String, FieldFrames>,
    rows: u64,
}

#[derive(Debug)]
struct FieldFrames {
    layout: FrameLayout,
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    first: u64,
    count: u32,
    bytes: Bytes,
}

impl Group {
    fn range(&self) -> Range<u64> {
        self.first..self.first + u64::from(self.count)
    }
}

impl EpisodeFrames {
    /// Takes a group; says why if it is none.
    pub(super) fn push(&mut self, row: FrameRow) -> Result<()> {
        let header = GroupHeader::parse(&row.group)?;
        let count = row.count.min(u32::from(header.count));
        let layout = header.layout;
        let field =
            self.fields.entry(row.field.to_string()).or_insert_with(|| FieldFrames { layout, groups: Vec::new() });
        if field.layout.row_shape() != layout.row_shape() {
            return Err(crate::Error::ShapeMismatch {
                field: row.field.to_string(),
                expected: format!("uint8 {:?}", field.layout.row_shape()),
                found: format!("uint8 {:?}", layout.row_shape()),
            });
        }
        self.rows = self.rows.max(row.first + u64::from(count));
        field.groups.push(Group { first: row.first, count, bytes: row.group });
        Ok(())
    }

    /// Takes what a sealed file has of a field: the groups that hold rows within `range`, or, where none is given, only as much
    /// as tells what there is.
    pub(super) fn push_sealed(
        &mut self,
        sealed: &SealedFrames,
        episode: u64,
        field: &Arc<str>,
        range: Option<&Range<u64>>,
    ) -> Result<()> {
        let groups = if let Some(range) = range {
            sealed.read(episode, field, range.clone())?
        } else {
            let places = sealed.find(episode, field, &(0..u64::MAX));
            let (Some(first), Some(last)) = (places.first(), places.last()) else { return Ok(()) };
            self.rows = self.rows.max(last.end());
            vec![sealed.read_group(first)?]
        };
        for FrameGroup { first, count, bytes } in groups {
            self.push(FrameRow { episode, field: Arc::clone(field), first, count, group: bytes })?;
        }
        Ok(())
    }

    /// One more than the largest step.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The layout of an image field.
    pub(super) fn layout(&self, field: &str) -> Option<&FrameLayout> {
        self.fields.get(field).map(|field| &field.layout)
    }

    pub(super) fn infos(&self, stack_axis: impl Fn(&str) -> Option<usize>) -> Vec<FieldInfo> {
        let info = |(name, field): (&String, &FieldFrames)| {
            let shape = field.layout.row_shape();
            let from_layout = match field.layout.kind {
                LayoutKind::Picture => None,
                LayoutKind::PlanesFirst => Some(0),
                LayoutKind::PlanesLast => Some(2),
            };
            let stack_axis = stack_axis(name).filter(|&axis| axis < shape.len()).or(from_layout);
            FieldInfo {
                name: name.clone(),
                axis: Axis::Step,
                dtype: Some(Dtype::Uint8),
                shape,
                image: true,
                stack_axis,
            }
        };
        self.fields.iter().map(info).collect()
    }

    /// Groups that cover the rows of a field within `range`, ascending, no row twice. Where rows were logged again, what is left of
    /// the older group is packed anew.
    pub(super) fn groups(&self, field: &str, range: &Range<u64>) -> Result<Vec<FrameGroup>> {
        let Some(field) = self.fields.get(field) else { return Ok(Vec::new()) };
        let mut out = Vec::new();
        for (group, rows) in visible(&field.groups, range) {
            if rows == group.range() {
                out.push(FrameGroup { first: group.first, count: group.count, bytes: group.bytes.clone() });
                continue;
            }
            let within = (rows.start - group.first) as usize..(rows.end - group.first) as usize;
            let pixels = decode_rows(&group.bytes, within)?;
            let pictures: Vec<&[u8]> = pixels.data().chunks_exact(field.layout.row_bytes()).collect();
            let bytes = encode_group(&field.layout, &pictures, Effort::Live)?.into();
            out.push(FrameGroup { first: rows.start, count: pictures.len() as u32, bytes });
        }
        Ok(out)
    }

    /// Raw rows of an image field.
    pub(super) fn column(&self, info: FieldInfo, range: Range<u64>) -> Result<Column> {
        let row_bytes = info.shape.iter().product::<usize>();
        let rows = range.end.saturating_sub(range.start);
        let field = self.fields.get(&info.name);
        let shown = field.map(|field| visible(&field.groups, &range)).unwrap_or_default();
        let logged = || Ok(shown.iter().map(|(_, rows)| rows.end - rows.start).sum());
        check_answer(&info.name, rows, row_bytes as u64, logged)?;
        let mut data = vec![0; rows as usize * row_bytes];
        let mut valid = vec![false; rows as usize];
        for (group, shown) in shown {
            let shown = shown.start.max(range.start)..shown.end.min(range.end);
            let within = (shown.start - group.first) as usize..(shown.end - group.first) as usize;
            let pixels = decode_rows(&group.bytes, within)?;
            let at = (shown.start - range.start) as usize;
            data[at * row_bytes..at * row_bytes + pixels.data().len()].copy_from_slice(pixels.data());
            valid[at..at + pixels.data().len() / row_bytes.max(1)].fill(true);
        }
        let valid = valid.contains(&false).then_some(valid);
        Ok(Column { info, first: range.start, data: ColumnData::Numeric(data), valid })
    }
}

/// The parts of groups that overlap `range` and that no newer group covers, ascending. A part that touches the range is given whole.
fn visible<'a>(groups: &'a [Group], range: &Range<u64>) -> Vec<(&'a Group, Range<u64>)> {
    let mut covered: BTreeMap<u64, u64> = BTreeMap::new();
    let mut parts: Vec<(&Group, Range<u64>)> = Vec::new();
    for group in groups.iter().rev() {
        let mut at = group.first;
        let end = group.range().end;
        // Newer groups do not overlap each other here, so a walk over those that touch this one is enough.
        let start = covered.range(..=at).next_back().map_or(at, |(&start, _)| start);
        let newer: Vec<(u64, u64)> = covered.range(start..end).map(|(&start, &end)| (start, end)).collect();
        for (newer_start, newer_end) in newer {
            if newer_start > at {
                parts.push((group, at..newer_start.min(end)));
            }
            at = at.max(newer_end);
        }
        if at < end {
            parts.push((group, at..end));
        }
        let own: Vec<Range<u64>> =
            parts.iter().rev().take_while(|(of, _)| std::ptr::eq(*of, group)).map(|(_, rows)| rows.clone()).collect();
        covered.extend(own.into_iter().map(|rows| (rows.start, rows.end)));
    }
    parts.retain(|(_, rows)| rows.start < range.end && rows.end > range.start);
    parts.sort_unstable_by_key(|(_, rows)| rows.start);
    parts
}
