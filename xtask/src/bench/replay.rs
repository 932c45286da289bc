//! Replay in a real browser, on an episode of 10,000 pictures made by the SDK: what a reader waits for, and whether it plays smoothly.
//! The measuring is done by `web/bench/replay.bench.ts`, one browser with nothing cached a round.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use crate::root::root;
use crate::statistics::{max, median};

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let mut browser = Command::new("npx");
    browser.args(["playwright", "test", "--config", "bench/playwright.config.ts", "replay"]);
    browser.current_dir(root().join("web")).env("ROUNDS", lab.rounds.to_string());
    browser.env("ETHOGRAM_BIN", built("ETHOGRAM_BIN", "ethogram")?);
    browser.env("ETHOGRAM_PYTHON", built("ETHOGRAM_PYTHON", "python")?);
    let rounds = lines(&mut browser)?;
    ensure!(!rounds.is_empty(), "the browser measured nothing");
    let of = |name: &str| rounds.iter().map(|round: &Value| number(round, name)).collect::<Result<Vec<_>>>();
    let percent = of("droppedShare")?.iter().map(|share| share * 100.0).collect::<Vec<_>>();
    Ok(vec![
        Measure::new("replay/first picture after the click", median(&of("firstPictureMs")?), "ms")
            .bar(Bar::AtMost(200.0)),
        Measure::new("replay/a step at random", median(&of("randomStepMs")?), "ms").bar(Bar::AtMost(30.0)),
        Measure::new("replay/a step at random, slowest", max(&of("slowestStepMs")?), "ms"),
        Measure::new("replay/dropped at 60 steps a second", median(&percent), "%").bar(Bar::AtMost(1.0)),
        Measure::new("replay/pictures that the screen drew", median(&of("screenHz")?), "1/s"),
        Measure::new("replay/heap", max(&of("heapMb")?), "MB").bar(Bar::AtMost(300.0)),
        Measure::new("replay/100,000 steps from a link", median(&of("longEpisodeMs")?), "ms").bar(Bar::AtMost(2_000.0)),
    ])
}

/// A program of `make build`, unless the environment names another.
pub fn built(variable: &str, name: &str) -> Result<PathBuf> {
    let path = std::env::var_os(variable).map_or_else(|| root().join(".venv/bin").join(name), PathBuf::from);
    ensure!(path.exists(), "not built: run `make build` first: {}", path.display());
    Ok(path)
}
