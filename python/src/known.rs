//! Which episodes have a row already, so that steps logged by hand get one for theirs, and no row is written over.

use std::collections::HashSet;
use std::ops::Range;

/// Indices of episodes, as ranges: those that recorders allot follow one another.
#[derive(Default)]
pub struct KnownEpisodes {
    ranges: Vec<Range<u64>>,
    by_hand: HashSet<u64>,
}

impl KnownEpisodes {
    /// A resumed run knows all episodes below `count`.
    pub fn resume(&mut self, count: u64) {
        self.ranges.push(0..count);
    }

    /// A recorder was given this index.
    pub fn allot(&mut self, episode: u64) {
        match self.ranges.last_mut() {
            Some(last) if last.end == episode => last.end += 1,
            _ => self.ranges.push(episode..episode + 1),
        }
    }

    /// True the first time that an episode is named that nobody knew.
    pub fn is_new(&mut self, episode: u64) -> bool {
        !self.ranges.iter().any(|range| range.contains(&episode)) && self.by_hand.insert(episode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_new_once() {
        let mut known = KnownEpisodes::default();
        known.resume(2);
        known.allot(2);
        known.allot(3);
        known.allot(9);
        let new: Vec<u64> = (0..12).filter(|&episode| known.is_new(episode)).collect();
        assert_eq!(new, [4, 5, 6, 7, 8, 10, 11]);
        assert_eq!(known.ranges, [0..4, 9..10]);
        assert!(!known.is_new(4));
    }
}
