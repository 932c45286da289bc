//! The network over several steps: what it saw earlier reaches the target through the recurrent state.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Subject;
use super::explained::{Part, joined};
use super::one_step::{Answer, Compiler, Effort, Function, OneStep, Outlook};
use crate::error::{Error, Result};
use crate::exec::Cancel;
use crate::model::Model;
use crate::tensor::Tensor;

/// Most steps that are looked back.
pub const HISTORY_MAX: usize = 64;

/// Earlier steps, and how memory goes from one to the next.
#[derive(Clone, Debug, Default)]
pub struct Unrolling {
    /// Inputs of the steps before the explained one, the oldest first, each with the same rows. Their recurrent states are only looked at
    /// in the oldest.
    pub earlier: Vec<BTreeMap<String, Tensor>>,
    /// Recurrent states: input, and the output that holds its next value.
    pub states: Vec<(String, String)>,
}

/// A chain of steps, each with the state that the last one left.
pub(super) struct Unrolled<'m> {
    /// The oldest first; the last one gives the target.
    steps: Vec<OneStep<'m>>,
    /// Elements of what each step sees.
    seen: usize,
    /// Elements of the state.
    state: usize,
}

impl<'m> Unrolled<'m> {
    /// The function, the parts of its rows (what each step saw, the oldest first, then the state before the oldest), and the rows.
    pub fn new(
        model: &'m Model,
        subject: Subject,
        unrolling: &Unrolling,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<(Self, Vec<Part>, Tensor)> {
        let Unrolling { earlier, states } = unrolling;
        if states.is_empty() || earlier.len() >= HISTORY_MAX {
            return Err(Error::Argument {
                argument: "history",
                expected: format!("a network with a recurrent state, and at most {HISTORY_MAX} steps"),
                found: format!("{} states, {} steps", states.len(), earlier.len() + 1),
            });
        }
        if let Some(state) = states.iter().find(|(name, _)| subject.wrt.contains(name)) {
            return Err(Error::Argument {
                argument: "wrt",
                expected: "what each step sees; the state before the oldest step is explained too".to_owned(),
                found: state.0.clone(),
            });
        }
        // Each step is a function of what it sees and of the state.
        let mut wrt = subject.wrt.clone();
        wrt.extend(states.iter().map(|(name, _)| name.clone()));
        let (parts, _, _) = joined(model, &subject.inputs, &wrt, threads, cancel)?;
        let seen: usize = parts[..subject.wrt.len()].iter().map(|part| part.width).sum();
        let state: usize = parts[subject.wrt.len()..].iter().map(|part| part.width).sum();
        let shapes: BTreeMap<String, Vec<usize>> =
            subject.inputs.iter().map(|(name, tensor)| (name.clone(), tensor.shape().to_vec())).collect();
        let next = Outlook::Together(states.iter().map(|(_, next)| next.clone()).collect());
        let passes = Arc::new(Compiler::new(model, next, shapes.clone(), parts.clone())?);
        if passes.entries != state {
            return Err(Error::Argument {
                argument: "states",
                expected: format!("outputs with the {state} numbers of the state before"),
                found: passes.entries.to_string(),
            });
        }
        let view = subject.target.view.clone();
        let outlook = Outlook::View { output: subject.target.output.clone(), view };
        let last = Arc::new(Compiler::new(model, outlook, shapes, parts.clone())?);

        let oldest = earlier.first().unwrap_or(&*subject.inputs);
        let (_, states_at, _) = joined(model, oldest, &wrt, threads, cancel)?;
        let rows = states_at.len() / (seen + state).max(1);
        let mut columns: Vec<Vec<f32>> = Vec::new();
        for inputs in earlier.iter().chain([&*subject.inputs]) {
            let (same, values, _) = joined(model, inputs, &wrt, threads, cancel)?;
            if same != parts || values.len() != states_at.len() {
                return Err(Error::Argument {
                    argument: "earlier",
                    expected: format!("{rows} rows like those of the explained step"),
                    found: format!("{} numbers", values.len()),
                });
            }
            columns.push(values);
        }
        let mut at = Vec::with_capacity(rows * (seen * columns.len() + state));
        for row in 0..rows {
            let of = |values: &[f32]| row * (values.len() / rows);
            columns.iter().for_each(|values| at.extend_from_slice(&values[of(values)..][..seen]));
            at.extend_from_slice(&states_at[of(&states_at) + seen..][..state]);
        }
        let parts = parts_over_time(&parts, subject.wrt.len(), columns.len(), seen);
        let mut steps: Vec<OneStep<'m>> = earlier
            .iter()
            .map(|inputs| OneStep { compiler: Arc::clone(&passes), inputs: Arc::new(inputs.clone()) })
            .collect();
        let mut inputs = subject.inputs;
        for (name, tensor) in subject.target.view.given() {
            Arc::make_mut(&mut inputs).insert(name.to_owned(), tensor.clone());
        }
        steps.push(OneStep { compiler: last, inputs });
        let width = seen * steps.len() + state;
        Ok((Unrolled { steps, seen, state }, parts, Tensor::f32(&[rows, width], at)?))
    }

    /// What a step sees at each point, and the state that goes with it.
    fn place(&self, points: &[f32], step: usize, states: &[f32]) -> Vec<f32> {
        let width = self.seen * self.steps.len() + self.state;
        let mut place = Vec::with_capacity(points.len() / width.max(1) * (self.seen + self.state));
        for (row, state) in points.chunks(width).zip(states.chunks(self.state)) {
            place.extend_from_slice(&row[step * self.seen..][..self.seen]);
            place.extend_from_slice(state);
        }
        place
    }
}

impl Function for Unrolled<'_> {
    fn entries(&self) -> usize {
        self.steps.last().map_or(0, Function::entries)
    }

