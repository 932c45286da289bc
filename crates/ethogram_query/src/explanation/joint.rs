//! Joint actions of several choices at once, the likeliest first, without making them all.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Joint actions in falling order of the sum of their parts' scores (logits or log-probabilities), each once.
///
/// The parts are sorted; the best joint action takes the first of each. Every other one is reached from the one that takes a
/// better choice at its last changed part, which scores no less: a heap of those reached but not yet given is all that is held.
pub struct Ranked {
    /// For each part its choices, best first, with their scores.
    parts: Vec<Vec<(usize, f64)>>,
    reached: BinaryHeap<Reached>,
}

struct Reached {
    score: f64,
    /// Places in the sorted parts.
    places: Vec<usize>,
}

impl Ranked {
    /// **Shapes**: the scores of each part's choices.
    pub fn new(parts: &[&[f32]]) -> Self {
        let sorted: Vec<Vec<(usize, f64)>> = parts
            .iter()
            .map(|scores| {
                let mut sorted: Vec<_> =
                    scores.iter().enumerate().map(|(choice, score)| (choice, f64::from(*score))).collect();
                // NaN goes last; of equals the lower choice goes first.
                sorted.sort_by(|a, b| {
                    let number = |score: f64| if score.is_nan() { f64::NEG_INFINITY } else { score };
                    number(b.1).total_cmp(&number(a.1)).then(a.0.cmp(&b.0))
                });
                sorted
            })
            .collect();
        let mut ranked = Ranked { parts: sorted, reached: BinaryHeap::new() };
        if ranked.parts.iter().all(|part| !part.is_empty()) && !ranked.parts.is_empty() {
            ranked.reach(vec![0; parts.len()]);
        }
        ranked
    }

    fn reach(&mut self, places: Vec<usize>) {
        let score = places.iter().zip(&self.parts).map(|(&place, part)| part[place].1).sum();
        self.reached.push(Reached { score, places });
    }
}

impl Iterator for Ranked {
    /// The choice of each part, and the score.
    type Item = (Vec<usize>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let Reached { score, places } = self.reached.pop()?;
        let last = places.iter().rposition(|&place| place > 0).unwrap_or(0);
        for part in last..places.len() {
            if places[part] + 1 < self.parts[part].len() {
                let mut next = places.clone();
                next[part] += 1;
                self.reach(next);
            }
        }
        let choices = places.iter().zip(&self.parts).map(|(&place, part)| part[place].0).collect();
        Some((choices, score))
    }
}

impl Ord for Reached {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then_with(|| other.places.cmp(&self.places))
    }
}

impl PartialOrd for Reached {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Reached {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Reached {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn log_softmax(logits: &[f32]) -> Vec<f32> {
        let sum: f32 = logits.iter().map(|logit| logit.exp()).sum();
        logits.iter().map(|logit| logit - sum.ln()).collect()
    }

    /// of a `MultiDiscrete([4, 3, 2])` every joint action comes once, the likeliest first, and the probabilities add up to 1.
    #[test]
    fn row_r6_joint_actions_come_in_order_and_are_a_distribution() {
        let parts = [log_softmax(&[0.3, -1.2, 2.0, 0.3]), log_softmax(&[1.0, 0.0, -0.5]), log_softmax(&[0.1, 0.4])];
        let found: Vec<_> = Ranked::new(&[&parts[0], &parts[1], &parts[2]]).collect();
        assert_eq!(found.len(), 4 * 3 * 2);
        assert_eq!(found.iter().map(|(choices, _)| choices).collect::<BTreeSet<_>>().len(), 24, "each once");
        assert_eq!(found[0].0, [2, 0, 1]);
        assert!(found.windows(2).all(|pair| pair[0].1 >= pair[1].1), "falling");
        let sum: f64 = found.iter().map(|(_, score)| score.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-6, "sum {sum}");
        for (choices, score) in &found {
            let expected: f32 = choices.iter().zip(&parts).map(|(&choice, part)| part[choice]).sum();
            assert!((f64::from(expected) - score).abs() < 1e-5);
        }
    }

    #[test]
    fn the_first_few_of_very_many_are_cheap() {
        let part: Vec<f32> = (0..100).map(|at| (at as f32 * 0.37).sin()).collect();
        let parts: Vec<&[f32]> = vec![&part; 12];
        let mut ranked = Ranked::new(&parts);
        let first: Vec<_> = ranked.by_ref().take(50).collect();
        assert!(first.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        assert!(ranked.reached.len() < 50 * 12, "{} are held", ranked.reached.len());
    }

    #[test]
    fn no_choices_have_no_actions() {
        assert_eq!(Ranked::new(&[]).count(), 0);
        assert_eq!(Ranked::new(&[&[0.0], &[]]).count(), 0);
    }
}
