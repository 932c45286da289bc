//! Advantages of a rollout, against the recurrence that the buffer of Stable-Baselines3 runs in NumPy.

use std::hint::black_box;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use ethogram_analysis::{Rollout, gae};

use super::floats::floats;
use super::lab::{Lab, number};
use super::measure::{Bar, Measure};
use crate::statistics::median;

const GAMMA: f64 = 0.99;
const LAMBDA: f64 = 0.95;
/// Steps of a rollout, and environments side by side: PPO's defaults, eight of them, and as for Atari.
const SHAPES: [(usize, usize); 3] = [(2_048, 1), (2_048, 8), (128, 64)];
/// Computations of ours a round.
const REPEATS: usize = 15;
/// Ours takes at most this share of the peer's time.
const BAR: f64 = 1.0 / 10.0;
/// The peer counts in single precision.
const TOLERANCE: f64 = 1e-4;

/// One environment's steps, as the program has them.
struct Steps {
    rewards: Vec<Option<f64>>,
    values: Vec<Option<f64>>,
    ended: Vec<bool>,
    cut: Vec<bool>,
    last: f64,
}

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let mut measures = Vec::new();
    for (steps, envs) in SHAPES {
        let folder = lab.folder().display().to_string();
        let (mut ours, mut peer) = (Vec::new(), Vec::new());
        for _ in 0..lab.rounds {
            let said = lab.python("gae.py", &[&folder, &steps.to_string(), &envs.to_string()])?;
            peer.push(number(said.first().context("the peer said nothing")?, "secs")? * 1e6);
            let rollout = rollout(lab, steps, envs)?;
            for _ in 0..REPEATS {
                let begun = Instant::now();
                let found = rollout.iter().map(advantages).collect::<Result<Vec<_>, _>>()?;
                ours.push(begun.elapsed().as_secs_f64() * 1e6);
                black_box(&found);
            }
            agree(lab, &rollout, envs)?;
        }
        let name = format!("gae/{steps} steps of {envs}");
        measures.push(Measure::new(name, median(&ours), "us").against(median(&peer)).bar(Bar::Ratio(BAR)));
    }
    Ok(measures)
}

fn advantages(steps: &Steps) -> ethogram_analysis::Result<Vec<Option<f64>>> {
    let rollout = Rollout {
        rewards: &steps.rewards,
        values: &steps.values,
        terminated: &steps.ended,
        truncated: &steps.cut,
        final_value: Some(steps.last),
    };
    gae(&rollout, GAMMA, LAMBDA)
}

/// What the peer wrote, `[steps, envs]` each.
fn rollout(lab: &Lab, steps: usize, envs: usize) -> Result<Vec<Steps>> {
    let read = |name: &str| floats(&lab.folder().join(format!("{name}.f32")));
    let (rewards, values, ended, last) = (read("rewards")?, read("values")?, read("ended")?, read("last")?);
    ensure!(rewards.len() == steps * envs, "expected {steps} steps of {envs}, found {} numbers", rewards.len());
    let of = |array: &[f32], env: usize| array.iter().skip(env).step_by(envs).copied().collect::<Vec<f32>>();
    let some = |array: &[f32], env: usize| of(array, env).into_iter().map(|value| Some(f64::from(value))).collect();
    Ok((0..envs)
        .map(|env| Steps {
            rewards: some(&rewards, env),
            values: some(&values, env),
            ended: of(&ended, env).into_iter().map(|ended| ended > 0.5).collect(),
            cut: vec![false; steps],
            last: f64::from(last[env]),
        })
        .collect())
}

/// Both found the same.
fn agree(lab: &Lab, rollout: &[Steps], envs: usize) -> Result<()> {
    let expected = floats(&lab.folder().join("advantages.f32"))?;
    for (env, steps) in rollout.iter().enumerate() {
        for (step, found) in advantages(steps)?.into_iter().enumerate() {
            let (found, expected) = (found.context("missing")?, f64::from(expected[step * envs + env]));
            let error = (found - expected).abs() / expected.abs().max(1.0);
            ensure!(error <= TOLERANCE, "step {step} of {env}: {found}, the peer found {expected}");
        }
    }
    Ok(())
}