    fn effort(&self) -> Effort {
        let mut all = Effort::default();
        for effort in self.steps.iter().map(Function::effort) {
            all.products = all.products.saturating_add(effort.products);
            // One step after the other.
            all.bytes = all.bytes.max(effort.bytes);
        }
        all
    }

    fn answer(
        &self,
        points: &[f32],
        of: &[usize],
        seeds: Option<&[f32]>,
        threads: usize,
        cancel: &Cancel,
    ) -> Result<Answer> {
        let width = self.seen * self.steps.len() + self.state;
        let mut states: Vec<f32> =
            points.chunks(width).flat_map(|row| row[width - self.state..].iter().copied()).collect();
        let mut places = Vec::with_capacity(self.steps.len());
        let last = self.steps.len() - 1;
        for (index, step) in self.steps[..last].iter().enumerate() {
            let place = self.place(points, index, &states);
            states = step.answer(&place, of, None, threads, cancel)?.entries;
            places.push(place);
        }
        let place = self.place(points, last, &states);
        let found = self.steps[last].answer(&place, of, seeds, threads, cancel)?;
        if seeds.is_none() {
            return Ok(found);
        }
        // Back through time: the gradient that reaches a state is what the step before it is asked about.
        let mut gradient = vec![0.0; points.len()];
        let mut of_step = found.gradient;
        for index in (0..=last).rev() {
            let mut of_state = Vec::with_capacity(of.len() * self.state);
            for (row, step) in of_step.chunks(self.seen + self.state).enumerate() {
                gradient[row * width + index * self.seen..][..self.seen].copy_from_slice(&step[..self.seen]);
                of_state.extend_from_slice(&step[self.seen..]);
            }
            match index.checked_sub(1) {
                Some(before) => {
                    let step = &self.steps[before];
                    of_step = step.answer(&places[before], of, Some(&of_state), threads, cancel)?.gradient;
                }
                None => {
                    for (row, state) in of_state.chunks(self.state).enumerate() {
                        gradient[row * width + width - self.state..][..self.state].copy_from_slice(state);
                    }
                }
            }
        }
        Ok(Answer { entries: found.entries, gradient })
    }
}

/// The parts of a row: what each step saw, named by how long ago it was, and the state at the end.
fn parts_over_time(parts: &[Part], sees: usize, steps: usize, seen: usize) -> Vec<Part> {
    let mut all = Vec::new();
    for step in 0..steps {
        all.extend(parts[..sees].iter().map(|part| Part {
            name: format!("{}@-{}", part.name, steps - 1 - step),
            offset: step * seen + part.offset,
            ..part.clone()
        }));
    }
    let moved = |part: &Part| Part { offset: part.offset + seen * (steps - 1), ..part.clone() };
    all.extend(parts[sees..].iter().map(moved));
    all
}
