//! The network at one step, as a function of some of its values.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::explained::Part;
use super::{Spread, View};
use crate::error::{Error, Result};
use crate::exec::{Cancel, Layout, Lent, Program};
use crate::grad::{differentiate, rescale};
use crate::graph::{Builder, Graph, Op, ValueId, affine_frontier};
use crate::model::Model;
use crate::reference::evaluate;
use crate::tensor::{Data, Dtype, Tensor};

/// Products that one more number to carry from point to point costs as much as, about: it is made, turned, read and added up again.
const PRODUCTS_A_NUMBER: u64 = 100;

/// Rows that [`look`] takes at once.
const LOOK_ROWS: usize = 32;

/// Something that takes points, rows of the explained value, and gives entries.
pub(super) trait Function: Sync {
    /// Entries that each point gives.
    fn entries(&self) -> usize;

    /// What the entries of one point take.
    fn effort(&self) -> Effort;

    /// Entries of each point, and with seeds (what each entry of each point counts) the gradient of their weighed sum.
    /// Point `i` shares all else with row `of[i]`. `threads` may share the work. **Shapes**: `[P, entries]` and `[P, width]`.
    fn answer(
        &self,
        points: &[f32],
        of: &[usize],
        seeds: Option<&[f32]>,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Answer>;

    /// The network at one step, where it is that.
    fn one_step(&self) -> Option<&OneStep<'_>> {
        None
    }

    /// The same in two halves, the first of them affine. `None` when there are no such halves, or they are not looked for.
    fn halves(&self) -> Result<Option<Halves<'_>>> {
        Ok(None)
    }

    /// Multipliers by the rescale rule between points and what they are compared with. **Shapes**: `[P, width]`.
    fn rescaled(
        &self,
        _points: &[f32],
        _others: &[f32],
        _of: &[usize],
        _seeds: &[f32],
        _: &Cancel,
    ) -> Result<Vec<f32>> {
        Err(Error::Argument {
            argument: "method",
            expected: "one that follows gradients through time".to_owned(),
            found: "DeepLIFT's rescale rule, which needs both passes at once".to_owned(),
        })
    }
}

/// What came out for some points.
#[derive(Default)]
pub(super) struct Answer {
    pub entries: Vec<f32>,
    pub gradient: Vec<f32>,
}

/// What one point takes, about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Effort {
    /// Products of two numbers.
    pub products: u64,
    /// Bytes of values that are held at one time.
    pub bytes: u64,
}

/// A function as one after another: all that the second knows of the points comes from the first.
pub(super) struct Halves<'f> {
    /// Affine in the points.
    pub first: OneStep<'f>,
    /// What it gives, as the second takes it.
    pub middle: Part,
    pub second: OneStep<'f>,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub(super) enum Outlook {
    /// One output.
    View { output: String, view: View },
    /// Several, as one row: a recurrent state after the step.
    Together(Vec<String>),
    /// Several outputs, each looked at in its own way, one after the other.
    Each(Vec<(String, View)>),
}

/// A network with an outlook, compiled for as many rows as are asked for. What was compiled is kept with the model.
pub(super) struct Compiler<'m> {
    pub(super) model: &'m Model,
    outlook: Outlook,
    /// Shape of each input, rows first.
    shapes: BTreeMap<String, Vec<usize>>,
    pub(super) wrt: Vec<Part>,
    /// All that programs depend on beside rows and pass.
    pub(super) question: String,
    /// Entries of one row.
    pub entries: usize,
    effort: Effort,
}

/// What a program computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Pass {
    /// Entries.
    Forward,
    /// Entries of rows that differ in a rectangle.
    Local,
    /// Entries and gradients.
    Back,
    /// Entries and multipliers; half of the rows are what the others are compared with.
    Rescale,
}

/// The function for a number of rows.
struct Compiled {
    program: Program,
    /// Names of inputs that the program takes for every row.
    inputs: Vec<(ValueId, String)>,
    /// The explained values as inputs, in the order of the parts.
    wrt: Vec<ValueId>,
    /// What each entry counts, as an input.
    seeds: Option<ValueId>,
    entries: usize,
}

/// The network at one step.
pub(super) struct OneStep<'m> {
    pub compiler: Arc<Compiler<'m>>,
    /// Rows of every input, and of what the view takes beside.
    pub inputs: Arc<BTreeMap<String, Tensor>>,
}

