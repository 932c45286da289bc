//! Consecutive steps, and what follows each.

use crate::Result;
use crate::error::same_length;

/// Consecutive steps of one environment: one episode, a part of one, or several one after the other.
///
/// Row *t* holds the reward that came back for the action at *t*, the value of the observation at *t*, and whether the
/// episode ended with that action. After an end, the next row belongs to the next episode.
///
/// **Shapes** all `[T]`.
#[derive(Clone, Copy, Debug)]
pub struct Rollout<'a> {
    /// `r_t`.
    pub rewards: &'a [Option<f64>],
    /// `V(s_t)`.
    pub values: &'a [Option<f64>],
    /// Ended by the task: nothing follows, so nothing is bootstrapped.
    pub terminated: &'a [bool],
    /// Cut from outside: what would have followed is estimated by the value of the observation that came back.
    pub truncated: &'a [bool],
    /// V of the observation after the last row. Not looked at when the last row terminated.
    pub final_value: Option<f64>,
}

impl Rollout<'_> {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rewards.len()
    }

    /// True when there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rewards.is_empty()
    }

    /// V(s_{t+1}), as it is bootstrapped from: zero after termination; `final_value` after the last row.
    ///
    /// After a truncation before the last row it is `None`, for the observation that came back is not in the arrays:
    /// the next row holds the first observation of the next episode.
    pub fn next_values(&self) -> Vec<Option<f64>> {
        let last = self.len().saturating_sub(1);
        (0..self.len())
            .map(|t| match () {
                () if self.terminated[t] => Some(0.0),
                () if t == last => self.final_value,
                () if self.truncated[t] => None,
                () => self.values[t + 1],
            })
            .collect()
    }

    /// True when row `t` is the last of its episode, or of the arrays.
    pub(crate) fn is_last(&self, t: usize) -> bool {
        t + 1 == self.len() || self.terminated[t] || self.truncated[t]
    }

    pub(crate) fn check(&self) -> Result<()> {
        same_length("values", self.values.len(), "rewards", self.len())?;
        same_length("terminated", self.terminated.len(), "rewards", self.len())?;
        same_length("truncated", self.truncated.len(), "rewards", self.len())
    }
}
