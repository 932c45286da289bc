//! Image rows on their way into frame groups.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use super::queue::{Queue, StepField};
use crate::codec::{Effort, FrameEncoder, FrameLayout};
use crate::columns::FrameRow;
use crate::{Array, Result};

/// Gathers consecutive rows of each image field of each episode, and encodes them group by group.
pub(super) struct FrameGatherer {
    rows_max: usize,
    /// Where the memory of encoded rows goes.
    queue: Arc<Queue>,
    open: BTreeMap<(u64, Arc<str>), OpenGroup>,
    encoders: HashMap<Arc<str>, FrameEncoder>,
    groups: BTreeMap<u64, Vec<FrameRow>>,
    bytes: u64,
}

struct OpenGroup {
    layout: FrameLayout,
    first: u64,
    rows: Vec<Array>,
}

impl FrameGatherer {
    pub(super) fn new(rows_max: usize, queue: Arc<Queue>) -> Self {
        let rows_max = rows_max.clamp(1, crate::codec::GroupHeader::ROWS_MAX);
        Self { rows_max, queue, open: BTreeMap::new(), encoders: HashMap::new(), groups: BTreeMap::new(), bytes: 0 }
    }

    /// Bytes held, raw and encoded.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes the row of a step. A step that does not follow the one before begins a new group.
    pub(super) fn push(&mut self, episode: u64, step: u64, field: &StepField, row: Array) -> Result<()> {
        let Some(layout) = field.layout else { return Ok(()) };
        let key = (episode, Arc::clone(&field.name));
        if let Some(open) = self.open.get(&key)
            && open.first + open.rows.len() as u64 != step
        {
            self.encode(&key)?;
        }
        self.bytes += row.data().len() as u64;
        let open = self.open.entry(key.clone()).or_insert_with(|| OpenGroup { layout, first: step, rows: Vec::new() });
        open.rows.push(row);
        if open.rows.len() >= self.rows_max.min(Effort::Live.rows_per_group(&layout)) {
            self.encode(&key)?;
        }
        Ok(())
    }

    fn encode(&mut self, key: &(u64, Arc<str>)) -> Result<()> {
        let Some(open) = self.open.remove(key) else { return Ok(()) };
        let rows: Vec<&[u8]> = open.rows.iter().map(Array::data).collect();
        self.bytes -= rows.iter().map(|row| row.len() as u64).sum::<u64>();
        let encoder = self.encoders.entry(Arc::clone(&key.1)).or_insert_with(|| FrameEncoder::new(Effort::Live));
        let group = encoder.encode(&open.layout, &rows)?;
        self.bytes += group.len() as u64;
        let (episode, field) = key;
        self.groups.entry(*episode).or_default().push(FrameRow {
            episode: *episode,
            field: Arc::clone(field),
            first: open.first,
            count: rows.len() as u32,
            group: group.into(),
        });
        for row in open.rows {
            self.queue.spare.give(row.into_data());
        }
        Ok(())
    }

    /// Encodes what is open and gives away all groups: of each episode, in the order in which its rows came.
    /// With the groups come the errors of those that could not be encoded, and the rows lost with them.
    pub(super) fn take(&mut self) -> (Vec<Vec<FrameRow>>, Vec<(crate::Error, u64)>) {
        let mut failed = Vec::new();
        let keys: Vec<_> = self.open.keys().cloned().collect();
        for key in keys {
            let rows = self.open.get(&key).map_or(0, |open| open.rows.len() as u64);
            if let Err(error) = self.encode(&key) {
                failed.push((error, rows));
            }
        }
        self.bytes = 0;
        (std::mem::take(&mut self.groups).into_values().collect(), failed)
    }
}
