//! Points of scalars that were read from event files, kept in memory within a bound.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::point_columns::PointColumns;

/// Points of many runs. What was only read along goes first, then what was asked for longest ago; it lies in the files and is read again.
#[derive(Debug)]
pub struct PointCache {
    bytes_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<Key, Entry>,
    /// The entries in the order in which they go.
    order: BTreeMap<Rank, Key>,
    bytes: usize,
    clock: u64,
}

/// Whose points, and which of the tags.
type Key = (u64, usize);
/// Whether somebody asked for it, and when that was, or when it was read.
type Rank = (bool, u64);

#[derive(Debug)]
struct Entry {
    columns: Arc<PointColumns>,
    bytes: usize,
    rank: Rank,
}

/// Bytes that an entry costs besides its points.
const ENTRY_BYTES: usize = 256;

impl PointCache {
    /// Most bytes when nobody says otherwise.
    pub const BYTES_MAX: usize = 256 << 20;

    /// Keeps so many bytes at most.
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, state: Mutex::default() }
    }

    /// Most bytes that it keeps.
    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }

    /// Bytes that it keeps now.
    pub fn bytes(&self) -> usize {
        self.state().bytes
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The points of one run in a cache. They go with it.
#[derive(Debug)]
pub struct KeptPoints {
    cache: Arc<PointCache>,
    owner: u64,
}

impl KeptPoints {
    /// None yet.
    pub fn new(cache: Arc<PointCache>) -> Self {
        static OWNERS: AtomicU64 = AtomicU64::new(0);
        Self { cache, owner: OWNERS.fetch_add(1, Ordering::Relaxed) }
    }

    /// Where they are kept.
    pub fn cache(&self) -> &Arc<PointCache> {
        &self.cache
    }

    /// Points that somebody asks for.
    pub fn get(&self, number: usize) -> Option<Arc<PointColumns>> {
        self.cache.state().ask((self.owner, number))
    }

    /// Points that are there; that is not asking for them.
    pub fn peek(&self, number: usize) -> Option<Arc<PointColumns>> {
        self.cache.state().entries.get(&(self.owner, number)).map(|entry| Arc::clone(&entry.columns))
    }

    /// Keeps points if there is room. What was asked for makes room; what was read along only takes that of others like it.
    pub fn put(&self, number: usize, columns: Arc<PointColumns>, asked: bool) {
        let bytes = columns.bytes() + ENTRY_BYTES;
        self.cache.state().put((self.owner, number), columns, bytes, asked, self.cache.bytes_max);
    }

    /// Takes all of them out, to add to them; true for those that were asked for.
    pub fn take(&self) -> Vec<(usize, Arc<PointColumns>, bool)> {
        let mut state = self.cache.state();
        let keys: Vec<Key> =
            state.entries.range((self.owner, 0)..=(self.owner, usize::MAX)).map(|(key, _)| *key).collect();
        keys.into_iter().filter_map(|key| state.remove(key).map(|entry| (key.1, entry.columns, entry.rank.0))).collect()
    }

    /// Forgets the points of one tag.
    pub fn forget(&self, number: usize) {
        self.cache.state().remove((self.owner, number));
    }
}

impl Drop for KeptPoints {
    fn drop(&mut self) {
        self.take();
    }
}

impl State {
    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    fn ask(&mut self, key: Key) -> Option<Arc<PointColumns>> {
        let now = (true, self.tick());
        let entry = self.entries.get_mut(&key)?;
        let before = std::mem::replace(&mut entry.rank, now);
        self.order.remove(&before);
        self.order.insert(now, key);
        Some(Arc::clone(&entry.columns))
    }

    fn put(&mut self, key: Key, columns: Arc<PointColumns>, bytes: usize, asked: bool, bytes_max: usize) {
        self.remove(key);
        if bytes > bytes_max {
            return;
        }
        while self.bytes + bytes > bytes_max {
            let Some((rank, first)) = self.order.first_key_value().map(|(rank, key)| (*rank, *key)) else { return };
            if rank.0 && !asked {
                return;
            }
            self.remove(first);
        }
        let rank = (asked, self.tick());
        self.bytes += bytes;
        self.order.insert(rank, key);
        self.entries.insert(key, Entry { columns, bytes, rank });
    }

    fn remove(&mut self, key: Key) -> Option<Entry> {
        let entry = self.entries.remove(&key)?;
        self.order.remove(&entry.rank);
        self.bytes -= entry.bytes;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(points: i64) -> Arc<PointColumns> {
        let mut columns = PointColumns::default();
        (0..points).for_each(|step| columns.push(step, 0, 0.0));
        columns.settle();
        Arc::new(columns)
    }

    #[test]
    fn what_was_read_along_goes_before_what_was_asked_for() {
        let bytes = columns(1_000).bytes() + ENTRY_BYTES;
        let cache = Arc::new(PointCache::new(3 * bytes));
        let kept = KeptPoints::new(Arc::clone(&cache));
        kept.put(0, columns(1_000), true);
        kept.put(1, columns(1_000), false);
        kept.put(2, columns(1_000), true);
        assert!(kept.get(0).is_some(), "asked for later than 2");
        kept.put(3, columns(1_000), true);
        assert!(kept.get(1).is_none() && kept.get(2).is_some());
        kept.put(4, columns(1_000), false);
        assert!(kept.get(4).is_none(), "no room is made for what nobody asked for");
        kept.put(5, columns(1_000), true);
        let there: Vec<usize> = (0..6).filter(|&number| kept.get(number).is_some()).collect();
        assert_eq!((there, cache.bytes()), (vec![2, 3, 5], 3 * bytes));
    }

    #[test]
    fn what_is_larger_than_the_cache_is_not_kept_and_drives_nothing_out() {
        let cache = Arc::new(PointCache::new(10_000));
        let kept = KeptPoints::new(Arc::clone(&cache));
        kept.put(0, columns(10), true);
        kept.put(1, columns(100_000), true);
        assert!(kept.get(0).is_some() && kept.get(1).is_none());
    }

    #[test]
    fn points_go_with_their_run() {
        let cache = Arc::new(PointCache::new(1 << 20));
        let (one, other) = (KeptPoints::new(Arc::clone(&cache)), KeptPoints::new(Arc::clone(&cache)));
        one.put(0, columns(10), true);
        other.put(0, columns(10), false);
        let both = cache.bytes();
        assert_eq!(one.take().len(), 1);
        assert_eq!(cache.bytes(), both / 2);
        drop(other);
        assert_eq!(cache.bytes(), 0);
    }
}
