//! Whether a checkpoint is the network that acted: its outputs from stored observations against those that were logged.

use ethogram_model::{Cancel, Model, View, look};
use ethogram_store::CheckpointRow;

use super::in_force;
use super::observation::{inputs, logged};
use super::signature::{Meaning, Signature};
use crate::{Error, Result, RunHandle};

/// Steps whose observations are held at once.
const STEPS_AT_ONCE: u64 = 256;
/// Most steps of an episode that are compared; of longer ones parts spread over it.
const STEPS_MAX: u64 = 4_096;
/// Up to here the difference is that of rounding.
const SAME: f32 = 1e-3;
/// Up to here a network may be the same and its numbers coarser: half precision, another machine.
const CLOSE: f32 = 2e-2;

/// How a checkpoint's outputs compare with what an episode's policy said.
#[derive(Clone, Debug, PartialEq)]
pub struct Parity {
    /// Which network was asked.
    pub checkpoint: CheckpointRow,
    /// Steps that were compared.
    pub steps: u64,
    /// What all outputs together say.
    pub verdict: Verdict,
    /// One an output that was logged, in the order of the signature.
    pub outputs: Vec<OutputParity>,
}

/// One output against the field of the same meaning.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputParity {
    /// Name of the output.
    pub output: String,
    /// The logged field.
    pub field: String,
    /// Steps at which both are there.
    pub steps: u64,
    /// The largest difference; NaN when one side is not a number where the other is.
    pub worst: f32,
    /// Where it is.
    pub worst_step: u64,
    /// The largest logged number, which differences are measured by.
    pub scale: f32,
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Equal within rounding.
    Same,
    /// Nearly: another precision or machine.
    Close,
    /// Another network, or another preprocessing: what it explains is not this policy.
    Different,
}

impl Verdict {
    /// As people read it.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Same => "same",
            Verdict::Close => "close",
            Verdict::Different => "different",
        }
    }
}

impl OutputParity {
    /// The largest difference, as a share of the scale.
    pub fn relative(&self) -> f32 {
        self.worst / self.scale.max(1e-6)
    }

    fn verdict(&self) -> Verdict {
        match self.relative() {
            share if share <= SAME => Verdict::Same,
            share if share <= CLOSE => Verdict::Close,
            // Also what is not a number.
            _ => Verdict::Different,
        }
    }
}

impl RunHandle {
    /// Recomputes what the policy said in an episode, from stored observations and the stored recurrent state before each step.
    ///
    /// # Errors
    /// [`Error::Unexplained`] when nothing that the network gives was logged.
    pub fn parity(&self, episode: u64, checkpoint: Option<i64>, cancel: &Cancel) -> Result<Parity> {
        let row = self.episode(episode)?;
        let checkpoints = self.explainable(episode)?;
        let checkpoint = checkpoints[in_force(&checkpoints, &row, checkpoint)].clone();
        let model = self.networks().open(self.source().as_ref(), &checkpoint)?;
        let signature = Signature::read(&checkpoint.signature)?;
        let steps = self.source().step_count(episode)?;
        let fields = self.source().step_fields(episode)?;
        let is_logged = |name: &str| fields.iter().any(|info| info.name == name);
        let mut compared = compared(&model, &signature, &is_logged);
        if compared.is_empty() {
            let why = "none of the network's outputs was logged; pass logits=, value= or q_values= to episode.step, or env.annotate";
            return Err(Error::Unexplained { episode, why: why.to_owned() });
        }
        let mut done = 0;
        for range in parts(steps) {
            cancel.check()?;
            let given = inputs(self, episode, range.clone(), &model, &signature)?;
            let count = given.valid.len();
            let all: Vec<usize> = (0..count).collect();
            if count == 0 {
                continue;
            }
            for one in &mut compared {
                let (found, width) = look(&model, given.rows(&all)?, &one.parity.output, &one.view, cancel)?;
                // The state after a step is the one before the next.
                let first = range.start + u64::from(one.shifted);
                let left = (steps.saturating_sub(first) as usize).min(count);
                let (logged_width, expected, there) = logged(self, episode, first, left, &one.parity.field)?;
                if logged_width != width {
                    return Err(Error::BadInput {
                        field: "parity".to_owned(),
                        input: one.parity.field.clone(),
                        expected: format!("{width} numbers a step, as many as {:?} has", one.parity.output),
                        found: logged_width.to_string(),
                    });
                }
                for step in (0..left).filter(|&step| there[step] && given.valid[step]) {
                    let of = step * width..(step + 1) * width;
                    one.compare(&found[of.clone()], &expected[of], range.start + step as u64);
                }
            }
            done += given.valid.iter().filter(|valid| **valid).count() as u64;
        }
        let outputs: Vec<OutputParity> =
            compared.into_iter().map(|one| one.parity).filter(|output| output.steps > 0).collect();
        let verdict = outputs.iter().map(OutputParity::verdict).max();
        let verdict = verdict.ok_or_else(|| Error::Unexplained {
            episode,
            why: "at no step are both the network's inputs and what the policy said logged".to_owned(),
        })?;
        Ok(Parity { checkpoint, steps: done, verdict, outputs })
    }
}

