//! What a layer holds while the network looks at states of an episode.

use ethogram_model::Cancel;
use ethogram_store::CheckpointRow;

use super::EXPLAINED_STEPS_MAX;
use super::layer::Layer;
use super::observation::{Given, inputs};
use super::signature::Signature;
use crate::{Result, RunHandle};

/// What a layer holds at some steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Activations {
    /// Those of the steps asked for that have all of the network's inputs.
    pub steps: Vec<u64>,
    /// Shape of one step.
    pub shape: Vec<usize>,
    /// Step after step.
    pub values: Vec<f32>,
    /// Which network was asked.
    pub checkpoint: CheckpointRow,
}

impl RunHandle {
    /// What a layer, named as in the network's file, holds at these steps (ascending). Without `checkpoint` the one in force is asked.
    ///
    /// # Errors
    /// [`Error::Unexplained`](crate::Error::Unexplained) when there is no network for the episode; [`Error::NoRowAState`](crate::Error::NoRowAState); [`Error::Model`](crate::Error::Model) for a layer that
    /// the network does not have.
    pub fn activations(
        &self,
        episode: u64,
        steps: &[u64],
        layer: &str,
        checkpoint: Option<i64>,
        cancel: &Cancel,
    ) -> Result<Activations> {
        let checkpoint = self.asked_checkpoint(episode, checkpoint)?;
        let model = self.networks().open(self.source().as_ref(), &checkpoint)?;
        let signature = Signature::read(&checkpoint.signature)?;
        let mut found = Activations { steps: Vec::new(), shape: Vec::new(), values: Vec::new(), checkpoint };
        let mut given = Given::default();
        for some in steps.chunk_by(|a, b| a / EXPLAINED_STEPS_MAX == b / EXPLAINED_STEPS_MAX) {
            let (first, last) = (some[0], some[some.len() - 1]);
            let read = inputs(self, episode, first..last + 1, &model, &signature)?;
            let wanted: Vec<usize> =
                some.iter().map(|step| (step - first) as usize).filter(|&row| read.valid[row]).collect();
            found.steps.extend(wanted.iter().map(|&row| first + row as u64));
            given.append(&Given { tensors: read.rows(&wanted)?, valid: vec![true; wanted.len()] })?;
        }
        let layer = Layer::of(model, layer);
        let rows: Vec<usize> = (0..found.steps.len()).collect();
        for rows in rows.chunks(layer.batch()) {
            let held = layer.held(&given, rows, cancel)?;
            found.shape = held.shape;
            found.values.extend(held.values);
        }
        Ok(found)
    }
}
