//! From a graph to steps: what is not needed is left out, what belongs together is done together.

use super::convolution::{Convolution, Size, Transposed};
use super::fused::{Chain, Instruction};
use crate::graph::{Graph, Op, Source, Unary, ValueId};
use crate::kernel::{Isa, Panels};
use crate::tensor::{Dtype, Tensor};

/// Instructions of one chain; a longer one is cut.
const CHAIN_MAX: usize = 64;

/// How a value is made.
#[derive(Clone, Debug)]
pub enum Work {
    /// By the plain operation.
    Plain(Op),
    /// Rows times a constant matrix, plus a bias, then a function.
    Affine { panels: Panels, activation: Option<Unary> },
    /// A convolution with constant weights, plus a bias, then a function.
    Convolution { convolution: Convolution, activation: Option<Unary> },
    /// Its transpose.
    Transposed(Transposed),
    /// A product of two computed matrices.
    Product { transposed: bool },
    /// One number at a time.
    Chain(Chain),
    /// The same numbers under another shape.
    Reshape,
}

/// One value to be made.
#[derive(Clone, Debug)]
pub struct Step {
    pub output: ValueId,
    pub inputs: Vec<ValueId>,
    pub work: Work,
}

/// The steps that make `outputs`, in order.
pub fn steps(graph: &Graph, outputs: &[ValueId]) -> Vec<Step> {
    let needed = graph.needed_by(outputs);
    let mut users: Vec<Vec<ValueId>> = vec![Vec::new(); graph.len()];
    for (id, value) in graph.values().filter(|(id, _)| needed[id.index()]) {
        if let Source::Node { inputs, .. } = &value.source {
            inputs.iter().for_each(|input| users[input.index()].push(id));
        }
    }
    let mut compiler =
        Compiler { graph, outputs, users, hidden: vec![false; graph.len()], layers: vec![None; graph.len()] };
    for (id, _) in graph.values().filter(|(id, _)| needed[id.index()]) {
        compiler.join_layer(id);
    }
    for (id, _) in graph.values().filter(|(id, _)| needed[id.index()]) {
        compiler.hide_in_chain(id);
    }
    let visible = graph.values().filter(|(id, _)| needed[id.index()] && !compiler.hidden[id.index()]);
    visible.filter_map(|(id, _)| compiler.step(id)).collect()
}

/// A layer with what follows it.
#[derive(Clone, Copy, Debug)]
struct Layer {
    /// The product itself.
    product: ValueId,
    bias: Option<ValueId>,
    activation: Option<Unary>,
}

struct Compiler<'g> {
    graph: &'g Graph,
    outputs: &'g [ValueId],
    /// Values that are made from each.
    users: Vec<Vec<ValueId>>,
    /// Values that only exist inside another's step.
    hidden: Vec<bool>,
    /// The layer that ends in a value.
    layers: Vec<Option<Layer>>,
}

impl<'g> Compiler<'g> {
    fn node(&self, id: ValueId) -> Option<(&'g Op, &'g [ValueId])> {
        match &self.graph.value(id).source {
            Source::Node { op, inputs } => Some((op, inputs)),
            _ => None,
        }
    }

    fn constant(&self, id: ValueId) -> Option<&'g Tensor> {
        match &self.graph.value(id).source {
            Source::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }

