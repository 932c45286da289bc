//! What is known of a return when a critic gives a distribution of it rather than one number.

/// Outcomes and how much weight each has, in ascending order of the outcome. NaN among them leaves no answer: all is NaN.
///
/// The weights of a distribution sum to one. They are taken as they are, not scaled; see [`ReturnDistribution::weight`].
#[derive(Clone, Debug, PartialEq)]
pub struct ReturnDistribution {
    /// Outcome and weight.
    outcomes: Vec<(f64, f64)>,
}

impl ReturnDistribution {
    /// `N` quantiles of equal weight `1/N`, in any order: quantile regression gives them unsorted.
    ///
    /// **Shapes** `[N]`. **Source** Dabney et al., Distributional Reinforcement Learning with Quantile Regression, 2018, equation 6.
    pub fn from_quantiles(quantiles: impl ExactSizeIterator<Item = f64>) -> Self {
        let weight = 1.0 / quantiles.len() as f64;
        Self::sorted(quantiles.map(|quantile| (quantile, weight)).collect())
    }

    /// Probabilities of given returns (the atoms of a categorical distribution). Entries beyond the shorter are left out.
    ///
    /// **Shapes** `[K]`, `[K]`. **Source** Bellemare et al., A Distributional Perspective on Reinforcement Learning, 2017, section 4.
    pub fn from_atoms(atoms: &[f64], probabilities: &[f64]) -> Self {
        Self::sorted(atoms.iter().copied().zip(probabilities.iter().copied()).collect())
    }

    fn sorted(mut outcomes: Vec<(f64, f64)>) -> Self {
        outcomes.sort_by(|a, b| a.0.total_cmp(&b.0));
        Self { outcomes }
    }

    /// Sum of the weights: 1 where it is a distribution.
    pub fn weight(&self) -> f64 {
        self.outcomes.iter().map(|(_, weight)| weight).sum()
    }

    /// `Σ p z`.
    pub fn mean(&self) -> f64 {
        self.outcomes.iter().map(|&(outcome, weight)| if weight == 0.0 { 0.0 } else { outcome * weight }).sum()
    }

    /// `√ Σ p (z − mean)²`: how far the outcomes spread.
    pub fn std(&self) -> f64 {
        let mean = self.mean();
        self.outcomes.iter().map(|&(outcome, weight)| weight * (outcome - mean).powi(2)).sum::<f64>().sqrt()
    }

    /// Conditional value at risk: the mean of the lowest `alpha` of the weight. The outcome in which `alpha` falls counts with the
    /// part of its weight that lies below. 1 gives the mean of a distribution; NaN for `alpha` of 0 or without any weight.
    ///
    /// **Source** Rockafellar and Uryasev, Conditional value-at-risk for general loss distributions, 2002, definition 3, of the lower tail.
    pub fn cvar(&self, alpha: f64) -> f64 {
        if self.outcomes.iter().any(|(outcome, weight)| outcome.is_nan() || weight.is_nan()) {
            return f64::NAN;
        }
        let (mut sum, mut taken) = (0.0, 0.0);
        for &(outcome, weight) in &self.outcomes {
            let part = weight.min(alpha - taken);
            if part > 0.0 {
                sum += part * outcome;
                taken += part;
            }
        }
        sum / taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 || (found.is_nan() && expected.is_nan()), "{found}, not {expected}");
    }

    #[test]
    fn quantiles_are_sorted_first() {
        let of = ReturnDistribution::from_quantiles([4.0, 1.0, 3.0, 2.0].into_iter());
        check(of.mean(), 2.5);
        check(of.std(), 1.25_f64.sqrt());
        check(of.weight(), 1.0);
        check(of.cvar(0.25), 1.0);
        check(of.cvar(0.5), 1.5);
        // Half of the second quantile's weight lies within.
        check(of.cvar(0.375), (0.25 * 1.0 + 0.125 * 2.0) / 0.375);
        check(of.cvar(0.1), 1.0);
        check(of.cvar(1.0), 2.5);
    }

    #[test]
    fn atoms_carry_their_own_weights() {
        let of = ReturnDistribution::from_atoms(&[-1.0, 0.0, 10.0], &[0.1, 0.5, 0.4]);
        check(of.mean(), 3.9);
        check(of.cvar(0.1), -1.0);
        check(of.cvar(0.2), -0.5);
        check(ReturnDistribution::from_atoms(&[1.0, 2.0], &[0.3, 0.3]).weight(), 0.6);
    }

    #[test]
    fn nothing_and_nan_have_no_answer() {
        let nan = f64::NAN;
        for of in [
            ReturnDistribution::from_quantiles([1.0, nan].into_iter()),
            ReturnDistribution::from_atoms(&[1.0, 2.0], &[nan, 1.0]),
        ] {
            check(of.mean(), nan);
            check(of.std(), nan);
            check(of.cvar(0.5), nan);
        }
        check(ReturnDistribution::from_quantiles([].into_iter()).cvar(0.5), nan);
        check(ReturnDistribution::from_quantiles([1.0].into_iter()).cvar(0.0), nan);
    }
}
