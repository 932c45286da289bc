//! Actions that never change, or lie at the bounds of what is allowed.

use std::collections::HashMap;

/// The action that was taken most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConstantAction {
    /// What stands for it.
    pub action: u64,
    /// Its share of the steps with an action.
    pub share: f64,
    /// Steps with an action.
    pub steps: usize,
}

/// The most frequent action and its share; of equals the smallest. `None` without any.
///
/// **Shapes** `[T]`.
pub fn constant_action(actions: &[Option<u64>]) -> Option<ConstantAction> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for action in actions.iter().flatten() {
        *counts.entry(*action).or_default() += 1;
    }
    let steps: usize = counts.values().sum();
    let (action, count) = counts.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))?;
    Some(ConstantAction { action, share: count as f64 / steps as f64, steps })
}

/// Share of the numbers that lie at a bound or beyond it; `None` without a finite number.
///
/// **Shapes** `[T]`.
pub fn at_bounds(values: &[f64], low: f64, high: f64) -> Option<f64> {
    // What was clipped in single precision may lie a rounding error inside.
    let near = (high - low).abs() * 1e-6;
    let finite = values.iter().filter(|value| value.is_finite());
    let (count, outside) = finite.fold((0_usize, 0_usize), |(count, outside), value| {
        (count + 1, outside + usize::from(*value <= low + near || *value >= high - near))
    });
    (count > 0).then(|| outside as f64 / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_is_told() {
        let found = constant_action(&[Some(3), None, Some(1), Some(3), Some(3)]).expect("an action");
        assert_eq!((found.action, found.share, found.steps), (3, 0.75, 4));
        assert_eq!(constant_action(&[Some(5), Some(2)]).map(|found| found.action), Some(2));
        assert_eq!(constant_action(&[None]), None);
    }

    #[test]
    fn bounds_count_from_both_sides() {
        assert_eq!(at_bounds(&[-1.0, 1.0, 0.0, 2.0, f64::NAN], -1.0, 1.0), Some(0.75));
        assert_eq!(at_bounds(&[f64::NAN], -1.0, 1.0), None);
    }
}
