//! The steps of an episode as its transitions: what was seen, done and returned, and what came after the last.

use ethogram_analysis::Rollout;
use ethogram_store::EpisodeEnd;

use super::{Input, InputName, Inputs, RowShape};

/// Where each input of a [`Transitions`] stands among the inputs of a derivation.
pub(super) const REWARD: Input = Input {
    name: InputName::AnyOf(&["reward"]),
    shape: RowShape::Number,
    required: true,
    hint: "pass reward= to episode.step",
};

/// The critic, as V(s); a critic of actions serves by its maximum, the value of the greedy policy.
pub(super) const VALUE: Input = Input {
    name: InputName::AnyOf(&["value", "max_q"]),
    shape: RowShape::Number,
    required: true,
    hint: "pass value= (or q_values=) to episode.step",
};

pub(super) const TERMINATED: Input = Input {
    name: InputName::AnyOf(&["terminated"]),
    shape: RowShape::Number,
    required: false,
    hint: "pass terminated= to episode.step",
};

pub(super) const TRUNCATED: Input = Input {
    name: InputName::AnyOf(&["truncated"]),
    shape: RowShape::Number,
    required: false,
    hint: "pass truncated= to episode.step",
};

/// The rows of an episode that have a reward or lie before one that has.
///
/// The row after them, if there is one, holds the final observation, or the newest of an episode that goes on;
/// its value is what is bootstrapped from.
pub(super) struct Transitions {
    rewards: Vec<Option<f64>>,
    values: Vec<Option<f64>>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    final_value: Option<f64>,
    /// Rows of the episode.
    rows: usize,
}

/// Which input is which.
pub(super) struct Places {
    pub reward: usize,
    pub terminated: usize,
    pub truncated: usize,
}

impl Transitions {
    /// `values` has one entry a row of the episode.
    pub fn new(inputs: &Inputs, places: &Places, mut values: Vec<Option<f64>>) -> Self {
        let mut rewards = inputs.numbers(places.reward);
        let count = rewards.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        rewards.truncate(count);
        let final_value = values.get(count).copied().flatten();
        values.truncate(count);
        let flags = |place: usize| -> Vec<bool> {
            inputs.numbers(place)[..count].iter().map(|flag| flag.is_some_and(|flag| flag != 0.0)).collect()
        };
        let (mut terminated, mut truncated) = (flags(places.terminated), flags(places.truncated));
        let logged = inputs.columns[places.terminated].is_some() || inputs.columns[places.truncated].is_some();
        if let (Some(terminated), Some(truncated)) = (terminated.last_mut(), truncated.last_mut())
            && !logged
            && inputs.episode.length == count as u64
        {
            // Nothing was said step by step, but every step is here, so the episode's own end is that of the last.
            *terminated = matches!(inputs.episode.end, EpisodeEnd::Terminated | EpisodeEnd::Both);
            *truncated = matches!(inputs.episode.end, EpisodeEnd::Truncated | EpisodeEnd::Both);
        }
        Self { rewards, values, terminated, truncated, final_value, rows: inputs.rows }
    }

    pub fn rollout(&self) -> Rollout<'_> {
        Rollout {
            rewards: &self.rewards,
            values: &self.values,
            terminated: &self.terminated,
            truncated: &self.truncated,
            final_value: self.final_value,
        }
    }

    /// True where the episode ended.
    pub fn ended(&self) -> Vec<bool> {
        self.terminated.iter().zip(&self.truncated).map(|(terminated, truncated)| *terminated || *truncated).collect()
    }

    /// One entry a row of the episode: the rows beyond the transitions are missing.
    pub fn pad(&self, mut rows: Vec<Option<f64>>) -> Vec<Option<f64>> {
        rows.resize(self.rows, None);
        rows
    }
}
