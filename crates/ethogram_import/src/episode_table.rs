//! Episodes of a run in few bytes: of most no more is known than a Monitor writes down.

use std::collections::BTreeMap;
use std::ops::Range;

use ethogram_store::{EpisodeEnd, EpisodeRow, has_film};
use serde_json::Map;

/// Episodes, ascending. One of which only numbers are known takes 56 bytes, less than a third of a row: pages of memory for them were a third
/// of the time that it took to open a folder of runs.
#[derive(Clone, Debug, Default)]
pub struct EpisodeTable {
    briefs: Vec<Brief>,
    /// Rows of which more is known, by their place.
    full: BTreeMap<usize, EpisodeRow>,
    recorded: u64,
    filmed: u64,
    /// Largest global step at the end of one.
    end_step: Option<i64>,
}

/// What is known of every episode.
#[derive(Clone, Copy, Debug)]
struct Brief {
    episode: u64,
    episode_return: f64,
    length: u64,
    global_step: i64,
    started_us: i64,
    ended_us: i64,
    env_index: u32,
    end: EpisodeEnd,
    recorded: bool,
    evaluation: bool,
}

impl EpisodeTable {
    /// Of no episodes.
    pub const EMPTY: &Self =
        &Self { briefs: Vec::new(), full: BTreeMap::new(), recorded: 0, filmed: 0, end_step: None };

    /// Adds one behind the others.
    ///
    /// **Panics** when its index is not larger than that of the last.
    pub fn push(&mut self, row: EpisodeRow) {
        let last = self.briefs.last().map(|brief| brief.episode);
        assert!(last.is_none_or(|last| last < row.episode), "episode {} comes behind {last:?}", row.episode);
        self.recorded += u64::from(row.recorded);
        self.filmed += u64::from(has_film(&row));
        self.end_step = self.end_step.max(Some(row.global_step.saturating_add(row.length as i64)));
        let brief = Brief {
            episode: row.episode,
            episode_return: row.episode_return,
            length: row.length,
            global_step: row.global_step,
            started_us: row.started_us,
            ended_us: row.ended_us.unwrap_or_default(),
            env_index: row.env_index,
            end: row.end,
            recorded: row.recorded,
            evaluation: row.evaluation,
        };
        if !brief.tells_all_of(&row) {
            self.full.insert(self.briefs.len(), row);
        }
        self.briefs.push(brief);
    }

    /// Makes room for so many more.
    pub fn reserve(&mut self, more: usize) {
        self.briefs.reserve(more);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.briefs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.briefs.is_empty()
    }

    /// One more than the largest index; 0 when there are none.
    pub fn end(&self) -> u64 {
        self.briefs.last().map_or(0, |brief| brief.episode + 1)
    }

    /// How many were recorded step by step.
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// How many have a film.
    pub fn filmed(&self) -> u64 {
        self.filmed
    }

    /// Largest global step at the end of one.
    pub fn end_step(&self) -> Option<i64> {
        self.end_step
    }

    /// Whether there is one of this index.
    pub fn has(&self, episode: u64) -> bool {
        self.briefs.binary_search_by_key(&episode, |brief| brief.episode).is_ok()
    }

    /// Those with an index in `range`.
    pub fn within(&self, range: &Range<u64>) -> Vec<EpisodeRow> {
        let from = self.briefs.partition_point(|brief| brief.episode < range.start);
        let to = self.briefs.partition_point(|brief| brief.episode < range.end).max(from);
        let row = |at: usize| self.full.get(&at).cloned().unwrap_or_else(|| self.briefs[at].row());
        (from..to).map(row).collect()
    }

    /// Bytes, about, that it takes.
    pub fn bytes(&self) -> usize {
        self.briefs.capacity() * size_of::<Brief>() + self.full.len() * size_of::<EpisodeRow>()
    }
}

impl FromIterator<EpisodeRow> for EpisodeTable {
    fn from_iter<T: IntoIterator<Item = EpisodeRow>>(rows: T) -> Self {
        let mut table = Self::default();
        rows.into_iter().for_each(|row| table.push(row));
        table
    }
}

impl Brief {
    /// Whether nothing else is known of the episode.
    fn tells_all_of(&self, row: &EpisodeRow) -> bool {
        let EpisodeRow { agent, seed, checkpoint, env_return, extra, ended_us, .. } = row;
        let more = agent.is_some() || seed.is_some() || checkpoint.is_some() || env_return.is_some();
        !more && extra.is_empty() && *ended_us == Some(self.ended_us)
    }

    fn row(self) -> EpisodeRow {
        EpisodeRow {
            episode: self.episode,
            env_index: self.env_index,
            agent: None,
            seed: None,
            end: self.end,
            episode_return: self.episode_return,
            length: self.length,
            global_step: self.global_step,
            started_us: self.started_us,
            ended_us: Some(self.ended_us),
            recorded: self.recorded,
            evaluation: self.evaluation,
            checkpoint: None,
            env_return: None,
            extra: Map::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An episode of which no more is known than of most.
    fn plain(episode: u64) -> EpisodeRow {
        EpisodeRow {
            episode,
            env_index: 3,
            agent: None,
            seed: None,
            end: EpisodeEnd::Truncated,
            episode_return: -1.5,
            length: 7,
            global_step: 10 * episode as i64,
            started_us: 5,
            ended_us: Some(6),
            recorded: episode.is_multiple_of(2),
            evaluation: true,
            checkpoint: None,
            env_return: None,
            extra: Map::new(),
        }
    }

    #[test]
    fn rows_come_back_as_they_were() {
        let note = json!({ "note": "x" }).as_object().cloned().expect("an object");
        let rows = [
            plain(0),
            EpisodeRow { agent: Some("red".into()), ..plain(2) },
            EpisodeRow { seed: Some(-4), ..plain(3) },
            EpisodeRow { checkpoint: Some(9), ..plain(5) },
            EpisodeRow { env_return: Some(2.5), ..plain(6) },
            EpisodeRow { extra: note, ..plain(7) },
            EpisodeRow { ended_us: None, ..plain(8) },
            EpisodeRow { end: EpisodeEnd::Open, ended_us: Some(0), ..plain(12) },
        ];
        let table: EpisodeTable = rows.iter().cloned().collect();
        assert_eq!(table.within(&(0..u64::MAX)), rows);
        assert_eq!(table.within(&(3..7)), rows[2..5]);
        assert_eq!(table.within(&Range { start: 7, end: 3 }), []);
        assert_eq!((table.len(), table.end(), table.recorded(), table.end_step()), (8, 13, 5, Some(127)));
        assert_eq!([2, 4, 12, 13].map(|episode| table.has(episode)), [true, false, true, false]);
        assert_eq!(table.full.len(), 6, "what a brief tells is not kept twice");
    }

    #[test]
    fn most_episodes_take_less_than_a_third_of_a_row() {
        assert_eq!(size_of::<Brief>(), 56);
        assert!(3 * size_of::<Brief>() < size_of::<EpisodeRow>(), "{}", size_of::<EpisodeRow>());
        assert!(EpisodeTable::EMPTY.is_empty() && EpisodeTable::EMPTY.end() == 0);
    }
}
