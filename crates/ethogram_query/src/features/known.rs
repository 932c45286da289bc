//! Features that were found lately, and images of them.

use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use ethogram_store::CheckpointRow;
use xxhash_rust::xxh3::Xxh3;

use super::states::States;
use super::{FeatureImages, FeatureImagesRequest, FeaturesRequest, LayerFeatures};
use crate::RunHandle;

/// How many are kept of a run.
const KEPT: usize = 16;
/// How many answers with images are kept of a run.
const IMAGES_KEPT: usize = 8;

/// Features of a run's layers.
#[derive(Debug, Default)]
pub struct Known {
    features: Mutex<Vec<Arc<LayerFeatures>>>,
    /// With the id of the features that they are of.
    images: Mutex<Vec<(String, Arc<FeatureImages>)>>,
}

impl Known {
    /// Those of an id.
    pub fn get(&self, id: &str) -> Option<Arc<LayerFeatures>> {
        let mut known = self.features.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|features| features.id == id)?;
        let found = known.remove(at);
        known.push(Arc::clone(&found));
        Some(found)
    }

    /// Keeps them; those asked for least lately go.
    pub fn put(&self, features: Arc<LayerFeatures>) {
        let mut known = self.features.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|other| other.id != features.id);
        known.push(features);
        if known.len() > KEPT {
            known.remove(0);
        }
    }

    /// Images of features.
    pub fn images(&self, id: &str, request: &FeatureImagesRequest) -> Option<Arc<FeatureImages>> {
        let mut known = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|(of, images)| of == id && images.request == *request)?;
        let found = known.remove(at);
        known.push(found.clone());
        Some(found.1)
    }

    /// Keeps them; those asked for least lately go.
    pub fn put_images(&self, id: &str, images: Arc<FeatureImages>) {
        let mut known = self.images.lock().unwrap_or_else(PoisonError::into_inner);
        known.push((id.to_owned(), images));
        if known.len() > IMAGES_KEPT {
            known.remove(0);
        }
    }

    /// Lets go of all.
    pub fn forget(&self) {
        self.images.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.features.lock().unwrap_or_else(PoisonError::into_inner).clear();
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
