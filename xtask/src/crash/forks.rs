//! Children that are forked of a process that logs, as those of a data loader are, and end in their own ways while it goes on: what they
//! inherit must neither end nor change the run. It is the Python package that is forked, by `forks.py`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use ethogram_store::{Axis, RunReader, RunSource, RunState, check, now_us, read_status};

use super::{LIFE_MILLIS, LOSS_MAX_US, begin, find_run};
use crate::random::Random;
use crate::root::root as checkout;

/// How children end.
const WAYS: [&str; 3] = ["exit", "os_exit", "kill"];
/// Ticks of a process that ends in order, one a millisecond, with a child every 40.
const TICKS: u64 = 1_000;
/// Ticks of one that is killed itself: more than it lives for.
const TICKS_OF_KILLED: u64 = 60_000;
/// A second of Python and its packages comes before the first tick.
const BEGIN_MILLIS: u64 = 1_500;

/// Each way so often with a parent that ends in order, and so often with one that is killed too.
pub fn run(times: u32, folder: &Path, random: &mut Random) -> Result<()> {
    for way in WAYS {
        let (mut forks, mut lost) = (0, 0);
        for time in 0..times {
            let here = |name: &str| folder.join(format!("fork-{way}-{name}-{time:04}"));
            forks += whole(&here("whole"), way).with_context(|| format!("children that end by {way}, time {time}"))?;
            let life = Duration::from_millis(BEGIN_MILLIS + random.within(LIFE_MILLIS));
            let found = killed(&here("killed"), way, life);
            lost = lost.max(found.with_context(|| format!("by {way}, time {time}, killed itself after {life:?}"))?);
        }
        println!(
            "{forks} forked children ended by {way}: {times} runs finished with all values, {times} killed and missing at most {:.3} s, \
             corrupt runs: 0",
            lost as f64 / 1e6
        );
    }
    Ok(())
}

/// A process that ends in order: all that it logged is there. Gives the number of its children.
fn whole(root: &Path, way: &str) -> Result<u64> {
    let (mut child, said) = begin(command(root, way, TICKS)?)?;
    let status = child.wait()?;
    let said = String::from_utf8(said.join().map_err(|_| anyhow::anyhow!("the reader of the pipe panicked"))??)?;
    ensure!(status.success(), "the process that logs was stopped: {status}");
    let words: Vec<&str> = said.lines().last().unwrap_or_default().split(' ').collect();
    let ["end", dropped, forks] = words[..] else { bail!("expected `end DROPPED FORKS`, found {words:?}") };
    ensure!(dropped == "0", "{dropped} values were dropped");
    let run_dir = find_run(root)?.context("there is no run")?;
    let kept = kept(&run_dir)?;
    ensure!(kept == TICKS, "{kept} of {TICKS} ticks are there");
    let shown = read_status(&run_dir).context("there is no status")?;
    ensure!((shown.state, shown.dropped) == (RunState::Finished, 0), "the status says {shown:?}");
    Ok(forks.parse()?)
}

/// A process that is killed while children of it live: nothing but its last second may be missing. How much is, in microseconds.
fn killed(root: &Path, way: &str, life: Duration) -> Result<i64> {
    let (mut child, said) = begin(command(root, way, TICKS_OF_KILLED)?)?;
    std::thread::sleep(life);
    let killed_us = now_us();
    let early = child.try_wait()?;
    child.kill()?;
    child.wait()?;
    ensure!(early.is_none(), "the process that logs ended by itself: {early:?}");
    // Children that still live hold the pipe for 0.3 s at most.
    let said = String::from_utf8(said.join().map_err(|_| anyhow::anyhow!("the reader of the pipe panicked"))??)?;
    let times: Vec<i64> = said
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n')?.split_once(' '))
        .map(|(_, time_us)| Ok(time_us.parse()?))
        .collect::<Result<_>>()?;
    let Some(run_dir) = find_run(root)? else {
        ensure!(times.is_empty(), "{} ticks were logged but there is no run", times.len());
        return Ok(0);
    };
    let kept = kept(&run_dir)?;
    ensure!(kept <= times.len() as u64 + 1, "{kept} ticks are there, but only {} were logged", times.len());
    let lost = times.get(kept as usize).map_or(0, |time_us| (killed_us - time_us).max(0));
    ensure!(lost <= LOSS_MAX_US, "{kept} of {} ticks are there: {lost} us before the kill are missing", times.len());
    Ok(lost)
}

/// How many ticks are there in full, from the first on. Every value must be what the parent logged, and nothing a child's.
fn kept(run_dir: &Path) -> Result<u64> {
    let run = RunReader::open(run_dir).context("the run does not open")?;
    let mut lost = run.lost();
    lost.extend(check(run_dir, false)?.lost);
    ensure!(lost.is_empty(), "damage is left behind: {lost:?}");
    let scalars = |tag: &str| match run.scalars(Axis::GlobalStep, tag, i64::MIN..i64::MAX) {
        Err(error) if error.is_not_found() => Ok(None),
        points => points.map(Some),
    };
    let of_a_child = scalars("of_a_child")?.map_or(0, |points| points.step.len());
    ensure!(of_a_child == 0, "children wrote {of_a_child} values into the run");
    let Some(ticks) = scalars("tick")? else { return Ok(0) };
    for (position, (&step, &value)) in ticks.step.iter().zip(&ticks.value).enumerate() {
        ensure!(
            step == position as i64 && value.to_bits() == (position as f64).to_bits(),
            "expected tick {position}, found {value} at {step}"
        );
    }
    let rows = if run.episode_count() == 0 { 0 } else { run.step_count(0)? };
    if rows > 0 {
        let observations = run.steps(0, "observation", 0..rows)?.to_f64();
        let differs =
            observations.iter().enumerate().find(|(position, found)| found.to_bits() != (*position as f64).to_bits());
        ensure!(differs.is_none(), "observation of step {differs:?} differs from what was logged");
    }
    Ok(rows.min(ticks.step.len() as u64))
}

/// `forks.py` by the Python that has our SDK: `ETHOGRAM_PYTHON`, else that of `make build`.
fn command(root: &Path, way: &str, ticks: u64) -> Result<Command> {
    std::fs::create_dir(root)?;
    let python = std::env::var_os("ETHOGRAM_PYTHON").map_or_else(|| checkout().join(".venv/bin/python"), PathBuf::from);
    ensure!(
        python.exists(),
        "no Python with the package: make build, or ETHOGRAM_PYTHON; looked for {}",
        python.display()
    );
    let mut command = Command::new(python);
    command.arg(checkout().join("xtask/src/crash/forks.py")).arg(root).arg(way).arg(ticks.to_string());
    command.stdout(Stdio::piped()).stdin(Stdio::null());
    // A child says once that it is one.
    command.stderr(Stdio::null());
    Ok(command)
}
