//! A Gaussian policy whose dimensions are independent.

use std::f64::consts::{E, PI};

/// `log π(a) = −½ Σ_i [((a_i − μ_i)/σ_i)² + 2 log σ_i + log 2π]`, a density: it may be above 0.
///
/// **Shapes** `[n]`, `[n]`, `[n]` → one number. **Units** nats.
///
/// ```
/// let density = ethogram_analysis::gaussian_log_density(&[0.0], &[0.0], &[0.0]);
/// assert!((density + 0.918_938_533_204_672_7).abs() < 1e-15);
/// ```
pub fn gaussian_log_density(action: &[f64], mean: &[f64], log_std: &[f64]) -> f64 {
    let of_dimension = |((a, mean), log_std): ((&f64, &f64), &f64)| {
        let z = (a - mean) / log_std.exp();
        -0.5 * z * z - log_std - 0.5 * (2.0 * PI).ln()
    };
    action.iter().zip(mean).zip(log_std).map(of_dimension).sum()
}

/// `H = Σ_i (log σ_i + ½ log 2πe)`, differential: below 0 where the policy is narrow.
///
/// **Shapes** `[n]` → one number. **Units** nats.
pub fn gaussian_entropy(log_std: &[f64]) -> f64 {
    log_std.iter().map(|log_std| log_std + 0.5 * (2.0 * PI * E).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_add_up() {
        let one = gaussian_log_density(&[1.0], &[0.5], &[-1.0]);
        let two = gaussian_log_density(&[1.0, 1.0], &[0.5, 0.5], &[-1.0, -1.0]);
        assert!((two - 2.0 * one).abs() < 1e-12);
        // SciPy: norm.logpdf(1.0, 0.5, exp(-1)), norm.entropy(0.5, exp(-1)).
        assert!((one - -0.842_570_545_571_003_9).abs() < 1e-12, "{one}");
        assert!((gaussian_entropy(&[-1.0]) - 0.418_938_533_204_672_7).abs() < 1e-12);
    }
}
