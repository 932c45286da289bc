//! What several heads say of the same actions.

/// How many heads rate each action highest. Of equals the first action has the vote; a head with NaN does not vote.
///
/// **Shapes** `[K, A]`, head after head → `[A]`. **Source** Osband et al., Deep Exploration via Bootstrapped DQN, 2016, section 6 (the
/// vote over heads by which the ensemble acts when it is evaluated).
pub fn votes(heads: &[f64], actions: usize) -> Vec<f64> {
    let mut counts = vec![0.0; actions];
    for head in heads.chunks_exact(actions.max(1)) {
        if head.iter().any(|q| q.is_nan()) {
            continue;
        }
        let best = (1..head.len()).fold(0, |best, action| if head[action] > head[best] { action } else { best });
        counts[best] += 1.0;
    }
    counts
}

/// Mean over the heads of what each says of every action.
///
/// **Shapes** `[K, A]`, head after head → `[A]`.
pub fn mean_over_heads(heads: &[f64], actions: usize) -> Vec<f64> {
    let count = (heads.len() / actions.max(1)) as f64;
    (0..actions).map(|action| heads.iter().skip(action).step_by(actions).sum::<f64>() / count).collect()
}

/// Standard deviation over the heads (of the `K` heads themselves, not of a sample of them) of what they say of every action.
///
/// **Shapes** `[K, A]`, head after head → `[A]`.
pub fn std_over_heads(heads: &[f64], actions: usize) -> Vec<f64> {
    let count = (heads.len() / actions.max(1)) as f64;
    let means = mean_over_heads(heads, actions);
    let of_action = |(action, mean): (usize, &f64)| {
        let squares = heads.iter().skip(action).step_by(actions).map(|q| (q - mean).powi(2));
        (squares.sum::<f64>() / count).sqrt()
    };
    means.iter().enumerate().map(of_action).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_head_has_one_vote() {
        let heads = [1.0, 2.0, 0.0, 3.0, 3.0, 0.0, 0.0, 0.0, 9.0, f64::NAN, 5.0, 0.0];
        assert_eq!(votes(&heads, 3), [1.0, 1.0, 1.0], "the first of equals; the head with NaN is silent");
        assert_eq!(votes(&[], 2), [0.0, 0.0]);
        assert_eq!(votes(&[], 0), [0.0; 0]);
    }

    #[test]
    fn spread_is_over_heads_not_actions() {
        let heads = [1.0, 10.0, 3.0, 10.0];
        assert_eq!(mean_over_heads(&heads, 2), [2.0, 10.0]);
        assert_eq!(std_over_heads(&heads, 2), [1.0, 0.0]);
    }
}
