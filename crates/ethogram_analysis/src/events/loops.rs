//! Stretches in which an agent does the same over and over.

use super::States;

/// What counts as a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoopParams {
    /// Longest period, in steps.
    pub period_max: usize,
    /// Fewest times that the period is gone through.
    pub repeats_min: usize,
    /// Fewest steps.
    pub steps_min: usize,
    /// Smallest share of the episode, which loops of [`LoopParams::steps_enough`] steps need not have.
    pub share_min: f64,
    /// Steps that are enough in an episode of any length.
    pub steps_enough: usize,
}

impl Default for LoopParams {
    fn default() -> Self {
        Self { period_max: 256, repeats_min: 4, steps_min: 24, share_min: 0.25, steps_enough: 500 }
    }
}

impl LoopParams {
    /// Fewest steps of a loop in an episode of `steps`.
    fn needed(&self, steps: usize) -> usize {
        let share = (self.share_min * steps as f64).ceil() as usize;
        share.min(self.steps_enough).max(self.steps_min)
    }
}

/// A stretch of repeated actions, in states that come back with them where states are known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActionLoop {
    /// Its first step.
    pub start: usize,
    /// One beyond its last.
    pub end: usize,
    /// Steps after which all begins anew; 1 where one action is repeated.
    pub period: usize,
    /// Largest distance of a state from the one in the first time through, a share of the reach; 0 for exact states.
    pub apart: f64,
}

impl ActionLoop {
    /// Its steps.
    pub fn steps(&self) -> usize {
        self.end - self.start
    }

    /// How often the period is gone through, the last time perhaps in part.
    pub fn repeats(&self) -> f64 {
        self.steps() as f64 / self.period as f64
    }
}

/// Stretches in which actions repeat with a period, and every state is that of the first time through: equal, or near
/// ([`States::near`]). A slow drift is thus no loop, however alike neighbouring steps are. The longest first; they do not overlap, and of
/// periods that explain the same steps the shortest is told.
///
/// Where states are not known the actions alone decide; one action held is then no loop, for nobody can say whether anything changed.
///
/// **Shapes** `actions` `[T]`: one number that stands for the action; a missing one repeats nothing.
/// **Units** steps. At most `2 T · period_max` comparisons, mostly far fewer: of stretches too short for a loop a few steps are looked at.
pub fn action_loops(actions: &[Option<u64>], states: &States, params: &LoopParams) -> Vec<ActionLoop> {
    let steps = actions.len();
    let needed = params.needed(steps);
    let mut found = Vec::new();
    for period in 1..=params.period_max.min(steps / params.repeats_min.max(2)) {
        let needed = needed.max(period * params.repeats_min.max(2));
        // Fewest steps in a row that are as they were a period before.
        let least = needed - period;
        let mut at = period;
        while at + least <= steps {
            let same = |at: &usize| actions[*at].is_some() && actions[*at] == actions[*at - period];
            // None begins before the last that differs of the next `least`, so the others of them need not be looked at.
            if let Some(differs) = (at..at + least).rev().find(|at| !same(at)) {
                at = differs + 1;
                continue;
            }
            let run = least + (at + least..steps).take_while(same).count();
            confirm(states, at - period..at + run, period, needed, &mut found);
            at += run + 1;
        }
    }
    // The longest; of equals the shortest period, for its multiples repeat as well.
    found.sort_by(|a: &ActionLoop, b| {
        (b.steps() / b.period * b.period)
            .cmp(&(a.steps() / a.period * a.period))
            .then(a.period.cmp(&b.period))
            .then(a.start.cmp(&b.start))
    });
    let mut kept: Vec<ActionLoop> = Vec::new();
    for candidate in found {
        if kept.iter().all(|other| candidate.end <= other.start || other.end <= candidate.start) {
            kept.push(candidate);
        }
    }
    if states.is_empty() {
        kept.retain(|found| found.period > 1);
    }
    kept
}

