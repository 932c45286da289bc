//! The function that a method asks about: some of the network's values vary, all else stays, a number a row comes out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::one_step::{Answer, Compiler, Function, Halves, OneStep, Outlook, graph_of, laid_out, rows_first};
use super::patch::Patch;
use super::picture::Picture;
use super::unrolled::{Unrolled, Unrolling};
use super::{Link, Target};
use crate::error::{Error, Result};
use crate::exec::{Cancel, Layout, Lent, Program};
use crate::graph::ValueId;
use crate::model::Model;
use crate::tensor::{Dtype, Tensor};

/// Rows that go through the network at once, points of a path or perturbations: so many as keep the weights busy, and fewer when what is
/// between the layers would not stay in the cache.
const CHUNK_ROWS: usize = 32;
const CHUNK_ROWS_LEAST: usize = 2;
const CHUNK_BYTES: u64 = 2 << 20;

/// Of small networks more rows go at once, as long as what is between the layers stays near the processor.
const CHUNK_ROWS_MOST: usize = 256;
const NEAR_BYTES: u64 = 256 << 10;

/// Products of two numbers from which on another thread is worth its start.
const SHARED: u64 = 4_000_000;

/// What is asked of a network.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Every input, with as many rows as are to be explained, rows first; shared, for other questions may be about the same.
    pub inputs: Arc<BTreeMap<String, Tensor>>,
    /// The number that is explained.
    pub target: Target,
    /// The inputs, or hidden values, whose elements are to be told apart. Of several, the elements lie one after the other.
    pub wrt: Vec<String>,
}

/// One of the values whose elements are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name; over time with `@-3` for three steps ago.
    pub name: String,
    /// Shape of one row.
    pub shape: Vec<usize>,
    /// Where its elements begin in a row.
    pub offset: usize,
    /// How many they are.
    pub width: usize,
    /// Whether a row is a picture `[H, W, C]`, and not `[C, H, W]`.
    pub channels_last: bool,
}

/// What each entry of the points from this one on counts.
type Seeds<'a> = dyn Fn(usize, &[usize]) -> Vec<f32> + Sync + 'a;

/// A [`Subject`] ready to be asked: a function from rows of the explained value to numbers.
pub struct Explained<'m> {
    /// `None` for a function that somebody else computes.
    model: Option<&'m Model>,
    function: Box<dyn Function + 'm>,
    target: Target,
    at: Tensor,
    parts: Vec<Part>,
    width: usize,
    threads: usize,
    /// Rows to compare with, flat.
    reference: Option<Vec<f32>>,
    /// What stands for "nothing", in place of what the method's settings say.
    baseline: Option<Tensor>,
    /// Most points that are asked about at once; by what one takes where nobody said.
    at_once: Option<usize>,
}

impl<'m> Explained<'m> {
    /// `threads` work side by side; 0 means as many as the machine has.
    ///
    /// **Errors**: inputs or names that the model does not have; targets beyond the output.
    pub fn new(model: &'m Model, subject: Subject, threads: usize, cancel: &Cancel) -> Result<Self> {
        let threads = cores(threads);
        let (parts, at, shape) = joined(model, &subject.inputs, &subject.wrt, threads, cancel)?;
        let mut inputs = subject.inputs;
        let shapes = inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
        for (name, tensor) in subject.target.view.given() {
            Arc::make_mut(&mut inputs).insert(name.to_owned(), tensor.clone());
        }
        let Target { output, view, .. } = &subject.target;
        let outlook = Outlook::View { output: output.clone(), view: view.clone() };
        let compiler = Arc::new(Compiler::new(model, outlook, shapes, parts.clone())?);
        let function = OneStep { compiler, inputs };
        Self::of(Some(model), Box::new(function), subject.target, (parts, Tensor::f32(&shape, at)?), threads)
    }

