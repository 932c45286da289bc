//! Candidates that live in processes of their own through a whole bench and take turns, a burst of calls each.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::lab::number;
use crate::statistics::median;

/// How long a burst takes.
const BURST_SECS: f64 = 0.15;
/// Calls before the first burst, the first of which gives the numbers that candidates are compared by.
const WARM_UP: usize = 3;
/// Numbers of a result that are compared, about.
const CHECKED: usize = 4_000;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    pub task: &'static str,
    pub net: &'static str,
    pub batch: usize,
}

/// A process that measures when it is asked to.
pub struct Candidate {
    pub name: String,
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Candidate {
    pub fn start(name: impl Into<String>, command: &mut Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (asks, answers) = (process.stdin.take(), process.stdout.take());
        let (asks, answers) = asks.zip(answers).context("a process without pipes")?;
        Ok(Candidate { name: name.into(), process, asks, answers: BufReader::new(answers) })
    }

    /// Median milliseconds of a call in one burst, and numbers of the result.
    fn burst(&mut self, case: Case, seconds: f64) -> Result<(f64, Vec<f64>)> {
        let Case { task, net, batch } = case;
        writeln!(self.asks, "{}", json!({ "task": task, "net": net, "batch": batch, "seconds": seconds }))?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "{} ended at {case:?}", self.name);
        let answer: Value = serde_json::from_str(&line)?;
        let check = answer["check"].as_array().context("no check")?.iter().filter_map(Value::as_f64).collect();
        Ok((number(&answer, "ms")?, check))
    }
}

impl Drop for Candidate {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Median milliseconds of a call of each candidate, in their order, after `rounds` turns. All must find what the first one finds, within
/// `tolerance` by the root of the mean square: a maximum of near equals, or a kink within rounding, may move single numbers further.
pub fn alternate(candidates: &mut [&mut Candidate], case: Case, rounds: usize, tolerance: f64) -> Result<Vec<f64>> {
    let mut times = vec![Vec::new(); candidates.len()];
    let mut first: Option<Vec<f64>> = None;
    // Nobody is measured while others still start or make the case ready.
    for candidate in candidates.iter_mut() {
        candidate.burst(case, 0.0)?;
    }
    for _ in 0..rounds {
        for (candidate, times) in candidates.iter_mut().zip(&mut times) {
            let (time, check) = candidate.burst(case, BURST_SECS)?;
            times.push(time);
            let expected: &Vec<f64> = first.get_or_insert_with(|| check.clone());
            ensure!(check.len() == expected.len(), "{case:?}: {} gives {} numbers", candidate.name, check.len());
            let square = |of: &dyn Fn(f64, f64) -> f64| {
                check.iter().zip(expected).map(|(found, expected)| of(*found, *expected).powi(2)).sum::<f64>()
            };
            let off = (square(&|found, expected| found - expected) / square(&|_, expected| expected)).sqrt();
            ensure!(off <= tolerance, "{case:?}: {} is off by {off}", candidate.name);
        }
    }
    Ok(times.iter().map(|times| median(times)).collect())
}

/// Ours: a call ready to be made.
pub type Call = Box<dyn FnMut() -> Result<Vec<f32>>>;

/// A task of a network for a batch.
type Key = (String, String, usize);

/// Answers asks on standard input until it ends. `make` prepares a task of a network for a batch.
pub fn answer(make: impl Fn(&str, &str, usize) -> Result<Call>) -> Result<()> {
    let mut known: Vec<(Key, Call, Vec<f32>)> = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let ask: Value = serde_json::from_str(&line?)?;
        let (Some(task), Some(net)) = (ask["task"].as_str(), ask["net"].as_str()) else { bail!("no task: {ask}") };
        let key = (task.to_owned(), net.to_owned(), number(&ask, "batch")? as usize);
        if !known.iter().any(|(known, ..)| *known == key) {
            let mut call = make(&key.0, &key.1, key.2)?;
            let result = call()?;
            for _ in 1..WARM_UP {
                call()?;
            }
            let step = (result.len() / CHECKED).max(1);
            known.push((key.clone(), call, result.into_iter().step_by(step).collect()));
        }
        let Some((_, call, check)) = known.iter_mut().find(|(known, ..)| *known == key) else { continue };
        let end = Instant::now() + Duration::from_secs_f64(number(&ask, "seconds")?);
        let mut times = Vec::new();
        while times.is_empty() || Instant::now() < end {
            let start = Instant::now();
            call()?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
        println!("{}", json!({ "ms": median(&times), "check": check }));
    }
    Ok(())
}
