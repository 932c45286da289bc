//! What was computed before is not computed again.

use std::collections::BTreeMap;

use ethogram_model::{Data, Tensor};
use serde_json::json;
use xxhash_rust::xxh3::Xxh3;

use super::answer::Answer;
use super::asking::Asking;
use super::kept::{Frame, Kept, Question, Step};
use super::{Explanation, ExplanationRequest};
use crate::{Result, RunHandle};

/// One answer to a question, as far as it is kept beside the run.
pub struct Recalled<'r> {
    kept: &'r Kept,
    question: Question,
    /// First step of the explanation.
    first: u64,
    /// By row: hash of all that the answer is computed from and the question does not name.
    inputs: BTreeMap<usize, u64>,
}

impl<'r> Recalled<'r> {
    /// `rows` are those that have an answer.
    pub fn new(
        run: &'r RunHandle,
        request: &ExplanationRequest,
        asking: &Asking,
        answer: &Answer,
        rows: &[usize],
        reference: Option<&BTreeMap<String, Tensor>>,
    ) -> Result<Self> {
        let settings: serde_json::Map<_, _> =
            asking.method.settings.iter().map(|(name, set)| (name.to_owned(), set.to_string().into())).collect();
        let parts = json!({
            "method": asking.method.method.name,
            "params": settings,
            "target": answer.name,
            "of": format!("{:?}", request.of),
            "output": answer.output,
            "wrt": asking.wrt,
        });
        let question = Question::new(request.episode, &asking.checkpoint.hash, &parts);
        let mut beside = Xxh3::new();
        for (name, tensor) in reference.into_iter().flatten() {
            add(&mut beside, name, tensor);
        }
        let beside = beside.digest();
        let hash = |&row: &usize| -> Result<(usize, u64)> {
            let mut hash = Xxh3::new();
            hash.update(&beside.to_le_bytes());
            for (name, tensor) in &asking.given.rows(&[row])? {
                add(&mut hash, name, tensor);
            }
            // Numbers that the view takes at the step are among what it prints.
            hash.update(format!("{:?} {:?}", answer.view.rows(&[row])?, answer.link).as_bytes());
            for (entry, weight) in answer.weights[row].iter().flatten() {
                hash.update(&(*entry as u64).to_le_bytes());
                hash.update(&weight.to_le_bytes());
            }
            Ok((row, hash.digest()))
        };
        let inputs = rows.iter().map(hash).collect::<Result<_>>()?;
        Ok(Self { kept: run.kept(), question, first: asking.first, inputs })
    }

    /// Fills in what is kept; gives the rows that are not.
    pub fn fill(&self, explanation: &mut Explanation) -> Vec<usize> {
        let steps: Vec<(u64, u64)> =
            self.inputs.iter().map(|(row, inputs)| (self.first + *row as u64, *inputs)).collect();
        let (frame, found) = match self.kept.read(&self.question, &steps) {
            Some((frame, found)) if !found.is_empty() => (frame, found),
            _ => return self.inputs.keys().copied().collect(),
        };
        let rows = explanation.valid.len();
        let width = frame.width().unwrap_or_default();
        explanation.values = vec![0.0; rows * width];
        explanation.completeness_error = if frame.is_complete { vec![f32::NAN; rows] } else { Vec::new() };
        explanation.at_baseline = if frame.has_baseline { vec![f32::NAN; rows] } else { Vec::new() };
        (explanation.shape, explanation.wrt_shape, explanation.parts) = (frame.shape, frame.wrt_shape, frame.parts);
        explanation.recalled = found.len();
        let mut rest = self.inputs.clone();
        for step in found {
            let row = (step.step - self.first) as usize;
            rest.remove(&row);
            explanation.values[row * width..][..width].copy_from_slice(&step.values);
            explanation.at_input[row] = step.at_input;
            for (all, one) in [
                (&mut explanation.completeness_error, step.completeness_error),
                (&mut explanation.at_baseline, step.at_baseline),
            ] {
                if let Some(place) = all.get_mut(row) {
                    *place = one;
                }
            }
        }
        rest.into_keys().collect()
    }

    /// Keeps rows that were computed now. Where nothing can be written, nothing is.
    pub fn keep(&self, rows: &[usize], explanation: &Explanation) {
        let frame = Frame {
            shape: explanation.shape.clone(),
            wrt_shape: explanation.wrt_shape.clone(),
            parts: explanation.parts.clone(),
            has_baseline: !explanation.at_baseline.is_empty(),
            is_complete: !explanation.completeness_error.is_empty(),
        };
        let width = frame.width().unwrap_or_default();
        let one = |all: &[f32], row: usize| all.get(row).copied().unwrap_or(f32::NAN);
        let step = |&row: &usize| Step {
            step: self.first + row as u64,
            inputs: self.inputs[&row],
            values: explanation.values[row * width..][..width].to_vec(),
            at_input: explanation.at_input[row],
            at_baseline: one(&explanation.at_baseline, row),
            completeness_error: one(&explanation.completeness_error, row),
        };
        let steps: Vec<Step> = rows.iter().map(step).collect();
        // A folder that cannot be written costs time, not answers; `ethogram explain` says so before it begins.
        let _ = self.kept.add(&self.question, &frame, &steps);
    }
}

/// Adds a named tensor to a hash.
fn add(hash: &mut Xxh3, name: &str, tensor: &Tensor) {
    hash.update(format!("{name:?} {}", tensor.describe()).as_bytes());
    let bytes: Vec<u8> = match tensor.data() {
        Data::F32(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::I64(values) => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        Data::Bool(values) => values.iter().map(|value| u8::from(*value)).collect(),
    };
    hash.update(&bytes);
}