/// Adds the parts of a stretch of repeated actions in which the states are those of the part's first period.
fn confirm(
    states: &States,
    stretch: std::ops::Range<usize>,
    period: usize,
    needed: usize,
    found: &mut Vec<ActionLoop>,
) {
    let mut start = stretch.start;
    let mut apart = 0.0_f32;
    for at in stretch.start..=stretch.end {
        let distance = if at == stretch.end {
            None
        } else if at < start + period {
            Some(0.0)
        } else {
            states.apart(at, start + (at - start) % period)
        };
        match distance {
            Some(distance) => apart = apart.max(distance),
            None => {
                if at - start >= needed {
                    found.push(ActionLoop { start, end: at, period, apart: f64::from(apart) });
                }
                (start, apart) = (at, 0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(actions: &[u64]) -> Vec<Option<u64>> {
        actions.iter().copied().map(Some).collect()
    }

    #[test]
    fn a_loop_is_told_with_its_shortest_period() {
        // 10 steps of something, then left, right, wait over and over.
        let actions: Vec<u64> = (0..10).chain((0..60).map(|at| 20 + at % 3)).collect();
        let places: Vec<u64> = (100..110).chain((0..60).map(|at| 500 + at % 3)).collect();
        let states = States::Exact(some(&places));
        let found = action_loops(&some(&actions), &states, &LoopParams::default());
        assert_eq!(found, [ActionLoop { start: 10, end: 70, period: 3, apart: 0.0 }]);
        assert!((found[0].repeats() - 20.0).abs() < 1e-12);
        let alone = action_loops(&some(&actions), &States::Unknown, &LoopParams::default());
        assert_eq!(alone, found, "by the actions alone");
    }

    #[test]
    fn the_same_actions_in_new_states_are_no_loop() {
        let actions: Vec<u64> = (0..100).map(|at| at % 2).collect();
        let new = States::Exact((0..100).map(Some).collect());
        assert_eq!(action_loops(&some(&actions), &new, &LoopParams::default()), []);
        // A drift of a thousandth a step is near from step to step, and far over the whole.
        let drift: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(action_loops(&some(&actions), &States::near(1, &drift, 0.02), &LoopParams::default()), []);
    }

    #[test]
    fn one_action_held_is_a_loop_only_where_nothing_changes() {
        let held = some(&[7; 60]);
        let still = States::Exact(vec![Some(1); 60]);
        assert_eq!(action_loops(&held, &still, &LoopParams::default())[0].period, 1);
        assert_eq!(action_loops(&held, &States::Unknown, &LoopParams::default()), []);
        let missing = action_loops(&[None; 60], &still, &LoopParams::default());
        assert_eq!(missing, []);
    }

    /// What is passed over holds no loop: of actions by chance, with loops among them, every stretch is found that a look at each step finds.
    #[test]
    fn no_stretch_is_passed_over() {
        let params =
            LoopParams { period_max: 6, repeats_min: 2, steps_min: 5, share_min: 0.0, ..LoopParams::default() };
        let mut random = ethogram_random::Random::new(3);
        for _ in 0..200 {
            let actions: Vec<Option<u64>> =
                (0..60).map(|_| Some(random.below(3) as u64).filter(|_| random.below(20) > 0)).collect();
            let same = |at: usize, period: usize| actions[at].is_some() && actions[at] == actions[at - period];
            let mut longest = 0;
            for period in 1..=6 {
                for start in period..60 {
                    let run = (start..60).take_while(|&at| same(at, period)).count();
                    if run + period >= 5.max(2 * period) {
                        longest = longest.max((run + period) / period * period);
                    }
                }
            }
            let found = action_loops(&actions, &States::Exact(vec![Some(1); 60]), &params);
            let first = found.first().map_or(0, |found| found.steps() / found.period * found.period);
            assert_eq!(first, longest, "{actions:?}");
        }
    }

    #[test]
    fn short_ones_and_small_shares_are_left_out() {
        let mut actions: Vec<u64> = (1_000..2_000).collect();
        for at in 0..40 {
            actions[300 + at] = at as u64 % 2;
        }
        let states = States::Exact(some(&actions.clone()));
        assert_eq!(action_loops(&some(&actions), &states, &LoopParams::default()), [], "40 of 1,000 steps");
        let all = LoopParams { share_min: 0.0, ..LoopParams::default() };
        let found = action_loops(&some(&actions), &states, &all);
        assert_eq!(found, [ActionLoop { start: 300, end: 340, period: 2, apart: 0.0 }]);
        let many = LoopParams { share_min: 0.0, repeats_min: 21, ..LoopParams::default() };
        assert_eq!(action_loops(&some(&actions), &states, &many), []);
    }
}
