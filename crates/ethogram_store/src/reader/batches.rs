//! Decoded batches of live segments, the latest used kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;

use super::lost::LostList;
use crate::layout::Kind;
use crate::live::SegmentFile;
use crate::log::Record;

/// A batch of a live segment: enough to read it, whatever the index has become since.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) writer: u32,
    pub(super) kind: Kind,
    pub(super) number: u32,
    pub(super) file: Arc<SegmentFile>,
    pub(super) record: Record,
}

impl Place {
    /// The rows, for who looks at them once; `None`, and a note, when they cannot be trusted.
    pub(super) fn read(&self, lost: &LostList) -> Option<RecordBatch> {
        match self.file.read(&self.record) {
            Ok(batch) => Some(batch),
            Err(error) => {
                lost.note_error(self.file.path(), self.what(), &error);
                None
            }
        }
    }

    /// What is missing when it cannot be read.
    pub(super) fn what(&self) -> String {
        let Record { rows, first, last, episode, .. } = self.record;
        if episode == Record::NO_EPISODE {
            format!("{rows} rows of {}, steps {first} to {last}", self.kind.folder())
        } else {
            format!("{} {first} to {last} of episode {episode}", self.kind.folder())
        }
    }
}

type Key = (u32, Kind, u32, u32);

/// Reads batches, keeping the latest used in memory up to a bound.
#[derive(Debug)]
pub(super) struct BatchCache {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    batches: HashMap<Key, (Arc<RecordBatch>, usize, u64)>,
    bytes: usize,
    clock: u64,
}

impl BatchCache {
    /// Most bytes that are kept.
    const BYTES_MAX: usize = 192 << 20;

    pub(super) fn new() -> Self {
        Self { kept: Mutex::default() }
    }

    /// Bytes that are kept.
    pub(super) fn bytes(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// The rows at a place; `None`, and a note, when they cannot be trusted.
    pub(super) fn get(&self, place: &Place, lost: &LostList) -> Option<Arc<RecordBatch>> {
        let key = (place.writer, place.kind, place.number, place.record.sequence);
        {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.clock += 1;
            let clock = kept.clock;
            if let Some((batch, _, used)) = kept.batches.get_mut(&key) {
                *used = clock;
                return Some(Arc::clone(batch));
            }
        }
        let batch = Arc::new(place.read(lost)?);
        let bytes = batch.get_array_memory_size();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let clock = kept.clock;
        if kept.batches.insert(key, (Arc::clone(&batch), bytes, clock)).is_none() {
            kept.bytes += bytes;
        }
        kept.shrink();
        Some(batch)
    }
}

impl Kept {
    fn shrink(&mut self) {
        if self.bytes <= BatchCache::BYTES_MAX {
            return;
        }
        let mut by_age: Vec<(u64, Key)> = self.batches.iter().map(|(key, (_, _, used))| (*used, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            // Well below the bound, so that this is seldom done.
            if self.bytes <= BatchCache::BYTES_MAX / 4 * 3 {
                break;
            }
            if let Some((_, bytes, _)) = self.batches.remove(&key) {
                self.bytes -= bytes;
            }
        }
    }
}