    /// The same over several steps: the inputs of earlier ones reach the target through the recurrent state.
    ///
    /// **Errors**: as [`Explained::new`]; states that the model does not have.
    pub fn over_time(
        model: &'m Model,
        subject: Subject,
        unrolling: &Unrolling,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Self> {
        let (target, threads) = (subject.target.clone(), cores(threads));
        let (function, parts, at) = Unrolled::new(model, subject, unrolling, threads, cancel)?;
        Self::of(Some(model), Box::new(function), target, (parts, at), threads)
    }

    pub(super) fn of(
        model: Option<&'m Model>,
        function: Box<dyn Function + 'm>,
        target: Target,
        (parts, at): (Vec<Part>, Tensor),
        threads: usize,
    ) -> Result<Self> {
        let rows = at.shape()[0];
        target.check(rows, function.entries())?;
        let width = at.len() / rows;
        let (reference, baseline) = (None, None);
        let at_once = model.is_some_and(Model::has_fixed_rows).then_some(1);
        Ok(Explained { model, function, target, at, parts, width, threads, reference, baseline, at_once })
    }

    /// The same, asking about at most so many points at once.
    #[must_use]
    pub(super) fn at_once(self, points: usize) -> Self {
        Explained { at_once: Some(points.max(1)), ..self }
    }

    /// Compares with this, whatever the method's settings say: a number for every element, one row for all, or a row each.
    #[must_use]
    pub fn with_baseline(self, baseline: Tensor) -> Self {
        Explained { baseline: Some(baseline), ..self }
    }

    /// What was given to compare with.
    pub(super) fn baseline(&self) -> Option<&Tensor> {
        self.baseline.as_ref()
    }

    /// Rows to compare with: every input of the network, as in [`Subject::inputs`], at other steps.
    pub fn with_reference(mut self, inputs: &BTreeMap<String, Tensor>, cancel: &Cancel) -> Result<Self> {
        let names: Vec<String> = self.parts.iter().map(|part| part.name.clone()).collect();
        let model = self.model.ok_or_else(|| Error::Argument {
            argument: "reference",
            expected: "a network; give the baseline itself".to_owned(),
            found: "a function".to_owned(),
        })?;
        let (parts, rows, _) = joined(model, inputs, &names, self.threads, cancel)?;
        if parts != self.parts {
            return Err(Error::Argument {
                argument: "reference",
                expected: format!("rows like those that are explained, {:?}", &self.at.shape()[1..]),
                found: format!("{parts:?}"),
            });
        }
        self.reference = Some(rows);
        Ok(self)
    }

    /// The rows to compare with, flat. **Errors**: nobody gave any.
    pub(super) fn reference(&self, argument: &'static str) -> Result<&[f32]> {
        self.reference.as_deref().filter(|rows| !rows.is_empty()).ok_or_else(|| Error::Argument {
            argument,
            expected: "other steps to compare with".to_owned(),
            found: "none".to_owned(),
        })
    }

    /// The explained value at the input. **Shapes**: `[B, …]`; of several values `[B, width]`.
    pub fn at(&self) -> &Tensor {
        &self.at
    }

    /// The same as numbers.
    pub fn at_values(&self) -> &[f32] {
        self.at.as_f32().unwrap_or_default()
    }

    /// The values that a row is made of, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The first part that is a picture, `[…, H, W]` or `[H, W, C]`. **Errors**: none is.
    pub(super) fn picture(&self) -> Result<(&Part, Picture)> {
        let found = self.parts.iter().find_map(|part| Some((part, Picture::of(part)?)));
        found.ok_or_else(|| Error::Argument {
            argument: "wrt",
            expected: "pictures, [B, …, H, W] or [B, H, W, C]".to_owned(),
            found: format!("rows of shape {:?}", &self.at.shape()[1..]),
        })
    }

    /// Rows that are explained.
    pub fn rows(&self) -> usize {
        self.at.shape()[0]
    }

    /// Elements of one row of the explained value.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What `work` makes of each index below `count`, in order, on as many threads as the questions have.
    pub(crate) fn side_by_side<T: Send>(
        &self,
        count: usize,
        work: impl Fn(usize) -> Result<T> + Sync,
    ) -> Result<Vec<T>> {
        side_by_side(count, self.threads, work)
    }

    /// What is explained.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The target's value for each of `points`, rows of the explained value; point `i` belongs to row `of[i]`, whose other inputs and target
    /// it shares.
    pub fn values(&self, points: &[f32], of: &[usize], cancel: &Cancel) -> Result<Vec<f32>> {
        let found = self.ask(points, of, None, cancel)?;
        Ok(found.iter().flat_map(|(of, chunk)| self.target.numbers(&chunk.entries, of)).collect())
    }

    /// Every entry of the target's output for each point, unweighed. **Shapes**: `[P, entries]`.
    pub fn outputs(&self, points: &[f32], of: &[usize], cancel: &Cancel) -> Result<(Vec<f32>, usize)> {
        let found = self.ask(points, of, None, cancel)?;
        let entries = found.into_iter().map(|(_, chunk)| chunk.entries).collect::<Vec<_>>().concat();
        Ok((entries, self.function.entries()))
    }

    /// Entries of the target's output.
    pub(super) fn entries(&self) -> usize {
        self.function.entries()
    }

    /// Every entry of the target's output for rows of one picture that differ in an area, when the first layers can be done again there alone.
    pub(super) fn around(&self, patches: &[Patch], cancel: &Cancel) -> Result<Option<Vec<f32>>> {
        let Some(step) = self.function.one_step() else { return Ok(None) };
        step.around(self.at_values(), patches, self.at_once, self.threads, cancel)
    }

    /// The same rows asked about the outputs of several targets at once: the entries of each, one after the other. `None` when they are not
    /// asked of one network at the same rows.
    pub(super) fn together<'a>(all: &'a [&'a Explained<'_>]) -> Result<Option<Explained<'a>>> {
        let steps: Option<Vec<&OneStep<'_>>> = all.iter().map(|one| one.function.one_step()).collect();
        let (Some(first), Some(steps)) = (all.first(), steps) else { return Ok(None) };
        let same =
            |one: &&Explained<'_>| one.at == first.at && one.parts == first.parts && one.at_once == first.at_once;
        let Some(step) = OneStep::together(&steps)?.filter(|_| all.iter().all(same)) else {
            return Ok(None);
        };
        Ok(Some(Explained {
            function: Box::new(step),
            target: first.target.clone(),
            at: first.at.clone(),
            parts: first.parts.clone(),
            reference: None,
            baseline: None,
            ..**first
        }))
    }

    /// The target's value and its gradient for each point. **Shapes**: `[P]` and `[P, width]`.
    pub fn gradients(&self, points: &[f32], of: &[usize], cancel: &Cancel) -> Result<(Vec<f32>, Vec<f32>)> {
        let mut values = Vec::with_capacity(of.len());
        let mut gradients = Vec::with_capacity(points.len());
        let entries = self.function.entries();
        let seeds = |_: usize, of: &[usize]| self.target.seeds(of, entries);
        for (of, mut chunk) in self.ask(points, of, Some(&seeds), cancel)? {
            values.extend(self.target.numbers(&chunk.entries, of));
            if let Some(slopes) = self.target.slopes(&chunk.entries, of) {
                for (row, slope) in chunk.gradient.chunks_mut(self.width.max(1)).zip(slopes) {
                    row.iter_mut().for_each(|value| *value *= slope);
                }
            }
            gradients.extend(chunk.gradient);
        }
        Ok((values, gradients))
    }

    /// The gradient of any weighed sum of the output's entries. **Shapes**: `counts` `[P, entries]`, answer `[P, width]`.
    pub fn gradients_of(&self, points: &[f32], of: &[usize], counts: &[f32], cancel: &Cancel) -> Result<Vec<f32>> {
        let entries = self.function.entries();
        let seeds = |first: usize, of: &[usize]| counts[first * entries..][..of.len() * entries].to_vec();
        let found = self.ask(points, of, Some(&seeds), cancel)?;
        Ok(found.into_iter().map(|(_, chunk)| chunk.gradient).collect::<Vec<_>>().concat())
    }

    /// Multipliers of the target by the rescale rule, between the rows and what each is compared with. **Shapes**: `[B, width]`.
    pub(super) fn multipliers(&self, baseline: &[f32], cancel: &Cancel) -> Result<Vec<f32>> {
        if self.target.link != Link::Identity {
            return Err(Error::Argument {
                argument: "target",
                expected: "a number as the network gives it".to_owned(),
                found: "a probability of several, which the rescale rule does not cover".to_owned(),
            });
        }
        let all: Vec<usize> = (0..self.rows()).collect();
        let mut found = Vec::with_capacity(baseline.len());
        for of in all.chunks(CHUNK_ROWS / 2) {
            let place = of[0] * self.width..(of[0] + of.len()) * self.width;
            let seeds = self.target.seeds(of, self.function.entries());
            let (points, others) = (&self.at_values()[place.clone()], &baseline[place]);
            found.extend(self.function.rescaled(points, others, of, &seeds, cancel)?);
        }
        Ok(found)
    }

    /// This function in two halves, the first of them affine: entries of the first are rows of the second, which has the target.
    pub(super) fn halves(&self, cancel: &Cancel) -> Result<Option<(Explained<'_>, Explained<'_>)>> {
        let Some(Halves { first, middle, second }) = self.function.halves()? else { return Ok(None) };
        let first = Explained {
            function: Box::new(first),
            target: self.target.clone(),
            at: self.at.clone(),
            parts: self.parts.clone(),
            reference: None,
            baseline: None,
            ..*self
        };
        let all: Vec<usize> = (0..self.rows()).collect();
        let (at, _) = first.outputs(self.at_values(), &all, cancel)?;
        let second = Explained {
            function: Box::new(second),
            target: self.target.clone(),
            at: Tensor::f32(&[&[self.rows()], middle.shape.as_slice()].concat(), at)?,
            width: middle.width,
            parts: vec![middle],
            reference: None,
            baseline: None,
            ..*self
        };
        Ok(Some((first, second)))
    }

    /// Threads that work on so many points, and how many of them each takes at once.
    fn shares(&self, points: usize, gradient: bool) -> (usize, usize) {
        let effort = self.function.effort();
        // A gradient takes about two more passes.
        let one = effort.products.saturating_mul(if gradient { 3 } else { 1 });
        let worth = (points as u64).saturating_mul(one) / SHARED + 1;
        let threads = self.threads.min(points).min(usize::try_from(worth).unwrap_or(usize::MAX)).max(1);
        let most = self.at_once.unwrap_or_else(|| {
            let fit = |bytes: u64| usize::try_from(bytes / effort.bytes.max(1)).unwrap_or(CHUNK_ROWS);
            let most = fit(NEAR_BYTES).clamp(CHUNK_ROWS, CHUNK_ROWS_MOST);
            fit(CHUNK_BYTES).clamp(CHUNK_ROWS_LEAST, most)
        });
        // As many chunks for one thread as for another.
        let chunks = points.div_ceil(most.max(1)).next_multiple_of(threads);
        (threads, points.div_ceil(chunks.max(1)).max(1))
    }

    /// Chunks of points, side by side, in order, each with the rows that its points belong to.
    fn ask<'o>(
        &self,
        points: &[f32],
        of: &'o [usize],
        seeds: Option<&Seeds<'_>>,
        cancel: &Cancel,
    ) -> Result<Vec<(&'o [usize], Answer)>> {
        assert_eq!(points.len(), of.len() * self.width, "points and their rows");
        let (threads, each) = self.shares(of.len(), seeds.is_some());
        let chunks: Vec<(&[f32], &'o [usize])> = points.chunks(each * self.width.max(1)).zip(of.chunks(each)).collect();
        // One chunk's work is shared out; of many each thread takes some.
        let inside = if chunks.len() == 1 { self.threads } else { 1 };
        side_by_side(chunks.len(), threads, |index| {
            let (points, of) = chunks[index];
            let seeds = seeds.map(|seeds| seeds(index * each, of));
            Ok((of, self.function.answer(points, of, seeds.as_deref(), inside, cancel)?))
        })
    }
}

