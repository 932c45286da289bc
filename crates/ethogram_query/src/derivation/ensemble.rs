//! Numbers of an ensemble: heads that each say what every action is worth.

use ethogram_analysis::{std_over_heads, votes};
use ethogram_store::{FieldInfo, RunInfo};

use super::{Derivation, Derived, Input, InputName, Inputs, RowShape};
use crate::{Params, Result};

/// How many heads would take each action.
pub(super) struct Votes;

/// How far the heads are apart about each action.
pub(super) struct QStd;

/// The same in one number.
pub(super) struct QStdMean;

/// Share of the heads that are outvoted.
pub(super) struct HeadDisagreement;

/// What the heads have learned, without their priors.
pub(super) struct QHeadsLearned;

const HEADS: Input = Input {
    name: InputName::AnyOf(&["q_heads"]),
    shape: RowShape::Matrix,
    required: true,
    hint: "pass q_heads= (heads×A) to episode.step",
};

const PRIOR: Input = Input {
    name: InputName::AnyOf(&["q_heads_prior"]),
    hint: "pass q_heads_prior= (heads×A), the priors as they were added, to episode.step",
    ..HEADS
};

const SOURCE: &str = "Osband, Blundell, Pritzel and Van Roy, Deep Exploration via Bootstrapped DQN, 2016";

impl Derivation for Votes {
    fn name(&self) -> &'static str {
        "votes"
    }

    fn doc(&self) -> &'static str {
        "how many heads rate each action highest; of equals the first has the vote, a head with NaN does not vote"
    }

    fn formula(&self) -> &'static str {
        "n(a) = Σ_k [a = argmax_b Q_k(s_t, b)]"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn unit(&self) -> Option<&'static str> {
        Some("heads")
    }

    fn inputs(&self) -> &'static [Input] {
        &[HEADS]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        Some(vec![inputs[0].as_ref()?.shape[1]])
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        Ok(of_actions(inputs, votes))
    }
}

impl Derivation for QStd {
    fn name(&self) -> &'static str {
        "q_std"
    }

    fn doc(&self) -> &'static str {
        "how far the heads are apart about each action: standard deviation over the heads"
    }

    fn formula(&self) -> &'static str {
        "√ (1/K) Σ_k (Q_k(s_t, a) − Q̄(s_t, a))²"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        &[HEADS]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        Some(vec![inputs[0].as_ref()?.shape[1]])
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        Ok(of_actions(inputs, std_over_heads))
    }
}

impl Derivation for QStdMean {
    fn name(&self) -> &'static str {
        "q_std_mean"
    }

    fn doc(&self) -> &'static str {
        "how far the heads are apart in this state: their standard deviation, averaged over the actions"
    }

    fn formula(&self) -> &'static str {
        "(1/A) Σ_a √ (1/K) Σ_k (Q_k(s_t, a) − Q̄(s_t, a))²"
    }

    fn source(&self) -> &'static str {
        ""
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        &[HEADS]
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        Ok(of_state(inputs, |heads, actions| std_over_heads(heads, actions).iter().sum::<f64>() / actions as f64))
    }
}

impl Derivation for HeadDisagreement {
    fn name(&self) -> &'static str {
        "head_disagreement"
    }

    fn doc(&self) -> &'static str {
        "share of the heads that would not take the action with the most votes: 0 when all agree"
    }

    fn formula(&self) -> &'static str {
        "1 − max_a n(a) / Σ_a n(a)"
    }

    fn source(&self) -> &'static str {
        SOURCE
    }

    fn unit(&self) -> Option<&'static str> {
        None
    }

    fn inputs(&self) -> &'static [Input] {
        &[HEADS]
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        Ok(of_state(inputs, |heads, actions| {
            let votes = votes(heads, actions);
            // Without a vote nothing is known: 0 / 0 is NaN.
            1.0 - votes.iter().copied().fold(0.0, f64::max) / votes.iter().sum::<f64>()
        }))
    }
}

impl Derivation for QHeadsLearned {
    fn name(&self) -> &'static str {
        "q_heads_learned"
    }

    fn doc(&self) -> &'static str {
        "what each head has learned: its values without the prior that was added to them; heads first"
    }

    fn formula(&self) -> &'static str {
        "Q_k(s_t, a) − p_k(s_t, a)"
    }

    fn source(&self) -> &'static str {
        "Osband, Aslanides and Cassirer, Randomized Prior Functions for Deep Reinforcement Learning, 2018, equation 1"
    }

    fn unit(&self) -> Option<&'static str> {
        Some("return")
    }

    fn inputs(&self) -> &'static [Input] {
        &[HEADS, PRIOR]
    }

    fn row_shape(&self, inputs: &[Option<FieldInfo>], _run: &RunInfo) -> Option<Vec<usize>> {
        let (heads, prior) = (inputs[0].as_ref()?, inputs[1].as_ref()?);
        (heads.shape == prior.shape).then(|| heads.shape.clone())
    }

    fn derive(&self, inputs: &Inputs, _params: &Params) -> Result<Derived> {
        let shapes = [0, 1].map(|at| inputs.columns[at].as_ref().map(|column| column.info.shape.clone()));
        let [Some(shape), Some(prior)] = shapes else { unreachable!("both inputs are required") };
        if shape != prior {
            return Err(crate::Error::BadInput {
                field: self.name().to_owned(),
                input: "q_heads_prior".into(),
                expected: format!("{shape:?}, as q_heads"),
                found: format!("{prior:?}"),
            });
        }
        let ((width, heads), (_, priors)) = (inputs.vectors(0), inputs.vectors(1));
        let learned = |(heads, priors): (Option<Vec<f64>>, Option<Vec<f64>>)| {
            Some(heads?.iter().zip(priors?).map(|(q, prior)| q - prior).collect())
        };
        let rows: Vec<_> = heads.into_iter().zip(priors).map(learned).collect();
        Ok(Derived { shape, ..Derived::vectors(width, &rows) })
    }
}

fn width(inputs: &Inputs) -> usize {
    inputs.columns[0].as_ref().map_or(1, |column| column.info.shape[1])
}

/// One number an action.
fn of_actions(inputs: &Inputs, numbers: impl Fn(&[f64], usize) -> Vec<f64>) -> Derived {
    let actions = width(inputs);
    let (_, rows) = inputs.vectors(0);
    let rows: Vec<_> = rows.into_iter().map(|row| row.map(|heads| numbers(&heads, actions))).collect();
    Derived::vectors(actions, &rows)
}

/// One number a step.
fn of_state(inputs: &Inputs, number: impl Fn(&[f64], usize) -> f64) -> Derived {
    let actions = width(inputs);
    let (_, rows) = inputs.vectors(0);
    let rows: Vec<_> = rows.into_iter().map(|row| row.map(|heads| number(&heads, actions))).collect();
    Derived::numbers(&rows)
}
