//! Laws that hold whatever the numbers are.

use ethogram_analysis::{
    EqualWidth, Rollout, confidence, cumulative_sum, ema, ema_by_step, entropy_from_logits, entropy_from_probabilities,
    gae, js_from_logits, js_from_probabilities, kl_from_logits, kl_from_probabilities, n_step_return, return_to_go,
    reward_to_go, rolling_mean, softmax, td_error,
};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Rows {
    rewards: Vec<Option<f64>>,
    values: Vec<Option<f64>>,
    terminated: Vec<bool>,
    truncated: Vec<bool>,
    final_value: Option<f64>,
}

impl Rows {
    fn rollout(&self) -> Rollout<'_> {
        Rollout {
            rewards: &self.rewards,
            values: &self.values,
            terminated: &self.terminated,
            truncated: &self.truncated,
            final_value: self.final_value,
        }
    }
}

/// Several episodes one after the other; `known` is the chance that a value was logged.
fn rows(known: f64) -> impl Strategy<Value = Rows> {
    let value = move || prop::option::weighted(known, -10.0..10.0);
    let row = (value(), value(), prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (prop::collection::vec(row, 0..40), value()).prop_map(|(rows, final_value)| Rows {
        rewards: rows.iter().map(|row| row.0).collect(),
        values: rows.iter().map(|row| row.1).collect(),
        terminated: rows.iter().map(|row| row.2).collect(),
        truncated: rows.iter().map(|row| row.3).collect(),
        final_value,
    })
}

/// The same with every reward and value there; the final value may be missing.
fn known_rows() -> impl Strategy<Value = Rows> {
    rows(0.9).prop_map(|mut rows| {
        for value in rows.rewards.iter_mut().chain(&mut rows.values) {
            value.get_or_insert(0.5);
        }
        rows
    })
}

fn close(found: &[Option<f64>], expected: &[Option<f64>]) -> Result<(), TestCaseError> {
    prop_assert_eq!(found.len(), expected.len());
    for (row, pair) in found.iter().zip(expected).enumerate() {
        match pair {
            (Some(found), Some(expected)) => {
                prop_assert!((found - expected).abs() < 1e-8, "row {row}: expected {expected}, found {found}");
            }
            (found, expected) => prop_assert_eq!(found, expected, "row {}", row),
        }
    }
    Ok(())
}

fn minus(a: &[Option<f64>], b: &[Option<f64>]) -> Vec<Option<f64>> {
    a.iter().zip(b).map(|(a, b)| Some((*a)? - (*b)?)).collect()
}

proptest! {
    #[test]
    fn divergences_are_no_less_than_0_and_tell_equal_policies(
        pairs in prop::collection::vec((-20.0..20.0, -20.0..20.0), 1..10), shift in -50.0..50.0,
    ) {
        let (p, q): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
        let (kl, js) = (kl_from_logits(&p, &q).expect("kl"), js_from_logits(&p, &q).expect("js"));
        prop_assert!(kl >= 0.0 && (0.0..=std::f64::consts::LN_2 + 1e-12).contains(&js), "{kl} {js}");
        prop_assert!((js - js_from_logits(&q, &p).expect("js")).abs() < 1e-12, "the same both ways round");
        let shifted: Vec<f64> = p.iter().map(|logit| logit + shift).collect();
        prop_assert!(kl_from_logits(&p, &shifted).expect("kl") < 1e-9);
        let (p, q) = (softmax(&p), softmax(&q));
        prop_assert!((kl_from_probabilities(&p, &q).expect("kl") - kl).abs() < 1e-9 * (1.0 + kl));
        prop_assert!((js_from_probabilities(&p, &q).expect("js") - js).abs() < 1e-9);
    }

    #[test]
    fn gae_with_lambda_zero_is_the_td_error(rows in rows(0.9), gamma in 0.0..1.0) {
        let rollout = rows.rollout();
        let expected = td_error(&rows.rewards, &rows.values, &rollout.next_values(), gamma).expect("errors");
        prop_assert_eq!(gae(&rollout, gamma, 0.0).expect("advantages"), expected);
    }

    #[test]
    fn gae_with_lambda_one_is_the_return_less_the_value(rows in known_rows(), gamma in 0.01..1.0) {
        let rollout = rows.rollout();
        let expected = minus(&return_to_go(&rollout, gamma).expect("returns"), &rows.values);
        close(&gae(&rollout, gamma, 1.0).expect("advantages"), &expected)?;
    }

    #[test]
    fn gae_is_the_sum_of_its_definition(rows in known_rows(), gamma in 0.01..1.0, lambda in 0.01..1.0) {
        let rollout = rows.rollout();
        let deltas = td_error(&rows.rewards, &rows.values, &rollout.next_values(), gamma).expect("errors");
        let ended: Vec<bool> = rows.terminated.iter().zip(&rows.truncated).map(|(a, b)| *a || *b).collect();
        let sum = |t: usize| {
            deltas[t]?;
            let (mut sum, mut weight) = (0.0, 1.0);
            for (delta, ended) in deltas[t..].iter().zip(&ended[t..]) {
                sum += weight * delta.unwrap_or(0.0); // Only a row that bootstraps is missing here.
                weight *= gamma * lambda;
                if *ended {
                    break;
                }
            }
            Some(sum)
        };
        let expected: Vec<_> = (0..deltas.len()).map(sum).collect();
        close(&gae(&rollout, gamma, lambda).expect("advantages"), &expected)?;
    }

    #[test]
    fn missing_values_never_become_numbers(rows in rows(0.7), gamma in 0.01..1.0, lambda in 0.01..1.0) {
        let rollout = rows.rollout();
        let advantages = gae(&rollout, gamma, lambda).expect("advantages");
        let returns = return_to_go(&rollout, gamma).expect("returns");
        for t in 0..rows.rewards.len() {
            prop_assert!(rows.rewards[t].is_some() || (advantages[t].is_none() && returns[t].is_none()));
            prop_assert!(rows.values[t].is_some() || advantages[t].is_none());
        }
    }

    #[test]
    fn a_terminated_episode_has_the_same_return_bootstrapped_or_not(rewards in prop::collection::vec(-10.0..10.0, 1..40), gamma in 0.0..1.0) {
        let rewards: Vec<_> = rewards.into_iter().map(Some).collect();
        let mut terminated = vec![false; rewards.len()];
        terminated[rewards.len() - 1] = true;
        let rows = Rows { values: vec![None; rewards.len()], truncated: vec![false; rewards.len()], final_value: None, rewards, terminated };
        let seen = reward_to_go(&rows.rewards, &rows.terminated, gamma).expect("returns");
        close(&return_to_go(&rows.rollout(), gamma).expect("returns"), &seen)?;
        close(&n_step_return(&rows.rollout(), gamma, rows.rewards.len()).expect("returns"), &seen)?;
    }

    #[test]
    fn undiscounted_reward_to_go_and_the_sum_so_far_make_the_whole(rewards in prop::collection::vec(-10.0..10.0, 1..40)) {
        let rewards: Vec<_> = rewards.into_iter().map(Some).collect();
        let ahead = reward_to_go(&rewards, &vec![false; rewards.len()], 1.0).expect("returns");
        let so_far = cumulative_sum(&rewards);
        let whole: f64 = rewards.iter().flatten().sum();
        let both: Vec<_> = (0..rewards.len()).map(|t| Some(so_far[t]? + ahead[t]? - rewards[t]?)).collect();
        close(&both, &vec![Some(whole); rewards.len()])?;
    }

    #[test]
    fn probabilities_sum_to_one_and_entropy_is_bounded(logits in prop::collection::vec(-500.0..500.0, 1..12)) {
        let probabilities = softmax(&logits);
        prop_assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        let shifted = softmax(&logits.iter().map(|logit| logit + 321.0).collect::<Vec<_>>());
        for (p, q) in probabilities.iter().zip(shifted) {
            prop_assert!((p - q).abs() < 1e-9);
        }
        let entropy = entropy_from_logits(&logits);
        prop_assert!((-1e-12..=(logits.len() as f64).ln() + 1e-12).contains(&entropy));
        prop_assert!((entropy - entropy_from_probabilities(&probabilities)).abs() < 1e-9);
        prop_assert!((-1e-9..=1.0 + 1e-9).contains(&confidence(entropy, (logits.len() as f64).ln())));
    }

    #[test]
    fn averages_stay_within_the_values_and_keep_gaps(
        values in prop::collection::vec(prop::option::weighted(0.8, -10.0..10.0), 0..60),
        weight in 0.0..0.999,
        window in 1_usize..20,
    ) {
        let steps: Vec<i64> = (0..values.len() as i64).collect();
        let known = || values.iter().copied().flatten();
        let (min, max) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
        for smooth in [
            ema(&values, weight).expect("an average"),
            ema_by_step(&steps, &values, weight, 1.0).expect("an average"),
            rolling_mean(&values, window).expect("a mean"),
        ] {
            for (smooth, value) in smooth.iter().zip(&values) {
                prop_assert_eq!(smooth.is_some(), value.is_some());
                prop_assert!(smooth.is_none_or(|smooth| (min - 1e-9..=max + 1e-9).contains(&smooth)));
            }
        }
    }

    #[test]
    fn points_a_unit_apart_are_smoothed_alike(values in prop::collection::vec(-10.0..10.0, 0..60), weight in 0.0..0.999) {
        let values: Vec<_> = values.into_iter().map(Some).collect();
        let steps: Vec<i64> = (0..values.len() as i64).map(|i| i * 1000).collect();
        close(&ema_by_step(&steps, &values, weight, 1000.0).expect("an average"), &ema(&values, weight).expect("an average"))?;
    }
}

proptest! {
    /// Every finite value is in the bin whose edges hold it, or told to be outside; nothing is lost.
    #[test]
    fn histograms_keep_every_value(
        values in prop::collection::vec(prop_oneof![9 => -10.0..10.0, 1 => Just(f64::NAN), 1 => Just(0.5)], 0..200),
        low in -12.0..0.0,
        width in 1e-9..20.0,
        bins in 1_usize..200,
    ) {
        let histogram = EqualWidth::new(low, low + width, bins).expect("bins");
        let edges = histogram.edges();
        let mut counts = histogram.empty();
        let mut naive = vec![0.0; bins];
        for &value in &values {
            histogram.add(&mut counts, value, 1.0);
            let bin = edges.windows(2).position(|pair| pair[0] <= value && value < pair[1]);
            let bin = bin.or((value.total_cmp(&edges[bins]).is_eq()).then_some(bins - 1));
            if let Some(bin) = bin { naive[bin] += 1.0 }
        }
        prop_assert_eq!(&counts.bins, &naive);
        let total: f64 = counts.bins.iter().sum::<f64>() + counts.below + counts.above + counts.not_finite;
        prop_assert!((total - values.len() as f64).abs() < 1e-9);
    }

    /// Bins that are spread anew keep their sum, and spreading to the same bins changes nothing.
    #[test]
    fn spread_bins_keep_their_sum(
        weights in prop::collection::vec(0.0..100.0, 1..40),
        low in -5.0..5.0,
        width in 0.1..10.0,
        onto in (-6.0..6.0, 0.1..12.0, 1_usize..60),
    ) {
        let from = EqualWidth::new(low, low + width, weights.len()).expect("bins");
        let mut same = from.empty();
        from.add_bins(&mut same, from.edges(), &weights);
        for (found, expected) in same.bins.iter().zip(&weights) {
            prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
        }
        let other = EqualWidth::new(onto.0, onto.0 + onto.1, onto.2).expect("bins");
        let mut counts = other.empty();
        other.add_bins(&mut counts, from.edges(), &weights);
        let total: f64 = counts.bins.iter().sum::<f64>() + counts.below + counts.above;
        prop_assert!((total - weights.iter().sum::<f64>()).abs() < 1e-6);
    }
}
