//! The compiled form of a graph.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use super::Cancel;
use super::compile::{Step, Work, steps};
use super::held::{Held, Layout, channels_last, channels_second};
use super::memory::bytes_at_most;
use crate::error::{Error, Result, within};
use crate::graph::{Graph, Source, Unary, Value, ValueId};
use crate::kernel::{Isa, Panels, Source as Rows, apply};
use crate::limits::Limits;
use crate::reference;
use crate::tensor::Tensor;

/// A graph made ready for some of its values. Running it from several threads at once is fine.
#[derive(Clone, Debug)]
pub struct Program {
    graph: Graph,
    outputs: Vec<ValueId>,
    steps: Arc<[Step]>,
    /// For every value, the step after which nobody needs it.
    last_use: Arc<[usize]>,
    /// Memory that earlier runs let go of.
    spare: Arc<Mutex<Vec<Room>>>,
}

/// Memory that is used again from run to run.
#[derive(Debug, Default)]
struct Room {
    buffers: Vec<Vec<f32>>,
    padded: Vec<f32>,
    wide: Vec<f32>,
}

impl Program {
    /// **Errors**: more memory at one time than [`Limits::run_bytes`].
    pub fn compile(graph: Graph, outputs: &[ValueId], limits: &Limits) -> Result<Self> {
        within("the memory to run the network", bytes_at_most(&graph, outputs), "run_bytes", limits.run_bytes)?;
        let steps = steps(&graph, outputs);
        let mut last_use = vec![0; graph.len()];
        for (index, step) in steps.iter().enumerate() {
            step.inputs.iter().for_each(|input| last_use[input.index()] = index);
        }
        outputs.iter().for_each(|output| last_use[output.index()] = usize::MAX);
        Ok(Program {
            graph,
            outputs: outputs.to_vec(),
            steps: steps.into(),
            last_use: last_use.into(),
            spare: Arc::default(),
        })
    }

    /// The graph it was made of.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The outputs for these inputs, in the order in which they were asked for.
    ///
    /// **Errors**: an input that is missing or of another shape; an index outside what it picks from; [`Error::Cancelled`].
    pub fn run(&self, inputs: &[(ValueId, Tensor)], cancel: &Cancel) -> Result<Vec<Tensor>> {
        let room = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let mut run = Run { program: self, inputs, known: Vec::new(), room };
        run.known.resize_with(self.graph.len(), || None);
        for (index, step) in self.steps.iter().enumerate() {
            cancel.check()?;
            let held = run.step(step)?;
            run.known[step.output.index()] = Some(held);
            for input in &step.inputs {
                if self.last_use[input.index()] == index
                    && let Some(Held::Floats { values, .. }) = run.known[input.index()].take()
                {
                    run.room.buffers.push(values);
                }
            }
        }
        let found = self.outputs.iter().map(|&output| run.tensor(output).map(Cow::into_owned)).collect();
        let mut room = run.room;
        room.buffers.truncate(64);
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        found
    }
}

/// One run.
struct Run<'p> {
    program: &'p Program,
    inputs: &'p [(ValueId, Tensor)],
    known: Vec<Option<Held>>,
    room: Room,
}

