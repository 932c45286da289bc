//! The compiled form of a graph.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use super::Cancel;
use super::compile::{Step, Work, steps};
use super::convolution::Spare;
use super::held::{Held, Layout, channels_last, channels_second, turn};
use super::memory::{bytes_at_most, packed_bytes};
use super::pooled::pooled;
use crate::error::{Error, Result, within};
use crate::graph::{Graph, Reduce, Source, Unary, Value, ValueId};
use crate::kernel::{Crew, Crews, Goal, Isa, Panels, Source as Rows, apply, combine, exponentials};
use crate::limits::Limits;
use crate::reference;
use crate::tensor::Tensor;

/// Products of a run, for each result that is computed side by side, and of a step of it, from which on a second thread is worth its
/// start.
const RUN_SHARED: u64 = 62_500;
const STEP_SHARED: u64 = 100_000;

/// Memory that a finished run leaves for the next, at most.
const SPARE_BUFFERS: usize = 64;
const SPARE_BYTES: usize = 64 << 20;

/// Floats of an input that are lent, for they may be many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lent<'l> {
    /// Of which input.
    pub id: ValueId,
    pub values: &'l [f32],
    /// In which order they lie.
    pub layout: Layout,
}

/// A graph made ready for some of its values. Running it from several threads at once is fine.
#[derive(Clone, Debug)]
pub struct Program {
    graph: Graph,
    outputs: Vec<ValueId>,
    steps: Arc<[Step]>,
    /// For every value, the step after which nobody needs it.
    last_use: Arc<[usize]>,
    /// Products of all steps.
    cost: u64,
    /// Most memory of values at one time.
    bytes: u64,
    /// Memory that earlier runs let go of.
    spare: Arc<Mutex<Vec<Room>>>,
    /// Threads that wait for the next run.
    crews: Arc<Crews>,
}

/// Memory that is used again from run to run.
#[derive(Debug, Default)]
struct Room {
    buffers: Vec<Vec<f32>>,
    spare: Spare,
    wide: Vec<f32>,
    turned: Vec<f32>,
}

impl Program {
    /// **Errors**: more memory at one time than [`Limits::run_bytes`], more work than [`Limits::run_products`].
    pub fn compile(graph: Graph, outputs: &[ValueId], limits: &Limits) -> Result<Self> {
        Self::compile_for(graph, outputs, &[], limits)
    }

