//! The network as a graph of few, small operations with known shapes.
//!
//! A graph is made for concrete input shapes, so that every shape is a list of numbers and all arithmetic with shapes is done
//! while it is built. Values are made once and never changed (SSA); a value comes after those it is made from.

mod affine;
mod build;
mod cost;
mod dump;
mod op;
mod shape;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use affine::affine_frontier;
pub(crate) use build::Builder;
pub(crate) use cost::products;
pub use op::{Binary, Compare, Op, Reduce, Unary, Window};
pub(crate) use shape::broadcast_shapes;

use crate::error::Error;
use crate::exec::Packed;
use crate::tensor::{Dtype, Tensor};

/// A value of one graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub(crate) u32);

impl ValueId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// Given from outside, under this name.
    Input(String),
    /// Known already.
    Constant(Arc<Tensor>),
    /// Made from other values.
    Node {
        /// How.
        op: Op,
        /// From these, in the order that the operation says.
        inputs: Vec<ValueId>,
    },
}

/// Numbers that the network will hold.
#[derive(Clone, Debug)]
pub struct Value {
    /// Where they come from.
    pub source: Source,
    /// Length of every axis.
    pub shape: Vec<usize>,
    /// What they are.
    pub dtype: Dtype,
}

/// A network for concrete input shapes. Values are in an order in which each comes after those it needs.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    values: Vec<Value>,
    /// Names as in the file, in the order of the file.
    names: Vec<(String, ValueId)>,
    /// Values of the file that cannot be computed, and why.
    refused: BTreeMap<String, Error>,
    /// Where the model keeps its weights in the order of the inner loop.
    packed: Arc<Packed>,
}

impl Graph {
    /// An empty one of a model.
    pub(crate) fn of(packed: Arc<Packed>) -> Self {
        Graph { packed, ..Graph::default() }
    }

    pub(crate) fn packed(&self) -> &Packed {
        &self.packed
    }

    /// One value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.index()]
    }

    /// All of them, in order.
    pub fn values(&self) -> impl Iterator<Item = (ValueId, &Value)> {
        self.values.iter().enumerate().map(|(index, value)| (ValueId(index as u32), value))
    }

    /// The value that the file calls so.
    pub fn named(&self, name: &str) -> Option<ValueId> {
        self.names.iter().rev().find(|(known, _)| known == name).map(|(_, id)| *id)
    }

    /// Why the value that the file calls so cannot be computed.
    pub fn refusal(&self, name: &str) -> Option<&Error> {
        self.refused.get(name)
    }

    /// Names as in the file, in the order of the file.
    pub fn names(&self) -> &[(String, ValueId)] {
        &self.names
    }

    /// Values given from outside, with their names, in the order in which they were declared.
    pub fn inputs(&self) -> impl Iterator<Item = (ValueId, &str)> {
        self.values().filter_map(|(id, value)| match &value.source {
            Source::Input(name) => Some((id, name.as_str())),
            _ => None,
        })
    }

    /// Makes an input of a value that was computed.
    pub(crate) fn give(&mut self, id: ValueId) {
        self.values[id.index()].source = Source::Input(format!("given {id}"));
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing was built.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// For every value, whether `from` has a part in it.
    pub(crate) fn depending_on(&self, from: ValueId) -> Vec<bool> {
        let mut depends = vec![false; self.values.len()];
        depends[from.index()] = true;
        for index in from.index() + 1..self.values.len() {
            if let Source::Node { inputs, .. } = &self.values[index].source {
                depends[index] = inputs.iter().any(|input| depends[input.index()]);
            }
        }
        depends
    }

    /// For every value, whether one of `outputs` needs it.
    pub(crate) fn needed_by(&self, outputs: &[ValueId]) -> Vec<bool> {
        let mut needed = vec![false; self.values.len()];
        for output in outputs {
            needed[output.index()] = true;
        }
        for index in (0..self.values.len()).rev() {
            if let (true, Source::Node { inputs, .. }) = (needed[index], &self.values[index].source) {
                for input in inputs {
                    needed[input.index()] = true;
                }
            }
        }
        needed
    }
}
