//! The whole interface of "Understanding RL Vision" for one layer: what it is made of, what shows each feature, and where each lies at every step.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use ethogram_model::{Cancel, Limits, Model};
use ethogram_query::{FEATURE_MAP_STEPS_MAX, FeatureMapsRequest, FeaturesRequest, NativeOpener, Options, Workbench};
use ethogram_store::{
    Array, Dtype, EpisodeEnd, EpisodeRow, QueuePolicy, RunId, RunInfo, RunState, RunWriter, StepValue, WriterOptions,
    compact,
};
use serde_json::json;

use super::engine::{hidden_layer, models};
use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use crate::random::Random;
use crate::statistics::median;

/// As many as the original takes: 8 environments of 512 steps.
const EPISODES: u64 = 8;
const STEPS: u64 = 512;
const FACTORS: usize = 8;
/// The IMPALA CNN with a critic, of `bench/engine_models.py`.
const NET: &str = "vision";
const SIDE: usize = 64;
/// Seconds.
const BAR: f64 = 60.0;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let root = prepared(lab)?.display().to_string();
    let (mut features, mut maps, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..lab.rounds {
        // What a round computes is kept beside the run, where the next would find it.
        let folder = lab.folder().display().to_string();
        let said = lines(&mut lab.child(&[&root, &folder])?)?;
        let said = said.first().context("the child said nothing")?;
        for (name, times) in [("features", &mut features), ("maps", &mut maps), ("whole", &mut whole)] {
            times.push(number(said, name)?);
        }
    }
    Ok(vec![
        Measure::new("interface/8 × 512 steps, 8 factors", median(&whole), "s").bar(Bar::AtMost(BAR)),
        Measure::new("interface/of it features and what shows them", median(&features), "s"),
        Measure::new("interface/of it maps of every step", median(&maps), "s"),
    ])
}

/// The cold process, with nothing computed before.
pub fn child(args: &[String]) -> Result<()> {
    let [root, folder] = args else { bail!("expected two folders, found {args:?}") };
    let model = Model::open(&Path::new(folder).join(format!("{NET}.onnx")), &Limits::default())?;
    let layer = hidden_layer(&model, NET)?;
    for derived in derived(Path::new(root))? {
        std::fs::remove_dir_all(derived)?;
    }
    let begun = Instant::now();
    let options = Options { openers: vec![Arc::new(NativeOpener)], ..Options::default() };
    let workbench = Workbench::open(vec![Path::new(root).to_owned().into()], options)?;
    let runs = workbench.runs()?;
    let run = workbench.run(&runs.first().context("no run")?.info.id.0)?;
    let cancel = Cancel::default();
    let states = (EPISODES * STEPS) as usize;
    let request = FeaturesRequest { layer, states, factors: FACTORS, ..FeaturesRequest::default() };
    let found = run.features(&request, &mut |_, _| {}, &cancel)?;
    ensure!((found.states, found.factors.count()) == (states, FACTORS), "{} states, {:?}", found.states, found.notes);
    let (rows, columns) = found.grid();
    ensure!(found.shown.iter().all(|shown| shown.examples.len() == rows * columns), "a grid of examples each");
    let features = begun.elapsed().as_secs_f64();
    for episode in 0..EPISODES {
        for first in (0..STEPS).step_by(FEATURE_MAP_STEPS_MAX as usize) {
            let range = first..(first + FEATURE_MAP_STEPS_MAX).min(STEPS);
            let request = FeatureMapsRequest { episode, range, of: None, checkpoint: None };
            let maps = run.feature_maps(&found, &request, &cancel)?;
            ensure!(maps.valid.iter().all(|valid| *valid), "every step has an answer");
        }
    }
    let whole = begun.elapsed().as_secs_f64();
    println!("{}", json!({ "features": features, "maps": whole - features, "whole": whole }));
    Ok(())
}

/// What was computed for the runs below a folder before.
fn derived(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        if path.is_dir() {
            if path.ends_with("derived") { found.push(path) } else { found.extend(derived(&path)?) }
        }
    }
    Ok(found)
}

/// The run, made once: some 50 MB.
fn prepared(lab: &Lab) -> Result<PathBuf> {
    models(lab)?;
    let (root, ready) = (lab.folder().join("runs"), lab.folder().join("runs.ready"));
    if !ready.exists() {
        let network = std::fs::read(lab.folder().join(format!("{NET}.onnx")))?;
        write(&lab.empty_folder("runs")?, network)?;
        std::fs::write(ready, "")?;
    }
    Ok(root)
}

/// Bright squares that walk over noise before a network that never learned anything: what is computed, and how long it takes, is the same
/// as for one that did.
fn write(root: &Path, network: Vec<u8>) -> Result<()> {
    let info = RunInfo { id: RunId::new(), name: "vision".to_owned(), ..RunInfo::default() };
    let options = WriterOptions { policy: QueuePolicy::Block, ..WriterOptions::default() };
    let writer = RunWriter::create(root, info, options)?;
    let signature = json!({
        "inputs": {"obs": {
            "role": "observation", "field": "observation", "preprocessing": [{"op": "scale", "by": 1.0 / 255.0}],
        }},
        "outputs": {"logits": {"role": "logits"}, "value": {"role": "value"}},
    });
    writer.checkpoint(0, "vision", "onnx", network, signature)?;
    let names: [Arc<str>; 3] = ["observation", "action", "reward"].map(Arc::from);
    let mut random = Random::new(7);
    for episode in 0..EPISODES {
        for step in 0..STEPS {
            let mut picture: Vec<u8> = (0..3 * SIDE * SIDE).map(|_| random.within(0..64) as u8).collect();
            for channel in 0..3 {
                let at = |speed: u64| ((step * speed + 17 * (episode + channel)) % (SIDE as u64 - 12)) as usize;
                let (top, left) = (at(1), at(3));
                for row in top..top + 12 {
                    picture[(channel as usize * SIDE + row) * SIDE + left..][..12].fill(240);
                }
            }
            let values = [
                StepValue::Array(Array::new(Dtype::Uint8, vec![3, SIDE, SIDE], picture)?),
                StepValue::Array(Array::scalar_i64(random.within(0..15) as i64)),
                StepValue::Array(Array::scalar(0.0)),
            ];
            writer.step(episode, step, names.iter().cloned().zip(values).collect())?;
        }
        writer.episode(EpisodeRow {
            episode,
            env_index: episode as u32,
            agent: None,
            seed: None,
            end: EpisodeEnd::Truncated,
            episode_return: 0.0,
            length: STEPS,
            global_step: 0,
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
