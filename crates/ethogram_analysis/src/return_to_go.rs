//! Discounted return from each step on.

use crate::error::{same_length, unit_interval};
use crate::{Error, Result, Rollout};

/// `G_t = r_t + γ G_{t+1}`, where the return beyond the end of an episode is 0 after termination and V of the observation
/// that came back after a cut.
///
/// When that value is not known, the last row serves as the bootstrap only, as in [`crate::gae`], of which this is the
/// case λ = 1 with the value added. A reward missing anywhere else makes its own row and all earlier ones of the episode missing.
///
/// **Shapes** `[T]`. **Source** Sutton and Barto, 2018, equations 3.8 and 3.9.
///
/// **Errors** when lengths differ or `gamma` is not from 0 to 1.
pub fn return_to_go(rollout: &Rollout, gamma: f64) -> Result<Vec<Option<f64>>> {
    rollout.check()?;
    unit_interval("gamma", gamma)?;
    let next_values = rollout.next_values();
    let mut returns = vec![None; rollout.len()];
    let mut after = None; // G_{t+1}
    for t in (0..rollout.len()).rev() {
        if rollout.is_last(t) {
            after = next_values[t];
        }
        returns[t] = rollout.rewards[t].zip(after).map(|(reward, after)| reward + gamma * after);
        let bootstrap_only = rollout.is_last(t) && next_values[t].is_none();
        after = if bootstrap_only { rollout.values[t] } else { returns[t] };
    }
    Ok(returns)
}

/// `Σ_{k ≥ t} γ^{k−t} r_k` to the end of the episode or of the arrays: only rewards seen, nothing bootstrapped.
///
/// `ended[t]` is true where an episode ended, either way. A missing reward makes its own row and all earlier ones of the
/// episode missing.
///
/// **Shapes** `[T]`. **Errors** when lengths differ or `gamma` is not from 0 to 1.
///
/// ```
/// let rewards = [Some(1.0), Some(1.0), Some(4.0)];
/// let returns = ethogram_analysis::reward_to_go(&rewards, &[false, false, true], 0.5)?;
/// assert_eq!(returns, [Some(2.5), Some(3.0), Some(4.0)]);
/// # Ok::<(), ethogram_analysis::Error>(())
/// ```
pub fn reward_to_go(rewards: &[Option<f64>], ended: &[bool], gamma: f64) -> Result<Vec<Option<f64>>> {
    same_length("ended", ended.len(), "rewards", rewards.len())?;
    unit_interval("gamma", gamma)?;
    let mut returns = vec![None; rewards.len()];
    let mut after = Some(0.0);
    for t in (0..rewards.len()).rev() {
        if ended[t] {
            after = Some(0.0);
        }
        after = rewards[t].zip(after).map(|(reward, after)| reward + gamma * after);
        returns[t] = after;
    }
    Ok(returns)
}

/// `G_t^{(n)} = Σ_{k < n} γ^k r_{t+k} + γ^n V(s_{t+n})`, cut short where the episode ends first: there it is the
/// [`return_to_go`] of that end.
///
/// A row of which any part is missing is missing.
///
/// **Shapes** `[T]`. **Source** Sutton and Barto, 2018, equation 7.1.
///
/// **Errors** when lengths differ, `gamma` is not from 0 to 1, or `n` is 0.
pub fn n_step_return(rollout: &Rollout, gamma: f64, n: usize) -> Result<Vec<Option<f64>>> {
    rollout.check()?;
    unit_interval("gamma", gamma)?;
    if n == 0 {
        return Err(Error::OutOfRange { argument: "n", expected: "1 or more", found: 0.0 });
    }
    let next_values = rollout.next_values();
    let from = |t: usize| {
        let (mut sum, mut discount) = (0.0, 1.0);
        for (k, next_value) in next_values.iter().enumerate().skip(t) {
            sum += discount * rollout.rewards[k]?;
            discount *= gamma;
            if rollout.is_last(k) || k + 1 - t == n {
                return Some(sum + discount * (*next_value)?);
            }
        }
        None
    };
    Ok((0..rollout.len()).map(from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Rollout = Rollout {
        rewards: &[Some(1.0), Some(1.0), Some(1.0)],
        values: &[Some(5.0), Some(6.0), Some(8.0)],
        terminated: &[false; 3],
        truncated: &[false, false, true],
        final_value: Some(16.0),
    };

    fn check(rollout: &Rollout, expected: [Option<f64>; 3]) {
        assert_eq!(return_to_go(rollout, 0.5).expect("returns"), expected, "{rollout:?}");
    }

    #[test]
    fn ends_bootstrap_as_documented() {
        check(&CUT, [3.75, 5.5, 9.0].map(Some));
        check(&Rollout { terminated: &[false, false, true], ..CUT }, [1.75, 1.5, 1.0].map(Some));
        check(&Rollout { final_value: None, ..CUT }, [Some(3.5), Some(5.0), None]);
        check(&Rollout { final_value: None, values: &[None; 3], ..CUT }, [None; 3]);
        check(&Rollout { rewards: &[Some(1.0), None, Some(1.0)], ..CUT }, [None, None, Some(9.0)]);
    }

    #[test]
    fn one_step_and_many_steps_are_the_extremes() {
        let one: Vec<_> = CUT.rewards.iter().zip(CUT.next_values()).map(|(r, v)| Some((*r)? + 0.5 * v?)).collect();
        assert_eq!(n_step_return(&CUT, 0.5, 1).expect("returns"), one);
        assert_eq!(n_step_return(&CUT, 0.5, 99), return_to_go(&CUT, 0.5));
        assert_eq!(n_step_return(&CUT, 0.5, 2).expect("returns"), [3.5, 5.5, 9.0].map(Some));
        assert!(n_step_return(&CUT, 0.5, 0).is_err());
    }
}
