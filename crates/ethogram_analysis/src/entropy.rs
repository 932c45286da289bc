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

/// `1 − H / ln A`: 1 when one action is certain, 0 when all are equally likely. One action alone is certain.
///
/// **Units** none; from 0 to 1 for an entropy of `actions` probabilities.
pub fn confidence(entropy: f64, actions: usize) -> f64 {
    if actions <= 1 && !entropy.is_nan() { 1.0 } else { 1.0 - entropy / (actions as f64).ln() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certain_masked_and_nan() {
        assert_eq!(entropy_from_probabilities(&[1.0, 0.0]), 0.0);
        assert_eq!(entropy_from_logits(&[3.0, f64::NEG_INFINITY]), 0.0);
        assert!(entropy_from_logits(&[f64::NAN, 0.0]).is_nan());
        assert!(entropy_from_probabilities(&[1.5, -0.5]).is_nan());
        assert_eq!(confidence(0.0, 4), 1.0);
        assert!(confidence(4.0_f64.ln(), 4).abs() < 1e-15);
        assert_eq!(confidence(0.0, 1), 1.0);
        assert!(confidence(f64::NAN, 1).is_nan());
    }
}
