//! Features that were found lately.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use ethogram_store::CheckpointRow;
use xxhash_rust::xxh3::Xxh3;

use super::states::States;
use super::{FeaturesRequest, LayerFeatures};
use crate::RunHandle;

/// How many are kept of a run.
const KEPT: usize = 16;

/// Features of a run's layers.
#[derive(Debug, Default)]
pub struct Known(Mutex<Vec<Arc<LayerFeatures>>>);

impl Known {
    /// Those of an id.
    pub fn get(&self, id: &str) -> Option<Arc<LayerFeatures>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|features| features.id == id)?;
        let found = known.remove(at);
        known.push(Arc::clone(&found));
        Some(found)
    }

    /// Keeps them; those asked for least lately go.
    pub fn put(&self, features: Arc<LayerFeatures>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| other.id != features.id);
        known.push(features);
        if known.len() > KEPT {
            known.remove(0);
        }
    }

    /// Lets go of all.
    pub fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A name for all that features come from.
pub fn id(run: &RunHandle, request: &FeaturesRequest, checkpoint: &CheckpointRow, states: &States) -> String {
    let mut hash = Xxh3::new();
    let FeaturesRequest { layer, of, factors, .. } = request;
    (run.id().to_string(), &checkpoint.hash, layer, of, factors).hash(&mut hash);
    states.hash(&mut hash);
    format!("{:016x}", hash.finish())
}
