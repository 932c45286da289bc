//! A film of 1,000 steps of the demo's Breakout episode, with bars and with an overlay, against matplotlib and moviepy.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use crate::root::root;
use crate::statistics::median;

const STEPS: u64 = 1_000;
/// The run of the demo, and an episode of it that is long enough.
const RUN: &str = "breakout-a3c";
const EPISODE: u64 = 17;
/// What is filmed, with the words of the command.
const FILMS: &[(&str, &[&str])] = &[
    ("frame and bars", &["--picture", "frame"]),
    ("overlay and bars", &["--picture", "observation", "--overlay", "saliency"]),
];

/// The bench. Ours reads the run and, for the overlay, asks the network; the peer is given all numbers beforehand.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let (program, run) = (program()?, demo_run()?);
    let mut measures = Vec::new();
    for (name, words) in FILMS {
        let (mut ours, mut peer) = (Vec::new(), Vec::new());
        let (mut bytes, mut peer_bytes) = (0.0, 0.0);
        for _ in 0..lab.rounds {
            let out = lab.folder().join("ours.mp4").display().to_string();
            let (episode, range) = (EPISODE.to_string(), format!("0..{STEPS}"));
            let mut command = Command::new(&program);
            command.args([
                "video",
                &run,
                "--episode",
                &episode,
                "--range",
                &range,
                "--fps",
                "30",
                "--json",
                "-o",
                &out,
            ]);
            let told = lines(command.args(*words))?;
            let told = told.first().context("`ethogram video` said nothing")?;
            ensure!(told["frames"] == STEPS, "expected {STEPS} frames: {told}");
            ours.push(number(told, "secs")?);
            bytes = number(told, "bytes")?;

            let out = lab.folder().join("peer.mp4").display().to_string();
            let sides = [number(told, "width")?, number(told, "height")?].map(|side| side.to_string());
            let mut words_of_peer = vec![run.as_str(), &episode, "1000", &sides[0], &sides[1], &out];
            if words.contains(&"--overlay") {
                words_of_peer.push("overlay");
            }
            let told: Vec<Value> = lab.python_with_sdk_of("video", "video.py", &words_of_peer)?;
            let told = told.first().context("the peer said nothing")?;
            peer.push(number(told, "secs")?);
            peer_bytes = number(told, "bytes")?;
        }
        let film = |what: &str| format!("video/{name}, {what}");
        measures
            .push(Measure::new(film("1,000 steps"), median(&ours), "s").against(median(&peer)).bar(Bar::Ratio(0.1)));
        measures.push(Measure::new(film("file"), bytes / 1e6, "MB").against(peer_bytes / 1e6));
    }
    Ok(measures)
}

/// The `ethogram` of `make build`, unless the environment names another.
fn program() -> Result<PathBuf> {
    let path = std::env::var_os("ETHOGRAM_BIN").map_or_else(|| root().join(".venv/bin/ethogram"), PathBuf::from);
    ensure!(path.exists(), "not built: run `make build` first: {}", path.display());
    Ok(path)
}

/// The folder of the demo's run.
fn demo_run() -> Result<String> {
    let folder = std::env::var_os("ETHOGRAM_DEMO_RUNS").map_or_else(|| root().join(".demo"), PathBuf::from);
    let mut runs = ethogram_query::Workbench::open(vec![folder.clone().into()], ethogram_query::Options::default())?
        .runs()?
        .into_iter()
        .filter(|run| run.name == RUN);
    let found =
        runs.next().with_context(|| format!("no run {RUN:?}: run `make demo-runs` first: {}", folder.display()))?;
    Ok(folder.join("demo").join(&found.id.0).display().to_string())
}
