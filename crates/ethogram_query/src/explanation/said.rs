//! What a policy says of one input: numbers an action, probabilities, value.

use ethogram_analysis::log_softmax;
use ethogram_model::Tensor;
use ethogram_store::Space;

use super::signature::Signature;

/// The outputs of a policy at one input, as far as the checkpoint's signature names them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Role of `numbers`: `logits`, `q_values`, `action_probabilities` or `action_mean`; empty without any of them.
    pub role: String,
    /// One an action, or a dimension of it.
    pub numbers: Vec<f32>,
    /// Of the policy; empty for Q-values and means.
    pub probabilities: Vec<f64>,
    /// Standard deviation of each dimension; empty where it is not an output.
    pub sd: Vec<f64>,
    /// How many of `numbers` belong to each choice: one entry but for `MultiDiscrete` actions.
    pub parts: Vec<usize>,
    /// The choice with the largest number, a part each, counted from 0; empty for means.
    pub greedy: Vec<usize>,
    /// What the critic says.
    pub value: Option<f32>,
    /// Natural logarithms of `probabilities`.
    log_probabilities: Vec<f64>,
}

/// What is said of every row of a batch.
pub fn said(outputs: &[(String, Tensor)], rows: usize, signature: &Signature, space: Option<&Space>) -> Vec<Said> {
    let row_of = |role: &str, row: usize| -> Option<&[f32]> {
        let name = signature.output(role)?;
        let values = outputs.iter().find(|(known, _)| known == name)?.1.as_f32()?;
        let width = values.len() / rows.max(1);
        values.get(row * width..(row + 1) * width)
    };
    let role = signature.action_role().unwrap_or_default();
    (0..rows)
        .map(|row| {
            let numbers = row_of(role, row).unwrap_or_default().to_vec();
            let parts = parts(numbers.len(), space);
            let mut said = Said {
                role: if numbers.is_empty() { String::new() } else { role.to_owned() },
                value: row_of("value", row).and_then(|value| value.first().copied()),
                parts,
                numbers,
                ..Said::default()
            };
            match role {
                "logits" => said.each_part(|part| log_softmax(&doubles(part))),
                "action_probabilities" => said.each_part(|part| doubles(part).iter().map(|p| p.ln()).collect()),
                "action_mean" => {
                    // One for all states is told as a single row.
                    let log_sd = row_of("log_std", row).or_else(|| row_of("log_std", 0)).unwrap_or_default();
                    if log_sd.len() == said.numbers.len() {
                        said.sd = doubles(log_sd).iter().map(|log| log.exp()).collect();
                    }
                }
                _ => {}
            }
            said.probabilities = said.log_probabilities.iter().map(|log| log.exp()).collect();
            if role != "action_mean" {
                said.greedy = said.split(&said.numbers).map(greatest).collect();
            }
            said
        })
        .collect()
}

impl Said {
    fn each_part(&mut self, log_probabilities: impl Fn(&[f32]) -> Vec<f64>) {
        self.log_probabilities = self.split(&self.numbers).flat_map(log_probabilities).collect();
    }

    fn split<'a, T>(&'a self, mut all: &'a [T]) -> impl Iterator<Item = &'a [T]> {
        self.parts.iter().map(move |&count| {
            let (part, rest) = all.split_at(count.min(all.len()));
            all = rest;
            part
        })
    }

    /// `KL(self ‖ other)` in nats, summed over parts; `None` where the policy is not told as a distribution.
    ///
    /// Categorical: Σ p (log p − log q). Gaussian with independent dimensions: Σ log(σ₂/σ₁) + (σ₁² + (μ₁ − μ₂)²) / 2σ₂² − 1/2.
    pub fn kl(&self, other: &Said) -> Option<f64> {
        let same = |a: usize, b: usize| a == b && a > 0;
        if same(self.log_probabilities.len(), other.log_probabilities.len()) {
            let pairs = self.log_probabilities.iter().zip(&other.log_probabilities);
            let terms = pairs
                .zip(&self.probabilities)
                .filter(|(_, p)| **p > 0.0)
                .map(|((p_log, q_log), p)| p * (p_log - q_log));
            // Rounding may leave it a little below.
            return Some(terms.sum::<f64>().max(0.0));
        }
        if same(self.sd.len(), other.sd.len()) {
            let terms = (0..self.sd.len()).map(|at| {
                let (s1, s2) = (self.sd[at], other.sd[at]);
                let apart = f64::from(self.numbers[at]) - f64::from(other.numbers[at]);
                (s2 / s1).ln() + (s1 * s1 + apart * apart) / (2.0 * s2 * s2) - 0.5
            });
            return Some(terms.sum::<f64>().max(0.0));
        }
        None
    }

