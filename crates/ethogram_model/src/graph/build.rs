//! Growing a graph: each call checks its arguments, knows the result's shape, and computes at once what is constant.

use std::sync::Arc;

use super::{Binary, Compare, Graph, Op, Reduce, Source, Unary, Value, ValueId, Window, broadcast_shapes, products};
use crate::error::{Error, Result, within};
use crate::exec::Packed;
use crate::limits::Limits;
use crate::reference;
use crate::tensor::{Dtype, Tensor, elements};

/// Grows a graph.
pub struct Builder {
    graph: Graph,
    limits: Limits,
    /// Bytes and products of what was computed while the graph was built.
    made: (u64, u64),
    /// Nodes that turns of loops were made of.
    unrolled: u64,
    /// Operator and name of the node of the file that is being built, for errors.
    pub at: (String, String),
}

impl Builder {
    pub fn new(limits: Limits) -> Self {
        Builder { graph: Graph::default(), limits, made: (0, 0), unrolled: 0, at: ("graph".to_owned(), String::new()) }
    }

    /// Begins a graph of a model.
    pub fn of(packed: Arc<Packed>, limits: Limits) -> Self {
        Builder { graph: Graph::of(packed), ..Builder::new(limits) }
    }

    /// Goes on with a graph that was built before.
    pub fn resume(graph: Graph, limits: Limits) -> Self {
        Builder { graph, limits, made: (0, 0), unrolled: 0, at: ("gradient".to_owned(), String::new()) }
    }

    pub fn finish(self) -> Graph {
        self.graph
    }

    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub fn shape(&self, id: ValueId) -> &[usize] {
        &self.graph.value(id).shape
    }

    pub fn dtype(&self, id: ValueId) -> Dtype {
        self.graph.value(id).dtype
    }