/// One output on its way through the episode.
struct Compared {
    parity: OutputParity,
    view: View,
    /// Whether the field's next row is meant.
    shifted: bool,
}

impl Compared {
    fn compare(&mut self, found: &[f32], expected: &[f32], step: u64) {
        self.parity.steps += 1;
        for (found, expected) in found.iter().zip(expected) {
            if expected.is_finite() {
                self.parity.scale = self.parity.scale.max(expected.abs());
            }
            let both_none = found.is_nan() && expected.is_nan();
            #[expect(clippy::float_cmp, reason = "infinities that are equal do not differ")]
            let away = if both_none || found == expected { 0.0 } else { (found - expected).abs() };
            // What is not a number is worse than any difference.
            if away > self.parity.worst || (away.is_nan() && !self.parity.worst.is_nan()) {
                (self.parity.worst, self.parity.worst_step) = (away, step);
            }
        }
    }
}

/// Outputs of which the same was logged.
fn compared(model: &Model, signature: &Signature, is_logged: &dyn Fn(&str) -> bool) -> Vec<Compared> {
    let made = |output: &str, field: &str, view: View, shifted: bool| Compared {
        parity: OutputParity {
            output: output.to_owned(),
            field: field.to_owned(),
            steps: 0,
            worst: 0.0,
            worst_step: 0,
            scale: 0.0,
        },
        view,
        shifted,
    };
    let known = |name: &str| model.outputs().iter().any(|output| output.name == name);
    let mut found = Vec::new();
    for (output, role) in signature.outputs.iter().filter(|(output, _)| known(output)) {
        let field = match role.as_str() {
            "log_std" => "action_log_std",
            role => role,
        };
        if matches!(field, "state" | "embedding" | "atoms" | "atom_logits") {
            continue;
        }
        if is_logged(field) {
            found.push(made(output, field, View::Plain, false));
        } else if role == "logits" && is_logged("action_probabilities") {
            found.push(made(output, "action_probabilities", View::Probability, false));
        }
    }
    for (_, meaning) in &signature.inputs {
        if let Meaning::State { next: Some(next), field } = meaning
            && known(next)
            && is_logged(field)
        {
            found.push(made(next, field, View::Plain, true));
        }
    }
    found
}

/// The steps that are compared, a part at a time.
fn parts(steps: u64) -> Vec<std::ops::Range<u64>> {
    let all = steps.div_ceil(STEPS_AT_ONCE);
    let kept = all.min(STEPS_MAX / STEPS_AT_ONCE);
    (0..kept)
        .map(|part| {
            let start = part * all / kept * STEPS_AT_ONCE;
            start..(start + STEPS_AT_ONCE).min(steps)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_episodes_are_compared_in_parts_spread_over_them() {
        assert!(parts(0).is_empty());
        assert_eq!(parts(300), [0..256, 256..300]);
        let long = parts(1_000_000);
        assert_eq!(long.len(), 16);
        assert!(long.windows(2).all(|pair| pair[0].end <= pair[1].start) && long[15].start > 900_000);
    }

    #[test]
    fn what_is_not_a_number_is_worst() {
        let mut one = Compared {
            parity: OutputParity {
                output: "v".into(),
                field: "value".into(),
                steps: 0,
                worst: 0.0,
                worst_step: 0,
                scale: 0.0,
            },
            view: View::Plain,
            shifted: false,
        };
        one.compare(&[1.0], &[1.5], 3);
        assert_eq!((one.parity.worst, one.parity.worst_step), (0.5, 3));
        one.compare(&[f32::NAN], &[2.0], 4);
        one.compare(&[9.0], &[2.0], 5);
        assert!(one.parity.worst.is_nan() && one.parity.worst_step == 4);
        assert_eq!(one.parity.verdict(), Verdict::Different);
    }
}
