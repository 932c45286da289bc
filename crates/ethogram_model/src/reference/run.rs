//! A whole graph, one plain operation after the other.

use std::sync::Arc;

use super::evaluate;
use crate::error::{Error, Result};
use crate::graph::{Graph, Source, ValueId};
use crate::tensor::Tensor;

/// The outputs for these inputs. What is no longer needed is let go of.
pub fn run(graph: &Graph, inputs: &[(ValueId, Tensor)], outputs: &[ValueId]) -> Result<Vec<Tensor>> {
    let needed = graph.needed_by(outputs);
    let mut left = vec![0_usize; graph.len()];
    for (id, value) in graph.values() {
        if let (true, Source::Node { inputs, .. }) = (needed[id.index()], &value.source) {
            inputs.iter().for_each(|input| left[input.index()] += 1);
        }
    }
    outputs.iter().for_each(|output| left[output.index()] += 1);

    let mut known: Vec<Option<Arc<Tensor>>> = vec![None; graph.len()];
    for (id, value) in graph.values().filter(|(id, _)| needed[id.index()]) {
        known[id.index()] = Some(match &value.source {
            Source::Constant(tensor) => tensor.clone(),
            Source::Input(name) => {
                let given = inputs.iter().find(|(given, _)| *given == id).map(|(_, tensor)| tensor);
                let fits = given.filter(|tensor| tensor.shape() == value.shape && tensor.dtype() == value.dtype);
                Arc::new(fits.cloned().ok_or_else(|| Error::Input {
                    name: name.clone(),
                    expected: format!("{} {:?}", value.dtype.name(), value.shape),
                    found: given.map_or_else(|| "nothing".to_owned(), Tensor::describe),
                })?)
            }
            Source::Node { op, inputs } => {
                let arguments: Vec<Arc<Tensor>> =
                    inputs.iter().filter_map(|input| known[input.index()].clone()).collect();
                let borrowed: Vec<&Tensor> = arguments.iter().map(AsRef::as_ref).collect();
                let made = evaluate(op, &borrowed, &value.shape).map_err(|why| Error::Operator {
                    operator: op.name(),
                    node: id.to_string(),
                    why,
                })?;
                for input in inputs {
                    left[input.index()] -= 1;
                    if left[input.index()] == 0 {
                        known[input.index()] = None;
                    }
                }
                Arc::new(made)
            }
        });
    }
    let found = outputs.iter().map(|output| known[output.index()].as_deref().cloned());
    found.collect::<Option<Vec<_>>>().ok_or_else(|| Error::Inconsistent("a value that was never made".to_owned()))
}
