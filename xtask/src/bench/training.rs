//! How much longer a training loop takes while it logs, against itself while it does not.

use anyhow::{Result, ensure};

use super::lab::{Lab, number};
use super::measure::{Bar, Measure};
use crate::statistics::median;

/// Of one process, half of them logged.
const STEPS: usize = 4_000;
/// What is logged, and how much longer a step may take.
const LOGGINGS: &[(&str, Option<f64>)] =
    &[("scalars", Some(1.02)), ("full", Some(1.15)), ("writer_scalars", None), ("writer_full", None)];

/// The bench. The peer is the loop without logging; `SummaryWriter` is measured beside ours.
pub fn run(lab: &Lab) -> Result<Vec<Measure>> {
    let folder = lab.folder().display().to_string();
    lab.python("frames.py", &["export", &folder, "breakout"])?;
    let frames = lab.folder().join("breakout.rgb").display().to_string();
    let mut turns: Vec<[Vec<f64>; 4]> = vec![Default::default(); LOGGINGS.len()];
    for _ in 0..lab.rounds {
        for ((logging, _), turns) in LOGGINGS.iter().zip(&mut turns) {
            let answer = lab.python_with_sdk("training.py", &[logging, &frames, &STEPS.to_string()])?;
            ensure!(!answer.is_empty(), "{logging} said nothing");
            for turn in &answer {
                for (times, key) in turns.iter_mut().zip(["logged_us", "bare_us", "logged_cpu_us", "bare_cpu_us"]) {
                    times.push(number(turn, key)?);
                }
            }
        }
    }
    let mut measures = Vec::new();
    for ((logging, bar), [logged, bare, logged_cpu, bare_cpu]) in LOGGINGS.iter().zip(&turns) {
        let measure = by_turns(format!("training/{logging}"), logged, bare);
        measures.push(match bar {
            Some(bar) => measure.bar(Bar::Ratio(*bar)),
            None => measure,
        });
        measures.push(by_turns(format!("training/{logging}, CPU"), logged_cpu, bare_cpu));
    }
    Ok(measures)
}

/// The median ratio of a turn, shown as that share of the median bare step: how long a step takes drifts while a network learns, and with the machine.
fn by_turns(name: String, logged: &[f64], bare: &[f64]) -> Measure {
    let ratios: Vec<f64> = logged.iter().zip(bare).map(|(logged, bare)| logged / bare).collect();
    let bare = median(bare);
    Measure::new(name, median(&ratios) * bare, "us/step").against(bare)
}