    /// The value's numbers when they are known already.
    pub fn constant_of(&self, id: ValueId) -> Option<&Arc<Tensor>> {
        match &self.graph.value(id).source {
            Source::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// An error about the node that is being built.
    pub fn wrong(&self, why: impl Into<String>) -> Error {
        Error::Operator { operator: self.at.0.clone(), node: self.at.1.clone(), why: why.into() }
    }

    /// Remembers what the file calls a value.
    pub fn name(&mut self, name: &str, id: ValueId) {
        self.graph.names.push((name.to_owned(), id));
    }

    /// Remembers why what the file calls so is not computed. Nothing but what takes it is the worse for it.
    pub fn refuse(&mut self, name: &str, why: Error) {
        self.graph.refused.insert(name.to_owned(), why);
    }

    /// One more turn of a loop with so many nodes. A loop of nothing, inside of others, would make no operation and never end.
    pub fn unrolled(&mut self, nodes: usize) -> Result<()> {
        self.unrolled += 1 + nodes as u64;
        within("the nodes of all turns of loops", self.unrolled, "nodes", self.limits.nodes.saturating_mul(16))
    }

    pub fn input(&mut self, name: &str, shape: &[usize], dtype: Dtype) -> Result<ValueId> {
        self.push(Value { source: Source::Input(name.to_owned()), shape: shape.to_vec(), dtype })
    }

    pub fn constant(&mut self, tensor: impl Into<Arc<Tensor>>) -> Result<ValueId> {
        let tensor = tensor.into();
        let (shape, dtype) = (tensor.shape().to_vec(), tensor.dtype());
        self.push(Value { source: Source::Constant(tensor), shape, dtype })
    }

    pub fn scalar(&mut self, value: f32) -> Result<ValueId> {
        self.constant(Tensor::scalar(value))
    }

    pub fn unary(&mut self, unary: Unary, x: ValueId) -> Result<ValueId> {
        self.expect(x, Dtype::F32)?;
        let shape = self.shape(x).to_vec();
        self.node(Op::Unary(unary), vec![x], shape, Dtype::F32)
    }

    pub fn binary(&mut self, binary: Binary, x: ValueId, y: ValueId) -> Result<ValueId> {
        let logical = matches!(binary, Binary::And | Binary::Or | Binary::Xor);
        let dtype = self.same_dtype(x, y)?;
        if logical != (dtype == Dtype::Bool) {
            return Err(self.wrong(format!("{binary:?} of {}", dtype.name())));
        }
        let shape = self.broadcast_of(x, y)?;
        self.node(Op::Binary(binary), vec![x, y], shape, dtype)
    }

    pub fn add(&mut self, x: ValueId, y: ValueId) -> Result<ValueId> {
        self.binary(Binary::Add, x, y)
    }

    pub fn sub(&mut self, x: ValueId, y: ValueId) -> Result<ValueId> {
        self.binary(Binary::Sub, x, y)
    }

    pub fn mul(&mut self, x: ValueId, y: ValueId) -> Result<ValueId> {
        self.binary(Binary::Mul, x, y)
    }

    pub fn div(&mut self, x: ValueId, y: ValueId) -> Result<ValueId> {
        self.binary(Binary::Div, x, y)
    }

    pub fn compare(&mut self, compare: Compare, x: ValueId, y: ValueId) -> Result<ValueId> {
        self.same_dtype(x, y)?;
        let shape = self.broadcast_of(x, y)?;
        self.node(Op::Compare(compare), vec![x, y], shape, Dtype::Bool)
    }

    pub fn not(&mut self, x: ValueId) -> Result<ValueId> {
        self.expect(x, Dtype::Bool)?;
        let shape = self.shape(x).to_vec();
        self.node(Op::Not, vec![x], shape, Dtype::Bool)
    }

    pub fn select(&mut self, condition: ValueId, x: ValueId, y: ValueId) -> Result<ValueId> {
        self.expect(condition, Dtype::Bool)?;
        let dtype = self.same_dtype(x, y)?;
        let shape = self.broadcast_of(x, y)?;
        let shape = broadcast_shapes(&shape, self.shape(condition))
            .ok_or_else(|| self.wrong(format!("condition of shape {:?} for {shape:?}", self.shape(condition))))?;
        self.node(Op::Select, vec![condition, x, y], shape, dtype)
    }

    pub fn cast(&mut self, x: ValueId, dtype: Dtype) -> Result<ValueId> {
        if self.dtype(x) == dtype {
            return Ok(x);
        }
        let shape = self.shape(x).to_vec();
        self.node(Op::Cast(dtype), vec![x], shape, dtype)
    }

    /// Product of the last two axes, see [`Op::MatMul`].
    pub fn matmul(&mut self, a: ValueId, b: ValueId, transposed: bool) -> Result<ValueId> {
        self.expect(a, Dtype::F32)?;
        self.expect(b, Dtype::F32)?;
        let (left, right) = (self.shape(a).to_vec(), self.shape(b).to_vec());
        let ([batch_a @ .., m, k], [batch_b @ .., r1, r2]) = (left.as_slice(), right.as_slice()) else {
            return Err(self.wrong(format!("a product of shapes {left:?} and {right:?} needs two axes each")));
        };
        let (k_b, n) = if transposed { (r2, r1) } else { (r1, r2) };
        let batch = broadcast_shapes(batch_a, batch_b).filter(|_| k == k_b);
        let Some(mut shape) = batch else {
            return Err(self.wrong(format!("shapes {left:?} and {right:?} do not multiply")));
        };
        shape.extend([*m, *n]);
        self.node(Op::MatMul { transposed }, vec![a, b], shape, Dtype::F32)
    }

    /// `[B, C, H, W]` with `[O, C / groups, h, w]`; `after` is the padding below and to the right.
    pub fn conv(&mut self, x: ValueId, weight: ValueId, window: Window, after: [usize; 2]) -> Result<ValueId> {
        let (input, kernel) = (self.rank4(x)?, self.rank4(weight)?);
        self.groups(&window, input[1], kernel[0])?;
        if kernel[1] * window.groups != input[1] || kernel[2..] != window.kernel {
            return Err(self.wrong(format!("weights of shape {kernel:?} for an input of shape {input:?}")));
        }
        let [h, w] = self.windows(&window, [input[2], input[3]], after, false)?;
        self.node(Op::Conv(window), vec![x, weight], vec![input[0], kernel[0], h, w], Dtype::F32)
    }

    /// The transpose of a convolution whose input has the spatial lengths `to`.
    pub fn conv_transpose(&mut self, y: ValueId, weight: ValueId, window: Window, to: [usize; 2]) -> Result<ValueId> {
        let (output, kernel) = (self.rank4(y)?, self.rank4(weight)?);
        self.groups(&window, kernel[1] * window.groups, kernel[0])?;
        if kernel[0] != output[1] || kernel[2..] != window.kernel {
            return Err(self.wrong(format!("weights of shape {kernel:?} for an input of shape {output:?}")));
        }
        let shape = vec![output[0], kernel[1] * window.groups, to[0], to[1]];
        self.node(Op::ConvTranspose(window), vec![y, weight], shape, Dtype::F32)
    }

    pub fn max_pool(&mut self, x: ValueId, window: Window, after: [usize; 2], ceil: bool) -> Result<ValueId> {
        let input = self.rank4(x)?;
        let [h, w] = self.windows(&window, [input[2], input[3]], after, ceil)?;
        self.node(Op::MaxPool(window), vec![x], vec![input[0], input[1], h, w], Dtype::F32)
    }

    pub fn average_pool(
        &mut self,
        x: ValueId,
        window: Window,
        after: [usize; 2],
        ceil: bool,
        padding_counts: bool,
    ) -> Result<ValueId> {
        let input = self.rank4(x)?;
        let [h, w] = self.windows(&window, [input[2], input[3]], after, ceil)?;
        let op = Op::AveragePool { window, padding_counts };
        self.node(op, vec![x], vec![input[0], input[1], h, w], Dtype::F32)
    }

    /// Gradients of pools: the result has the shape `to`.
    pub fn pool_grad(&mut self, op: Op, inputs: Vec<ValueId>, to: Vec<usize>) -> Result<ValueId> {
        self.node(op, inputs, to, Dtype::F32)
    }

    /// The axes stay with length 1.
    pub fn reduce(&mut self, reduce: Reduce, x: ValueId, axes: &[usize]) -> Result<ValueId> {
        let mut axes = axes.to_vec();
        axes.sort_unstable();
        axes.dedup();
        let (mut shape, dtype) = (self.shape(x).to_vec(), self.dtype(x));
        if axes.is_empty() {
            return Ok(x);
        }
        for &axis in &axes {
            let Some(length) = shape.get_mut(axis) else {
                return Err(self.wrong(format!("axis {axis} of shape {:?}", self.shape(x))));
            };
            *length = 1;
        }
        if dtype == Dtype::Bool {
            return Err(self.wrong("a reduction of conditions"));
        }
        self.node(Op::Reduce { reduce, axes }, vec![x], shape, dtype)
    }

    /// Softmax, or its logarithm, over any axis.
    pub fn softmax(&mut self, x: ValueId, axis: usize, log: bool) -> Result<ValueId> {
        self.expect(x, Dtype::F32)?;
        let rank = self.shape(x).len();
        if axis >= rank {
            return Err(self.wrong(format!("axis {axis} of shape {:?}", self.shape(x))));
        }
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.swap(axis, rank - 1);
        let x = self.transpose(x, &axes)?;
        let shape = self.shape(x).to_vec();
        let y = self.node(if log { Op::LogSoftmax } else { Op::Softmax }, vec![x], shape, Dtype::F32)?;
        self.transpose(y, &axes)
    }

    pub fn arg_max(&mut self, x: ValueId, axis: usize) -> Result<ValueId> {
        self.expect(x, Dtype::F32)?;
        let mut shape = self.shape(x).to_vec();
        match shape.get_mut(axis) {
            Some(length) if *length > 0 => *length = 1,
            _ => return Err(self.wrong(format!("axis {axis} of shape {shape:?}"))),
        }
        self.node(Op::ArgMax { axis }, vec![x], shape, Dtype::I64)
    }

    pub fn reshape(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId> {
        if self.shape(x) == shape {
            return Ok(x);
        }
        if elements(shape) != elements(self.shape(x)) {
            return Err(self.wrong(format!("shape {:?} cannot become {shape:?}", self.shape(x))));
        }
        let dtype = self.dtype(x);
        self.node(Op::Reshape, vec![x], shape.to_vec(), dtype)
    }

    pub fn transpose(&mut self, x: ValueId, axes: &[usize]) -> Result<ValueId> {
        let shape = self.shape(x).to_vec();
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        if !sorted.iter().copied().eq(0..shape.len()) {
            return Err(self.wrong(format!("axes {axes:?} of shape {shape:?}")));
        }
        if axes.iter().copied().eq(0..shape.len()) {
            return Ok(x);
        }
        let (shape, dtype) = (axes.iter().map(|&axis| shape[axis]).collect(), self.dtype(x));
        self.node(Op::Transpose(axes.to_vec()), vec![x], shape, dtype)
    }

    pub fn broadcast(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId> {
        if self.shape(x) == shape {
            return Ok(x);
        }
        if broadcast_shapes(self.shape(x), shape).as_deref() != Some(shape) {
            return Err(self.wrong(format!("shape {:?} cannot be repeated to {shape:?}", self.shape(x))));
        }
        let dtype = self.dtype(x);
        self.node(Op::Broadcast, vec![x], shape.to_vec(), dtype)
    }

    /// `lengths` elements of each axis.
    pub fn slice(&mut self, x: ValueId, starts: &[usize], steps: &[isize], lengths: &[usize]) -> Result<ValueId> {
        let shape = self.shape(x).to_vec();
        self.places(&shape, starts, steps, lengths)?;
        if lengths == shape && steps.iter().all(|&step| step == 1) {
            return Ok(x);
        }
        let dtype = self.dtype(x);
        let op = Op::Slice { starts: starts.to_vec(), steps: steps.to_vec() };
        self.node(op, vec![x], lengths.to_vec(), dtype)
    }

    /// A part of one axis, in order.
    pub fn slice_axis(&mut self, x: ValueId, axis: usize, start: usize, length: usize) -> Result<ValueId> {
        let mut lengths = self.shape(x).to_vec();
        let mut starts = vec![0; lengths.len()];
        if axis >= lengths.len() {
            return Err(self.wrong(format!("axis {axis} of shape {lengths:?}")));
        }
        starts[axis] = start;
        lengths[axis] = length;
        let steps = vec![1; lengths.len()];
        self.slice(x, &starts, &steps, &lengths)
    }

    /// Lays `x` into a result of shape `to`.
    pub fn place(&mut self, x: ValueId, starts: &[usize], steps: &[isize], to: &[usize], fill: f32) -> Result<ValueId> {
        self.expect(x, Dtype::F32)?;
        let lengths = self.shape(x).to_vec();
        self.places(to, starts, steps, &lengths)?;
        if lengths == to && steps.iter().all(|&step| step == 1) {
            return Ok(x);
        }
        let op = Op::Place { starts: starts.to_vec(), steps: steps.to_vec(), fill };
        self.node(op, vec![x], to.to_vec(), Dtype::F32)
    }

    pub fn concat(&mut self, parts: &[ValueId], axis: usize) -> Result<ValueId> {
        let Some(&first) = parts.first() else { return Err(self.wrong("nothing to join")) };
        if parts.len() == 1 {
            return Ok(first);
        }
        let (mut shape, dtype) = (self.shape(first).to_vec(), self.dtype(first));
        if axis >= shape.len() {
            return Err(self.wrong(format!("axis {axis} of shape {shape:?}")));
        }
        for &part in &parts[1..] {
            let other = self.shape(part);
            let fits = other.len() == shape.len()
                && (0..shape.len()).all(|at| at == axis || other[at] == shape[at])
                && self.dtype(part) == dtype;
            if !fits {
                return Err(self.wrong(format!("shapes {shape:?} and {other:?} cannot be joined along axis {axis}")));
            }
            shape[axis] += other[axis];
        }
        self.node(Op::Concat { axis }, parts.to_vec(), shape, dtype)
    }

    pub fn gather(&mut self, x: ValueId, indices: ValueId, axis: usize) -> Result<ValueId> {
        self.expect(indices, Dtype::I64)?;
        let (data, dtype) = (self.shape(x).to_vec(), self.dtype(x));
        if axis >= data.len() {
            return Err(self.wrong(format!("axis {axis} of shape {data:?}")));
        }
        if let Some(known) = self.constant_of(indices).and_then(|tensor| tensor.as_i64()) {
            let length = data[axis] as i64;
            if let Some(index) = known.iter().find(|&&index| index < -length || index >= length) {
                return Err(self.wrong(format!("index {index} of an axis of length {length}")));
            }
        }
        let shape = [&data[..axis], self.shape(indices), &data[axis + 1..]].concat();
        self.node(Op::Gather { axis }, vec![x, indices], shape, dtype)
    }

    /// Adds the entries of `y` up where the indices say, in a result whose axis has `length` entries.
    pub fn scatter_add(&mut self, y: ValueId, indices: ValueId, axis: usize, length: usize) -> Result<ValueId> {
        self.expect(y, Dtype::F32)?;
        let (from, rank) = (self.shape(y).to_vec(), self.shape(indices).len());
        let shape = [&from[..axis], &[length], &from[axis + rank..]].concat();
        self.node(Op::ScatterAdd { axis }, vec![y, indices], shape, Dtype::F32)
    }

    /// Sums `x` over what was repeated, so that it has the shape again that was broadcast.
    pub fn sum_to(&mut self, x: ValueId, shape: &[usize]) -> Result<ValueId> {
        let from = self.shape(x).to_vec();
        let missing = from.len() - shape.len();
        let axes: Vec<usize> =
            (0..from.len()).filter(|&axis| axis < missing || (shape[axis - missing] == 1 && from[axis] != 1)).collect();
        let sum = self.reduce(Reduce::Sum, x, &axes)?;
        self.reshape(sum, shape)
    }

    fn node(&mut self, op: Op, inputs: Vec<ValueId>, shape: Vec<usize>, dtype: Dtype) -> Result<ValueId> {
        let constants: Option<Vec<&Tensor>> =
            inputs.iter().map(|&id| self.constant_of(id).map(AsRef::as_ref)).collect();
        if let Some(constants) = constants {
            self.check_size(&shape)?;
            let shapes: Vec<&[usize]> = constants.iter().map(|tensor| tensor.shape()).collect();
            let bytes = elements(&shape).and_then(|count| count.checked_mul(dtype.bytes())).unwrap_or(usize::MAX);
            let bytes = self.made.0.saturating_add(bytes as u64);
            let products = self.made.1.saturating_add(products(&op, &shapes, &shape));
            within("the memory of constants", bytes, "run_bytes", self.limits.run_bytes)?;
            within("the work of making constants", products, "run_products", self.limits.run_products)?;
            let tensor = reference::evaluate(&op, &constants, &shape).map_err(|why| self.wrong(why))?;
            self.made = (bytes, products);
            return self.constant(tensor);
        }
        self.push(Value { source: Source::Node { op, inputs }, shape, dtype })
    }

    fn push(&mut self, value: Value) -> Result<ValueId> {
        self.check_size(&value.shape)?;
        // Recurrent layers take many operations a node of the file.
        within(
            "the number of operations",
            self.graph.values.len() as u64,
            "nodes",
            self.limits.nodes.saturating_mul(16),
        )?;
        let id = ValueId(self.graph.values.len() as u32);
        self.graph.values.push(value);
        Ok(id)
    }

    fn check_size(&self, shape: &[usize]) -> Result<()> {
        let what = || format!("a tensor of node {:?}", self.at.1);
        within(what(), shape.len() as u64, "rank", self.limits.rank)?;
        let count = elements(shape).map_or(u64::MAX, |count| count as u64);
        within(what(), count, "tensor_elements", self.limits.tensor_elements)
    }

    fn expect(&self, id: ValueId, dtype: Dtype) -> Result<()> {
        let found = self.dtype(id);
        if found == dtype {
            Ok(())
        } else {
            Err(self.wrong(format!("expected {}, found {}", dtype.name(), found.name())))
        }
    }

    fn same_dtype(&self, x: ValueId, y: ValueId) -> Result<Dtype> {
        let (left, right) = (self.dtype(x), self.dtype(y));
        if left == right { Ok(left) } else { Err(self.wrong(format!("{} beside {}", left.name(), right.name()))) }
    }

    fn broadcast_of(&self, x: ValueId, y: ValueId) -> Result<Vec<usize>> {
        let (left, right) = (self.shape(x), self.shape(y));
        broadcast_shapes(left, right).ok_or_else(|| self.wrong(format!("shapes {left:?} and {right:?} do not fit")))
    }

    fn rank4(&self, id: ValueId) -> Result<[usize; 4]> {
        self.expect(id, Dtype::F32)?;
        let shape = self.shape(id);
        shape.try_into().map_err(|_| self.wrong(format!("shape {shape:?} where four axes are expected")))
    }

    fn groups(&self, window: &Window, channels: usize, kernels: usize) -> Result<()> {
        if window.groups == 0 || !channels.is_multiple_of(window.groups) || !kernels.is_multiple_of(window.groups) {
            return Err(self.wrong(format!("{} groups of {channels} channels and {kernels} kernels", window.groups)));
        }
        Ok(())
    }

    /// How many windows fit, down and across.
    fn windows(&self, window: &Window, lengths: [usize; 2], after: [usize; 2], ceil: bool) -> Result<[usize; 2]> {
        let mut counts = [0; 2];
        for axis in 0..2 {
            if window.kernel[axis] == 0 || window.stride[axis] == 0 || window.dilation[axis] == 0 {
                return Err(self.wrong("a window, stride or dilation of 0"));
            }
            let extent = window.extent(axis);
            let padded = lengths[axis].checked_add(window.padding[axis]).and_then(|sum| sum.checked_add(after[axis]));
            let Some(room) = padded.and_then(|padded| padded.checked_sub(extent)) else {
                return Err(self.wrong(format!("a window of {extent} on a length of {}", lengths[axis])));
            };
            let mut count = room / window.stride[axis] + 1;
            if ceil && !room.is_multiple_of(window.stride[axis]) {
                // A last window may stick out at the end, but must begin within the input or the padding before it.
                let starts = count * window.stride[axis];
                count += usize::from(starts < lengths[axis] + window.padding[axis]);
            }
            counts[axis] = count;
        }
        Ok(counts)
    }

    fn places(&self, whole: &[usize], starts: &[usize], steps: &[isize], lengths: &[usize]) -> Result<()> {
        let fits = starts.len() == whole.len()
            && steps.len() == whole.len()
            && lengths.len() == whole.len()
            && (0..whole.len()).all(|axis| {
                let last = starts[axis] as i128 + steps[axis] as i128 * (lengths[axis] as i128 - 1);
                lengths[axis] == 0
                    || (starts[axis] < whole[axis] && steps[axis] != 0 && last >= 0 && last < whole[axis] as i128)
            });
        if fits {
            Ok(())
        } else {
            Err(self.wrong(format!("{lengths:?} from {starts:?} by {steps:?} in shape {whole:?}")))
        }
    }
}
