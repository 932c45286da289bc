//! How far two policies are apart.

use crate::error::same_length;
use crate::{Result, log_softmax};

/// `KL(p‖q) = Σ_a p_a (log p_a − log q_a)` with `p = softmax(p_logits)`, `q = softmax(q_logits)`: what is lost when `q` stands for `p`.
/// An action that `p` never takes adds nothing; one that only `q` never takes makes it infinite. NaN where [`crate::softmax`] is.
///
/// **Shapes** `[A]`, `[A]` → one number. **Units** nats; 0 or more, and not the same the other way round.
/// **Source** Kullback and Leibler, On Information and Sufficiency, 1951. **Errors** when lengths differ.
///
/// ```
/// let kl = ethogram_analysis::kl_from_logits(&[0.0, 0.0], &[3.0_f64.ln(), 0.0])?;
/// assert!((kl - (2.0 / 3.0_f64.sqrt()).ln()).abs() < 1e-15);
/// # Ok::<(), ethogram_analysis::Error>(())
/// ```
pub fn kl_from_logits(p_logits: &[f64], q_logits: &[f64]) -> Result<f64> {
    same_length("q", q_logits.len(), "p", p_logits.len())?;
    Ok(kl(&log_softmax(p_logits), &log_softmax(q_logits)))
}

/// [`kl_from_logits`] of probabilities, which are taken as they are, not scaled to sum to one; a negative one gives NaN.
pub fn kl_from_probabilities(p: &[f64], q: &[f64]) -> Result<f64> {
    same_length("q", q.len(), "p", p.len())?;
    Ok(kl(&logs(p), &logs(q)))
}

/// `JS(p, q) = ½ KL(p‖m) + ½ KL(q‖m)` with `m = ½ (p + q)`: the same both ways round, and never infinite.
///
/// **Shapes**, **Errors** as in [`kl_from_logits`]. **Units** nats, from 0 to ln 2.
/// **Source** Lin, Divergence Measures Based on the Shannon Entropy, 1991, equation 4.1.
pub fn js_from_logits(p_logits: &[f64], q_logits: &[f64]) -> Result<f64> {
    same_length("q", q_logits.len(), "p", p_logits.len())?;
    Ok(js(&log_softmax(p_logits), &log_softmax(q_logits)))
}

/// [`js_from_logits`] of probabilities; see [`kl_from_probabilities`].
pub fn js_from_probabilities(p: &[f64], q: &[f64]) -> Result<f64> {
    same_length("q", q.len(), "p", p.len())?;
    Ok(js(&logs(p), &logs(q)))
}

fn logs(p: &[f64]) -> Vec<f64> {
    p.iter().map(|p| p.ln()).collect()
}

fn kl(log_p: &[f64], log_q: &[f64]) -> f64 {
    let term = |(&p, &q): (&f64, &f64)| if p == f64::NEG_INFINITY && !q.is_nan() { 0.0 } else { p.exp() * (p - q) };
    let sum: f64 = log_p.iter().zip(log_q).map(term).sum();
    // Equal distributions must not be a rounding error less than equal.
    if sum < 0.0 && sum > -1e-12 { 0.0 } else { sum }
}

fn js(log_p: &[f64], log_q: &[f64]) -> f64 {
    let middle: Vec<f64> = log_p.iter().zip(log_q).map(|(p, q)| f64::midpoint(p.exp(), q.exp()).ln()).collect();
    f64::midpoint(kl(log_p, &middle), kl(log_q, &middle))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: Result<f64>, expected: f64) {
        let found = found.expect("equal lengths");
        let is_it = found.to_bits() == expected.to_bits()
            || (found - expected).abs() < 1e-14
            || (found.is_nan() && expected.is_nan());
        assert!(is_it, "{found}, not {expected}");
    }

    #[test]
    fn closed_forms_and_edges() {
        let inf = f64::INFINITY;
        check(kl_from_probabilities(&[0.5, 0.5], &[0.25, 0.75]), 0.5 * 2.0_f64.ln() + 0.5 * (2.0 / 3.0_f64).ln());
        check(kl_from_probabilities(&[1.0, 0.0], &[0.5, 0.5]), 2.0_f64.ln());
        check(kl_from_probabilities(&[0.5, 0.5], &[1.0, 0.0]), inf);
        check(kl_from_logits(&[1.0, -inf], &[5.0, -inf]), 0.0);
        check(kl_from_logits(&[1.0, 2.0, 3.0], &[11.0, 12.0, 13.0]), 0.0);
        check(kl_from_logits(&[f64::NAN, 0.0], &[0.0, 0.0]), f64::NAN);
        check(kl_from_probabilities(&[1.5, -0.5], &[0.5, 0.5]), f64::NAN);
        check(js_from_probabilities(&[1.0, 0.0], &[0.0, 1.0]), 2.0_f64.ln());
        check(js_from_probabilities(&[0.25, 0.75], &[0.25, 0.75]), 0.0);
        check(js_from_logits(&[0.0, -inf], &[-inf, 0.0]), 2.0_f64.ln());
        assert!(kl_from_logits(&[0.0], &[0.0, 0.0]).is_err() && js_from_logits(&[0.0], &[]).is_err());
    }
}
