//! Episodes as curves: their returns and lengths, for runs that did not log them as scalars.

use std::ops::Range;

use ethogram_store::{Axis, EpisodeRow, Revision, RunSource, ScalarColumns, ScalarTag};

use crate::Result;

/// Tags on the episode axis that every run with episodes has. A scalar logged by the same name hides them.
pub const EPISODE_TAGS: [&str; 2] = ["episode_length", "episode_return"];

/// What is told of all episodes of a run, at one revision.
pub(crate) struct EpisodeColumns {
    pub revision: Revision,
    /// One entry an episode that ended and that somebody counted.
    step: Vec<i64>,
    time_us: Vec<i64>,
    length: Vec<f64>,
    episode_return: Vec<f64>,
}

impl EpisodeColumns {
    pub fn read(source: &dyn RunSource) -> Result<Self> {
        let revision = source.revision();
        let rows = source.episodes(0..u64::MAX)?;
        let ended = || rows.iter().filter(|row| row.has_outcome());
        let numbers = |of: fn(&EpisodeRow) -> f64| ended().map(of).collect();
        Ok(Self {
            revision,
            step: ended().map(|row| row.episode as i64).collect(),
            time_us: ended().map(|row| row.ended_us.unwrap_or(row.started_us)).collect(),
            length: numbers(|row| row.length as f64),
            episode_return: numbers(|row| row.episode_return),
        })
    }

    /// The tags, sorted; none without an episode that ended.
    pub fn tags(&self) -> Vec<ScalarTag> {
        let tag = |name: &str| {
            let values = self.values(name)?;
            Some(ScalarTag {
                axis: Axis::Episode,
                tag: name.to_owned(),
                count: values.len() as u64,
                first_step: *self.step.first()?,
                last_step: *self.step.last()?,
                last_value: *values.last()?,
            })
        };
        EPISODE_TAGS.into_iter().filter_map(tag).collect()
    }

    /// Points of one tag with `range.start <= episode < range.end`; `None` when it is not one of [`EPISODE_TAGS`].
    pub fn points(&self, tag: &str, range: &Range<i64>) -> Option<ScalarColumns> {
        let values = self.values(tag)?;
        let start = self.step.partition_point(|step| *step < range.start);
        let end = self.step.partition_point(|step| *step < range.end).max(start);
        Some(ScalarColumns {
            step: self.step[start..end].to_vec(),
            time_us: self.time_us[start..end].to_vec(),
            value: values[start..end].to_vec(),
        })
    }

    fn values(&self, tag: &str) -> Option<&[f64]> {
        match tag {
            "episode_length" => Some(&self.length),
            "episode_return" => Some(&self.episode_return),
            _ => None,
        }
    }
}