impl<'m> Compiler<'m> {
    /// **Errors**: names that the model does not have; an output without a row for each input row.
    pub fn new(
        model: &'m Model,
        outlook: Outlook,
        shapes: BTreeMap<String, Vec<usize>>,
        wrt: Vec<Part>,
    ) -> Result<Self> {
        let rows: Vec<_> = shapes.iter().map(|(name, shape)| (name, shape.get(1..))).collect();
        let question = format!("{rows:?} {} {wrt:?}", outlook.question());
        let mut compiler = Compiler { model, outlook, shapes, wrt, question, entries: 0, effort: Effort::default() };
        let one = compiler.compiled(1, Pass::Forward)?;
        compiler.entries = one.entries;
        compiler.effort = Effort { products: one.program.cost(), bytes: one.program.bytes() };
        Ok(compiler)
    }

    /// Up to where the way to the entries is affine in the explained value: a value that the file names, with a row for each point.
    fn affine_until(&self) -> Result<Option<Part>> {
        let [part] = self.wrt.as_slice() else { return Ok(None) };
        let found = self.model.prepared.get(&format!("affine {}", self.question), || {
            // Two rows tell an axis of rows from one of length 1.
            let rows = if self.model.has_fixed_rows() { 1 } else { 2 };
            let Ok((graph, output)) = self.looked_at(rows) else { return Ok(None) };
            let found = graph.named(&part.name).and_then(|from| affine_frontier(&graph, from, output));
            let Some(found) = found else { return Ok(None) };
            // The first of its names: what the others stand for follows when that value is given.
            let mut names = graph.names().iter().filter(|(name, id)| *id == found && graph.named(name) == Some(found));
            let (Some((name, _)), value) = (names.next(), graph.value(found)) else { return Ok(None) };
            if value.shape.first() != Some(&rows) || value.dtype != Dtype::F32 || self.model.axis_of_rows(name) != 0 {
                return Ok(None);
            }
            let shape = value.shape[1..].to_vec();
            let width = shape.iter().product();
            Ok(Some(Part { name: name.clone(), shape, offset: 0, width, channels_last: false }))
        })?;
        Ok((*found).clone())
    }

    fn compiled(&self, rows: usize, pass: Pass) -> Result<Arc<Compiled>> {
        self.model.prepared.get(&format!("{} {rows} {pass:?}", self.question), || self.compile(rows, pass))
    }

    /// The network for a number of rows, and what is looked at in it.
    pub(super) fn looked_at(&self, rows: usize) -> Result<(Graph, ValueId)> {
        let is_input = |name: &str| self.shapes.contains_key(name);
        let patched: Vec<String> = self.wrt.iter().map(|part| part.name.clone()).filter(|n| !is_input(n)).collect();
        // Who asks about several rows of a network of one needs them together.
        let open = (rows > 1 && self.model.has_fixed_rows()).then(|| self.model.with_open_rows());
        let graph = graph_of(open.as_ref().unwrap_or(self.model), &self.shapes, rows, &patched)?;
        let mut b = Builder::resume(graph, self.model.limits().clone());
        let mut output = self.outlook.build(self.model, &mut b, rows)?;
        let shape = b.shape(output).to_vec();
        // One row without an axis for it: a critic that ends in a squeeze, or atoms that are the same for all.
        if rows == 1 && shape.first() != Some(&1) {
            output = b.reshape(output, &[&[1], shape.as_slice()].concat())?;
        }
        Ok((b.finish(), output))
    }

