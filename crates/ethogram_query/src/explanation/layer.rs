//! One layer of a network, asked about any number of states.

use std::sync::Arc;

use ethogram_model::{Cancel, Forward, Model};

use super::observation::Given;
use crate::{Error, Result};

/// States that go through the network together.
const BATCH: usize = 64;

/// A layer of a network, named as in the network's file.
pub struct Layer {
    name: String,
    forward: Forward,
}

/// What a layer holds at some states.
pub struct Held {
    /// Shape of one state.
    pub shape: Vec<usize>,
    /// State after state.
    pub values: Vec<f32>,
}

impl Layer {
    /// Runs nothing yet.
    pub fn of(model: Arc<Model>, name: &str) -> Self {
        Layer { name: name.to_owned(), forward: Forward::of(model, vec![name.to_owned()]) }
    }

    /// The network.
    pub fn model(&self) -> &Arc<Model> {
        self.forward.model()
    }

    /// States that go through the network together, at most.
    pub fn batch(&self) -> usize {
        if self.model().has_fixed_rows() { 1 } else { BATCH }
    }

    /// What it holds at these rows of the inputs, at least one and at most [`Layer::batch`]. The network always sees batches of one size, the last row of
    /// a short one being repeated: it is compiled once, and an axis of rows cannot be taken for another.
    ///
    /// **Errors**: [`Error::NoRowAState`]; [`Error::Model`] for a layer that the network does not have.
    pub fn held(&self, given: &Given, rows: &[usize], cancel: &Cancel) -> Result<Held> {
        let batch = self.batch();
        let last = rows.len().saturating_sub(1);
        let filled: Vec<usize> = (0..batch).filter_map(|row| rows.get(row.min(last)).copied()).collect();
        let tensor = self.forward.run(&given.rows(&filled)?, cancel)?.pop().map(|(_, tensor)| tensor);
        let shape = tensor.as_ref().map_or(&[][..], |tensor| tensor.shape());
        let width: usize = shape.iter().skip(1).product();
        match tensor.as_ref().and_then(|tensor| tensor.as_f32()) {
            Some(values) if shape.first() == Some(&batch) && width > 0 => {
                Ok(Held { shape: shape[1..].to_vec(), values: values[..rows.len() * width].to_vec() })
            }
            _ => Err(Error::NoRowAState { layer: self.name.clone(), shape: shape.to_vec(), states: batch }),
        }
    }
}
