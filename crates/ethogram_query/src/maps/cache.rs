//! Maps that are kept, those used longest ago going first.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::map::StateMap;
use crate::{Error, Result, Workbench};

/// Most bytes of maps that are kept; the newest is kept whatever it takes.
pub const MAPS_BYTES_MAX: usize = 1 << 30;

/// The maps of a workbench.
pub struct Maps {
    /// Used last comes last.
    kept: Mutex<Vec<Arc<StateMap>>>,
    /// Another number at each start, so that a map of before is not taken for one of now.
    instance: u64,
    made: AtomicU64,
}

impl Default for Maps {
    fn default() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64);
        Maps { kept: Mutex::default(), instance: since, made: AtomicU64::new(0) }
    }
}

impl Maps {
    /// The name of one more map.
    pub fn next_id(&self) -> String {
        format!("{:x}-{}", self.instance, self.made.fetch_add(1, Ordering::Relaxed))
    }

    /// Keeps a map, and lets go of those that are too much.
    pub fn keep(&self, map: &Arc<StateMap>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push(Arc::clone(map));
        let mut bytes: usize = kept.iter().map(|map| map.bytes()).sum();
        while bytes > MAPS_BYTES_MAX && kept.len() > 1 {
            bytes -= kept.remove(0).bytes();
        }
    }

    fn find(&self, id: &str) -> Option<Arc<StateMap>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|map| map.id() == id)?;
        let map = kept.remove(at);
        kept.push(Arc::clone(&map));
        Some(map)
    }
}

impl Workbench {
    /// A map that was made before.
    ///
    /// # Errors
    /// [`Error::MapGone`] when it is not kept any more.
    pub fn kept_map(&self, id: &str) -> Result<Arc<StateMap>> {
        self.maps().find(id).ok_or_else(|| Error::MapGone { map: id.chars().take(64).collect() })
    }
}
