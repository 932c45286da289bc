//! What the policy would say, were a layer of its network another.

use ethogram_model::{Cancel, Forward, Tensor};
use ethogram_store::CheckpointRow;
use std::ops::Range;
use std::sync::Arc;

use super::layer::{Held, Layer};
use super::observation::inputs;
use super::said::{Said, said};
use super::signature::Signature;
use crate::{Result, RunHandle};

/// What is said of steps as they were, and with the layer changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Patched {
    /// Steps that have all of the network's inputs.
    pub steps: Vec<u64>,
    /// Of the network as it is.
    pub before: Vec<Said>,
    /// Of the same with its layer changed.
    pub after: Vec<Said>,
    /// Which network was asked.
    pub checkpoint: CheckpointRow,
}

/// Changes one row of a layer of this shape.
type Change<'a> = dyn Fn(&[usize], &mut [f32]) -> Result<()> + 'a;

impl RunHandle {
    /// Asks a network about steps twice: as it is, and with what `change` makes of each row of a layer.
    ///
    /// # Errors
    /// As [`RunHandle::activations`].
    pub(crate) fn said_with_layer(
        &self,
        episode: u64,
        range: Range<u64>,
        (layer, checkpoint): (&str, Option<i64>),
        change: &Change<'_>,
        cancel: &Cancel,
    ) -> Result<Patched> {
        let checkpoint = self.asked_checkpoint(episode, checkpoint)?;
        let forward = self.networks().forward(self.source().as_ref(), &checkpoint)?;
        let model = Arc::clone(forward.model());
        let signature = Signature::read(&checkpoint.signature)?;
        let given = inputs(self, episode, range.clone(), &model, &signature)?;
        let info = self.info();
        let space = info.env.as_ref().and_then(|env| env.action_space.as_ref());
        let within = Layer::of(Arc::clone(&model), layer);
        let from = Forward::patched(Arc::clone(&model), vec![layer.to_owned()]);
        let valid: Vec<usize> = (0..given.valid.len()).filter(|&row| given.valid[row]).collect();
        let mut found = Patched { steps: Vec::new(), before: Vec::new(), after: Vec::new(), checkpoint };
        for rows in valid.chunks(within.batch()) {
            let mut inputs = given.rows(rows)?;
            found.before.extend(said(&forward.run(&inputs, cancel)?, rows.len(), &signature, space));
            let Held { shape, mut values } = within.held(&given, rows, cancel)?;
            for row in values.chunks_mut(shape.iter().product()) {
                change(&shape, row)?;
            }
            inputs.insert(layer.to_owned(), Tensor::f32(&[&[rows.len()], &shape[..]].concat(), values)?);
            found.after.extend(said(&from.run(&inputs, cancel)?, rows.len(), &signature, space));
            found.steps.extend(rows.iter().map(|&row| range.start + row as u64));
        }
        Ok(found)
    }
}