    /// The same where some inputs are pictures that will be lent with their channels last.
    pub(crate) fn compile_for(
        graph: Graph,
        outputs: &[ValueId],
        pictures: &[ValueId],
        limits: &Limits,
    ) -> Result<Self> {
        let bytes = bytes_at_most(&graph, outputs);
        let all = bytes.saturating_add(packed_bytes(&graph, outputs));
        within("the memory to run the network", all, "run_bytes", limits.run_bytes)?;
        let steps = steps(&graph, outputs, pictures);
        let cost = steps.iter().map(|step| step.cost).fold(0, u64::saturating_add);
        within("the work of one run", cost, "run_products", limits.run_products)?;
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
            cost,
            bytes,
            spare: Arc::default(),
            crews: Arc::default(),
        })
    }

    /// The graph it was made of.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Products of two numbers that a run takes, about.
    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    /// Bytes of values that are held at one time at most.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The outputs for these inputs, in the order in which they were asked for.
    ///
    /// **Errors**: an input that is missing or of another shape; an index outside what it picks from; [`Error::Cancelled`].
    pub fn run(&self, inputs: &[(ValueId, Tensor)], cancel: &Cancel) -> Result<Vec<Tensor>> {
        self.run_on(inputs, 1, cancel)
    }

    /// The same by so many threads, where there is work enough for them. The result is the same to the bit.
    pub fn run_on(&self, inputs: &[(ValueId, Tensor)], threads: usize, cancel: &Cancel) -> Result<Vec<Tensor>> {
        let threads = if self.worth_sharing() { threads } else { 1 };
        self.crews.with(threads, |crew| self.run_with(inputs, &[], crew, STEP_SHARED, cancel))
    }

    /// The same with more inputs that are lent.
    pub(crate) fn run_lent(
        &self,
        inputs: &[(ValueId, Tensor)],
        lent: &[Lent<'_>],
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Vec<Tensor>> {
        for Lent { id, values, .. } in lent {
            let expected = &self.graph.value(*id).shape;
            if values.len() != expected.iter().product::<usize>() {
                return Err(Error::Argument {
                    argument: "rows",
                    expected: format!("as many numbers as shape {expected:?} has"),
                    found: values.len().to_string(),
                });
            }
        }
        let threads = if self.worth_sharing() { threads } else { 1 };
        self.crews.with(threads, |crew| self.run_with(inputs, lent, crew, STEP_SHARED, cancel))
    }

    fn worth_sharing(&self) -> bool {
        self.cost >= RUN_SHARED * Isa::best().lanes() as u64
    }

    /// By so many threads, however little there is to do.
    #[cfg(test)]
    pub(super) fn run_by(&self, inputs: &[(ValueId, Tensor)], threads: usize, cancel: &Cancel) -> Result<Vec<Tensor>> {
        self.crews.with(threads, |crew| self.run_with(inputs, &[], crew, 0, cancel))
    }

    /// Steps of fewer products than `shared` are the caller's alone.
    fn run_with(
        &self,
        inputs: &[(ValueId, Tensor)],
        lent: &[Lent<'_>],
        crew: &Crew<'_>,
        shared: u64,
        cancel: &Cancel,
    ) -> Result<Vec<Tensor>> {
        let room = self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let mut run = Run { program: self, inputs, lent, known: Vec::new(), room };
        run.known.resize_with(self.graph.len(), || None);
        let alone = Crew::alone();
        for (index, step) in self.steps.iter().enumerate() {
            cancel.check()?;
            let held = run.step(step, if step.cost < shared { &alone } else { crew })?;
            run.known[step.output.index()] = Some(held);
            for input in &step.inputs {
                if self.last_use[input.index()] == index
                    && let Some(Held::Floats { values, .. }) = run.known[input.index()].take()
                {
                    run.room.buffers.push(values);
                }
            }
        }
        let mut found = Vec::with_capacity(self.outputs.len());
        for (index, &output) in self.outputs.iter().enumerate() {
            let again = self.outputs[index + 1..].contains(&output);
            let held = if again { None } else { run.known[output.index()].take() };
            found.push(match held {
                // Turned into another vector, so that this one can be used again.
                Some(Held::Floats { values, layout: Layout::ChannelsLast }) => {
                    let shape = &self.graph.value(output).shape;
                    let tensor = Tensor::f32(shape, channels_second(&values, shape))?;
                    run.room.buffers.push(values);
                    tensor
                }
                Some(held) => held.into_tensor(self.graph.value(output))?,
                None => run.tensor(output)?.into_owned(),
            });
        }
        let mut room = run.room;
        room.buffers.truncate(SPARE_BUFFERS);
        let mut bytes = 0_usize;
        room.buffers.retain(|buffer| {
            bytes = bytes.saturating_add(size_of::<f32>() * buffer.capacity());
            bytes <= SPARE_BYTES
        });
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(room);
        Ok(found)
    }
}

/// One run.
struct Run<'p> {
    program: &'p Program,
    inputs: &'p [(ValueId, Tensor)],
    lent: &'p [Lent<'p>],
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
        if let Some(Lent { values, layout, .. }) = self.lent(id) {
            let values = match layout {
                Layout::Plain => values.to_vec(),
                Layout::ChannelsLast => channels_second(values, &value.shape),
            };
            return Tensor::f32(&value.shape, values).map(Cow::Owned);
        }
        match &value.source {
            Source::Constant(tensor) => Ok(Cow::Borrowed(tensor)),
            Source::Input(name) => self.given(id, name, value).map(Cow::Borrowed),
            Source::Node { .. } => self.held(id)?.to_tensor(value).map(Cow::Owned),
        }
    }

    fn lent(&self, id: ValueId) -> Option<&'p Lent<'p>> {
        self.lent.iter().find(|lent| lent.id == id)
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
        if let Some(Lent { values, layout, .. }) = self.lent(id) {
            return Ok((Cow::Borrowed(values), *layout));
        }
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

    /// The same, in memory that is used again where they have to be turned.
    fn floats_turned<'r>(&'r self, id: ValueId, wanted: Layout, room: &'r mut Vec<f32>) -> Result<Cow<'r, [f32]>> {
        let (values, layout) = self.floats(id)?;
        if layout == wanted {
            return Ok(values);
        }
        room.resize(values.len(), 0.0);
        turn(&values, &self.value(id).shape, wanted, room);
        Ok(Cow::Borrowed(room))
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

    #[expect(clippy::too_many_lines, reason = "one arm a kind of work")]
    fn step(&mut self, step: &Step, crew: &Crew<'_>) -> Result<Held> {
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
                match self.floats(step.inputs[0])? {
                    (values, Layout::Plain) => out.copy_from_slice(&values),
                    (values, _) => turn(&values, &self.value(step.inputs[0]).shape, Layout::Plain, &mut out),
                }
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
            Work::Affine { panels, activation, from_pictures, to_pictures } => {
                let mut out = self.buffer(length);
                let layout = |pictures: bool| if pictures { Layout::ChannelsLast } else { Layout::Plain };
                let mut turned = std::mem::take(&mut self.room.turned);
                let x = self.floats_turned(step.inputs[0], layout(*from_pictures), &mut turned)?;
                panels.iter().for_each(|panels| affine(panels, &x, *activation, &mut out, crew));
                drop(x);
                self.room.turned = turned;
                Ok(Held::Floats { values: out, layout: layout(*to_pictures) })
            }
            Work::Convolution { convolution, activation } => {
                let mut out = self.buffer(length);
                let mut spare = std::mem::take(&mut self.room.spare);
                let (x, layout) = self.floats(step.inputs[0])?;
                convolution.run(&x, layout, *activation, &mut out, &mut spare, crew);
                drop(x);
                self.room.spare = spare;
                Ok(Held::Floats { values: out, layout: Layout::ChannelsLast })
            }
            Work::Transposed(transposed) => {
                let mut out = self.buffer(length);
                let (mut spare, mut wide) = (std::mem::take(&mut self.room.spare), std::mem::take(&mut self.room.wide));
                let mut turned = std::mem::take(&mut self.room.turned);
                let y = self.floats_turned(step.inputs[0], Layout::ChannelsLast, &mut turned)?;
                transposed.run(&y, value.shape[0], &mut out, &mut spare, &mut wide, crew);
                drop(y);
                (self.room.spare, self.room.wide, self.room.turned) = (spare, wide, turned);
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
                let layout = self.common_layout(&step.inputs)?;
                let arguments =
                    step.inputs.iter().map(|&input| self.floats_in(input, layout)).collect::<Result<Vec<_>>>()?;
                let borrowed: Vec<&[f32]> = arguments.iter().map(AsRef::as_ref).collect();
                chain.run(&borrowed, &mut out);
                Ok(Held::Floats { values: out, layout })
            }
            Work::Pairs { binary, first, second } => {
                let (mut out, mut other) = (self.buffer(length), Vec::new());
                let x = self.floats_in(step.inputs[0], Layout::Plain)?;
                let y = self.floats_in(step.inputs[1], Layout::Plain)?;
                match first {
                    Some(moves) => moves.run(std::iter::once(&*x), &mut out),
                    None => out.copy_from_slice(&x),
                }
                let y = match second {
                    Some(moves) => {
                        other.resize(length, 0.0);
                        moves.run(std::iter::once(&*y), &mut other);
                        other.as_slice()
                    }
                    None => &*y,
                };
                combine(Isa::best(), *binary, &mut out, y);
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
            Work::Moves(moves) => {
                let mut out = self.buffer(length);
                let arguments = step
                    .inputs
                    .iter()
                    .map(|&input| self.floats_in(input, Layout::Plain))
                    .collect::<Result<Vec<_>>>()?;
                moves.run(arguments.iter().map(AsRef::as_ref), &mut out);
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
            Work::Pool { pool, frame } => {
                let mut out = self.buffer(length);
                let arguments = step
                    .inputs
                    .iter()
                    .map(|&input| self.floats_in(input, Layout::ChannelsLast))
                    .collect::<Result<Vec<_>>>()?;
                let borrowed: Vec<&[f32]> = arguments.iter().map(AsRef::as_ref).collect();
                pooled(*pool, frame, &borrowed, &mut out, crew);
                Ok(Held::Floats { values: out, layout: Layout::ChannelsLast })
            }
            Work::Softmax { log } => {
                let mut out = self.buffer(length);
                out.copy_from_slice(&self.floats_in(step.inputs[0], Layout::Plain)?);
                exponentials(Isa::best(), &mut out, value.shape.last().copied().unwrap_or(1), *log);
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
            Work::Reduce { reduce, length: each } => {
                let mut out = self.buffer(length);
                let x = self.floats_in(step.inputs[0], Layout::Plain)?;
                for (out, stretch) in out.iter_mut().zip(x.chunks_exact((*each).max(1))) {
                    *out = reduced(*reduce, stretch);
                }
                if *each == 0 {
                    out.fill(reduced(*reduce, &[]));
                }
                Ok(Held::Floats { values: out, layout: Layout::Plain })
            }
        }
    }

    /// The order that most of these values lie in already.
    fn common_layout(&self, inputs: &[ValueId]) -> Result<Layout> {
        for &input in inputs {
            if self.floats(input)?.1 == Layout::ChannelsLast {
                return Ok(Layout::ChannelsLast);
            }
        }
        Ok(Layout::Plain)
    }
}

/// One number of many; sums are taken in `f64`.
fn reduced(reduce: Reduce, values: &[f32]) -> f32 {
    let fold = |start: f32, takes: fn(f32, f32) -> bool| {
        values.iter().fold(start, |best, &value| if takes(value, best) || value.is_nan() { value } else { best })
    };
    let sum = || values.iter().map(|&value| f64::from(value)).sum::<f64>();
    match reduce {
        Reduce::Sum => sum() as f32,
        Reduce::Mean => (sum() / values.len() as f64) as f32,
        Reduce::Max => fold(f32::NEG_INFINITY, |value, best| value > best),
        Reduce::Min => fold(f32::INFINITY, |value, best| value < best),
        Reduce::Prod => values.iter().map(|&value| f64::from(value)).product::<f64>() as f32,
    }
}

/// So many rows of a matrix, one after the other.
fn source(values: &[f32], rows: usize) -> Rows<'_> {
    let k = values.len() / rows.max(1);
    Rows { values, first: 0, across: rows.max(1), step: k, down: 0, line: 0, lines: 1, run: k }
}

/// Rows times a matrix, then a function.
fn affine(panels: &Panels, x: &[f32], activation: Option<Unary>, out: &mut [f32], crew: &Crew<'_>) {
    let columns = panels.columns().max(1);
    let rows = out.len() / columns;
    let k = x.len() / rows.max(1);
    let activate = |out: &mut [f32]| {
        if let Some(unary) = activation {
            apply(Isa::best(), unary, out);
        }
    };
    if rows == 1 && crew.threads() > 1 {
        // Each thread takes some columns, and so some of the weights.
        let lanes = Isa::best().lanes();
        let each = panels.panels().div_ceil(crew.threads()).next_multiple_of(4);
        let parts: Vec<Mutex<&mut [f32]>> = out.chunks_mut(each * lanes).map(Mutex::new).collect();
        crew.run(parts.len(), &|part| {
            let mut out = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            let range = part * each..((part + 1) * each).min(panels.panels());
            panels.multiply_panels(range, &source(x, 1), 1, &mut out, Goal { step: 0, down: 0 });
        });
        activate(out);
        return;
    }
    // Each thread takes some rows.
    let each = rows.div_ceil(crew.threads()).max(1);
    let parts: Vec<Mutex<&mut [f32]>> = out.chunks_mut(each * columns).map(Mutex::new).collect();
    crew.run(parts.len(), &|part| {
        let mut out = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
        let rows = out.len() / columns;
        let x = &x[part * each * k..][..rows * k];
        panels.multiply(&source(x, rows), rows, &mut out, Goal { step: panels.columns(), down: 0 });
        activate(&mut out);
    });
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
        affine(&Panels::pack(Isa::best(), k, n, weight, None), a, None, out, &Crew::alone());
    }
}
