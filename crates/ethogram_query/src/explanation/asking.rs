//! A network asked about steps of an episode: what is kept is taken, the rest computed, several answers together.

use std::collections::BTreeMap;
use std::sync::Arc;

use ethogram_model::{
    Attributed, Attribution as _, Cancel, Configured, Explained, Model, Part, Subject, Tensor, Unrolling,
};
use ethogram_store::CheckpointRow;

use super::answer::Answer;
use super::observation::{Given, inputs};
use super::recalled::Recalled;
use super::reference;
use super::signature::Signature;
use super::{Explanation, ExplanationRequest};
use crate::{Result, RunHandle};

/// A network that is asked about an episode, and all that is known of it.
pub struct Asking {
    pub checkpoint: CheckpointRow,
    pub model: Arc<Model>,
    pub signature: Signature,
    pub method: Configured,
    pub wrt: Vec<String>,
    pub given: Given,
    /// Whether the inputs are others than those that were logged.
    pub is_edited: bool,
    /// First step of `given`.
    pub first: u64,
}

/// One answer on its way.
struct Begun<'a> {
    answer: &'a Answer,
    explanation: Explanation,
    /// Steps that have an answer.
    rows: Vec<usize>,
    kept: Option<Recalled<'a>>,
    /// Those of them that are not kept.
    rest: Vec<usize>,
}

impl Asking {
    /// An explanation for each answer. What is kept of it is taken; answers that lack the same steps are computed together.
    pub fn explain_each(
        &self,
        run: &RunHandle,
        request: &ExplanationRequest,
        answers: &[Answer],
        reference: Option<&BTreeMap<String, Tensor>>,
        cancel: &Cancel,
    ) -> Result<Vec<Explanation>> {
        let mut begun = Vec::with_capacity(answers.len());
        for answer in answers {
            let mut explanation = self.nothing_yet(answer);
            let rows: Vec<usize> = (0..explanation.valid.len()).filter(|&row| explanation.valid[row]).collect();
            let (mut kept, mut rest) = (None, Vec::new());
            if request.history > 0 {
                self.explain_over_time(run, request, answer, &rows, &mut explanation, cancel)?;
            } else if !rows.is_empty() {
                // What is said of an edit is not said of the step.
                if !self.is_edited {
                    kept = Some(Recalled::new(run, request, self, answer, &rows, reference)?);
                }
                rest = kept.as_ref().map_or_else(|| rows.clone(), |kept| kept.fill(&mut explanation));
            }
            begun.push(Begun { answer, explanation, rows, kept, rest });
        }
        let mut lacking: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
        for (index, one) in begun.iter().enumerate().filter(|(_, one)| !one.rest.is_empty()) {
            lacking.entry(one.rest.clone()).or_default().push(index);
        }
        for (rest, indices) in lacking {
            let asked: Vec<&Answer> = indices.iter().map(|&index| begun[index].answer).collect();
            let (found, parts) = self.attribute(request, &asked, &rest, reference, cancel)?;
            for (&index, found) in indices.iter().zip(found) {
                begun[index].fill(found, &parts, |answer, rows| {
                    let (mut found, _) = self.attribute(request, &[answer], rows, reference, cancel)?;
                    Ok(found.remove(0))
                })?;
            }
        }
        Ok(begun.into_iter().map(|one| one.explanation).collect())
    }

    /// An explanation of which only the question is known.
    fn nothing_yet(&self, answer: &Answer) -> Explanation {
        let valid: Vec<bool> = answer.weights.iter().map(Option::is_some).collect();
        Explanation {
            first: self.first,
            shape: Vec::new(),
            values: Vec::new(),
            at_input: vec![f32::NAN; valid.len()],
            at_baseline: Vec::new(),
            completeness_error: Vec::new(),
            entry: answer.entry.clone(),
            valid,
            target: answer.name.clone(),
            settings: self.method.settings.iter().map(|(name, set)| (name.to_owned(), set.to_string())).collect(),
            checkpoint: self.checkpoint.clone(),
            output: answer.output.clone(),
            wrt: self.wrt.join("+"),
            wrt_shape: Vec::new(),
            parts: Vec::new(),
            recalled: 0,
        }
    }

