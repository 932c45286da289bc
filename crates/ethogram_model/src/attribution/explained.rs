//! The function that a method asks about: one part of the network's input varies, all else stays, a number a row comes out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Target;
use crate::error::{Error, Result};
use crate::exec::{Cancel, Program};
use crate::grad::differentiate;
use crate::graph::{Builder, ValueId, affine_frontier};
use crate::model::Model;
use crate::tensor::{Data, Dtype, Tensor};

/// Rows that go through the network at once, points of a path or perturbations: so many as keep the weights busy, and fewer when what is
/// between the layers would not stay in the cache.
const CHUNK_ROWS: usize = 32;
const CHUNK_ROWS_LEAST: usize = 4;
const CHUNK_BYTES: u64 = 4 << 20;

/// Products of two numbers from which on another thread is worth its start.
const SHARED: u64 = 1_000_000;

/// What is asked of a network.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Every input, with as many rows as are to be explained.
    pub inputs: BTreeMap<String, Tensor>,
    /// The number that is explained.
    pub target: Target,
    /// The input, or hidden value, whose elements are to be told apart.
    pub wrt: String,
}

/// A [`Subject`] ready to be asked: a function from rows of the explained value to numbers.
pub struct Explained<'m> {
    model: &'m Model,
    subject: Subject,
    /// The explained value at the input. **Shapes**: `[B, …]`.
    at: Tensor,
    /// Elements of one row of it.
    width: usize,
    /// What is asked, for the model to know it again.
    question: String,
    threads: usize,
}

/// The function for a number of rows.
struct Compiled {
    program: Program,
    /// The network's own inputs that the program takes.
    inputs: Vec<(ValueId, String)>,
    /// The explained value as an input.
    wrt: ValueId,
    /// What each entry of the target's output counts, as an input.
    weights: ValueId,
    /// Entries of one row of the target's output.
    entries: usize,
}

impl<'m> Explained<'m> {
    /// `threads` work side by side; 0 means as many as the machine has.
    ///
    /// **Errors**: inputs or names that the model does not have; targets beyond the output.
    pub fn new(model: &'m Model, subject: Subject, threads: usize, cancel: &Cancel) -> Result<Self> {
        let threads = if threads > 0 { threads } else { std::thread::available_parallelism().map_or(1, usize::from) };
        let at = match subject.inputs.get(&subject.wrt) {
            Some(tensor) => tensor.clone(),
            None => hidden(model, &subject, threads, cancel)?,
        };
        let rows = at.shape().first().copied().unwrap_or(0);
        let wrong =
            |why: String| Error::Input { name: subject.wrt.clone(), expected: "rows of floats".into(), found: why };
        if rows == 0 || at.dtype() != Dtype::F32 {
            return Err(wrong(at.describe()));
        }
        if let Some((name, tensor)) = subject.inputs.iter().find(|(_, tensor)| tensor.shape().first() != Some(&rows)) {
            return Err(Error::Input {
                name: name.clone(),
                expected: format!("{rows} rows, as many as {:?}", subject.wrt),
                found: tensor.describe(),
            });
        }
        let width = at.len() / rows;
        let question = question(&subject);
        let explained = Explained { model, subject, at, width, question, threads };
        let compiled = explained.compiled(1, false)?;
        explained.subject.target.check(rows, compiled.entries)?;
        Ok(explained)
    }

    /// The explained value at the input. **Shapes**: `[B, …]`.
    pub fn at(&self) -> &Tensor {
        &self.at
    }

    /// The same as numbers.
    pub fn at_values(&self) -> &[f32] {
        self.at.as_f32().unwrap_or_default()
    }

    /// Rows that are explained.
    pub fn rows(&self) -> usize {
        self.at.len() / self.width
    }

    /// Elements of one row of the explained value.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The same question about another number.
    pub(super) fn towards(&self, target: Target) -> Self {
        let subject = Subject { target, ..self.subject.clone() };
        let question = question(&subject);
        Explained { subject, question, at: self.at.clone(), ..*self }
    }

