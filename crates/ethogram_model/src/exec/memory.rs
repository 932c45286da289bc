//! How much memory a network will take, before any of it is taken.

use crate::graph::{Graph, Source, ValueId};
use crate::tensor::elements;

/// Most bytes of computed values that are held at one time, when each is let go of after its last use.
pub fn bytes_at_most(graph: &Graph, outputs: &[ValueId]) -> u64 {
    let needed = graph.needed_by(outputs);
    let bytes = |id: ValueId| {
        let value = graph.value(id);
        match value.source {
            Source::Constant(_) => 0,
            _ => elements(&value.shape).and_then(|count| count.checked_mul(value.dtype.bytes())).unwrap_or(usize::MAX)
                as u64,
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
