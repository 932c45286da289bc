//! Generalised advantage estimation.

use crate::error::unit_interval;
use crate::{Result, Rollout, td_error};

/// `A_t = δ_t + γ λ A_{t+1}`, with `δ_t = r_t + γ V(s_{t+1}) − V(s_t)` and `A = 0` beyond the end of an episode.
///
/// After termination V(s_{t+1}) is 0; after a cut it is the value of the observation that came back
/// ([`Rollout::final_value`]). When that value is not known, the last row serves as the bootstrap only: it is missing
/// itself, and the row before it is the last of the sum. A reward or value missing anywhere else makes its own row and all
/// earlier ones of the episode missing, unless λ or γ is 0, which leaves `δ_t`.
///
/// **Shapes** `[T]`.
///
/// **Source** Schulman et al., High-Dimensional Continuous Control Using Generalized Advantage Estimation, 2016, equations
/// 11 and 16. Unlike many implementations, which zero the term after *any* end, truncation bootstraps.
///
/// **Errors** when lengths differ, or `gamma` or `lambda` is not from 0 to 1.
///
/// ```
/// use ethogram_analysis::{Rollout, gae};
///
/// let rollout = Rollout {
///     rewards: &[Some(0.0), Some(1.0)],
///     values: &[Some(0.5), Some(0.5)],
///     terminated: &[false, true],
///     truncated: &[false, false],
///     final_value: None,
/// };
/// assert_eq!(gae(&rollout, 1.0, 1.0)?, [Some(0.5), Some(0.5)]);
/// # Ok::<(), ethogram_analysis::Error>(())
/// ```
pub fn gae(rollout: &Rollout, gamma: f64, lambda: f64) -> Result<Vec<Option<f64>>> {
    rollout.check()?;
    unit_interval("lambda", lambda)?;
    let next_values = rollout.next_values();
    let deltas = td_error(rollout.rewards, rollout.values, &next_values, gamma)?;
    let decay = gamma * lambda;
    let mut advantages = vec![None; rollout.len()];
    let mut after = Some(0.0); // A_{t+1}
    for t in (0..rollout.len()).rev() {
        if rollout.is_last(t) || decay == 0.0 {
            after = Some(0.0);
        }
        advantages[t] = deltas[t].zip(after).map(|(delta, after)| delta + decay * after);
        let bootstrap_only = rollout.is_last(t) && next_values[t].is_none();
        after = if bootstrap_only { Some(0.0) } else { advantages[t] };
    }
    Ok(advantages)
}

/// TD(λ) return, what the critic is trained toward: `A_t + V(s_t)`.
///
/// **Source** Sutton and Barto, 2018, equation 12.2; **Shapes**, **Errors** and missing values as in [`gae`].
pub fn lambda_return(rollout: &Rollout, gamma: f64, lambda: f64) -> Result<Vec<Option<f64>>> {
    let advantages = gae(rollout, gamma, lambda)?;
    Ok(advantages.into_iter().zip(rollout.values).map(|(advantage, value)| Some(advantage? + (*value)?)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One episode, `end` is its last row's (terminated, truncated); rewards and values 0, 1, 2, …
    fn check(name: &str, rollout: &Rollout, expected: &[Option<f64>]) {
        let found = gae(rollout, 0.5, 1.0).expect("advantages");
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn ends_bootstrap_as_documented() {
        let (rewards, values) = ([Some(1.0); 3], [Some(0.0), Some(2.0), Some(4.0)]);
        let terminated = Rollout {
            rewards: &rewards,
            values: &values,
            terminated: &[false, false, true],
            truncated: &[false; 3],
            final_value: Some(100.0),
        };
        // δ = 1 + 1 − 0, 1 + 2 − 2, 1 − 4
        check("the final value of a terminated episode is not looked at", &terminated, &[1.75, -0.5, -3.0].map(Some));
        let truncated = Rollout { terminated: &[false; 3], truncated: &[false, false, true], ..terminated };
        check("a cut episode bootstraps", &truncated, &[14.25, 24.5, 47.0].map(Some));
        let cut = Rollout { final_value: None, ..truncated };
        check("without the final value the last row only bootstraps", &cut, &[Some(2.5), Some(1.0), None]);
        let open = Rollout { truncated: &[false; 3], ..cut };
        check("an open episode likewise", &open, &[Some(2.5), Some(1.0), None]);
        let both = Rollout { terminated: &[false, false, true], ..truncated };
        check("terminated and truncated is terminated", &both, &[1.75, -0.5, -3.0].map(Some));
    }

    #[test]
    fn episodes_one_after_the_other_do_not_mix() {
        let rollout = Rollout {
            rewards: &[Some(1.0); 4],
            values: &[Some(0.0), Some(2.0), Some(8.0), Some(8.0)],
            terminated: &[false, false, true, false],
            truncated: &[true, false, false, false],
            final_value: Some(0.0),
        };
        // The row that was cut in the middle has no known successor: its next row is another episode's first.
        check("middle", &rollout, &[None, Some(1.0 + 4.0 - 2.0 + 0.5 * -7.0), Some(-7.0), Some(-7.0)]);
    }

    #[test]
    fn a_missing_value_reaches_back_to_its_episodes_start_and_no_further() {
        let rollout = Rollout {
            rewards: &[Some(1.0), Some(1.0), None, Some(1.0)],
            values: &[Some(0.0); 4],
            terminated: &[true, false, false, true],
            truncated: &[false; 4],
            final_value: None,
        };
        check("missing reward", &rollout, &[Some(1.0), None, None, Some(1.0)]);
        let nan = Rollout { rewards: &[Some(1.0), Some(1.0), Some(f64::NAN), Some(1.0)], ..rollout };
        let found = gae(&nan, 0.5, 1.0).expect("advantages");
        assert!(found[1].is_some_and(f64::is_nan) && found[2].is_some_and(f64::is_nan), "NaN is a value: {found:?}");
        assert_eq!(found[0], Some(1.0));
    }

    #[test]
    fn arguments_out_of_range_are_named() {
        let rollout = Rollout {
            rewards: &[Some(1.0)],
            values: &[],
            terminated: &[false],
            truncated: &[false],
            final_value: None,
        };
        let error = gae(&rollout, 0.5, 1.0).expect_err("no values");
        assert_eq!(error.to_string(), "values has 0 rows, expected 1, as many as rewards");
        let rollout = Rollout { values: &[None], ..rollout };
        let error = gae(&rollout, 1.5, 1.0).expect_err("gamma");
        assert_eq!(error.to_string(), "gamma expected 0 to 1, found 1.5");
        assert!(gae(&rollout, 1.0, f64::NAN).is_err());
    }
}
