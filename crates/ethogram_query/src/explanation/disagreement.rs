//! The same states asked of many checkpoints: where do they disagree most?

use ethogram_model::Cancel;
use ethogram_store::CheckpointRow;

use super::observation::{Given, inputs};
use super::said::{Said, said};
use super::signature::Signature;
use super::what_if::WhichCheckpoints;
use super::{EXPLAINED_STEPS_MAX, in_force};
use crate::{Error, Result, RunHandle};

/// Most states of one question.
pub const COMPARED_STEPS_MAX: usize = 1_000;

/// Asks many checkpoints about states of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct DisagreementRequest {
    /// Of which episode.
    pub episode: u64,
    /// Who is asked.
    pub checkpoints: WhichCheckpoints,
    /// States, evenly spread over the episode; all when it has no more.
    pub places: usize,
}

/// What every checkpoint says of every state.
#[derive(Clone, Debug, PartialEq)]
pub struct Disagreement {
    /// Steps of the states, ascending. Those without an observation are left out.
    pub steps: Vec<u64>,
    /// Who was asked, ascending by global step.
    pub checkpoints: Vec<CheckpointRow>,
    /// Index in `checkpoints` of the one in force in the episode; it is always among them.
    pub in_force: usize,
    /// What each says, a checkpoint after the other.
    pub said: Vec<Vec<Said>>,
    /// Over pairs of checkpoints, the largest KL where they are distributions; else the share of pairs whose greedy choice differs. One a
    /// state.
    pub apart: Vec<f64>,
    /// Whether `apart` is a KL.
    pub by_kl: bool,
}

impl RunHandle {
    /// What checkpoints say of the same states, with how far apart they are.
    ///
    /// # Errors
    /// As [`RunHandle::what_if`]; [`Error::TooLarge`] for more states than [`COMPARED_STEPS_MAX`].
    pub fn disagreement(&self, request: &DisagreementRequest, cancel: &Cancel) -> Result<Disagreement> {
        if request.places > COMPARED_STEPS_MAX {
            return Err(Error::TooLarge {
                what: "states (COMPARED_STEPS_MAX)".to_owned(),
                limit: COMPARED_STEPS_MAX as u64,
                found: request.places as u64,
            });
        }
        let row = self.episode(request.episode)?;
        let known = self.explainable(request.episode)?;
        let force = in_force(&known, &row, None);
        let mut asked = request.checkpoints.of(&known, force)?;
        if !asked.contains(&force) {
            asked.push(force);
            asked.sort_unstable();
        }
        let picked = spread(self.source().step_count(request.episode)?, request.places as u64);
        let space = self.info().env.as_ref().and_then(|env| env.action_space.as_ref());

        let mut steps = Vec::new();
        let mut all: Vec<Vec<Said>> = vec![Vec::new(); asked.len()];
        for some in chunks(&picked) {
            let range = some[0]..some[some.len() - 1] + 1;
            let wanted: Vec<usize> = some.iter().map(|step| (step - range.start) as usize).collect();
            let mut valid_of_first = None;
            // Checkpoints of one training take the same inputs: they are read once.
            let mut read: Option<(&CheckpointRow, Given)> = None;
            for (place, &index) in asked.iter().enumerate() {
                let checkpoint = &known[index];
                let signature = Signature::read(&checkpoint.signature)?;
                let forward = self.networks().forward(self.source().as_ref(), checkpoint)?;
                let given = match read.take() {
                    Some((other, given)) if other.signature == checkpoint.signature => given,
                    _ => inputs(self, request.episode, range.clone(), forward.model(), &signature)?,
                };
                let valid: &Vec<bool> = valid_of_first.get_or_insert_with(|| given.valid.clone());
                let rows: Vec<usize> = wanted.iter().copied().filter(|&row| valid[row]).collect();
                if place == 0 {
                    steps.extend(rows.iter().map(|&row| range.start + row as u64));
                }
                if !rows.is_empty() {
                    let outputs = forward.run(&given.rows(&rows)?, cancel)?;
                    all[place].extend(said(&outputs, rows.len(), &signature, space));
                }
                read = Some((checkpoint, given));
            }
        }
        let by_kl = all.first().and_then(|said| said.first()).is_some_and(|said| said.kl(said).is_some());
        let apart = (0..steps.len()).map(|at| apart(&all, at, by_kl)).collect();
        let in_force = asked.iter().position(|&index| index == force).unwrap_or(0);
        let checkpoints = asked.into_iter().map(|index| known[index].clone()).collect();
        Ok(Disagreement { steps, checkpoints, in_force, said: all, apart, by_kl })
    }
}

/// Of all pairs of checkpoints at one state.
fn apart(all: &[Vec<Said>], at: usize, by_kl: bool) -> f64 {
    let said: Vec<&Said> = all.iter().filter_map(|of| of.get(at)).collect();
    let pairs = said.iter().enumerate().flat_map(|(index, a)| said[index + 1..].iter().map(move |b| (*a, *b)));
    if by_kl {
        let both = |(a, b): (&Said, &Said)| a.kl(b).unwrap_or(0.0).max(b.kl(a).unwrap_or(0.0));
        return pairs.map(both).fold(0.0, f64::max);
    }
    let (mut flips, mut count) = (0_u32, 0_u32);
    for (a, b) in pairs {
        flips += u32::from(a.flips(b));
        count += 1;
    }
    f64::from(flips) / f64::from(count.max(1))
}

/// Steps evenly spread over an episode, its first and its last among them.
fn spread(steps: u64, places: u64) -> Vec<u64> {
    let count = steps.min(places);
    (0..count).map(|at| if count < 2 { 0 } else { at * (steps - 1) / (count - 1) }).collect()
}

/// Steps in groups that one read covers.
fn chunks(steps: &[u64]) -> impl Iterator<Item = &[u64]> {
    steps.chunk_by(move |a, b| a / EXPLAINED_STEPS_MAX == b / EXPLAINED_STEPS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_spread_and_read_in_groups() {
        assert_eq!(spread(3, 10), [0, 1, 2]);
        assert_eq!(spread(1_001, 3), [0, 500, 1_000]);
        assert_eq!(spread(0, 3), [0_u64; 0]);
        let groups: Vec<&[u64]> = chunks(&[0, 63, 64, 200]).collect();
        assert_eq!(groups, [&[0, 63][..], &[64], &[200]]);
    }
}
