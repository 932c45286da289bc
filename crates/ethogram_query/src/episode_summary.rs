//! What some episodes of a run have in common.

use ethogram_analysis::{Summary, summary};
use ethogram_store::{EpisodeEnd, EpisodeRow};

use crate::{Result, RunHandle};

/// Returns, lengths and ends of some episodes. Those that did not end have neither a return nor a length yet, and count in `ends` only.
#[derive(Clone, Debug, PartialEq)]
pub struct EpisodeSummary {
    /// Episodes of those asked for that are there.
    pub episodes: usize,
    /// Of the returns of those that ended.
    pub episode_return: Summary,
    /// Of the lengths of those that ended, in steps.
    pub length: Summary,
    /// How many ended in each way, those that never happened left out.
    pub ends: Vec<(EpisodeEnd, usize)>,
}

impl EpisodeSummary {
    /// Of the episodes with these indices, ascending or not; indices that were never logged are left out.
    ///
    /// **Errors**: the run cannot be read.
    pub fn of(run: &RunHandle, episodes: &[u64]) -> Result<Self> {
        let mut sorted = episodes.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let range = sorted.first().map_or(0..0, |first| *first..sorted[sorted.len() - 1].saturating_add(1));
        let mut rows = run.source().episodes(range)?;
        rows.retain(|row| sorted.binary_search(&row.episode).is_ok());
        let ended = || rows.iter().filter(|row| row.has_outcome());
        let numbers = |of: fn(&EpisodeRow) -> f64| ended().map(of).collect::<Vec<_>>();
        let all =
            [EpisodeEnd::Open, EpisodeEnd::Terminated, EpisodeEnd::Truncated, EpisodeEnd::Both, EpisodeEnd::Unknown];
        let ends = all.map(|end| (end, rows.iter().filter(|row| row.end == end).count()));
        Ok(Self {
            episodes: rows.len(),
            episode_return: summary(&numbers(|row| row.episode_return)),
            length: summary(&numbers(|row| row.length as f64)),
            ends: ends.into_iter().filter(|(_, count)| *count > 0).collect(),
        })
    }
}
