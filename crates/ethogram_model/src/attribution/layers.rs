//! Which hidden layers are worth explaining: those that all information goes through.

use std::collections::BTreeMap;
use std::slice;

use super::one_step::graph_of;
use crate::error::Result;
use crate::graph::{Graph, Source, ValueId};
use crate::model::Model;
use crate::tensor::Dtype;

/// Operators after which a layer is complete: what they give is what the next layer sees.
const COMPLETE: &[&str] = &[
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Celu",
    "Selu",
    "Gelu",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Swish",
    "Tanh",
    "Softplus",
    "Softsign",
    "Clip",
    "Mish",
    "Add",
    "Concat",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "LayerNormalization",
    "BatchNormalization",
    "LSTM",
    "GRU",
    "RNN",
    "Mul",
];

/// A value of a network as one that can be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerChoice {
    /// As in the file.
    pub name: String,
    /// The operator that makes it.
    pub operator: String,
    /// Shape of one row.
    pub shape: Vec<usize>,
    /// Whether all that reaches the outputs from the input goes through it.
    pub bottleneck: bool,
    /// The one to begin with; at most one of a network.
    pub recommended: bool,
}

/// Every layer of floats with a row for each input row, in the order of the file.
///
/// A layer is a **bottleneck** when no way from `input` to the outputs goes past it. The last bottleneck that is still a picture,
/// `[C, H, W]` with more than one place, is recommended: there the network has said most of what it sees, and still says where. A network without pictures has
/// its last bottleneck of a complete layer recommended. Where the outputs have nothing but the input in common, as when actor and critic are networks
/// of their own, the bottlenecks of the first output that has any count.
///
/// **Source**: Hilton et al. (2020), *Understanding RL Vision*, whose code keeps a layer when no convolution can be reached from it on a way
/// past every bottleneck; here by dominance in the graph, which keeps the ends of residual blocks and drops what lies within.
///
/// **Shapes**: `shapes` has every input's, rows first. **Errors**: those of [`Model::graph`].
pub fn layer_choices(
    model: &Model,
    shapes: &BTreeMap<String, Vec<usize>>,
    input: &str,
    outputs: &[&str],
) -> Result<Vec<LayerChoice>> {
    // Two rows tell an axis of rows from one of length 1.
    let rows = if model.has_fixed_rows() { 1 } else { 2 };
    let graph = graph_of(model, shapes, rows, &[])?;
    let start = model.find(&graph, input)?;
    let ends: Vec<ValueId> = outputs.iter().map(|name| model.find(&graph, name)).collect::<Result<_>>()?;
    let (narrow, on_way) = bottlenecks(&graph, start, &ends);

    let mut choices = Vec::new();
    for layer in model.layers() {
        let Some(id) = graph.named(&layer.name) else { continue };
        let value = graph.value(id);
        let rows_first = value.shape.len() >= 2 && value.shape[0] == rows && value.dtype == Dtype::F32;
        if !rows_first || !on_way[id.index()] || ends.contains(&id) {
            continue;
        }
        choices.push(LayerChoice {
            name: layer.name,
            operator: layer.operator,
            shape: value.shape[1..].to_vec(),
            bottleneck: narrow[id.index()],
            recommended: false,
        });
    }
    let of_one = |end: &ValueId| {
        let (narrow, on_way) = bottlenecks(&graph, start, slice::from_ref(end));
        recommended(&choices, |choice| {
            graph.named(&choice.name).is_some_and(|id| narrow[id.index()] && on_way[id.index()])
        })
    };
    let best = recommended(&choices, |choice| choice.bottleneck).or_else(|| ends.iter().find_map(of_one));
    if let Some(best) = best {
        choices[best].recommended = true;
    }
    Ok(choices)
}

/// The last of the complete layers that pass, one of pictures if there is one.
fn recommended(choices: &[LayerChoice], passes: impl Fn(&LayerChoice) -> bool) -> Option<usize> {
    let complete = |choice: &LayerChoice| passes(choice) && COMPLETE.contains(&choice.operator.as_str());
    let spatial = |choice: &LayerChoice| matches!(choice.shape[..], [_, height, width] if height * width > 1);
    let best = choices.iter().rposition(|choice| complete(choice) && spatial(choice));
    best.or_else(|| choices.iter().rposition(complete))
}

/// Of every value whether no way from `start` to the ends goes past it, and whether it lies on such a way.
fn bottlenecks(graph: &Graph, start: ValueId, ends: &[ValueId]) -> (Vec<bool>, Vec<bool>) {
    let (depends, needed) = (graph.depending_on(start), graph.needed_by(ends));
    let on_way: Vec<bool> = depends.into_iter().zip(needed).map(|(depends, needed)| depends && needed).collect();
    // In an order where each value comes after those it is made of, all ways lead through a value when nothing else on a way is still
    // waited for once it is made.
    let mut last_use = vec![0; graph.len()];
    for (id, value) in graph.values().filter(|(id, _)| on_way[id.index()]) {
        if let Source::Node { inputs, .. } = &value.source {
            inputs.iter().for_each(|input| last_use[input.index()] = id.index());
        }
    }
    ends.iter().for_each(|end| last_use[end.index()] = usize::MAX);
    let mut open_until = 0;
    let mut narrow = vec![false; graph.len()];
    for index in (0..graph.len()).filter(|&index| on_way[index]) {
        narrow[index] = open_until <= index;
        open_until = open_until.max(last_use[index]);
    }
    (narrow, on_way)
}
