//! Probabilities from logits.

/// `p_a = exp(z_a) / Σ_b exp(z_b)`, computed after the largest logit is subtracted, so that nothing overflows.
///
/// A logit of −∞ has probability 0 (a masked action). NaN anywhere, +∞ anywhere, or −∞ everywhere leaves no distribution:
/// all are NaN.
///
/// **Shapes** `[A]` → `[A]`.
///
/// ```
/// assert_eq!(ethogram_analysis::softmax(&[1000.0, f64::NEG_INFINITY, 1000.0]), [0.5, 0.0, 0.5]);
/// ```
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    log_softmax(logits).into_iter().map(f64::exp).collect()
}

/// `log p_a = z_a − log Σ_b exp(z_b)`, in nats; see [`softmax`] for infinities and NaN.
///
/// **Shapes** `[A]` → `[A]`.
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max); // f64::max passes over NaN
    if !max.is_finite() || logits.iter().any(|logit| logit.is_nan()) {
        return vec![f64::NAN; logits.len()];
    }
    let log_sum = logits.iter().map(|logit| (logit - max).exp()).sum::<f64>().ln();
    logits.iter().map(|logit| logit - max - log_sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_and_nan_do_as_documented() {
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        for none in [&[0.0, nan][..], &[0.0, inf], &[-inf, -inf], &[inf, inf]] {
            assert!(softmax(none).iter().all(|p| p.is_nan()), "{none:?}");
        }
        assert_eq!(softmax(&[]), [0.0; 0]);
        assert_eq!(softmax(&[-1e300, 0.0]), [0.0, 1.0]);
        assert_eq!(log_softmax(&[0.0, -inf]), [0.0, -inf]);
    }
}
