//! Which steps of which episodes by which networks.

use std::ops::Range;

use anyhow::bail;
use ethogram_query::RunHandle;

use crate::options::ExplainOptions;

/// Steps that are explained, and kept, at once: what is lost when the program is killed.
const CHUNK_STEPS: u64 = 16;
/// Bytes that a step takes besides its numbers.
const RECORD_BYTES: u64 = 64;

/// Consecutive steps of an episode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Which episode.
    pub episode: u64,
    /// Which steps.
    pub range: Range<u64>,
    /// Global step of the network; the one in force when left out.
    pub checkpoint: Option<i64>,
}

impl Chunk {
    /// How many steps.
    pub fn steps(&self) -> u64 {
        self.range.end - self.range.start
    }
}

/// All that is to be explained, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    chunks: Vec<Chunk>,
    episodes: usize,
    checkpoints: usize,
}

impl Plan {
    /// **Errors**: there is nothing to explain, and why.
    pub fn of(run: &RunHandle, options: &ExplainOptions) -> anyhow::Result<Self> {
        let rows = run.source().episodes(0..u64::MAX)?;
        if let Some(all) = &options.episodes {
            // What was named must be there; a range takes what there is.
            for episode in all.singles() {
                match rows.iter().find(|row| row.episode == episode) {
                    None => {
                        bail!("no episode {episode} in this run; `ethogram info {}` tells of it", options.run.display())
                    }
                    Some(row) if !row.recorded => bail!(
                        "the steps of episode {episode} were not recorded; `schedule=` of eg.record says which are"
                    ),
                    Some(_) => {}
                }
            }
        }
        let is_asked = |episode: u64| options.episodes.as_ref().is_none_or(|asked| asked.holds(episode));
        let mut plan = Self::default();
        for row in rows.iter().filter(|row| row.recorded && is_asked(row.episode)) {
            // A row without an action is that of the final observation.
            let steps = run.source().step_count(row.episode)?.min(row.length.max(1));
            let checkpoints = checkpoints(run, row.episode, options)?;
            plan.checkpoints = checkpoints.len();
            plan.episodes += 1;
            for checkpoint in checkpoints {
                let chunk = |first: u64| {
                    let range = first..(first + CHUNK_STEPS).min(steps);
                    Chunk { episode: row.episode, range, checkpoint }
                };
                plan.chunks.extend((0..steps).step_by(CHUNK_STEPS as usize).map(chunk));
            }
        }
        if plan.chunks.is_empty() {
            bail!(
                "no recorded episode among those asked for; `ethogram info {}` tells how many there are",
                options.run.display()
            );
        }
        Ok(plan)
    }

    /// In the order of the work.
    pub fn chunks(&self) -> &[Chunk] {
        &self.chunks
    }

    /// Steps of all chunks.
    pub fn steps(&self) -> u64 {
        self.chunks.iter().map(Chunk::steps).sum()
    }

    /// Episodes that are explained.
    pub fn episodes(&self) -> usize {
        self.episodes
    }

    /// Networks that explain each.
    pub fn checkpoints(&self) -> usize {
        self.checkpoints
    }

    /// Bytes that all of it takes when nothing of it compresses, for steps of `width` numbers.
    pub fn bytes_at_most(&self, width: usize) -> u64 {
        self.steps().saturating_mul(width as u64 * 4 + RECORD_BYTES)
    }
}

/// Networks that are asked about an episode.
fn checkpoints(run: &RunHandle, episode: u64, options: &ExplainOptions) -> anyhow::Result<Vec<Option<i64>>> {
    match options.checkpoint.as_deref() {
        None => Ok(vec![None]),
        Some("all") => Ok(run.explanations(episode)?.checkpoints.iter().map(|row| Some(row.global_step)).collect()),
        Some(text) => {
            let known = run.explanations(episode)?.checkpoints;
            let found = known.iter().find(|row| row.name == text || row.global_step.to_string() == text);
            let names = || known.iter().map(|row| row.global_step.to_string()).collect::<Vec<_>>().join(", ");
            match found {
                Some(row) => Ok(vec![Some(row.global_step)]),
                None => bail!("no checkpoint {text:?}; expected all, or one of {}", names()),
            }
        }
    }
}
