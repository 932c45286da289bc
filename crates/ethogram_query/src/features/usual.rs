//! What of a network is taken apart where nobody says.

use super::OF_ACTIVATIONS;
use crate::{Error, Result, RunHandle};

/// The target whose attributions are taken apart where it can be.
const USUAL: &str = "value";

impl RunHandle {
    /// A layer, the recommended one if none is named, and what of it: attributions of the value, or its activations where the network gives
    /// no value or the value is not made of all that goes through the layer, as when actor and critic are networks of their own.
    ///
    /// # Errors
    /// [`Error::NoFeatures`] when none is named and none is recommended; those of [`RunHandle::explanations`].
    pub fn usual_features(&self, episode: u64, layer: Option<&str>) -> Result<(String, String)> {
        let choices = self.explanations(episode)?;
        let found = choices.layers.iter().find(|choice| layer.map_or(choice.recommended, |name| choice.name == name));
        let name = layer.map(str::to_owned).or_else(|| found.map(|choice| choice.name.clone()));
        let name = name.ok_or_else(|| Error::NoFeatures {
            layer: String::new(),
            why: "no layer was named, and none of the network's is the one to begin with; name one".to_owned(),
        })?;
        let valued = choices.targets.iter().any(|target| target.name == USUAL);
        let shared = found.is_none_or(|choice| choice.bottleneck);
        Ok((name, if valued && shared { USUAL } else { OF_ACTIVATIONS }.to_owned()))
    }
}
