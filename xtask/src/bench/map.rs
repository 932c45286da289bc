//! States in a real browser without a graphics card, on a map of 1,000,000 steps: whether it follows the hand.
//! The measuring is done by `web/bench/map.bench.ts`.

use std::process::Command;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::lab::{Lab, lines, number};
use super::measure::{Bar, Measure};
use super::replay::built;
use crate::root::root;
use crate::statistics::{max, median};

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let mut browser = Command::new("npx");
    browser.args(["playwright", "test", "--config", "bench/playwright.config.ts", "map"]);
    browser.current_dir(root().join("web")).env("ROUNDS", lab.rounds.to_string());
    browser.env("ETHOGRAM_BIN", built("ETHOGRAM_BIN", "ethogram")?);
    browser.env("ETHOGRAM_PYTHON", built("ETHOGRAM_PYTHON", "python")?);
    let rounds = lines(&mut browser)?;
    ensure!(!rounds.is_empty(), "the browser measured nothing");
    let of = |name: &str| rounds.iter().map(|round: &Value| number(round, name)).collect::<Result<Vec<_>>>();
    Ok(vec![
        Measure::new("map/1,000,000 points from the link", median(&of("openMs")?), "ms"),
        Measure::new("map/from picture to picture, panned", median(&of("frameMs")?), "ms").bar(Bar::AtMost(50.0)),
        Measure::new("map/of it the points", median(&of("paintMs")?), "ms"),
        Measure::new("map/from picture to picture, slowest", max(&of("slowestMs")?), "ms"),
        Measure::new("map/zoomed to single points, panned", median(&of("nearFrameMs")?), "ms").bar(Bar::AtMost(50.0)),
        Measure::new("map/of it the points, zoomed", median(&of("nearPaintMs")?), "ms"),
    ])
}