    fn shape(&self, id: ValueId) -> &'g [usize] {
        &self.graph.value(id).shape
    }

    /// The one value that is made from this one, when nobody else ever sees it.
    fn only_user(&self, id: ValueId) -> Option<ValueId> {
        match self.users[id.index()].as_slice() {
            [user] if !self.outputs.contains(&id) => Some(*user),
            _ => None,
        }
    }

    /// Takes a product with a constant, the bias that is added to it, and the function after that as one.
    fn join_layer(&mut self, id: ValueId) {
        let Some((op, inputs)) = self.node(id) else { return };
        let linear = matches!(op, Op::MatMul { .. }) && self.shape(inputs[1]).len() == 2;
        let conv = matches!(op, Op::Conv(window) if window.groups == 1);
        if !(linear || conv) || self.constant(inputs[1]).is_none() {
            return;
        }
        let mut layer = Layer { product: id, bias: None, activation: None };
        let mut end = id;
        if let Some(user) = self.only_user(end)
            && let Some((Op::Binary(crate::graph::Binary::Add), pair)) = self.node(user)
            && let Some(&bias) = pair.iter().find(|other| **other != end)
            && self.shape(user) == self.shape(id)
            && self.is_bias(bias, self.shape(id), conv)
        {
            self.hidden[end.index()] = true;
            layer.bias = Some(bias);
            end = user;
        }
        if let Some(user) = self.only_user(end)
            && let Some((Op::Unary(unary), _)) = self.node(user)
        {
            self.hidden[end.index()] = true;
            layer.activation = Some(*unary);
            end = user;
        }
        self.layers[end.index()] = Some(layer);
    }

    /// A constant with a number a column, or a number a channel.
    fn is_bias(&self, id: ValueId, to: &[usize], conv: bool) -> bool {
        let Some(tensor) = self.constant(id).filter(|tensor| tensor.dtype() == Dtype::F32) else { return false };
        let axis = if conv { 1 } else { to.len() - 1 };
        let shape = tensor.shape();
        let missing = to.len() - shape.len().min(to.len());
        tensor.len() == to[axis]
            && (missing..to.len()).all(|at| at == axis || shape[at - missing] == 1)
            && missing <= axis
    }

    /// Whether a value is made number by number from arguments of its own shape, or single numbers.
    fn chains(&self, id: ValueId) -> bool {
        let value = self.graph.value(id);
        if value.dtype != Dtype::F32 || self.layers[id.index()].is_some() {
            return false;
        }
        match self.node(id) {
            Some((Op::Unary(_) | Op::Binary(_), inputs)) => inputs.iter().all(|&input| {
                self.shape(input) == value.shape || self.constant(input).is_some_and(|tensor| tensor.len() == 1)
            }),
            _ => false,
        }
    }

    /// A link of a chain that nobody else sees needs no memory of its own.
    fn hide_in_chain(&mut self, id: ValueId) {
        let Some(user) = self.only_user(id) else { return };
        if self.chains(id) && self.chains(user) && self.shape(id) == self.shape(user) && !self.hidden[id.index()] {
            // A chain that grew too long begins anew here.
            let hidden = self.hidden.clone();
            if self.links(id, &hidden) < CHAIN_MAX {
                self.hidden[id.index()] = true;
            }
        }
    }

    /// Operations of the chain that ends in a value.
    fn links(&self, id: ValueId, hidden: &[bool]) -> usize {
        let Some((_, inputs)) = self.node(id) else { return 0 };
        1 + inputs.iter().filter(|input| hidden[input.index()]).map(|&input| self.links(input, hidden)).sum::<usize>()
    }

    fn step(&self, id: ValueId) -> Option<Step> {
        let (op, inputs) = self.node(id)?;
        if let Some(layer) = self.layers[id.index()]
            && let Some(step) = self.layer(id, layer)
        {
            return Some(step);
        }
        if self.chains(id) {
            return Some(self.chain(id));
        }
        let inputs = inputs.to_vec();
        let work = match op {
            Op::Reshape if self.graph.value(id).dtype == Dtype::F32 => Work::Reshape,
            Op::ConvTranspose(window) if window.groups == 1 => {
                match self.constant(inputs[1]).and_then(|weight| weight.as_f32()) {
                    Some(weights) => {
                        let (small, large) = (Size::of(self.shape(inputs[0])), Size::of(self.shape(id)));
                        let transposed = Transposed::new(small, large, window, weights);
                        return Some(Step { output: id, inputs: vec![inputs[0]], work: Work::Transposed(transposed) });
                    }
                    None => Work::Plain(op.clone()),
                }
            }
            Op::MatMul { transposed } if self.batches_match(id, &inputs) => Work::Product { transposed: *transposed },
            op => Work::Plain(op.clone()),
        };
        Some(Step { output: id, inputs, work })
    }

    /// Both factors have the leading axes of the product.
    fn batches_match(&self, id: ValueId, inputs: &[ValueId]) -> bool {
        let batch = |id: ValueId| {
            let shape = self.shape(id);
            &shape[..shape.len() - 2]
        };
        inputs.iter().all(|&input| batch(input) == batch(id))
    }

    fn layer(&self, id: ValueId, layer: Layer) -> Option<Step> {
        let (op, inputs) = self.node(layer.product)?;
        let weights = self.constant(inputs[1])?.as_f32()?;
        let bias = layer.bias.and_then(|bias| self.constant(bias)).and_then(|tensor| tensor.as_f32());
        let activation = layer.activation;
        let work = match op {
            Op::MatMul { transposed } => {
                let shape = self.shape(inputs[1]);
                let (k, n) = if *transposed { (shape[1], shape[0]) } else { (shape[0], shape[1]) };
                let weight = |row: usize, column: usize| {
                    if *transposed { weights[column * k + row] } else { weights[row * n + column] }
                };
                Work::Affine { panels: Panels::pack(Isa::best(), k, n, weight, bias), activation }
            }
            Op::Conv(window) => {
                let (input, output) = (Size::of(self.shape(inputs[0])), Size::of(self.shape(layer.product)));
                Work::Convolution { convolution: Convolution::new(input, output, window, weights, bias), activation }
            }
            _ => return None,
        };
        Some(Step { output: id, inputs: vec![inputs[0]], work })
    }

    fn chain(&self, id: ValueId) -> Step {
        let mut writer = ChainWriter {
            compiler: self,
            arguments: Vec::new(),
            instructions: Vec::new(),
            free: Vec::new(),
            registers: 0,
        };
        let result = writer.write(id, true);
        let chain = Chain { instructions: writer.instructions, registers: writer.registers, result };
        Step { output: id, inputs: writer.arguments, work: Work::Chain(chain) }
    }
}

