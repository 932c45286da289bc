//! From a graph to steps: what is not needed is left out, what belongs together is done together.

use std::sync::Arc;

use super::convolution::{Convolution, Size};
use super::fused::{Chain, Instruction};
use super::moves::Moves;
use super::packed::Form;
use super::transposed::Transposed;
use crate::graph::{Binary, Graph, Op, Reduce, Source, Unary, ValueId, Window, products};
use crate::kernel::{Frame, Isa, Panels};
use crate::tensor::{Dtype, Tensor};

/// Instructions of one chain; a longer one is cut.
const CHAIN_MAX: usize = 64;

/// Operations that are looked back through for one that makes pictures with their channels last.
const LOOKED_BACK: usize = 8;

/// How a value is made.
#[derive(Clone, Debug)]
pub enum Work {
    /// By the plain operation.
    Plain(Op),
    /// Rows times a constant matrix, plus a bias, then a function.
    Affine {
        panels: Arc<Vec<Panels>>,
        activation: Option<Unary>,
        /// The rows are pictures, numbered with the channels last.
        from_pictures: bool,
        /// So are the results.
        to_pictures: bool,
    },
    /// A convolution with constant weights, plus a bias, then a function.
    Convolution { convolution: Convolution, activation: Option<Unary> },
    /// Its transpose.
    Transposed(Transposed),
    /// A product of two computed matrices.
    Product { transposed: bool },
    /// One number at a time.
    Chain(Chain),
    /// Two numbers at a time, where one of them is repeated.
    Pairs { binary: Binary, first: Option<Moves>, second: Option<Moves> },
    /// The same numbers elsewhere.
    Moves(Moves),
    /// The same numbers under another shape.
    Reshape,
    /// Windows without weights.
    Pool { pool: Pool, frame: Frame },
    /// Softmax over the last axis, or its logarithm.
    Softmax { log: bool },
    /// One number of each stretch of so many.
    Reduce { reduce: Reduce, length: usize },
}

/// What is made of a window without weights.
#[derive(Clone, Copy, Debug)]
pub enum Pool {
    Max,
    MaxGrad,
    Average { padding_counts: bool },
    AverageGrad { padding_counts: bool },
}

/// One value to be made.
#[derive(Clone, Debug)]
pub struct Step {
    pub output: ValueId,
    pub inputs: Vec<ValueId>,
    pub work: Work,
    /// Products of two numbers that it takes, about; what threads are shared out by.
    pub cost: u64,
}

/// The steps that make `outputs`, in order. `pictures` are inputs that come with their channels last.
pub fn steps(graph: &Graph, outputs: &[ValueId], pictures: &[ValueId]) -> Vec<Step> {
    let needed = graph.needed_by(outputs);
    let mut users: Vec<Vec<ValueId>> = vec![Vec::new(); graph.len()];
    for (id, value) in graph.values().filter(|(id, _)| needed[id.index()]) {
        if let Source::Node { inputs, .. } = &value.source {
            inputs.iter().for_each(|input| users[input.index()].push(id));
        }
    }
    let mut compiler =
        Compiler { graph, outputs, pictures, users, hidden: vec![false; graph.len()], layers: vec![None; graph.len()] };
    for (id, _) in graph.values().filter(|(id, _)| needed[id.index()]) {
        compiler.join_layer(id);
    }
    for (id, _) in graph.values().filter(|(id, _)| needed[id.index()]) {
        compiler.skip_flattening(id);
    }
    for (id, _) in graph.values().filter(|(id, _)| needed[id.index()]) {
        compiler.hide_in_chain(id);
    }
    let visible = graph.values().filter(|(id, _)| needed[id.index()] && !compiler.hidden[id.index()]);
    visible.filter_map(|(id, _)| compiler.step(id)).collect()
}

/// Whether the steps leave a picture with its channels last.
pub fn leaves_channels_last(graph: &Graph, id: ValueId) -> bool {
    let (users, hidden, layers) = (Vec::new(), Vec::new(), Vec::new());
    let compiler = Compiler { graph, outputs: &[], pictures: &[], users, hidden, layers };
    compiler.channels_last(id, LOOKED_BACK)
}

/// A layer with what follows it.
#[derive(Clone, Copy, Debug)]
struct Layer {
    /// The product itself.
    product: ValueId,
    bias: Option<ValueId>,
    activation: Option<Unary>,
    /// The pictures that the product's rows are made of, with their channels and pixels.
    from_pictures: Option<(ValueId, [usize; 2])>,
    /// Channels and pixels of the pictures that its results are.
    to_pictures: Option<[usize; 2]>,
}

