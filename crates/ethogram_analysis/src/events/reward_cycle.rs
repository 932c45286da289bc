//! Rewards that come back in the same order after the same steps.

/// A stretch of rewards that repeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewardCycle {
    /// Step of its first reward.
    pub start: usize,
    /// One beyond the step of its last.
    pub end: usize,
    /// Steps of one cycle.
    pub period: usize,
    /// Rewards of one cycle.
    pub rewards: usize,
    /// How often it is gone through.
    pub repeats: usize,
    /// Sum of the rewards of one cycle.
    pub sum: f64,
}

/// Most rewards of one cycle.
const REWARDS_MAX: usize = 8;

/// The longest stretch in which rewards come with the same values after the same numbers of steps, at least `repeats_min` times, if any.
/// The reward that most steps have (usually 0) is no event; where no reward is had by half of the steps, rewards are a measure of the
/// state rather than events, and nothing is found.
///
/// **Shapes** `[T]`.
pub fn reward_cycle(rewards: &[Option<f64>], repeats_min: usize) -> Option<RewardCycle> {
    let usual = usual_reward(rewards)?;
    let events: Vec<(usize, f64)> = rewards
        .iter()
        .enumerate()
        .filter_map(|(step, reward)| Some((step, (*reward)?)))
        .filter(|(_, reward)| reward.to_bits() != usual.to_bits() && !reward.is_nan())
        .collect();
    // Each reward with the steps since the one before; the first has none.
    let kinds: Vec<(usize, u64)> = events.windows(2).map(|pair| (pair[1].0 - pair[0].0, pair[1].1.to_bits())).collect();
    let mut best: Option<RewardCycle> = None;
    for count in 1..=REWARDS_MAX.min(kinds.len()) {
        let mut at = count;
        while at < kinds.len() {
            let run = (at..kinds.len()).take_while(|&at| kinds[at] == kinds[at - count]).count();
            let repeats = (run + count) / count;
            let first = at - count;
            if repeats >= repeats_min.max(2) {
                let (start, end) = (events[first].0, events[first + run + count].0 + 1);
                let one = &kinds[first..first + count];
                let sum = one.iter().map(|(_, bits)| f64::from_bits(*bits)).sum();
                let period = one.iter().map(|(gap, _)| gap).sum();
                let cycle = RewardCycle { start, end, period, rewards: count, repeats, sum };
                if best.is_none_or(|best| cycle.end - cycle.start > best.end - best.start) {
                    best = Some(cycle);
                }
            }
            at += run + 1;
        }
    }
    best
}

/// The reward that at least half of the steps have.
pub(super) fn usual_reward(rewards: &[Option<f64>]) -> Option<f64> {
    let mut sorted: Vec<f64> = rewards.iter().flatten().copied().collect();
    if sorted.is_empty() {
        return None;
    }
    // What half of the steps have is in the middle, or beside it.
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    [sorted[middle], sorted[middle.saturating_sub(1)]].into_iter().find(|usual| {
        let count = sorted.iter().filter(|reward| reward.to_bits() == usual.to_bits()).count();
        2 * count >= sorted.len()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewards(at: &[(usize, f64)], steps: usize) -> Vec<Option<f64>> {
        let mut rewards = vec![Some(0.0); steps];
        for &(step, reward) in at {
            rewards[step] = Some(reward);
        }
        rewards
    }

    #[test]
    fn rewards_at_equal_distances_are_a_cycle() {
        let every: Vec<_> = (0..10).flat_map(|at| [(20 + 12 * at, 1.0), (25 + 12 * at, 2.0)]).collect();
        let found = reward_cycle(&rewards(&every, 200), 4).expect("a cycle");
        assert_eq!((found.period, found.rewards, found.repeats), (12, 2, 9));
        assert!((found.sum - 3.0).abs() < 1e-12);
        assert_eq!((found.start, found.end), (20, 134));
    }

    #[test]
    fn rewards_at_other_distances_and_rewards_of_every_step_are_none() {
        let uneven: Vec<_> = (1..15).map(|at| (at * at, 1.0)).collect();
        assert_eq!(reward_cycle(&rewards(&uneven, 200), 4), None);
        assert_eq!(reward_cycle(&[Some(1.0); 200], 4), None, "the same at every step");
        let shaped: Vec<_> = (0..200).map(|at| Some(f64::from(at % 7))).collect();
        assert_eq!(reward_cycle(&shaped, 4), None, "a measure of the state");
        assert_eq!(reward_cycle(&[], 4), None);
        assert_eq!(reward_cycle(&[None; 9], 4), None);
    }
}
