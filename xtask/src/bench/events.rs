//! Events of a run of 10^6 recorded steps, found by themselves, in a process that has just started.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use ethogram_model::Cancel;
use ethogram_query::{EventsRequest, NativeOpener, Options, Workbench};
use ethogram_store::{
    Array, EpisodeEnd, EpisodeRow, QueuePolicy, RunId, RunInfo, RunState, RunWriter, StepValue, WriterOptions, compact,
};
use serde_json::json;

use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use crate::random::Random;
use crate::statistics::median;

const EPISODES: u64 = 1_000;
const STEPS: u64 = 1_000;
/// Numbers of an observation, and actions.
const WIDTH: usize = 8;
const ACTIONS: u64 = 4;
/// Every so many episodes the agent walks in a circle from its middle on.
const LOOPS_EVERY: u64 = 50;
/// Seconds.
const BAR: f64 = 2.0;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let root = prepared(lab)?.display().to_string();
    let (mut open, mut first, mut again, mut found) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..lab.rounds {
        let said = lines(&mut lab.child(&[&root])?)?;
        let said = said.first().context("the child said nothing")?;
        let names = [("open", &mut open), ("secs", &mut first), ("again", &mut again), ("found", &mut found)];
        for (name, times) in names {
            times.push(number(said, name)?);
        }
    }
    Ok(vec![
        Measure::new("events/1,000,000 steps", median(&first), "s").bar(Bar::AtMost(BAR)),
        Measure::new("events/before, to open the run", median(&open), "s"),
        Measure::new("events/asked again", median(&again), "s"),
        Measure::new("events/found", median(&found), ""),
    ])
}

/// The cold process.
pub fn child(args: &[String]) -> Result<()> {
    let [root] = args else { bail!("expected where, found {args:?}") };
    let begun = Instant::now();
    let options = Options { openers: vec![Arc::new(NativeOpener)], ..Options::default() };
    let workbench = Workbench::open(vec![Path::new(root).to_owned().into()], options)?;
    let runs = workbench.runs()?;
    let run = workbench.run(&runs.first().context("no run")?.info.id.0)?;
    let open = begun.elapsed().as_secs_f64();
    let ask = || -> Result<(f64, usize, usize)> {
        let begun = Instant::now();
        let found = run.events(&EventsRequest::default(), &Cancel::default(), &|_, _| {})?;
        ensure!(found.done as u64 == EPISODES, "expected {EPISODES} episodes, looked at {}", found.done);
        ensure!(found.missing.keys().all(|kind| *kind == "head_disagreement"), "{:?}", found.missing);
        let loops = found.counts.get("loop").copied().unwrap_or(0);
        Ok((begun.elapsed().as_secs_f64(), found.counts.values().sum(), loops))
    };
    let (secs, found, loops) = ask()?;
    let planted = (EPISODES / LOOPS_EVERY) as usize;
    ensure!(loops >= planted, "{planted} loops were planted, {loops} were found");
    let (again, ..) = ask()?;
    println!("{}", json!({ "open": open, "secs": secs, "again": again, "found": found }));
    Ok(())
}

/// The run, made once: some 100 MB.
fn prepared(lab: &Lab) -> Result<PathBuf> {
    let (root, ready) = (lab.folder().join("runs"), lab.folder().join("runs.ready"));
    if !ready.exists() {
        eprintln!("writing a run of {} steps", EPISODES * STEPS);
        write(&lab.empty_folder("runs")?)?;
        std::fs::write(ready, "")?;
    }
    Ok(root)
}

/// An agent that walks at random, and now and then in a circle; it has opinions and a critic.
fn write(root: &Path) -> Result<()> {
    let info = RunInfo { id: RunId::new(), name: "walker".to_owned(), gamma: Some(0.99), ..RunInfo::default() };
    let options = WriterOptions { policy: QueuePolicy::Block, ..WriterOptions::default() };
    let writer = RunWriter::create(root, info, options)?;
    let names: [Arc<str>; 5] = ["observation", "action", "reward", "value", "logits"].map(Arc::from);
    let mut random = Random::new(7);
    for episode in 0..EPISODES {
        let circles = episode % LOOPS_EVERY == 0;
        let (mut place, mut sum) = ([0.0_f32; WIDTH], 0.0);
        for step in 0..STEPS {
            let turns = circles && step >= STEPS / 2;
            let action = if turns { step % ACTIONS } else { random.within(0..ACTIONS) };
            let way = if action < ACTIONS / 2 { 1.0 } else { -1.0 };
            place[(action % 2) as usize] += way;
            if !turns {
                place[2..].iter_mut().for_each(|value| *value += 0.1 * random.signed() as f32);
            }
            let reward = if random.within(0..20) == 0 { 1.0 } else { 0.0 };
            sum += reward;
            let logits: Vec<f32> = (0..ACTIONS).map(|_| random.signed() as f32).collect();
            let numbers = [
                StepValue::Array(Array::from_f32(&place)),
                StepValue::Array(Array::scalar_i64(action as i64)),
                StepValue::Array(Array::scalar(reward)),
                StepValue::Array(Array::scalar(random.signed())),
                StepValue::Array(Array::from_f32(&logits)),
            ];
            writer.step(episode, step, names.iter().cloned().zip(numbers).collect())?;
        }
        writer.episode(EpisodeRow {
            episode,
            env_index: 0,
            agent: None,
            seed: None,
            end: EpisodeEnd::Terminated,
            episode_return: sum,
            length: STEPS,
            global_step: (episode * STEPS) as i64,
            started_us: episode as i64,
            ended_us: Some(episode as i64 + 1),
            recorded: true,
            evaluation: false,
            checkpoint: None,
            env_return: None,
            extra: serde_json::Map::new(),
        })?;
    }
    let path = writer.path().to_owned();
    writer.close(RunState::Finished)?;
    drop(writer);
    compact(&path)?;
    Ok(())
}