/// So many threads; as many as the machine has for 0.
fn cores(threads: usize) -> usize {
    if threads > 0 { threads } else { std::thread::available_parallelism().map_or(1, usize::from) }
}

/// What `work` makes of each index below `count`, in order. Threads take one after the other; an error ends the work.
pub(super) fn side_by_side<T: Send>(
    count: usize,
    threads: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let next = Mutex::new(0);
    let mut answers: Vec<Option<Result<T>>> = Vec::new();
    answers.resize_with(count, || None);
    let answers = Mutex::new(answers);
    let work = || {
        loop {
            let index = {
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                let index = *next;
                *next += 1;
                index
            };
            if index >= count {
                return;
            }
            let answer = work(index);
            let failed = answer.is_err();
            answers.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(answer);
            if failed {
                *next.lock().unwrap_or_else(PoisonError::into_inner) = count;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.min(count) {
            scope.spawn(work);
        }
        work();
    });
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    // An error ends the work, and what comes after it was never asked.
    answers.into_iter().flatten().collect()
}

/// Values of the network at its inputs.
struct Seen {
    program: Program,
    inputs: Vec<(ValueId, String)>,
}

/// The explained values of every row, one after the other: what they are, their numbers, and the shape of all rows.
pub(super) fn joined(
    model: &Model,
    inputs: &BTreeMap<String, Tensor>,
    wrt: &[String],
    threads: usize,
    cancel: &Cancel,
) -> Result<(Vec<Part>, Vec<f32>, Vec<usize>)> {
    let first = wrt.first().ok_or_else(|| Error::Argument {
        argument: "wrt",
        expected: "the name of an input or layer".to_owned(),
        found: "none".to_owned(),
    })?;
    let mut tensors: BTreeMap<&str, Tensor> = BTreeMap::new();
    let hidden_names: Vec<&String> = wrt.iter().filter(|name| !inputs.contains_key(*name)).collect();
    for (name, tensor) in hidden_names.iter().zip(hidden(model, inputs, &hidden_names, threads, cancel)?) {
        tensors.insert(name.as_str(), tensor);
    }
    let rows = inputs.values().next().map_or(0, |tensor| tensor.shape().first().copied().unwrap_or(0));
    let (mut parts, mut offset) = (Vec::with_capacity(wrt.len()), 0);
    for name in wrt {
        let tensor = tensors.get(name.as_str()).or_else(|| inputs.get(name)).ok_or_else(|| model.unknown(name))?;
        if rows == 0 || tensor.dtype() != Dtype::F32 || tensor.shape().first() != Some(&rows) {
            return Err(Error::Input {
                name: name.clone(),
                expected: format!("{} rows of floats", rows.max(1)),
                found: tensor.describe(),
            });
        }
        let width = tensor.len() / rows;
        let shape = tensor.shape()[1..].to_vec();
        let channels_last = model.has_channels_last(name, &shape);
        parts.push(Part { name: name.clone(), shape, offset, width, channels_last });
        offset += width;
    }
    if let Some((name, tensor)) = inputs.iter().find(|(_, tensor)| tensor.shape().first() != Some(&rows)) {
        return Err(Error::Input {
            name: name.clone(),
            expected: format!("{rows} rows, as many as {first:?}"),
            found: tensor.describe(),
        });
    }
    let mut values = Vec::with_capacity(rows * offset);
    for row in 0..rows {
        for part in &parts {
            let tensor = tensors.get(part.name.as_str()).unwrap_or_else(|| &inputs[&part.name]);
            values.extend_from_slice(&tensor.as_f32().unwrap_or_default()[row * part.width..][..part.width]);
        }
    }
    let shape = match parts.as_slice() {
        [part] => [&[rows], part.shape.as_slice()].concat(),
        _ => vec![rows, offset],
    };
    Ok((parts, values, shape))
}

/// Refuses values whose first axis is not that of the rows: time, layers of a recurrent network, what is the same for all. By two numbers
/// of rows, for one alone may be the length of any axis.
fn check_rows_first(model: &Model, shapes: &BTreeMap<String, Vec<usize>>, names: &[&String]) -> Result<()> {
    if model.has_fixed_rows() {
        return Ok(());
    }
    for rows in [2, 3] {
        let graph = graph_of(model, shapes, rows, &[])?;
        for name in names.iter().filter(|name| model.axis_of_rows(name) == 0) {
            let shape = &graph.value(model.find(&graph, name)?).shape;
            if shape.first() != Some(&rows) {
                return Err(Error::Argument {
                    argument: "wrt",
                    expected: "a value whose first axis is that of the rows".to_owned(),
                    found: format!("{name:?} of shape {shape:?} for {rows} rows"),
                });
            }
        }
    }
    Ok(())
}

/// Hidden values at the input, or outputs. Rows first.
pub(super) fn hidden(
    model: &Model,
    inputs: &BTreeMap<String, Tensor>,
    names: &[&String],
    threads: usize,
    cancel: &Cancel,
) -> Result<Vec<Tensor>> {
    let rows = inputs.values().next().map_or(0, |tensor| tensor.shape().first().copied().unwrap_or(0));
    if names.is_empty() || rows == 0 {
        return Ok(Vec::new());
    }
    let at_once = if model.has_fixed_rows() { 1 } else { CHUNK_ROWS.min(rows.div_ceil(threads)) };
    let shapes: BTreeMap<String, Vec<usize>> =
        inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
    let row_shapes: Vec<_> = shapes.iter().map(|(name, shape)| (name, shape.get(1..))).collect();
    model.prepared.get(&format!("rows of {row_shapes:?} {names:?}"), || check_rows_first(model, &shapes, names))?;
    let seen = |rows: usize| {
        model.prepared.get(&format!("hidden {row_shapes:?} {names:?} {rows}"), || {
            let graph = graph_of(model, &shapes, rows, &[])?;
            let ids: Vec<_> = names.iter().map(|name| model.find(&graph, name)).collect::<Result<_>>()?;
            let needed = graph.needed_by(&ids);
            let own = graph.inputs().filter(|(id, _)| needed[id.index()]).map(|(id, name)| (id, name.to_owned()));
            let inputs = own.collect();
            Ok(Seen { program: Program::compile(graph, &ids, model.limits())?, inputs })
        })
    };
    let all: Vec<usize> = (0..rows).collect();
    let chunks: Vec<&[usize]> = all.chunks(at_once).collect();
    let work = seen(at_once)?.program.cost().saturating_mul(chunks.len() as u64);
    let worth = usize::try_from(work / SHARED + 1).unwrap_or(usize::MAX);
    let inside = if chunks.len() == 1 { threads } else { 1 };
    let found = side_by_side(chunks.len(), threads.min(worth), |index| {
        let (of, seen) = (chunks[index], seen(chunks[index].len())?);
        let (mut given, mut lent) = (Vec::new(), Vec::new());
        for (id, name) in &seen.inputs {
            let Some(tensor) = inputs.get(name) else { continue };
            match tensor.as_f32().filter(|_| model.axis_of_rows(name) == 0 && tensor.shape().first() == Some(&rows)) {
                Some(values) => {
                    let width = values.len() / rows;
                    let values = &values[of[0] * width..][..of.len() * width];
                    lent.push(Lent { id: *id, values, layout: Layout::Plain });
                }
                None => given.push((*id, laid_out(tensor.rows(of)?, model.axis_of_rows(name))?)),
            }
        }
        let found = seen.program.run_lent(&given, &lent, inside, cancel)?;
        let found = found.into_iter().zip(names).map(|(tensor, name)| rows_first(tensor, model.axis_of_rows(name)));
        found.collect::<Result<Vec<_>>>()
    })?;
    let mut found = found.into_iter();
    let first = found.next().unwrap_or_default();
    found.try_fold(first, |known, more| {
        known.iter().zip(&more).map(|(known, more)| known.followed_by(more)).collect::<Result<_>>()
    })
}
