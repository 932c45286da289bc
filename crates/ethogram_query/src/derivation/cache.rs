//! Derived columns kept in memory, least recently used first out.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ethogram_store::{Column, ColumnData, Revision, RunId};

use crate::{Params, Result};

/// What a derived column was computed from, short of the data itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    run: RunId,
    episode: u64,
    name: &'static str,
    params: String,
}

impl Key {
    /// `params` must be resolved, so that equal questions have equal keys.
    pub fn new(run: &RunId, episode: u64, name: &'static str, params: &Params) -> Self {
        Self { run: run.clone(), episode, name, params: format!("{params:?}") }
    }
}

/// A computed column, and the data that it was computed from.
#[derive(Clone)]
pub(crate) struct Computed {
    pub column: Arc<Column>,
    /// Hash of the inputs.
    pub fingerprint: u128,
    /// The inputs had this fingerprint at this revision.
    revision: Revision,
}

/// Computed columns, bounded in bytes.
///
/// Lock order: the slot of a derivation, then the slots of its inputs, then `state`. Inputs form no cycles.
pub(crate) struct Cache {
    bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Key, Entry>,
    bytes: usize,
    /// Counts questions; the clock of "recently".
    now: u64,
}

struct Entry {
    slot: Arc<Mutex<Option<Computed>>>,
    bytes: usize,
    used: u64,
}

/// Bytes that an entry costs besides its rows.
const ENTRY_BYTES: usize = 512;

impl Cache {
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: Mutex::default() }
    }

    /// The column of `key` at `revision`. `compute` is given what is there from an earlier revision and returns the column
    /// with the fingerprint of its inputs; of several threads that ask at once, one computes and the others wait.
    pub fn get(
        &self,
        key: &Key,
        revision: Revision,
        compute: impl FnOnce(Option<&Computed>) -> Result<(Arc<Column>, u128)>,
    ) -> Result<Arc<Column>> {
        let slot = self.slot(key);
        let mut computed = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(computed) = computed.as_ref().filter(|computed| computed.revision == revision) {
            return Ok(Arc::clone(&computed.column));
        }
        match compute(computed.as_ref()) {
            Ok((column, fingerprint)) => {
                *computed = Some(Computed { column: Arc::clone(&column), fingerprint, revision });
                drop(computed);
                self.account(key, &slot, column_bytes(&column) + ENTRY_BYTES);
                Ok(column)
            }
            Err(error) => {
                *computed = None;
                drop(computed);
                self.remove(key, &slot);
                Err(error)
            }
        }
    }

    /// Drops everything of one run.
    pub fn forget(&self, run: &RunId) {
        let mut state = self.state();
        state.entries.retain(|key, _| key.run != *run);
        state.bytes = state.entries.values().map(|entry| entry.bytes).sum();
    }

    fn slot(&self, key: &Key) -> Arc<Mutex<Option<Computed>>> {
        let mut state = self.state();
        state.now += 1;
        let now = state.now;
        let entry =
            state.entries.entry(key.clone()).or_insert_with(|| Entry { slot: Arc::default(), bytes: 0, used: 0 });
        entry.used = now;
        Arc::clone(&entry.slot)
    }

    fn account(&self, key: &Key, slot: &Arc<Mutex<Option<Computed>>>, bytes: usize) {
        let mut state = self.state();
        let Some(entry) = state.entries.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.slot, slot)) else { return };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        state.bytes = state.bytes + bytes - before;
        while state.bytes > self.bytes_max {
            // Entries of no bytes are being computed by somebody.
            let oldest = state.entries.iter().filter(|(_, entry)| entry.bytes > 0).min_by_key(|(_, entry)| entry.used);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            let freed = state.entries.remove(&oldest).map_or(0, |entry| entry.bytes);
            state.bytes -= freed;
        }
    }

    fn remove(&self, key: &Key, slot: &Arc<Mutex<Option<Computed>>>) {
        let mut state = self.state();
        if state.entries.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.slot, slot)) {
            let freed = state.entries.remove(key).map_or(0, |entry| entry.bytes);
            state.bytes -= freed;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn column_bytes(column: &Column) -> usize {
    let data = match &column.data {
        ColumnData::Numeric(bytes) => bytes.len(),
        ColumnData::Text(rows) => rows.iter().map(String::len).sum(),
    };
    data + column.valid.as_ref().map_or(0, Vec::len)
}
