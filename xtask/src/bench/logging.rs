//! What a call of the Python SDK costs the training loop, against other loggers, each in a process of its own.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use super::lab::{Lab, number};
use super::measure::{Bar, Measure};
use crate::statistics::median;

/// Calls of our logger, and of the peers, for each work.
const WORKS: &[(&str, usize, usize)] = &[
    ("scalar", 20_000, 3_000),
    ("dict10", 5_000, 500),
    ("frame", 1_000, 200),
    ("image", 1_000, 200),
    ("step", 1_000, 200),
];
const PEERS: &[&str] = &["summary_writer", "rerun", "wandb"];
/// A Python thread that waits for the GIL gets it after 5 ms; no call may wait for that.
const BUSY_P99_US: f64 = 1_500.0;

/// Median, 99th percentile and CPU of a call, by logger and work.
type Found = BTreeMap<(String, String), [Vec<f64>; 3]>;

/// The bench.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let folder = lab.folder().display().to_string();
    lab.python("frames.py", &["export", &folder, "breakout"])?;
    let mut found = Found::new();
    for _ in 0..lab.rounds {
        for &(work, ours, theirs) in WORKS {
            call(lab, "ethogram", work, ours, false, &mut found)?;
            for peer in PEERS {
                call(lab, peer, work, theirs, false, &mut found)?;
            }
        }
        call(lab, "copy", "frame", 2_000, false, &mut found)?;
        for work in ["scalar", "step"] {
            call(lab, "ethogram", work, 5_000, true, &mut found)?;
        }
    }
    measures(&found)
}

fn call(lab: &Lab, logger: &str, work: &str, calls: usize, busy: bool, found: &mut Found) -> Result<()> {
    let frames = lab.folder().join("breakout.rgb").display().to_string();
    let calls = calls.to_string();
    let mut args = vec![logger, work, &frames, &calls];
    if busy {
        args.push("busy");
    }
    let answer = lab.python_with_sdk("log_calls.py", &args)?;
    let line = answer.first().with_context(|| format!("{logger} {work} said nothing"))?;
    let key = if busy { format!("{work} busy") } else { work.to_owned() };
    let values = found.entry((logger.to_owned(), key)).or_default();
    for (values, name) in values.iter_mut().zip(["median_us", "p99_us", "cpu_us"]) {
        values.push(number(line, name)?);
    }
    Ok(())
}

fn measures(found: &Found) -> Result<Vec<Measure>> {
    let of = |logger: &str, work: &str, which: usize| {
        let values = found.get(&(logger.to_owned(), work.to_owned()));
        values.map(|values| median(&values[which])).with_context(|| format!("{logger} did no {work}"))
    };
    let mut measures = Vec::new();
    for &(work, ..) in WORKS {
        for peer in PEERS {
            let bar = match (work, *peer) {
                ("scalar", "summary_writer") => Some(1.0 / 15.0),
                ("scalar", "rerun") | ("frame", "summary_writer") => Some(1.0 / 30.0),
                ("dict10", "summary_writer") => Some(1.0 / 100.0),
                ("step", "rerun") => Some(1.0 / 20.0),
                _ => None,
            };
            let measure = Measure::new(format!("logging/{work}, {peer}"), of("ethogram", work, 0)?, "us");
            let measure = measure.against(of(peer, work, 0)?);
            measures.push(match bar {
                Some(bar) => measure.bar(Bar::Ratio(bar)),
                None => measure,
            });
        }
        let p99 = Measure::new(format!("logging/{work} p99, summary_writer"), of("ethogram", work, 1)?, "us");
        measures.push(p99.against(of("summary_writer", work, 1)?));
        let cpu = Measure::new(format!("logging/{work} CPU, summary_writer"), of("ethogram", work, 2)?, "us");
        measures.push(cpu.against(of("summary_writer", work, 2)?));
    }
    let copy = Measure::new("logging/frame, a copy", of("ethogram", "frame", 0)?, "us");
    measures.push(copy.against(of("copy", "frame", 0)?).bar(Bar::Ratio(3.0)));
    for work in ["scalar", "step"] {
        let p99 = of("ethogram", &format!("{work} busy"), 1)?;
        measures
            .push(Measure::new(format!("logging/{work} p99, busy thread"), p99, "us").bar(Bar::AtMost(BUSY_P99_US)));
    }
    Ok(measures)
}
