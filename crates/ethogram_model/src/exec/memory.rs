//! How much memory a network will take, before any of it is taken.

use super::convolution::{Convolution, Size, packed};
use super::transposed::Transposed;
use crate::graph::{Graph, Op, Source, ValueId};
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

/// Bytes of weights in the order of the inner loop, beside the weights themselves; where programs of one model share them, each counts all.
pub fn packed_bytes(graph: &Graph, outputs: &[ValueId]) -> u64 {
    let needed = graph.needed_by(outputs);
    let numbers = graph.values().filter(|(id, _)| needed[id.index()]).map(|(id, value)| {
        let Source::Node { op, inputs } = &value.source else { return 0 };
        let constant = |input: &ValueId| matches!(graph.value(*input).source, Source::Constant(_));
        if !inputs.get(1).is_some_and(constant) {
            return 0;
        }
        let shape = |id: ValueId| graph.value(id).shape.as_slice();
        match op {
            Op::MatMul { .. } => match (shape(inputs[0]).last(), shape(id).last()) {
                (Some(&k), Some(&n)) if shape(inputs[1]).len() == 2 => packed(k, n),
                _ => 0,
            },
            Op::Conv(window) if window.groups == 1 => {
                Convolution::packed(Size::of(shape(inputs[0])), Size::of(shape(id)), window)
            }
            Op::ConvTranspose(window) if window.groups == 1 => {
                Transposed::packed(Size::of(shape(inputs[0])), Size::of(shape(id)), window)
            }
            _ => 0,
        }
    });
    numbers.fold(0, u64::saturating_add).saturating_mul(size_of::<f32>() as u64)
}
