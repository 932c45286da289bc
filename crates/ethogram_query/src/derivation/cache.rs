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

#[cfg(test)]
mod tests {
    use ethogram_store::{Axis, FieldInfo};

    use super::*;
    use crate::Error;

    fn key(name: &'static str) -> Key {
        Key::new(&RunId("run".into()), 0, name, &Params::new())
    }

    fn column(bytes: usize) -> Arc<Column> {
        let dtype = Some(ethogram_store::Dtype::Uint8);
        let info =
            FieldInfo { name: "x".into(), axis: Axis::Step, dtype, shape: vec![], image: false, stack_axis: None };
        Arc::new(Column { info, first: 0, data: ColumnData::Numeric(vec![0; bytes]), valid: None })
    }

    /// Asks for 1,000 bytes; true when they had to be computed.
    fn computes(cache: &Cache, name: &'static str) -> bool {
        let mut computed = false;
        let compute = |_: Option<&Computed>| {
            computed = true;
            Ok((column(1000), 1))
        };
        cache.get(&key(name), Revision(1), compute).expect("a column");
        computed
    }

    /// Bytes and entries.
    fn held(cache: &Cache) -> (usize, usize) {
        let state = cache.state();
        (state.bytes, state.entries.len())
    }

    #[test]
    fn the_least_recently_used_goes_first() {
        let cache = Cache::new(2 * (1000 + ENTRY_BYTES));
        assert!(computes(&cache, "a") && computes(&cache, "b"));
        assert!(!computes(&cache, "a"), "held");
        assert!(computes(&cache, "c"));
        assert!(!computes(&cache, "a") && computes(&cache, "b"), "b was used before a");
        assert!(held(&cache).0 <= cache.bytes_max);
    }

    #[test]
    fn what_is_larger_than_the_cache_is_answered_and_not_kept() {
        let cache = Cache::new(100);
        assert!(computes(&cache, "a") && computes(&cache, "a"));
        assert_eq!(held(&cache), (0, 0));
    }

    #[test]
    fn errors_are_not_kept() {
        let cache = Cache::new(10_000);
        let fail = |_: Option<&Computed>| Err(Error::NoRun { run: RunId("run".into()) });
        assert!(cache.get(&key("a"), Revision(1), fail).is_err());
        assert_eq!(held(&cache), (0, 0));
        assert!(computes(&cache, "a"));
        assert!(cache.get(&key("a"), Revision(2), fail).is_err());
        assert_eq!(held(&cache), (0, 0));
    }

    #[test]
    fn a_run_that_went_is_forgotten() {
        let cache = Cache::new(10_000);
        assert!(computes(&cache, "a"));
        cache.forget(&RunId("other".into()));
        assert!(!computes(&cache, "a"));
        cache.forget(&RunId("run".into()));
        assert_eq!(held(&cache), (0, 0));
        assert!(computes(&cache, "a"));
    }
}
