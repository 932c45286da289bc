//! One-step temporal-difference error.

use crate::Result;
use crate::error::{same_length, unit_interval};

/// `δ_t = r_t + γ V(s_{t+1}) − V(s_t)`.
///
/// `next_values` come from [`crate::Rollout::next_values`] for a critic of states. For a critic of actions, `values` are
/// `Q(s_t, a_t)` and `next_values` are `max_a Q(s_{t+1}, a)`, zero after termination (Q-learning).
/// A row of which any part is missing is missing.
///
/// **Shapes** all `[T]`. **Source** Sutton and Barto, Reinforcement Learning, 2nd edition, 2018, equations 6.5 and 6.8.
///
/// **Errors** when lengths differ or `gamma` is not from 0 to 1.
pub fn td_error(
    rewards: &[Option<f64>],
    values: &[Option<f64>],
    next_values: &[Option<f64>],
    gamma: f64,
) -> Result<Vec<Option<f64>>> {
    same_length("values", values.len(), "rewards", rewards.len())?;
    same_length("next_values", next_values.len(), "rewards", rewards.len())?;
    unit_interval("gamma", gamma)?;
    let rows = rewards.iter().zip(values).zip(next_values);
    Ok(rows.map(|((reward, value), next)| Some((*reward)? + gamma * (*next)? - (*value)?)).collect())
}
