//! Weights in the order of the inner loop, kept with the model, so that programs for other numbers of rows share them.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use crate::graph::Window;
use crate::kernel::Panels;
use crate::tensor::Tensor;

/// What the weights were packed for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A matrix; rows and columns may be numbered with the channels last: `[C, H · W]` of either.
    Affine { transposed: bool, rows: Option<[usize; 2]>, columns: Option<[usize; 2]> },
    /// A convolution.
    Convolution(Window),
    /// The transpose of one, taken as a convolution of the turned weights.
    Flipped(Window),
    /// A convolution of 3×3 windows, at the points of its tiles; of the turned weights where it is the transpose of one.
    Winograd { turned: bool },
    /// The transpose, gathered for each result.
    Gathered(Window),
    /// The transpose, strewn from each number that comes in.
    Strewn(Window),
}

type Key = (usize, usize, Form);

/// Packed weights, with the tensors they were made of, so that no other tensor can come to lie where they do.
#[derive(Debug, Default)]
pub struct Packed {
    /// Addresses of the model's own tensors; what is made on the way is packed each time.
    own: HashSet<usize>,
    known: Mutex<HashMap<Key, Entry>>,
}

#[derive(Debug)]
struct Entry {
    panels: Arc<Vec<Panels>>,
    _weights: Arc<Tensor>,
    _bias: Option<Arc<Tensor>>,
}

impl Packed {
    /// For a model with these tensors, which it keeps.
    pub fn new<'t>(own: impl Iterator<Item = &'t Arc<Tensor>>) -> Self {
        Packed { own: own.map(address).collect(), known: Mutex::default() }
    }

    /// The panels of these weights, made by `pack` when they are not known.
    pub fn panels(
        &self,
        weights: &Arc<Tensor>,
        bias: Option<&Arc<Tensor>>,
        form: Form,
        pack: impl FnOnce() -> Vec<Panels>,
    ) -> Arc<Vec<Panels>> {
        let ours = [Some(weights), bias].into_iter().flatten().all(|tensor| self.own.contains(&address(tensor)));
        if !ours {
            return Arc::new(pack());
        }
        let key = (address(weights), bias.map_or(0, address), form);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.entry(key).or_insert_with(|| Entry {
            panels: Arc::new(pack()),
            _weights: weights.clone(),
            _bias: bias.cloned(),
        });
        entry.panels.clone()
    }
}

fn address(tensor: &Arc<Tensor>) -> usize {
    Arc::as_ptr(tensor).addr()
}