    /// What the method finds for some of the steps, for each answer, and what the explained value is made of.
    fn attribute(
        &self,
        request: &ExplanationRequest,
        answers: &[&Answer],
        rows: &[usize],
        reference: Option<&BTreeMap<String, Tensor>>,
        cancel: &Cancel,
    ) -> Result<(Vec<Attributed>, Vec<Part>)> {
        let explained = |answer: &&Answer| {
            let explained = Explained::new(&self.model, self.subject(answer, rows)?, request.threads, cancel)?;
            Ok(match reference {
                Some(reference) => explained.with_reference(reference, cancel)?,
                None => explained,
            })
        };
        let all = answers.iter().map(explained).collect::<Result<Vec<_>>>()?;
        let found = self.method.attribute_each(&all.iter().collect::<Vec<_>>(), cancel)?;
        Ok((found, all.first().map(|one| one.parts().to_vec()).unwrap_or_default()))
    }

    /// Inputs at the steps that the method compares with.
    pub fn reference(&self, run: &RunHandle, episode: u64) -> Result<Option<BTreeMap<String, Tensor>>> {
        let Some(wanted) = self.method.reference() else { return Ok(None) };
        let given = reference::reference(run, episode, wanted, &self.model, &self.signature)?;
        let all: Vec<usize> = (0..given.valid.len()).collect();
        given.rows(&all).map(Some)
    }

    /// What is asked about some of the steps.
    pub fn subject(&self, answer: &Answer, rows: &[usize]) -> Result<Subject> {
        let target = ethogram_model::Target {
            output: answer.output.clone(),
            view: answer.view.rows(rows)?,
            weights: rows.iter().filter_map(|&row| answer.weights[row].clone()).collect(),
            link: answer.link,
        };
        Ok(Subject { inputs: self.given.rows(rows)?.into(), target, wrt: self.wrt.clone() })
    }

    /// Steps with as many earlier ones as the episode has, each explained through them. What lies before the episode's beginning stays 0.
    fn explain_over_time(
        &self,
        run: &RunHandle,
        request: &ExplanationRequest,
        answer: &Answer,
        rows: &[usize],
        explanation: &mut Explanation,
        cancel: &Cancel,
    ) -> Result<()> {
        let states: Vec<(String, String)> = self
            .signature
            .states()
            .into_iter()
            .filter_map(|(name, next)| Some((name.to_owned(), next?.to_owned())))
            .collect();
        let history = request.history.min(self.first + rows.last().map_or(0, |&row| row as u64));
        let reach = self.first.saturating_sub(history);
        let before = inputs(run, request.episode, reach..self.first, &self.model, &self.signature)?;
        let past_valid: Vec<bool> = before.valid.iter().chain(&self.given.valid).copied().collect();
        let all: Vec<usize> = (0..self.given.valid.len()).collect();
        let tensors: BTreeMap<String, Tensor> = if before.valid.is_empty() {
            self.given.rows(&all)?
        } else {
            let earlier: Vec<usize> = (0..before.valid.len()).collect();
            let mut joined = BTreeMap::new();
            let now = self.given.rows(&all)?;
            for (name, tensor) in before.rows(&earlier)? {
                let joint = tensor.followed_by(&now[&name])?;
                joined.insert(name, joint);
            }
            joined
        };
        let offset = (self.first - reach) as usize;
        // Steps that look back equally far go together.
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &row in rows {
            let at = offset + row;
            let back = (0..=at.min(history as usize)).take_while(|back| past_valid[at - back]).count();
            groups.entry(back.saturating_sub(1)).or_default().push(row);
        }
        for (back, rows) in groups.into_iter().rev() {
            let at = |ago: usize| -> Vec<usize> { rows.iter().map(|row| offset + row - ago).collect() };
            let of = |ago: usize| -> Result<BTreeMap<String, Tensor>> {
                tensors.iter().map(|(name, tensor)| Ok((name.clone(), tensor.rows(&at(ago))?))).collect()
            };
            let earlier = (1..=back).rev().map(of).collect::<Result<Vec<_>>>()?;
            let unrolling = Unrolling { earlier, states: states.clone() };
            let explained = Explained::over_time(&self.model, self.subject(answer, &rows)?, &unrolling, 0, cancel)?;
            let found = self.method.attribute(&explained, cancel)?;
            explanation.fill_over_time(&rows, &found, explained.parts(), history as usize - back);
        }
        Ok(())
    }
}