    /// Whether the greedy choice of any part is another.
    pub fn flips(&self, other: &Said) -> bool {
        self.greedy != other.greedy
    }
}

/// Numbers of each choice.
fn parts(width: usize, space: Option<&Space>) -> Vec<usize> {
    if let Some(Space::MultiDiscrete { nvec, .. }) = space
        && nvec.iter().sum::<u64>() == width as u64
    {
        return nvec.iter().map(|&count| count as usize).collect();
    }
    if width == 0 { Vec::new() } else { vec![width] }
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// The first of the largest.
pub fn greatest(row: &[f32]) -> usize {
    let mut best = 0;
    for (entry, value) in row.iter().enumerate() {
        if *value > row[best] {
            best = entry;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use ethogram_store::Dtype;
    use serde_json::json;

    use super::*;

    fn of(outputs: &[(&str, &str, &[f32])], rows: usize, space: Option<&Space>) -> Vec<Said> {
        let roles: serde_json::Map<_, _> =
            outputs.iter().map(|(name, role, _)| ((*name).to_owned(), json!({"role": role}))).collect();
        let signature = Signature::read(&json!({"inputs": {}, "outputs": roles})).expect("a signature");
        let tensors: Vec<_> = outputs
            .iter()
            .map(|(name, _, values)| {
                ((*name).to_owned(), Tensor::f32(&[rows, values.len() / rows], values.to_vec()).expect("a tensor"))
            })
            .collect();
        said(&tensors, rows, &signature, space)
    }

    #[test]
    fn kl_of_two_distributions_is_the_formula() {
        let found = of(&[("y", "logits", &[0.0, 0.0, 3.0_f32.ln(), 0.0]), ("v", "value", &[1.0, 2.0])], 2, None);
        assert_eq!(found[0].probabilities, [0.5, 0.5]);
        assert!((found[1].probabilities[0] - 0.75).abs() < 1e-7);
        let expected = 0.5 * (0.5_f64 / 0.75).ln() + 0.5 * (0.5_f64 / 0.25).ln();
        assert!((found[0].kl(&found[1]).expect("a KL") - expected).abs() < 1e-7);
        assert_eq!(found[0].kl(&found[0]), Some(0.0));
        assert_eq!((found[1].value, found[1].greedy.clone()), (Some(2.0), vec![0]));
    }

    #[test]
    fn each_choice_of_several_is_a_distribution() {
        let space = Space::MultiDiscrete { nvec: vec![2, 3], shape: vec![2], dtype: Dtype::Int64 };
        let found = of(&[("y", "logits", &[0.0, 1.0, 2.0, 0.0, 2.0])], 1, Some(&space));
        assert_eq!((found[0].parts.clone(), found[0].greedy.clone()), (vec![2, 3], vec![1, 0]));
        assert!((found[0].probabilities[..2].iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((found[0].probabilities[2..].iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn means_have_a_kl_only_with_their_spread() {
        let alone = of(&[("m", "action_mean", &[0.0, 1.0])], 2, None);
        assert_eq!((alone[0].kl(&alone[1]), alone[0].greedy.len()), (None, 0));
        let both = of(&[("m", "action_mean", &[0.0, 1.0]), ("s", "log_std", &[0.0, 0.0])], 2, None);
        assert!((both[0].kl(&both[1]).expect("a KL") - 0.5).abs() < 1e-12);
        let values = of(&[("q", "q_values", &[1.0, 3.0])], 1, None);
        assert_eq!((values[0].kl(&values[0]), values[0].greedy.clone()), (None, vec![1]));
    }
}
