//! How far an attribution is to be trusted.

use ethogram_model::{
    Attribution, Baseline, Cancel, Curves, Explained, Randomised, Tells, curves, infidelity, randomised,
};

use super::ExplanationRequest;
use super::head::Question;
use crate::{Error, Result, RunHandle};

/// Points of the deletion and insertion curves.
const CURVE_POINTS: usize = 20;
/// Small changes that infidelity is measured by, and their size as a share of the input's range.
const CHANGES: (usize, f32, u64) = (64, 0.05, 0);
/// Most of the planted elements that are looked for.
pub const PLANTED_MAX: usize = 4_096;

/// What is measured; each costs passes through the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QualityChecks {
    /// Deletion and insertion curves.
    pub curves: bool,
    /// How far the attributions foretell small changes.
    pub infidelity: bool,
    /// Whether the attributions follow the weights.
    pub randomised: bool,
    /// Elements that are known to matter: where the attributions rank them.
    pub planted: Vec<usize>,
}

/// What was measured at one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// Which step.
    pub step: u64,
    /// What is explained.
    pub target: String,
    /// The target's value.
    pub at_input: f32,
    /// How far the attributions are from adding up, and the difference that they should add up to; of methods that promise to.
    pub completeness: Option<(f32, f32)>,
    /// Deletion and insertion curves.
    pub curves: Option<Curves>,
    /// 0 is perfect, about 1 says nothing; of methods that tell slopes or shares.
    pub infidelity: Option<f32>,
    /// Rank correlation with networks whose layers lost what they learned, from the last down.
    pub randomised: Vec<Randomised>,
    /// The share of elements that are ranked above the first, and above the last, of the planted ones.
    pub planted: Option<(f32, f32)>,
}

impl RunHandle {
    /// Measures the attribution of one step, the first of the request's range, for one target.
    ///
    /// # Errors
    /// As [`RunHandle::explanation`]; [`Error::Unexplained`] when the step has nothing to explain.
    pub fn quality(&self, request: &ExplanationRequest, checks: &QualityChecks, cancel: &Cancel) -> Result<Quality> {
        let step = request.range.start;
        let request = ExplanationRequest { range: step..step.saturating_add(1), history: 0, ..request.clone() };
        let asking = self.asking(&request, &[])?;
        let question = Question {
            run: self,
            episode: request.episode,
            first: asking.first,
            model: &asking.model,
            signature: &asking.signature,
            given: &asking.given,
            cancel,
        };
        let answer = question.answers(&request.target, request.of)?.into_iter().next();
        let answer = answer.filter(|answer| answer.weights.first().is_some_and(Option::is_some));
        let answer = answer.ok_or_else(|| Error::Unexplained {
            episode: request.episode,
            why: format!("step {step} has no observation, or nothing that {:?} is about", request.target),
        })?;
        let subject = asking.subject(&answer, &[0])?;
        let mut explained = Explained::new(&asking.model, subject.clone(), 0, cancel)?;
        let reference = asking.reference(self, request.episode)?;
        if let Some(reference) = &reference {
            explained = explained.with_reference(reference, cancel)?;
        }
        let found = asking.method.attribute(&explained, cancel)?;
        let completeness = found.completeness_error.first().map(|error| {
            let from = found.at_baseline.first().copied().unwrap_or(0.0);
            (*error, found.at_input[0] - from)
        });
        let baseline = asking.method.baseline().unwrap_or(Baseline::Zero);
        let mut quality = Quality {
            step,
            target: answer.name,
            at_input: found.at_input[0],
            completeness,
            curves: None,
            infidelity: None,
            randomised: Vec::new(),
            planted: None,
        };
        if checks.curves {
            quality.curves = curves(&explained, &found.values, &baseline, CURVE_POINTS, cancel)?.pop();
        }
        let slopes_of = match asking.method.method.tells {
            Tells::Slopes => Some(None),
            Tells::Shares => Some(Some(&baseline)),
            Tells::Effects | Tells::Sizes => None,
        };
        if let (true, Some(shares_of)) = (checks.infidelity, slopes_of) {
            quality.infidelity = infidelity(&explained, &found.values, shares_of, CHANGES, cancel)?.pop();
        }
        if checks.randomised {
            quality.randomised = randomised(&asking.model, &subject, &asking.method, reference.as_ref(), 0, cancel)?;
        }
        if !checks.planted.is_empty() {
            quality.planted = Some(planted(found.values.as_f32().unwrap_or_default(), &checks.planted)?);
        }
        Ok(quality)
    }
}

/// The share of elements that lie above the first, and above the last, of some of them.
fn planted(values: &[f32], elements: &[usize]) -> Result<(f32, f32)> {
    if let Some(element) = elements.iter().find(|element| **element >= values.len()) {
        return Err(Error::BadParam {
            field: "quality".to_owned(),
            param: "planted".to_owned(),
            expected: format!("elements below {}", values.len()),
            found: element.to_string(),
        });
    }
    let above = |element: &usize| {
        let size = values[*element].abs();
        values.iter().filter(|value| value.abs() > size).count() as f32 / values.len() as f32
    };
    let shares: Vec<f32> = elements.iter().map(above).collect();
    Ok((shares.iter().copied().fold(f32::INFINITY, f32::min), shares.iter().copied().fold(0.0, f32::max)))
}