    /// These rows alone.
    pub(super) fn rows_of(&self, rows: &[usize]) -> Result<Self> {
        let mut subject = self.subject.clone();
        for tensor in subject.inputs.values_mut() {
            *tensor = rows_of(tensor, rows)?;
        }
        subject.target.weights = rows.iter().filter_map(|&row| subject.target.weights.get(row).cloned()).collect();
        Ok(Explained { subject, question: self.question.clone(), at: rows_of(&self.at, rows)?, ..*self })
    }

    /// The same number as a function of a later value, which is `at` there. **Shapes**: `[B, …]`, flat, with rows of shape `row`.
    pub(super) fn later(&self, wrt: &str, row: &[usize], at: Vec<f32>) -> Result<Self> {
        let subject = Subject { wrt: wrt.to_owned(), ..self.subject.clone() };
        let at = Tensor::f32(&[&[self.rows()], row].concat(), at)?;
        let (question, width) = (question(&subject), at.len() / self.rows());
        Ok(Explained { subject, at, width, question, ..*self })
    }

    /// Up to where the way to the target is affine: the name of that value in the file, and the shape of a row of it.
    pub(super) fn affine_until(&self) -> Result<Option<(String, Vec<usize>)>> {
        let Subject { inputs, target, wrt } = &self.subject;
        let name = format!("affine {}", self.question);
        let found = self.model.prepared.get(&name, || {
            let patched = if inputs.contains_key(wrt) { Vec::new() } else { vec![wrt.clone()] };
            let graph = self.model.graph(&shapes(inputs, 1), &patched)?;
            let (from, to) = (graph.named(wrt), graph.named(&target.output));
            let found = from.zip(to).and_then(|(from, to)| affine_frontier(&graph, from, to));
            // It must be told apart by rows, and have a name to be given under.
            let found = found.filter(|&id| graph.value(id).shape.first() == Some(&1));
            Ok(found.and_then(|found| {
                let (name, _) = graph.names().iter().rev().find(|(_, id)| *id == found)?;
                Some((name.clone(), graph.value(found).shape[1..].to_vec()))
            }))
        })?;
        Ok((*found).clone())
    }

    /// The target's value for each of `points`, rows of the explained value; point `i` belongs to row `of[i]`, whose other inputs and target
    /// it shares.
    pub fn values(&self, points: &[f32], of: &[usize], cancel: &Cancel) -> Result<Vec<f32>> {
        let found = self.ask(points, of, false, cancel)?;
        Ok(found.into_iter().flat_map(|chunk| self.weighed(&chunk)).collect())
    }

    /// Every entry of the target's output for each point, unweighed. **Shapes**: `[P, entries]`.
    pub fn outputs(&self, points: &[f32], of: &[usize], cancel: &Cancel) -> Result<(Vec<f32>, usize)> {
        let found = self.ask(points, of, false, cancel)?;
        let entries = found.first().map_or(0, |chunk| chunk.entries);
        Ok((found.into_iter().map(|chunk| chunk.output).collect::<Vec<_>>().concat(), entries))
    }

    /// The target's value and its gradient for each point. **Shapes**: `[P]` and `[P, width]`.
    pub fn gradients(&self, points: &[f32], of: &[usize], cancel: &Cancel) -> Result<(Vec<f32>, Vec<f32>)> {
        let mut values = Vec::with_capacity(of.len());
        let mut gradients = Vec::with_capacity(points.len());
        for chunk in self.ask(points, of, true, cancel)? {
            values.extend(self.weighed(&chunk));
            gradients.extend(chunk.gradient);
        }
        Ok((values, gradients))
    }

    fn weighed(&self, chunk: &Answer) -> Vec<f32> {
        let rows = chunk.output.chunks(chunk.entries.max(1)).zip(&chunk.of);
        rows.map(|(row, &of)| {
            let sum: f64 = self.subject.target.weights[of].iter().map(|&(e, w)| f64::from(row[e]) * f64::from(w)).sum();
            sum as f32
        })
        .collect()
    }