    fn compile(&self, rows: usize, pass: Pass) -> Result<Compiled> {
        let (graph, output) = self.looked_at(rows)?;
        let limits = self.model.limits();
        let wrt: Vec<ValueId> =
            self.wrt.iter().map(|part| self.model.find(&graph, &part.name)).collect::<Result<_>>()?;
        let value = graph.value(output);
        if value.shape.first() != Some(&rows) || value.dtype != Dtype::F32 {
            return Err(Error::Argument {
                argument: "target",
                expected: format!("an output of floats with {rows} rows"),
                found: format!("{:?} of shape {:?}", self.outlook.title(), value.shape),
            });
        }
        let entries = value.shape.iter().skip(1).product();
        let (graph, outputs, seeds) = match pass {
            Pass::Forward | Pass::Local => (graph, vec![output], None),
            Pass::Back | Pass::Rescale => {
                let found = if pass == Pass::Back {
                    differentiate(graph, output, &wrt, limits)?
                } else {
                    rescale(graph, output, &wrt, rows / 2, limits)?
                };
                (found.graph, [&[output], found.wrt.as_slice()].concat(), Some(found.seed))
            }
        };
        let needed = graph.needed_by(&outputs);
        let taken = |(id, name): (ValueId, &str)| {
            let own = wrt.contains(&id) || Some(id) == seeds;
            (!own && needed[id.index()]).then(|| (id, name.to_owned()))
        };
        let inputs = graph.inputs().filter_map(taken).collect();
        let program = Program::compile(graph, &outputs, limits)?;
        Ok(Compiled { program, inputs, wrt, seeds, entries })
    }
}

impl Function for OneStep<'_> {
    fn entries(&self) -> usize {
        self.compiler.entries
    }

    fn effort(&self) -> Effort {
        self.compiler.effort
    }

    fn answer(
        &self,
        points: &[f32],
        of: &[usize],
        seeds: Option<&[f32]>,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Answer> {
        let pass = if seeds.is_some() { Pass::Back } else { Pass::Forward };
        self.run(points, of, (seeds, pass), threads, cancel)
    }

    fn one_step(&self) -> Option<&OneStep<'_>> {
        Some(self)
    }

    fn halves(&self) -> Result<Option<Halves<'_>>> {
        let Some(middle) = self.compiler.affine_until()? else { return Ok(None) };
        let Compiler { model, outlook, shapes, wrt, .. } = self.compiler.as_ref();
        let half = |outlook, wrt| -> Result<OneStep<'_>> {
            let compiler = Arc::new(Compiler::new(model, outlook, shapes.clone(), wrt)?);
            Ok(OneStep { compiler, inputs: Arc::clone(&self.inputs) })
        };
        let first = half(Outlook::View { output: middle.name.clone(), view: View::Plain }, wrt.clone())?;
        // There and back. A first layer that makes many numbers of few is done again sooner than these are carried about.
        let saved = first.effort().products.saturating_mul(2);
        let given: usize = wrt.iter().map(|part| part.width).sum();
        let more = middle.width.saturating_sub(given) as u64;
        if saved < more.saturating_mul(PRODUCTS_A_NUMBER) {
            return Ok(None);
        }
        let second = half(outlook.clone(), vec![middle.clone()])?;
        Ok(Some(Halves { first, middle, second }))
    }

    fn rescaled(
        &self,
        points: &[f32],
        others: &[f32],
        of: &[usize],
        seeds: &[f32],
        cancel: &Cancel,
    ) -> Result<Vec<f32>> {
        let mut seeds = seeds.to_vec();
        seeds.resize(2 * seeds.len(), 0.0);
        let points_twice = [points, others].concat();
        let found = self.run(&points_twice, &[of, of].concat(), (Some(&seeds), Pass::Rescale), 1, cancel);
        let found = found.map_err(|why| match why {
            Error::Operator { .. } if self.compiler.model.has_fixed_rows() => Error::Argument {
                argument: "method",
                expected: "a network whose axis of rows is open (dynamic_axes of torch.onnx.export): both passes go through it at once".to_owned(),
                found: format!("one row, on which it insists: {why}"),
            },
            why => why,
        })?;
        Ok(found.gradient[..points.len()].to_vec())
    }
}

