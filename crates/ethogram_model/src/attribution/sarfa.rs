//! A spot of the picture blurred away, scored by what it means for one action and no other.

use super::perturbation::{BLUR_SIGMA, MODE, Perturbation, RADIUS, SIGMA, STRIDE, every};
use super::{Attributed, Attribution, Explained, Link, Method, Tells, View};
use crate::error::{Error, Result};
use crate::exec::Cancel;

/// As people choose it.
pub(super) const METHOD: Method = Method {
    name: "sarfa",
    doc: "how much a blurred spot lowers the explained action's probability while leaving the balance of the others alone",
    does_not_show: "spots that speak against the action (they get 0), and whatever moves all actions at once",
    tells: Tells::Effects,
    cost: "one pass forward for each spot: (H / stride) · (W / stride)",
    source: "Puri et al. (2020), Explain Your Move, section 3; spots are those of Greydanus et al. (2018)",
    params: &[STRIDE, RADIUS, SIGMA, BLUR_SIGMA, MODE],
    make: |settings| Ok(Box::new(Sarfa { spots: Perturbation::of(settings) })),
};

/// 2 K Δp / (K + Δp): specific when the action's probability falls (Δp), relevant when the others keep their proportions (K).
#[derive(Clone, Debug, Default)]
pub struct Sarfa {
    /// Where spots lie, and what they do.
    pub spots: Perturbation,
}

impl Attribution for Sarfa {
    fn attribute(&self, explained: &Explained, cancel: &Cancel) -> Result<Attributed> {
        let target = explained.target();
        let actions = target.weights.iter().map(|weights| match weights[..] {
            [(entry, weight)] if weight > 0.0 => Some(entry),
            _ => None,
        });
        let scores_of = matches!(target.view, View::Plain | View::LogProbability | View::Mean | View::Atoms { .. });
        let actions: Option<Vec<usize>> = actions.collect();
        let (true, Link::Identity, Some(actions)) = (scores_of, target.link, actions) else {
            return Err(Error::Argument {
                argument: "target",
                expected: "one action's logit or Q-value".to_owned(),
                found: "a difference, a sum, a probability or several choices".to_owned(),
            });
        };
        let all = every(explained);
        let (plain, entries) = explained.outputs(explained.at_values(), &all, cancel)?;
        if entries < 2 {
            return Err(Error::Argument {
                argument: "target",
                expected: "an action among others".to_owned(),
                found: format!("an output of {entries} entries"),
            });
        }
        let at_input = target.numbers(&plain, &all);
        let (shape, scores) = self.spots.scores(explained, cancel, |outputs, of| {
            let score =
                |(after, &row): (&[f32], &usize)| sarfa(&plain[row * entries..][..entries], after, actions[row]);
            outputs.chunks(entries).zip(of).map(score).collect()
        })?;
        Attributed::plain(&shape, scores, at_input)
    }
}

/// The score of one action from the scores of all before and after a change.
fn sarfa(before: &[f32], after: &[f32], action: usize) -> f32 {
    let fall = softmax(before, None)[action] - softmax(after, None)[action];
    if fall <= 0.0 {
        return 0.0;
    }
    let (rest, rest_after) = (softmax(before, Some(action)), softmax(after, Some(action)));
    let divergence: f64 = rest_after.iter().zip(&rest).filter(|(q, _)| **q > 0.0).map(|(q, p)| q * (q / p).ln()).sum();
    let kept = 1.0 / (1.0 + divergence);
    (2.0 * kept * fall / (kept + fall)) as f32
}

/// Softmax over all entries but one, which gets 0.
fn softmax(scores: &[f32], without: Option<usize>) -> Vec<f64> {
    let counts = |at: usize| Some(at) != without;
    let most = (0..scores.len()).filter(|&at| counts(at)).map(|at| scores[at]).fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = scores
        .iter()
        .enumerate()
        .map(|(at, score)| if counts(at) { f64::from(score - most).exp() } else { 0.0 })
        .collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_score_is_the_papers() {
        // The action falls from softmax(1, 0, 0) to a half; the others stay as they were.
        let (before, after) = ([1.0, 0.0, 0.0], [2.0_f32.ln(), 0.0, 0.0]);
        let fall = 1_f64.exp() / (1_f64.exp() + 2.0) - 0.5;
        let expected = 2.0 * fall / (1.0 + fall);
        assert!((f64::from(sarfa(&before, &after, 0)) - expected).abs() < 1e-6);
        // All scores alike shifted is no change.
        assert!(sarfa(&before, &[3.0, 2.0, 2.0], 0).abs() < 1e-6);
        // The others turn: K falls, by KL((0.8, 0.2) ‖ (0.5, 0.5)).
        let after = [2.0_f32.ln(), 1.6_f32.ln(), 0.4_f32.ln()];
        let kept = 1.0 / (1.0 + 0.8 * 1.6_f64.ln() + 0.2 * 0.4_f64.ln());
        assert!((f64::from(sarfa(&before, &after, 0)) - 2.0 * kept * fall / (kept + fall)).abs() < 1e-6);
        // What gains has no score.
        assert!(sarfa(&[0.0, 0.0], &[1.0, 0.0], 0).abs() < 1e-9);
    }
}