struct Compiler<'g> {
    graph: &'g Graph,
    outputs: &'g [ValueId],
    /// Inputs that come with their channels last.
    pictures: &'g [ValueId],
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

    fn constant(&self, id: ValueId) -> Option<&'g Arc<Tensor>> {
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
        let mut layer = Layer { product: id, bias: None, activation: None, from_pictures: None, to_pictures: None };
        if linear {
            layer.from_pictures = self.flattened(inputs[0]);
        }
        let mut end = id;
        if let Some(user) = self.only_user(end)
            && let Some((Op::Binary(Binary::Add), pair)) = self.node(user)
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
        if linear
            && let Some(user) = self.only_user(end)
            && let Some((Op::Reshape, _)) = self.node(user)
            && self.shape(end).len() == 2
            && let &[rows, channels, height, width] = self.shape(user)
            && rows == self.shape(end)[0]
        {
            self.hidden[end.index()] = true;
            layer.to_pictures = Some([channels, height * width]);
            end = user;
        }
        self.layers[end.index()] = Some(layer);
    }

    /// What was flattened to rows, when the steps that make it leave the channels last.
    fn flattened(&self, id: ValueId) -> Option<(ValueId, [usize; 2])> {
        let (Op::Reshape, inputs) = self.node(id)? else { return None };
        let (&[rows, channels, height, width], &[rows_after, _]) = (self.shape(inputs[0]), self.shape(id)) else {
            return None;
        };
        (rows == rows_after && self.channels_last(inputs[0], LOOKED_BACK))
            .then_some((inputs[0], [channels, height * width]))
    }

    /// Whether a picture comes out with its channels last, looking back so many operations.
    fn channels_last(&self, id: ValueId, depth: usize) -> bool {
        if self.pictures.contains(&id) {
            return true;
        }
        match self.node(id) {
            Some((Op::Conv(window) | Op::ConvTranspose(window), inputs)) => {
                window.groups == 1 && self.constant(inputs[1]).is_some()
            }
            Some((Op::MaxPool(_) | Op::AveragePool { .. } | Op::MaxPoolGrad(_) | Op::AveragePoolGrad { .. }, _)) => {
                true
            }
            Some((Op::Unary(_) | Op::Binary(_), inputs)) if depth > 0 => {
                inputs.iter().any(|&input| self.shape(input) == self.shape(id) && self.channels_last(input, depth - 1))
            }
            _ => false,
        }
    }

    /// A flattening that only products look through is never done.
    fn skip_flattening(&mut self, id: ValueId) {
        let reads_through = |user: &ValueId| {
            self.layers.iter().flatten().any(|layer| layer.product == *user && layer.from_pictures.is_some())
        };
        if matches!(self.node(id), Some((Op::Reshape, _)))
            && !self.outputs.contains(&id)
            && self.layers[id.index()].is_none()
            && !self.users[id.index()].is_empty()
            && self.users[id.index()].iter().all(reads_through)
        {
            self.hidden[id.index()] = true;
        }
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
        let work = self.work(id, op, inputs);
        // A transpose takes its weights with it.
        let inputs = if matches!(work, Work::Transposed(_)) { vec![inputs[0]] } else { inputs.to_vec() };
        Some(Step { output: id, inputs, work, cost: self.cost(id) })
    }

    fn cost(&self, id: ValueId) -> u64 {
        self.node(id).map_or(0, |(op, inputs)| {
            let shapes: Vec<&[usize]> = inputs.iter().map(|&input| self.shape(input)).collect();
            products(op, &shapes, self.shape(id))
        })
    }

    fn work(&self, id: ValueId, op: &Op, inputs: &[ValueId]) -> Work {
        let value = self.graph.value(id);
        let floats =
            value.dtype == Dtype::F32 && inputs.iter().all(|&input| self.graph.value(input).dtype == Dtype::F32);
        if !floats {
            return Work::Plain(op.clone());
        }
        let shape = self.shape(id);
        let pool = |pool, large, small, window: &Window| {
            let (large, small): (&[usize], &[usize]) = (self.shape(large), self.shape(small));
            let frame = Frame {
                window: window.clone(),
                input: [large[2], large[3]],
                output: [small[2], small[3]],
                channels: large[1],
            };
            Work::Pool { pool, frame }
        };
        match op {
            Op::Reshape => Work::Reshape,
            Op::MaxPool(window) => pool(Pool::Max, inputs[0], id, window),
            Op::MaxPoolGrad(window) => pool(Pool::MaxGrad, id, inputs[1], window),
            Op::AveragePool { window, padding_counts } => {
                pool(Pool::Average { padding_counts: *padding_counts }, inputs[0], id, window)
            }
            Op::AveragePoolGrad { window, padding_counts } => {
                pool(Pool::AverageGrad { padding_counts: *padding_counts }, id, inputs[0], window)
            }
            Op::ConvTranspose(window) if window.groups == 1 => match self.constant(inputs[1]) {
                Some(weights) => {
                    let (small, large) = (Size::of(self.shape(inputs[0])), Size::of(shape));
                    Work::Transposed(Transposed::new(small, large, window, weights, self.graph.packed()))
                }
                None => Work::Plain(op.clone()),
            },
            Op::MatMul { transposed } if self.batches_match(id, inputs) => Work::Product { transposed: *transposed },
            Op::Softmax | Op::LogSoftmax => Work::Softmax { log: matches!(op, Op::LogSoftmax) },
            Op::Reduce { reduce, axes } if self.ends(axes, inputs[0]) && *reduce != Reduce::Prod => {
                Work::Reduce { reduce: *reduce, length: axes.iter().map(|&axis| self.shape(inputs[0])[axis]).product() }
            }
            Op::Binary(binary) => {
                let repeat = |input: ValueId| {
                    (self.shape(input) != shape).then(|| Moves::repeat(self.shape(input), shape)).flatten()
                };
                Work::Pairs { binary: *binary, first: repeat(inputs[0]), second: repeat(inputs[1]) }
            }
            op => {
                let shapes: Vec<&[usize]> = inputs.iter().map(|&input| self.shape(input)).collect();
                Moves::of(op, &shapes, shape).map_or_else(|| Work::Plain(op.clone()), Work::Moves)
            }
        }
    }

    /// Whether these are the last axes, which lie together.
    fn ends(&self, axes: &[usize], of: ValueId) -> bool {
        let rank = self.shape(of).len();
        axes.iter().rev().enumerate().all(|(index, &axis)| axis == rank - 1 - index)
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
        let weights = self.constant(inputs[1])?;
        let bias = layer.bias.and_then(|bias| self.constant(bias));
        let activation = layer.activation;
        let packed = self.graph.packed();
        let (input, work) = match op {
            Op::MatMul { transposed } => {
                let (shape, rows) = (self.shape(inputs[1]), layer.from_pictures.map(|(_, pictures)| pictures));
                let (k, n) = if *transposed { (shape[1], shape[0]) } else { (shape[0], shape[1]) };
                let form = Form::Affine { transposed: *transposed, rows, columns: layer.to_pictures };
                let (values, added) = (weights.as_f32()?, bias.and_then(|bias| bias.as_f32()));
                let columns = layer.to_pictures;
                // The place among channels first of what is asked for with the channels last.
                let turned = |at: usize, pictures: Option<[usize; 2]>| match pictures {
                    Some([channels, pixels]) => at % channels * pixels + at / channels,
                    None => at,
                };
                let weight = |row: usize, column: usize| {
                    let (row, column) = (turned(row, rows), turned(column, columns));
                    if *transposed { values[column * k + row] } else { values[row * n + column] }
                };
                let added: Option<Vec<f32>> =
                    added.map(|bias| (0..n).map(|column| bias[turned(column, columns)]).collect());
                let pack = || vec![Panels::pack(Isa::best(), k, n, weight, added.as_deref())];
                let work = Work::Affine {
                    panels: packed.panels(weights, bias, form, pack),
                    activation,
                    from_pictures: rows.is_some(),
                    to_pictures: columns.is_some(),
                };
                let input = layer.from_pictures.map_or(inputs[0], |(pictures, _)| pictures);
                (input, work)
            }
            Op::Conv(window) => {
                let (input, output) = (Size::of(self.shape(inputs[0])), Size::of(self.shape(layer.product)));
                let convolution = Convolution::new(input, output, window, weights, bias, packed);
                (inputs[0], Work::Convolution { convolution, activation })
            }
            _ => return None,
        };
        Some(Step { output: id, inputs: vec![input], work, cost: self.cost(layer.product) })
    }

    fn chain(&self, id: ValueId) -> Step {
        let mut writer = ChainWriter {
            compiler: self,
            arguments: Vec::new(),
            instructions: Vec::new(),
            free: Vec::new(),
            registers: 0,
        };
        writer.write(id, true);
        let chain = Chain { instructions: writer.instructions, registers: writer.registers };
        Step { output: id, inputs: writer.arguments, work: Work::Chain(chain), cost: self.cost(id) }
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
                if let Some(argument) = self.argument(inputs[1]) {
                    self.instructions.push(Instruction::With { binary: *binary, to, argument });
                    return to;
                }
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
        let argument = self.numbered(id);
        self.instructions.push(Instruction::Load { to, argument });
        to
    }

    /// The argument that a value is, unless it is made in the chain or is one number.
    fn argument(&mut self, id: ValueId) -> Option<usize> {
        let inside = self.compiler.hidden[id.index()]
            && matches!(self.compiler.node(id), Some((Op::Unary(_) | Op::Binary(_), _)));
        let number = self.compiler.constant(id).is_some_and(|tensor| tensor.len() == 1);
        (!inside && !number).then(|| self.numbered(id))
    }

    fn numbered(&mut self, id: ValueId) -> usize {
        self.arguments.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.arguments.push(id);
            self.arguments.len() - 1
        })
    }
}