impl<'m> OneStep<'m> {
    /// Several of these as one, when they ask about the same rows: the entries of each, one after the other.
    pub fn together(all: &[&OneStep<'m>]) -> Result<Option<OneStep<'m>>> {
        let Some(first) = all.first() else { return Ok(None) };
        let (mut outlooks, mut inputs) = (Vec::with_capacity(all.len()), (*first.inputs).clone());
        for one in all {
            let same = std::ptr::eq(one.compiler.model, first.compiler.model)
                && one.compiler.wrt == first.compiler.wrt
                && one.compiler.shapes == first.compiler.shapes;
            let Outlook::View { output, view } = &one.compiler.outlook else { return Ok(None) };
            for (name, tensor) in one.inputs.iter() {
                if inputs.entry(name.clone()).or_insert_with(|| tensor.clone()) != tensor {
                    return Ok(None);
                }
            }
            if !same {
                return Ok(None);
            }
            outlooks.push((output.clone(), view.clone()));
        }
        let Compiler { model, shapes, wrt, .. } = first.compiler.as_ref();
        let compiler = Compiler::new(model, Outlook::Each(outlooks), shapes.clone(), wrt.clone())?;
        Ok(Some(OneStep { compiler: Arc::new(compiler), inputs: Arc::new(inputs) }))
    }
}

impl OneStep<'_> {
    /// Inputs for rows that belong to these.
    pub fn given(&self, inputs: &[(ValueId, String)], of: &[usize]) -> Result<Vec<(ValueId, Tensor)>> {
        let mut given = Vec::with_capacity(inputs.len() + self.compiler.wrt.len() + 1);
        for (id, name) in inputs {
            let tensor = self.inputs.get(name).ok_or_else(|| Error::Input {
                name: name.clone(),
                expected: "a row for each that is explained".to_owned(),
                found: "nothing".to_owned(),
            })?;
            given.push((*id, laid_out(tensor.rows(of)?, self.compiler.model.axis_of_rows(name))?));
        }
        Ok(given)
    }

    fn run(
        &self,
        points: &[f32],
        of: &[usize],
        (seeds, pass): (Option<&[f32]>, Pass),
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Answer> {
        let compiled = self.compiler.compiled(of.len(), pass)?;
        let graph = compiled.program.graph();
        let mut given = self.given(&compiled.inputs, of)?;
        let width = points.len() / of.len().max(1);
        let whole = match self.compiler.wrt.as_slice() {
            [part] if self.compiler.model.axis_of_rows(&part.name) == 0 => Some((compiled.wrt[0], points)),
            _ => None,
        };
        for (part, &id) in self.compiler.wrt.iter().zip(&compiled.wrt).filter(|_| whole.is_none()) {
            let rows = if part.width == width {
                points.to_vec()
            } else {
                let rows = points.chunks(width).flat_map(|row| &row[part.offset..][..part.width]);
                rows.copied().collect()
            };
            let rows = Tensor::f32(&[&[of.len()], part.shape.as_slice()].concat(), rows)?;
            given.push((id, laid_out(rows, self.compiler.model.axis_of_rows(&part.name))?));
        }
        if let (Some(id), Some(seeds)) = (compiled.seeds, seeds) {
            given.push((id, Tensor::f32(&graph.value(id).shape, seeds.to_vec())?));
        }
        let lent = whole.map(|(id, values)| Lent { id, values, layout: Layout::Plain });
        let mut found = compiled.program.run_lent(&given, lent.as_slice(), threads, cancel)?.into_iter();
        let entries = found.next().map(floats).unwrap_or_default();
        let mut gradient = Vec::new();
        if whole.is_some() {
            gradient = found.next().map(floats).unwrap_or_default();
        } else if seeds.is_some() {
            gradient = vec![0.0; points.len()];
            for (part, tensor) in self.compiler.wrt.iter().zip(found) {
                let tensor = rows_first(tensor, self.compiler.model.axis_of_rows(&part.name))?;
                for (row, values) in floats(tensor).chunks(part.width.max(1)).enumerate() {
                    gradient[row * width + part.offset..][..part.width].copy_from_slice(values);
                }
            }
        }
        Ok(Answer { entries, gradient })
    }
}

impl Outlook {
    fn build(&self, model: &Model, b: &mut Builder, rows: usize) -> Result<ValueId> {
        let named = |b: &Builder, name: &str| model.find(b.graph(), name);
        let viewed = |b: &mut Builder, output: &str, view: &View| {
            if let View::LogDensity { spread: Spread::Output(name), .. } = view {
                named(b, name)?;
            }
            let output = named(b, output)?;
            view.build(b, output)
        };
        match self {
            Outlook::View { output, view } => viewed(b, output, view),
            Outlook::Each(all) => {
                let mut flat = Vec::with_capacity(all.len());
                for (output, view) in all {
                    let id = viewed(b, output, view)?;
                    let width = b.shape(id).iter().skip(1).product();
                    flat.push(b.reshape(id, &[rows, width])?);
                }
                b.concat(&flat, 1)
            }
            Outlook::Together(names) => {
                let mut flat = Vec::with_capacity(names.len());
                for name in names {
                    let id = named(b, name)?;
                    let rank = b.shape(id).len();
                    let axes = moved(rank, model.axis_of_rows(name).min(rank.saturating_sub(1)), 0);
                    let id = b.transpose(id, &axes)?;
                    let width = b.shape(id).iter().skip(1).product();
                    flat.push(b.reshape(id, &[rows, width])?);
                }
                b.concat(&flat, 1)
            }
        }
    }

    /// All that programs depend on.
    fn question(&self) -> String {
        match self {
            Outlook::View { output, view } => format!("{output:?} {}", view.question()),
            Outlook::Together(names) => format!("together {names:?}"),
            Outlook::Each(all) => {
                let each = all.iter().map(|(output, view)| format!("{output:?} {}", view.question()));
                format!("each {:?}", each.collect::<Vec<_>>())
            }
        }
    }

    fn title(&self) -> String {
        match self {
            Outlook::View { output, .. } => output.clone(),
            Outlook::Together(names) => names.join(", "),
            Outlook::Each(all) => all.iter().map(|(output, _)| output.as_str()).collect::<Vec<_>>().join(", "),
        }
    }
}

/// An output at some inputs, looked at in some way. **Shapes**: `[B, entries]`, flat, and the entries of a row.
///
/// **Errors**: inputs or names that the model does not have.
pub fn look(
    model: &Model,
    mut inputs: BTreeMap<String, Tensor>,
    output: &str,
    view: &View,
    cancel: &Cancel,
) -> Result<(Vec<f32>, usize)> {
    let rows = inputs.values().next().map_or(0, |tensor| tensor.shape().first().copied().unwrap_or(0));
    let shapes = inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
    for (name, tensor) in view.given() {
        inputs.insert(name.to_owned(), tensor.clone());
    }
    let outlook = Outlook::View { output: output.to_owned(), view: view.clone() };
    let compiler = Arc::new(Compiler::new(model, outlook, shapes, Vec::new())?);
    let step = OneStep { compiler, inputs: Arc::new(inputs) };
    let all: Vec<usize> = (0..rows).collect();
    let mut entries = Vec::new();
    let at_once = if model.has_fixed_rows() { 1 } else { LOOK_ROWS };
    for rows in all.chunks(at_once) {
        entries.extend(step.answer(&[], rows, None, 1, cancel)?.entries);
    }
    Ok((entries, step.entries()))
}

/// The network's graph for a number of rows; `shapes` have their rows first, whatever the network wants.
pub(crate) fn graph_of(
    model: &Model,
    shapes: &BTreeMap<String, Vec<usize>>,
    rows: usize,
    patched: &[String],
) -> Result<Graph> {
    let shapes = shapes.iter().map(|(name, shape)| {
        let mut to = shape.clone();
        if let Some(first) = to.first_mut() {
            *first = rows;
        }
        let axis = model.axis_of_rows(name).min(to.len().saturating_sub(1));
        to[..=axis].rotate_left(1);
        (name.clone(), to)
    });
    model.graph(&shapes.collect(), patched)
}

/// Rows moved from the first axis to where the network wants them.
pub(crate) fn laid_out(tensor: Tensor, axis: usize) -> Result<Tensor> {
    if axis == 0 { Ok(tensor) } else { permuted(&tensor, &moved(tensor.shape().len(), 0, axis)) }
}

/// The inverse.
pub(crate) fn rows_first(tensor: Tensor, axis: usize) -> Result<Tensor> {
    if axis == 0 { Ok(tensor) } else { permuted(&tensor, &moved(tensor.shape().len(), axis, 0)) }
}

/// Axes in their order, with `from` moved to place `to`.
fn moved(rank: usize, from: usize, to: usize) -> Vec<usize> {
    let mut axes: Vec<usize> = (0..rank).collect();
    let axis = axes.remove(from);
    axes.insert(to, axis);
    axes
}

fn permuted(tensor: &Tensor, axes: &[usize]) -> Result<Tensor> {
    let shape: Vec<usize> = axes.iter().map(|&axis| tensor.shape()[axis]).collect();
    evaluate(&Op::Transpose(axes.to_vec()), &[tensor], &shape).map_err(Error::Inconsistent)
}

fn floats(tensor: Tensor) -> Vec<f32> {
    match tensor.into_data() {
        Data::F32(values) => values,
        _ => Vec::new(),
    }
}
