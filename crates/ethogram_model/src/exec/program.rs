//! The compiled form of a graph.

use super::Cancel;
use crate::error::{Result, within};
use crate::graph::{Graph, Source, ValueId};
use crate::limits::Limits;
use crate::reference;
use crate::tensor::{Tensor, elements};

/// A graph made ready for some of its values.
#[derive(Clone, Debug)]
pub struct Program {
    graph: Graph,
    outputs: Vec<ValueId>,
}

impl Program {
    /// **Errors**: more memory at one time than [`Limits::run_bytes`].
    pub fn compile(graph: Graph, outputs: &[ValueId], limits: &Limits) -> Result<Self> {
        within("the memory to run the network", bytes_at_most(&graph, outputs), "run_bytes", limits.run_bytes)?;
        Ok(Program { graph, outputs: outputs.to_vec() })
    }

    /// The graph it was made of.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The outputs for these inputs, in the order in which they were asked for.
    pub fn run(&self, inputs: &[(ValueId, Tensor)], cancel: &Cancel) -> Result<Vec<Tensor>> {
        cancel.check()?;
        reference::run(&self.graph, inputs, &self.outputs)
    }
}

/// Most bytes of computed values that are held at one time, when each is let go of after its last use.
fn bytes_at_most(graph: &Graph, outputs: &[ValueId]) -> u64 {
    let needed = graph.needed_by(outputs);
    let bytes = |id: ValueId| {
        let value = graph.value(id);
        match value.source {
            Source::Constant(_) => 0,
            _ => elements(&value.shape).and_then(|count| count.checked_mul(value.dtype.bytes())).unwrap_or(usize::MAX) as u64,
        }
    };
    let mut last_use = vec![0_usize; graph.len()];
    for (id, value) in graph.values().filter(|(id, _)| needed[id.index()]) {
        if let Source::Node { inputs, .. } = &value.source {
            inputs.iter().for_each(|input| last_use[input.index()] = id.index());
        }
    }
    outputs.iter().for_each(|output| last_use[output.index()] = usize::MAX);
    let mut ends: Vec<Vec<ValueId>> = vec![Vec::new(); graph.len()];
    for (id, _) in graph.values().filter(|(id, _)| needed[id.index()]) {
        if let Some(end) = ends.get_mut(last_use[id.index()]) {
            end.push(id);
        }
    }
    let (mut now, mut most) = (0_u64, 0_u64);
    for (id, _) in graph.values().filter(|(id, _)| needed[id.index()]) {
        now = now.saturating_add(bytes(id));
        most = most.max(now);
        for end in &ends[id.index()] {
            now = now.saturating_sub(bytes(*end));
        }
    }
    most
}
