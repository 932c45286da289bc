//! Which states are looked at.

use super::{FeaturesRequest, OF_ACTIVATIONS};
use crate::{Error, Result, RunHandle};

/// Steps that are explained together: neighbours go through the network at once.
const BLOCK: u64 = 8;

/// States of some episodes, ascending.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct States(Vec<(u64, Vec<u64>)>);

impl States {
    /// As many as were asked for, evenly spread over all recorded steps of the episodes; of attributions, blocks of neighbours.
    ///
    /// # Errors
    /// [`Error::NoFeatures`] when nothing was recorded, [`Error::NoEpisode`] for an episode that is not there.
    pub fn pick(run: &RunHandle, request: &FeaturesRequest) -> Result<Self> {
        let episodes = match &request.episodes {
            Some(episodes) => {
                let mut episodes = episodes.clone();
                episodes.sort_unstable();
                episodes.dedup();
                episodes
            }
            None => {
                run.source().episodes(0..u64::MAX)?.iter().filter(|row| row.recorded).map(|row| row.episode).collect()
            }
        };
        let mut lengths = Vec::with_capacity(episodes.len());
        for episode in episodes {
            run.episode(episode)?;
            let steps = run.source().step_count(episode)?;
            if steps > 0 {
                lengths.push((episode, steps));
            }
        }
        let block = if request.of == OF_ACTIVATIONS { 1 } else { BLOCK };
        let states = Self(spread(&lengths, request.states as u64, block));
        if states.0.is_empty() {
            let why = "no steps were recorded; record episodes with eg.record(env, run, schedule=…)".to_owned();
            return Err(Error::NoFeatures { layer: request.layer.clone(), why });
        }
        Ok(states)
    }

    /// These; ascending.
    pub fn of(states: &[(u64, u64)]) -> Self {
        let episodes = states.chunk_by(|a, b| a.0 == b.0);
        Self(episodes.map(|states| (states[0].0, states.iter().map(|state| state.1).collect())).collect())
    }

    /// Episodes with their steps.
    pub fn episodes(&self) -> impl Iterator<Item = (u64, &[u64])> {
        self.0.iter().map(|(episode, steps)| (*episode, steps.as_slice()))
    }

    /// How many.
    pub fn count(&self) -> usize {
        self.0.iter().map(|(_, steps)| steps.len()).sum()
    }

    /// The first episode.
    pub fn first_episode(&self) -> u64 {
        self.0[0].0
    }

    /// The first state alone.
    pub fn only_first(&self) -> Self {
        Self(vec![(self.0[0].0, vec![self.0[0].1[0]])])
    }

    /// Leaves out states evenly until no more than `most` are left.
    pub fn thin(&mut self, most: usize) {
        let count = self.count();
        let mut at = 0;
        for (_, steps) in &mut self.0 {
            steps.retain(|_| {
                at += 1;
                (at * most) / count > ((at - 1) * most) / count
            });
        }
        self.0.retain(|(_, steps)| !steps.is_empty());
    }
}

/// `most` steps of all, in blocks of neighbours that are spread evenly.
fn spread(lengths: &[(u64, u64)], most: u64, block: u64) -> Vec<(u64, Vec<u64>)> {
    let all: u64 = lengths.iter().map(|(_, steps)| steps).sum();
    let wanted = most.min(all);
    let blocks = wanted.div_ceil(block);
    let is_picked = |at: u64| {
        if wanted == all {
            return true;
        }
        // The block that begins at or before this step, counted as if blocks lay evenly.
        let number = at * blocks / all;
        [number, number + 1].into_iter().filter(|number| *number < blocks).any(|number| {
            let begin = (number * all).div_ceil(blocks);
            (begin..begin + block).contains(&at)
        })
    };
    let mut begin = 0;
    let mut picked = Vec::new();
    for &(episode, steps) in lengths {
        let own: Vec<u64> = (0..steps).filter(|step| is_picked(begin + step)).collect();
        begin += steps;
        if !own.is_empty() {
            picked.push((episode, own));
        }
    }
    picked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_spread_over_all_episodes() {
        assert_eq!(spread(&[(0, 3), (4, 2)], 10, 1), [(0, vec![0, 1, 2]), (4, vec![0, 1])]);
        assert_eq!(spread(&[(0, 50), (1, 50)], 4, 1), [(0, vec![0, 25]), (1, vec![0, 25])]);
        assert_eq!(spread(&[(0, 40)], 16, 8), [(0, (0..8).chain(20..28).collect())]);
        assert_eq!(spread(&[], 16, 8), []);
    }

    #[test]
    fn no_more_states_than_asked_for() {
        for (steps, most, block) in [(1_000, 100, 1), (1_003, 96, 8), (17, 16, 8), (100_000, 1_024, 8)] {
            let count: usize = spread(&[(0, steps)], most, block).iter().map(|(_, steps)| steps.len()).sum();
            assert!(count as u64 <= most && count as u64 + block >= most, "{steps} {most} {block}: {count}");
        }
    }

    #[test]
    fn states_are_thinned_evenly() {
        let mut states = States(vec![(0, (0..100).collect()), (7, (0..100).collect())]);
        states.thin(10);
        assert_eq!(states.count(), 10);
        assert_eq!(states.episodes().map(|(_, steps)| steps.len()).collect::<Vec<_>>(), [5, 5]);
    }
}