impl<'p> Run<'p> {
    fn value(&self, id: ValueId) -> &'p Value {
        self.program.graph.value(id)
    }

    /// A value as a tensor in the order of its shape.
    fn tensor(&self, id: ValueId) -> Result<Cow<'_, Tensor>> {
        let value = self.value(id);
        match &value.source {
            Source::Constant(tensor) => Ok(Cow::Borrowed(tensor)),
            Source::Input(name) => self.given(id, name, value).map(Cow::Borrowed),
            Source::Node { .. } => self.held(id)?.to_tensor(value).map(Cow::Owned),
        }
    }

    fn given(&self, id: ValueId, name: &str, value: &Value) -> Result<&'p Tensor> {
        let given = self.inputs.iter().find(|(given, _)| *given == id).map(|(_, tensor)| tensor);
        given.filter(|tensor| tensor.shape() == value.shape && tensor.dtype() == value.dtype).ok_or_else(|| {
            Error::Input {
                name: name.to_owned(),
                expected: format!("{} {:?}", value.dtype.name(), value.shape),
                found: given.map_or_else(|| "nothing".to_owned(), Tensor::describe),
            }
        })
    }

    fn held(&self, id: ValueId) -> Result<&Held> {
        self.known[id.index()].as_ref().ok_or_else(|| Error::Inconsistent(format!("{id} was never made")))
    }

    /// The floats of a value and the order they lie in.
    fn floats(&self, id: ValueId) -> Result<(Cow<'_, [f32]>, Layout)> {
        let value = self.value(id);
        let of = |tensor: &'p Tensor| {
            let values = tensor.as_f32().ok_or_else(|| Error::Inconsistent(format!("{id} is no float")))?;
            Ok((Cow::Borrowed(values), Layout::Plain))
        };
        match &value.source {
            Source::Constant(tensor) => of(tensor),
            Source::Input(name) => of(self.given(id, name, value)?),
            Source::Node { .. } => self.held(id)?.floats().map(|(values, layout)| (Cow::Borrowed(values), layout)),
        }
    }

    /// The floats of a value in the order that is asked for.
    fn floats_in(&self, id: ValueId, wanted: Layout) -> Result<Cow<'_, [f32]>> {
        let (values, layout) = self.floats(id)?;
        let shape = &self.value(id).shape;
        Ok(match (layout, wanted) {
            (Layout::Plain, Layout::ChannelsLast) => Cow::Owned(channels_last(&values, shape)),
            (Layout::ChannelsLast, Layout::Plain) => Cow::Owned(channels_second(&values, shape)),
            _ => values,
        })
    }

    /// Memory for a value; what is in it is of no meaning.
    fn buffer(&mut self, length: usize) -> Vec<f32> {
        let fits = self
            .room
            .buffers
            .iter()
            .position(|buffer| buffer.capacity() >= length && buffer.capacity() <= 2 * length + 64);
        let mut buffer = fits.map(|index| self.room.buffers.swap_remove(index)).unwrap_or_default();
        buffer.resize(length, 0.0);
        buffer
    }

    fn step(&mut self, step: &Step) -> Result<Held> {
        let value = self.value(step.output);
        let length = value.shape.iter().product();
        match &step.work {
            Work::Plain(op) => {
                let arguments = step.inputs.iter().map(|&input| self.tensor(input)).collect::<Result<Vec<_>>>()?;
                let borrowed: Vec<&Tensor> = arguments.iter().map(AsRef::as_ref).collect();
                let made = reference::evaluate(op, &borrowed, &value.shape);
                let made =
                    made.map_err(|why| Error::Operator { operator: op.name(), node: step.output.to_string(), why })?;
                Ok(Held::from_tensor(made))
            }
            Work::Reshape => {
                let mut out = self.buffer(length);
                out.copy_from_slice(&self.floats_in(step.inputs[0], Layout::Plain)?);
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
            Work::Affine { panels, activation } => {
                let mut out = self.buffer(length);
                let x = self.floats_in(step.inputs[0], Layout::Plain)?;
                affine(panels, &x, *activation, &mut out);
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
            Work::Convolution { convolution, activation } => {
                let mut out = self.buffer(length);
                let mut padded = std::mem::take(&mut self.room.padded);
                let x = self.floats_in(step.inputs[0], Layout::ChannelsLast)?;
                let batch = value.shape[0].max(1);
                let pictures = x.chunks_exact((x.len() / batch).max(1));
                for (picture, out) in pictures.zip(out.chunks_exact_mut((length / batch).max(1))) {
                    convolution.run(picture, out, &mut padded);
                    if let Some(unary) = activation {
                        apply(Isa::best(), *unary, out);
                    }
                }
                drop(x);
                self.room.padded = padded;
                Ok(Held::Floats { values: out, layout: Layout::ChannelsLast })
            }
            Work::Transposed(transposed) => {
                let mut out = self.buffer(length);
                let (mut padded, mut wide) =
                    (std::mem::take(&mut self.room.padded), std::mem::take(&mut self.room.wide));
                let y = self.floats_in(step.inputs[0], Layout::ChannelsLast)?;
                let batch = value.shape[0].max(1);
                let pictures = y.chunks_exact((y.len() / batch).max(1));
                for (picture, out) in pictures.zip(out.chunks_exact_mut((length / batch).max(1))) {
                    transposed.run(picture, out, &mut padded, &mut wide);
                }
                drop(y);
                (self.room.padded, self.room.wide) = (padded, wide);
                Ok(Held::Floats { values: out, layout: Layout::ChannelsLast })
            }
            Work::Product { transposed } => {
                let mut out = self.buffer(length);
                let (a, b) =
                    (self.floats_in(step.inputs[0], Layout::Plain)?, self.floats_in(step.inputs[1], Layout::Plain)?);
                product(&a, &b, *transposed, &value.shape, &mut out);
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
            Work::Chain(chain) => {
                let mut out = self.buffer(length);
                let mut layout = Layout::Plain;
                for &input in &step.inputs {
                    if self.floats(input)?.1 == Layout::ChannelsLast {
                        layout = Layout::ChannelsLast;
                    }
                }
                let arguments =
                    step.inputs.iter().map(|&input| self.floats_in(input, layout)).collect::<Result<Vec<_>>>()?;
                let borrowed: Vec<&[f32]> = arguments.iter().map(AsRef::as_ref).collect();
                chain.run(&borrowed, &mut out);
                Ok(Held::Floats { values: out, layout })
            }
        }
    }
}

/// Rows times a matrix, then a function.
fn affine(panels: &Panels, x: &[f32], activation: Option<Unary>, out: &mut [f32]) {
    let rows = out.len() / panels.columns().max(1);
    let k = x.len() / rows.max(1);
    let source = Rows { values: x, first: 0, step: k, line: 0, lines: 1, run: k };
    panels.multiply(&source, rows, out, panels.columns());
    if let Some(unary) = activation {
        apply(Isa::best(), unary, out);
    }
}

/// A product of two computed matrices, for every entry of the leading axes.
fn product(a: &[f32], b: &[f32], transposed: bool, shape: &[usize], out: &mut [f32]) {
    let (m, n) = (shape[shape.len() - 2], shape[shape.len() - 1]);
    let batch = shape[..shape.len() - 2].iter().product::<usize>().max(1);
    let (from_a, from_b) = (a.len() / batch, b.len() / batch);
    if m * n == 0 {
        return;
    }
    let k = from_a / m;
    for (index, out) in out.chunks_exact_mut(m * n).enumerate() {
        let (a, b) = (&a[index * from_a..][..from_a], &b[index * from_b..][..from_b]);
        let weight = |row: usize, column: usize| if transposed { b[column * k + row] } else { b[row * n + column] };
        affine(&Panels::pack(Isa::best(), k, n, weight, None), a, None, out);
    }
}
