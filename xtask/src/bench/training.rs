//! How much longer a training loop takes that logs, against the same loop that does not.

use anyhow::{Context, Result};

use super::lab::{Lab, number};
use super::measure::{Bar, Measure};
use crate::statistics::{median, quantile};

const STEPS: usize = 3_000;
/// What is logged, and how much longer a step may take.
const LOGGINGS: &[(&str, Option<f64>)] =
    &[("none", None), ("scalars", Some(1.02)), ("full", Some(1.15)), ("writer_scalars", None), ("writer_full", None)];

/// The bench. The peer is the loop without logging; `SummaryWriter` is measured beside ours.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let folder = lab.folder().display().to_string();
    lab.python("frames.py", &["export", &folder, "breakout"])?;
    let frames = lab.folder().join("breakout.rgb").display().to_string();
    let mut times: Vec<[Vec<f64>; 2]> = vec![Default::default(); LOGGINGS.len()];
    for _ in 0..lab.rounds {
        for ((logging, _), times) in LOGGINGS.iter().zip(&mut times) {
            let answer = lab.python_with_sdk("training.py", &[logging, &frames, &STEPS.to_string()])?;
            let line = answer.first().with_context(|| format!("{logging} said nothing"))?;
            times[0].push(number(line, "step_us")?);
            times[1].push(number(line, "cpu_us")?);
        }
    }
    let mut measures = Vec::new();
    for ((logging, bar), [wall, cpu]) in LOGGINGS.iter().zip(&times).skip(1) {
        let name = |what: &str| format!("training/{logging}, {what}");
        let measure = Measure::new(name("median"), median(wall), "us/step").against(median(&times[0][0]));
        measures.push(match bar {
            Some(bar) => measure.bar(Bar::Ratio(*bar)),
            None => measure,
        });
        let least = |times: &[f64]| quantile(times, 0.0);
        measures.push(Measure::new(name("least"), least(wall), "us/step").against(least(&times[0][0])));
        measures.push(Measure::new(name("CPU"), median(cpu), "us/step").against(median(&times[0][1])));
    }
    Ok(measures)
}
