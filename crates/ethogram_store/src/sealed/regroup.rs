//! Groups of live frames into fewer, larger ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use crate::codec::{Effort, FrameEncoder, FrameLayout, GroupHeader, decode_group};
use crate::columns::FrameRow;
use crate::{Array, Result};

/// Groups of as many rows as [`Effort::Sealed`] wants, by episode, field and step; no two hold the same step.
///
/// `groups` come oldest first: of two rows for one step the one in the newer group stays. A group that is already as it should
/// be is not encoded again.
pub(super) fn regroup(groups: Vec<FrameRow>) -> Result<Vec<FrameRow>> {
    let mut streams: BTreeMap<(u64, Arc<str>), Vec<FrameRow>> = BTreeMap::new();
    for group in groups {
        streams.entry((group.episode, Arc::clone(&group.field))).or_default().push(group);
    }
    let mut encoders: BTreeMap<Arc<str>, FrameEncoder> = BTreeMap::new();
    let mut out = Vec::new();
    for ((episode, field), groups) in streams {
        let encoder = encoders.entry(Arc::clone(&field)).or_insert_with(|| FrameEncoder::new(Effort::Sealed));
        let mut stream = Stream { episode, field, groups, decoded: None, pending: Vec::new(), encoder, out: &mut out };
        stream.run()?;
    }
    Ok(out)
}

/// The groups of one field of one episode.
struct Stream<'a> {
    episode: u64,
    field: Arc<str>,
    groups: Vec<FrameRow>,
    /// The group decoded last.
    decoded: Option<(usize, Arc<Array>)>,
    /// Rows of the next group, at consecutive steps.
    pending: Vec<PendingRow>,
    encoder: &'a mut FrameEncoder,
    out: &'a mut Vec<FrameRow>,
}

struct PendingRow {
    step: u64,
    layout: FrameLayout,
    /// Group and row in it.
    from: (usize, usize),
    /// The whole group decoded: rows are not copied out of it.
    decoded: Arc<Array>,
}

impl PendingRow {
    fn samples(&self) -> &[u8] {
        let (row, bytes) = (self.from.1, self.layout.row_bytes());
        self.decoded.data().get(row * bytes..(row + 1) * bytes).unwrap_or_default()
    }
}

impl Stream<'_> {
    fn run(&mut self) -> Result<()> {
        for (group, piece) in newest(&self.groups) {
            let header = GroupHeader::parse(&self.groups[group].group)?;
            let whole = piece.start == self.groups[group].first && piece.end == piece.start + u64::from(header.count);
            let wanted = Effort::Sealed.rows_per_group(&header.layout);
            if whole && usize::from(header.count) >= wanted {
                self.flush()?;
                self.out.push(self.groups[group].clone());
                continue;
            }
            for step in piece {
                let full = self.pending.len() >= wanted;
                let broken = self
                    .pending
                    .last()
                    .is_some_and(|last| last.step + 1 != step || last.layout.row_shape() != header.layout.row_shape());
                if full || broken {
                    self.flush()?;
                }
                let row = (step - self.groups[group].first) as usize;
                let decoded = self.decoded(group)?;
                self.pending.push(PendingRow { step, layout: header.layout, from: (group, row), decoded });
            }
        }
        self.flush()
    }

    fn decoded(&mut self, group: usize) -> Result<Arc<Array>> {
        match &self.decoded {
            Some((number, decoded)) if *number == group => Ok(Arc::clone(decoded)),
            _ => {
                let decoded = Arc::new(decode_group(&self.groups[group].group)?);
                self.decoded = Some((group, Arc::clone(&decoded)));
                Ok(decoded)
            }
        }
    }

    fn flush(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let Some(first) = pending.first() else { return Ok(()) };
        let group = if let Some(bytes) = self.untouched(&pending) {
            bytes
        } else {
            let rows: Vec<&[u8]> = pending.iter().map(PendingRow::samples).collect();
            Bytes::from(self.encoder.encode(&first.layout, &rows)?)
        };
        let (first, count) = (first.step, pending.len() as u32);
        self.out.push(FrameRow { episode: self.episode, field: Arc::clone(&self.field), first, count, group });
        Ok(())
    }

    /// The bytes of a group of which the pending rows are all.
    fn untouched(&self, pending: &[PendingRow]) -> Option<Bytes> {
        let group = pending.first()?.from.0;
        let whole = self.groups[group].count as usize == pending.len();
        let in_order = pending.iter().enumerate().all(|(row, pending)| pending.from == (group, row));
        (whole && in_order).then(|| self.groups[group].group.clone())
    }
}

/// Which group serves which steps: pieces in ascending order that do not overlap. Later groups cover earlier ones.
fn newest(groups: &[FrameRow]) -> Vec<(usize, std::ops::Range<u64>)> {
    // Pieces by first step; each new group cuts those that it overlaps.
    let mut pieces: BTreeMap<u64, (u64, usize)> = BTreeMap::new();
    for (number, group) in groups.iter().enumerate() {
        let (start, end) = (group.first, group.first.saturating_add(u64::from(group.count)));
        if start == end {
            continue;
        }
        let mut touched: Vec<(u64, u64, usize)> = Vec::new();
        for (&from, &(to, owner)) in pieces.range(..end).rev() {
            if to <= start {
                break;
            }
            touched.push((from, to, owner));
        }
        for (from, to, owner) in touched {
            pieces.remove(&from);
            if from < start {
                pieces.insert(from, (start, owner));
            }
            if to > end {
                pieces.insert(end, (to, owner));
            }
        }
        pieces.insert(start, (end, number));
    }
    pieces.into_iter().map(|(start, (end, number))| (number, start..end)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn group(first: u64, values: &[u8]) -> FrameRow {
        let layout = FrameLayout::of_shape(&[3, 4], None).expect("a picture");
        let rows: Vec<Vec<u8>> = values.iter().map(|&value| vec![value; 12]).collect();
        let slices: Vec<&[u8]> = rows.iter().map(Vec::as_slice).collect();
        let bytes = crate::codec::encode_group(&layout, &slices, Effort::Live).expect("a group");
        FrameRow { episode: 1, field: "frame".into(), first, count: values.len() as u32, group: bytes.into() }
    }

    proptest! {
        /// Against a plain map from step to value.
        #[test]
        fn the_newest_row_of_each_step_stays(
            writes in prop::collection::vec((0..300_u64, prop::collection::vec(any::<u8>(), 1..100)), 1..12),
        ) {
            let mut expected = BTreeMap::new();
            for (first, values) in &writes {
                expected.extend((*first..).zip(values.iter().copied()));
            }
            let groups = regroup(writes.iter().map(|(first, values)| group(*first, values)).collect()).expect("regrouped");
            let mut found = BTreeMap::new();
            let mut end = 0;
            for group in &groups {
                prop_assert!(group.first >= end, "groups overlap");
                end = group.first + u64::from(group.count);
                let array = decode_group(&group.group).expect("decodes");
                prop_assert_eq!(array.shape(), [group.count as usize, 3, 4]);
                found.extend((group.first..).zip(array.data().chunks(12).map(|row| row[0])));
            }
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn groups_grow_to_64_rows_and_full_ones_are_left_alone() {
        let live: Vec<FrameRow> = (0..5).map(|i| group(i * 32, &[i as u8; 32])).collect();
        let sealed = regroup(live).expect("regrouped");
        assert_eq!(sealed.iter().map(|group| group.count).collect::<Vec<_>>(), [64, 64, 32]);
        assert_eq!(regroup(sealed.clone()).expect("regrouped"), sealed);
    }
}