/// Turns the tree of a chain into instructions on as few registers as it takes.
struct ChainWriter<'c, 'g> {
    compiler: &'c Compiler<'g>,
    arguments: Vec<ValueId>,
    instructions: Vec<Instruction>,
    free: Vec<usize>,
    registers: usize,
}

impl ChainWriter<'_, '_> {
    /// The register that holds the value afterwards.
    fn write(&mut self, id: ValueId, end: bool) -> usize {
        let inside = end || self.compiler.hidden[id.index()];
        match self.compiler.node(id).filter(|_| inside) {
            Some((Op::Unary(unary), inputs)) => {
                let to = self.write(inputs[0], false);
                self.instructions.push(Instruction::Unary { unary: *unary, to });
                to
            }
            Some((Op::Binary(binary), inputs)) => {
                let to = self.write(inputs[0], false);
                let with = self.write(inputs[1], false);
                self.instructions.push(Instruction::Binary { binary: *binary, to, with });
                self.free.push(with);
                to
            }
            _ => self.leaf(id),
        }
    }

    fn leaf(&mut self, id: ValueId) -> usize {
        let to = self.free.pop().unwrap_or_else(|| {
            self.registers += 1;
            self.registers - 1
        });
        let number = self.compiler.constant(id).filter(|tensor| tensor.len() == 1).and_then(|tensor| tensor.as_f32());
        if let Some([value]) = number {
            self.instructions.push(Instruction::Fill { to, value: *value });
            return to;
        }
        let argument = self.arguments.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.arguments.push(id);
            self.arguments.len() - 1
        });
        self.instructions.push(Instruction::Load { to, argument });
        to
    }
}
