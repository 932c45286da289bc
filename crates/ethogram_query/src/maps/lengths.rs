//! Recorded episodes of the sources, and how long they are.

use std::sync::Arc;

use super::request::{MapSource, wrong};
use super::selection::Stretch;
use crate::{Error, Result, RunHandle};

/// Most episodes of a map.
const EPISODES_MAX: usize = 100_000;

/// The episodes that a source asks for, ascending.
///
/// **Errors**: an episode that is not there, or was not recorded; too many.
pub fn stretches(index: u32, source: &MapSource, run: &Arc<RunHandle>) -> Result<Vec<Stretch>> {
    let rows = run.source().episodes(0..u64::MAX)?;
    let mut asked: Vec<u64> = match &source.episodes {
        None => rows.iter().filter(|row| row.recorded).map(|row| row.episode).collect(),
        Some(episodes) => episodes.clone(),
    };
    asked.sort_unstable();
    asked.dedup();
    if asked.len() > EPISODES_MAX {
        return Err(Error::TooLarge {
            what: "episodes of a map (EPISODES_MAX)".to_owned(),
            limit: EPISODES_MAX as u64,
            found: asked.len() as u64,
        });
    }
    let mut found = Vec::with_capacity(asked.len());
    for episode in asked {
        let known = rows.binary_search_by_key(&episode, |row| row.episode).ok().map(|at| &rows[at]);
        match known {
            None => run.episode(episode).map(|_| ())?,
            Some(row) if !row.recorded => {
                let expected = "episodes whose steps were recorded";
                return Err(wrong("episodes", expected, &format!("episode {episode} of {}", run.info().name)));
            }
            Some(_) => {
                let steps = run.source().step_count(episode)?;
                found.push(Stretch { source: index, episode, steps });
            }
        }
    }
    Ok(found)
}
