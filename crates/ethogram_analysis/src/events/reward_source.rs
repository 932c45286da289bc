//! Where the return of an episode comes from.

use std::collections::HashMap;

use super::States;
use super::reward_cycle::usual_reward;

/// The source of most of an episode's gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardSource {
    /// Share of all gain that comes from it, from 0 to 1.
    pub share: f64,
    /// Rewards from it.
    pub count: usize,
    /// Rewards that are gain, from anywhere.
    pub rewards: usize,
    /// Different sources.
    pub sources: usize,
    /// What it gave together.
    pub sum: f64,
    /// Step of its first reward.
    pub start: usize,
    /// One beyond the step of its last.
    pub end: usize,
}

/// The source that gave the most. Gain is what is above the usual reward, that of at least half of the steps; without a usual one (a
/// reward that measures the state) there are no sources, and the answer is `None`. A source is a reward's value, had for one action in one
/// state ([`States::cells`]), which are passed over where they are not known.
///
/// **Shapes** all `[T]`.
pub fn reward_source(rewards: &[Option<f64>], actions: &[Option<u64>], states: &States) -> Option<RewardSource> {
    let usual = usual_reward(rewards)?;
    let cells = states.cells();
    let mut sources: HashMap<(u64, Option<u64>, Option<u64>), RewardSource> = HashMap::new();
    let (mut count, mut sum) = (0, 0.0);
    for (step, reward) in rewards.iter().enumerate().filter_map(|(step, reward)| Some((step, (*reward)?))) {
        let gain = reward - usual;
        if !(gain > 0.0 && gain.is_finite()) {
            continue;
        }
        (count, sum) = (count + 1, sum + gain);
        let cell = if states.is_empty() {
            None
        } else {
            // A state that is missing is like no other.
            Some(cells.get(step).copied().flatten().unwrap_or(u64::MAX - step as u64))
        };
        let key = (reward.to_bits(), actions.get(step).copied().flatten(), cell);
        let fresh = RewardSource { share: 0.0, count: 0, rewards: 0, sources: 0, sum: 0.0, start: step, end: step };
        let source = sources.entry(key).or_insert(fresh);
        source.count += 1;
        source.sum += gain;
        source.end = step + 1;
    }
    let largest = sources.values().max_by(|a, b| a.sum.total_cmp(&b.sum).then(b.start.cmp(&a.start)))?;
    Some(RewardSource { share: largest.sum / sum, rewards: count, sources: sources.len(), ..*largest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_reward_in_the_same_state_is_one_source() {
        let (mut rewards, mut places) = (vec![Some(0.0); 100], (0..100).map(Some).collect::<Vec<_>>());
        for at in 0..9 {
            rewards[10 + at * 5] = Some(1.0);
            places[10 + at * 5] = Some(1_000);
        }
        rewards[90] = Some(1.0);
        let actions = vec![Some(2); 100];
        let found = reward_source(&rewards, &actions, &States::Exact(places.clone())).expect("a source");
        assert!((found.share - 0.9).abs() < 1e-12, "{found:?}");
        assert_eq!((found.count, found.rewards, found.sources, found.start, found.end), (9, 10, 2, 10, 51));
        let unknown = reward_source(&rewards, &actions, &States::Unknown).expect("a source");
        assert!((unknown.share - 1.0).abs() < 1e-12, "one value, and nothing is known of states");
        let elsewhere = States::Exact((0..100).map(Some).collect());
        let spread = reward_source(&rewards, &actions, &elsewhere).expect("a source");
        assert!((spread.share - 0.1).abs() < 1e-12);
    }

    #[test]
    fn losses_and_measures_have_no_source() {
        assert_eq!(reward_source(&[Some(-1.0); 50], &[None; 50], &States::Unknown), None);
        let measure: Vec<_> = (0..50).map(|at| Some(f64::from(at))).collect();
        assert_eq!(reward_source(&measure, &[None; 50], &States::Unknown), None);
        assert_eq!(reward_source(&[], &[], &States::Unknown), None);
    }
}