impl Begun<'_> {
    /// Takes in what was found for the rest, and keeps it; `again` finds it for all rows.
    fn fill(
        &mut self,
        mut found: Attributed,
        parts: &[Part],
        again: impl FnOnce(&Answer, &[usize]) -> Result<Attributed>,
    ) -> Result<()> {
        let explanation = &mut self.explanation;
        if !explanation.parts.is_empty() && explanation.shape != found.values.shape()[1..] {
            // What is kept is not what this method gives; nothing of it counts.
            self.rest.clone_from(&self.rows);
            explanation.forget();
            found = again(self.answer, &self.rows)?;
        }
        explanation.wrt_shape = match parts {
            [part] => part.shape.clone(),
            parts => vec![parts.iter().map(|part| part.width).sum()],
        };
        explanation.parts = parts.to_vec();
        explanation.fill(&self.rest, &found);
        if let Some(kept) = &self.kept {
            kept.keep(&self.rest, explanation);
        }
        Ok(())
    }
}

impl Explanation {
    /// Lets go of what was filled in.
    fn forget(&mut self) {
        (self.recalled, self.values, self.parts) = (0, Vec::new(), Vec::new());
        (self.completeness_error, self.at_baseline) = (Vec::new(), Vec::new());
        self.at_input.fill(f32::NAN);
    }

    /// Lays what was found for some rows among all of them.
    fn fill(&mut self, rows: &[usize], found: &Attributed) {
        self.shape = found.values.shape()[1..].to_vec();
        let width: usize = self.shape.iter().product();
        self.lay(rows, found, width, 0);
    }

    /// The same, with room at the front for `missing` earlier steps.
    fn fill_over_time(&mut self, rows: &[usize], found: &Attributed, parts: &[Part], missing: usize) {
        let width: usize = found.values.shape()[1..].iter().product();
        let step = parts.iter().filter(|part| part.name.ends_with("@-0")).map(|part| part.width).sum::<usize>();
        if self.parts.is_empty() {
            // The first group looks back furthest of all steps that are explained.
            self.wrt_shape = vec![width + missing * step];
            self.shape.clone_from(&self.wrt_shape);
            self.parts = parts.to_vec();
            self.parts.iter_mut().for_each(|part| part.offset += missing * step);
        }
        self.lay(rows, found, self.shape[0], self.shape[0] - width);
    }

    fn lay(&mut self, rows: &[usize], found: &Attributed, width: usize, from: usize) {
        let values = found.values.as_f32().unwrap_or_default();
        if self.values.is_empty() {
            self.values = vec![0.0; self.valid.len() * width];
        }
        for (known, found) in
            [(&mut self.completeness_error, &found.completeness_error), (&mut self.at_baseline, &found.at_baseline)]
        {
            if known.is_empty() && !found.is_empty() {
                *known = vec![f32::NAN; self.valid.len()];
            }
            for (&row, value) in rows.iter().zip(found) {
                known[row] = *value;
            }
        }
        let own = width - from;
        for (index, &row) in rows.iter().enumerate() {
            self.values[row * width + from..][..own].copy_from_slice(&values[index * own..][..own]);
            self.at_input[row] = found.at_input[index];
        }
    }
}
