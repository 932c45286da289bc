//! Statistics of benchmarks with their intervals, against rliable.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::lab::{Lab, number};
use super::measure::{Bar, Measure};
use crate::statistics::median;

/// Repetitions of the bootstrap, as rliable takes by default.
const REPS: usize = 50_000;
/// Ours takes at most this share of the peer's time.
const BAR: f64 = 1.0 / 20.0;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let mut times: BTreeMap<String, [Vec<f64>; 2]> = BTreeMap::new();
    for _ in 0..lab.rounds {
        for line in lab.python_with_sdk_of("stats", "stats.py", &[&REPS.to_string()])? {
            let name = line["name"].as_str().with_context(|| format!("expected a name in {line}"))?.to_owned();
            let [ours, peer] = times.entry(name).or_default();
            ours.push(number(&line, "ours")?);
            peer.push(number(&line, "peer")?);
        }
    }
    let measure = |(name, [ours, peer]): (String, [Vec<f64>; 2])| {
        Measure::new(format!("stats/{name}"), median(&ours), "s").against(median(&peer)).bar(Bar::Ratio(BAR))
    };
    Ok(times.into_iter().map(measure).collect())
}
