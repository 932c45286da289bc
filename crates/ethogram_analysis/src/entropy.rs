//! How undecided a policy is.

use crate::log_softmax;

/// `H = −Σ_a p_a log p_a` with `p = softmax(z)`. A masked action (−∞) adds nothing. NaN where [`crate::softmax`] is.
///
/// **Shapes** `[A]` → one number. **Units** nats.
///
/// ```
/// let entropy = ethogram_analysis::entropy_from_logits(&[2.0, 2.0]);
/// assert!((entropy - 2.0_f64.ln()).abs() < 1e-15);
/// ```
pub fn entropy_from_logits(logits: &[f64]) -> f64 {
    let terms = log_softmax(logits).into_iter();
    terms.map(|log_p| if log_p == f64::NEG_INFINITY { 0.0 } else { -log_p * log_p.exp() }).sum()
}

/// `H = −Σ_a p_a log p_a`, with 0 log 0 = 0. The probabilities are taken as they are, not scaled to sum to one;
/// a negative one gives NaN.
///
/// **Shapes** `[A]` → one number. **Units** nats.
pub fn entropy_from_probabilities(probabilities: &[f64]) -> f64 {
    probabilities.iter().map(|&p| if p == 0.0 { 0.0 } else { -p * p.ln() }).sum()
}

/// `1 − H / H_max`: 1 when one action is certain, 0 when all are equally likely. `entropy_max` is `ln A` for `A` actions;
/// where it is 0 there is nothing to choose from, and the only action is certain.
///
/// **Units** none; from 0 to 1.
pub fn confidence(entropy: f64, entropy_max: f64) -> f64 {
    if entropy_max <= 0.0 && !entropy.is_nan() { 1.0 } else { 1.0 - entropy / entropy_max }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: f64, expected: f64) {
        assert!(
            found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan()),
            "{found}, not {expected}"
        );
    }

    #[test]
    fn certain_masked_and_nan() {
        check(entropy_from_probabilities(&[1.0, 0.0]).abs(), 0.0);
        check(entropy_from_logits(&[3.0, f64::NEG_INFINITY]).abs(), 0.0);
        check(entropy_from_logits(&[f64::NAN, 0.0]), f64::NAN);
        check(entropy_from_probabilities(&[1.5, -0.5]), f64::NAN);
        check(confidence(0.0, 4.0_f64.ln()), 1.0);
        check(confidence(4.0_f64.ln(), 4.0_f64.ln()), 0.0);
        check(confidence(0.0, 0.0), 1.0);
        check(confidence(f64::NAN, 0.0), f64::NAN);
    }
}
