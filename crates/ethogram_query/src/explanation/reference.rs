//! Steps to compare with: baselines that are no single made-up input.

use ethogram_model::{Model, Reference};

use super::observation::{Given, inputs};
use super::signature::Signature;
use crate::{Error, Result, RunHandle};

/// Most steps that are compared with.
const REFERENCE_STEPS: u64 = 64;
/// Most other episodes that are read.
const REFERENCE_EPISODES: usize = 8;
/// Most episodes that are looked through for recorded ones.
const EPISODES_SEEN: u64 = 100_000;

/// The inputs of the network at the steps that a method compares with.
///
/// **Errors**: there are none with all inputs logged.
pub fn reference(
    run: &RunHandle,
    episode: u64,
    wanted: Reference,
    model: &Model,
    signature: &Signature,
) -> Result<Given> {
    let mut found = Given::default();
    let mut add = |episode: u64, step: u64| -> Result<()> {
        found.append(&inputs(run, episode, step..step + 1, model, signature)?)
    };
    match wanted {
        Reference::Step(step) => add(episode, step)?,
        Reference::Episode => {
            let steps = run.source().step_count(episode)?;
            let count = steps.min(REFERENCE_STEPS);
            (0..count).try_for_each(|index| add(episode, index * steps / count))?;
        }
        Reference::Dataset { seed } => {
            let rows = run.source().episodes(0..EPISODES_SEEN)?;
            let mut others: Vec<u64> =
                rows.iter().filter(|row| row.recorded && row.episode != episode).map(|row| row.episode).collect();
            if others.is_empty() {
                let why =
                    "the baseline \"dataset\" is a step of another recorded episode, and there is none".to_owned();
                return Err(Error::Unexplained { episode, why });
            }
            let mut random = Dice(seed);
            let picks = others.len().min(REFERENCE_EPISODES);
            for place in 0..picks {
                let from = place as u64 + random.below((others.len() - place) as u64);
                others.swap(place, from as usize);
                let steps = run.source().step_count(others[place])?.max(1);
                for _ in 0..REFERENCE_STEPS / REFERENCE_EPISODES as u64 {
                    add(others[place], random.below(steps))?;
                }
            }
        }
    }
    if found.valid.is_empty() {
        let why = format!("none of the steps to compare with ({wanted:?}) has all that the network takes");
        return Err(Error::Unexplained { episode, why });
    }
    Ok(found)
}

/// Numbers by chance, the same for the same seed. **Source**: Steele, Lea and Flood (2014), `SplitMix64`.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(value ^ (value >> 31)) * u128::from(count)) >> 64) as u64
    }
}