    /// Chunks of points, side by side, in order.
    fn ask(&self, points: &[f32], of: &[usize], gradient: bool, cancel: &Cancel) -> Result<Vec<Answer>> {
        assert_eq!(points.len(), of.len() * self.width, "points and their rows");
        let program = &self.compiled(1, false)?.program;
        // A gradient takes about two more passes.
        let one = program.cost().saturating_mul(if gradient { 3 } else { 1 });
        let most = usize::try_from(CHUNK_BYTES / program.bytes().max(1)).unwrap_or(CHUNK_ROWS);
        let most = most.clamp(CHUNK_ROWS_LEAST, CHUNK_ROWS);
        let worth = (of.len() as u64).saturating_mul(one) / SHARED + 1;
        let threads = self.threads.min(of.len()).min(usize::try_from(worth).unwrap_or(usize::MAX));
        let each = most.min(of.len().div_ceil(threads.max(1))).max(1);
        let chunks: Vec<(&[f32], &[usize])> = points.chunks(each * self.width).zip(of.chunks(each)).collect();
        let next = Mutex::new(0);
        let mut answers: Vec<Option<Result<Answer>>> = Vec::new();
        answers.resize_with(chunks.len(), || None);
        let answers = Mutex::new(answers);
        let work = || {
            loop {
                let index = {
                    let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                    let index = *next;
                    *next += 1;
                    index
                };
                let Some((points, of)) = chunks.get(index) else { return };
                let answer = self.answer(points, of, gradient, cancel);
                let failed = answer.is_err();
                answers.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(answer);
                if failed {
                    *next.lock().unwrap_or_else(PoisonError::into_inner) = chunks.len();
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..threads.min(chunks.len()) {
                scope.spawn(work);
            }
            work();
        });
        let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        // An error ends the work, and what comes after it was never asked.
        answers.into_iter().flatten().collect()
    }

    fn answer(&self, points: &[f32], of: &[usize], gradient: bool, cancel: &Cancel) -> Result<Answer> {
        let compiled = self.compiled(of.len(), gradient)?;
        let mut given = Vec::with_capacity(compiled.inputs.len() + 2);
        for (id, name) in &compiled.inputs {
            given.push((*id, rows_of(&self.subject.inputs[name], of)?));
        }
        if gradient {
            let mut weights = vec![0.0; of.len() * compiled.entries];
            for (row, &of) in of.iter().enumerate() {
                for &(entry, weight) in &self.subject.target.weights[of] {
                    weights[row * compiled.entries + entry] += weight;
                }
            }
            let shape = compiled.program.graph().value(compiled.weights).shape.clone();
            given.push((compiled.weights, Tensor::f32(&shape, weights)?));
        }
        // One row's work is shared out; of many rows each thread takes some.
        let threads = if of.len() == 1 { self.threads } else { 1 };
        let mut found = compiled.program.run_rows(&given, (compiled.wrt, points), threads, cancel)?.into_iter();
        let mut next = || match found.next().map(Tensor::into_data) {
            Some(Data::F32(values)) => values,
            _ => Vec::new(),
        };
        let (output, grad) = (next(), if gradient { next() } else { Vec::new() });
        Ok(Answer { output, gradient: grad, of: of.to_vec(), entries: compiled.entries })
    }

    fn compiled(&self, rows: usize, gradient: bool) -> Result<Arc<Compiled>> {
        let question = format!("{} {rows} {gradient}", self.question);
        self.model.prepared.get(&question, || self.compile(rows, gradient))
    }

    fn compile(&self, rows: usize, gradient: bool) -> Result<Compiled> {
        let Subject { inputs, target, wrt } = &self.subject;
        let patched = if inputs.contains_key(wrt) { Vec::new() } else { vec![wrt.clone()] };
        let graph = self.model.graph(&shapes(inputs, rows), &patched)?;
        let output = graph.named(&target.output).ok_or_else(|| self.model.unknown(&target.output))?;
        let limits = self.model.limits();
        let mut b = Builder::resume(graph, limits.clone());
        let output = target.build(&mut b, output)?;
        let graph = b.finish();
        let wrt_id = graph.named(wrt).ok_or_else(|| self.model.unknown(wrt))?;
        let shape = &graph.value(output).shape;
        if shape.first() != Some(&rows) || graph.value(output).dtype != Dtype::F32 {
            return Err(Error::Argument {
                argument: "target",
                expected: format!("an output of floats with {rows} rows"),
                found: format!("{:?} of shape {shape:?}", target.output),
            });
        }
        let entries = shape.iter().skip(1).product();
        let (graph, outputs, weights) = if gradient {
            let found = differentiate(graph, output, &[wrt_id], limits)?;
            (found.graph, vec![output, found.wrt[0]], found.seed)
        } else {
            (graph, vec![output], output)
        };
        let needed = graph.needed_by(&outputs);
        let taken = |(id, name): (ValueId, &str)| {
            (id != wrt_id && needed[id.index()] && inputs.contains_key(name)).then(|| (id, name.to_owned()))
        };
        let inputs = graph.inputs().filter_map(taken).collect();
        let program = Program::compile(graph, &outputs, limits)?;
        Ok(Compiled { program, inputs, wrt: wrt_id, weights, entries })
    }
}

/// What a subject asks, for the model to know it again.
fn question(subject: &Subject) -> String {
    let Subject { inputs, target, wrt } = subject;
    let shapes: Vec<_> = inputs.iter().map(|(name, tensor)| (name, &tensor.shape()[1..])).collect();
    format!("{shapes:?} {:?} {:?} {wrt:?}", target.output, target.view)
}

/// Shapes of inputs with another number of rows.
fn shapes(inputs: &BTreeMap<String, Tensor>, rows: usize) -> BTreeMap<String, Vec<usize>> {
    inputs.iter().map(|(name, tensor)| (name.clone(), [&[rows], &tensor.shape()[1..]].concat())).collect()
}

/// What came out for a chunk of points.
struct Answer {
    output: Vec<f32>,
    gradient: Vec<f32>,
    of: Vec<usize>,
    entries: usize,
}

/// A hidden value at the input.
fn hidden(model: &Model, subject: &Subject, threads: usize, cancel: &Cancel) -> Result<Tensor> {
    let shapes: BTreeMap<_, _> =
        subject.inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
    let compiled = model.prepared.get(&format!("hidden {shapes:?} {:?}", subject.wrt), || {
        let graph = model.graph(&shapes, &[])?;
        let id = graph.named(&subject.wrt).ok_or_else(|| model.unknown(&subject.wrt))?;
        let needed = graph.needed_by(&[id]);
        let inputs = graph.inputs().filter(|(id, _)| needed[id.index()]).map(|(id, name)| (id, name.to_owned()));
        let inputs = inputs.collect();
        let program = Program::compile(graph, &[id], model.limits())?;
        Ok(Compiled { program, inputs, wrt: id, weights: id, entries: 0 })
    })?;
    let given: Vec<_> =
        compiled.inputs.iter().filter_map(|(id, name)| Some((*id, subject.inputs.get(name)?.clone()))).collect();
    let mut found = compiled.program.run_on(&given, threads, cancel)?;
    Ok(found.remove(0))
}

/// Some rows of a tensor, in this order.
fn rows_of(tensor: &Tensor, rows: &[usize]) -> Result<Tensor> {
    let count = tensor.shape()[0].max(1);
    let width = tensor.len() / count;
    fn pick<T: Copy>(values: &[T], rows: &[usize], width: usize) -> Vec<T> {
        rows.iter().flat_map(|row| values[row * width..(row + 1) * width].iter().copied()).collect()
    }
    let data = match tensor.data() {
        Data::F32(values) => Data::F32(pick(values, rows, width)),
        Data::I64(values) => Data::I64(pick(values, rows, width)),
        Data::Bool(values) => Data::Bool(pick(values, rows, width)),
    };
    Tensor::new([&[rows.len()], &tensor.shape()[1..]].concat(), data)
}
